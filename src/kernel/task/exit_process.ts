/**
 * Ends: of a thread, of a process, and what is left for the parent (kernel/exit.c; exit(2), exit_group(2), wait(2)).
 *
 * Threads of an ending process die at once: nothing else runs in between, so there is no need to ask them to. Only a
 * tracee may stop first (PTRACE_EVENT_EXIT), and dies when its tracer lets it go on.
 */
import { kernelSiginfo } from "../abi/siginfo.ts";
import {
  CLD_DUMPED,
  CLD_EXITED,
  CLD_KILLED,
  SA_NOCLDWAIT,
  SI_USER,
  SIG_IGN,
  SIGCHLD,
  SIGCONT,
  SIGHUP,
  SIGKILL,
  SIGRTMAX,
} from "../abi/signal.ts";
import { CORE_FLAG } from "../abi/wait.ts";
import { UserFault } from "../mm/user_fault.ts";
import { exitPiOwner } from "./futex_pi.ts";
import { exitRobustList } from "./robust_list.ts";
import { finishStopIfLast, killOrphanedGroup, sendOfChild } from "./job_control.ts";
import { addUsage, type Process, type Usage } from "./process.ts";
import { exitStop } from "./ptrace_stops.ts";
import { sendToGroup, sendToProcess } from "./send_signal.ts";
import { unshare } from "./sharing.ts";
import { detachTracee, forgetTracee } from "./tracee.ts";
import type { Task } from "./task.ts";

/** exit(2): one thread ends. @param status status word, which counts if it is the last of its process */
export function exitThread(task: Task, status: number): void {
  const { process, kernel } = task;
  if (task.state === "dead" || exitStop(task, status, () => exitThread(task, status))) return;
  kernel.ptracer?.exiting(task);
  kernel.scheduler.unhook(task);
  const { call } = task;
  task.call = undefined;
  call?.return(0);
  releaseMemory(task);
  task.mm.release();
  if (task.stopPending) {
    task.stopPending = false;
    finishStopIfLast(process);
  }
  task.state = "dead";
  process.threads.delete(task);
  addUsage(process.usage, task.usage);
  kernel.tracer?.exited(task, process.groupExit ?? status);
  if (unshare(task.files)) task.files.closeAll();
  if (unshare(task.fs)) task.fs.release();
  task.cpu.free();
  if (task !== process.leader) kernel.tasks.delete(task.tid);
  const status0 = process.groupExit ?? (task === process.leader || process.threads.size > 0 ? status : undefined);
  if (task === process.leader && process.threads.size > 0) process.leaderStatus = status;
  // A leader's end is its process's.
  if (task !== process.leader) tellTracer(task, process.groupExit ?? status);
  inheritChildrenOfThread(task);
  if (process.threads.size === 0) endProcess(process, status0 ?? process.leaderStatus ?? status);
}

/** exit_group(2) and fatal signals: all threads end with this status word; those that stop before, a little later. */
export function exitProcess(process: Process, status: number): void {
  process.groupExit ??= status;
  process.stopping = undefined;
  // The leader last: it is what /proc and crash reports look at.
  const { leader } = process;
  for (const thread of [...process.threads]) if (thread !== leader) exitThread(thread, status);
  if (leader.state !== "dead") exitThread(leader, status);
}

/**
 * What is due before a thread lets go of its address space, at its end and in execve: robust futexes,
 * CLONE_CHILD_CLEARTID, the vfork parent (kernel/fork.c: mm_release).
 */
export function releaseMemory(task: Task): void {
  if (task.robustList !== 0) exitRobustList(task);
  task.robustList = 0;
  if (task.piLocks.size > 0) exitPiOwner(task);
  const { clearChildTid, mm, kernel } = task;
  task.clearChildTid = 0;
  if (clearChildTid !== 0 && mm.users > 1) {
    try {
      mm.writeU32(clearChildTid, 0);
      kernel.futexes.wake(task, clearChildTid, 1);
    } catch (error) {
      if (!(error instanceof UserFault)) throw error;
    }
  }
  const { process } = task;
  process.usage.maxRss = Math.max(process.usage.maxRss, mm.residentSize / 1024);
  process.vforkWait?.wake();
  process.vforkWait = undefined;
}

/** Children of a thread go to another thread of the process; they learn of the death if they asked (PR_SET_PDEATHSIG). */
function inheritChildrenOfThread(task: Task): void {
  const heir = task.process.threads.values().next().value;
  for (const child of task.process.children) {
    if (child.parentTask !== task) continue;
    child.parentTask = heir;
    for (const thread of child.threads) {
      if (thread.parentDeathSignal) {
        sendToProcess(child, { signo: thread.parentDeathSignal, code: SI_USER, pid: 0, uid: 0 });
      }
    }
  }
}

/** The nearest ancestor that asked for orphans (PR_SET_CHILD_SUBREAPER), else init. */
function newReaper(process: Process): Process {
  for (let ancestor = process.parent; ancestor; ancestor = ancestor.parent) {
    if (ancestor.subreaper && ancestor.threads.size > 0) return ancestor;
  }
  return process.kernel.init;
}

