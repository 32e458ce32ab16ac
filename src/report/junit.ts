/**
 * JUnit XML in the dialect that Jenkins, GitLab and GitHub's viewers read: a suite per test program that speaks TAP,
 * with a case per test point, and a suite per folder for the other programs; `failure`, `error`, `skipped`, times,
 * `system-out` and `system-err`; reruns as Maven's Surefire writes them.
 */
import type { Attempt, TestEvent, TestResult } from "../runner/events.ts";
import { isFailure } from "../runner/events.ts";
import { pointFailed, type TapPoint } from "../runner/tap_reader.ts";
import { diagnosisLines } from "./diagnosis.ts";
import type { Reporter } from "./reporter.ts";
import { seconds } from "./text.ts";

interface Case {
  readonly name: string;
  readonly classname: string;
  readonly milliseconds: number;
  readonly outcome: "passed" | "failure" | "error" | "skipped";
  /** The elements inside of the case. */
  readonly body: string[];
}

interface Suite {
  readonly name: string;
  readonly cases: Case[];
  /** system-out and system-err of the suite. */
  readonly output: string[];
}

/** Gathers results and writes the document at the end of the run: its head holds the counts. */
export class JunitReporter implements Reporter {
  readonly #results: TestResult[] = [];
  #startedAt = "";

  event(event: TestEvent): string {
    switch (event.type) {
      case "run-started":
        this.#startedAt = event.startedAt;
        return "";
      case "test-finished":
        this.#results.push(event.result);
        return "";
      case "run-finished":
        return this.#document(event.summary.milliseconds);
      default:
        return "";
    }
  }

  #document(milliseconds: number): string {
    const suites = suitesOf(this.#results.toSorted((a, b) => a.id - b.id));
    const all = suites.flatMap((suite) => suite.cases);
    const lines = [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<testsuites name="elftap" ${counts(all)} time="${seconds(milliseconds)}" timestamp="${this.#timestamp}">`,
    ];
    for (const suite of suites) {
      const time = suite.cases.reduce((sum, each) => sum + each.milliseconds, 0);
      lines.push(
        `  <testsuite name="${attribute(suite.name)}" ${counts(suite.cases)} time="${
          seconds(time)
        }" timestamp="${this.#timestamp}">`,
        ...suite.cases.flatMap(caseLines),
        ...suite.output.map((line) => `    ${line}`),
        "  </testsuite>",
      );
    }
    return lines.join("\n") + "\n</testsuites>\n";
  }

  /** The schema allows no fraction and no zone. */
  get #timestamp(): string {
    return this.#startedAt.slice(0, 19);
  }
}

function suitesOf(results: readonly TestResult[]): Suite[] {
  const suites: Suite[] = [];
  const byFolder = new Map<string, Suite>();
  for (const result of results) {
    const last = result.attempts.at(-1)!;
    const points = last.tap?.points ?? [];
    if (points.length > 0) {
      suites.push(tapSuite(result, last, points));
      continue;
    }
    const slash = result.name.lastIndexOf("/");
    const folder = slash <= 0 ? "elftap" : result.name.slice(0, slash);
    let suite = byFolder.get(folder);
    if (!suite) {
      suite = { name: folder, cases: [], output: [] };
      byFolder.set(folder, suite);
      suites.push(suite);
    }
    suite.cases.push(programCase(result, last, result.name.slice(slash + 1), folder));
  }
  return suites;
}

/** A program that is judged as a whole. */
function programCase(result: TestResult, last: Attempt, name: string, classname: string): Case {
  const body: string[] = [];
  let outcome: Case["outcome"] = "passed";
  if (result.verdict === "skipped") {
    outcome = "skipped";
    body.push(last.reason === "" ? "<skipped/>" : `<skipped message="${attribute(last.reason)}"/>`);
  } else if (isFailure(result.verdict)) {
    // "error" is for what is not the test's own judgement.
    outcome = result.verdict === "failed" ? "failure" : "error";
    body.push(problem(outcome, last));
  }
  const kind = result.flaky ? "flakyFailure" : "rerunFailure";
  for (const attempt of result.attempts.slice(0, -1)) body.push(problem(kind, attempt));
  body.push(...outputElements(last));
  return { name, classname, milliseconds: result.milliseconds, outcome, body };
}

function tapSuite(result: TestResult, last: Attempt, points: readonly TapPoint[]): Suite {
  const leaves = leafPoints(points);
  const cases: Case[] = leaves.map(({ name, point }) => ({
    name,
    classname: result.name,
    // TAP has no times: the program's is shared out, so that the suite's sum is right.
    milliseconds: result.milliseconds / (leaves.length || 1),
    outcome: point.directive ? "skipped" : point.ok ? "passed" : "failure",
    body: point.directive
      ? [`<skipped message="${attribute(`${point.directive.toUpperCase()} ${point.reason ?? ""}`.trim())}"/>`]
      : point.ok
      ? []
      : [`<failure message="${attribute(`not ok ${name}`)}" type="tap">${content(point.diagnostics ?? "")}</failure>`],
  }));
  // What no point shows: a crash, a broken plan, an exit status.
  if (isFailure(result.verdict) && (result.verdict !== "failed" || !points.some(pointFailed))) {
    const slash = result.name.lastIndexOf("/");
    cases.push({
      ...programCase(result, { ...last, stdout: "", stderr: "" }, result.name.slice(slash + 1), result.name),
      milliseconds: 0,
    });
  }
  return { name: result.name, cases, output: outputElements(last) };
}

function leafPoints(points: readonly TapPoint[], path = ""): { name: string; point: TapPoint }[] {
  return points.flatMap((point) => {
    const name = path + (point.description || `test ${point.number}`);
    const below = leafPoints(point.points ?? [], `${name} > `);
    // A point that failed although its subtests did not stands for itself.
    return below.length === 0 || (pointFailed(point) && !below.some((each) => pointFailed(each.point)))
      ? [...below, { name, point }]
      : below;
  });
}

function problem(element: string, attempt: Attempt): string {
  const details = diagnosisLines(attempt);
  const type = attempt.signalName ?? attempt.verdict;
  return `<${element} message="${attribute(attempt.reason)}" type="${attribute(type)}">` +
    `${content([attempt.reason, ...details].join("\n"))}</${element}>`;
}

function outputElements(attempt: Attempt): string[] {
  return [
    ...(attempt.stdout === "" ? [] : [`<system-out>${content(attempt.stdout)}</system-out>`]),
    ...(attempt.stderr === "" ? [] : [`<system-err>${content(attempt.stderr)}</system-err>`]),
  ];
}

function counts(cases: readonly Case[]): string {
  const count = (outcome: Case["outcome"]) => cases.filter((each) => each.outcome === outcome).length;
  return `tests="${cases.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${
    count("skipped")
  }"`;
}

function caseLines(each: Case): string[] {
  const head = `    <testcase name="${attribute(each.name)}" classname="${attribute(each.classname)}" time="${
    seconds(each.milliseconds)
  }"`;
  if (each.body.length === 0) return [`${head}/>`];
  return [`${head}>`, ...each.body.map((line) => `      ${line}`), "    </testcase>"];
}

/** Characters that XML 1.0 does not know, not even escaped, become U+FFFD. */
function legal(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.toWellFormed().replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd");
}

function content(text: string): string {
  return legal(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\r/g, "&#13;");
}

function attribute(text: string): string {
  return content(text).replace(/"/g, "&quot;").replace(/\n/g, "&#10;").replace(/\t/g, "&#9;");
}
