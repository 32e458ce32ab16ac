import { deepEqual, equal } from "node:assert/strict";
import { makeDetours, setTargets } from "./detours.ts";
import { type Block, DISPATCH, type Terminator, ways } from "./region.ts";
import { structure } from "./structure.ts";

function blocksOf(graph: Readonly<Record<number, Terminator>>): Map<number, Block> {
  return new Map(
    Object.entries(graph).map(([place, terminator]) => {
      const start = Number(place);
      return [start, { start, instructions: [], terminator }];
    }),
  );
}

Deno.test("makeDetours leads over the dispatch where a loop is entered beside its head", () => {
  // A loop from 0 over 100 and 200 back to 0, of which 200 is a target as well as the root.
  const blocks = blocksOf({
    0: { kind: "cond", taken: 100, next: 300 },
    100: { kind: "goto", target: 200 },
    200: { kind: "goto", target: 0 },
    300: { kind: "indirect" },
  });
  setTargets(blocks, [0, 200]);
  makeDetours(blocks);
  const next = (node: number) => ways(blocks, blocks.get(node)!);
  const { order, isIrreducible } = structure({ root: DISPATCH, successors: next, isSwitch: () => false });
  equal(order.some((node) => next(node).some((to) => isIrreducible(node, to))), false);
  deepEqual([0, 100, 200].map(next), [[100, 300], [200], [1]]);
  deepEqual(blocks.get(1)!.terminator, { kind: "detour", target: 0 });
  deepEqual(next(1), [DISPATCH]);
  deepEqual(next(DISPATCH), [0, 200]);
});

Deno.test("makeDetours makes a target of a head that was none, and leaves other loops alone", () => {
  // 100 and 200 branch to each other, and 200 is a target; 300 is a loop of its own.
  const blocks = blocksOf({
    0: { kind: "goto", target: 100 },
    100: { kind: "goto", target: 200 },
    200: { kind: "cond", taken: 100, next: 300 },
    300: { kind: "cond", taken: 300, next: 400 },
  });
  setTargets(blocks, [0, 200]);
  makeDetours(blocks);
  const next = (node: number) => ways(blocks, blocks.get(node)!);
  const { order, isIrreducible } = structure({ root: DISPATCH, successors: next, isSwitch: () => false });
  equal(order.some((node) => next(node).some((to) => isIrreducible(node, to))), false);
  equal(next(DISPATCH).length, 3);
  deepEqual(next(300), [300]);
});
