/**
 * TAP version 14: one point per test program, its own TAP as a subtest, diagnostics as YAML
 * (https://testanything.org/tap-version-14-specification.html).
 */
import type { Attempt, TestEvent, TestResult } from "../runner/events.ts";
import { isFailure } from "../runner/events.ts";
import { pointFailed, type TapPoint } from "../runner/tap_reader.ts";
import type { Reporter } from "./reporter.ts";
import { backtraceLines } from "./diagnosis.ts";
import { yamlLines, type YamlValue } from "./yaml.ts";

/** Characters of output shown in diagnostics; the whole is in the other reports. */
const OUTPUT_LIMIT = 16_384;

/** Writes TAP. */
export class TapReporter implements Reporter {
  #number = 0;
  #total = 0;

  /** @param version 13 for readers that refuse to read more, as prove of Test::Harness 3.44 does; they skip subtests */
  constructor(readonly version: 13 | 14 = 14) {}

  event(event: TestEvent): string {
    switch (event.type) {
      case "run-started":
        this.#total = event.total;
        return `TAP version ${this.version}\n1..${event.total}${event.total === 0 ? " # SKIP no tests" : ""}\n`;
      case "test-finished":
        return this.#result(event.result);
      case "run-finished":
        if (event.ended === "interrupted") return "Bail out! interrupted\n";
        return this.#notRun(event.ended === "fail-fast" ? "not run: --fail-fast" : "not run");
      default:
        return "";
    }
  }

  /** The plan has been written: what was not run is skipped, not missing. */
  #notRun(reason: string): string {
    let text = "";
    while (this.#number < this.#total) text += `ok ${++this.#number} # SKIP ${reason}\n`;
    return text;
  }

  #result(result: TestResult): string {
    const last = result.attempts.at(-1)!;
    const lines: string[] = [];
    const points = last.tap?.points ?? [];
    if (points.length > 0) {
      lines.push(`# Subtest: ${escape(result.name)}`, ...pointLines(points).map((line) => `    ${line}`));
    }
    const ok = isFailure(result.verdict) ? "not ok" : "ok";
    const directive = result.verdict === "skipped"
      ? ` # SKIP ${oneLine(last.reason)}`.trimEnd()
      : ` # time=${result.milliseconds}ms`;
    lines.push(`${ok} ${++this.#number} - ${escape(result.name)}${directive}`);
    if (isFailure(result.verdict)) lines.push(...yamlBlock(failureDetails(result, last)));
    else if (result.flaky) {
      lines.push(...yamlBlock({ flaky: true, attempts: attemptList(result) }));
    }
    return lines.join("\n") + "\n";
  }
}

function failureDetails(result: TestResult, last: Attempt): { [key: string]: YamlValue | undefined } {
  return {
    message: last.reason,
    severity: "fail",
    verdict: last.verdict,
    hint: last.hint,
    exitcode: last.exitCode,
    signal: last.signalName,
    duration_ms: result.milliseconds,
    attempts: result.attempts.length > 1 ? attemptList(result) : undefined,
    crash: last.crashes.length === 0 ? undefined : last.crashes.map((crash) => ({
      signal: crash.signalName,
      code: crash.code,
      address: crash.address,
      pc: crash.pc,
      symbol: crash.symbol,
      program: crash.program,
      meaning: crash.explanation,
      backtrace: backtraceLines(crash),
      core: crash.core,
      report: crash.report,
    })),
    unimplemented: Object.keys(last.unimplemented).length === 0 ? undefined : { ...last.unimplemented },
    stdout: excerpt(last.stdout),
    stderr: excerpt(last.stderr),
  };
}

function attemptList({ attempts }: TestResult): YamlValue {
  return attempts.map(({ verdict, reason }) => reason === "" ? { verdict } : { verdict, reason });
}

function excerpt(text: string): string | undefined {
  if (text === "") return undefined;
  return text.length <= OUTPUT_LIMIT
    ? text
    : `[… ${text.length - OUTPUT_LIMIT} characters left out]\n${text.slice(-OUTPUT_LIMIT)}`;
}

/** The points of a subtest; deeper ones come before the point they belong to. */
function pointLines(points: readonly TapPoint[]): string[] {
  const lines = [`1..${points.length}`];
  points.forEach((point, at) => {
    if (point.points && point.points.length > 0) {
      lines.push(`# Subtest: ${escape(point.description)}`, ...pointLines(point.points).map((line) => `    ${line}`));
    }
    const directive = point.directive
      ? ` # ${point.directive.toUpperCase()} ${oneLine(point.reason ?? "")}`.trimEnd()
      : "";
    const description = point.description === "" ? "" : ` - ${escape(point.description)}`;
    lines.push(`${point.ok ? "ok" : "not ok"} ${at + 1}${description}${directive}`);
    if (pointFailed(point) && point.diagnostics !== undefined) {
      lines.push(...yamlBlock({ diagnostics: point.diagnostics }));
    }
  });
  return lines;
}

function yamlBlock(details: { [key: string]: YamlValue | undefined }): string[] {
  return ["---", ...yamlLines(details), "..."].map((line) => `  ${line}`);
}

/** `#` would begin a directive, and a newline end the line. */
function escape(text: string): string {
  return oneLine(text).replace(/[\\#]/g, "\\$&");
}

function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ").trim();
}