function endProcess(process: Process, status: number): void {
  const { kernel } = process;
  kernel.cancelTimers(process);
  leaveTerminal(process);
  const reaper = newReaper(process);
  for (const child of [...process.children]) {
    process.children.delete(child);
    child.parent = reaper;
    child.parentTask = reaper.leader;
    reaper.children.add(child);
    if (child.zombie && !child.withheld) notifyParent(child);
    killOrphanedGroup(child, process, process);
  }
  killOrphanedGroup(process, process.parent, process);
  endTracing(process);
  process.stoppedBy = undefined;
  process.exitStatus = status;
  process.exitWait.wake();
  process.signalWait.wake();
  kernel.processEnded(process);
  kernel.ptracer?.exited(process);
  const isTraced = process.leader.tracee !== undefined;
  if (!tellTracer(process.leader, status)) notifyParent(process, isTraced);
}

/**
 * A thread has ended: its tracer hears of it, before the parent does (kernel/exit.c: exit_notify).
 *
 * @returns whether the parent has to wait for that
 */
function tellTracer(task: Task, status: number): boolean {
  const { process, tid } = task, tracer = task.tracee?.tracer;
  forgetTracee(task);
  if (tracer === undefined || (task === process.leader && tracer === process.parent)) return false;
  const withholds = task === process.leader;
  process.withheld = withholds;
  const end = { pid: tid, pgid: process.pgid, uid: task.credentials.uid, status, usage: task.usage };
  tracer.traceeEnds.push({ ...end, seen: () => withholds && release(process, tracer) });
  sendEnd(tracer, SIGCHLD, task, task.usage, status);
  tracer.childWait.wake();
  return withholds;
}

/** The tracer of a process has seen its end, or is gone. */
function release(process: Process, tracer: Process): void {
  process.withheld = false;
  // It may have become the parent meanwhile.
  if (process.parent === tracer && tracer.threads.size > 0) reap(process);
  else notifyParent(process);
}

/** A tracer ends: its tracees go on without it, or end too (PTRACE_O_EXITKILL). */
function endTracing(tracer: Process): void {
  for (const tracee of tracer.tracees) {
    const { stop, unseen } = tracee.tracee!, kills = tracee.tracee!.has("EXITKILL");
    // A signal that no wait has told of is taken (kernel/exit.c: wait_task_stopped makes it zero).
    detachTracee(tracee, unseen && stop!.code <= SIGRTMAX ? stop!.code : 0);
    if (kills) sendToProcess(tracee.process, kernelSiginfo(SIGKILL));
  }
  for (const end of tracer.traceeEnds.splice(0)) end.seen();
}

/** A session leader that ends hangs up its terminal's foreground group. */
function leaveTerminal(process: Process): void {
  const { session, kernel } = process;
  if (session.sid !== process.pid || !session.terminal) return;
  const { terminal } = session;
  session.terminal = undefined;
  if (terminal.foregroundGroup) {
    sendToGroup(kernel, terminal.foregroundGroup, kernelSiginfo(SIGHUP));
    sendToGroup(kernel, terminal.foregroundGroup, kernelSiginfo(SIGCONT));
  }
  terminal.sessionEnded?.();
}

/** Tells the parent of a zombie, or reaps it where nobody will wait for it (wait(2), NOTES). */
function notifyParent(process: Process, isTraced = false): void {
  const { parent, exitSignal } = process, status = process.exitStatus!;
  if (!parent || parent.threads.size === 0) {
    reap(process);
    return;
  }
  const action = parent.actions.get(SIGCHLD);
  const ignored = exitSignal === SIGCHLD && action.handler === SIG_IGN;
  // A tracer sees all ends.
  const unwanted = !isTraced && exitSignal === SIGCHLD && (ignored || (action.flags & SA_NOCLDWAIT) !== 0);
  if (exitSignal > 0 && !ignored) sendEnd(parent, exitSignal, process.leader, process.usage, status);
  if (unwanted) reap(process);
  parent.childWait.wake();
}

/** The signal that tells of an end. */
function sendEnd(to: Process, signo: number, ended: Task, usage: Readonly<Usage>, status: number): void {
  const { code, value } = endOf(status);
  sendOfChild(to, signo, ended, usage, code, value);
}

/** A status word as si_code and si_status of SIGCHLD and waitid(2) have it. */
export function endOf(status: number): { readonly code: number; readonly value: number } {
  const signal = status & 0x7f;
  if (signal === 0) return { code: CLD_EXITED, value: status >> 8 & 0xff };
  return { code: status & CORE_FLAG ? CLD_DUMPED : CLD_KILLED, value: signal };
}

/** Forgets a zombie: its pid is free again. */
export function reap(process: Process): void {
  const { kernel, parent } = process;
  parent?.children.delete(process);
  kernel.processes.delete(process.pid);
  kernel.tasks.delete(process.pid);
}
