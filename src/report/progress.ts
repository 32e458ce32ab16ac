/**
 * The state of a run while it is under way, and the lines that show it on a terminal.
 */
import { isFailure, type TestEvent } from "../runner/events.ts";
import { paint } from "./style.ts";
import { duration, fit, visible } from "./text.ts";

/** Running tests that are named at most. */
const NAMED = 4;

/** Follows the events of a run. */
export class Progress {
  #total = 0;
  #finished = 0;
  #failed = 0;
  #skipped = 0;
  /** The run's clock when the last event came. */
  #at = 0;
  readonly #running = new Map<number, { name: string; since: number; attempt: number }>();

  /** Takes an event. */
  event(event: TestEvent): void {
    if ("at" in event) this.#at = event.at;
    switch (event.type) {
      case "run-started":
        this.#total = event.total;
        break;
      case "test-started":
        this.#running.set(event.id, { name: event.name, since: event.at, attempt: event.attempt });
        break;
      case "test-finished":
        this.#running.delete(event.result.id);
        this.#finished++;
        if (isFailure(event.result.verdict)) this.#failed++;
        if (event.result.verdict === "skipped") this.#skipped++;
    }
  }

  /** The lines to show, when the run's clock is `now` milliseconds. */
  lines(now: number, width: number, color: boolean): string[] {
    const at = Math.max(now, this.#at);
    const counts = `${this.#finished}/${this.#total}` + (this.#skipped > 0 ? `, ${this.#skipped} skipped` : "");
    const failed = this.#failed > 0 ? paint(`, ${this.#failed} failed`, "red", color) : "";
    const lines = [`${bar(this.#finished, this.#total, 20)} ${counts}${failed}  ${duration(at)}`];
    // The longest-running first: those are the ones that people wait for.
    const running = [...this.#running.values()].sort((a, b) => a.since - b.since);
    for (const { name, since, attempt } of running.slice(0, NAMED)) {
      const note = attempt > 1 ? ` (attempt ${attempt})` : "";
      const time = duration(at - since).padStart(9);
      lines.push(
        paint(fit(`      ${time}  ${visible(name)}${note}`, width - 1), at - since >= 10_000 ? "yellow" : "dim", color),
      );
    }
    if (running.length > NAMED) {
      lines.push(paint(`                 and ${running.length - NAMED} more`, "dim", color));
    }
    return lines;
  }
}

function bar(done: number, total: number, width: number): string {
  const filled = total === 0 ? width : Math.round(done / total * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}
