/**
 * Threads that a program of the guest traces: ptrace(2) as kernel/ptrace.c has it, from the tracee's side. A tracee
 * runs until it comes to a stop, of which a wait tells its tracer, and stands still until the tracer's request. The
 * requests are in `syscalls/ptrace.ts`, the places where the kernel stops threads in `ptrace_stops.ts`.
 */
import type { Siginfo } from "../abi/siginfo.ts";
import { kernelSiginfo, SIGINFO_SIZE } from "../abi/siginfo.ts";
import { CLD_STOPPED, CLD_TRAPPED, SI_USER, signalBit, SIGTRAP, TRAP_TRACE } from "../abi/signal.ts";
import { EVENT_EXIT, EVENT_STOP, EVENTMSG_ENTRY, EVENTMSG_EXIT, NO_SYSCALL, OPTION } from "../abi/ptrace.ts";
import { WaitQueue } from "../wait.ts";
import { tellOfChild } from "./job_control.ts";
import type { Process } from "./process.ts";
import { isKilled, recalcSignalPending, sendToTask } from "./send_signal.ts";
import { HELD_BY_TRACER, type Task } from "./task.ts";

/**
 * - `signal`: it is about to take a signal, or has done a single step: the tracer says which signal it takes.
 * - `call`: at the beginning or end of a system call.
 * - `event`: one of PTRACE_EVENT_*, but for EVENT_STOP.
 * - `group`: stopped with its process, or by PTRACE_INTERRUPT; the tracer may let it stay so (PTRACE_LISTEN).
 */
export type StopKind = "signal" | "call" | "event" | "group";

/** Why a tracee stands still. */
export interface TraceStop {
  readonly kind: StopKind;
  /** What a wait reports: the signal, and an event above it. */
  readonly code: number;
  /** PTRACE_GETSIGINFO; a stop with the process has none. */
  info: Siginfo | undefined;
  /** Of a call. */
  readonly atEntry?: boolean;
}

/** How a tracee goes on: what it does at system calls, and whether it stops behind the next instruction. */
export interface Course {
  readonly calls: "makes" | "stops at" | "leaves out";
  readonly steps: boolean;
}

/** What ptrace(2) keeps of a thread. */
export class Tracee {
  /** PTRACE_O_* */
  options = 0;
  /** Undefined: it runs, or may. */
  stop: TraceStop | undefined;
  /** No wait has told of the stop yet. */
  unseen = false;
  /** PTRACE_GETEVENTMSG */
  message = 0;
  course: Course = { calls: "makes", steps: false };
  /** PTRACE_INTERRUPT: it stops as soon as it is to return to its program, unless it comes to another stop before. */
  trapDue = false;
  /** SIGCONT has come: it is to stop for that, whatever it stops for before. */
  noticeDue = false;
  /** No SIGCONT has come since the signal that it is about to take (JOBCTL_STOP_DEQUEUED). */
  mayStop = true;
  /** PTRACE_LISTEN: it stands still, but news of its process's stop stop it anew. */
  listening = false;
  /** The call that it is in, from its beginning to the end of the stop at its end. */
  callNumber: number = NO_SYSCALL;
  /** Stopped at the beginning of a call: the one that it makes, {@link NO_SYSCALL} for none. */
  callToMake: number | undefined;
  /** The call ends while it is stopped for an event in it: the stop at its end is still to come. */
  callEndDue = false;
  /** It stops, or has stopped, before its end. */
  isEnding = false;
  /** What ends it when it goes on. */
  #end: (() => void) | undefined;
  /** Woken when it goes on. */
  readonly resumed: WaitQueue = new WaitQueue();
  /** Registers that the stop at a call shows in another way. */
  #x7 = 0n;
  #x0 = 0n;

  constructor(
    readonly task: Task,
    readonly tracer: Process,
    /** By PTRACE_SEIZE. */
    readonly seized: boolean,
  ) {}

  has(option: keyof typeof OPTION): boolean {
    return (this.options & OPTION[option]) !== 0;
  }

