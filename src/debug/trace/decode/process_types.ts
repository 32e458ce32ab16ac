/** Processes, time, memory and System V IPC: structures with more in them than their fields. */
import { capabilityNames } from "../../../kernel/abi/capability.ts";
import { CloneArgs as F } from "../../../kernel/abi/clone.ts";
import * as clone from "../../../kernel/abi/clone.ts";
import { EINTR, ERESTART_RESTARTBLOCK } from "../../../kernel/abi/errno.ts";
import { flagNames } from "../../../kernel/abi/flags.ts";
import { signalName } from "../../../kernel/abi/signal.ts";
import { CONTINUED_STATUS, CORE_FLAG } from "../../../kernel/abi/wait.ts";
import { type Call, failed } from "./call.ts";
import { type CustomTypes, typeNamed } from "./layout.ts";
import { bufferAt, hex, pointer } from "./text.ts";

/** `{WIFEXITED(s) && WEXITSTATUS(s) == 3}` */
export function waitStatusText(status: number): string {
  if (status === CONTINUED_STATUS) return "{WIFCONTINUED(s)}";
  if ((status & 0xff) === 0x7f) return `{WIFSTOPPED(s) && WSTOPSIG(s) == ${signalName(status >> 8 & 0xff)}}`;
  const signal = status & 0x7f;
  if (signal === 0) return `{WIFEXITED(s) && WEXITSTATUS(s) == ${status >> 8 & 0xff}}`;
  return `{WIFSIGNALED(s) && WTERMSIG(s) == ${signalName(signal)}${status & CORE_FLAG ? " && WCOREDUMP(s)" : ""}}`;
}

/** A limit: `8192*1024`, `RLIM64_INFINITY`. */
function limitText(value: bigint): string {
  if (value === 0xffffffffffffffffn) return "RLIM64_INFINITY";
  return value > 1024n && value % 1024n === 0n ? `${value / 1024n}*1024` : String(value);
}

/** clone3's arguments: what the flags make it look at. */
function cloneArgsText({ task: { mm } }: Call, at: number): string {
  const field = (offset: number) => mm.readNumber(at + offset), flags = mm.readU64(at + F.flags);
  const has = (flag: number) => (flags & BigInt(flag >>> 0)) !== 0n;
  const high = flags >> 32n;
  const names = [
    Number(flags & 0xffffffffn) === 0 && high !== 0n ? "" : flagNames("clone3", Number(flags & 0xffffffffn) | 0),
    high & 1n ? "CLONE_CLEAR_SIGHAND" : "",
    high & 2n ? "CLONE_INTO_CGROUP" : "",
  ].filter(Boolean);
  const parts = [`flags=${names.join("|")}`];
  if (has(clone.CLONE_PIDFD)) parts.push(`pidfd=${pointer(field(F.pidfd))}`);
  if (has(clone.CLONE_CHILD_SETTID) || has(clone.CLONE_CHILD_CLEARTID)) {
    parts.push(`child_tid=${pointer(field(F.childTid))}`);
  }
  if (has(clone.CLONE_PARENT_SETTID)) parts.push(`parent_tid=${pointer(field(F.parentTid))}`);
  const exitSignal = field(F.exitSignal);
  parts.push(`exit_signal=${exitSignal === 0 ? "0" : signalName(exitSignal)}`);
  parts.push(`stack=${pointer(field(F.stack))}`, `stack_size=${hex(field(F.stackSize))}`);
  if (has(clone.CLONE_SETTLS)) parts.push(`tls=${pointer(field(F.tls))}`);
  return `{${parts.join(", ")}}`;
}

/** What clone3 has written for the parent: ` => {pidfd=[3], parent_tid=[102]}`. */
function cloneResultText({ task: { mm } }: Call, at: number): string {
  const flags = mm.readU32(at + F.flags), parts: string[] = [];
  if (flags & clone.CLONE_PIDFD) parts.push(`pidfd=[${mm.readI32(mm.readNumber(at + F.pidfd))}]`);
  if (flags & clone.CLONE_PARENT_SETTID) parts.push(`parent_tid=[${mm.readI32(mm.readNumber(at + F.parentTid))}]`);
  return parts.length === 0 ? "" : `{${parts.join(", ")}}`;
}

/** The CPUs in a mask of so many bytes. */
function cpuSetText({ task: { mm } }: Call, at: number, size: number): string {
  const cpus: number[] = [];
  for (let byte = 0; byte < Math.min(size, 128); byte++) {
    const bits = mm.readU8(at + byte);
    for (let bit = 0; bit < 8; bit++) if (bits & 1 << bit) cpus.push(byte * 8 + bit);
  }
  return `[${cpus.join(" ")}]`;
}

function mincoreText({ task: { mm }, args, style }: Call, at: number): string {
  const pages = Math.ceil(args[1]! / 4096), shown = Math.min(pages, style.limit);
  const bytes = Array.from({ length: shown }, (_, n) => mm.readU8(at + n) & 1);
  return `[${bytes.join(", ")}${pages > shown ? ", ..." : ""}]`;
}

export const processTypes: CustomTypes = {
  wait_status: {
    size: 4,
    show: ({ task, result = 0 }, at) => result > 0 ? `[${waitStatusText(task.mm.readI32(at))}]` : pointer(at),
  },
  rlimit: {
    size: 16,
    show: ({ task }, at) =>
      `{rlim_cur=${limitText(task.mm.readU64(at))}, rlim_max=${limitText(task.mm.readU64(at + 8))}}`,
  },
  clone_args: { size: clone.CLONE_ARGS_SIZE_VER0, show: cloneArgsText, change: cloneResultText },
  cpu_set: {
    size: 8,
    show: (call, at) => cpuSetText(call, at, call.result && call.result > 0 ? call.result : call.args[1]!),
  },
  // The kernel's data is two structures of three words: low halves, high halves (capget(2)).
  cap_user_data: {
    size: 24,
    show: ({ task: { mm } }, at) => {
      const set = (offset: number) => BigInt(mm.readU32(at + offset)) | BigInt(mm.readU32(at + 12 + offset)) << 32n;
      return `{effective=${capabilityNames(set(0))}, permitted=${capabilityNames(set(4))}, ` +
        `inheritable=${capabilityNames(set(8))}}`;
    },
  },
  // The time that was left, written only when a signal came (nanosleep(2)).
  remaining: {
    size: 16,
    onFailure: true,
    show: (call, at, index) => {
      const interrupted = call.result === -EINTR || call.result === -ERESTART_RESTARTBLOCK;
      return interrupted ? typeNamed("timespec").show(call, at, index) : pointer(at);
    },
  },
  pointer: { size: 8, show: ({ task }, at) => `[${pointer(task.mm.readNumber(at))}]` },
  hexlong: { size: 8, show: ({ task }, at) => `[${hex(task.mm.readNumber(at))}]` },
  mincore: { size: 1, show: mincoreText },
  msgbuf: {
    size: 8,
    show: (call, at) => {
      const { task: { mm }, style, result, args } = call;
      const size = result !== undefined && call.name === "msgrcv" && !failed(call) ? result : args[2]!;
      return `{mtype=${mm.readLong(at)}, mtext=${bufferAt(mm, at + 8, size, style)}}`;
    },
  },
};
