/**
 * Runs test programs: each attempt in a guest of its own, several at a time, with time limits and retries. Tells what
 * happens as a stream of events and knows no reporter.
 */
import { describeFailure } from "../failure.ts";
import { VERSION } from "../version.ts";
import { flatName, saveCrashReports } from "./crash_files.ts";
import { Capture } from "./capture.ts";
import type { TestCase } from "./discover.ts";
import {
  type Attempt,
  EVENT_VERSION,
  isFailure,
  summarize,
  type Summary,
  type TestEvent,
  type TestResult,
} from "./events.ts";
import type { DebugPort } from "./debug_port.ts";
import { Guest } from "./guest.ts";
import { GuestPool } from "./guest_pool.ts";
import { failedOutcome } from "./failed_outcome.ts";
import type { GuestOutcome, GuestSpec } from "./guest_spec.ts";
import { inLanes } from "./lanes.ts";
import { withProfileHint } from "./missing_parts.ts";
import { TapReader } from "./tap_reader.ts";
import { TraceFile } from "./trace_file.ts";
import { judge, type Protocol } from "./verdict.ts";
import { guestSpec, type World } from "./world.ts";

/** How a run of tests goes. */
export interface TestRunOptions {
  readonly tests: readonly TestCase[];
  /** The world of each test. Its `timeout` is the limit of one attempt in milliseconds. */
  readonly world: World;
  /** Tests at a time, at most: see {@link inLanes}. */
  readonly jobs: number;
  /** Arguments of every test program. */
  readonly args?: readonly string[];
  /** Further attempts for a test that failed. Default 0. */
  readonly retries?: number;
  /** Start no further test after the first failure. */
  readonly failFast?: boolean;
  readonly protocol?: Protocol;
  /** Milliseconds after which a running test is called slow. Default 10,000. */
  readonly slowAfter?: number;
  /** Found but not selected, for the report. */
  readonly deselected?: number;
  /** Ends the run: tests under way are stopped and count as not run. */
  readonly signal?: AbortSignal;
  /** Where each attempt's trace becomes a file, if the world has a trace that wants one. */
  readonly traceFolder?: string;
  /** Where the long form of the crash reports of failed tests goes. */
  readonly crashFolder?: string;
  readonly pool?: GuestPool;
  /** Tests that crash or take too long wait for a debugger that comes here. */
  readonly debugPort?: DebugPort | undefined;
  readonly onEvent?: (event: TestEvent) => void;
  /** Makes the spec of a test; a stand-in for tests. */
  readonly makeSpec?: (test: TestCase) => GuestSpec;
}

/** What came of a run. */
export interface TestRun {
  /** In the order in which the tests finished. */
  readonly results: readonly TestResult[];
  readonly summary: Summary;
}

/**
 * Runs the tests to their end.
 *
 * @throws {Failure} when elftap lacks a permission that a test needs
 */
export async function runTestCases(options: TestRunOptions): Promise<TestRun> {
  const ownPool = options.pool ? undefined : new GuestPool({ keep: options.jobs });
  try {
    return await new Run(options, options.pool ?? ownPool!).run();
  } finally {
    ownPool?.[Symbol.dispose]();
  }
}

class Run {
  readonly #started = performance.now();
  readonly #results: TestResult[] = [];
  readonly #guests = new Set<Guest>();
  #begun = 0;
  #ended: "interrupted" | "fail-fast" | undefined;

  constructor(readonly options: TestRunOptions, readonly pool: GuestPool) {}

