import assert from "node:assert/strict";
import { PAGE_SIZE, Prot } from "../engine.ts";
import { HypervisorSpace } from "./address_space.ts";
import { Maintenance } from "./maintenance.ts";
import { Ram } from "./ram.ts";
import { SharedPage, type SharedPages } from "./shared_page.ts";

const IPA = 2 ** 30, A = 0x10_000, B = 0x7f_ffff_f000, rw = Prot.read | Prot.write;
const NO_DEBUG = { breakpoints: 0, watchpoints: 0 };

/** A machine's memory without a CPU: what a CPU would see is read out of the tables. */
function machine(mib = 24) {
  const ram = new Ram(new ArrayBuffer(mib * 2 ** 20), IPA);
  const pages: SharedPages = { ram, maintenance: new Maintenance(0, 1), byPage: new Map() };
  return { ram, pages, space: () => new HypervisorSpace(pages, NO_DEBUG) };
}

/** Walks the tables as the CPU does: level by level from TTBR0 (Arm ARM D8.2). */
function walk(ram: Ram, space: HypervisorSpace, va: number) {
  let table = space.ttbr0() & 0xffff_ffff_f000n;
  for (const shift of [39, 30, 21, 12]) {
    const index = Math.floor(va / 2 ** shift) % 512;
    const entry = ram.u64[(Number(table) - IPA) / 8 + index]!;
    if ((entry & 1n) === 0n) return undefined;
    table = entry & 0xffff_ffff_f000n;
    if (shift === 12) {
      return {
        page: (Number(table) - IPA) / PAGE_SIZE,
        writable: (entry & 0x80n) === 0n,
        exec: (entry >> 54n & 1n) === 0n,
      };
    }
  }
  return undefined;
}

Deno.test("mapZero: the tables lead to zeroed pages with the rights, low and high", () => {
  const { ram, space } = machine(), s = space();
  s.mapZero(A, PAGE_SIZE, rw);
  s.mapZero(B, PAGE_SIZE, Prot.read | Prot.exec);
  assert.deepEqual([walk(ram, s, A)!.writable, walk(ram, s, A)!.exec], [true, false]);
  assert.deepEqual([walk(ram, s, B)!.writable, walk(ram, s, B)!.exec], [false, true]);
  assert.deepEqual(s.view(A, 8, "read"), new Uint8Array(8));
  assert.equal(walk(ram, s, A + PAGE_SIZE), undefined);
});

Deno.test("protect: none makes a page fault and keeps its content", () => {
  const { ram, space } = machine(), s = space();
  s.mapZero(A, PAGE_SIZE, rw);
  s.view(A, 1, "write")![0] = 7;
  s.protect(A, PAGE_SIZE, Prot.none);
  assert.equal(walk(ram, s, A), undefined);
  assert.equal(s.query(A), Prot.none);
  assert.equal(s.view(A, 1, "read"), undefined);
  assert.equal(s.view(A, 1, "read", true)![0], 7);
  s.protect(A, PAGE_SIZE, rw);
  assert.equal(s.view(A, 1, "read")![0], 7);
});

Deno.test("copyTo: one page for both until one writes; the last one keeps it without a copy", () => {
  const { ram, space } = machine(), parent = space(), child = space();
  parent.mapZero(A, PAGE_SIZE, rw);
  parent.view(A, 1, "write")![0] = 1;
  parent.copyTo(child, A, PAGE_SIZE);
  const { page } = walk(ram, parent, A)!;
  assert.equal(walk(ram, child, A)!.page, page);
  assert.ok(!walk(ram, parent, A)!.writable && !walk(ram, child, A)!.writable);
  assert.ok(parent.isShared(A));
  assert.ok(child.touch(A, "write"));
  assert.notEqual(walk(ram, child, A)!.page, page);
  child.view(A, 1, "write")![0] = 2;
  assert.equal(parent.view(A, 1, "read")![0], 1);
  assert.ok(parent.touch(A, "write"));
  assert.deepEqual(walk(ram, parent, A), { page, writable: true, exec: false });
  assert.ok(!parent.isShared(A));
});

Deno.test("mapFrame: stores are everyone's; own takes a copy", () => {
  const { pages, space } = machine(), one = space(), two = space();
  const frame = new SharedPage(pages, new Uint8Array([5]));
  one.mapFrame(A, frame, rw);
  two.mapFrame(B, frame, Prot.read);
  one.view(A, 1, "write")![0] = 6;
  assert.equal(two.view(B, 1, "read")![0], 6);
  frame.write(0, new Uint8Array([7]));
  assert.equal(one.view(A, 1, "read")![0], 7);
  two.own(B, rw);
  two.view(B, 1, "write")![0] = 8;
  assert.equal(one.view(A, 1, "read")![0], 7);
  one.unmap(A, PAGE_SIZE);
  const content = new Uint8Array(2);
  frame.read(0, content);
  assert.deepEqual([...content], [7, 0]);
});

