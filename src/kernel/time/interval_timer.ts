/** setitimer(2) and alarm(2): one timer on the wall clock and two on CPU time per process. */
import { kernelSiginfo } from "../abi/siginfo.ts";
import { SIGALRM } from "../abi/signal.ts";
import { ITIMER_REAL, ITIMER_VIRTUAL } from "../abi/time.ts";
import type { Process } from "../task/process.ts";
import { sendToProcess } from "../task/send_signal.ts";

/** Time left and interval in ns; 0 left: off. */
export interface IntervalSetting {
  readonly value: number;
  readonly interval: number;
}

/** The clock an interval timer runs on. */
function now(process: Process, which: number): number {
  if (which === ITIMER_REAL) return process.kernel.clock.monotonic();
  process.kernel.accountNow();
  return which === ITIMER_VIRTUAL ? process.userTime : process.cpuTime;
}

export function getIntervalTimer(process: Process, which: number): IntervalSetting {
  const timer = process.intervalTimers[which]!;
  if (timer.due === Infinity) return { value: 0, interval: timer.interval };
  // One that is due but has not fired yet still has something left (getitimer(2)).
  return { value: Math.max(1000, timer.due - now(process, which)), interval: timer.interval };
}

/** Sets a timer; returns the setting before. */
export function setIntervalTimer(process: Process, which: number, setting: IntervalSetting): IntervalSetting {
  const { kernel } = process, timer = process.intervalTimers[which]!;
  const before = getIntervalTimer(process, which);
  kernel.timers.cancel(timer.timer);
  timer.timer = undefined;
  timer.interval = setting.value === 0 ? 0 : setting.interval;
  timer.due = setting.value === 0 ? Infinity : now(process, which) + setting.value;
  if (which !== ITIMER_REAL) kernel.cpuTimersChanged(process);
  else if (timer.due !== Infinity) armReal(process);
  return before;
}

function armReal(process: Process): void {
  const timer = process.intervalTimers[ITIMER_REAL]!;
  timer.timer = process.kernel.timers.add(timer.due, () => {
    timer.timer = undefined;
    if (timer.interval === 0) timer.due = Infinity;
    sendToProcess(process, kernelSiginfo(SIGALRM));
  });
}

/** The next period of ITIMER_REAL starts when its SIGALRM is taken, so that a short one cannot flood (kernel/signal.c: dequeue_signal). */
export function rearmReal(process: Process): void {
  const timer = process.intervalTimers[ITIMER_REAL]!;
  if (timer.timer !== undefined || timer.due === Infinity) return;
  const passed = process.kernel.clock.monotonic() - timer.due;
  timer.due += (Math.floor(Math.max(0, passed) / timer.interval) + 1) * timer.interval;
  armReal(process);
}
