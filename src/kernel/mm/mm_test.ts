import assert from "node:assert/strict";
import { madvise, msync } from "./advise.ts";
import { MADV_DONTFORK, MADV_DONTNEED, MADV_WIPEONFORK, MAP_FIXED, MS_SYNC } from "../abi/mman.ts";
import { EINVAL, ENOMEM, ENOSPC } from "../abi/errno.ts";
import { FakeObject } from "./fake_object.ts";
import { fakeEngine, FakeSpace } from "./fake_space.ts";
import { map } from "./map.ts";
import { Mm } from "./mm.ts";
import { SharedMemory } from "./shared_memory.ts";
import { UserFault } from "./user_fault.ts";
import { Vm, VM_MAY_ALL } from "./vma.ts";

const K = 4096;
const BASE = 0x100000;
const fixed = (mm: Mm, index: number, pages = 1, extra: Partial<Parameters<typeof map>[1]> = {}) =>
  map(mm, { address: BASE + index * K, length: pages * K, prot: 3, flags: MAP_FIXED, ...extra });

Deno.test("fork gives the child its own copy of private pages", () => {
  const mm = new Mm(fakeEngine());
  fixed(mm, 0);
  mm.writeU32(BASE, 1);
  const child = mm.fork();
  child.writeU32(BASE, 2);
  assert.equal(mm.readU32(BASE), 1);
  assert.equal(child.readU32(BASE), 2);
  assert.equal(child.virtualSize, mm.virtualSize);
});

Deno.test("fork shares shared memory, touched before or after", () => {
  const engine = fakeEngine();
  const mm = new Mm(engine);
  fixed(mm, 0, 32, { object: new SharedMemory(engine, 32), vmFlags: VM_MAY_ALL | Vm.shared });
  mm.writeU32(BASE, 1);
  const child = mm.fork();
  child.writeU32(BASE, 2);
  child.writeU32(BASE + 31 * K, 3);
  assert.deepEqual([mm.readU32(BASE), mm.readU32(BASE + 31 * K)], [2, 3]);
});

Deno.test("fork leaves MADV_DONTFORK out and empties MADV_WIPEONFORK", () => {
  const mm = new Mm(fakeEngine());
  fixed(mm, 0, 3);
  for (let i = 0; i < 3; i++) mm.writeU32(BASE + i * K, 5);
  assert.equal(madvise(mm, BASE, K, MADV_DONTFORK, false), 0);
  assert.equal(madvise(mm, BASE + K, K, MADV_WIPEONFORK, false), 0);
  const child = mm.fork();
  assert.throws(() => child.readU32(BASE), UserFault);
  assert.equal(child.readU32(BASE + K), 0);
  assert.equal(child.readU32(BASE + 2 * K), 5);
});

Deno.test("release by the last user frees storage and files", () => {
  const mm = new Mm(fakeEngine()), object = new FakeObject(1);
  fixed(mm, 0, 1, { object });
  mm.addUser();
  mm.release();
  assert.equal(object.references, 1);
  mm.release();
  assert.equal(object.references, 0);
  assert.equal((mm.space as FakeSpace).freed, true);
});

Deno.test("MADV_DONTNEED makes private memory zero again", () => {
  const mm = new Mm(fakeEngine());
  fixed(mm, 0, 2);
  mm.writeU32(BASE, 5);
  mm.writeU32(BASE + K, 6);
  assert.equal(madvise(mm, BASE, K, MADV_DONTNEED, false), 0);
  assert.deepEqual([mm.readU32(BASE), mm.readU32(BASE + K)], [0, 6]);
});

Deno.test("madvise reports holes after serving the rest", () => {
  const mm = new Mm(fakeEngine());
  fixed(mm, 0);
  fixed(mm, 2);
  mm.writeU32(BASE + 2 * K, 6);
  assert.equal(madvise(mm, BASE, 3 * K, MADV_DONTNEED, false), -ENOMEM);
  assert.equal(mm.readU32(BASE + 2 * K), 0);
  assert.equal(madvise(mm, BASE, K, 999, false), -EINVAL);
});

