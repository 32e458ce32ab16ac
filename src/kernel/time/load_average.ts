/** How busy the guest's machine has been (kernel/sched/loadavg.c; getloadavg(3)). */
import type { Kernel } from "../kernel.ts";

/** Seconds over which Linux tells it. */
const TIMES = [60, 300, 900];

/**
 * How many threads have been running on average over one, five and fifteen minutes. What the kernel would look at every five
 * seconds is taken to have been the same all the time; before the first program there was nothing.
 */
export function loadAverages(kernel: Pick<Kernel, "processes" | "clock" | "init">): number[] {
  let busy = 0;
  for (const { cpuTime, childUsage } of kernel.processes.values()) {
    busy += cpuTime + childUsage.utime + childUsage.stime;
  }
  const up = Math.max(1, kernel.clock.monotonic() - kernel.init.startTime);
  return TIMES.map((seconds) => busy / up * (1 - Math.exp(-up / 1e9 / seconds)));
}
