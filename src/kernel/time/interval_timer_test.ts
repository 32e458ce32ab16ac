import assert from "node:assert/strict";
import { SIGALRM, SIGPROF } from "../abi/signal.ts";
import { ITIMER_PROF, ITIMER_REAL } from "../abi/time.ts";
import { takeSignal } from "../task/deliver_signal.ts";
import { scripted } from "../task/scripted_kernel.ts";
import { runCpuTimers, updateCpuTimerDue } from "./cpu_timers.ts";
import { getIntervalTimer, setIntervalTimer } from "./interval_timer.ts";

/** A kernel whose time stands still until told. */
function world() {
  let now = 1_000_000_000;
  const { kernel, task } = scripted([], { clock: { monotonic: () => now, realtimeOffset: 0n } });
  const advance = (ns: number) => {
    now += ns;
    kernel.timers.fire(now);
  };
  return { process: task.process, task, advance };
}

Deno.test("setIntervalTimer sends SIGALRM when its time has come", () => {
  const { process, advance } = world();
  setIntervalTimer(process, ITIMER_REAL, { value: 5000, interval: 0 });
  advance(4999);
  assert.equal(process.pending.has(SIGALRM), false);
  advance(1);
  assert.equal(process.pending.has(SIGALRM), true);
  assert.deepEqual(getIntervalTimer(process, ITIMER_REAL), { value: 0, interval: 0 });
});

Deno.test("setIntervalTimer starts the next period when SIGALRM is taken", () => {
  const { process, task, advance } = world();
  setIntervalTimer(process, ITIMER_REAL, { value: 100_000, interval: 100_000 });
  advance(350_000);
  assert.ok(takeSignal(task, ~0n));
  assert.equal(getIntervalTimer(process, ITIMER_REAL).value, 50_000);
});

Deno.test("setIntervalTimer returns what was set before", () => {
  const { process, advance } = world();
  setIntervalTimer(process, ITIMER_REAL, { value: 50_000, interval: 7000 });
  advance(20_000);
  assert.deepEqual(setIntervalTimer(process, ITIMER_REAL, { value: 0, interval: 0 }), {
    value: 30_000,
    interval: 7000,
  });
});

Deno.test("runCpuTimers sends SIGPROF once the process has used so much CPU time", () => {
  const { process } = world();
  setIntervalTimer(process, ITIMER_PROF, { value: 1000, interval: 0 });
  updateCpuTimerDue(process);
  assert.equal(process.cpuTimerDue, 1000);
  process.cpuTime = 1000;
  runCpuTimers(process);
  assert.equal(process.pending.has(SIGPROF), true);
});
