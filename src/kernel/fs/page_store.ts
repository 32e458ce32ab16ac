/**
 * The content of a file in memory: chunks of 64 KiB that exist where something was written, and pages that became
 * engine frames because they were mapped.
 *
 * A page lives in one place only: in its frame once it has one, else in the chunk's bytes, else it is a hole and
 * reads as zeros. So mappings, read and write always agree. A store may lie over a read-only base (a file of the
 * sysroot): chunks are copied from it when first written.
 */
import { type Frame, PAGE_SIZE } from "../../engine/engine.ts";
import { ENOSPC } from "../abi/errno.ts";
import type { FrameSource } from "./superblock.ts";

const CHUNK = 65536, PAGES = CHUNK / PAGE_SIZE, ALL_PAGES = (1 << PAGES) - 1;
const NO_BYTES = new Uint8Array(0);

/** A read-only content below. */
export interface BaseContent {
  readonly size: number;
  /** Copies out bytes that lie within the size; a negative errno if the host fails. */
  read(into: Uint8Array, offset: number): number;
  /** A page shared by everybody who maps the base. */
  frame(pageIndex: number, source: FrameSource): Frame | undefined;
}

/** Grants storage: a file system's limit. */
export interface PageBudget {
  /** Takes pages (or gives back, when negative); false when there are not that many. */
  charge(pages: number): boolean;
}

interface Chunk {
  /** May be shorter than the chunk: the rest is zeros. */
  bytes: Uint8Array;
  /** Bit per page that has storage (or was allocated for it). */
  allocated: number;
  /** Bit per page that has content: lseek(2) takes what was only allocated for a hole. */
  data: number;
  frames: (Frame | undefined)[] | undefined;
}

function countBits(mask: number): number {
  let count = 0;
  for (; mask; mask &= mask - 1) count++;
  return count;
}

export class PageStore {
  readonly #chunks = new Map<number, Chunk>();
  #size: number;
  #pages = 0;
  /** Bytes of the base that still show through holes. */
  #baseSize: number;
  readonly #base: BaseContent | undefined;
  /** Chunks of which pages of the base are mapped. */
  readonly #lent = new Set<number>();
  readonly #replaced: (first: number, end: number) => void;

  /** @param replaced told of pages [first, end) that were mapped from the base and are now the store's own */
  constructor(
    readonly frames: FrameSource,
    readonly budget: PageBudget,
    base?: BaseContent,
    replaced: (first: number, end: number) => void = () => {},
  ) {
    this.#base = base;
    this.#replaced = replaced;
    this.#size = this.#baseSize = base?.size ?? 0;
  }

  get size(): number {
    return this.#size;
  }

  /** Pages that have storage. */
  get pages(): number {
    return this.#base ? Math.max(this.#pages, Math.ceil(this.#baseSize / PAGE_SIZE)) : this.#pages;
  }

  /** Whether nothing was written over the base. */
  get untouched(): boolean {
    return this.#chunks.size === 0;
  }