  /** Its tracer hears of a signal that it is about to take. */
  stopAtSignal(info: Siginfo): void {
    this.mayStop = true;
    this.#halt({ kind: "signal", code: info.signo, info });
  }

  /** An instruction is done. */
  stopAfterStep(): void {
    const address = Number(this.task.cpu.regs.pc);
    this.#halt({ kind: "signal", code: SIGTRAP, info: { signo: SIGTRAP, code: TRAP_TRACE, address } });
  }

  /** A handler is entered by one that steps (kernel/signal.c: signal_setup_done). */
  stopAtHandler(): void {
    this.#halt({ kind: "event", code: SIGTRAP, info: this.#notice(SIGTRAP) });
  }

  /**
   * Stops at the beginning or the end of a call. x7 says which (arch/arm64/kernel/ptrace.c: report_syscall), and a call
   * that is to be made again shows its result as it is inside the kernel.
   */
  stopAtCall(atEntry: boolean): void {
    const { regs } = this.task.cpu, { restartCode } = this.task;
    this.#x7 = regs.x(7);
    this.#x0 = regs.x(0);
    regs.setX(7, atEntry ? 0 : 1);
    if (restartCode !== 0) {
      regs.setX(0, -restartCode);
      regs.pc += 4n;
    }
    const code = SIGTRAP | (this.has("TRACESYSGOOD") ? 0x80 : 0);
    this.#halt({ kind: "call", code, info: this.#notice(code), atEntry }, atEntry ? EVENTMSG_ENTRY : EVENTMSG_EXIT);
  }

  stopForEvent(event: number, message: number): void {
    const code = SIGTRAP | event << 8;
    this.#halt({ kind: "event", code, info: this.#notice(code) }, message);
  }

  /** Stops before it ends, whatever it has stopped for until now. @param end ends it */
  stopBeforeEnd(status: number, end: () => void): void {
    if (this.stop !== undefined) this.#leaveStop(this.stop);
    this.isEnding = true;
    this.#end = end;
    this.stopForEvent(EVENT_EXIT, status);
  }

  /** Stops with its process, or by itself where that does not stop (kernel/signal.c: do_jobctl_trap). */
  stopWithGroup(): void {
    const { process } = this.task;
    this.noticeDue = false;
    const signal = process.stopping?.signal ?? process.stoppedBy;
    if (!this.seized) return this.#halt({ kind: "group", code: signal ?? SIGTRAP, info: undefined });
    const code = (signal ?? SIGTRAP) | EVENT_STOP << 8;
    this.#halt({ kind: "group", code, info: this.#notice(code, signal) });
  }

  /** It is to stop soon, whatever it waits for. */
  trap(): void {
    this.trapDue = true;
    this.#wakeForTrap();
  }

  /** Its process goes on after a stop, or would. */
  notice(): void {
    this.noticeDue = true;
    this.#wakeForTrap();
  }

  /** Whether {@link trap} or {@link notice} is still to stop it. */
  get isTrapDue(): boolean {
    return this.trapDue || this.noticeDue;
  }

