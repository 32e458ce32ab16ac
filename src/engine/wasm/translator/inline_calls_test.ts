import { deepEqual, equal } from "node:assert/strict";
import { findRegion } from "./find_region.ts";
import { inlineCalls, isShort } from "./inline_calls.ts";
import { addressOf, callsOut, type Region } from "./region.ts";

const NOP = 0xd503201f, RET = 0xd65f03c0;
/** From a word to another, as numbers of words. */
const bl = (from: number, to: number): number => (0x94000000 | ((to - from) & 0x3ffffff)) >>> 0;

const read = (words: readonly number[]) => (pc: number): number | undefined => words[pc / 4];
const inlined = (words: readonly number[], most = 64): Region =>
  inlineCalls(findRegion(0, read(words)), read(words), { most: () => most, targets: () => [] });

const calls = ({ blocks }: Region): number =>
  [...blocks.values()].flatMap(({ instructions }) => instructions).filter(({ body }) => callsOut(body!)).length;
/** Addresses of the instructions of each block, in the order in which control passes through. */
const listing = ({ blocks }: Region): string[] =>
  [...blocks.values()].map(({ start, instructions, terminator }) =>
    `${addressOf(start)}: ${instructions.map(({ pc }) => pc).join(" ")} ${terminator.kind}`
  );

Deno.test("inlineCalls takes in a function, and goes on behind the call if that is where it returns to", () => {
  const region = inlined([NOP, bl(1, 4), NOP, RET, NOP, RET]);
  equal(calls(region), 0);
  deepEqual(listing(region), ["0: 0 4 goto", "8: 8 12 indirect", "16: 16 20 return"]);
  const back = [...region.blocks.values()].map(({ terminator }) => terminator).find(({ kind }) => kind === "return");
  deepEqual(back, { kind: "return", expected: 8, next: 8 });
});

Deno.test("inlineCalls takes a function in at each call of it, and what it calls", () => {
  const region = inlined([bl(0, 3), bl(1, 3), RET, bl(3, 5), RET, RET]);
  equal(calls(region), 0);
  deepEqual(listing(region), [
    "0: 0 goto",
    "4: 4 goto",
    "12: 12 goto",
    "8: 8 indirect",
    "12: 12 goto",
    "16: 16 return",
    "20: 20 return",
    "16: 16 return",
    "20: 20 return",
  ]);
});

Deno.test("inlineCalls takes in a function that calls itself, a few times", () => {
  const region = inlined([NOP, bl(1, 0), RET]);
  equal(calls(region), 1);
  equal([...region.blocks.values()].filter(({ terminator }) => terminator.kind === "return").length, 3);
});

Deno.test("inlineCalls leaves a call alone of what is long, does not return, or goes to a computed address", () => {
  for (const callee of [[...new Array(64).fill(NOP), RET], [NOP, 0x17ffffff], [NOP, 0xd61f0200], [NOP]]) {
    const words = [bl(0, 2), RET, ...callee], region = findRegion(0, read(words));
    equal(inlineCalls(region, read(words), { most: () => 64, targets: () => [] }), region);
  }
  equal(calls(inlined([bl(0, 2), RET, NOP, RET], 1)), 1);
  equal(calls(inlined([bl(0, 2), RET, NOP, RET], 2)), 0);
});

Deno.test("inlineCalls makes no region larger than it can be", () => {
  const functions = 40, words: number[] = [];
  for (let n = 0; n < functions; n++) words.push(bl(n, functions + 1));
  words.push(RET, ...new Array(60).fill(NOP), RET);
  const region = inlined(words);
  const length = [...region.blocks.values()].reduce((sum, { instructions }) => sum + instructions.length, 0);
  equal(length <= 1000 && length > 900, true, `${length} instructions`);
  equal(calls(region) > 0, true);
});

Deno.test("isShort: a function that calls itself has to be shorter", () => {
  const words = (length: number, target: number) => [...new Array(length).fill(NOP), bl(length, target), RET];
  equal(isShort(4 * 30, 0, read(words(30, 0)), 64), false);
  equal(isShort(4 * 30, 4 * 100, read(words(30, 0)), 64), false);
  equal(isShort(4 * 10, 0, read(words(10, 0)), 64), true);
  equal(isShort(4 * 200, 0, read(words(30, 20)), 64), true);
  equal(isShort(4 * 200, 0, read(words(30, 20)), 64, [0]), false);
});

Deno.test("inlineCalls compares where a computed call goes, and calls what it has not taken in", () => {
  const BLR = 0xd63f0020, words = [NOP, BLR, NOP, RET, NOP, RET, NOP, NOP, RET];
  const profile = { most: () => 64, targets: (call: number) => call === 4 ? [16, 24] : [] };
  const region = inlineCalls(findRegion(0, read(words)), read(words), profile);
  equal(calls(region), 1);
  const guards = [...region.blocks.values()].flatMap(({ instructions }) => instructions).filter(({ isGuard }) =>
    isGuard
  );
  deepEqual(guards.map(({ pc }) => pc), [4, 4]);
  deepEqual(listing(region).toSorted(), [
    "0: 0 4 cond",
    "16: 16 20 return",
    "24: 24 28 32 return",
    "4: 4 cond",
    "4: 4 goto",
    "4: 4 goto",
    "4: 4 goto",
    "8: 8 12 indirect",
  ]);
});
