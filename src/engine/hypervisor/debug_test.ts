import assert from "node:assert/strict";
import { DebugPoints } from "./debug.ts";

const points = () => new DebugPoints({ breakpoints: 2, watchpoints: 5 });

Deno.test("DebugPoints: nothing to load without a debugger", () => {
  assert.equal(points().running, undefined);
});

Deno.test("DebugPoints: a watch of any alignment and length becomes byte selects and masks", () => {
  const debug = points();
  debug.setWatchpoint(0x1006, 0x2a, "write", true);
  assert.deepEqual(debug.running!.watchpoints.map(([value, control]) => [value, control & ~0x1fn]), [
    [0x1000n, 0xc0n << 5n], // 0x1006, 0x1007
    [0x1008n, 0xffn << 5n],
    [0x1010n, 0xffn << 5n | 4n << 24n], // 16 bytes
    [0x1020n, 0xffn << 5n | 4n << 24n],
  ]);
});

Deno.test("DebugPoints: what the CPU has no register for is refused", () => {
  const debug = points();
  debug.setBreakpoint(0x1000, true);
  debug.setBreakpoint(0x2000, true);
  debug.setBreakpoint(0x2000, true);
  assert.throws(() => debug.setBreakpoint(0x3000, true), RangeError);
  debug.setBreakpoint(0x1000, false);
  debug.setBreakpoint(0x3000, true);
});

Deno.test("DebugPoints.firstWatched: the watched byte at or behind the reported address", () => {
  const debug = points();
  debug.setWatchpoint(0x1004, 2, "access", true);
  assert.equal(debug.firstWatched(0x1000), 0x1004);
  assert.equal(debug.firstWatched(0x1005), 0x1005);
});
