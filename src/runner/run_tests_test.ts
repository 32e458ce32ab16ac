import { deepEqual, equal } from "node:assert/strict";
import type { TestEvent } from "./events.ts";
import { GuestPool } from "./guest_pool.ts";
import type { GuestSpec } from "./guest_spec.ts";
import { runTestCases, type TestRunOptions } from "./run_tests.ts";

const entry = new URL("../../tests/runner/fake_guest_worker.ts", import.meta.url);

/** Runs scripts of the fake kernel as tests: name → steps. */
async function run(scripts: Record<string, string[]>, more: Partial<TestRunOptions> = {}) {
  using pool = new GuestPool({ entry, keep: 2 });
  const events: TestEvent[] = [];
  const world = more.world ?? {};
  const makeSpec = ({ path }: { path: string }): GuestSpec => ({
    path: "/fake",
    argv: ["fake", ...scripts[path]!],
    env: {},
    cwd: "/",
    hostFallback: true,
    binds: [],
    uid: 0,
    gid: 0,
    hostname: "t",
    engine: "auto",
    watchdog: 0,
    verbose: 0,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(world.timeout === undefined ? {} : { timeout: world.timeout }),
  });
  const tests = Object.keys(scripts).map((name) => ({ name, path: name }));
  const result = await runTestCases({
    jobs: 1,
    world,
    ...more,
    tests,
    pool,
    makeSpec,
    onEvent: (event) => {
      events.push(event);
      more.onEvent?.(event);
    },
  });
  return { ...result, events };
}

const verdicts = ({ results }: Awaited<ReturnType<typeof run>>) =>
  Object.fromEntries(results.map((each) => [each.name, each.verdict]));

Deno.test("runTestCases gives each test its verdict", async () => {
  const result = await run({
    passes: ["out:fine"],
    fails: ["exit:3"],
    skips: ["exit:77"],
    crashes: ["signal:11"],
    broken: ["error:126:not an ELF file"],
    hangs: ["wait"],
    taps: ["out:1..2\\nok 1\\nnot ok 2 - x\\n"],
  }, { world: { timeout: 400 }, jobs: 2 });
  deepEqual(verdicts(result), {
    passes: "passed",
    fails: "failed",
    skips: "skipped",
    crashes: "crashed",
    broken: "error",
    hangs: "timed-out",
    taps: "failed",
  });
  const { milliseconds: _, ...counts } = result.summary;
  deepEqual(counts, {
    total: 7,
    passed: 1,
    flaky: 0,
    skipped: 1,
    failed: 5,
    crashed: 1,
    timedOut: 1,
    errors: 1,
    notRun: 0,
  });
});

Deno.test("runTestCases tells what happens in order", async () => {
  const { events } = await run({ a: ["out:1..1\\nok 1 - x\\n"], b: ["exit:1"] });
  deepEqual(events.map((event) => event.type), [
    "run-started",
    "test-started",
    "point",
    "test-finished",
    "test-started",
    "test-finished",
    "run-finished",
  ]);
});

Deno.test("runTestCases tries a failing test again and calls it flaky when it passes", async () => {
  const { results, events } = await run({ sometimes: ["once:x:exit:1"] }, { retries: 2 });
  deepEqual([results[0]!.verdict, results[0]!.flaky, results[0]!.attempts.length], ["passed", true, 2]);
  equal(events.filter((event) => event.type === "test-retrying").length, 1);
});

Deno.test("runTestCases gives up after the last retry", async () => {
  const { results } = await run({ never: ["exit:1"] }, { retries: 2 });
  deepEqual([results[0]!.verdict, results[0]!.attempts.length], ["failed", 3]);
});

Deno.test("runTestCases does not try a skipped test again", async () => {
  const { results } = await run({ skips: ["exit:77"] }, { retries: 2 });
  equal(results[0]!.attempts.length, 1);
});

Deno.test("runTestCases stops after the first failure with failFast", async () => {
  const { summary, events } = await run({ a: [], b: ["exit:1"], c: [] }, { failFast: true });
  deepEqual([summary.passed, summary.failed, summary.notRun], [1, 1, 1]);
  deepEqual(events.at(-1)!.type === "run-finished" && (events.at(-1) as { ended?: string }).ended, "fail-fast");
});

Deno.test("runTestCases ends when it is interrupted, and counts what was under way as not run", async () => {
  const interruption = new AbortController();
  const { summary } = await run({ a: [], b: ["wait"], c: [] }, {
    signal: interruption.signal,
    onEvent: (event) => {
      if (event.type === "test-started" && event.name === "b") interruption.abort();
    },
  });
  deepEqual([summary.passed, summary.failed, summary.notRun], [1, 0, 2]);
});

Deno.test("runTestCases keeps output, trace and unimplemented calls of a test", async () => {
  const { results } = await run({ t: ["out:to stdout", "err:to stderr", "trace:call()", "enosys:bpf", "exit:1"] });
  const [attempt] = results[0]!.attempts;
  deepEqual([attempt!.stdout, attempt!.stderr, attempt!.trace, attempt!.unimplemented], [
    "to stdout",
    "to stderr",
    "call()\n",
    { bpf: 1 },
  ]);
});
