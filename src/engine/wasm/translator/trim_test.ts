import { equal } from "node:assert/strict";
import { type Block, DISPATCH, type Instruction, type Region, type Terminator } from "./region.ts";
import { trimRegion } from "./trim.ts";

/** A region of blocks with a hundred instructions each, by start: where control goes on. */
function regionOf(graph: Readonly<Record<number, readonly number[]>>): Region {
  const blocks = new Map<number, Block>();
  for (const [place, next] of Object.entries(graph)) {
    const start = Number(place);
    const instructions = Array.from({ length: 100 }, (_, i): Instruction => ({
      pc: start + 4 * i,
      decoded: undefined,
      body: [],
    }));
    const [first, second] = next;
    const terminator: Terminator = first === undefined
      ? { kind: "indirect" }
      : second === undefined
      ? { kind: "goto", target: first }
      : { kind: "cond", taken: first, next: second };
    blocks.set(start, { start, instructions, terminator });
  }
  return { root: 0, entry: 0, blocks, pages: new Set([0]) };
}

const places = (region: Region): string => [...region.blocks.keys()].join();

Deno.test("trimRegion ends where another region begins that control does not come back from", () => {
  const region = regionOf({ 0: [1000, 2000], 1000: [3000], 2000: [3000], 3000: [4000], 4000: [] });
  equal(places(trimRegion(region, (place) => place === 3000, () => false)), "0,1000,2000");
});

Deno.test("trimRegion keeps a loop together unless the other region has all of it", () => {
  const region = regionOf({ 0: [1000], 1000: [2000], 2000: [1000, 3000], 3000: [] });
  const isRoot = (place: number) => place === 2000;
  equal(places(trimRegion(region, isRoot, () => false)), "0,1000,2000,3000");
  const asked: number[] = [];
  const trimmed = trimRegion(region, isRoot, (_, cycle) => asked.push(...cycle) > 0);
  equal(places(trimmed), "0,1000");
  equal(asked.sort().join(), "1000,2000");
});

Deno.test("trimRegion leaves nothing to a region for a few instructions", () => {
  const region = regionOf({ 0: [1000], 1000: [] });
  equal(places(trimRegion(region, (place) => place === 1000, () => false)), "0");
  const short = new Map(region.blocks);
  const block = short.get(1000)!;
  short.set(1000, { ...block, instructions: block.instructions.slice(0, 10) });
  equal(places(trimRegion({ ...region, blocks: short }, (place) => place === 1000, () => false)), "0,1000");
});

Deno.test("trimRegion keeps together what computed branches go round in", () => {
  const region = regionOf({ 0: [DISPATCH], 1000: [2000], 2000: [DISPATCH], 3000: [] });
  const dispatch: Block = {
    start: DISPATCH,
    instructions: [],
    terminator: { kind: "dispatch", targets: [0, 1000, 3000] },
  };
  const round: Region = { ...region, entry: DISPATCH, blocks: new Map([...region.blocks, [DISPATCH, dispatch]]) };
  equal(places(trimRegion(round, (place) => place === 1000, () => false)), `0,1000,2000,3000,${DISPATCH}`);
  equal(places(trimRegion(round, (place) => place === 3000, () => false)), `0,1000,2000,${DISPATCH}`);
  const asked: number[] = [];
  trimRegion(round, (place) => place === 1000, (_, cycle) => asked.push(...cycle) > 0);
  equal(asked.sort().join(), "0,1000,2000");
});
