/**
 * The pages of one process in one WebAssembly memory: guest address = WebAssembly address (plus a constant), one
 * rights byte per page. Pages come into being when touched: a rights byte says what the kernel allows and, apart
 * from that, what may be done directly; an access that is allowed but not yet possible ends in {@link touch}.
 */
import { type Access, type AddressSpace, type Frame, PAGE_SIZE, Prot, type Va, type WatchKind } from "../engine.ts";
import { type Link, WasmFrame } from "./frame.ts";
import { areFarPages, FarWindows, placeOf } from "./far_windows.ts";
import { BLOCKS, FAR_WINDOW, FixedHandler, GUEST_LIMIT, GUEST_PAGES, HOT, PageBits } from "./layout.ts";
import { PLAIN_BLOCKS, RECORD, RegionRecord, WINDOW } from "./layout.ts";
import type { FrameBlocks } from "./frame_blocks.ts";
import type { EngineMemory, GuestMemory } from "./memory.ts";
import type { MemoryPool } from "./memory_pool.ts";
import type { CodeRun } from "./translator/region_object.ts";
import type { Translator } from "./translator/translator.ts";
import type { Predecoder } from "./predecode.ts";
import { type WatchHit, Watchpoints } from "./watchpoints.ts";

const { read, write, exec, present, mapped, allowedShift, allowedMask } = PageBits;

/** A load from a writable or executable page works on arm64 Linux too: there is no write-only or execute-only page. */
const withRead = (prot: Prot): Prot => prot & (Prot.write | Prot.exec) ? prot | Prot.read : prot;

/** How far from a computed branch its targets are looked for, in bytes: functions with large switches have some ten KiB. */
const TARGETS_NEAR = 32768;
/**
 * Arrivals that make a target of computed branches part of a region whose root is hot. Measured, in seconds, with a loop
 * in Lua and with SQLite: a half of the root's 3.4, 4.05; a quarter 3.35, 3.9; a sixteenth 2.75, 3.8; a 64th 2.75, 4.0.
 */
const HOT_TARGET = HOT / 16;

const NO_BREAKPOINTS: ReadonlySet<Va> = new Set();

/** Where a computed branch went, and which one it was that went there last: see {@link sourceOf}. */
export interface ComputedTarget {
  readonly at: Va;
  readonly source: number;
}

/** What an address space has from its engine. */
export interface SpaceParts {
  readonly engine: EngineMemory;
  readonly memories: MemoryPool;
  readonly predecoder: Predecoder;
  readonly frameBlocks: FrameBlocks;
  /** Undefined: the interpreter alone, or not yet loaded. */
  readonly translator: Translator | undefined;
  /** There is something to translate; undefined: not now. */
  wantTranslator(): Translator | undefined;
  /** A program is there: perhaps what was translated of it before came too late the last time. */
  programStarted(program: string): void;
  /** Address spaces in use. */
  readonly spaces: Set<WasmAddressSpace>;
}

export class WasmAddressSpace implements AddressSpace {
  readonly far: FarWindows;
  readonly memory: GuestMemory;
  readonly #parts: SpaceParts;
  readonly #u8: Uint8Array;
  /** The view that was made last. */
  #lastView: Uint8Array;
  readonly #links = new Map<number, SpaceLink>();
  /** Blocks of pages that are not shared, by page. */
  readonly #blocks = new Map<number, number>();
  /** Plain blocks, by page. */
  readonly #plain = new Map<number, number>();
  /** Pages with an entry in the block table. */
  readonly #attached = new Set<number>();
  readonly #breakpoints = new Set<Va>();
  #watchpoints: Watchpoints | undefined;
  /** One past the highest page that was ever mapped: what {@link free} has to clean. */
  #top = 0;
  /** Which program it holds, by a name made of its content. */
  #program: string | undefined;

