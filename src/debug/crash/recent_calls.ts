/**
 * The last system calls of a crashed process, as lines in strace's form. What pointers led to at the time of the call
 * is gone but for paths: pointers are shown as they are.
 */
import { ERRNO_NAMES } from "../../kernel/abi/errno.ts";
import { AT_FDCWD } from "../../kernel/abi/fcntl.ts";
import { flagNames } from "../../kernel/abi/flags.ts";
import { signalName } from "../../kernel/abi/signal.ts";
import { syscallName } from "../../kernel/abi/unistd.ts";
import type { RecentCall } from "../../kernel/syscalls/recent_calls.ts";
import type { ArgFormat, SyscallRow } from "../../kernel/syscalls/row.ts";
import { SYSCALLS } from "../../kernel/syscalls/table.ts";
import type { Process } from "../../kernel/task/process.ts";

/** Calls in a report. */
const SHOWN = 50;

/** Where the call's result is an address. */
const ADDRESSES = new Set(["mmap", "brk", "mremap", "shmat"]);

let rows: ReadonlyMap<number, SyscallRow> | undefined;

/** `openat(AT_FDCWD, "/etc/passwd", O_RDONLY, 00) = 3`; with the tid in front where several threads made calls. */
export function recentCalls(process: Process): string[] {
  const calls = process.recentCalls.list().slice(-SHOWN);
  const severalThreads = new Set(calls.map(({ tid }) => tid)).size > 1;
  return calls.map((call) => (severalThreads ? `[pid ${call.tid}] ` : "") + callText(call));
}

/** One call. */
export function callText({ nr, args, paths, result }: RecentCall): string {
  rows ??= new Map(Array.from(SYSCALLS, (each) => [each.nr, each]));
  const row = rows.get(nr), name = row?.name ?? syscallName(nr);
  let path = 0;
  const texts = args.map((value, n) => {
    const format = row?.args[n]?.format ?? "ptr";
    return format === "path" && value !== 0 && path < paths.length
      ? JSON.stringify(paths[path++])
      : argumentText(format, value);
  });
  return `${name}(${texts.join(", ")}) = ${resultText(name, result)}`;
}

function argumentText(format: ArgFormat, value: number): string {
  const int = value % 2 ** 32 | 0;
  if (format.startsWith("flags:")) return flagNames(format.slice(6), int);
  switch (format) {
    case "dirfd":
      return int === AT_FDCWD ? "AT_FDCWD" : String(int);
    case "int":
    case "fd":
    case "pid":
    case "uid":
    case "gid":
      return String(int);
    case "uint":
      return String(int >>> 0);
    case "signal":
      return signalName(int);
    case "mode":
      return "0" + (int >>> 0).toString(8);
    case "long":
    case "off":
      return String(value);
    case "size":
    case "ulong":
      return value < 0 ? pointer(value) : String(value);
    default:
      return value === 0 ? "NULL" : pointer(value);
  }
}

const pointer = (value: number) => `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;

function resultText(name: string, result: number | undefined): string {
  if (result === undefined) return "?";
  if (result < 0 && result > -4096) {
    const errno = ERRNO_NAMES.get(-result) ?? `E${-result}`;
    return -result >= 512 ? `? ${errno}` : `-1 ${errno}`;
  }
  return ADDRESSES.has(name) ? pointer(result) : String(result);
}
