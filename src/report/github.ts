/**
 * Workflow commands of GitHub Actions: an annotation per test that failed, a warning per flaky one, a notice with the
 * counts.
 */
import { isFailure, type TestEvent } from "../runner/events.ts";
import { diagnosisLines } from "./diagnosis.ts";
import type { Reporter } from "./reporter.ts";
import { summaryText } from "./summary.ts";
import { someLines } from "./text.ts";

/** Lines of output in an annotation: GitHub cuts long ones. */
const OUTPUT_LINES = 20;

/** Writes annotations. */
export class GithubReporter implements Reporter {
  event(event: TestEvent): string {
    if (event.type === "run-finished") return `::notice title=elftap::${data(summaryText(event.summary))}\n`;
    if (event.type !== "test-finished") return "";
    const { result } = event, last = result.attempts.at(-1)!;
    if (isFailure(result.verdict)) {
      const output = last.stderr.trim() === "" ? last.stdout : last.stderr;
      const text = [last.reason, ...diagnosisLines(last), ...someLines(output, OUTPUT_LINES)].join("\n");
      return `::error title=${property(`${result.name} ${result.verdict}`)}::${data(text)}\n`;
    }
    if (result.flaky) {
      const first = result.attempts[0]!;
      return `::warning title=${property(`${result.name} is flaky`)}::${
        data(`passed at attempt ${result.attempts.length}; the first one: ${first.reason}`)
      }\n`;
    }
    return "";
  }
}

function data(text: string): string {
  return text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
}

function property(text: string): string {
  return data(text).replace(/:/g, "%3A").replace(/,/g, "%2C");
}
