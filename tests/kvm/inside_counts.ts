/**
 * Inside the emulated machine: what system calls, forks and mprotect cost a real program in exits, calls of the
 * hypervisor and TLB invalidations. All of it is counted, nothing timed: the program (counted.c) does an operation a
 * few times and then a hundred times more, and the difference is the operation's.
 *
 *     deno run -A tests/kvm/inside_counts.ts kvm|hvf SHIM RESULTS PROGRAM
 */
import assert from "node:assert/strict";
import { HypervisorEngine } from "../../src/engine/hypervisor/engine.ts";
import { discardingOutput, emptyInput } from "../../src/kernel/host_stdio.ts";
import type { GuestSpec } from "../../src/runner/guest_spec.ts";
import { Machine } from "../../src/runner/machine.ts";
import { tested } from "./rows.ts";

const [name, shim, results, program] = Deno.args as ["kvm" | "hvf", string, string, string];
const engine = new HypervisorEngine(name, shim);
type Counts = typeof engine.counts;

/** Runs the program to its end. */
async function run(operation: string, times: number, pages: number): Promise<Counts> {
  const spec: GuestSpec = {
    path: program,
    argv: [program, operation, String(times), String(pages)],
    env: {},
    cwd: "/",
    sysroot: "/",
    hostFallback: false,
    binds: [],
    uid: 0,
    gid: 0,
    hostname: "elftap",
    engine: name,
    watchdog: 0,
    verbose: 0,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  };
  const before = engine.counts;
  const machine = new Machine(engine, {
    spec,
    stdio: { stdin: emptyInput, stdout: discardingOutput, stderr: discardingOutput },
    engine: new Promise(() => {}),
    log: (line) => console.log(line),
    trace: () => {},
    debuggee: () => {},
  }, undefined);
  const { ending } = await machine.run(spec);
  assert.deepEqual(ending, { kind: "exit", code: 0 });
  return difference(engine.counts, before);
}

/** Each count, changed in the same way. */
function mapCounts(counts: Counts, change: (value: number, key: keyof Counts) => number): Counts {
  return Object.fromEntries(
    Object.entries(counts).map(([key, value]) => [key, change(value, key as keyof Counts)]),
  ) as unknown as Counts;
}

const difference = (after: Counts, before: Counts) => mapCounts(after, (value, key) => value - before[key]);

const TIMES = 100;

/** The operation that is a system call and nothing else. */
const CALL = "getppid";
/** Tries to count calls exactly: without the end of a time slice, which adds exits of its own. */
const TRIES = 10;

/** What {@link TIMES} of an operation add. */
async function counted(operation: string, pages: number): Promise<Counts> {
  for (let tries = 1;; tries++) {
    const few = await run(operation, 10, pages), more = await run(operation, 10 + TIMES, pages);
    if (operation !== CALL || tries === TRIES || few.kicks + more.kicks === 0) return difference(more, few);
  }
}

/** Pages that are invalidated one by one at most, in one go: src/engine/hypervisor/maintenance.ts. */
const BY_PAGE = 32;

interface Operation {
  readonly operation: string;
  readonly pages: number;
  /** System calls that it consists of. */
  readonly calls: number;
  /** Throws if there were more invalidations than may be. @param faults page faults of the guest in one operation */
  readonly bound: (each: Counts, faults: number) => void;
}

const none = (each: Counts) => assert.equal(each.tlbiPage + each.tlbiSpace + each.tlbiAll, 0);
/** Few pages one by one, many as one address space; the program's own writes afterwards take pages back. */
const OPERATIONS: readonly Operation[] = [
  { operation: CALL, pages: 1, calls: 1, bound: none },
  ...[1, 16, 64].map((pages) => ({
    operation: "fork",
    pages,
    calls: 3, // clone, wait4, and the child's exit_group
    bound(each: Counts, faults: number) {
      assert.equal(each.tlbiAll, 0);
      // The parent's pages become read-only; each that one of the two writes to is copied at a fault.
      assert.ok(each.tlbiPage <= BY_PAGE + faults, `${each.tlbiPage} pages with ${faults} faults`);
      // The parent's, where it has more pages than that, and the child's when that is gone.
      assert.ok(each.tlbiSpace <= 2, `${each.tlbiSpace} address spaces`);
    },
  })),
  ...[1, 16, 64].map((pages) => ({
    operation: "mprotect",
    pages,
    calls: 2, // to read-only and back
    bound(each: Counts) {
      assert.equal(each.tlbiAll, 0);
      assert.ok(each.tlbiPage <= (pages > BY_PAGE ? 0 : 2 * pages), `${each.tlbiPage} pages`);
      assert.ok(each.tlbiSpace <= (pages > BY_PAGE ? 2 : 0), `${each.tlbiSpace} address spaces`);
    },
  })),
];

const HEAD = ["calls", "exits", "ioctls", "FFI calls", "faults", "slices", "TLBI page", "TLBI space", "TLBI all"];
const cell = (value: string | number) => typeof value === "string" ? value : String(Number(value.toFixed(2)));
const line = (title: string, cells: readonly (string | number)[]) =>
  console.log(title.padEnd(24) + cells.map((each) => cell(each).padStart(11)).join(""));

/** Prints what a failing test says, too. */
async function count(title: string, test: () => Promise<void>): Promise<void> {
  const isRight = await tested(results, `${name} counts: ${title}`, test);
  if (!isRight) console.log(`${name} counts: ${title}: WRONG`);
}

// The end of a program is told to the TLB when the next one runs: the first one that is counted has one before it too.
await run(CALL, 1, 1);
line(`${name}: one of ${TIMES}`, HEAD);
for (const { operation, pages, calls, bound } of OPERATIONS) {
  const title = `${operation}, ${pages} ${pages === 1 ? "page" : "pages"}`;
  await count(title, async () => {
    const sum = await counted(operation, pages), each = mapCounts(sum, (value) => value / TIMES);
    const faults = each.exits - calls;
    line(title, [
      ...[calls, each.exits, each.calls, each.runs, faults, each.kicks],
      ...[each.tlbiPage, each.tlbiSpace, each.tlbiAll],
    ]);
    if (operation === CALL) assert.deepEqual([sum.exits, sum.calls, sum.runs], [TIMES, TIMES, TIMES]);
    const slices = 3 * Math.abs(sum.kicks);
    assert.ok(sum.calls <= sum.exits + slices && sum.runs <= sum.exits + slices, "no more calls than exits");
    bound(each, faults);
  });
}

/** Thousands of iterations that each of some threads computes. */
const COMPUTED = 20_000;
await count("threads that compute run at the same time", async () => {
  const { rounds, exits } = await run("threads", COMPUTED, 0);
  console.log(`${name}: three threads that compute: ${rounds} rounds on ${engine.processors} vCPUs, ${exits} exits`);
  assert.ok(rounds > 0, "not one round of several vCPUs");
});
Deno.exit();
