/**
 * The counts of a run in one line.
 */
import type { Summary } from "../runner/events.ts";
import { duration } from "./text.ts";

/** E.g. `12 tests in 3.40 s: 9 passed (1 flaky), 1 skipped, 2 failed (1 crashed, 1 timed out)`. */
export function summaryText(summary: Summary): string {
  const parts = [`${summary.passed} passed${summary.flaky > 0 ? ` (${summary.flaky} flaky)` : ""}`];
  if (summary.skipped > 0) parts.push(`${summary.skipped} skipped`);
  const kinds = [
    summary.crashed > 0 ? `${summary.crashed} crashed` : "",
    summary.timedOut > 0 ? `${summary.timedOut} timed out` : "",
    summary.errors > 0 ? `${summary.errors} not started` : "",
  ].filter((each) => each !== "");
  parts.push(`${summary.failed} failed${kinds.length > 0 ? ` (${kinds.join(", ")})` : ""}`);
  if (summary.notRun > 0) parts.push(`${summary.notRun} not run`);
  return `${summary.total} test${summary.total === 1 ? "" : "s"} in ${duration(summary.milliseconds)}: ${
    parts.join(", ")
  }`;
}
