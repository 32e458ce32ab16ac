/**
 * The pages of one process, in translation tables that the CPU walks. A page is private (a count of one), a snapshot
 * that a fork left to several processes (a higher count: read-only until somebody writes, who then gets a copy), or
 * shared ({@link ./shared_page.ts}).
 */
import { type Access, type AddressSpace, type Frame, PAGE_SIZE, Prot, type Va, type WatchKind } from "../engine.ts";
import { type DebugCapacity, DebugPoints } from "./debug.ts";
import type { Maintenance, TlbUser } from "./maintenance.ts";
import { PageTable } from "./page_table.ts";
import type { Ram } from "./ram.ts";
import { SharedPage, type SharedPages } from "./shared_page.ts";

/** Addresses have 48 bits. */
const LIMIT = 2 ** 48;

/** A load from a writable or executable page works on arm64 Linux too: there is no write-only or execute-only page. */
const withRead = (prot: Prot): Prot => prot & (Prot.write | Prot.exec) ? prot | Prot.read : prot;

export class HypervisorSpace implements AddressSpace, TlbUser {
  readonly limit: Va = LIMIT;
  asid = 0;
  generation = 0;
  readonly debug: DebugPoints;
  readonly #table: PageTable;
  readonly #ram: Ram;
  readonly #maintenance: Maintenance;

  /** @throws {RangeError} when guest memory is used up */
  constructor(private readonly pages: SharedPages, capacity: DebugCapacity) {
    this.debug = new DebugPoints(capacity);
    this.#ram = pages.ram;
    this.#maintenance = pages.maintenance;
    this.#table = new PageTable(pages.ram);
  }

  /** What TTBR0_EL1 is to be while the space runs: the root, and the ASID above. */
  ttbr0(): bigint {
    return BigInt(this.#table.ipa) | BigInt(this.#maintenance.asidOf(this)) << 48n;
  }

  // ---- mapping ------------------------------------------------------------------------------------------------

  mapZero(va: Va, length: number, prot: Prot): void {
    this.#check(va, length);
    for (let at = va; at < va + length; at += PAGE_SIZE) {
      this.#replace(this.#table.make(at), at, this.#ram.allot(true), withRead(prot), false);
    }
  }

  mapFrame(va: Va, frame: Frame, prot: Prot): void {
    this.#check(va, PAGE_SIZE);
    this.#replace(this.#table.make(va), va, (frame as SharedPage).map(), withRead(prot), true);
  }

  own(va: Va, prot: Prot): void {
    const at = this.#table.find(va);
    if (at === undefined || !this.#table.isMapped(at)) return;
    this.#privatise(at, va);
    this.#set(at, va, this.#table.page(at), withRead(prot), false);
  }

  unmap(va: Va, length: number): void {
    this.#check(va, length);
    this.#table.visit(va, length, (at, from, count) => {
      for (let i = 0; i < count; i++) this.#drop(at + 2 * i, from + i * PAGE_SIZE);
    });
  }

  protect(va: Va, length: number, prot: Prot): void {
    this.#check(va, length);
    const table = this.#table;
    table.visit(va, length, (at, from, count) => {
      for (let i = 0; i < count; i++, at += 2, from += PAGE_SIZE) {
        if (table.isMapped(at)) this.#set(at, from, table.page(at), withRead(prot), table.isFrame(at));
      }
    });
  }

  move(fromVa: Va, toVa: Va, length: number): void {
    this.#check(fromVa, length);
    this.unmap(toVa, length);
    const table = this.#table;
    table.visit(fromVa, length, (at, from, count) => {
      for (let i = 0; i < count; i++, at += 2, from += PAGE_SIZE) {
        if (!table.isMapped(at)) continue;
        const to = toVa + (from - fromVa);
        this.#set(table.make(to), to, table.page(at), table.allowed(at), table.isFrame(at));
        this.#forget(at, from);
      }
    });
  }

  query(va: Va): Prot | undefined {
    const at = this.#find(va);
    return at === undefined ? undefined : this.#table.allowed(at);
  }

  isShared(va: Va): boolean {
    const at = this.#find(va);
    return at !== undefined && this.#ram.refs(this.#table.page(at)) > 1;
  }

  copyTo(childSpace: AddressSpace, va: Va, length: number): void {
    const child = childSpace as HypervisorSpace, table = this.#table;
    this.#check(va, length);
    table.visit(va, length, (at, from, count) => {
      for (let i = 0; i < count; i++, at += 2, from += PAGE_SIZE) {
        if (!table.isMapped(at)) continue;
        const page = table.page(at), prot = table.allowed(at), isFrame = table.isFrame(at);
        // Made first: it may fail for lack of memory, and then nothing has been counted.
        const copy = child.#table.make(from);
        this.#ram.hold(page);
        child.#replace(copy, from, page, prot, isFrame);
        if (table.isWritable(at) && !isFrame) this.#set(at, from, page, prot, false);
      }
    });
  }

  // ---- access -------------------------------------------------------------------------------------------------

