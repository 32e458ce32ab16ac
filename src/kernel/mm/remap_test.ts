import assert from "node:assert/strict";
import { EFAULT, EINVAL, ENOMEM } from "../abi/errno.ts";
import { MAP_FIXED, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from "../abi/mman.ts";
import { fakeEngine } from "./fake_space.ts";
import { map } from "./map.ts";
import { Mm } from "./mm.ts";
import { mremap } from "./remap.ts";
import { SharedMemory } from "./shared_memory.ts";
import { Vm, VM_MAY_ALL } from "./vma.ts";

const K = 4096;
const BASE = 0x100000;

/** Pages of an area at BASE, each beginning with its index + 1. */
function withPages(pages: number, limit?: number): Mm {
  const mm = new Mm(fakeEngine(limit));
  map(mm, { address: BASE, length: pages * K, prot: 3, flags: MAP_FIXED });
  for (let i = 0; i < pages; i++) mm.writeU32(BASE + i * K, i + 1);
  return mm;
}

Deno.test("mremap shrinks in place", () => {
  const mm = withPages(3);
  assert.equal(mremap(mm, BASE, 3 * K, K, 0, 0), BASE);
  assert.equal(mm.virtualSize, K);
});

Deno.test("mremap grows in place where there is room", () => {
  const mm = withPages(1);
  assert.equal(mremap(mm, BASE, K, 4 * K, 0, 0), BASE);
  assert.equal(mm.readU32(BASE + 3 * K), 0);
});

Deno.test("mremap moves with the content when it must, and only if it may", () => {
  const mm = withPages(2);
  map(mm, { address: BASE + 2 * K, length: K, prot: 1, flags: MAP_FIXED });
  assert.equal(mremap(mm, BASE, 2 * K, 3 * K, 0, 0), -ENOMEM);
  const to = mremap(mm, BASE, 2 * K, 3 * K, MREMAP_MAYMOVE, 0);
  assert.ok(to > 0 && to !== BASE);
  assert.deepEqual([0, 1, 2].map((i) => mm.readU32(to + i * K)), [1, 2, 0]);
  assert.equal(mm.vmas.find(BASE), undefined);
});

Deno.test("mremap moves a part out of the middle", () => {
  const mm = withPages(3);
  const to = 0x800000;
  assert.equal(mremap(mm, BASE + K, K, K, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
  assert.equal(mm.readU32(to), 2);
  assert.deepEqual([...mm.vmas].map((vma) => vma.start), [BASE, BASE + 2 * K, to]);
});

Deno.test("mremap with DONTUNMAP leaves an empty mapping behind", () => {
  const mm = withPages(1);
  const to = mremap(mm, BASE, K, K, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
  assert.deepEqual([mm.readU32(to), mm.readU32(BASE)], [1, 0]);
});

Deno.test("mremap of old size 0 maps shared memory a second time", () => {
  const mm = new Mm(fakeEngine());
  const object = new SharedMemory(mm.engine, 1);
  map(mm, { address: BASE, length: K, prot: 3, flags: MAP_FIXED, object, vmFlags: VM_MAY_ALL | Vm.shared });
  const second = mremap(mm, BASE, 0, K, MREMAP_MAYMOVE, 0);
  mm.writeU32(second, 77);
  assert.equal(mm.readU32(BASE), 77);
});

Deno.test("mremap refuses what Linux refuses", () => {
  const mm = withPages(1);
  assert.equal(mremap(mm, BASE + 1, K, K, 0, 0), -EINVAL);
  assert.equal(mremap(mm, BASE, K, 0, 0, 0), -EINVAL);
  assert.equal(mremap(mm, BASE, K, K, MREMAP_FIXED, 0), -EINVAL);
  assert.equal(mremap(mm, BASE, K, K, MREMAP_MAYMOVE | MREMAP_FIXED, BASE), -EINVAL);
  assert.equal(mremap(mm, 0x900000, K, 2 * K, 0, 0), -EFAULT);
  assert.equal(mremap(mm, BASE, 2 * K, 3 * K, MREMAP_MAYMOVE, 0), -EFAULT);
});
