import assert from "node:assert/strict";
import { EACCES, EEXIST, EINVAL, ENOMEM, EPERM } from "../abi/errno.ts";
import { MAP_FIXED, MAP_FIXED_NOREPLACE } from "../abi/mman.ts";
import { defaultLimits, RLIMIT_AS, RLIMIT_DATA } from "../abi/resource.ts";
import { brk } from "./brk.ts";
import { FakeObject } from "./fake_object.ts";
import { fakeEngine, FakeSpace } from "./fake_space.ts";
import { MMAP_BASE } from "./layout.ts";
import { map, type MapRequest, munmap, protect } from "./map.ts";
import { Mm } from "./mm.ts";
import { Vm, VM_MAY_ALL } from "./vma.ts";

const K = 4096;
const newMm = (limit?: number) => new Mm(fakeEngine(limit));
const at = (mm: Mm, request: Partial<MapRequest> & { length: number }) =>
  map(mm, { address: 0, prot: 3, flags: 0, ...request });
const ranges = (mm: Mm) => [...mm.vmas].map((vma) => [vma.start, vma.end, vma.prot]);

Deno.test("map places mappings upward from MMAP_BASE, first fit", () => {
  const mm = newMm();
  const a = at(mm, { length: 3 * K, prot: 1 }), b = at(mm, { length: K, prot: 2 }), c = at(mm, { length: K, prot: 1 });
  assert.deepEqual([a, b, c], [MMAP_BASE, MMAP_BASE + 3 * K, MMAP_BASE + 4 * K]);
  munmap(mm, a, 3 * K);
  assert.equal(at(mm, { length: 2 * K }), a);
});

Deno.test("map merges neighbours with equal rights", () => {
  const mm = newMm();
  const a = at(mm, { length: K });
  at(mm, { length: K });
  assert.deepEqual(ranges(mm), [[a, a + 2 * K, 3]]);
});

Deno.test("map merges file mappings only where the file goes on", () => {
  const mm = newMm(), object = new FakeObject(8);
  at(mm, { address: 0x100000, length: K, flags: MAP_FIXED, object, pageOffset: 0 });
  at(mm, { address: 0x101000, length: K, flags: MAP_FIXED, object, pageOffset: 1 });
  at(mm, { address: 0x102000, length: K, flags: MAP_FIXED, object, pageOffset: 5 });
  assert.deepEqual(ranges(mm).length, 2);
  assert.equal(object.references, 2);
});

Deno.test("map takes a free hint and ignores an occupied one", () => {
  const mm = newMm();
  assert.equal(at(mm, { address: 0x20000, length: K }), 0x20000);
  assert.equal(at(mm, { address: 0x20000, length: K }), MMAP_BASE);
  assert.equal(at(mm, { address: 2 ** 40, length: K, prot: 1 }), MMAP_BASE + K);
});

Deno.test("map puts a large reservation that is meant for beyond the address space as far up as it can", () => {
  const GiB = 2 ** 30, mm = newMm(16 * GiB);
  const reserve = (length: number, address = 2 ** 40) => at(mm, { address, length, prot: 0 });
  assert.equal(reserve(7 * GiB), -ENOMEM);
  assert.equal(reserve(6 * GiB), 10 * GiB);
  assert.equal(reserve(4 * GiB), 6 * GiB);
  assert.equal(reserve(6 * GiB), -ENOMEM);
  assert.equal(reserve(64 * K), MMAP_BASE);
  assert.equal(reserve(GiB, 0), MMAP_BASE + 64 * K);
});

Deno.test("map refuses fixed places as Linux does", () => {
  const mm = newMm();
  assert.equal(at(mm, { address: 0x20001, length: K, flags: MAP_FIXED }), -EINVAL);
  assert.equal(at(mm, { address: 0x1000, length: K, flags: MAP_FIXED }), -EPERM);
  assert.equal(at(mm, { address: 2 ** 34, length: K, flags: MAP_FIXED }), -ENOMEM);
  at(mm, { address: 0x20000, length: K });
  assert.equal(at(mm, { address: 0x20000, length: K, flags: MAP_FIXED_NOREPLACE }), -EEXIST);
  assert.equal(at(mm, { length: 2 ** 35 }), -ENOMEM);
  assert.equal(at(mm, { length: 0 }), -EINVAL);
});

Deno.test("map with MAP_FIXED replaces what was there", () => {
  const mm = newMm();
  at(mm, { address: 0x20000, length: 3 * K });
  mm.writeU32(0x21000, 7);
  at(mm, { address: 0x21000, length: K, prot: 1, flags: MAP_FIXED });
  assert.deepEqual(ranges(mm), [[0x20000, 0x21000, 3], [0x21000, 0x22000, 1], [0x22000, 0x23000, 3]]);
  assert.equal(mm.readU32(0x21000), 0);
});

