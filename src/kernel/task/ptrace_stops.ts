/**
 * The places where ptrace(2) stops a thread. Each asks the thread's tracer in the guest first, then elftap's own debugger:
 * a thread that one of them holds does not run until that lets it go on.
 */
import { CLONE_PTRACE, CLONE_UNTRACED, CLONE_VFORK } from "../abi/clone.ts";
import { EVENT_CLONE, EVENT_EXEC, EVENT_FORK, EVENT_VFORK, EVENT_VFORK_DONE, NO_SYSCALL } from "../abi/ptrace.ts";
import type { Siginfo } from "../abi/siginfo.ts";
import { ENOSYS } from "../abi/errno.ts";
import { SI_USER, SIGCHLD, SIGSTOP, SIGTRAP } from "../abi/signal.ts";
import { isKilled, recalcSignalPending, sendToTask } from "./send_signal.ts";
import type { Task } from "./task.ts";
import { attachTracee } from "./tracee.ts";

/** A thread is about to take a signal. @returns what it takes instead; `held`: that will be in `task.injected` */
export function signalStop(task: Task, info: Siginfo): Siginfo | undefined | "held" {
  if (task.tracee !== undefined && !info.isFinal) {
    task.tracee.stopAtSignal(info);
    return "held";
  }
  const { ptracer } = task.kernel;
  return ptracer === undefined ? info : ptracer.signal(task, info);
}

/** With `task.stepping`: an instruction is done, its system call included. */
export function stepStop(task: Task): void {
  if (task.held || isKilled(task)) return;
  if (task.tracee?.course.steps) task.tracee.stopAfterStep();
  else task.kernel.ptracer?.stepped(task);
}

/** With `task.stepping`: a handler is entered. */
export function handlerStop(task: Task): void {
  if (task.tracee?.course.steps) task.tracee.stopAtHandler();
  else task.kernel.ptracer?.stepped(task);
}

/** Whether stops at system calls are possible: those below need not be asked otherwise. */
export function mayStopAtCalls(task: Task): boolean {
  return task.tracee !== undefined || task.process.stopsAtCalls;
}

/** A system call begins. If the thread is held now, {@link callToMake} says later which it makes. */
export function callEntryStop(task: Task): void {
  const { tracee, process } = task, nr = task.cpu.regs.xi(8);
  if (isKilled(task)) return;
  if (tracee !== undefined) {
    const { calls } = tracee.course;
    tracee.callNumber = nr;
    // arch/arm64/kernel/syscall.c: el0_svc_common
    if (nr === NO_SYSCALL) task.cpu.regs.setX(0, -ENOSYS);
    if (calls !== "makes") {
      tracee.stopAtCall(true);
      tracee.callToMake = calls === "stops at" ? nr : NO_SYSCALL;
    }
  }
  if (process.stopsAtCalls && !task.held) task.kernel.ptracer?.enterCall(task, nr);
  task.heldAtCall = task.held;
}

/** The call of a thread that was held at its beginning; {@link NO_SYSCALL}: none. */
export function callToMake(task: Task): number {
  const { tracee, cpu } = task;
  if (isKilled(task)) return NO_SYSCALL;
  const nr = tracee?.callToMake ?? cpu.regs.xi(8);
  if (tracee !== undefined) tracee.callToMake = undefined;
  return nr;
}

/** A system call has ended; its result is in x0. */
export function callExitStop(task: Task, nr: number): void {
  const { tracee, process } = task;
  if (isKilled(task)) return;
  if (tracee !== undefined) {
    if (tracee.stop !== undefined) tracee.callEndDue = true;
    else if (tracee.course.calls === "stops at") tracee.stopAtCall(false);
    else tracee.callNumber = NO_SYSCALL;
  }
  if (process.stopsAtCalls && !task.held) task.kernel.ptracer?.leaveCall(task, nr);
}

/** There is a new thread or process, which has not run. @param flags CLONE_* of its making */
export function cloneStop(task: Task, child: Task, flags: number, exitSignal: number): void {
  const isThread = child.process === task.process, isVfork = (flags & CLONE_VFORK) !== 0;
  const { tracee } = task;
  if (tracee !== undefined) {
    const [event, option] = isVfork
      ? [EVENT_VFORK, "TRACEVFORK"] as const
      : exitSignal !== SIGCHLD
      ? [EVENT_CLONE, "TRACECLONE"] as const
      : [EVENT_FORK, "TRACEFORK"] as const;
    const told = tracee.has(option) && (flags & CLONE_UNTRACED) === 0;
    if (told || (flags & CLONE_PTRACE) !== 0) {
      const { seized } = attachTracee(child, tracee.tracer, tracee.seized, tracee.options);
      if (seized) child.tracee!.trap();
      else child.pending.addBare(SIGSTOP);
      recalcSignalPending(child);
    }
    if (told) tracee.stopForEvent(event, child.tid);
  }
  task.kernel.ptracer?.cloned(task, child, isThread ? "clone" : isVfork ? "vfork" : "fork");
}

/** The child of a vfork has an address space of its own, or none any more. */
export function vforkDoneStop(task: Task, child: number): void {
  if (isKilled(task)) return;
  if (task.tracee?.has("TRACEVFORKDONE")) task.tracee.stopForEvent(EVENT_VFORK_DONE, child);
  task.kernel.ptracer?.vforkDone(task);
}

/** A process has a new program, of which nothing has run. @param formerTid the thread's, before it became the leader */
export function execStop(task: Task, formerTid: number): void {
  const { tracee } = task;
  if (tracee?.has("TRACEEXEC")) tracee.stopForEvent(EVENT_EXEC, formerTid);
  else if (tracee !== undefined && !tracee.seized) {
    sendToTask(task, { signo: SIGTRAP, code: SI_USER, pid: task.pid, uid: task.credentials.uid });
  }
  task.kernel.ptracer?.execed(task);
}

/** A thread is about to end. @returns whether it stops before: it ends by `end` when it goes on */
export function exitStop({ tracee }: Task, status: number, end: () => void): boolean {
  if (!tracee?.has("TRACEEXIT") || tracee.isEnding) return false;
  tracee.stopBeforeEnd(status, end);
  return true;
}
