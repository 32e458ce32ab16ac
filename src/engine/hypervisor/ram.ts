/**
 * Guest memory, and who uses its pages. A page that several mappings share has a count of them; a page without any is
 * free, unless it holds the content of a {@link ./shared_page.ts | shared page} that may be mapped again.
 */
import { PAGE_SIZE } from "../engine.ts";
import { Frame, FRAMES, Place } from "./layout.ts";

/** Unmapped shared pages that stay in guest memory, so that the next process to map a library copies nothing: 32 MiB. */
const IDLE_PAGES = 8192;

const TWO32 = 2 ** 32;

/** Who lets an unmapped page go: takes the content home. */
export interface Evictable {
  evict(): void;
}

/**
 * There is no page left. The kernel answers with ENOMEM where it asks for a new address space; elsewhere it is the end
 * of the run, in one line.
 */
export class MemoryExhausted extends RangeError {
  override readonly name = "MemoryExhausted";
  readonly exitCode = 125;
  readonly hint = "use --engine wasm, whose memory is the host's";
  constructor() {
    super("guest memory is used up");
  }
}

export class Ram {
  readonly u8: Uint8Array;
  readonly view: DataView;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
  readonly size: number;
  /** Mappings of every page. */
  readonly #refs: Int32Array;
  /** 1: the instruction side has seen the page's content (Linux: PG_dcache_clean). */
  readonly #synced: Uint8Array;
  readonly #free: number[] = [];
  #next = Place.pages / PAGE_SIZE;
  readonly #end: number;
  readonly #freeFrames: number[] = [];
  #nextFrame = 0;
  readonly #idle = new Set<Evictable>();

  /** @param ipa guest physical address of the first byte */
  constructor(buffer: ArrayBuffer, readonly ipa: number) {
    this.size = buffer.byteLength;
    this.u8 = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.u32 = new Uint32Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.#end = this.size / PAGE_SIZE;
    this.#refs = new Int32Array(this.#end);
    this.#synced = new Uint8Array(this.#end);
  }

  // ---- pages --------------------------------------------------------------------------------------------------

  /**
   * Takes a page, with a count of one. Its content is zero, or anything if `zero` is false.
   *
   * @throws {RangeError} when there is none
   */
  allot(zero: boolean): number {
    let page = this.#free.pop();
    if (page !== undefined) {
      if (zero) this.bytes(page).fill(0);
    } else {
      if (this.#next === this.#end) this.#evictAll();
      page = this.#next < this.#end ? this.#next++ : this.#free.pop();
      if (page === undefined) throw new MemoryExhausted();
    }
    this.#refs[page] = 1;
    this.#synced[page] = 0;
    return page;
  }

  /** One mapping more. */
  hold(page: number): void {
    this.#refs[page]!++;
  }
  /** One mapping less. @returns how many are left; without any the page still has to be freed. */
  release(page: number): number {
    return --this.#refs[page]!;
  }
  refs(page: number): number {
    return this.#refs[page]!;
  }
  free(page: number): void {
    this.#free.push(page);
  }

  bytes(page: number): Uint8Array {
    return this.u8.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  }

  /** Whether the instruction side has seen the page; from now on it has. */
  markSynced(page: number): boolean {
    const was = this.#synced[page] === 1;
    this.#synced[page] = 1;
    return was;
  }
  /** The host has written to the page. */
  markWritten(page: number): void {
    this.#synced[page] = 0;
  }

  /** A shared page is mapped nowhere: keeps it for a while. */
  addIdle(page: Evictable): void {
    this.#idle.add(page);
    if (this.#idle.size <= IDLE_PAGES) return;
    const [oldest] = this.#idle;
    this.#idle.delete(oldest!);
    oldest!.evict();
  }
  removeIdle(page: Evictable): void {
    this.#idle.delete(page);
  }
  #evictAll(): void {
    for (const each of this.#idle) each.evict();
    this.#idle.clear();
  }

  // ---- frames of threads --------------------------------------------------------------------------------------

  /** Offset of a zeroed frame. @throws {RangeError} when there are too many threads */
  allotFrame(): number {
    const frame = this.#freeFrames.pop() ?? (this.#nextFrame < FRAMES ? this.#nextFrame++ : undefined);
    if (frame === undefined) throw new RangeError("too many guest threads");
    const offset = Place.frames + frame * Frame.size;
    this.u8.fill(0, offset, offset + Frame.size);
    return offset;
  }
  freeFrame(offset: number): void {
    this.#freeFrames.push((offset - Place.frames) / Frame.size);
  }

  // ---- words --------------------------------------------------------------------------------------------------

  /** A 64-bit word as a number: exact below 2^53. */
  word(offset: number): number {
    const at = offset / 4;
    return this.u32[at]! + this.u32[at + 1]! * TWO32;
  }
  setWord(offset: number, value: number): void {
    const at = offset / 4;
    this.u32[at] = value % TWO32;
    this.u32[at + 1] = Math.floor(value / TWO32);
  }
}
