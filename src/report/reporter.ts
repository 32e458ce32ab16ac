/**
 * What a reporter is: a pure function of the event stream, as a machine that takes events and gives text. It knows no
 * guest, no file and no clock, so each is tested by a golden file of its whole output.
 */
import type { TestEvent } from "../runner/events.ts";

/** Turns events into text. One instance per run. */
export interface Reporter {
  /** The text that this event adds to the output; often empty. */
  event(event: TestEvent): string;
}
