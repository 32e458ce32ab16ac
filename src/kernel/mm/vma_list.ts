/**
 * The VMAs of one address space in address order (Linux: the maple tree). A sorted array: lookups are a binary
 * search behind a one-entry cache, and the 65,530 areas that Linux allows still make an insertion a short memmove.
 */
import type { Vma } from "./vma.ts";

/** Sorted, disjoint VMAs. */
export class VmaList {
  #areas: Vma[] = [];
  /** Index of the area found last; faults and system calls hit the same area again and again. */
  #last = 0;

  get size(): number {
    return this.#areas.length;
  }

  [Symbol.iterator](): IterableIterator<Vma> {
    return this.#areas[Symbol.iterator]();
  }

  at(index: number): Vma | undefined {
    return this.#areas[index];
  }

  /** Index of the first area that ends above `va` (Linux: find_vma); `size` if there is none. */
  indexAbove(va: number): number {
    const areas = this.#areas;
    const cached = areas[this.#last];
    if (cached !== undefined && va < cached.end && va >= cached.start) return this.#last;
    let low = 0, high = areas.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (areas[middle]!.end > va) high = middle;
      else low = middle + 1;
    }
    this.#last = low;
    return low;
  }

  /** The area that contains `va`. */
  find(va: number): Vma | undefined {
    const area = this.#areas[this.indexAbove(va)];
    return area !== undefined && area.start <= va ? area : undefined;
  }

  /** The first area that intersects [start, end). */
  intersecting(start: number, end: number): Vma | undefined {
    const area = this.#areas[this.indexAbove(start)];
    return area !== undefined && area.start < end ? area : undefined;
  }

  /** Puts an area in its place. It must not overlap another. Returns its index. */
  insert(area: Vma): number {
    const index = this.indexAbove(area.start);
    if (index === this.#areas.length) this.#areas.push(area);
    else this.#areas.splice(index, 0, area);
    return index;
  }

  /** Replaces `count` areas from `index` on by `areas`. */
  splice(index: number, count: number, ...areas: Vma[]): Vma[] {
    return this.#areas.splice(index, count, ...areas);
  }
}
