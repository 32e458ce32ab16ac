/** What the kernel tells someone who watches it (`src/debug/trace/`). All of it costs nothing without one. */
import type { Access } from "../engine/engine.ts";
import type { Siginfo } from "./abi/siginfo.ts";
import type { SyscallRow } from "./syscalls/row.ts";
import type { Tampering } from "./tamper.ts";
import type { Task } from "./task/task.ts";

export interface Tracer {
  /**
   * A call begins.
   *
   * @param row undefined for a number without one
   * @param args as the handler gets them
   * @returns what is to be done to it; undefined: nothing
   */
  enter(task: Task, nr: number, row: SyscallRow | undefined, args: readonly number[]): Tampering | undefined;
  /** A call ends. */
  leave(task: Task, result: number | bigint): void;
  /** A call gave way to other threads. */
  blocked(task: Task): void;
  /** It goes on. */
  resumed?(task: Task): void;
  /** A signal is being delivered. */
  signal(task: Task, info: Siginfo): void;
  /** A signal was thrown away on arrival, as its process ignores it; the thread is one that would have got it. */
  ignored?(task: Task, info: Siginfo): void;
  /** The process stops. */
  stopped(task: Task, signal: number): void;
  /** There is a new thread. */
  readonly created?: ((task: Task) => void) | undefined;
  /** A thread that is not the leader executes a program: it will have the leader's id, and the leader ends. */
  superseding?(leader: Task, by: Task): void;
  /** A process runs a new program now. */
  execed(task: Task): void;
  /** A thread is gone. @param status status word */
  exited(task: Task, status: number): void;
  /** The engine stopped at an access that the page tables did not allow. */
  readonly fault?: ((task: Task, address: number, access: Access) => void) | undefined;
  /** A thread has had the CPU. @param start @param end CLOCK_MONOTONIC in ns */
  readonly slice?: ((task: Task, start: number, end: number) => void) | undefined;
}
