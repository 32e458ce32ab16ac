import { deepEqual, equal } from "node:assert/strict";
import { HotCalls } from "./hot_calls.ts";

const BL = 0x94000004, BLR = 0xd63f0000, NOP = 0xd503201f;
/** A call at 0x1000 of the function at 0x1010, and others. */
const word = (pc: number): number | undefined => ({ 0x1000: BL, 0x1004: NOP, 0x1008: BLR })[pc];

Deno.test("HotCalls: a call is hot when it was met often, and takes in larger functions before that", () => {
  const calls = new HotCalls(), small = calls.most(0x1000), hot: number[] = [];
  let large = 0;
  for (let n = 1; n <= 100; n++) {
    const call = calls.sample(0x1010, 0x1004, word, () => false);
    if (call !== undefined) hot.push(n, call);
    if (large === 0 && calls.most(0x1000) > small) large = n;
  }
  equal(hot[1], 0x1000);
  equal(hot[2], 2 * hot[0]!);
  deepEqual(calls.targets(0x1000), [0x1010]);
  equal(large > 0 && large < hot[0]!, true);
});

Deno.test("HotCalls: a computed call goes to the functions that it went to often, the most often first", () => {
  const calls = new HotCalls(), hot: number[] = [];
  deepEqual(calls.targets(0x1008), []);
  for (let n = 1; n <= 100; n++) {
    const entry = n % 20 === 0 ? 0x4000 : n % 3 === 0 ? 0x2000 : 0x3000;
    if (calls.sample(entry, 0x100c, word, (call) => call !== 0x1008) !== undefined) hot.push(n);
  }
  equal(hot.length > 0, true);
  deepEqual(calls.targets(0x1008), [0x3000, 0x2000]);
  // Now the call is over, and this is a loop around it.
  for (let n = 0; n < 1000; n++) calls.sample(0x1000, 0x100c, word, (call) => call === 0x1008);
  deepEqual(calls.targets(0x1008), [0x3000, 0x2000]);
  deepEqual(calls.targets(0x1000), []);
});

Deno.test("HotCalls: a call that is over is met too, in a loop around it", () => {
  const calls = new HotCalls();
  for (let n = 0; n < 100; n++) calls.sample(0xff0, 0x1004, word, (call) => call === 0x1000);
  deepEqual(calls.targets(0x1000), [0x1010]);
});

Deno.test("HotCalls: what the link register holds need not be the way back from a call of the function", () => {
  const calls = new HotCalls();
  // Another function, no call, a misaligned address, nothing, the end of the address space.
  for (
    const [entry, link] of [
      [0x1014, 0x1004],
      [0x1010, 0x1008],
      [0x1010, 0x1005],
      [0x1010, 0x2004],
      [0x1010, 0],
      [0x1010, 2 ** 64],
    ] as const
  ) {
    for (let n = 0; n < 100; n++) equal(calls.sample(entry, link, word, () => false), undefined);
  }
});
