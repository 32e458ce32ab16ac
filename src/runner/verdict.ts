/**
 * Turns what a guest did into a verdict: its exit status, and its TAP where it speaks TAP.
 */
import type { Attempt, Verdict } from "./events.ts";
import type { GuestOutcome } from "./guest_spec.ts";
import { pointFailed, type TapDocument } from "./tap_reader.ts";

/** How a test program says whether it passed. */
export type Protocol =
  /** By its exit status, and by its TAP if its stdout is TAP. */
  | "auto"
  /** By its exit status alone. */
  | "exit"
  /** By its exit status and its TAP, which must be there. */
  | "tap";

/** The exit status that means skipped: Automake's, and by now everybody's convention. */
export const SKIP_STATUS = 77;

/** What an attempt is judged by. */
export interface Evidence {
  readonly number: number;
  readonly outcome: GuestOutcome;
  readonly stdout: string;
  readonly stderr: string;
  readonly trace: string;
  readonly tap: TapDocument | undefined;
  readonly protocol: Protocol;
  /** The limits, for the reason's text. */
  readonly timeout: number | undefined;
  readonly watchdog: number;
}

/** Judges an attempt. */
export function judge(evidence: Evidence): Attempt {
  const { outcome, tap, protocol } = evidence;
  const { ending } = outcome;
  const judged = judgeEnding(evidence);
  return {
    number: evidence.number,
    verdict: judged.verdict,
    reason: judged.reason,
    ...(ending.kind === "error" && ending.hint !== undefined ? { hint: ending.hint } : {}),
    ...(ending.kind === "exit" ? { exitCode: ending.code } : {}),
    ...(ending.kind === "signal" ? { signal: ending.signal, signalName: ending.signalName } : {}),
    milliseconds: outcome.milliseconds,
    instructions: outcome.instructions,
    stdout: evidence.stdout,
    stderr: evidence.stderr,
    ...(evidence.trace === "" ? {} : { trace: evidence.trace }),
    ...(tap && protocol !== "exit" ? { tap } : {}),
    crashes: outcome.crashes,
    unimplemented: outcome.unimplemented,
    discarded: outcome.discarded,
  };
}

function judgeEnding(evidence: Evidence): { verdict: Verdict; reason: string } {
  const { outcome: { ending }, tap, protocol, stdout, stderr } = evidence;
  switch (ending.kind) {
    case "error":
      return { verdict: "error", reason: ending.message };
    case "timeout":
      return {
        verdict: "timed-out",
        reason: ending.which === "watchdog"
          ? `the guest ran ${evidence.watchdog} s without a stop (watchdog)`
          : evidence.timeout === undefined
          ? "stopped"
          : `not finished after ${evidence.timeout / 1000} s`,
      };
    case "signal":
      return { verdict: "crashed", reason: `killed by ${ending.signalName} (signal ${ending.signal})` };
    case "exit":
      if (ending.code === SKIP_STATUS) {
        return { verdict: "skipped", reason: tap?.skipAll || lastLine(stderr) || lastLine(stdout) };
      }
      return protocol === "exit" ? judgeStatus(ending.code) : judgeTap(ending.code, tap, protocol);
  }
}

function judgeStatus(code: number): { verdict: Verdict; reason: string } {
  return code === 0
    ? { verdict: "passed", reason: "" }
    // What the shells mean by it, for programs that pass a child's death on.
    : { verdict: "failed", reason: `exit status ${code}` };
}

function judgeTap(
  code: number,
  tap: TapDocument | undefined,
  protocol: Protocol,
): { verdict: Verdict; reason: string } {
  if (!tap) {
    return protocol === "tap" && code === 0 ? { verdict: "failed", reason: "no TAP on stdout" } : judgeStatus(code);
  }
  const failed = tap.points.filter(pointFailed);
  const problems = [
    ...(tap.bailOut === undefined ? [] : [`bailed out${tap.bailOut === "" ? "" : `: ${tap.bailOut}`}`]),
    ...(failed.length === 0 ? [] : [
      `${failed.length} of ${tap.points.length} failed: ${
        failed.slice(0, 3).map((point) => point.description || `test ${point.number}`).join(", ")
      }${failed.length > 3 ? ", …" : ""}`,
    ]),
    // After a bail-out an unfinished plan is no news.
    ...(tap.bailOut === undefined ? tap.problems : []),
    ...(code === 0 ? [] : [`exit status ${code}`]),
  ];
  if (problems.length > 0) return { verdict: "failed", reason: problems.join("; ") };
  if (tap.skipAll !== undefined) return { verdict: "skipped", reason: tap.skipAll };
  return { verdict: "passed", reason: "" };
}

/** The last line that says something, for the reason of a skip. */
function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.trim().slice(0, 200) ?? "";
}
