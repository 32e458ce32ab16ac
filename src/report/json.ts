/**
 * The event stream itself, one JSON object a line, for programs. Its first line names the version.
 */
import type { TestEvent } from "../runner/events.ts";
import type { Reporter } from "./reporter.ts";

/** Writes JSON lines. */
export class JsonReporter implements Reporter {
  event(event: TestEvent): string {
    return JSON.stringify(event) + "\n";
  }
}
