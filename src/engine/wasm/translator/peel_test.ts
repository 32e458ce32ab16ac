import { equal } from "node:assert/strict";
import { findRegion } from "./find_region.ts";
import { peel } from "./peel.ts";
import { peeledOf, type Region } from "./region.ts";

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

Deno.test("peel leaves a loop alone that the copy would lead into at two places", () => {
  const region = regionOf([
    0x91000421, // root: add x1, x1, #1
    0x36000081, // tbz x1, #0, second
    0x91000442, // first: add x2, x2, #1
    0x3607ffe2, // tbz x2, #0, first
    0x17fffffc, // b root
    0xd100079c, // second: sub x28, x28, #1
    0xb5ffff5c, // cbnz x28, root
    0xd65f03c0, // ret
  ]);
  equal(peel(region), region);
});

Deno.test("peel leaves a loop alone that begins with an access to memory", () => {
  const region = regionOf([
    0x38616860, // root: ldrb w0, [x3, x1]
    0x91000421, // head: add x1, x1, #1
    0x35ffffc0, // cbnz w0, root
    0x54ffffc4, // b.mi head
    0xd65f03c0, // ret
  ]);
  equal(peel(region), region);
});
