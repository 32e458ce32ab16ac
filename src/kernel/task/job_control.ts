/** Stopping and continuing processes, and process groups nobody is left to continue (kernel/signal.c; setpgid(2)). */
import { kernelSiginfo } from "../abi/siginfo.ts";
import { CLD_CONTINUED, CLD_STOPPED, SA_NOCLDSTOP, SIG_IGN, SIGCHLD, SIGCONT, SIGHUP, SIGSTOP } from "../abi/signal.ts";
import { CLK_TCK, NSEC_PER_SEC } from "../abi/time.ts";
import type { Kernel } from "../kernel.ts";
import type { Process, Usage } from "./process.ts";
import { recalcSignalPending, sendToGroup, sendToProcess } from "./send_signal.ts";
import type { Task } from "./task.ts";

/** Starts a stop of the whole process with `task`, which has taken the stop signal, as the first to stop. */
export function startGroupStop(task: Task, signal: number): void {
  const { process } = task;
  const listeners: Task[] = [];
  if (!process.stopping) {
    process.stopping = { signal, remaining: 0 };
    for (const thread of process.threads) {
      if (thread.state === "dead" || thread.state === "stopped") continue;
      thread.stopPending = true;
      process.stopping.remaining++;
      if (thread !== task) {
        thread.signalPending = true;
        process.kernel.scheduler.interrupt(thread);
      }
      if (thread.tracee?.listening) listeners.push(thread);
    }
  }
  stopThread(task);
  // Tracers that wait for news of such a stop hear of this one.
  for (const thread of listeners) stopThread(thread);
}

/** One thread stops; the last one stops the process and tells the parent. */
export function stopThread(task: Task): void {
  task.stopPending = false;
  if (task.tracee === undefined) task.state = "stopped";
  else task.tracee.stopWithGroup();
  recalcSignalPending(task);
  finishStopIfLast(task.process);
}

/** A thread has stopped or died while a stop was under way. */
export function finishStopIfLast(process: Process): void {
  const { stopping } = process;
  if (!stopping || --stopping.remaining > 0) return;
  process.stopping = undefined;
  // A tracer has let it run, but for its parent it has been stopped all the time.
  if (process.stoppedBy !== undefined) return;
  process.stoppedBy = stopping.signal;
  process.stopUnseen = true;
  process.continueUnseen = false;
  tellParent(process, CLD_STOPPED, stopping.signal);
}

/** SIGCONT: whatever was stopped or about to stop goes on. */
export function continueProcess(process: Process): void {
  const wasStopped = process.stoppedBy !== undefined || process.stopping !== undefined;
  const completed = process.stoppedBy !== undefined;
  process.stopping = undefined;
  process.stoppedBy = undefined;
  process.stopUnseen = false;
  for (const thread of process.threads) {
    thread.stopPending = false;
    recalcSignalPending(thread);
    if (thread.state === "stopped") process.kernel.scheduler.enqueue(thread);
    if (thread.tracee !== undefined) {
      thread.tracee.mayStop = false;
      if (thread.tracee.seized) thread.tracee.notice();
    }
  }
  if (!wasStopped) return;
  if (completed) process.continueUnseen = true;
  tellParent(process, completed ? CLD_CONTINUED : CLD_STOPPED, completed ? SIGCONT : SIGSTOP);
}

function tellParent({ parent, leader }: Process, code: number, status: number): void {
  if (parent) tellOfChild(parent, leader, code, status);
}

/**
 * SIGCHLD for a stop or continuation, and a look for whoever waits.
 *
 * @param child the leader of a child, or a tracee
 */
export function tellOfChild(to: Process, child: Task, code: number, status: number): void {
  const action = to.actions.get(SIGCHLD);
  if (to.threads.size > 0 && action.handler !== SIG_IGN && !(action.flags & SA_NOCLDSTOP)) {
    sendOfChild(to, SIGCHLD, child, child.usage, code, status);
  }
  to.childWait.wake();
}

/**
 * The signal that tells of what became of a child or tracee (sigaction(2), "The siginfo_t argument": SIGCHLD).
 *
 * @param usage what it has used, in ns
 * @param code CLD_*
 */
export function sendOfChild(
  to: Process,
  signo: number,
  { tid: pid, credentials: { uid } }: Task,
  { utime, stime }: Readonly<Usage>,
  code: number,
  status: number,
): void {
  sendToProcess(to, { signo, code, pid, uid, status, utime: ticks(utime), stime: ticks(stime) });
}

/** Clock ticks in a CPU time of `ns`. */
export function ticks(ns: number): number {
  return Math.floor(ns / (NSEC_PER_SEC / CLK_TCK));
}

/**
 * A group is orphaned if no member has a parent in another group of the same session: nobody could continue it
 * (POSIX 3.264). `leaving` does not count.
 */
export function isOrphanedGroup(kernel: Kernel, pgid: number, leaving?: Process): boolean {
  for (const process of kernel.processes.values()) {
    if (process.pgid !== pgid || process === leaving || process.zombie) continue;
    const { parent } = process;
    if (parent && parent.pgid !== pgid && parent.session === process.session && parent.threads.size > 0) return false;
  }
  return true;
}

function hasStopped(kernel: Kernel, pgid: number): boolean {
  for (const process of kernel.processes.values()) {
    if (process.pgid === pgid && process.stoppedBy !== undefined) return true;
  }
  return false;
}

/**
 * The end of `process` (or its new parent) may orphan a group with stopped members: they get SIGHUP and SIGCONT
 * (kernel/exit.c: kill_orphaned_pgrp).
 *
 * @param process a member of the group concerned
 * @param link the parent that was the link to another group
 */
export function killOrphanedGroup(process: Process, link: Process | undefined, leaving: Process | undefined): void {
  const { kernel, pgid } = process;
  if (!link || link.pgid === pgid || link.session !== process.session) return;
  if (!isOrphanedGroup(kernel, pgid, leaving) || !hasStopped(kernel, pgid)) return;
  sendToGroup(kernel, pgid, kernelSiginfo(SIGHUP));
  sendToGroup(kernel, pgid, kernelSiginfo(SIGCONT));
}
