/** How the trace shows one argument, by the format in the call's row. */
import { AT_FDCWD } from "../../kernel/abi/fcntl.ts";
import { flagNames } from "../../kernel/abi/flags.ts";
import { lowestSignal, signalBit, signalName } from "../../kernel/abi/signal.ts";
import { UserFault } from "../../kernel/mm/user_fault.ts";
import type { ArgFormat } from "../../kernel/syscalls/row.ts";
import type { Task } from "../../kernel/task/task.ts";

/** Bytes of a string or buffer that are shown. */
const MAX_TEXT = 32;
/** Longest path that is shown. */
const MAX_PATH = 4096;
/** Elements of argv and the like that are shown. */
const MAX_VECTOR = 32;

const SIMPLE: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  "\v": "\\v",
  "\f": "\\f",
  '"': '\\"',
  "\\": "\\\\",
};

/** A byte string in quotes, with C escapes. @param cut whether there is more */
export function quote(text: string, cut = false): string {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!, code = text.charCodeAt(i), simple = SIMPLE[char];
    if (simple) out += simple;
    else if (code >= 0x20 && code < 0x7f) out += char;
    else {
      // Octal: padded only where a digit follows.
      const next = text.charCodeAt(i + 1);
      const octal = code.toString(8);
      out += "\\" + (next >= 0x30 && next <= 0x39 ? octal.padStart(3, "0") : octal);
    }
  }
  return out + '"' + (cut ? "..." : "");
}

/** A pointer, or NULL. */
export function pointer(value: number): string {
  return value === 0 ? "NULL" : `0x${value.toString(16)}`;
}

function bytesToText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** `length` bytes of a buffer, shortened. */
export function bufferText(task: Task, va: number, length: number): string {
  if (va === 0) return "NULL";
  const size = Math.min(length, MAX_TEXT);
  return quote(bytesToText(task.mm.readBytes(va, size)), length > size);
}

function stringVector(task: Task, va: number): string {
  if (va === 0) return "NULL";
  const parts: string[] = [];
  for (let index = 0;; index++) {
    const at = task.mm.readNumber(va + 8 * index);
    if (at === 0) break;
    if (index === MAX_VECTOR) {
      parts.push("...");
      break;
    }
    const text = task.mm.readString(at, MAX_TEXT + 1);
    parts.push(quote(text.slice(0, MAX_TEXT), text.length > MAX_TEXT));
  }
  return `[${parts.join(", ")}]`;
}

/** `[INT USR1]`, or `~[KILL]` for sets with more than half of the signals. */
export function sigsetText(signals: bigint): string {
  const set = BigInt.asUintN(64, signals);
  const names = (bits: bigint): string => {
    const list: string[] = [];
    for (let rest = bits; rest !== 0n;) {
      const signal = lowestSignal(rest);
      list.push(signalName(signal).replace(/^SIG/, ""));
      rest &= ~signalBit(signal);
    }
    return `[${list.join(" ")}]`;
  };
  let count = 0;
  for (let rest = set; rest !== 0n; rest &= rest - 1n) count++;
  return count > 32 ? "~" + names(BigInt.asUintN(64, ~set)) : names(set);
}

function timeText(task: Task, va: number, seconds: string, fraction: string): string {
  return `{${seconds}=${task.mm.readLong(va)}, ${fraction}=${task.mm.readLong(va + 8)}}`;
}

function iovecText(task: Task, va: number, count: number): string {
  const parts: string[] = [];
  for (let index = 0; index < Math.min(count, 8); index++) {
    const base = task.mm.readNumber(va + 16 * index), length = task.mm.readNumber(va + 16 * index + 8);
    parts.push(`{iov_base=${pointer(base)}, iov_len=${length}}`);
  }
  return `[${parts.join(", ")}${count > 8 ? ", ..." : ""}]`;
}

