/**
 * The trace of `-v`: a line per system call, signal and end, in strace's form. Arguments that the call fills in are
 * shown after it, the others before. When several threads run, each line begins with the tid, and a call that gives
 * way to others is split in two.
 */
import { ERRNO_NAMES } from "../../kernel/abi/errno.ts";
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import { siginfoLayout } from "../../kernel/abi/siginfo.ts";
import { signalCodeName, signalName } from "../../kernel/abi/signal.ts";
import { syscallName } from "../../kernel/abi/unistd.ts";
import type { SyscallRow } from "../../kernel/syscalls/row.ts";
import type { Task } from "../../kernel/task/task.ts";
import type { Tracer } from "../../kernel/tracer.ts";
import { formatArgument } from "./format_argument.ts";

/** Calls whose buffer is their result. */
const FILLS = new Set([
  "read",
  "pread64",
  "recvfrom",
  "getrandom",
  "getdents64",
  "readlinkat",
  "getcwd",
  "getxattr",
  "lgetxattr",
  "fgetxattr",
  "listxattr",
  "llistxattr",
  "flistxattr",
]);

/** Where the call's result is an address. */
const ADDRESSES = new Set(["mmap", "brk", "mremap", "shmat"]);

/** A call that has begun. */
interface Open {
  readonly row: SyscallRow | undefined;
  readonly name: string;
  readonly args: readonly number[];
  /** What was shown when it began; undefined once its line is split. */
  text: string;
  split: boolean;
}

export class Strace implements Tracer {
  readonly #open = new Map<number, Open>();
  /** The thread that came first. Lines of others carry their tid, and its own do while there are others. */
  #first: number | undefined;

  /** @param line takes a line without its newline */
  constructor(private readonly line: (text: string) => void) {}

  enter(task: Task, nr: number, row: SyscallRow | undefined, args: readonly number[]): void {
    this.#first ??= task.tid;
    const name = row?.name ?? syscallName(nr);
    const open: Open = { row, name, args, text: "", split: false };
    if (!FILLS.has(name)) open.text = this.#arguments(task, open, undefined);
    this.#open.set(task.tid, open);
    // These do not return to the program that made them.
    if (name === "exit" || name === "exit_group" || name === "rt_sigreturn") {
      this.#open.delete(task.tid);
      this.#write(task, `${name}(${open.text}) = ?`);
    }
  }

  leave(task: Task, result: number | bigint): void {
    const open = this.#open.get(task.tid);
    if (!open) return;
    this.#open.delete(task.tid);
    const { name, split } = open, end = `= ${resultText(name, result)}`;
    const text = open.text || this.#arguments(task, open, Number(result));
    // A call that was split has its tid in both halves.
    if (!split) this.#write(task, `${name}(${text}) ${end}`);
    else this.line(`[pid ${task.tid}] <... ${name} resumed>${open.text ? "" : text}) ${end}`);
  }

  blocked(task: Task): void {
    const open = this.#open.get(task.tid);
    if (!open || open.split || !this.#severalThreads(task)) return;
    open.split = true;
    this.#write(task, `${open.name}(${open.text}${open.text ? " " : ""}<unfinished ...>`);
  }

  signal(task: Task, info: Siginfo): void {
    this.#write(task, `--- ${signalName(info.signo)} ${siginfoText(info)} ---`);
  }

  stopped(task: Task, signal: number): void {
    this.#write(task, `--- stopped by ${signalName(signal)} ---`);
  }

  execed(): void {}

  exited(task: Task, status: number): void {
    this.#open.delete(task.tid);
    const signal = status & 0x7f;
    this.#write(task, `+++ ${signal ? `killed by ${signalName(signal)}` : `exited with ${status >> 8 & 0xff}`} +++`);
  }

  #severalThreads(task: Task): boolean {
    return task.tid !== this.#first || task.kernel.tasks.size > 1;
  }

  #arguments(task: Task, { row, args }: Open, result: number | undefined): string {
    if (!row) return args.map((value) => `0x${value.toString(16)}`).join(", ");
    return row.args.map(({ format }, index) => formatArgument(task, format, args[index]!, args, result)).join(", ");
  }

  #write(task: Task, text: string): void {
    this.line(this.#severalThreads(task) ? `[pid ${task.tid}] ${text}` : text);
  }
}

/** `3`, `0x4000`, `-1 ENOENT`, `? ERESTARTSYS`. */
function resultText(name: string, result: number | bigint): string {
  if (typeof result === "bigint") return `0x${BigInt.asUintN(64, result).toString(16)}`;
  if (result < 0 && result > -4096) {
    const errno = ERRNO_NAMES.get(-result) ?? `E${-result}`;
    return -result >= 512 ? `? ${errno}` : `-1 ${errno}`;
  }
  return ADDRESSES.has(name) ? `0x${result.toString(16)}` : String(result);
}

function siginfoText(info: Siginfo): string {
  const head = `si_signo=${signalName(info.signo)}, si_code=${signalCodeName(info.signo, info.code)}`;
  switch (siginfoLayout(info.signo, info.code)) {
    case "fault":
      return `{${head}, si_addr=0x${(info.address ?? 0).toString(16)}}`;
    case "child":
      return `{${head}, si_pid=${info.pid}, si_uid=${info.uid}, si_status=${info.status}}`;
    case "timer":
      return `{${head}, si_timerid=${info.timerId}, si_overrun=${info.overrun ?? 0}}`;
    default:
      return `{${head}, si_pid=${info.pid ?? 0}, si_uid=${info.uid ?? 0}}`;
  }
}
