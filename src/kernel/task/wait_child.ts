/** Looking for a child that changed state (kernel/exit.c: do_wait; wait4(2), waitid(2)). */
import { ECHILD, ERESTARTSYS } from "../abi/errno.ts";
import { CLD_CONTINUED, CLD_STOPPED, CLD_TRAPPED, SIGCHLD, SIGCONT } from "../abi/signal.ts";
import {
  __WALL,
  __WCLONE,
  __WNOTHREAD,
  CONTINUED_STATUS,
  stoppedStatus,
  WCONTINUED,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WSTOPPED,
} from "../abi/wait.ts";
import type { Wait, Wake } from "../wait.ts";
import { endOf, reap } from "./exit_process.ts";
import { addUsage, type Process, processUsage, type TraceeEnd, type Usage } from "./process.ts";
import type { Task } from "./task.ts";

/** What a wait found. */
export interface ChildEvent {
  readonly pid: number;
  readonly uid: number;
  /** wait4's status word. */
  readonly status: number;
  /** waitid's si_code and si_status. */
  readonly code: number;
  readonly siStatus: number;
  readonly usage: Usage;
}

/** Which children and tracees: by pid (a tracee's is its tid), group, or all. */
export type ChildFilter = (child: { readonly pid: number; readonly pgid: number }) => boolean;

/** One look: an event, undefined if there are children but no event yet, or -ECHILD. */
export function lookForChild(task: Task, filter: ChildFilter, options: number): ChildEvent | undefined | number {
  let eligible = false;
  // Threads end before their processes do.
  for (const end of task.process.traceeEnds) {
    if (!filter(end)) continue;
    eligible = true;
    if (options & WEXITED) return traceeEnd(task.process, end, options);
  }
  for (const child of task.process.children) {
    if (!filter(child)) continue;
    const isTraced = child.leader.tracee?.tracer === task.process;
    if (!(options & __WALL) && !isTraced && (child.exitSignal !== SIGCHLD) !== ((options & __WCLONE) !== 0)) continue;
    if (options & __WNOTHREAD && child.parentTask !== task) continue;
    eligible = true;
    const event = child.withheld ? undefined : eventOf(task, child, options);
    if (event) return event;
  }
  for (const tracee of task.process.tracees) {
    const { tid, process } = tracee;
    if (!filter(tid === process.pid ? process : { pid: tid, pgid: process.pgid })) continue;
    eligible = true;
    if (tracee.tracee!.unseen) return traceStop(tracee, options);
  }
  return eligible ? undefined : -ECHILD;
}

/** The stop of a tracee, of which its tracer hears whatever it waits for (ptrace(2)). */
function traceStop({ tid, credentials: { uid }, process, tracee }: Task, options: number): ChildEvent {
  const { code } = tracee!.stop!;
  if (!(options & WNOWAIT)) tracee!.unseen = false;
  return { pid: tid, uid, status: stoppedStatus(code), code: CLD_TRAPPED, siStatus: code, usage: usageOf(process) };
}

/** Its own and its children's (getrusage of kernel/sys.c: RUSAGE_BOTH). */
function usageOf(child: Process): Usage {
  const usage = processUsage(child);
  addUsage(usage, child.childUsage);
  return usage;
}

function traceeEnd(tracer: Process, end: TraceeEnd, options: number): ChildEvent {
  const { pid, uid, status, usage } = end, { code, value } = endOf(status);
  if (!(options & WNOWAIT)) {
    tracer.traceeEnds.splice(tracer.traceeEnds.indexOf(end), 1);
    end.seen();
  }
  return { pid, uid, status, code, siStatus: value, usage };
}

function eventOf(task: Task, child: Process, options: number): ChildEvent | undefined {
  const keeps = (options & WNOWAIT) !== 0;
  const { pid } = child, { uid } = child.leader.credentials;
  const found = (status: number, code: number, siStatus: number) => ({
    pid,
    uid,
    status,
    code,
    siStatus,
    usage: usageOf(child),
  });
  if (child.exitStatus !== undefined) {
    if (!(options & WEXITED)) return undefined;
    const status = child.exitStatus, { code, value } = endOf(status);
    const event = found(status, code, value);
    if (!keeps) {
      addUsage(task.process.childUsage, event.usage);
      reap(child);
    }
    return event;
  }
  // A parent that traces its child hears of that one's stops as its tracer.
  const isTraced = child.leader.tracee?.tracer === task.process;
  if (options & WSTOPPED && child.stopUnseen && child.stoppedBy !== undefined && !isTraced) {
    if (!keeps) child.stopUnseen = false;
    return found(stoppedStatus(child.stoppedBy), CLD_STOPPED, child.stoppedBy);
  }
  if (options & WCONTINUED && child.continueUnseen) {
    if (!keeps) child.continueUnseen = false;
    return found(CONTINUED_STATUS, CLD_CONTINUED, SIGCONT);
  }
  return undefined;
}

/** Waits until there is an event; 0 with WNOHANG if there is none yet. */
export function* waitForChild(
  task: Task,
  filter: ChildFilter,
  options: number,
): Generator<Wait, ChildEvent | number, Wake> {
  const queues = [task.process.childWait];
  let reason: Wake = "event";
  for (;;) {
    const found = lookForChild(task, filter, options);
    if (found !== undefined) return found;
    if (options & WNOHANG) return 0;
    // A child found after the wake-up is reported even if a signal came with it.
    if (reason === "signal") return -ERESTARTSYS;
    reason = yield { queues };
  }
}
