/**
 * Sending signals: to a thread, a process, a process group; and forcing one on the thread that caused it
 * (kernel/signal.c; signal(7), kill(2)). Delivery is `deliver_signal.ts`.
 */
import { EAGAIN, EPERM, ESRCH } from "../abi/errno.ts";
import { RLIMIT_SIGPENDING } from "../abi/resource.ts";
import { kernelSiginfo, type Siginfo } from "../abi/siginfo.ts";
import {
  DEFAULT_STOPS,
  SI_KERNEL,
  SI_USER,
  SIG_DFL,
  SIG_IGN,
  SIGCONT,
  SIGKILL,
  signalBit,
  SIGRTMIN,
  stopsByDefault,
  UNBLOCKABLE,
} from "../abi/signal.ts";
import { CAP_KILL } from "../abi/capability.ts";
import type { Kernel } from "../kernel.ts";
import type { Credentials } from "./credentials.ts";
import { IDENTITY } from "./id_map.ts";
import { continueProcess } from "./job_control.ts";
import type { Process } from "./process.ts";
import { DEFAULT_ACTION } from "./signal_actions.ts";
import { HELD_BY_DEBUGGER, type Task } from "./task.ts";

/** Looks anew whether a thread has something to take before it goes back to user mode. */
export function recalcSignalPending(task: Task): void {
  task.signalPending = task.stopPending || task.injected !== undefined || task.tracee?.isTrapDue === true ||
    ((task.pending.set | task.process.pending.set) & ~task.blocked) !== 0n;
}

/** Whether SIGKILL is on its way to a thread. */
export function isKilled({ pending, process }: Task): boolean {
  return pending.has(SIGKILL) || process.pending.has(SIGKILL);
}

/** Changes the signal mask of a thread; SIGKILL and SIGSTOP cannot be in it. */
export function setBlocked(task: Task, mask: bigint): void {
  task.blocked = mask & ~UNBLOCKABLE;
  recalcSignalPending(task);
}

/** A thread has to look at its signals soon: its wait ends. */
function notify(task: Task): void {
  task.signalPending = true;
  task.kernel.scheduler.interrupt(task);
}

/** Whether a signal that nobody blocks is thrown away on arrival (kernel/signal.c: sig_ignored). */
function isIgnored(process: Process, task: Task, signal: number): boolean {
  if (((task.blocked | task.realBlocked) & signalBit(signal)) !== 0n) return false;
  // Who traces it wants to know all the same.
  if (task.tracee !== undefined || process.kernel.ptracer?.traces(process)) return false;
  return process.actions.ignores(signal);
}

/** SIGCONT and the stop signals cancel each other, whether or not they are caught or blocked. */
function cancelOpposites(process: Process, signal: number): void {
  if (stopsByDefault(signal)) {
    const bit = signalBit(SIGCONT);
    process.pending.discard(bit);
    for (const thread of process.threads) thread.pending.discard(bit);
  } else if (signal === SIGCONT) {
    process.pending.discard(DEFAULT_STOPS);
    for (const thread of process.threads) thread.pending.discard(DEFAULT_STOPS);
    continueProcess(process);
  }
}

/** Whether the queue limit lets a signal in; standard signals always do, with or without their siginfo. */
function overLimit(process: Process, pending: { readonly size: number }): boolean {
  return pending.size >= (process.rlimits[RLIMIT_SIGPENDING]?.[0] ?? Infinity);
}

/**
 * Sends to a process: any of its threads that does not block the signal may take it.
 *
 * @returns 0, or -EAGAIN if the queue of real-time signals is full
 */
export function sendToProcess(process: Process, info: Siginfo): number {
  return send(process, undefined, info);
}

/** Sends to one thread. */
export function sendToTask(task: Task, info: Siginfo): number {
  return send(task.process, task, info);
}

/** What a POSIX timer sends: queued besides a pending signal of the same number. @returns false if it is ignored */
export function sendFromTimer(process: Process, to: Task | undefined, info: Siginfo): boolean {
  if (process.threads.size === 0 || (to && to.state === "dead")) return false;
  const first = to ?? (process.leader.state === "dead" ? process.threads.values().next().value! : process.leader);
  cancelOpposites(process, info.signo);
  if (isIgnored(process, first, info.signo)) return false;
  (to ? to.pending : process.pending).addAlways(info);
  announce(process, to, info.signo);
  return true;
}

/** The sender by the name it has in the receiver's user namespace (kernel/signal.c: send_signal_locked). */
function seenBy(receiver: Task, info: Siginfo): Siginfo {
  const { uids } = receiver.credentials.userNamespace;
  if (uids === IDENTITY || info.uid === undefined || info.raw || info.code === SI_KERNEL) return info;
  return { ...info, uid: uids.show(info.uid) };
}

