/**
 * Timers on CPU time: ITIMER_VIRTUAL, ITIMER_PROF, POSIX timers on CPU clocks, and RLIMIT_CPU. The kernel's loop
 * looks after a time slice when a process's CPU time has passed `Process.cpuTimerDue`.
 */
import { RLIMIT_CPU } from "../abi/resource.ts";
import { kernelSiginfo } from "../abi/siginfo.ts";
import { SIGKILL, SIGPROF, SIGVTALRM, SIGXCPU } from "../abi/signal.ts";
import { ITIMER_PROF, ITIMER_VIRTUAL, NSEC_PER_SEC } from "../abi/time.ts";
import type { IntervalTimer, Process } from "../task/process.ts";
import { sendToProcess } from "../task/send_signal.ts";

/** Works out when to look next. */
export function updateCpuTimerDue(process: Process): void {
  let due = process.intervalTimers[ITIMER_PROF]!.due;
  const virtual = process.intervalTimers[ITIMER_VIRTUAL]!.due;
  // User time is at most CPU time: looking a little early does no harm.
  if (virtual !== Infinity) due = Math.min(due, process.cpuTime + Math.max(0, virtual - process.userTime));
  const limit = process.rlimits[RLIMIT_CPU]!;
  const soft = Math.max(limit[0], process.cpuLimitNext);
  due = Math.min(due, Math.min(soft, limit[1]) * NSEC_PER_SEC);
  for (const timer of process.cpuTimers) {
    if (!timer.waiting && timer.due !== Infinity) {
      due = Math.min(due, process.cpuTime + Math.max(0, timer.due - timer.now()));
    }
  }
  process.cpuTimerDue = due;
}

/** Fires what is due. */
export function runCpuTimers(process: Process): void {
  fire(process, process.intervalTimers[ITIMER_VIRTUAL]!, process.userTime, SIGVTALRM);
  fire(process, process.intervalTimers[ITIMER_PROF]!, process.cpuTime, SIGPROF);
  for (const timer of [...process.cpuTimers]) {
    // One whose signal has not been taken stays due without firing again.
    if (!timer.waiting && timer.due <= timer.now()) timer.expire();
  }
  const [soft, hard] = process.rlimits[RLIMIT_CPU]!;
  const seconds = process.cpuTime / NSEC_PER_SEC;
  if (seconds >= hard) {
    sendToProcess(process, kernelSiginfo(SIGKILL));
  } else if (seconds >= Math.max(soft, process.cpuLimitNext)) {
    process.cpuLimitNext = Math.floor(seconds) + 1;
    sendToProcess(process, kernelSiginfo(SIGXCPU));
  }
  updateCpuTimerDue(process);
}

function fire(process: Process, timer: IntervalTimer, now: number, signal: number): void {
  if (timer.due > now) return;
  timer.due = timer.interval === 0
    ? Infinity
    : timer.due + (Math.floor((now - timer.due) / timer.interval) + 1) * timer.interval;
  sendToProcess(process, kernelSiginfo(signal));
}
