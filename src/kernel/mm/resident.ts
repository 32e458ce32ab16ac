/**
 * Which pages of an address space the engine holds, and what each of them is: the kernel's half of a page table.
 * It decides what a write fault means (copy a clean file page, note a dirty one), and carries the RSS accounts.
 */
import type { MemoryGauge } from "./memory_gauge.ts";

/** What a resident page is; one byte per page. */
export const Page = {
  absent: 0,
  /** Private storage: anonymous memory, or a file page after its copy. */
  private: 1,
  /** A frame in a private mapping, without the write right: the first write copies it. */
  clean: 2,
  /** A frame of a file in a shared mapping. */
  sharedFile: 3,
  /** The same, without the write right until the file has been told that it will be written. */
  sharedUnwritten: 4,
  /** A frame of shared memory. */
  shmem: 5,
} as const;
export type Page = number;

const PAGE = 4096;
const CHUNK_PAGES = 512;
const CHUNK_BYTES = CHUNK_PAGES * PAGE;

/** Page states, stored in chunks of 2 MiB of address space that exist only where something was touched. */
export class ResidentPages {
  #chunks = new Map<number, Uint8Array>();
  #lastIndex = -1;
  #lastChunk: Uint8Array | undefined;
  readonly #counts = new Float64Array(8);
  #peak = 0;

  constructor(private readonly gauge: MemoryGauge) {}

  #chunk(index: number): Uint8Array | undefined {
    if (index === this.#lastIndex) return this.#lastChunk;
    const chunk = this.#chunks.get(index);
    if (chunk !== undefined) {
      this.#lastIndex = index;
      this.#lastChunk = chunk;
    }
    return chunk;
  }

  /** State of the page that contains `va`. */
  get(va: number): Page {
    const index = Math.floor(va / CHUNK_BYTES);
    const chunk = this.#chunk(index);
    return chunk === undefined ? Page.absent : chunk[Math.floor((va - index * CHUNK_BYTES) / PAGE)]!;
  }

  /** Sets the state of all pages in a page-aligned range. */
  fill(start: number, end: number, state: Page): void {
    const counts = this.#counts;
    const before = counts[Page.private]!;
    for (let va = start; va < end;) {
      const index = Math.floor(va / CHUNK_BYTES);
      const base = index * CHUNK_BYTES;
      const stop = Math.min(end, base + CHUNK_BYTES);
      let chunk = this.#chunk(index);
      if (chunk === undefined && state !== Page.absent) {
        chunk = new Uint8Array(CHUNK_PAGES);
        this.#chunks.set(index, chunk);
        this.#lastIndex = index;
        this.#lastChunk = chunk;
      }
      if (chunk !== undefined) {
        const last = (stop - base) / PAGE;
        for (let page = (va - base) / PAGE; page < last; page++) {
          counts[chunk[page]!]!--;
          chunk[page] = state;
        }
        counts[state]! += (stop - va) / PAGE;
        if (state === Page.absent && stop - va === CHUNK_BYTES) {
          this.#chunks.delete(index);
          this.#lastIndex = -1;
        }
      }
      va = stop;
    }
    this.gauge.pages += counts[Page.private]! - before;
    const total = this.total;
    if (total > this.#peak) this.#peak = total;
  }

  /**
   * Calls `visit` for each maximal run of resident pages with the same state in a page-aligned range, in address
   * order. The visitor may change the state of pages of the run it was given.
   */
  runs(start: number, end: number, visit: (start: number, end: number, state: Page) => void): void {
    let runStart = 0, runEnd = 0, runState: Page = Page.absent;
    const scan = (index: number) => {
      const chunk = this.#chunks.get(index);
      if (chunk === undefined) return;
      const base = index * CHUNK_BYTES;
      const last = Math.min(CHUNK_PAGES, (end - base) / PAGE);
      for (let page = Math.max(0, (start - base) / PAGE); page < last; page++) {
        const state = chunk[page]!;
        const va = base + page * PAGE;
        if (state === runState && va === runEnd) {
          runEnd += PAGE;
          continue;
        }
        if (runState !== Page.absent) visit(runStart, runEnd, runState);
        runState = state;
        runStart = va;
        runEnd = va + PAGE;
      }
    };
    const first = Math.floor(start / CHUNK_BYTES), beyond = Math.ceil(end / CHUNK_BYTES);
    if (beyond - first <= this.#chunks.size) {
      for (let index = first; index < beyond; index++) scan(index);
    } else {
      const touched = [...this.#chunks.keys()].filter((index) => index >= first && index < beyond);
      for (const index of touched.sort((a, b) => a - b)) scan(index);
    }
    if (runState !== Page.absent) visit(runStart, runEnd, runState);
  }

  /** All pages are gone: the address space ends. */
  clear(): void {
    this.gauge.pages -= this.anonymous;
    this.#counts.fill(0);
    this.#chunks.clear();
    this.#lastIndex = -1;
  }

  /** Number of resident pages in a page-aligned range. */
  count(start: number, end: number): number {
    let pages = 0;
    this.runs(start, end, (a, b) => pages += (b - a) / PAGE);
    return pages;
  }

  /** Pages of anonymous memory (RssAnon). */
  get anonymous(): number {
    return this.#counts[Page.private]!;
  }
  /** Pages of files (RssFile). */
  get file(): number {
    return this.#counts[Page.clean]! + this.#counts[Page.sharedFile]! + this.#counts[Page.sharedUnwritten]!;
  }
  /** Pages of shared memory (RssShmem). */
  get shmem(): number {
    return this.#counts[Page.shmem]!;
  }
  /** All resident pages (VmRSS). */
  get total(): number {
    return this.anonymous + this.file + this.shmem;
  }
  /** Most pages that were resident at once (VmHWM, ru_maxrss). */
  get peak(): number {
    return this.#peak;
  }
}
