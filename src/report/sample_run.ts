/**
 * A run with one test of every kind, for the reporters' golden files.
 */
import {
  type Attempt,
  EVENT_VERSION,
  summarize,
  type TestEvent,
  type TestResult,
  type Verdict,
} from "../runner/events.ts";
import { TapReader } from "../runner/tap_reader.ts";

function attempt(verdict: Verdict, more: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    verdict,
    reason: "",
    milliseconds: 12,
    instructions: 100_000,
    stdout: "",
    stderr: "",
    crashes: [],
    unimplemented: {},
    discarded: [],
    ...more,
  };
}

function tap(text: string): NonNullable<Attempt["tap"]> {
  const reader = new TapReader();
  reader.write(new TextEncoder().encode(text));
  return reader.end()!;
}

const tapText = `TAP version 14
1..3
ok 1 - opens
    1..2
    ok 1 - of a pipe
    not ok 2 - of <a file> & "more"
      ---
      expected: 3
      got: |
        two
        lines
      ...
not ok 2 - reads
ok 3 - seeks # SKIP no such device
`;

const results: Omit<TestResult, "id">[] = [
  {
    name: "build/tests/passes",
    verdict: "passed",
    flaky: false,
    milliseconds: 12,
    attempts: [attempt("passed", { exitCode: 0 })],
  },
  {
    name: "build/tests/fails",
    verdict: "failed",
    flaky: false,
    milliseconds: 340,
    attempts: [attempt("failed", {
      reason: "exit status 3",
      exitCode: 3,
      milliseconds: 340,
      stdout: "checking…\n  value is 4\u0007, not 5\n",
      stderr: "fails: <oops> ]]> & co\n",
      unimplemented: { bpf: 1, userfaultfd: 12 },
      discarded: ["/home/user/out.txt"],
    })],
  },
  {
    name: "build/tests/skips",
    verdict: "skipped",
    flaky: false,
    milliseconds: 5,
    attempts: [attempt("skipped", { exitCode: 77, reason: "needs a #network", milliseconds: 5 })],
  },
  {
    name: "build/tests/crashes",
    verdict: "crashed",
    flaky: false,
    milliseconds: 40,
    attempts: [attempt("crashed", {
      reason: "killed by SIGSEGV (signal 11)",
      signal: 11,
      signalName: "SIGSEGV",
      milliseconds: 40,
      crashes: [{
        signal: 11,
        signalName: "SIGSEGV",
        code: "SEGV_MAPERR",
        address: "0x10",
        pc: "0x4006f4",
        symbol: "list_next+0xc (crashes)",
        backtrace: ["0x4006f4 list_next+0xc (crashes)", "0x400730 main+0x28 (crashes)"],
        registers: { x0: "0x10" },
        pid: 101,
        tid: 101,
        program: "crashes",
      }],
    })],
  },
  {
    name: "build/tests/hangs",
    verdict: "timed-out",
    flaky: false,
    milliseconds: 60_010,
    attempts: [attempt("timed-out", { reason: "not finished after 60 s", milliseconds: 60_010, stdout: "waiting" })],
  },
  {
    name: "build/tests/missing-library",
    verdict: "error",
    flaky: false,
    milliseconds: 3,
    attempts: [attempt("error", {
      reason: "shared library libfoo.so.1, needed by missing-library, not found",
      hint: "it is in --sysroot some-profile",
      milliseconds: 3,
    })],
  },
  {
    name: "build/tests/flaky",
    verdict: "passed",
    flaky: true,
    milliseconds: 30,
    attempts: [
      attempt("failed", { reason: "exit status 1", exitCode: 1, milliseconds: 18, stderr: "race lost\n" }),
      attempt("passed", { number: 2, exitCode: 0 }),
    ],
  },
  {
    name: "file/tap",
    verdict: "failed",
    flaky: false,
    milliseconds: 90,
    attempts: [attempt("failed", {
      reason: "1 of 3 failed: reads",
      exitCode: 0,
      milliseconds: 90,
      stdout: tapText,
      tap: tap(tapText),
    })],
  },
  {
    name: "/usr/libexec/tests/tap-passes",
    verdict: "passed",
    flaky: false,
    milliseconds: 20,
    attempts: [
      attempt("passed", { exitCode: 0, milliseconds: 20, tap: tap("1..2\nok 1 - a\nnot ok 2 - b # TODO later\n") }),
    ],
  },
];

/** The events, in order. */
export function sampleRun(): TestEvent[] {
  const numbered = results.map((result, at): TestResult => ({ id: at + 1, ...result }));
  const events: TestEvent[] = [{
    type: "run-started",
    version: EVENT_VERSION,
    elftap: "0.0.0",
    startedAt: "2026-01-02T03:04:05.678Z",
    jobs: 2,
    total: results.length,
    deselected: 4,
  }];
  let at = 0;
  for (const result of numbered) {
    for (const each of result.attempts) {
      events.push({ type: "test-started", at, id: result.id, name: result.name, attempt: each.number });
      if (each.verdict === "timed-out") {
        events.push({ type: "test-slow", at: at + 10_000, id: result.id, name: result.name, milliseconds: 10_000 });
      }
      at += each.milliseconds;
      if (each !== result.attempts.at(-1)) {
        events.push({ type: "test-retrying", at, id: result.id, name: result.name, attempt: each });
      }
    }
    events.push({ type: "test-finished", at, result });
  }
  events.push({ type: "run-finished", at, summary: summarize(numbered, numbered.length, at) });
  return events;
}
