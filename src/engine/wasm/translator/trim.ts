/**
 * What a region leaves to others. Most places of a function become hot sooner or later, and all code behind each of
 * them would be translated with each: measured with cc1 of gcc, 240,000 instructions were translated 590,000 times.
 *
 * So a region ends where another begins, unless control would come back from there again and again: every passage
 * from region to region costs as much as dozens of instructions. It does not if the other one has the whole cycle.
 */
import { isAddress, type Region, successors } from "./region.ts";

/**
 * Instructions that have to be saved. Measured, in seconds, with cc1 and a loop with short functions: 1: 9.2 and 1.55;
 * 64: 9.3 and 1.13; nothing left to others: 10.2 and 1.0.
 */
const WORTH_A_PASSAGE = 64;

/** Whether the region in place that is rooted at an address has all of these places. */
export type Covers = (root: number, places: ReadonlySet<number>) => boolean;

/** The region without what other regions do. */
export function trimRegion(region: Region, isRoot: (place: number) => boolean, covers: Covers): Region {
  const { root, entry, blocks } = region;
  const others = [...blocks.keys()].filter((place) => place !== root && isAddress(place) && isRoot(place));
  if (others.length === 0) return region;
  const next = (place: number): readonly number[] => successors(region, blocks.get(place)!);
  const before = new Map<number, number[]>();
  for (const place of blocks.keys()) {
    for (const to of next(place)) {
      const list = before.get(to);
      if (list) list.push(place);
      else before.set(to, [place]);
    }
  }
  const left = new Set(others.filter((other) => {
    const ahead = reach(other, next), behind = reach(other, (place) => before.get(place) ?? []);
    const cycle = ahead.intersection(behind);
    if (cycle.size === 1 && !next(other).includes(other)) return true;
    return covers(other, new Set([...cycle].filter(isAddress)));
  }));
  const kept = reach(entry, (place) => next(place).filter((to) => !left.has(to)));
  let saved = 0;
  for (const [place, { instructions }] of blocks) if (!kept.has(place)) saved += instructions.length;
  if (saved < WORTH_A_PASSAGE) return region;
  return { ...region, blocks: new Map([...blocks].filter(([place]) => kept.has(place))) };
}

/** Places that can be reached from one, itself included. */
function reach(from: number, next: (place: number) => readonly number[]): Set<number> {
  const found = new Set([from]);
  for (const place of found) for (const to of next(place)) found.add(to);
  return found;
}
