/**
 * The event stream of a test run: all that reporters know. Versioned and plain data: `--reporter json` writes it as it
 * is, one event a line. Fields may be added within a version; readers skip what they do not know.
 */
import type { Crash } from "./guest_spec.ts";
import type { TapDocument, TapPoint } from "./tap_reader.ts";

/** The version of the stream's format. */
export const EVENT_VERSION = 1;

/** How a test or one of its attempts ended. */
export type Verdict =
  | "passed"
  | "failed"
  /** Exit status 77, or a TAP plan of no tests. */
  | "skipped"
  /** A signal ended the program. */
  | "crashed"
  /** The test's time limit, or the engine's watchdog. */
  | "timed-out"
  /** The program could not be started, or elftap failed. */
  | "error";

/** One run of a test program. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  readonly verdict: Verdict;
  /** One line: why it is not just passed; empty otherwise. */
  readonly reason: string;
  /** What the user can do, where elftap knows. */
  readonly hint?: string;
  readonly exitCode?: number;
  readonly signal?: number;
  readonly signalName?: string;
  readonly milliseconds: number;
  /** Guest instructions. */
  readonly instructions: number;
  /** What the guest wrote, as text; the middle of very long output is left out. */
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of `-v`. */
  readonly trace?: string;
  /** Its stdout read as TAP, where it is. */
  readonly tap?: TapDocument;
  readonly crashes: readonly Crash[];
  /** Unimplemented system calls: name → count. */
  readonly unimplemented: Readonly<Record<string, number>>;
  /** Guest paths of host files that were written to the layer that is thrown away. */
  readonly discarded: readonly string[];
}

/** A test and how it ended after all its attempts. */
export interface TestResult {
  /** Unique within the run; the position in discovery order, from 1. */
  readonly id: number;
  /** As shown to the user. */
  readonly name: string;
  /** Of the last attempt. */
  readonly verdict: Verdict;
  /** Passed, but not at the first attempt. */
  readonly flaky: boolean;
  /** Of all attempts. */
  readonly milliseconds: number;
  readonly attempts: readonly Attempt[];
}

/** Counts of tests by verdict. */
export interface Summary {
  readonly total: number;
  readonly passed: number;
  /** Of the passed ones. */
  readonly flaky: number;
  readonly skipped: number;
  /** Failed, crashed, timed out or not started. */
  readonly failed: number;
  readonly crashed: number;
  readonly timedOut: number;
  readonly errors: number;
  /** Not run because the run was ended early. */
  readonly notRun: number;
  /** Wall time of the run. */
  readonly milliseconds: number;
}

/** What happens in a run, in order. `at` is milliseconds since its start. */
export type TestEvent =
  | {
    readonly type: "run-started";
    readonly version: typeof EVENT_VERSION;
    readonly elftap: string;
    /** RFC 3339, UTC. */
    readonly startedAt: string;
    readonly jobs: number;
    readonly total: number;
    /** Discovered, but not selected by filter or shard. */
    readonly deselected: number;
  }
  | {
    readonly type: "test-started";
    readonly at: number;
    readonly id: number;
    readonly name: string;
    readonly attempt: number;
  }
  /** A TAP test point outside of subtests, as it is printed. */
  | { readonly type: "point"; readonly at: number; readonly id: number; readonly point: TapPoint }
  | {
    readonly type: "test-slow";
    readonly at: number;
    readonly id: number;
    readonly name: string;
    readonly milliseconds: number;
  }
  /** An attempt that will be followed by another. */
  | {
    readonly type: "test-retrying";
    readonly at: number;
    readonly id: number;
    readonly name: string;
    readonly attempt: Attempt;
  }
  | { readonly type: "test-finished"; readonly at: number; readonly result: TestResult }
  | {
    readonly type: "run-finished";
    readonly at: number;
    readonly summary: Summary;
    /** Why the run ended early. */
    readonly ended?: "interrupted" | "fail-fast";
  };

/** Whether a verdict makes the run fail. */
export function isFailure(verdict: Verdict): boolean {
  return verdict !== "passed" && verdict !== "skipped";
}

/** Counts results. */
export function summarize(results: readonly TestResult[], total: number, milliseconds: number): Summary {
  const count = (verdict: Verdict) => results.filter((each) => each.verdict === verdict).length;
  return {
    total,
    passed: count("passed"),
    flaky: results.filter((each) => each.flaky).length,
    skipped: count("skipped"),
    failed: results.filter((each) => isFailure(each.verdict)).length,
    crashed: count("crashed"),
    timedOut: count("timed-out"),
    errors: count("error"),
    notRun: total - results.length,
    milliseconds,
  };
}
