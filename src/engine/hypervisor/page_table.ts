/**
 * The translation tables of one address space in guest memory: 4 KiB granule, 48-bit addresses, four levels (Arm ARM
 * D8.2, D8.3). The last level is found by a map in JavaScript, so that walking costs the host one look-up.
 *
 * A page's descriptor also keeps what the kernel allows, in the bits that are software's (58..55). One that is not valid
 * is ignored by the hardware in all other bits, so a page without any rights keeps its place.
 */
import { PAGE_SIZE, Prot, type Va } from "../engine.ts";
import type { Ram } from "./ram.ts";

/** Bytes covered by one last-level table. */
const REACH = 512 * PAGE_SIZE;
const TWO32 = 2 ** 32;

/** Low word: valid, page, EL0 may access (AP[1]), read-only (AP[2]), inner shareable, accessed, not global. */
const VALID = 1, PAGE = 2, EL0 = 1 << 6, READ_ONLY = 1 << 7, SHARED = 3 << 8, ACCESSED = 1 << 10, NOT_GLOBAL = 1 << 11;
/** High word: PXN (53), UXN (54), and software's four bits. */
const PXN = 1 << 21, UXN = 1 << 22, ALLOWED_SHIFT = 23, ALLOWED = 7 << ALLOWED_SHIFT, FRAME = 1 << 26;

/** Prot bits and software's bits have the same order. */
const allowedBits = (prot: Prot): number => prot << ALLOWED_SHIFT;

/** Called for a run of descriptors of one table: word index of the first in `ram.u32`, its address, how many. */
export type Visit = (at: number, va: Va, count: number) => void;

export class PageTable {
  readonly #root: number;
  /** Last-level tables by address / {@link REACH}: word index in ram.u32. */
  readonly #leaves = new Map<number, number>();
  /** Pages of the upper levels. */
  readonly #upper: number[] = [];
  #lastRegion = -1;
  #lastLeaf = 0;

  /** @throws {RangeError} when guest memory is used up */
  constructor(private readonly ram: Ram) {
    this.#root = this.#allot();
  }

  /** Guest physical address of the root. */
  get ipa(): number {
    return this.ram.ipa + this.#root * PAGE_SIZE;
  }

  #allot(): number {
    const page = this.ram.allot(true);
    this.#upper.push(page);
    return page;
  }

  /** Word index of the descriptor for `va`; undefined where there is no table. */
  find(va: Va): number | undefined {
    const region = Math.floor(va / REACH);
    let leaf;
    if (region === this.#lastRegion) leaf = this.#lastLeaf;
    else {
      leaf = this.#leaves.get(region);
      if (leaf === undefined) return undefined;
      this.#lastRegion = region;
      this.#lastLeaf = leaf;
    }
    return leaf + 2 * (Math.floor(va / PAGE_SIZE) % 512);
  }

  /** As {@link find}, with tables made where there are none. */
  make(va: Va): number {
    return this.find(va) ?? this.#makeLeaf(va);
  }

  #makeLeaf(va: Va): number {
    let table = this.#root;
    for (const size of [2 ** 39, 2 ** 30]) table = this.#next(table, Math.floor(va / size) % 512);
    const leaf = this.#next(table, Math.floor(va / REACH) % 512);
    this.#leaves.set(Math.floor(va / REACH), leaf * (PAGE_SIZE / 4));
    return this.find(va)!;
  }

  #next(table: number, index: number): number {
    const at = table * (PAGE_SIZE / 4) + 2 * index;
    if (this.ram.u32[at] === 0) {
      const page = this.#allot(), address = this.ram.ipa + page * PAGE_SIZE;
      this.ram.u32[at + 1] = Math.floor(address / TWO32);
      this.ram.u32[at] = (address % TWO32) + (PAGE | VALID);
      return page;
    }
    return this.page(at);
  }

  /** Visits the descriptors of a range, table by table, where there are tables. */
  visit(va: Va, length: number, visit: Visit): void {
    const end = va + length, first = Math.floor(va / REACH), last = Math.ceil(end / REACH);
    const region = (index: number, leaf: number) => {
      const from = Math.max(va, index * REACH), to = Math.min(end, (index + 1) * REACH);
      visit(leaf + 2 * (Math.floor(from / PAGE_SIZE) % 512), from, (to - from) / PAGE_SIZE);
    };
    if (last - first <= this.#leaves.size) {
      for (let index = first; index < last; index++) {
        const leaf = this.#leaves.get(index);
        if (leaf !== undefined) region(index, leaf);
      }
    } else {
      for (const [index, leaf] of this.#leaves) if (index >= first && index < last) region(index, leaf);
    }
  }

  /** Visits everything. */
  visitAll(visit: Visit): void {
    for (const [index, leaf] of this.#leaves) visit(leaf, index * REACH, 512);
  }

  /** Gives the tables back. */
  free(): void {
    for (const page of this.#upper) this.ram.free(page);
    this.#upper.length = 0;
    this.#leaves.clear();
    this.#lastRegion = -1;
  }

  // ---- descriptors --------------------------------------------------------------------------------------------

  isMapped(at: number): boolean {
    return this.ram.u32[at] !== 0;
  }
  isValid(at: number): boolean {
    return (this.ram.u32[at]! & VALID) !== 0;
  }
  /** Whether stores need no help. */
  isWritable(at: number): boolean {
    return (this.ram.u32[at]! & (VALID | READ_ONLY)) === VALID;
  }
  /** What the kernel allows. */
  allowed(at: number): Prot {
    return (this.ram.u32[at + 1]! & ALLOWED) >> ALLOWED_SHIFT;
  }
  /** Whether it maps a shared page. */
  isFrame(at: number): boolean {
    return (this.ram.u32[at + 1]! & FRAME) !== 0;
  }
  /** The page of guest memory. */
  page(at: number): number {
    const { u32 } = this.ram;
    return ((u32[at]! & 0xfffff000) >>> 12) + (u32[at + 1]! & 0xffff) * 2 ** 20 - this.ram.ipa / PAGE_SIZE;
  }

  clear(at: number): void {
    this.ram.u32[at] = 0;
    this.ram.u32[at + 1] = 0;
  }

  /**
   * Writes a descriptor.
   *
   * @param writable whether stores may be done, as far as `prot` allows them
   */
  set(at: number, page: number, prot: Prot, isFrame: boolean, writable: boolean): void {
    const address = this.ram.ipa + page * PAGE_SIZE;
    let low = PAGE | EL0 | SHARED | ACCESSED | NOT_GLOBAL;
    if (prot !== 0) low |= VALID;
    if (!(prot & Prot.write) || !writable) low |= READ_ONLY;
    let high = PXN | allowedBits(prot) | (isFrame ? FRAME : 0);
    if (!(prot & Prot.exec)) high |= UXN;
    this.ram.u32[at + 1] = Math.floor(address / TWO32) | high;
    this.ram.u32[at] = (address % TWO32) + low;
  }
}