  #wakeForTrap(): void {
    const { task } = this;
    if (this.listening) return this.stopWithGroup();
    if (this.stop !== undefined) return;
    task.signalPending = true;
    task.kernel.scheduler.interrupt(task);
  }

  #halt(stop: TraceStop, message = 0): void {
    const { task, tracer } = this;
    // SIGKILL is on its way: there are no stops any more, but for the one before the end.
    if (isKilled(task) && !this.isEnding) return;
    this.message = message;
    this.stop = stop;
    this.unseen = true;
    this.trapDue = this.listening = false;
    task.stepping = false;
    task.kernel.scheduler.hold(task, HELD_BY_TRACER);
    tellOfChild(tracer, task, stop.kind === "group" ? CLD_STOPPED : CLD_TRAPPED, stop.code & 0x7f);
  }

  /** The siginfo of a stop without a signal: the code that a wait reports, and the tracee (ptrace_do_notify). */
  #notice(code: number, signo = SIGTRAP): Siginfo {
    const raw = new Uint8Array(SIGINFO_SIZE), view = new DataView(raw.buffer);
    view.setInt32(0, signo, true);
    view.setInt32(8, code, true);
    view.setInt32(16, this.task.tid, true);
    view.setUint32(20, this.task.credentials.uid, true);
    return { signo, code, raw };
  }

  /** Goes on from its stop. @param signal what it takes instead of the signal that it has stopped with; 0: none */
  resume(course: Course, signal: number): void {
    const { task, stop } = this;
    if (stop === undefined) return;
    this.course = course;
    this.#leaveStop(stop);
    if (signal !== 0) this.#inject(stop, signal);
    if (this.callEndDue && !this.isEnding) {
      this.callEndDue = false;
      if (course.calls === "stops at") return this.stopAtCall(false);
      if (course.steps) return this.stopAfterStep();
      this.callNumber = NO_SYSCALL;
    }
    task.stepping = course.steps;
    this.#release();
  }

  /** Its stop ends without its tracer: SIGKILL, or that has let go of it. @param signal as in {@link resume} */
  endStop(signal = 0): void {
    const { stop } = this;
    if (stop !== undefined) this.#leaveStop(stop);
    if (stop !== undefined && signal !== 0) this.#inject(stop, signal);
    this.task.stepping = false;
    this.#release();
  }

  #release(): void {
    const { task } = this, end = this.#end;
    if (end === undefined) {
      recalcSignalPending(task);
      if (task.signalPending) task.kernel.scheduler.interrupt(task);
      task.kernel.scheduler.release(task, HELD_BY_TRACER);
    } else {
      this.#end = undefined;
      end();
    }
    this.resumed.wake();
  }

  #leaveStop(stop: TraceStop): void {
    const { task } = this, { regs } = task.cpu;
    this.stop = undefined;
    this.unseen = this.listening = false;
    if (stop.kind !== "call") return;
    regs.setX(7, this.#x7);
    if (!stop.atEntry) this.callNumber = NO_SYSCALL;
    if (task.restartCode === 0) return;
    // The call is made again, unless the tracer has given it another result.
    if (regs.x(0) === BigInt.asUintN(64, BigInt(-task.restartCode))) {
      regs.setX(0, this.#x0);
      regs.pc -= 4n;
    } else task.restartCode = 0;
  }

  /** The signal that its tracer wants it to take (kernel/signal.c: ptrace_signal; ptrace_report_syscall). */
  #inject(stop: TraceStop, signal: number): void {
    const { task, tracer } = this;
    if (stop.kind === "call") sendToTask(task, kernelSiginfo(signal));
    if (stop.kind !== "signal") return;
    const info = stop.info?.signo === signal
      ? stop.info
      : { signo: signal, code: SI_USER, pid: tracer.pid, uid: tracer.leader.credentials.uid };
    if ((task.blocked & signalBit(signal)) !== 0n) sendToTask(task, info);
    else task.injected = info;
  }
}

/** Makes a thread a tracee of a process. */
export function attachTracee(task: Task, tracer: Process, seized: boolean, options: number): Tracee {
  const tracee = new Tracee(task, tracer, seized);
  tracee.options = options;
  task.tracee = tracee;
  tracer.tracees.add(task);
  // One that is stopped with its process is so for the tracer too.
  if (task.state === "stopped") {
    task.state = "runnable";
    tracee.stopWithGroup();
  }
  return tracee;
}

/** A tracee goes its own way: PTRACE_DETACH, or the end of its tracer. @param signal as in {@link Tracee.resume} */
export function detachTracee(task: Task, signal = 0): void {
  const { tracee, process } = task;
  if (tracee === undefined) return;
  forgetTracee(task);
  // Where its process is stopped, so is it.
  if (process.stoppedBy !== undefined && task.state !== "stopped") task.stopPending = true;
  tracee.endStop(signal);
}

/** A tracee is none any more. */
export function forgetTracee(task: Task): void {
  const tracer = task.tracee?.tracer;
  tracer?.tracees.delete(task);
  task.tracee = undefined;
  // Whoever waits for it alone has no child any more.
  tracer?.childWait.wake();
}
