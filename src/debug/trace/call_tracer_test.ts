import assert from "node:assert/strict";
import { SIGCHLD, SIGUSR1 } from "../../kernel/abi/signal.ts";
import { row } from "../../kernel/syscalls/row.ts";
import { branchIf, result, type Step, svc } from "../../kernel/task/scripted_engine.ts";
import { scripted } from "../../kernel/task/scripted_kernel.ts";
import { type Injection, PLAIN_TRACE, type TraceSpec } from "./spec.ts";
import { startTrace } from "./start.ts";

const EXIT = svc(94, 0);
const ALWAYS = { first: 1, last: Number.MAX_SAFE_INTEGER, step: 1 };

/** Runs a program with a trace and returns its text. */
async function trace(spec: Partial<TraceSpec>, program: Step[], ...extra: ReturnType<typeof row>[]): Promise<string> {
  let text = "";
  const tracer = startTrace({ ...PLAIN_TRACE, column: 0, ...spec }, (piece) => text += piece);
  const { kernel } = scripted(program, { tracer, extra });
  await kernel.run();
  tracer.finish();
  return text;
}

/** Runs calls of number 900 with an injection; what the guest got, how often the call was made, and the trace. */
async function injected(injection: Partial<Injection>, times: number) {
  const results: number[] = [];
  let made = 0;
  const call = row(900, "probe", "", () => {
    made++;
    return 7;
  });
  const steps = Array.from({ length: times }, () => [svc(900), result((x0) => void results.push(x0))]).flat();
  const injections = [{ calls: [900], ...ALWAYS, ...injection }];
  const text = await trace({ injections }, [...steps, EXIT], call);
  return { results, made, text };
}

Deno.test("CallTracer returns an injected error without making the call", async () => {
  const { results, made, text } = await injected({ result: -28 }, 2);
  assert.deepEqual(results, [-28, -28]);
  assert.equal(made, 0);
  assert.equal(text.split("\n")[0], "probe() = -1 ENOSPC (No space left on device) (INJECTED)");
});

Deno.test("CallTracer injects into the invocations that when= names", async () => {
  assert.deepEqual((await injected({ result: 1, first: 3 }, 5)).results, [7, 7, 1, 1, 1]);
  assert.deepEqual((await injected({ result: 1, first: 2, last: 2 }, 4)).results, [7, 1, 7, 7]);
  assert.deepEqual((await injected({ result: 1, first: 2, step: 2 }, 6)).results, [7, 1, 7, 1, 7, 1]);
  assert.deepEqual((await injected({ result: 1, first: 1, last: 3, step: 2 }, 5)).results, [1, 7, 1, 7, 7]);
});

Deno.test("CallTracer delays a call and makes it", async () => {
  const { results, made, text } = await injected({ delayEnter: 1e6, delayExit: 1e6 }, 1);
  assert.deepEqual(results, [7]);
  assert.equal(made, 1);
  assert.equal(text.split("\n")[0], "probe() = 7 (DELAYED)");
});

Deno.test("CallTracer delays a call that ends its thread", async () => {
  const injections = [{ calls: [94], ...ALWAYS, delayEnter: 1e6 }];
  assert.equal(await trace({ injections }, [svc(94, 3)]), "exit_group(3) = ?\n+++ exited with 3 +++\n");
});

Deno.test("CallTracer sends an injected signal with the call", async () => {
  const { text } = await injected({ signal: SIGUSR1 }, 1);
  assert.equal(
    text,
    "probe() = 7\n--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_KERNEL} ---\n+++ killed by SIGUSR1 +++\n",
  );
});

Deno.test("CallTracer injects where nothing is shown", async () => {
  const results: number[] = [];
  const text = await trace(
    { shown: false, injections: [{ calls: [172], ...ALWAYS, result: -5 }] },
    [svc(172), result((x0) => void results.push(x0)), EXIT],
  );
  assert.deepEqual(results, [-5]);
  assert.equal(text, "");
});

Deno.test("CallTracer counts invocations by each thread of its own", async () => {
  const results: number[] = [];
  const take = result((x0) => void results.push(x0));
  await trace({ injections: [{ calls: [900], ...ALWAYS, first: 2, result: 1 }] }, [
    svc(900),
    take,
    svc(220, SIGCHLD, 0, 0, 0, 0),
    svc(900),
    take,
    branchIf((regs) => regs.x(8) === 900n, () => 6),
    svc(94, 0),
  ], row(900, "probe", "", () => 7));
  // The parent's second is hit, the child's first is not.
  assert.deepEqual(results.sort(), [1, 7, 7]);
});

Deno.test("CallTracer shows the calls, signals and ends that were asked for", async () => {
  const program = [svc(172), svc(129, 101, 0), svc(129, 999, 0), EXIT];
  assert.equal(await trace({ calls: [172] }, program), "getpid() = 101\n+++ exited with 0 +++\n");
  assert.match(await trace({ statuses: ["failed"] }, program), /^kill\(999, 0\) = -1 ESRCH .*\n\+\+\+/);
  assert.match(await trace({ statuses: ["successful"] }, program), /^getpid.*\nkill\(101, 0\) = 0\n\+\+\+/);
  const killed = [svc(129, 101, SIGUSR1), EXIT];
  assert.ok(!(await trace({ signals: [] }, killed)).includes("---"));
  assert.match(await trace({ signals: [SIGUSR1] }, killed), /--- SIGUSR1/);
});

Deno.test("CallTracer counts calls in a table as strace prints it", async () => {
  const text = await trace({ summary: "only", sort: "name" }, [svc(172), svc(172), svc(129, 999, 0), EXIT]);
  assert.ok(text.startsWith("% time     seconds  usecs/call     calls    errors syscall\n------ -----------"));
  assert.match(text, / {9}2 {11}getpid\n/);
  assert.match(text, / {9}1 {9}1 kill\n/);
  assert.match(text, /100\.00 .* {9}3 {9}1 total\n$/);
});

Deno.test("JsonWriter writes an object a line, with arguments by name", async () => {
  const text = await trace({ format: "json" }, [svc(129, 999, 0), svc(129, 101, SIGUSR1), EXIT]);
  const lines = text.trim().split("\n").map((line) => JSON.parse(line));
  const { type, name, args, result, error, pid, tid } = lines[0];
  assert.deepEqual(
    { type, name, args, result, error, pid, tid },
    { type: "call", name: "kill", args: { pid: "999", sig: "0" }, result: -3, error: "ESRCH", pid: 101, tid: 101 },
  );
  assert.deepEqual(lines.map((line) => line.type), ["call", "call", "signal", "exit"]);
  assert.equal(lines.at(-1).signal, "SIGUSR1");
});

Deno.test("PerfettoWriter writes events of processes, threads, calls and time slices", async () => {
  const text = await trace({ format: "perfetto" }, [svc(172), EXIT]);
  const events = JSON.parse(text) as Record<string, unknown>[];
  assert.ok(
    events.some(({ ph, name, args }) =>
      ph === "M" && name === "process_name" && (args as { name: string }).name === "scripted"
    ),
  );
  const call = events.find(({ name }) => name === "getpid")!;
  assert.equal(call.ph, "X");
  assert.deepEqual(call.args, { result: "101" });
  assert.ok(events.some(({ cat, ph }) => cat === "slice" && ph === "X"));
  assert.ok(events.some(({ name }) => name === "exited with 0"));
  for (const { ph, ts, dur } of events) {
    if (ph === "X") assert.ok(typeof ts === "number" && typeof dur === "number" && dur >= 0);
  }
});
