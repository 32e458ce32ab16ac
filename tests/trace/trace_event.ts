/**
 * A strict reader of the Trace Event Format, of the part that elftap writes: complete events, instants, metadata. It
 * refuses unknown fields, times that are none, tracks without names, and events of one track that overlap without one
 * lying in the other, which viewers cannot draw.
 */
import assert from "node:assert/strict";

/** An event that has been checked. */
export interface TraceEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: "X" | "i" | "M";
  readonly pid: number;
  readonly tid: number;
  /** µs; none for metadata. */
  readonly ts: number;
  /** µs; of complete events. */
  readonly dur: number;
  readonly args: Readonly<Record<string, string>>;
}

const FIELDS = {
  X: ["name", "cat", "ph", "pid", "tid", "ts", "dur", "args?"],
  i: ["name", "cat", "ph", "s", "pid", "tid", "ts", "args?"],
  M: ["name", "ph", "pid", "tid", "args"],
} as const;

/** Nanoseconds as microseconds are rounded. */
const EPSILON = 1e-3;

/** Reads a trace. @throws AssertionError saying what is not in the format */
export function parseTraceEvents(text: string): readonly TraceEvent[] {
  const events: unknown = JSON.parse(text);
  assert.ok(Array.isArray(events), "a JSON array");
  for (const event of events) checkEvent(event);
  checkTracks(events as TraceEvent[]);
  return events as TraceEvent[];
}

function checkEvent(event: Record<string, unknown>): asserts event is Record<string, unknown> & TraceEvent {
  const what = JSON.stringify(event), { ph } = event;
  assert.ok(ph === "X" || ph === "i" || ph === "M", `a phase: ${what}`);
  const fields: readonly string[] = FIELDS[ph];
  for (const field of Object.keys(event)) {
    assert.ok(fields.some((each) => each.replace("?", "") === field), `no ${field} in ${what}`);
  }
  for (const field of fields) assert.ok(field.endsWith("?") || field in event, `${field} is missing in ${what}`);
  assert.ok(typeof event.name === "string" && event.name !== "", `a name: ${what}`);
  for (const id of [event.pid, event.tid]) {
    assert.ok(Number.isInteger(id) && id as number >= 0 && id as number < 2 ** 31, `a pid and tid: ${what}`);
  }
  const isTime = (value: unknown) => typeof value === "number" && Number.isFinite(value) && value >= 0;
  if (ph !== "M") {
    assert.ok(isTime(event.ts), `a time: ${what}`);
    assert.ok(typeof event.cat === "string" && /^[a-z]+$/.test(event.cat), `a category: ${what}`);
  }
  if (ph === "X") assert.ok(isTime(event.dur), `a duration: ${what}`);
  if (ph === "i") assert.match(String(event.s), /^[gpt]$/, `a scope: ${what}`);
  const { args = {} } = event;
  assert.ok(typeof args === "object" && args !== null && !Array.isArray(args), `arguments: ${what}`);
  for (const value of Object.values(args)) assert.ok(typeof value === "string", `texts for arguments: ${what}`);
  if (ph === "M") {
    assert.match(event.name, /^(process|thread)_name$/, `metadata that viewers know: ${what}`);
    assert.ok(typeof (args as { name?: unknown }).name === "string", `a name in it: ${what}`);
  }
}

function checkTracks(events: readonly TraceEvent[]): void {
  const track = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`;
  const named = new Set(events.filter(({ name }) => name === "thread_name").map(track));
  const tracks = Map.groupBy(events.filter(({ ph }) => ph === "X"), track);
  for (const event of events) {
    if (event.ph !== "M" && event.pid !== 0) assert.ok(named.has(track(event)), `${track(event)} has no name`);
  }
  for (const [name, list] of tracks) {
    const open: number[] = [];
    for (const { ts, dur, name: event } of list.toSorted((a, b) => a.ts - b.ts || b.dur - a.dur)) {
      while (open.length > 0 && open.at(-1)! <= ts + EPSILON) open.pop();
      const end = open.at(-1) ?? Infinity;
      assert.ok(ts + dur <= end + EPSILON, `${event} at ${ts} of track ${name} ends after what it lies in`);
      open.push(ts + dur);
    }
  }
}
