/**
 * `runTests`: what `elftap test` does, as a function.
 */
import { Failure } from "../failure.ts";
import { discoverTests } from "../runner/discover.ts";
import type { TestEvent } from "../runner/events.ts";
import { runTestCases, type TestRun } from "../runner/run_tests.ts";
import { selectTests } from "../runner/select.ts";
import type { Protocol } from "../runner/verdict.ts";
import { worldFrom, type WorldOptions } from "./world.ts";

/** Options of {@link runTests}. `timeout` is that of one test, default 60,000 ms; 0 means none. */
export interface RunTestsOptions extends WorldOptions {
  /** Test programs, folders that are searched for them, and globs. */
  readonly paths: readonly string[];
  /** Tests at a time. Default: all cores. */
  readonly jobs?: number;
  /** Arguments of every test program. */
  readonly args?: readonly string[];
  /** Further attempts for a test that failed. Default 0. */
  readonly retries?: number;
  /** Only tests whose names contain one of these texts, or match one of these `/regular expressions/`. */
  readonly filters?: readonly string[];
  /** `I/N`: only the I-th of N parts. */
  readonly shard?: string;
  /** Start no test after the first failure. Default false. */
  readonly failFast?: boolean;
  /** What decides beside the exit status. Default `auto`: TAP, where stdout is TAP. */
  readonly protocol?: Protocol;
  /** Ends the run when it aborts. */
  readonly signal?: AbortSignal;
  /** Told everything that happens, in order; reporters are fed with it. */
  readonly onEvent?: (event: TestEvent) => void;
}

/**
 * Runs test programs, each in a guest of its own, and returns how they ended. A failing test is a result, not an error.
 *
 * @throws {Failure} when the paths name no tests, or elftap lacks a permission
 *
 * @example Running tests and writing TAP
 * ```ts
 * import { runTests, TapReporter } from "@elftap/elftap";
 *
 * const tap = new TapReporter();
 * let text = "";
 * const { summary, results } = await runTests({
 *   paths: ["tests/fixtures/hello"],
 *   onEvent: (event) => text += tap.event(event),
 * });
 * console.assert(summary.passed === 1 && results[0]?.verdict === "passed");
 * console.assert(text.includes("ok 1 - tests/fixtures/hello"));
 * ```
 */
export async function runTests(options: RunTestsOptions): Promise<TestRun> {
  const { timeout = 60_000, jobs = navigator.hardwareConcurrency ?? 1 } = options;
  if (!Number.isInteger(jobs) || jobs < 1) throw new RangeError("jobs must be a whole number from 1");
  const { timeout: _, ...world } = await worldFrom(options);
  const all = discoverTests(options.paths, world);
  const tests = selectTests(all, {
    filters: options.filters ?? [],
    ...(options.shard === undefined ? {} : { shard: options.shard }),
  });
  if (tests.length === 0 && options.shard === undefined) {
    throw new Failure(`none of ${all.length} tests fits the filters`);
  }
  return await runTestCases({
    tests,
    world: { ...world, ...(timeout > 0 ? { timeout } : {}) },
    jobs,
    args: options.args ?? [],
    retries: options.retries ?? 0,
    failFast: options.failFast ?? false,
    protocol: options.protocol ?? "auto",
    deselected: all.length - tests.length,
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onEvent ? { onEvent: options.onEvent } : {}),
  });
}
