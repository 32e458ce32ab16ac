/**
 * What happens to pending signals when a thread goes back to user mode: default actions, handlers, and the restart
 * of the system call that the signal interrupted (kernel/signal.c: get_signal; arch/arm64/kernel/signal.c: do_signal).
 */
import { EINTR, ERESTART_RESTARTBLOCK, ERESTARTNOHAND, ERESTARTSYS } from "../abi/errno.ts";
import type { Siginfo } from "../abi/siginfo.ts";
import {
  dumpsCoreByDefault,
  ignoredByDefault,
  SA_RESETHAND,
  SA_RESTART,
  SIG_DFL,
  SIG_IGN,
  SIGALRM,
  SIGKILL,
  SIGSTOP,
  stopsByDefault,
} from "../abi/signal.ts";
import { NR_RESTART_SYSCALL } from "../abi/unistd.ts";
import { UserFault } from "../mm/user_fault.ts";
import { rearmReal } from "../time/interval_timer.ts";
import { rearm } from "../time/posix_timer.ts";
import { exitProcess } from "./exit_process.ts";
import { isOrphanedGroup, startGroupStop, stopThread } from "./job_control.ts";
import { handlerStop, signalStop } from "./ptrace_stops.ts";
import { forceSegv, isKilled, recalcSignalPending, setBlocked } from "./send_signal.ts";
import { DEFAULT_ACTION, type SignalAction } from "./signal_actions.ts";
import { enterHandler } from "./signal_frame.ts";
import type { Task } from "./task.ts";

/** Takes the next signal a thread has to act on: its own first, then the process's. */
export function takeSignal(task: Task, allowed: bigint): Siginfo | undefined {
  const info = task.pending.take(allowed) ?? task.process.pending.take(allowed);
  if (info?.timerId !== undefined) rearm(task.process, info);
  else if (info?.signo === SIGALRM) rearmReal(task.process);
  return info;
}

/** The signal to act on, which is the debugger's or tracer's choice where there is one; undefined: none, or it was withdrawn. */
function nextSignal(task: Task): Siginfo | undefined | "held" {
  const { injected } = task;
  task.injected = undefined;
  if (injected) return injected;
  const info = takeSignal(task, ~task.blocked);
  return info && signalStop(task, info);
}

/**
 * Acts on signals until there is none or the thread cannot go on.
 *
 * @returns whether the thread goes to user mode now: it may have stopped or died
 */
export function deliverSignals(task: Task): boolean {
  const { process, kernel } = task;
  while (task.signalPending) {
    if (isKilled(task)) {
      exitProcess(process, SIGKILL);
      return false;
    }
    // What the tracer has decided on comes first (kernel/signal.c: get_signal goes on behind ptrace_signal).
    if (task.stopPending && task.injected === undefined) {
      stopThread(task);
      return false;
    }
    if (task.tracee?.isTrapDue && task.injected === undefined) {
      task.tracee.stopWithGroup();
      return false;
    }
    const info = nextSignal(task);
    recalcSignalPending(task);
    if (info === "held") return false;
    if (!info) continue;
    const signal = info.signo, action = process.actions.get(signal);
    kernel.tracer?.signal(task, info);
    if (action.handler === SIG_IGN) continue;
    if (action.handler !== SIG_DFL) {
      if (action.flags & SA_RESETHAND) process.actions.set(signal, { ...action, handler: SIG_DFL });
      if (!runHandler(task, info, action)) continue;
      if (task.stepping) handlerStop(task);
      if (task.held) return false;
      // A handler entered is a return to user mode, but further signals nest on top of it.
      continue;
    }
    if (ignoredByDefault(signal)) continue;
    if (stopsByDefault(signal)) {
      if (signal !== SIGSTOP && isOrphanedGroup(kernel, process.pgid)) continue;
      if (task.tracee?.mayStop === false) continue;
      kernel.tracer?.stopped(task, signal);
      startGroupStop(task, signal);
      return false;
    }
    endBySignal(task, info);
    return false;
  }
  finishRestart(task);
  if (task.savedMask !== undefined) {
    const mask = task.savedMask;
    task.savedMask = undefined;
    setBlocked(task, mask);
    if (task.signalPending) return deliverSignals(task);
  }
  return true;
}

/**
 * The default action that ends a process. The guest never finds a core file, so the status never says that one was
 * written.
 */
function endBySignal(task: Task, info: Siginfo): void {
  const { process, kernel } = task, { signo } = info, { crashLog } = kernel;
  if (!dumpsCoreByDefault(signo) || crashLog.full) return exitProcess(process, signo);
  kernel.hold(crashLog.add(task, info).then(() => exitProcess(process, signo)));
}

/** No handler came between: the call is made again. */
function finishRestart(task: Task): void {
  if (task.restartCode === ERESTART_RESTARTBLOCK) task.cpu.regs.setX(8, NR_RESTART_SYSCALL);
  task.restartCode = 0;
}

/** A handler runs now: the interrupted call fails with EINTR or, with SA_RESTART and where Linux allows it, restarts. */
function resolveRestart(task: Task, action: SignalAction): void {
  const code = task.restartCode;
  if (code === 0) return;
  task.restartCode = 0;
  const fails = code === ERESTARTNOHAND || code === ERESTART_RESTARTBLOCK ||
    (code === ERESTARTSYS && !(action.flags & SA_RESTART));
  if (!fails) return;
  const { regs } = task.cpu;
  regs.setX(0, -EINTR);
  regs.pc += 4n;
}

function runHandler(task: Task, info: Siginfo, action: SignalAction): boolean {
  resolveRestart(task, action);
  const oldMask = task.savedMask ?? task.blocked;
  try {
    enterHandler(task, info, action, oldMask);
    task.savedMask = undefined;
    return true;
  } catch (error) {
    if (!(error instanceof UserFault)) throw error;
    if (info.signo === 11) task.process.actions.set(11, DEFAULT_ACTION);
    forceSegv(task, info.signo);
    return false;
  }
}
