/** A test double of an engine's memory: pages in a Map, with the contract of `AddressSpace` checked on the way. */
import assert from "node:assert/strict";
import { type AddressSpace, type Frame, PAGE_SIZE, type Prot } from "../../engine/engine.ts";
import type { MmEngine } from "./mm.ts";

/** A page of plain bytes. */
export class FakeFrame implements Frame {
  readonly bytes = new Uint8Array(PAGE_SIZE);

  constructor(content?: Uint8Array) {
    if (content) this.bytes.set(content);
  }
  read(offset: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(offset, offset + into.length));
  }
  write(offset: number, from: Uint8Array): void {
    this.bytes.set(from, offset);
  }
}

interface FakePage {
  bytes: Uint8Array;
  prot: Prot;
  frame: FakeFrame | undefined;
}

/** Pages in a Map. Views reach to the end of a page. */
export class FakeSpace implements AddressSpace {
  readonly pages = new Map<number, FakePage>();
  freed = false;

  constructor(readonly limit = 2 ** 34) {}

  #each(va: number, length: number): number[] {
    assert.equal(va % PAGE_SIZE, 0, "page-aligned address");
    assert.equal(length % PAGE_SIZE, 0, "page-aligned length");
    assert.ok(va >= 0 && va + length <= this.limit, "within the window");
    assert.ok(!this.freed, "not freed");
    return Array.from({ length: length / PAGE_SIZE }, (_, i) => va + i * PAGE_SIZE);
  }

  mapZero(va: number, length: number, prot: Prot): void {
    for (const page of this.#each(va, length)) {
      this.pages.set(page, { bytes: new Uint8Array(PAGE_SIZE), prot, frame: undefined });
    }
  }
  mapFrame(va: number, frame: Frame, prot: Prot): void {
    assert.ok(frame instanceof FakeFrame);
    for (const page of this.#each(va, PAGE_SIZE)) this.pages.set(page, { bytes: frame.bytes, prot, frame });
  }
  own(va: number, prot: Prot): void {
    const page = this.pages.get(va);
    assert.ok(page?.frame, "own needs a page mapped from a frame");
    this.pages.set(va, { bytes: page.bytes.slice(), prot, frame: undefined });
  }
  unmap(va: number, length: number): void {
    for (const page of this.#each(va, length)) this.pages.delete(page);
  }
  protect(va: number, length: number, prot: Prot): void {
    for (const va_ of this.#each(va, length)) {
      const page = this.pages.get(va_);
      if (page) page.prot = prot;
    }
  }
  move(from: number, to: number, length: number): void {
    assert.ok(from + length <= to || to + length <= from, "no overlap");
    this.#each(to, length);
    for (const va of this.#each(from, length)) {
      const page = this.pages.get(va);
      this.pages.delete(va);
      if (page) this.pages.set(va - from + to, page);
      else this.pages.delete(va - from + to);
    }
  }
  isShared(_va: number): boolean {
    return false;
  }
  query(va: number): Prot | undefined {
    return this.pages.get(va - va % PAGE_SIZE)?.prot;
  }
  copyTo(child: AddressSpace, va: number, length: number): void {
    assert.ok(child instanceof FakeSpace);
    for (const at of this.#each(va, length)) {
      const page = this.pages.get(at);
      if (page) child.pages.set(at, { ...page, bytes: page.frame ? page.bytes : page.bytes.slice() });
    }
  }
  view(va: number, length: number, access: "read" | "write", force = false): Uint8Array | undefined {
    const offset = va % PAGE_SIZE;
    const page = this.pages.get(va - offset);
    if (page === undefined || (!force && !(page.prot & (access === "read" ? 1 : 2)))) return undefined;
    return page.bytes.subarray(offset, Math.min(PAGE_SIZE, offset + length));
  }
  readonly data = new DataView(new ArrayBuffer(0));
  place(): number {
    return -1;
  }
  invalidateCode(): void {}
  setBreakpoint(): void {}
  setWatchpoint(): void {}
  free(): void {
    this.freed = true;
    this.pages.clear();
  }
}

/** An engine that only has memory. */
export function fakeEngine(limit?: number): MmEngine {
  return {
    createAddressSpace: () => new FakeSpace(limit),
    createFrame: (content?: Uint8Array) => new FakeFrame(content),
  };
}
