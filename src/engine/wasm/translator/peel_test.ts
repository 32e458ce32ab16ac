import { deepEqual, equal } from "node:assert/strict";
import { findRegion } from "./find_region.ts";
import { peel } from "./peel.ts";
import { outsideOf, peeledOf, type Region } from "./region.ts";

const regionOf = (words: readonly number[]): Region => findRegion(0, (pc) => words[pc / 4]);

Deno.test("peel begins a loop at its head that is entered at its increment", () => {
  const region = regionOf([
    0x91000421, // increment: add x1, x1, #1
    0xf120003f, // cmp x1, #2048
    0x54000080, // b.eq end
    0x38616860, // head: ldrb w0, [x3, x1]
    0x35ffff80, // cbnz w0, increment
    0x54ffffc4, // b.mi head
    0xd65f03c0, // end: ret
  ]);
  equal(peel(region).entry, peeledOf(0));
  equal(region.entry, 0);
});

Deno.test("peel leads into a loop at its head alone: another way out of the copy is an exit", () => {
  const region = regionOf([
    0x91000421, // root: add x1, x1, #1
    0xf144003f, // cmp x1, #0x100, lsl #12
    0x54000080, // b.eq around
    0x38616860, // head: ldrb w0, [x3, x1]
    0x35ffff80, // cbnz w0, root
    0x14000003, // b behind
    0xaa1403e1, // around: mov x1, x20
    0x17fffffc, // b head
    0x91000442, // behind: add x2, x2, #1
    0x17fffffa, // b head
  ]);
  deepEqual(peel(region).blocks.get(peeledOf(0))!.terminator, { kind: "cond", taken: outsideOf(24), next: 12 });
});

Deno.test("peel begins with a copy of the inner loop that a region is rooted at: the outer loop is not one with it", () => {
  const region = regionOf([
    0x38206874, // inner: strb w20, [x3, x0]
    0x8b010000, // add x0, x0, x1
    0xeb13001f, // cmp x0, x19
    0x54ffffad, // b.le inner
    0x91000421, // outer: add x1, x1, #1
    0x9b017c20, // mul x0, x1, x1
    0xf144003f, // cmp x1, #0x100, lsl #12
    0x54ffff21, // b.ne inner
    0xd65f03c0, // ret
  ]);
  const { entry, blocks } = peel(region);
  equal(entry, peeledOf(0));
  deepEqual(blocks.get(peeledOf(0))!.terminator, { kind: "cond", taken: peeledOf(0), next: 16 });
  // Each has statements of its own, as different things are planned of them.
  const [copy, original] = [peeledOf(0), 0].map((place) => blocks.get(place)!.instructions[0]!);
  equal(copy!.pc, original!.pc);
  equal(copy!.body![0] === original!.body![0], false);
});

Deno.test("peel begins with a copy of the inner loop whose increment a region is rooted at", () => {
  const region = regionOf([
    0xaa0403e3, // increment: mov x3, x4
    0x386a6860, // head: ldrb w0, [x3, x10]
    0x9100054a, // add x10, x10, #1
    0xf101055f, // cmp x10, #65
    0x54ffff81, // b.ne increment
    0xd280002a, // outer: mov x10, #1
    0xd10004a5, // sub x5, x5, #1
    0xb5ffff45, // cbnz x5, head
    0xd65f03c0, // ret
  ]);
  const { entry, blocks } = peel(region);
  equal(entry, peeledOf(0));
  deepEqual(blocks.get(peeledOf(4))!.terminator, { kind: "cond", taken: peeledOf(0), next: 20 });
});

Deno.test("peel leaves a loop alone that calls, and one that is long", () => {
  for (const inner of [[0x94000100], new Array(50).fill(0x91000421)]) {
    const length = inner.length + 1, back = (from: number) => 0x54000000 | ((-from & 0x7ffff) << 5);
    const region = regionOf([...inner, back(length - 1), 0x91000421, back(length + 1) | 1, 0xd65f03c0]);
    equal(peel(region), region);
  }
});

Deno.test("peel leaves a region alone whose only way back to the root is from a place that cannot be reached", () => {
  const region = regionOf([
    0x91000421, // root: add x1, x1, #1
    0xd65f03c0, // ret
  ]);
  const stray = { start: 8, instructions: [], terminator: { kind: "goto", target: 0 } } as const;
  const strayed = { ...region, blocks: new Map([...region.blocks, [8, stray]]) };
  equal(peel(strayed), strayed);
});
