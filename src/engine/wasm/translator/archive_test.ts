import { deepEqual, equal, throws } from "node:assert/strict";
import { packRegions, unpackRegions } from "./archive.ts";
import type { RegionObject } from "./region_object.ts";

const REGIONS: RegionObject[] = [
  {
    root: 0x400100,
    targets: [0x400104, 0x400100, 0x3ffffc],
    isOpen: true,
    calls: [0x400100, 0x3ff000],
    code: [
      { start: 0x400100, words: Uint32Array.of(0xd503201f, 0xffffffff) },
      { start: 0x3_0040_0800, words: Uint32Array.of(0) },
    ],
    body: Uint8Array.of(0, 0x41, 0x80, 0x80, 0x80, 0x80, 0, 0x0b),
    hints: [{ at: 1, likely: 1 }, { at: 5, likely: 0 }],
    symbols: [{ at: 2, name: "slot 4194560" }],
  },
  { root: 0x500000, targets: [], isOpen: false, calls: [], code: [], body: new Uint8Array(0), hints: [], symbols: [] },
];

Deno.test("unpackRegions gives back what packRegions was given", () => {
  deepEqual(unpackRegions(packRegions(REGIONS)), REGIONS);
  deepEqual(unpackRegions(packRegions([])), []);
});

Deno.test("unpackRegions throws at a file that was cut, and knows files of another kind", () => {
  const file = packRegions(REGIONS);
  for (let length = 6; length < file.length; length++) {
    throws(() => unpackRegions(file.subarray(0, length)), RangeError);
  }
  file[0]!++;
  equal(unpackRegions(file), undefined);
});