function send(process: Process, to: Task | undefined, info: Siginfo): number {
  const signal = info.signo;
  // Zombies, processes that are ending and the two without a program take no signal.
  if (process.threads.size === 0 || process.groupExit !== undefined || (to && to.state === "dead")) return 0;
  cancelOpposites(process, signal);
  const first = to ?? (process.leader.state === "dead" ? process.threads.values().next().value! : process.leader);
  if (isIgnored(process, first, signal) && signal !== SIGKILL) {
    process.kernel.tracer?.ignored?.(first, info);
    return 0;
  }
  const pending = to ? to.pending : process.pending;
  if (signal >= SIGRTMIN && overLimit(process, pending)) {
    if (info.code !== SI_USER && info.code < 0) return -EAGAIN;
    pending.addBare(signal);
  } else if (!pending.add(seenBy(first, info))) {
    return 0;
  }
  announce(process, to, signal);
  return 0;
}

/** Finds someone to take a queued signal. */
function announce(process: Process, to: Task | undefined, signal: number): void {
  const bit = signalBit(signal);
  if (signal === SIGKILL) {
    for (const thread of process.threads) wakeForKill(thread);
  } else if (to) {
    if ((to.blocked & bit) === 0n) notify(to);
  } else {
    const taker = chooseThread(process, bit);
    if (taker) notify(taker);
  }
  process.signalWait.wake();
}

/** The thread to take a signal sent to the process: the leader if it can, else the first that does not block it. */
function chooseThread(process: Process, bit: bigint): Task | undefined {
  const { leader } = process;
  if (leader.state !== "dead" && (leader.blocked & bit) === 0n) return leader;
  for (const thread of process.threads) {
    if ((thread.blocked & bit) === 0n && !thread.signalPending && thread.state !== "dead") return thread;
  }
  for (const thread of process.threads) if ((thread.blocked & bit) === 0n && thread.state !== "dead") return thread;
  return undefined;
}

/** SIGKILL ends every wait and every stop. */
function wakeForKill(task: Task): void {
  task.signalPending = true;
  task.kernel.scheduler.release(task, HELD_BY_DEBUGGER);
  task.tracee?.endStop();
  if (task.state === "blocked") task.kernel.scheduler.wake(task, "signal");
  else if (task.state === "stopped") task.kernel.scheduler.enqueue(task);
}

/**
 * Forces a signal the thread itself caused: if it is blocked or ignored, the default action is taken
 * (kernel/signal.c: force_sig_info_to_task).
 */
export function forceSignal(task: Task, info: Siginfo, fatal = false): void {
  const { process } = task, signal = info.signo, bit = signalBit(signal);
  const action = process.actions.get(signal);
  const blocked = (task.blocked & bit) !== 0n;
  if (blocked || action.handler === SIG_IGN || fatal) {
    process.actions.set(signal, { ...DEFAULT_ACTION, handler: SIG_DFL });
    task.blocked &= ~bit;
  }
  // A pending standard signal of the same number must not swallow this one's siginfo.
  if (task.pending.has(signal)) task.pending.discard(bit);
  task.pending.add(info);
  notify(task);
  process.signalWait.wake();
}

/** The frame could not be written: SIGSEGV, fatal if it was SIGSEGV that was being delivered. */
export function forceSegv(task: Task, signal: number): void {
  forceSignal(task, kernelSiginfo(11), signal === 11);
}

/** Whether `sender` may signal a process with these credentials (kill(2)). */
export function maySignal(sender: Task, target: Credentials): boolean {
  const { uid, euid } = sender.credentials;
  return euid === target.suid || euid === target.uid || uid === target.suid || uid === target.uid ||
    sender.capable(CAP_KILL, target.userNamespace);
}

/** The permission rule of kill(2), with its exception: SIGCONT within the session. */
export function checkKill(sender: Task, target: Process, signal: number): number {
  // The two processes without a program are root's.
  if (target.leader === undefined) return sender.capable(CAP_KILL) ? 0 : -EPERM;
  const { credentials } = target.leader;
  if (sender.process === target || maySignal(sender, credentials)) return 0;
  if (signal === SIGCONT && sender.process.session === target.session) return 0;
  return -EPERM;
}

/** Sends to all processes of a group on the kernel's account (terminal, orphaned group); returns how many there were. */
export function sendToGroup(kernel: Kernel, pgid: number, info: Siginfo): number {
  let count = 0;
  for (const process of kernel.processes.values()) {
    if (process.pgid !== pgid) continue;
    sendToProcess(process, info);
    count++;
  }
  return count;
}

/** kill(2) to a group or to everybody: succeeds if one process could be signalled. */
export function killMany(sender: Task, targets: Iterable<Process>, info: Siginfo): number {
  let found = false, permitted = false, result = 0;
  for (const process of targets) {
    found = true;
    const error = checkKill(sender, process, info.signo);
    if (error) {
      result = error;
      continue;
    }
    permitted = true;
    if (info.signo !== 0) sendToProcess(process, info);
  }
  if (permitted) return 0;
  return found ? result : -ESRCH;
}
