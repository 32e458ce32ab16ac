import assert from "node:assert/strict";
import type { Registers } from "../../engine/engine.ts";
import { RECENT_CALLS, RecentCalls } from "./recent_calls.ts";

const regs = (...x: number[]) => ({ xu: (n: number) => x[n] ?? 0 }) as unknown as Registers;

Deno.test("RecentCalls keeps the last calls in order, with their results", () => {
  const calls = new RecentCalls();
  for (let nr = 0; nr < RECENT_CALLS + 3; nr++) calls.end(calls.begin(nr, 7, regs(nr, 2), 2), nr * 10);
  const list = calls.list();
  assert.equal(list.length, RECENT_CALLS);
  assert.deepEqual(list[0], { nr: 3, tid: 7, args: [3, 2], paths: [], result: 30 });
  assert.equal(list.at(-1)!.nr, RECENT_CALLS + 2);
});

Deno.test("RecentCalls keeps the paths of a call in order", () => {
  const calls = new RecentCalls(), rename = calls.begin(276, 1, regs(), 5);
  calls.keepPath(rename, "/a");
  calls.keepPath(rename, "/b");
  assert.deepEqual(calls.list()[0]!.paths, ["/a", "/b"]);
});

Deno.test("RecentCalls shows a call that has not returned, and forgets its end once it is overwritten", () => {
  const calls = new RecentCalls();
  const waiting = calls.begin(98, 1, regs(), 0);
  assert.equal(calls.list()[0]!.result, undefined);
  for (let n = 0; n < RECENT_CALLS; n++) calls.begin(1, 2, regs(), 0);
  calls.end(waiting, 0);
  calls.keepPath(waiting, "/late");
  assert.ok(calls.list().every(({ result, paths }) => result === undefined && paths.length === 0));
});

Deno.test("RecentCalls is empty before the first call", () => {
  assert.deepEqual(new RecentCalls().list(), []);
});