  async run(): Promise<TestRun> {
    const { tests, jobs, signal } = this.options;
    this.#emit({
      type: "run-started",
      version: EVENT_VERSION,
      elftap: VERSION,
      startedAt: new Date().toISOString(),
      jobs,
      total: tests.length,
      deselected: this.options.deselected ?? 0,
    });
    const abort = () => {
      this.#ended = "interrupted";
      for (const guest of this.#guests) guest.stop();
    };
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await inLanes(Math.min(jobs, tests.length), () => this.#next());
    } finally {
      signal?.removeEventListener("abort", abort);
      for (const guest of this.#guests) guest.terminate();
    }
    const summary = summarize(this.#results, tests.length, this.#at);
    this.#emit({ type: "run-finished", at: this.#at, summary, ...(this.#ended ? { ended: this.#ended } : {}) });
    return { results: this.#results, summary };
  }

  get #at(): number {
    return Math.round(performance.now() - this.#started);
  }

  #emit(event: TestEvent): void {
    this.options.onEvent?.(event);
  }

  /** Runs the next test; false when there is none, or none is to be started. */
  async #next(): Promise<boolean> {
    if (this.#ended || this.#begun >= this.options.tests.length) return false;
    const id = ++this.#begun;
    const result = await this.#test(id, this.options.tests[id - 1]!);
    if (!result) return false; // interrupted
    this.#results.push(result);
    this.#emit({ type: "test-finished", at: this.#at, result });
    if (this.options.failFast && isFailure(result.verdict)) this.#ended ??= "fail-fast";
    return true;
  }

  async #test(id: number, test: TestCase): Promise<TestResult | undefined> {
    const attempts: Attempt[] = [];
    for (;;) {
      const number = attempts.length + 1;
      this.#emit({ type: "test-started", at: this.#at, id, name: test.name, attempt: number });
      const attempt = await this.#attempt(id, test, number);
      if (this.#ended === "interrupted") return undefined;
      attempts.push(attempt);
      if (!isFailure(attempt.verdict) || number > (this.options.retries ?? 0) || this.#ended) {
        return {
          id,
          name: test.name,
          verdict: attempt.verdict,
          flaky: attempt.verdict === "passed" && number > 1,
          milliseconds: attempts.reduce((sum, each) => sum + each.milliseconds, 0),
          attempts,
        };
      }
      this.#emit({ type: "test-retrying", at: this.#at, id, name: test.name, attempt });
    }
  }

  async #attempt(id: number, test: TestCase, number: number): Promise<Attempt> {
    const { protocol = "auto", slowAfter = 10_000 } = this.options;
    const stdout = new Capture(), stderr = new Capture(), trace = new Capture();
    const tap = new TapReader((point) => {
      // Until the stream has shown that it is TAP, a line that looks like a point may be anything.
      if (tap.isTap) this.#emit({ type: "point", at: this.#at, id, point });
    });
    const started = performance.now();
    const slow = setTimeout(() => {
      const milliseconds = Math.round(performance.now() - started);
      this.#emit({ type: "test-slow", at: this.#at, id, name: test.name, milliseconds });
    }, slowAfter);
    let outcome: GuestOutcome;
    let spec: GuestSpec | undefined;
    try {
      spec = this.#spec(test);
      if (spec.core) spec = { ...spec, core: { ...spec.core, name: `core.${flatName(test.name, number)}` } };
    } catch (error) {
      const { exitCode } = describeFailure(error);
      clearTimeout(slow);
      // 126 and 127 are about this program; what concerns elftap itself concerns all tests.
      if (exitCode === 125) throw error;
      return this.#judge(number, failedOutcome(error, 0), { stdout, stderr, trace, tap, protocol });
    }
    const file = this.#traceFile(spec, test, number);
    const guest = new Guest(spec, {
      debugPort: this.options.debugPort,
      pool: this.pool,
      output: (stream, bytes) => {
        if (stream === "trace-file") file?.write(bytes);
        else if (stream === "stdout") {
          stdout.write(bytes);
          if (protocol !== "exit") tap.write(bytes);
        } else (stream === "stderr" ? stderr : trace).write(bytes);
      },
    });
    this.#guests.add(guest);
    // The interruption may have come while the test was announced.
    if (this.#ended === "interrupted") guest.stop();
    outcome = await guest.outcome;
    this.#guests.delete(guest);
    clearTimeout(slow);
    file?.close();
    if (outcome.ending.kind === "error") outcome = await withProfileHint(outcome, spec);
    // Workers round their clock; the wall time as seen from here includes their start.
    outcome = { ...outcome, milliseconds: Math.round(performance.now() - started) };
    return await this.#withReports(
      test,
      this.#judge(number, outcome, { stdout, stderr, trace, tap, protocol }),
    );
  }

  /** The attempt with its crashes written out, if it failed: what a passing test does with crashes is its subject. */
  async #withReports(test: TestCase, attempt: Attempt): Promise<Attempt> {
    const { crashFolder } = this.options;
    if (crashFolder === undefined || attempt.crashes.length === 0 || !isFailure(attempt.verdict)) return attempt;
    const name = flatName(test.name, attempt.number);
    return { ...attempt, crashes: await saveCrashReports(attempt.crashes, crashFolder, name) };
  }

  #judge(
    number: number,
    outcome: GuestOutcome,
    { stdout, stderr, trace, tap, protocol }: {
      stdout: Capture;
      stderr: Capture;
      trace: Capture;
      tap: TapReader;
      protocol: Protocol;
    },
  ): Attempt {
    return judge({
      number,
      outcome,
      stdout: stdout.text(),
      stderr: stderr.text(),
      trace: trace.text(),
      tap: tap.end(),
      protocol,
      timeout: this.options.world.timeout,
      watchdog: this.options.world.watchdog ?? 0,
    });
  }

  #traceFile({ trace }: GuestSpec, test: TestCase, attempt: number): TraceFile | undefined {
    const { traceFolder } = this.options;
    if (traceFolder === undefined || !trace?.toFile) return undefined;
    return TraceFile.forTest(traceFolder, test.name, attempt, trace.format);
  }

  #spec(test: TestCase): GuestSpec {
    if (this.options.makeSpec) return this.options.makeSpec(test);
    return guestSpec({
      path: test.path,
      args: this.options.args ?? [],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }, { watchdog: 0, ...this.options.world });
  }
}