  constructor(parts: SpaceParts) {
    this.#parts = parts;
    parts.spaces.add(this);
    this.memory = parts.memories.take();
    this.#u8 = this.#lastView = this.memory.u8;
    this.far = new FarWindows(this.#u8);
  }

  get limit(): Va {
    return this.far.limit;
  }

  get program(): string | undefined {
    return this.#program;
  }
  setProgram(program: string): void {
    const { engine, spaces } = this.#parts;
    this.#program = undefined;
    const isAlone = [...spaces].every(({ program }) => program === undefined);
    this.#program = program;
    // What a shell has arrived at is not forgotten with each command that it starts.
    if (isAlone) engine.coolAll();
    this.#parts.programStarted(program);
  }

  // ---- mapping ------------------------------------------------------------------------------------------------

  mapZero(va: Va, length: number, prot: Prot): void {
    for (const [from, to] of this.#ranges(va, length)) {
      this.#drop(from, to);
      this.#u8.fill(mapped | (withRead(prot) << allowedShift), from, to);
    }
  }

  mapFrame(va: Va, frame: Frame, prot: Prot): void {
    const [page] = this.#range(this.#near(va), PAGE_SIZE);
    this.#drop(page, page + 1);
    this.#link(page, frame as WasmFrame, false);
    this.#u8[page] = mapped | (withRead(prot) << allowedShift);
  }

  own(va: Va, prot: Prot): void {
    const page = this.#near(va) / PAGE_SIZE;
    this.#makePresent(page);
    const link = this.#links.get(page);
    if (link) this.#unlink(link);
    this.#grant(page, prot);
  }

  unmap(va: Va, length: number): void {
    for (const [from, to] of this.#ranges(va, length)) {
      this.#drop(from, to);
      this.#u8.fill(0, from, to);
    }
  }

  protect(va: Va, length: number, prot: Prot): void {
    for (const [from, to] of this.#ranges(va, length)) this.#protect(from, to, prot);
  }
  #protect(from: number, to: number, prot: Prot): void {
    const u8 = this.#u8, allowed = withRead(prot);
    for (let page = from; page < to; page++) {
      const bits = u8[page]!;
      if (!(bits & mapped)) continue;
      if (bits & present) this.#grant(page, prot);
      else u8[page] = mapped | (allowed << allowedShift);
    }
    if (!(prot & Prot.exec)) this.#detachRange(from, to);
  }

  move(fromVa: Va, toVa: Va, length: number): void {
    if (Math.max(fromVa, toVa) + length <= this.limit) return this.#move(fromVa, toVa, length);
    for (let at = 0, step; at < length; at += step) {
      const from = fromVa + at, to = toVa + at, left = (va: Va) => FAR_WINDOW - va % FAR_WINDOW;
      step = Math.min(length - at, left(from), left(to));
      this.#move(this.#near(from), this.#near(to), step);
    }
  }
  #move(fromVa: Va, toVa: Va, length: number): void {
    const [from, end] = this.#range(fromVa, length);
    const [to] = this.#range(toVa, length);
    this.#drop(to, to + (end - from));
    this.#detachRange(from, end);
    for (let i = 0; i < end - from; i++) {
      const bits = this.#u8[from + i]!;
      const link = this.#links.get(from + i);
      if (link) {
        // The copy here may be the original: bring it home, and let the new place fetch it again.
        const { frame, copyOnWrite } = link;
        frame.settle();
        this.#unlink(link);
        this.#link(to + i, frame, copyOnWrite);
        this.#u8[to + i] = bits & (mapped | allowedMask);
      } else {
        if (bits & present) {
          this.#ensure(to + i);
          this.#bytes(to + i).set(this.#bytes(from + i));
        }
        this.#u8[to + i] = bits & ~(this.#watchpoints?.withheld(to + i) ?? 0);
      }
      this.#dropBlock(from + i);
      this.#u8[from + i] = 0;
    }
  }