  /** Copies out at most up to the end; returns the count or a negative errno. */
  read(into: Uint8Array, offset: number): number {
    const length = Math.min(into.length, this.#size - offset);
    if (length <= 0) return 0;
    for (let done = 0; done < length;) {
      const position = offset + done, index = Math.floor(position / CHUNK), from = position - index * CHUNK;
      const count = Math.min(length - done, CHUNK - from);
      const piece = done === 0 && count === into.length ? into : into.subarray(done, done + count);
      const chunk = this.#chunks.get(index);
      if (chunk) readChunk(chunk, piece, from);
      else {
        const error = this.#readBase(piece, position);
        if (error < 0) return done > 0 ? done : error;
      }
      done += count;
    }
    return length;
  }

  /** Fills from the base, zeros behind it. */
  #readBase(piece: Uint8Array, position: number): number {
    const count = Math.min(piece.length, Math.max(0, this.#baseSize - position));
    if (count > 0) {
      const error = this.#base!.read(count === piece.length ? piece : piece.subarray(0, count), position);
      if (error < 0) return error;
    }
    if (count < piece.length) piece.fill(0, count);
    return 0;
  }

  /** Copies in, growing the file; returns the count, short or -ENOSPC when the budget ends. */
  write(from: Uint8Array, offset: number): number {
    const length = from.length;
    let done = 0;
    while (done < length) {
      const position = offset + done, index = Math.floor(position / CHUNK), at = position - index * CHUNK;
      const count = Math.min(length - done, CHUNK - at);
      const chunk = this.#writable(index, at, count);
      if (typeof chunk === "number") {
        if (done === 0) return chunk;
        break;
      }
      writeChunk(chunk, done === 0 && count === length ? from : from.subarray(done, done + count), at);
      done += count;
    }
    if (offset + done > this.#size) this.#size = offset + done;
    return done;
  }

  /** The chunk with storage for [at, at + count), or a negative errno. */
  #writable(index: number, at: number, count: number): Chunk | number {
    const chunk = this.#chunk(index);
    if (typeof chunk === "number") return chunk;
    const mask = pageMask(at, count), missing = mask & ~chunk.allocated;
    if (missing !== 0) {
      const pages = countBits(missing);
      if (!this.budget.charge(pages)) return -ENOSPC;
      this.#pages += pages;
      chunk.allocated |= mask;
    }
    chunk.data |= mask;
    const need = at + count;
    if (chunk.bytes.length < need) {
      const grown = new Uint8Array(need > CHUNK / 2 ? CHUNK : Math.max(64, 2 ** Math.ceil(Math.log2(need))));
      grown.set(chunk.bytes);
      chunk.bytes = grown;
    }
    return chunk;
  }

  /** The chunk at an index, copied from the base when it shows through there. */
  #chunk(index: number): Chunk | number {
    const known = this.#chunks.get(index);
    if (known) return known;
    const chunk: Chunk = { bytes: NO_BYTES, allocated: 0, data: 0, frames: undefined };
    const below = Math.min(CHUNK, this.#baseSize - index * CHUNK);
    if (below > 0) {
      const allocated = pageMask(0, below), pages = countBits(allocated);
      if (!this.budget.charge(pages)) return -ENOSPC;
      chunk.bytes = new Uint8Array(below);
      const error = this.#base!.read(chunk.bytes, index * CHUNK);
      if (error < 0) {
        this.budget.charge(-pages);
        return error;
      }
      chunk.allocated = chunk.data = allocated;
      this.#pages += pages;
    }
    this.#chunks.set(index, chunk);
    if (this.#lent.delete(index)) this.#replaced(index * PAGES, (index + 1) * PAGES);
    return chunk;
  }

  /**
   * The page as a frame; undefined past the end.
   *
   * @param shared the mapping may be written to: an untouched page of the base is copied, not shared
   */
  frame(pageIndex: number, shared: boolean): Frame | undefined {
    if (pageIndex < 0 || pageIndex * PAGE_SIZE >= this.#size) return undefined;
    const index = Math.floor(pageIndex / PAGES), page = pageIndex - index * PAGES;
    if (!shared && this.#base && !this.#chunks.has(index)) {
      // The base's last page holds what was cut off here.
      const whole = this.#baseSize === this.#base.size ? roundUp(this.#baseSize) : this.#baseSize;
      if ((pageIndex + 1) * PAGE_SIZE <= whole) {
        this.#lent.add(index);
        return this.#base.frame(pageIndex, this.frames);
      }
    }
    const chunk = this.#chunk(index);
    if (typeof chunk === "number") return undefined;
    const known = chunk.frames?.[page];
    if (known) return known;
    if ((chunk.allocated >> page & 1) === 0) {
      if (!this.budget.charge(1)) return undefined;
      this.#pages++;
      chunk.allocated |= 1 << page;
    }
    chunk.data |= 1 << page;
    const content = chunk.bytes.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
    const frame = this.frames.createFrame(content.length > 0 ? content : undefined);
    (chunk.frames ??= new Array(PAGES).fill(undefined))[page] = frame;
    return frame;
  }

  /** Sets the length; what appears reads as zeros, what goes is gone for mappings too. */
  truncate(size: number): void {
    const before = this.#size;
    this.#size = size;
    if (size < before) this.#clear(size, before);
    if (size >= this.#baseSize) return;
    this.#baseSize = size;
    // The base's page has still what was cut off.
    const cut = Math.floor(size / PAGE_SIZE);
    if (size % PAGE_SIZE !== 0 && this.#lent.has(Math.floor(cut / PAGES))) this.#replaced(cut, cut + 1);
  }

  /** Makes a range a hole; the length stays. */
  punch(start: number, end: number): number {
    // Where the base shows through, a chunk has to hide it.
    for (let index = Math.floor(start / CHUNK); index * CHUNK < Math.min(end, this.#baseSize); index++) {
      const chunk = this.#chunk(index);
      if (typeof chunk === "number") return chunk;
    }
    this.#clear(start, Math.min(end, roundUp(this.#size)));
    return 0;
  }

  /** Zeros [start, end) and frees whole pages in it. */
  #clear(start: number, end: number): void {
    const first = Math.floor(start / CHUNK), last = Math.floor((end - 1) / CHUNK);
    // A sparse file has few chunks and may be huge.
    const indices = last - first < this.#chunks.size
      ? Array.from({ length: last - first + 1 }, (_, i) => first + i)
      : [...this.#chunks.keys()].filter((index) => index >= first && index <= last);
    for (const index of indices) {
      const chunk = this.#chunks.get(index);
      if (!chunk) continue;
      const from = Math.max(0, start - index * CHUNK), to = Math.min(CHUNK, end - index * CHUNK);
      if (from === 0 && index * CHUNK >= this.#baseSize && (to === CHUNK || end >= this.#size)) {
        this.#free(countBits(chunk.allocated));
        this.#chunks.delete(index);
      } else this.#clearChunk(chunk, from, end >= this.#size ? CHUNK : to);
    }
  }

  #clearChunk(chunk: Chunk, from: number, to: number): void {
    chunk.bytes.fill(0, from, to);
    for (let page = Math.floor(from / PAGE_SIZE); page * PAGE_SIZE < to; page++) {
      const start = Math.max(from, page * PAGE_SIZE), end = Math.min(to, (page + 1) * PAGE_SIZE);
      if (end - start === PAGE_SIZE) {
        if (chunk.frames) chunk.frames[page] = undefined;
        if ((chunk.allocated >> page & 1) !== 0) this.#free(1);
        chunk.allocated &= ~(1 << page);
        chunk.data &= ~(1 << page);
      } else chunk.frames?.[page]?.write(start - page * PAGE_SIZE, new Uint8Array(end - start));
    }
  }

  #free(pages: number): void {
    this.#pages -= pages;
    this.budget.charge(-pages);
  }

  /** Takes storage for a range without writing (fallocate). */
  allocate(start: number, end: number): number {
    const added: [Chunk, number][] = [];
    for (let index = Math.floor(start / CHUNK); index * CHUNK < end; index++) {
      const chunk = this.#chunk(index);
      const from = Math.max(0, start - index * CHUNK), to = Math.min(CHUNK, end - index * CHUNK);
      const missing = typeof chunk === "number" ? 0 : pageMask(from, to - from) & ~chunk.allocated;
      if (typeof chunk === "number" || !this.budget.charge(countBits(missing))) {
        for (const [taken, mask] of added) {
          taken.allocated &= ~mask;
          this.#free(countBits(mask));
        }
        return -ENOSPC;
      }
      chunk.allocated |= missing;
      this.#pages += countBits(missing);
      added.push([chunk, missing]);
    }
    return 0;
  }

  /** The next byte at or after `offset` that is data (or in a hole); -1 if there is none before the end. */
  seek(offset: number, data: boolean): number {
    for (let position = offset; position < this.#size;) {
      if (this.#isData(position) === data) return position;
      position = this.#nextPage(position);
    }
    return data ? -1 : this.#size;
  }

  #isData(position: number): boolean {
    const index = Math.floor(position / CHUNK), chunk = this.#chunks.get(index);
    if (!chunk) return position < this.#baseSize;
    return (chunk.data >> Math.floor((position - index * CHUNK) / PAGE_SIZE) & 1) === 1;
  }

  /** The start of the next page; over a long hole, of the next chunk. */
  #nextPage(position: number): number {
    const index = Math.floor(position / CHUNK);
    if (this.#chunks.has(index) || position < this.#baseSize) return (Math.floor(position / PAGE_SIZE) + 1) * PAGE_SIZE;
    let next = Infinity;
    for (const key of this.#chunks.keys()) if (key > index && key < next) next = key;
    return next === Infinity ? this.#size : next * CHUNK;
  }

  /** Gives all storage back: the last name and the last open description are gone. */
  free(): void {
    this.#free(this.#pages);
    this.#chunks.clear();
    this.#size = this.#baseSize = 0;
  }
}

/** Bits of the pages that [at, at + count) of a chunk touches. */
function pageMask(at: number, count: number): number {
  if (count <= 0) return 0;
  const first = Math.floor(at / PAGE_SIZE), last = Math.floor((at + count - 1) / PAGE_SIZE);
  return ALL_PAGES >> (PAGES - 1 - last) & (ALL_PAGES << first);
}

function roundUp(size: number): number {
  return Math.ceil(size / PAGE_SIZE) * PAGE_SIZE;
}

function readBytes(chunk: Chunk, into: Uint8Array, from: number): void {
  const { bytes } = chunk, count = Math.min(into.length, bytes.length - from);
  if (count === into.length) {
    into.set(from === 0 && count === bytes.length ? bytes : bytes.subarray(from, from + count));
  } else {
    if (count > 0) into.set(bytes.subarray(from, from + count));
    into.fill(0, Math.max(0, count));
  }
}

function readChunk(chunk: Chunk, into: Uint8Array, from: number): void {
  if (!chunk.frames) return readBytes(chunk, into, from);
  for (let done = 0; done < into.length;) {
    const position = from + done, page = Math.floor(position / PAGE_SIZE), at = position - page * PAGE_SIZE;
    const piece = into.subarray(done, done + Math.min(into.length - done, PAGE_SIZE - at));
    const frame = chunk.frames[page];
    if (frame) frame.read(at, piece);
    else readBytes(chunk, piece, position);
    done += piece.length;
  }
}

function writeChunk(chunk: Chunk, from: Uint8Array, at: number): void {
  if (!chunk.frames) {
    chunk.bytes.set(from, at);
    return;
  }
  for (let done = 0; done < from.length;) {
    const position = at + done, page = Math.floor(position / PAGE_SIZE), start = position - page * PAGE_SIZE;
    const piece = from.subarray(done, done + Math.min(from.length - done, PAGE_SIZE - start));
    const frame = chunk.frames[page];
    if (frame) frame.write(start, piece);
    else chunk.bytes.set(piece, position);
    done += piece.length;
  }
}