/** Structures that are read before the call; others are shown as pointers. */
function structText(task: Task, kind: string, va: number, args: readonly number[]): string {
  if (va === 0) return "NULL";
  const { mm } = task;
  switch (kind) {
    case "timespec":
      return timeText(task, va, "tv_sec", "tv_nsec");
    case "timeval":
      return timeText(task, va, "tv_sec", "tv_usec");
    case "itimerspec":
      return `{it_interval=${timeText(task, va, "tv_sec", "tv_nsec")}, it_value=${
        timeText(task, va + 16, "tv_sec", "tv_nsec")
      }}`;
    case "itimerval":
      return `{it_interval=${timeText(task, va, "tv_sec", "tv_usec")}, it_value=${
        timeText(task, va + 16, "tv_sec", "tv_usec")
      }}`;
    case "sigset":
      return sigsetText(mm.readU64(va));
    case "sigaction": {
      const handler = mm.readNumber(va);
      const name = handler === 0 ? "SIG_DFL" : handler === 1 ? "SIG_IGN" : pointer(handler);
      return `{sa_handler=${name}, sa_mask=${sigsetText(mm.readU64(va + 24))}, sa_flags=0x${
        mm.readU32(va + 8).toString(16)
      }}`;
    }
    case "stack_t":
      return `{ss_sp=${pointer(mm.readNumber(va))}, ss_flags=${mm.readI32(va + 8)}, ss_size=${mm.readNumber(va + 16)}}`;
    case "rlimit": {
      const limit = (at: number) => {
        const value = mm.readU64(at);
        return value === 0xffffffffffffffffn ? "RLIM64_INFINITY" : String(value);
      };
      return `{rlim_cur=${limit(va)}, rlim_max=${limit(va + 8)}}`;
    }
    case "clone_args": {
      const flags = mm.readNumber(va);
      return `{flags=${flagNames("clone", flags | 0)}, exit_signal=${mm.readNumber(va + 32)}, stack=${
        pointer(mm.readNumber(va + 40))
      }, stack_size=${mm.readNumber(va + 48)}}`;
    }
    case "iovec":
      return iovecText(task, va, args[2] ?? 0);
    default:
      return pointer(va);
  }
}

/**
 * One argument as text.
 *
 * @param args all arguments, for formats whose length is another argument
 * @param result of the call; undefined while it has not ended
 */
export function formatArgument(
  task: Task,
  format: ArgFormat,
  value: number,
  args: readonly number[],
  result: number | undefined,
): string {
  try {
    return format_(task, format, value, args, result);
  } catch (error) {
    if (!(error instanceof UserFault)) throw error;
    return pointer(value);
  }
}

function format_(task: Task, format: ArgFormat, value: number, args: readonly number[], result?: number): string {
  if (format.startsWith("flags:")) return flagNames(format.slice(6), value);
  if (format.startsWith("struct:")) return structText(task, format.slice(7), value, args);
  switch (format) {
    case "dirfd":
      return value === AT_FDCWD ? "AT_FDCWD" : String(value);
    case "signal":
      return signalName(value);
    case "mode":
      return "0" + (value >>> 0).toString(8);
    case "uid":
    case "gid":
      return value === -1 ? "-1" : String(value >>> 0);
    case "uint":
      return String(value >>> 0);
    case "ptr":
      return pointer(value);
    case "ulong":
      return value > 0xffff ? `0x${value.toString(16)}` : String(value);
    case "path": {
      if (value === 0) return "NULL";
      const text = task.mm.readString(value, MAX_PATH);
      return quote(text, text.length === MAX_PATH);
    }
    case "str": {
      if (value === 0) return "NULL";
      const text = task.mm.readString(value, MAX_TEXT + 1);
      return quote(text.slice(0, MAX_TEXT), text.length > MAX_TEXT);
    }
    case "strv":
      return stringVector(task, value);
    case "buf": {
      // The size is the next argument; what was read is as long as the result.
      const given = args[args.indexOf(value) + 1] ?? 0;
      const length = result === undefined ? given : Math.min(given, result);
      return length < 0 ? pointer(value) : bufferText(task, value, length);
    }
    default:
      return String(value);
  }
}
