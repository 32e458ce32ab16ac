/**
 * For people: a line per test as it finishes, what is known about a failure below it, and the failures once more at
 * the end, where the eye is.
 */
import { type Attempt, isFailure, type TestEvent, type TestResult, type Verdict } from "../runner/events.ts";
import { diagnosisLines } from "./diagnosis.ts";
import type { Reporter } from "./reporter.ts";
import { paint } from "./style.ts";
import { summaryText } from "./summary.ts";
import { duration, someLines, visible } from "./text.ts";

/** Lines of each output stream that are shown of a failed test. */
const OUTPUT_LINES = 30;

const LABELS: Readonly<Record<Verdict, string>> = {
  "passed": "PASS",
  "failed": "FAIL",
  "skipped": "SKIP",
  "crashed": "CRASH",
  "timed-out": "TIME",
  "error": "ERROR",
};

/** Writes plain lines, with colours where wanted. */
export class PrettyReporter implements Reporter {
  readonly #failed: TestResult[] = [];
  readonly #flaky: TestResult[] = [];

  constructor(readonly options: { readonly color: boolean }) {}

  event(event: TestEvent): string {
    switch (event.type) {
      case "run-started": {
        const deselected = event.deselected > 0 ? `, ${event.deselected} not selected` : "";
        return `${event.total} test${event.total === 1 ? "" : "s"}, ${event.jobs} at a time${deselected}\n`;
      }
      case "test-slow":
        return this.#line("SLOW", "yellow", event.milliseconds, visible(event.name), "still running");
      case "test-retrying":
        return this.#line("RETRY", "yellow", event.attempt.milliseconds, visible(event.name), event.attempt.reason);
      case "test-finished":
        return this.#result(event.result);
      case "run-finished":
        return this.#end(event);
      default:
        return "";
    }
  }

  #result(result: TestResult): string {
    const last = result.attempts.at(-1)!;
    const failed = isFailure(result.verdict);
    if (failed) this.#failed.push(result);
    if (result.flaky) this.#flaky.push(result);
    const label = result.flaky ? "FLAKY" : LABELS[result.verdict];
    const color = failed ? "red" : result.flaky || result.verdict === "skipped" ? "yellow" : "green";
    const note = result.flaky ? `passed at attempt ${result.attempts.length}` : last.reason;
    const line = this.#line(label, color, result.milliseconds, visible(result.name), note);
    return failed ? line + this.#details(last) : line;
  }

  #line(label: string, color: "red" | "green" | "yellow", milliseconds: number, name: string, note: string): string {
    const padded = paint(label.padEnd(5), color, this.options.color);
    const time = paint(duration(milliseconds).padStart(9), "dim", this.options.color);
    return `${padded} ${time}  ${name}${note === "" ? "" : paint(`  ${visible(note)}`, "dim", this.options.color)}\n`;
  }

  #details(attempt: Attempt): string {
    const lines = diagnosisLines(attempt).map((line) => `        ${line}`);
    for (const stream of ["stdout", "stderr", "trace"] as const) {
      const output = someLines(attempt[stream] ?? "", OUTPUT_LINES);
      if (output.length === 0) continue;
      lines.push(paint(`        --- ${stream}`, "dim", this.options.color), ...output.map((line) => `        ${line}`));
    }
    return lines.map((line) => line.trimEnd() + "\n").join("");
  }

  #end(event: TestEvent & { type: "run-finished" }): string {
    const lines: string[] = [""];
    if (this.#flaky.length > 0) {
      lines.push("Flaky:", ...this.#flaky.map((each) => `  ${visible(each.name)}`), "");
    }
    if (this.#failed.length > 0) {
      lines.push("Failed:");
      for (const { name, attempts } of this.#failed) {
        lines.push(`  ${paint(visible(name), "red", this.options.color)}  ${visible(attempts.at(-1)!.reason)}`);
      }
      lines.push("");
    }
    const color = event.summary.failed > 0 ? "red" : event.summary.notRun > 0 ? "yellow" : "green";
    const ended = event.ended === undefined
      ? ""
      : ` (${event.ended === "interrupted" ? "interrupted" : "stopped by --fail-fast"})`;
    lines.push(paint(summaryText(event.summary), color, this.options.color) + ended);
    return lines.join("\n") + "\n";
  }
}
