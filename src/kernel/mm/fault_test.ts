import assert from "node:assert/strict";
import { BUS_ADRERR, SEGV_ACCERR, SEGV_MAPERR, SI_KERNEL, SIGBUS, SIGKILL, SIGSEGV } from "../abi/signal.ts";
import { MAP_FIXED } from "../abi/mman.ts";
import { FakeObject } from "./fake_object.ts";
import { fakeEngine, FakeSpace } from "./fake_space.ts";
import { FAULT_AROUND, forceView } from "./fault.ts";
import { map, type MapRequest } from "./map.ts";
import { Mm } from "./mm.ts";
import { Vm, VM_MAY_ALL } from "./vma.ts";

const K = 4096;
const newMm = () => new Mm(fakeEngine());
const at = (mm: Mm, request: Partial<MapRequest> & { length: number }) =>
  map(mm, { address: 0x100000, prot: 3, flags: MAP_FIXED, ...request });
const shared = VM_MAY_ALL | Vm.shared;

Deno.test("handleFault says SEGV_MAPERR where nothing is mapped", () => {
  const mm = newMm();
  for (const va of [0, 0x100000, 2 ** 34, 2 ** 63, NaN]) {
    assert.deepEqual(mm.handleFault(va, "read"), { signal: SIGSEGV, code: SEGV_MAPERR });
  }
});

Deno.test("handleFault says SEGV_ACCERR where the right is missing", () => {
  const mm = newMm();
  at(mm, { length: K, prot: 1 });
  assert.deepEqual(mm.handleFault(0x100000, "write"), { signal: SIGSEGV, code: SEGV_ACCERR });
  assert.deepEqual(mm.handleFault(0x100000, "execute"), { signal: SIGSEGV, code: SEGV_ACCERR });
  at(mm, { length: K, prot: 0 });
  assert.deepEqual(mm.handleFault(0x100000, "read"), { signal: SIGSEGV, code: SEGV_ACCERR });
});

Deno.test("handleFault lets write-only and execute-only pages be read, as arm64 does", () => {
  const mm = newMm();
  at(mm, { length: K, prot: 4 });
  assert.equal(mm.handleFault(0x100000, "read"), "ok");
  assert.equal(mm.space.query(0x100000), 5);
});

Deno.test("handleFault brings zero pages in groups that stay within the area", () => {
  const mm = newMm();
  at(mm, { length: 64 * K });
  assert.equal(mm.handleFault(0x100000 + 20 * K, "write"), "ok");
  assert.equal((mm.space as FakeSpace).pages.size, FAULT_AROUND / K);
  assert.equal(mm.resident.anonymous, FAULT_AROUND / K);
});

Deno.test("handleFault does not touch neighbours that are present", () => {
  const mm = newMm();
  at(mm, { length: 4 * K });
  mm.writeU32(0x101000, 5);
  mm.dropPages(0x100000, 0x101000);
  assert.equal(mm.handleFault(0x100000, "read"), "ok");
  assert.equal(mm.readU32(0x101000), 5);
});

Deno.test("handleFault says SIGBUS behind the end of a file", () => {
  const mm = newMm();
  at(mm, { length: 4 * K, object: new FakeObject(2) });
  assert.equal(mm.readU8(0x101000), 2);
  assert.deepEqual(mm.handleFault(0x102000, "read"), { signal: SIGBUS, code: BUS_ADRERR });
});

Deno.test("a private file page is copied by its first write only", () => {
  const mm = newMm(), object = new FakeObject(1);
  at(mm, { length: K, object });
  assert.equal(mm.readU8(0x100000), 1);
  mm.writeU8(0x100000, 7);
  mm.writeU8(0x100001, 8);
  assert.deepEqual([mm.readU8(0x100000), mm.readU8(0x100001)], [7, 8]);
  assert.deepEqual([...object.frames[0]!.bytes.subarray(0, 2)], [1, 1]);
  assert.equal(mm.resident.anonymous, 1);
});

Deno.test("a shared file page is written in place, and the file is told before", () => {
  const mm = newMm(), object = new FakeObject(2, true);
  at(mm, { length: 2 * K, object, vmFlags: shared });
  mm.readU8(0x100000);
  assert.deepEqual(object.writtenPages, []);
  mm.writeU8(0x101000, 7);
  mm.writeU8(0x101001, 7);
  assert.deepEqual(object.writtenPages, [1]);
  assert.equal(object.frames[1]!.bytes[0], 7);
});

Deno.test("a stack grows to its limit and keeps its guard gap", () => {
  const mm = newMm();
  const top = 0x4000000;
  at(mm, { address: top - K, length: K, vmFlags: VM_MAY_ALL | Vm.growsDown });
  assert.equal(mm.handleFault(top - 100 * K, "write"), "ok");
  assert.equal(mm.vmas.find(top - 100 * K)?.start, top - 100 * K - FAULT_AROUND);
  assert.deepEqual(mm.handleFault(top - (8 << 20) - K, "write"), { signal: SIGSEGV, code: SEGV_MAPERR });
  at(mm, { address: top - 500 * K, length: K });
  assert.equal(mm.handleFault(top - 200 * K, "write"), "ok");
  assert.deepEqual(mm.handleFault(top - 300 * K, "write"), { signal: SIGSEGV, code: SEGV_MAPERR });
});

Deno.test("dropObjectPages makes truncated pages fault, copies included", () => {
  const mm = newMm(), object = new FakeObject(2);
  at(mm, { length: 2 * K, object });
  mm.writeU8(0x101000, 9);
  object.frames.length = 1;
  mm.dropObjectPages(object, 1, Infinity, true);
  assert.deepEqual(mm.handleFault(0x101000, "read"), { signal: SIGBUS, code: BUS_ADRERR });
  assert.equal(mm.resident.get(0x100000) !== 0, true);
});

Deno.test("forceView reads and copies what the guest itself may not touch", () => {
  const mm = newMm(), object = new FakeObject(1);
  at(mm, { length: K, prot: 0, object });
  assert.equal(forceView(mm, 0x100000, 1, "read")?.[0], 1);
  forceView(mm, 0x100000, 1, "write")![0] = 9;
  assert.equal(forceView(mm, 0x100000, 1, "read")?.[0], 9);
  assert.equal(object.frames[0]!.bytes[0], 1);
  assert.deepEqual(mm.handleFault(0x100000, "read"), { signal: SIGSEGV, code: SEGV_ACCERR });
});

Deno.test("a process that takes more memory than the machine has is killed", () => {
  const mm = newMm();
  at(mm, { length: 64 * K });
  mm.gauge.pages = mm.gauge.limit;
  assert.deepEqual(mm.handleFault(0x100000, "write"), { signal: SIGKILL, code: SI_KERNEL });
});

Deno.test("release gives the memory back to the machine", () => {
  const mm = newMm();
  at(mm, { length: 64 * K });
  mm.writeZeros(0x100000, 64 * K);
  assert.equal(mm.gauge.pages, 64);
  mm.fork().release();
  mm.release();
  assert.equal(mm.gauge.pages, 0);
});