Deno.test("mapsText has the columns of /proc/self/maps", () => {
  const mm = new Mm(fakeEngine());
  fixed(mm, 0, 1, { object: new FakeObject(4), prot: 5, pageOffset: 3 });
  fixed(mm, 16, 1);
  mm.startBrk = BASE + 16 * K;
  mm.brk = BASE + 17 * K;
  assert.equal(
    mm.mapsText(),
    "00100000-00101000 r-xp 00003000 00:07 42                                 /fake\n" +
      "00110000-00111000 rw-p 00000000 00:00 0                                  [heap]\n",
  );
});

Deno.test("readString stops at NUL and at the limit", () => {
  const mm = new Mm(fakeEngine());
  fixed(mm, 0);
  mm.writeBytes(BASE + K - 4, new Uint8Array([0x61, 0xff, 0x63, 0]));
  assert.equal(mm.readString(BASE + K - 4, 4096), "a\xffc");
  assert.equal(mm.readString(BASE + K - 4, 2), "a\xff");
  mm.writeU8(BASE + K - 1, 1);
  assert.throws(() => mm.readString(BASE + K - 4, 4096), UserFault);
});

Deno.test("values that straddle pages are read and written whole", () => {
  const mm = new Mm(fakeEngine());
  fixed(mm, 0, 2);
  mm.writeU64(BASE + K - 3, 0x1122334455667788n);
  assert.equal(mm.readU64(BASE + K - 3), 0x1122334455667788n);
  mm.writeLong(BASE + K - 5, -2);
  assert.equal(mm.readLong(BASE + K - 5), -2);
  assert.equal(mm.readI32(BASE + K - 1), -1);
});

Deno.test("writes fault before they change anything of a value that straddles into nothing", () => {
  const mm = new Mm(fakeEngine());
  fixed(mm, 0);
  assert.throws(() => mm.writeU32(BASE + K - 2, 0xffffffff), UserFault);
  assert.equal(mm.readU16(BASE + K - 2), 0);
});

Deno.test("writableSegments end at the first page that may not be written", () => {
  const mm = new Mm(fakeEngine());
  fixed(mm, 0, 2);
  fixed(mm, 2, 1, { prot: 1 });
  let length = 0;
  for (const segment of mm.writableSegments(BASE + 100, 3 * K)) length += segment.length;
  assert.equal(length, 2 * K - 100);
  assert.throws(() => mm.writableSegments(BASE + 2 * K, 1).next(), UserFault);
});

Deno.test("readIovec refuses what readv refuses", () => {
  const mm = new Mm(fakeEngine());
  fixed(mm, 0, 8);
  mm.writeU64(BASE, 0x1000n);
  mm.writeU64(BASE + 8, 5n);
  assert.deepEqual(mm.readIovec(BASE, 1), [{ base: 0x1000, length: 5 }]);
  assert.equal(mm.readIovec(BASE, 1025), -EINVAL);
  mm.writeU64(BASE + 8, 2n ** 63n);
  assert.equal(mm.readIovec(BASE, 1), -EINVAL);
});

Deno.test("msync ends with the error of the object that cannot write its pages back", () => {
  const mm = new Mm(fakeEngine()), ranges: number[][] = [];
  class FullObject extends FakeObject {
    sync(first: number, end: number): number {
      ranges.push([first, end]);
      return first === 1 ? -ENOSPC : 0;
    }
  }
  fixed(mm, 0, 2, { flags: MAP_FIXED, vmFlags: Vm.shared | VM_MAY_ALL, object: new FullObject(4) });
  assert.equal(msync(mm, BASE, K, MS_SYNC), 0);
  assert.equal(msync(mm, BASE + K, K, MS_SYNC), -ENOSPC);
  assert.deepEqual(ranges, [[0, 1], [1, 2]]);
});