Deno.test("map gives addresses below the stack when those above MMAP_BASE are used up", () => {
  const mm = newMm(MMAP_BASE + 0x100000);
  assert.equal(at(mm, { length: 0x100000, prot: 1 }), MMAP_BASE);
  const low = at(mm, { length: K });
  assert.ok(low > 0 && low < MMAP_BASE);
});

Deno.test("map reserves without storage", () => {
  const mm = newMm();
  at(mm, { length: 8 * 2 ** 30 });
  assert.equal((mm.space as FakeSpace).pages.size, 0);
  assert.equal(mm.virtualSize, 8 * 2 ** 30);
});

Deno.test("map obeys RLIMIT_AS and RLIMIT_DATA", () => {
  const mm = newMm();
  const limits = defaultLimits();
  limits[RLIMIT_AS] = [64 * K, 64 * K];
  limits[RLIMIT_DATA] = [16 * K, 16 * K];
  mm.limits = limits;
  assert.equal(at(mm, { length: 17 * K }), -ENOMEM);
  assert.ok(at(mm, { length: 40 * K, prot: 1 }) > 0);
  assert.equal(at(mm, { length: 40 * K, prot: 1 }), -ENOMEM);
});

Deno.test("munmap cuts a hole and gives the pages back", () => {
  const mm = newMm();
  const a = at(mm, { length: 3 * K });
  mm.writeZeros(a, 3 * K);
  assert.equal(munmap(mm, a + K, K), 0);
  assert.deepEqual(ranges(mm), [[a, a + K, 3], [a + 2 * K, a + 3 * K, 3]]);
  assert.equal(mm.space.query(a + K), undefined);
  assert.equal(mm.resident.total, 2);
});

Deno.test("munmap of nothing succeeds, of a bad range is EINVAL", () => {
  const mm = newMm();
  assert.equal(munmap(mm, 0x50000, K), 0);
  assert.equal(munmap(mm, 0x50001, K), -EINVAL);
  assert.equal(munmap(mm, 0x50000, 0), -EINVAL);
  assert.equal(munmap(mm, 0x50000, 2 ** 63), -EINVAL);
});

Deno.test("protect splits, changes present pages and merges back", () => {
  const mm = newMm();
  const a = at(mm, { length: 3 * K });
  mm.writeZeros(a, 3 * K);
  assert.equal(protect(mm, a + K, a + 2 * K, 0), 0);
  assert.equal(mm.vmas.size, 3);
  assert.equal(mm.space.query(a + K), 0);
  assert.equal(protect(mm, a + K, a + 2 * K, 3), 0);
  assert.equal(mm.vmas.size, 1);
  assert.equal(mm.space.query(a + K), 3);
});

Deno.test("protect stops at a hole with ENOMEM after changing what came before", () => {
  const mm = newMm();
  const a = at(mm, { length: K });
  assert.equal(protect(mm, a, a + 2 * K, 1), -ENOMEM);
  assert.equal(mm.vmas.find(a)?.prot, 1);
});

Deno.test("protect may not make a shared mapping of a read-only file writable", () => {
  const mm = newMm();
  const vmFlags = VM_MAY_ALL & ~Vm.mayWrite | Vm.shared;
  const a = at(mm, { length: K, prot: 1, vmFlags, object: new FakeObject(1) });
  assert.equal(protect(mm, a, a + K, 3), -EACCES);
});

Deno.test("protect keeps clean file pages unwritable so that the first write copies", () => {
  const mm = newMm(), object = new FakeObject(1);
  const a = at(mm, { length: K, prot: 1, object });
  assert.equal(mm.readU8(a), 1);
  protect(mm, a, a + K, 3);
  assert.equal(mm.space.query(a), 1);
  mm.writeU8(a, 9);
  assert.equal(object.frames[0]!.bytes[0], 1);
});

Deno.test("brk grows, shrinks and refuses to meet another mapping", () => {
  const mm = newMm();
  mm.startBrk = mm.brk = 0x500000;
  assert.equal(brk(mm, 0), 0x500000);
  assert.equal(brk(mm, 0x501234), 0x501234);
  mm.writeU32(0x501ffc, 1);
  assert.equal(brk(mm, 0x500000), 0x500000);
  assert.equal(mm.vmas.size, 0);
  at(mm, { address: 0x600000, length: K });
  assert.equal(brk(mm, 0x600000), 0x500000);
});
