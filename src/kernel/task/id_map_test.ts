import assert from "node:assert/strict";
import { IDENTITY, IdMap, OVERFLOW_ID, parseIdMap } from "./id_map.ts";

Deno.test("IdMap translates both ways within its extents", () => {
  const map = new IdMap([{ inside: 0, outside: 1000, count: 1 }, { inside: 10, outside: 2000, count: 5 }]);
  assert.deepEqual([map.toKernel(0), map.toKernel(14), map.toKernel(15), map.toKernel(1)], [
    1000,
    2004,
    undefined,
    undefined,
  ]);
  assert.deepEqual([map.fromKernel(1000), map.fromKernel(2004), map.fromKernel(0)], [0, 14, undefined]);
  assert.equal(map.show(0), OVERFLOW_ID);
});

Deno.test("IDENTITY leaves every id but -1 as it is", () => {
  assert.deepEqual([IDENTITY.show(0), IDENTITY.show(0xfffffffe), IDENTITY.toKernel(0xffffffff)], [
    0,
    0xfffffffe,
    undefined,
  ]);
});

Deno.test("parseIdMap reads lines of three numbers", () => {
  assert.deepEqual(parseIdMap("0 1000 1\n 5\t2000 10 \n"), [
    { inside: 0, outside: 1000, count: 1 },
    { inside: 5, outside: 2000, count: 10 },
  ]);
});

Deno.test("parseIdMap refuses empty ranges, overlaps, ids past the last and other text", () => {
  const bad = ["", "0 0 0", "0 0", "0 0 1 1", "a b c", "0 0 4294967296", "0 10 5\n4 100 1", "0 10 5\n9 14 1"];
  assert.deepEqual(bad.map(parseIdMap), bad.map(() => undefined));
});
