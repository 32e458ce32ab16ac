/**
 * What elftap says to its user: talk on stderr, one line per matter; what was asked for on stdout.
 */
import type { FailureReport } from "../failure.ts";

const encoder = new TextEncoder();

/** Writes a line to stderr, and a hint below it. */
export function talk(message: string, hint?: string): void {
  const text = `elftap: ${message}\n` + (hint === undefined ? "" : `elftap: hint: ${hint}\n`);
  const bytes = encoder.encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  } catch {
    // stderr is closed: there is nobody to talk to
  }
}

/** Says what went wrong; returns the exit code. */
export function reportFailure(report: FailureReport): number {
  talk(report.message, report.hint);
  return report.exitCode;
}

/** Writes what was asked for to stdout; returns the exit code of success. */
export function print(text: string): 0 {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  return 0;
}
