/** Runs a program with a trace. */
import { PLAIN_TRACE, type TraceSpec } from "../../src/debug/trace/spec.ts";
import { runGuest } from "../../src/runner/guest.ts";
import type { GuestPool } from "../../src/runner/guest_pool.ts";
import type { GuestOutcome, GuestSpec } from "../../src/runner/guest_spec.ts";

/** What came of it. */
export interface TraceRun {
  readonly outcome: GuestOutcome;
  readonly stdout: string;
  /** Lines of the trace. */
  readonly lines: readonly string[];
}

/** Runs with a trace to a file. */
export async function runTraced(
  spec: GuestSpec,
  trace: Partial<TraceSpec>,
  options: { readonly pool?: GuestPool; readonly input?: Uint8Array } = {},
): Promise<TraceRun> {
  const { outcome, stdout, traceFile } = await runGuest(
    { ...spec, trace: { ...PLAIN_TRACE, toFile: true, ...trace } },
    options,
  );
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { outcome, stdout: text(stdout), lines: text(traceFile).split("\n").filter((line) => line !== "") };
}
