import { deepEqual } from "node:assert/strict";
import { Progress } from "./progress.ts";
import { sampleRun } from "./sample_run.ts";

const show = (progress: Progress, now: number, width = 60) => progress.lines(now, width, false);

Deno.test("Progress shows counts and the tests that run, the longest first", () => {
  const progress = new Progress();
  progress.event(sampleRun()[0]!);
  for (const id of [1, 2, 3, 4, 5, 6]) {
    progress.event({ type: "test-started", at: id * 1000, id, name: `test-${id}`, attempt: id === 2 ? 3 : 1 });
  }
  deepEqual(show(progress, 12_000), [
    "░░░░░░░░░░░░░░░░░░░░ 0/9  12.00 s",
    "        11.00 s  test-1",
    "        10.00 s  test-2 (attempt 3)",
    "         9.00 s  test-3",
    "         8.00 s  test-4",
    "                 and 2 more",
  ]);
});

Deno.test("Progress counts what has finished", () => {
  const progress = new Progress();
  for (const event of sampleRun()) progress.event(event);
  deepEqual(show(progress, 0), ["████████████████████ 9/9, 1 skipped, 5 failed  1 min 01 s"]);
});

Deno.test("Progress fits names to the terminal", () => {
  const progress = new Progress();
  progress.event({ type: "test-started", at: 0, id: 1, name: "x".repeat(100), attempt: 1 });
  deepEqual(show(progress, 0, 30)[1], "           0 ms  xxxxxxxxxxx…");
});
