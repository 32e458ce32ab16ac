/**
 * What the kernel asks and tells a debugger: the events of ptrace(2) as an interface. It costs a test for undefined
 * where there is none.
 *
 * A debugger *holds* threads (`scheduler.hold`): a held thread does not run, whatever wakes it, until it is released;
 * only SIGKILL ends that. Each method below is called where ptrace would stop the thread. The debugger may hold it,
 * and others, before it returns; the kernel goes on with the thread once it is released.
 */
import type { Exit } from "../engine/engine.ts";
import type { Siginfo } from "./abi/siginfo.ts";
import type { Process } from "./task/process.ts";
import type { Task } from "./task/task.ts";

export interface Ptracer {
  /** The machine is still needed, although its first program has ended. */
  readonly keepsMachine: boolean;
  /** A traced process gets to see signals that it ignores, so that the debugger does. */
  traces(process: Process): boolean;
  /**
   * A thread, traced or not, is about to take a signal. Returns what it takes instead (undefined: none), or `held`:
   * what it is to take will be in `task.injected` when it is released.
   */
  signal(task: Task, info: Siginfo): Siginfo | undefined | "held";
  /**
   * A breakpoint or watchpoint. Returns undefined if the thread is held; else what came of executing the instruction
   * at pc all the same.
   */
  trap(task: Task, exit: Exit): Exit | undefined;
  /** With `task.stepping`: an instruction is done, its system call included, or a signal handler has been entered. */
  stepped(task: Task): void;
  /** With `process.stopsAtCalls`: a system call begins; its registers may still be changed. */
  enterCall(task: Task, nr: number): void;
  /** With `process.stopsAtCalls`: a system call has ended; its result is in x0. */
  leaveCall(task: Task, nr: number): void;
  /** There is a new thread or process; it has not run. */
  cloned(task: Task, child: Task, kind: "fork" | "vfork" | "clone"): void;
  /** The child of a vfork has an address space of its own, or none any more. */
  vforkDone(task: Task): void;
  /** A process has a new program, of which nothing has run. */
  execed(task: Task): void;
  /** A thread is about to end; its registers and memory are still there. */
  exiting(task: Task): void;
  /** A process has ended: `exitStatus` says how. */
  exited(process: Process): void;
}