Deno.test("move: pages with their content and rights, and nothing stays behind", () => {
  const { ram, space } = machine(), s = space();
  s.mapZero(A, 2 * PAGE_SIZE, rw);
  s.view(A + PAGE_SIZE, 1, "write")![0] = 3;
  s.move(A, B - PAGE_SIZE, 2 * PAGE_SIZE);
  assert.equal(s.query(A), undefined);
  assert.equal(s.view(B, 1, "read")![0], 3);
  assert.ok(walk(ram, s, B)!.writable);
});

Deno.test("view: as far as the pages are neighbours in memory, never beyond the rights", () => {
  const { space } = machine(), s = space();
  s.mapZero(A, 3 * PAGE_SIZE, rw);
  assert.equal(s.view(A + 1, 3 * PAGE_SIZE, "read")!.length, 3 * PAGE_SIZE - 1);
  s.protect(A + PAGE_SIZE, PAGE_SIZE, Prot.none);
  assert.equal(s.view(A, 3 * PAGE_SIZE, "read")!.length, PAGE_SIZE);
  assert.equal(s.view(-1, 1, "read"), undefined);
});

Deno.test("free: pages and tables can be used again, zeroed", () => {
  const { space } = machine(17);
  for (let round = 0; round < 100; round++) {
    const s = space();
    s.mapZero(A, 16 * PAGE_SIZE, rw);
    assert.equal(s.view(A, 1, "read")![0], 0);
    s.view(A, 1, "write")![0] = 1;
    s.free();
  }
  const s = space();
  assert.throws(() => s.mapZero(A, 2 ** 20, rw), RangeError);
});

Deno.test("shared pages that are mapped nowhere give their place up when memory is short", () => {
  const { pages, space } = machine(17), s = space();
  const frames = Array.from({ length: 100 }, (_, i) => new SharedPage(pages, new Uint8Array([i])));
  for (const frame of frames) {
    s.mapFrame(A, frame, Prot.read);
    s.unmap(A, PAGE_SIZE);
  }
  s.mapZero(A, 200 * PAGE_SIZE, rw);
  const content = new Uint8Array(1);
  frames.forEach((frame, i) => {
    frame.read(0, content);
    assert.equal(content[0], i);
  });
});

Deno.test("Maintenance: a valid entry that changes is invalidated, others are not; many pages become one", () => {
  const { ram, pages, space } = machine(), s = space(), control = 0x10000;
  const { maintenance } = pages;
  s.ttbr0(); // it has run
  s.mapZero(A, 64 * PAGE_SIZE, rw);
  maintenance.flush(ram, control);
  assert.deepEqual(maintenance.counts, { tlbiPage: 0, tlbiSpace: 0, tlbiAll: 0, codePages: 0 });
  s.protect(A, PAGE_SIZE, Prot.read);
  s.protect(A, PAGE_SIZE, Prot.read);
  maintenance.flush(ram, control);
  assert.equal(maintenance.counts.tlbiPage, 1);
  s.protect(A, 64 * PAGE_SIZE, Prot.none);
  maintenance.flush(ram, control);
  assert.deepEqual([maintenance.counts.tlbiPage, maintenance.counts.tlbiSpace], [1, 1]);
});

Deno.test("Maintenance: ASIDs are given out anew when all are in use, after everything is invalidated", () => {
  const { ram, pages, space } = machine(), { maintenance } = pages;
  const spaces = Array.from({ length: 256 }, space);
  const asids = new Set(spaces.slice(0, 255).map((s) => s.ttbr0() >> 48n));
  assert.equal(asids.size, 255);
  assert.ok(!asids.has(0n));
  const first = spaces[0]!.ttbr0();
  spaces[255]!.ttbr0();
  maintenance.flush(ram, 0x10000);
  assert.equal(maintenance.counts.tlbiAll, 1);
  assert.notEqual(spaces[0]!.ttbr0(), first);
});

Deno.test("Maintenance.asidsOf gives spaces that run together ASIDs of one generation, or says that there are too few", () => {
  const { pages, space } = machine(), { maintenance } = pages;
  const early = space();
  early.ttbr0();
  for (let i = 0; i < 254; i++) space().ttbr0();
  // The next ASID takes all others back, that of the early one too.
  const late = space();
  assert.ok(maintenance.asidsOf([early, late, early]));
  assert.notEqual(early.asid, late.asid);
  assert.equal(early.generation, late.generation);
  maintenance.count = 3;
  assert.equal(maintenance.asidsOf([space(), space(), space()]), false);
});

Deno.test("an executable page is made visible to the instruction side once, and again when the host writes", () => {
  const { ram, pages, space } = machine(), s = space(), { maintenance } = pages;
  const code = () => {
    maintenance.flush(ram, 0x10000);
    return maintenance.counts.codePages;
  };
  const frame = new SharedPage(pages, new Uint8Array([1]));
  s.mapFrame(A, frame, Prot.read | Prot.exec);
  assert.equal(code(), 1);
  space().mapFrame(B, frame, Prot.read | Prot.exec);
  assert.equal(code(), 1);
  frame.write(0, new Uint8Array([2]));
  assert.equal(code(), 2);
});
