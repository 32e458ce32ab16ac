/** The outcome of a guest that could not be started. */
import { describeFailure } from "../failure.ts";
import type { GuestOutcome } from "./guest_spec.ts";

/** The outcome of a run that ended by an error of elftap's, or by one the user has to hear of. */
export function failedOutcome(error: unknown, milliseconds: number): GuestOutcome {
  const { message, hint, exitCode } = describeFailure(error);
  return {
    ending: { kind: "error", message, exitCode, ...(hint === undefined ? {} : { hint }) },
    crashes: [],
    unimplemented: {},
    milliseconds,
    instructions: 0,
    discarded: [],
  };
}