  query(va: Va): Prot | undefined {
    const near = this.#near(va), bits = near >= 0 ? this.#u8[Math.floor(near / PAGE_SIZE)]! : 0;
    return bits & mapped ? (bits & allowedMask) >> allowedShift : undefined;
  }

  isShared(va: Va): boolean {
    const link = this.#links.get(Math.floor(this.#near(va) / PAGE_SIZE));
    return link !== undefined && link.frame.links.size > 1;
  }

  copyTo(childSpace: AddressSpace, va: Va, length: number): void {
    const child = childSpace as WasmAddressSpace;
    child.#program ??= this.#program;
    child.far.inherit(this.far);
    for (const [from, to] of this.#ranges(va, length)) this.#copyTo(child, from, to);
  }
  #copyTo(child: WasmAddressSpace, from: number, to: number): void {
    child.#range(from * PAGE_SIZE, (to - from) * PAGE_SIZE);
    child.#drop(from, to);
    const u8 = this.#u8, childU8 = child.#u8;
    for (let page = from; page < to; page++) {
      const bits = u8[page]!;
      childU8[page] = bits & (mapped | allowedMask);
      let link = this.#links.get(page);
      if (link === undefined) {
        if (!(bits & present)) continue;
        // A private page becomes a snapshot that both hold until one writes. Its content stays here meanwhile.
        const frame = new WasmFrame();
        link = this.#link(page, frame, true);
        frame.owner = link;
        u8[page] = bits & ~write;
        const block = this.#blocks.get(page);
        if (block !== undefined && !this.#hasBreakpointIn(page)) {
          this.#parts.frameBlocks.adopt(frame, block);
          this.#blocks.delete(page);
        }
      }
      child.#link(page, link.frame, link.copyOnWrite);
    }
  }

  // ---- access -------------------------------------------------------------------------------------------------