  /** Makes an access possible that the kernel allows: gives a writer its copy. False if it is the guest's fault. */
  touch(va: Va, access: Access): boolean {
    const at = this.#find(va);
    if (at === undefined) return false;
    const prot = this.#table.allowed(at);
    const need = access === "write" ? Prot.write : access === "read" ? Prot.read : Prot.exec;
    if (!(prot & need)) return false;
    if (access === "write" && !this.#table.isWritable(at)) this.#makeWritable(at, va);
    return true;
  }

  view(va: Va, length: number, access: "read" | "write", force = false): Uint8Array | undefined {
    if (!(va >= 0 && va < LIMIT) || length <= 0) return undefined;
    const within = va % PAGE_SIZE, start = va - within, end = Math.min(va + length, LIMIT);
    let first = -1, next = -1, at = start;
    for (; at < end; at += PAGE_SIZE) {
      const entry = this.#find(at);
      if (entry === undefined) break;
      if (!this.touch(at, access)) {
        if (!force) break;
        if (access === "write") this.#makeWritable(entry, at);
      }
      const page = this.#table.page(entry);
      if (first < 0) first = page;
      else if (page !== next) break;
      next = page + 1;
      if (access === "write") this.#hostWrites(entry, page);
    }
    if (first < 0) return undefined;
    const from = first * PAGE_SIZE + within;
    return this.#ram.u8.subarray(from, from + Math.min(at, end) - va);
  }

  get data(): DataView {
    return this.#ram.view;
  }
  place(va: Va, length: number, access: "read" | "write"): number {
    const within = va % PAGE_SIZE, start = va - within;
    // Written so that NaN fails as well.
    if (!(va >= 0 && va < LIMIT && within + length <= PAGE_SIZE)) return -1;
    const entry = this.#find(start);
    if (entry === undefined || !this.touch(start, access)) return -1;
    const page = this.#table.page(entry);
    if (access === "write") this.#hostWrites(entry, page);
    return page * PAGE_SIZE + within;
  }

  invalidateCode(va: Va, length: number): void {
    for (let page = va - va % PAGE_SIZE; page < va + length; page += PAGE_SIZE) {
      const at = this.#find(page);
      if (at !== undefined) this.#maintenance.codeWritten(this.#table.page(at));
    }
  }

  setBreakpoint(va: Va, on: boolean): void {
    this.debug.setBreakpoint(va, on);
  }
  setWatchpoint(va: Va, length: number, kind: WatchKind, on: boolean): void {
    this.debug.setWatchpoint(va, length, kind, on);
  }

  free(): void {
    const table = this.#table;
    table.visitAll((at, _, count) => {
      for (let i = 0; i < count; i++, at += 2) {
        if (table.isMapped(at)) this.#release(table.page(at), table.isFrame(at));
      }
    });
    table.free();
    this.#maintenance.freed(this);
  }

  // ---- pages --------------------------------------------------------------------------------------------------

  #check(va: Va, length: number): void {
    if (va % PAGE_SIZE !== 0 || length % PAGE_SIZE !== 0 || va < 0 || length < 0 || va + length > LIMIT) {
      throw new RangeError(`not a range of guest pages: 0x${va.toString(16)} + 0x${length.toString(16)}`);
    }
  }

  /** The descriptor of a mapped page. */
  #find(va: Va): number | undefined {
    if (!(va >= 0 && va < LIMIT)) return undefined;
    const at = this.#table.find(va);
    return at !== undefined && this.#table.isMapped(at) ? at : undefined;
  }

  /** Writes a descriptor; the page's count is the caller's. */
  #set(at: number, va: Va, page: number, prot: Prot, isFrame: boolean): void {
    const { u32 } = this.#ram, low = u32[at]!, high = u32[at + 1]!;
    // First execution of what the host wrote, as Linux does it (arch/arm64/mm/flush.c: __sync_icache_dcache).
    if (prot & Prot.exec && !this.#ram.markSynced(page)) this.#maintenance.codeWritten(page);
    this.#table.set(at, page, prot, isFrame, isFrame || this.#ram.refs(page) === 1);
    // The TLB holds valid entries only (Arm ARM D8.16): others need no invalidation.
    if (low & 1 && (low !== u32[at] || high !== u32[at + 1])) this.#maintenance.changed(this, va);
  }

  #replace(at: number, va: Va, page: number, prot: Prot, isFrame: boolean): void {
    this.#drop(at, va);
    this.#set(at, va, page, prot, isFrame);
  }

  #drop(at: number, va: Va): void {
    if (!this.#table.isMapped(at)) return;
    this.#release(this.#table.page(at), this.#table.isFrame(at));
    this.#forget(at, va);
  }
  #forget(at: number, va: Va): void {
    if (this.#table.isValid(at)) this.#maintenance.changed(this, va);
    this.#table.clear(at);
  }

  #release(page: number, isFrame: boolean): void {
    if (isFrame) this.pages.byPage.get(page)!.unmap();
    else if (this.#ram.release(page) === 0) this.#ram.free(page);
  }

  /** Gives a page that others have too a copy of its own. */
  #privatise(at: number, va: Va): void {
    const table = this.#table, page = table.page(at), isFrame = table.isFrame(at);
    if (!isFrame && this.#ram.refs(page) === 1) return;
    const copy = this.#ram.allot(false);
    this.#ram.bytes(copy).set(this.#ram.bytes(page));
    this.#release(page, isFrame);
    this.#set(at, va, copy, table.allowed(at), false);
  }

  #makeWritable(at: number, va: Va): void {
    const table = this.#table;
    if (!table.isFrame(at)) this.#privatise(at, va);
    this.#set(at, va, table.page(at), table.allowed(at), table.isFrame(at));
  }

  /** The host is about to write: instructions in the page must be seen. */
  #hostWrites(at: number, page: number): void {
    if (this.#table.allowed(at) & Prot.exec) this.#maintenance.codeWritten(page);
    else this.#ram.markWritten(page);
  }
}
