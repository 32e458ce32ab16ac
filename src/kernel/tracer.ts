/** What the kernel tells someone who writes a trace (`src/debug/trace/`). All of it costs nothing without one. */
import type { Siginfo } from "./abi/siginfo.ts";
import type { SyscallRow } from "./syscalls/row.ts";
import type { Task } from "./task/task.ts";

export interface Tracer {
  /** A call begins. @param row undefined for a number without one @param args as the handler gets them */
  enter(task: Task, nr: number, row: SyscallRow | undefined, args: readonly number[]): void;
  /** A call ends. */
  leave(task: Task, result: number | bigint): void;
  /** A call gave way to other threads. */
  blocked(task: Task): void;
  /** A signal is being delivered. */
  signal(task: Task, info: Siginfo): void;
  /** The process stops. */
  stopped(task: Task, signal: number): void;
  /** A process runs a new program now. */
  execed(task: Task): void;
  /** A thread is gone. @param status status word */
  exited(task: Task, status: number): void;
}