  /**
   * Makes an access possible that the kernel allows: fills, fetches or copies the page. False if it is not allowed,
   * which is the guest's fault.
   */
  touch(va: Va, access: Access): boolean {
    const near = this.#near(va);
    // The kernel grants no right to execute what is far.
    return near >= 0 && this.#touch(Math.floor(near / PAGE_SIZE), access);
  }
  #touch(page: number, access: Access): boolean {
    const bits = this.#u8[page]!;
    const need = access === "write" ? write : access === "read" ? read : exec;
    if (!((bits & allowedMask) >> allowedShift & need)) return false;
    this.#makePresent(page);
    const link = this.#links.get(page);
    if (link && need === write) {
      if (link.copyOnWrite) {
        if (link.frame.owner === link && link.frame.links.size > 1) link.frame.settle();
        this.#unlink(link);
      } else {
        link.frame.acquire(link);
        link.forgetCode();
      }
    }
    this.#grant(page, (this.#u8[page]! & allowedMask) >> allowedShift);
    return true;
  }

  view(va: Va, length: number, access: "read" | "write", force = false): Uint8Array | undefined {
    const { limit } = this.far;
    if (va >= 0 && va < limit) length = Math.min(length, limit - va);
    else {
      length = Math.min(length, FAR_WINDOW - va % FAR_WINDOW);
      va = this.#near(va);
      if (!(va >= 0)) return undefined;
    }
    if (!(length > 0)) return undefined;
    const need = access === "write" ? write : read;
    const u8 = this.#u8;
    const first = Math.floor(va / PAGE_SIZE), last = Math.floor((va + length - 1) / PAGE_SIZE);
    let page = first;
    for (; page <= last; page++) {
      if (u8[page]! & need) continue;
      if (this.#touch(page, access)) continue;
      if (!force || !this.#force(page, access)) break;
    }
    if (page === first) return undefined;
    const at = placeOf(va), size = Math.min(va + length, page * PAGE_SIZE) - va;
    // Programs read and write with the same buffer again and again; to make a view takes an eighth of such a call.
    const known = this.#lastView;
    if (known.byteOffset === at && known.length === size) return known;
    // Made in three quarters of the time that subarray takes.
    return this.#lastView = new Uint8Array(u8.buffer, at, size);
  }

  get data(): DataView {
    return this.memory.view;
  }
  place(va: Va, length: number, access: "read" | "write"): number {
    const within = va % PAGE_SIZE;
    // Written so that NaN fails as well.
    if (!(va >= 0 && within + length <= PAGE_SIZE)) return -1;
    if (va >= this.far.limit && (va = this.#near(va)) < 0) return -1;
    const need = access === "write" ? write : read;
    return (this.#u8[(va - within) / PAGE_SIZE]! & need) !== 0 ? placeOf(va) : -1;
  }

  /** Makes a mapped page accessible to the host in spite of its rights, which stay as they are. */
  #force(page: number, access: "read" | "write"): boolean {
    const bits = this.#u8[page]!;
    if (!(bits & mapped)) return false;
    this.#makePresent(page);
    const link = this.#links.get(page);
    if (access === "write" && link) {
      if (link.copyOnWrite && link.frame.owner === link && link.frame.links.size > 1) link.frame.settle();
      this.#unlink(link);
    }
    this.#grant(page, (bits & allowedMask) >> allowedShift);
    return true;
  }

  free(): void {
    this.#parts.spaces.delete(this);
    this.#parts.translator?.forget(this);
    this.memory.mayAccess = undefined;
    // All at once: a map that shrinks link by link is copied many times.
    this.#links.forEach((link) => {
      link.frame.detach(link);
      this.#parts.frameBlocks.unlinked(link.frame);
    });
    this.#links.clear();
    this.#drop(0, this.#top);
    this.#u8.fill(0, 0, this.#top);
    this.far.clear();
    this.#parts.memories.giveBack(this.memory);
  }

  // ---- code ---------------------------------------------------------------------------------------------------

  /** Gives the page of `va` a decoded block, to be filled as it is executed; false if it may not be executed. */
  attachCode(va: Va): boolean {
    if (va >= GUEST_LIMIT || !this.touch(va, "execute")) return false;
    const page = Math.floor(va / PAGE_SIZE);
    this.#attach(page, this.#blockOf(page));
    return true;
  }

  /** Regions of earlier runs have come. */
  meetRegions(): void {
    for (const page of this.#attached) this.#parts.translator?.warmUp(this, page);
  }

  /** The same for the table of plain blocks. */
  attachPlain(va: Va): boolean {
    if (!this.attachCode(va)) return false;
    const page = Math.floor(va / PAGE_SIZE);
    let block = this.#plain.get(page);
    if (block === undefined) {
      block = this.#parts.engine.allotBlock();
      this.#plain.set(page, block);
    }
    this.memory.u32[(PLAIN_BLOCKS >> 2) + page] = block;
    return true;
  }

  /** Decodes from `va` on, in one of the blocks of its page. */
  decodeAt(va: Va, block: number): void {
    const page = Math.floor(va / PAGE_SIZE);
    const isPlain = this.memory.u32[(BLOCKS >> 2) + page] !== block;
    this.#parts.predecoder.decodeRun(this.#bytes(page), va, block, this.#breakpoints, !isPlain);
    if (!isPlain) this.#parts.translator?.warmUp(this, page);
  }

  /** Gives the region table the length that records may refer to; due before every run. */
  fitRegions(): void {
    if (this.memory.slots < this.#parts.engine.slots) this.#parts.translator!.fit(this.memory);
  }
  /** Has the code from `va` on translated, now or when the translator has come: it is still hot then. */
  translateHot(va: Va): void {
    if (this.#parts.wantTranslator() === undefined) this.#parts.engine.cool(va, 0);
    else if (!this.#leadsToRegion(va)) this.translate(va);
  }
  /**
   * Whether the record of `va` leads to a region that is rooted there. A record that other mappings of the page share
   * may have been made to lead to theirs: then this one's is put in place again.
   */
  #leadsToRegion(va: Va): boolean {
    const record = this.#recordOf(va), { u16, i32 } = this.#parts.engine;
    return record !== undefined && u16[record >> 1] === FixedHandler.region &&
      i32[(record + RegionRecord.root) >> 2] === va / 4;
  }
  /** Address in engine memory of an instruction's record; undefined if its page has no decoded block. */
  #recordOf(va: Va): number | undefined {
    const block = va < GUEST_LIMIT ? this.memory.u32[(BLOCKS >> 2) + Math.floor(va / PAGE_SIZE)]! : 0;
    return block === 0 ? undefined : block + (va & 0xffc) * (RECORD / 4);
  }
  /** Puts what is translated of the code from `va` on in place here. */
  translate(va: Va): void {
    const { translator } = this.#parts;
    if (translator === undefined) return this.leaveRegion(va);
    translator.translate(this, va);
  }

  /** For the translator: control was met at an address. @param link what the link register holds there */
  sample(va: Va, link: Va): void {
    this.#parts.translator?.sample(this, va, link);
  }

  /** For the translator: the instruction word at an address, if it has been decoded or all is to be translated. */
  codeWord(va: Va): number | undefined {
    if (!this.#attached.has(Math.floor(va / PAGE_SIZE))) return undefined;
    const handler = this.#parts.engine.u16[this.#recordOf(va)! >> 1];
    // Translated code ends before a breakpoint and leaves to the interpreter, which stops.
    if (handler === FixedHandler.breakpoint) return undefined;
    const isUnknown = handler === FixedHandler.undecoded;
    if (isUnknown && (!this.#parts.engine.translatesAll || this.#breakpoints.has(va))) return undefined;
    return this.memory.word(va);
  }

  /** For the translator: where computed branches near an address seem to go often, the most often first. */
  computedTargets(va: Va): ComputedTarget[] {
    const { engine } = this.#parts, targets: (ComputedTarget & { count: number })[] = [];
    const end = Math.min(va + TARGETS_NEAR, GUEST_LIMIT);
    for (let at = Math.max(va - TARGETS_NEAR, 0); at < end; at += 4) {
      const arrivals = engine.computedArrivals(at);
      if (arrivals === undefined || arrivals.count < HOT_TARGET || this.codeWord(at) === undefined) continue;
      targets.push({ at, ...arrivals });
    }
    return targets.sort((a, b) => b.count - a.count);
  }

  /** For the translator: whether exactly this code can be executed here, and stops nowhere. */
  holdsCode(code: readonly CodeRun[]): boolean {
    for (const { start, words } of code) {
      let attached = -1;
      for (let i = 0; i < words.length; i++) {
        const va = start + 4 * i, page = Math.floor(va / PAGE_SIZE);
        if (page !== attached && this.memory.u32[(BLOCKS >> 2) + page] === 0 && !this.attachCode(va)) return false;
        attached = page;
        if (this.memory.word(va) !== words[i] || this.#breakpoints.has(va)) return false;
      }
    }
    return true;
  }

  /** For the translator: makes the record of a root lead to its region. */
  enterRegion(va: Va, slot: number): void {
    const record = this.#recordOf(va), { u16, i32 } = this.#parts.engine;
    if (record === undefined) return;
    i32[(record + RegionRecord.slot) >> 2] = slot;
    i32[(record + RegionRecord.root) >> 2] = va / 4;
    u16[record >> 1] = FixedHandler.region;
  }

  invalidateCode(va: Va, length: number): void {
    const end = va + length;
    this.#parts.translator?.invalidate(this, va, end);
    for (let page = Math.floor(va / PAGE_SIZE); page * PAGE_SIZE < end; page++) {
      this.#resetRecords(this.#plain.get(page), page, va, end);
      const block = this.#blocks.get(page);
      // A shared block was decoded from content that no store of this process has changed: see touch and own.
      this.#resetRecords(block, page, va, end);
    }
  }
  #resetRecords(block: number | undefined, page: number, va: Va, end: Va): void {
    if (block === undefined) return;
    // Addresses have more bits than & leaves.
    const first = Math.max(va, page * PAGE_SIZE), from = first - first % 4, to = Math.min(end, (page + 1) * PAGE_SIZE);
    for (let at = from; at < to; at += 4) {
      this.#parts.engine.u16[(block + (at & 0xffc) * (RECORD / 4)) >> 1] = FixedHandler.undecoded;
    }
  }

  setBreakpoint(va: Va, on: boolean): void {
    if (on) this.#breakpoints.add(va);
    else this.#breakpoints.delete(va);
    if (va >= GUEST_LIMIT) return; // where nothing is executed
    // From now on the page has a block of its own.
    const page = Math.floor(va / PAGE_SIZE);
    if (!this.#blocks.has(page)) {
      this.#detach(page);
      this.#blocks.set(page, this.#parts.engine.allotBlock());
    }
    this.invalidateCode(va, 4);
  }

  /**
   * Has the instruction at `va` executed in spite of a breakpoint there: from a block in which there is none, while
   * the page's own, and what is translated from it, stay as they are. Returns what ends that; undefined where there
   * is no breakpoint.
   */
  setBreakpointAside(va: Va): (() => void) | undefined {
    if (!this.#breakpoints.has(va) || !this.attachCode(va)) return undefined;
    const { engine, predecoder } = this.#parts, { u32 } = this.memory;
    const page = Math.floor(va / PAGE_SIZE), entry = (BLOCKS >> 2) + page;
    const own = u32[entry]!, aside = engine.allotBlock();
    predecoder.decodeRun(this.#bytes(page), va, aside, NO_BREAKPOINTS, false);
    u32[entry] = aside;
    return () => {
      if (u32[entry] === aside) u32[entry] = own;
      engine.freeBlock(aside);
    };
  }

  #hasBreakpointIn(page: number): boolean {
    for (const va of this.#breakpoints) if (Math.floor(va / PAGE_SIZE) === page) return true;
    return false;
  }

  // ---- watchpoints --------------------------------------------------------------------------------------------

  setWatchpoint(va: Va, length: number, kind: WatchKind, on: boolean): void {
    // Of far addresses those that are in use: they are watched where they are in the window.
    const near = this.#near(va);
    if (!(length > 0 && near >= 0 && this.#near(va + length - 1) === near + length - 1)) {
      throw new RangeError(`not a range of guest addresses: 0x${va.toString(16)} + 0x${length.toString(16)}`);
    }
    const points = this.#watchpoints ??= new Watchpoints();
    const [from, to] = points.set({ va: near, length, kind }, on);
    // Rights that are no longer withheld come back when they are needed.
    for (let page = from; page < to; page++) this.#u8[page] = this.#u8[page]! & ~points.withheld(page);
    this.memory.mayAccess = (address, size, need) => this.#mayAccess(address, size, need);
  }

  /** An access without the plain right: it may be made if the right is only withheld, and no watched byte is met. */
  #mayAccess(address: Va, size: number, need: number): boolean {
    const va = this.#near(address);
    if (!(va >= 0 && this.#near(address + size - 1) === va + size - 1)) return false;
    let withheld = 0;
    for (let page = Math.floor(va / PAGE_SIZE); page * PAGE_SIZE < va + size; page++) {
      if (!(this.#directRights(page) & need)) return false;
      withheld |= this.#watchpoints!.withheld(page);
      // Not withheld, merely not granted yet: touch grants.
      if (!((this.#u8[page]! | this.#watchpoints!.withheld(page)) & need)) return false;
    }
    return (withheld & need) !== 0 && !this.#watchpoints!.hits(va, size, need);
  }

  /** The access that ended the last run, if a watchpoint did. */
  takeWatchHit(): WatchHit | undefined {
    const hit = this.#watchpoints?.takeHit();
    return hit && { ...hit, address: this.far.address(hit.address) };
  }

  /** For the translator: there is no region at this root after all. */
  leaveRegion(va: Va): void {
    const record = this.#recordOf(va), { u16 } = this.#parts.engine;
    if (record !== undefined && u16[record >> 1] === FixedHandler.region) u16[record >> 1] = FixedHandler.undecoded;
  }

  #blockOf(page: number): number {
    const own = this.#blocks.get(page);
    if (own !== undefined) return own;
    const link = this.#links.get(page);
    if (link && !this.#hasBreakpointIn(page)) return this.#parts.frameBlocks.of(link.frame);
    const block = this.#parts.engine.allotBlock();
    this.#blocks.set(page, block);
    return block;
  }
  #attach(page: number, block: number): void {
    this.memory.u32[(BLOCKS >> 2) + page] = block;
    if (this.#attached.has(page)) return;
    this.#attached.add(page);
    this.#parts.engine.warm(page);
    this.#parts.translator?.warmUp(this, page);
  }
  #detach(page: number): void {
    if (!this.#attached.delete(page)) return;
    this.memory.u32[(BLOCKS >> 2) + page] = 0;
    const plain = this.#plain.get(page);
    if (plain !== undefined) {
      this.memory.u32[(PLAIN_BLOCKS >> 2) + page] = 0;
      this.#plain.delete(page);
      this.#parts.engine.freeBlock(plain);
    }
    this.#parts.translator?.invalidate(this, page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  }
  #detachRange(from: number, to: number): void {
    if (this.#attached.size === 0) return;
    if (to - from < this.#attached.size) { for (let page = from; page < to; page++) this.#detach(page); }
    else for (const page of this.#attached) if (page >= from && page < to) this.#detach(page);
  }
  #dropBlock(page: number): void {
    this.#detach(page);
    const block = this.#blocks.get(page);
    if (block === undefined) return;
    this.#blocks.delete(page);
    this.#parts.engine.freeBlock(block);
  }

  // ---- pages --------------------------------------------------------------------------------------------------

  #range(va: Va, length: number): [from: number, to: number] {
    const from = va / PAGE_SIZE, to = from + length / PAGE_SIZE;
    const areNear = from >= 0 && to <= GUEST_PAGES;
    if (!Number.isInteger(from) || !Number.isInteger(to) || !(areNear || areFarPages(from, to))) {
      throw notPages(va, length);
    }
    if (areNear && to > this.#top) this.#top = to;
    return [from, to];
  }

  /** Where an address is in the window: itself, or what {@link FarWindows} say; -1: nowhere. */
  #near(va: Va): Va {
    return va >= 0 && va < this.far.limit ? va : this.far.near(va);
  }
  /** The pages of a range, in pieces that lie together in the window; of far windows those that are there. */
  #ranges(va: Va, length: number): (readonly [from: number, to: number])[] {
    if (va + length <= this.far.limit) return [this.#range(va, length)];
    if (va < this.far.from) throw notPages(va, length);
    const ranges = [];
    for (let at = va, step; at < va + length; at += step) {
      step = Math.min(va + length - at, FAR_WINDOW - at % FAR_WINDOW);
      const near = this.#near(at);
      if (near >= 0) ranges.push(this.#range(near, step));
    }
    return ranges;
  }

  /** Forgets frames and code of a range; rights bytes are the caller's. */
  #drop(from: number, to: number): void {
    if (this.#links.size > 0) {
      if (to - from < this.#links.size) {
        for (let page = from; page < to; page++) this.#dropLink(page);
      } else for (const page of this.#links.keys()) if (page >= from && page < to) this.#dropLink(page);
    }
    if (this.#blocks.size > 0) {
      for (const page of this.#blocks.keys()) if (page >= from && page < to) this.#dropBlock(page);
    }
    this.#detachRange(from, to);
  }
  #dropLink(page: number): void {
    const link = this.#links.get(page);
    if (link) this.#unlink(link);
  }

  #link(page: number, frame: WasmFrame, copyOnWrite: boolean): SpaceLink {
    const link = new SpaceLink(this, page, frame, copyOnWrite);
    this.#links.set(page, link);
    frame.links.add(link);
    return link;
  }
  #unlink(link: SpaceLink): void {
    link.frame.detach(link);
    this.#links.delete(link.page);
    this.#detach(link.page); // its block was the frame's
    this.#parts.frameBlocks.unlinked(link.frame);
  }

  #bytes(page: number): Uint8Array {
    const at = placeOf(page * PAGE_SIZE);
    return this.#u8.subarray(at, at + PAGE_SIZE);
  }

  /** Makes the storage of a page exist. */
  #ensure(page: number): void {
    this.memory.ensure(placeOf(page * PAGE_SIZE) + PAGE_SIZE - WINDOW);
  }
  #makePresent(page: number): void {
    const bits = this.#u8[page]!;
    if (bits & present) return;
    this.#ensure(page);
    this.memory.touchedBytes += PAGE_SIZE;
    const link = this.#links.get(page);
    if (link) link.frame.fetch(link);
    else this.putPage(page, undefined);
    this.#u8[page] = bits | present;
  }

  /** Sets the rights of a present page: writing directly only where nobody else holds a copy. */
  #grant(page: number, prot: Prot): void {
    this.#u8[page] = mapped | present | (withRead(prot) << allowedShift);
    this.#u8[page] |= this.#directRights(page) & ~(this.#watchpoints?.withheld(page) ?? 0);
  }

  /** What may be done directly with a page as it is now, were nothing watched. */
  #directRights(page: number): number {
    const bits = this.#u8[page]!;
    if (!(bits & present)) return 0;
    const direct = (bits & allowedMask) >> allowedShift & (read | write);
    const link = this.#links.get(page);
    return link && (link.copyOnWrite || link.frame.owner !== link) ? direct & ~write : direct;
  }

  /** For links: the page's bytes. */
  pageBytes(page: number): Uint8Array {
    return this.#bytes(page);
  }
  /** For links: sets the page's bytes. */
  putPage(page: number, content: Uint8Array | undefined): void {
    const at = placeOf(page * PAGE_SIZE);
    if (content === undefined) this.#u8.fill(0, at, at + PAGE_SIZE);
    else this.#u8.set(content, at);
  }
  /** For links: whether the content is here. */
  pagePresent(page: number): boolean {
    return (this.#u8[page]! & present) !== 0;
  }
  /** For links: takes rights away. */
  pageClear(page: number, bits: number): void {
    this.#u8[page] = this.#u8[page]! & ~bits;
  }
  /** For links: the decoded block no longer holds. */
  pageForgetCode({ page, frame }: SpaceLink): void {
    this.#detach(page);
    this.#parts.frameBlocks.drop(frame);
    this.#resetRecords(this.#blocks.get(page), page, page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  }
}

const notPages = (va: Va, length: number): RangeError =>
  new RangeError(`not a range of guest pages: 0x${va.toString(16)} + 0x${length.toString(16)}`);

class SpaceLink implements Link {
  constructor(
    readonly space: WasmAddressSpace,
    readonly page: number,
    readonly frame: WasmFrame,
    readonly copyOnWrite: boolean,
  ) {}
  bytes(): Uint8Array {
    return this.space.pageBytes(this.page);
  }
  put(content: Uint8Array | undefined): void {
    this.space.putPage(this.page, content);
  }
  isPresent(): boolean {
    return this.space.pagePresent(this.page);
  }
  denyWrite(): void {
    this.space.pageClear(this.page, write);
  }
  invalidate(): void {
    this.space.pageClear(this.page, present | read | write);
    this.forgetCode();
  }
  forgetCode(): void {
    this.space.pageForgetCode(this);
  }
}
