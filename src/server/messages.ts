/** What an `elftap run` and the server that runs its guest say to each other: one guest a connection. */
import type { GuestOutcome, GuestSpec } from "../runner/guest_spec.ts";
import type { OutputStream } from "../runner/worker_messages.ts";
import { PROJECT } from "../project.ts";
import { VERSION } from "../version.ts";

/** Which elftap this is: both ends must be the same. */
export const IDENTITY = `${VERSION} in ${PROJECT.href}`;

/** To the server. */
export type ToServer =
  /** First of all. */
  | { readonly type: "run"; readonly identity: string; readonly spec: GuestSpec }
  /** A signal for the guest's foreground process group. */
  | { readonly type: "interrupt"; readonly signal: number }
  /** The terminal has another size. */
  | { readonly type: "resize"; readonly columns: number; readonly rows: number }
  /** Give up: the run ends with its time-out. */
  | { readonly type: "stop" }
  /** The answer to `pull`; without bytes the end of the input. */
  | { readonly type: "stdin"; readonly bytes?: Uint8Array }
  /** The answer to `probe`. */
  | { readonly type: "probed"; readonly isNull: boolean }
  /** The oldest output that had not been taken has been. */
  | { readonly type: "taken" }
  /** Nobody reads this stream any more. */
  | { readonly type: "close"; readonly stream: OutputStream };

/** From the server. */
export type ToClient =
  | { readonly type: "output"; readonly stream: OutputStream; readonly bytes: Uint8Array }
  /** The guest wants standard input. */
  | { readonly type: "pull" }
  /** The guest wants to know whether its standard input is /dev/null. */
  | { readonly type: "probe" }
  /** The guest's terminal is raw from now on, or is not. */
  | { readonly type: "raw"; readonly raw: boolean }
  /** The last one. */
  | { readonly type: "outcome"; readonly outcome: GuestOutcome };
