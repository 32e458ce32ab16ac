/** `--trace-format perfetto`, by a strict reader of the format; the viewer itself is a web page and was not opened. */
import assert from "node:assert/strict";
import { GuestPool } from "../../src/runner/guest_pool.ts";
import { buildGuests } from "../guests/build.ts";
import { ElftapRunner } from "../guests/elftap.ts";
import { parseTraceEvents, type TraceEvent } from "./trace_event.ts";
import { runTraced } from "./trace_run.ts";

const PROGRAMS = [
  "cxx/threads",
  "fs/directory",
  "mm/file_mapping",
  "poll/epoll",
  "process/clone3",
  "process/exec",
  "process/fork",
  "process/vfork",
  "process/wait",
  "signal/default_actions",
  "signal/faults",
  "signal/restart",
  "thread/basic",
  "thread/condition",
  "time/sleep",
];

const { guests, skipped } = await buildGuests(PROGRAMS);
for (const { title, why } of skipped) console.error(`skipped: timeline of ${title}: ${why}`);
const runner = new ElftapRunner();
const pool = new GuestPool({ keep: 1 });
addEventListener("unload", () => {
  runner.close();
  pool[Symbol.dispose]();
});

async function timeline(name: string, trace = {}): Promise<readonly TraceEvent[]> {
  const guest = guests.find(({ source, variant }) => source.name === name && variant === "static") ??
    guests.find(({ source }) => source.name === name);
  const { lines } = await runTraced(runner.spec(guest!), { format: "perfetto", ...trace }, { pool });
  return parseTraceEvents(lines.join("\n"));
}

function timelineTest(title: string, name: string, fn: () => Promise<void>): void {
  const ignore = !guests.some(({ source }) => source.name === name);
  Deno.test({ name: title, ignore, sanitizeResources: false, sanitizeOps: false, fn });
}

for (const name of PROGRAMS) {
  timelineTest(`the timeline of ${name} is in the trace event format`, name, async () => {
    const events = await timeline(name, { loader: true });
    const names = new Set(events.map(({ name }) => name));
    for (const each of ["process_name", "thread_name", "execve", "running"]) assert.ok(names.has(each), each);
    assert.ok([...names].some((each) => /^(exited with \d+|killed by SIG\w+)$/.test(each)));
    // The kernel has one CPU: of all threads one runs at a time.
    const slices = events.filter(({ cat }) => cat === "slice").toSorted((a, b) => a.ts - b.ts);
    slices.reduce((before, slice) => {
      assert.ok(slice.ts >= before.ts + before.dur - 1e-3, `two threads run at ${slice.ts}`);
      return slice;
    });
  });
}

timelineTest("a timeline of some calls alone begins at 0 or later", "mm/file_mapping", async () => {
  const events = await timeline("mm/file_mapping", { calls: [64, 222] });
  assert.ok(events.some(({ name }) => name === "mmap"));
  assert.ok(!events.some(({ name }) => name === "openat"));
});

timelineTest("a timeline has a track for each thread, with signals and faults on it", "signal/faults", async () => {
  const events = await timeline("signal/faults");
  const signal = events.find(({ cat }) => cat === "signal");
  assert.match(signal?.args.siginfo ?? "", /^\{si_signo=SIG/);
  assert.match(events.find(({ cat }) => cat === "fault")?.args.address ?? "", /^0x[0-9a-f]+$/);
});
