/**
 * A translated region before it is part of a module: its function with the operands left open that differ from one
 * module to the next, and the guest code that it was made of, to know that again.
 */
import { type BranchHint, Code, type SymbolUse } from "../module.ts";
import { lowerRegion } from "./lower_region.ts";
import { DISPATCH, type Region, targetsOf } from "./region.ts";

/** Instruction words from an address on. */
export interface CodeRun {
  readonly start: number;
  readonly words: Uint32Array;
}

export interface RegionObject {
  readonly root: number;
  /** Targets of computed branches inside, in the order of their numbers: see {@link targetsOf}. */
  readonly targets: readonly number[];
  /** Whether control may enter at all of them, the root being one; else at the root alone. */
  readonly isOpen: boolean;
  /** Addresses of the calls whose functions are part of it. */
  readonly calls: readonly number[];
  /** What it was made of. */
  readonly code: readonly CodeRun[];
  /** Its entry of the code section. */
  readonly body: Uint8Array;
  readonly hints: readonly BranchHint[];
  readonly symbols: readonly SymbolUse[];
}

/**
 * Translates.
 *
 * @param word the instruction word at an address of the region
 * @param reachesFar for a program that has far addresses in use
 */
export function makeObject(region: Region, word: (pc: number) => number, reachesFar: boolean): RegionObject {
  const code: Code = lowerRegion(region, reachesFar);
  return {
    root: region.root,
    targets: targetsOf(region),
    isOpen: region.entry === DISPATCH,
    calls: [...region.takenIn ?? []],
    code: runsOf(region, word),
    body: code.finish().view().slice(),
    hints: code.hints(),
    symbols: code.symbols(),
  };
}

function runsOf(region: Region, word: (pc: number) => number): CodeRun[] {
  const addresses = new Float64Array(
    [...region.blocks.values()].flatMap(({ instructions }) => instructions.map(({ pc }) => pc)),
  ).sort();
  const runs: CodeRun[] = [];
  for (let at = 0; at < addresses.length;) {
    const start = addresses[at]!;
    let end = start;
    // What is in a region twice is listed once.
    for (; at < addresses.length && addresses[at]! <= end; at++) if (addresses[at] === end) end += 4;
    runs.push({ start, words: Uint32Array.from({ length: (end - start) / 4 }, (_, index) => word(start + 4 * index)) });
  }
  return runs;
}

/** Where control may enter. */
export const entriesOf = ({ root, targets, isOpen }: RegionObject): readonly number[] => isOpen ? targets : [root];

/** Guest pages the code was read from. */
export function pagesOf({ code }: RegionObject): Set<number> {
  const pages = new Set<number>();
  for (const { start, words } of code) {
    for (let page = Math.floor(start / 4096); page * 4096 < start + 4 * words.length; page++) pages.add(page);
  }
  return pages;
}

/**
 * Whether it depends on the code in a range. The instruction behind a run may be the one that the region leaves to
 * the interpreter.
 */
export const dependsOn = ({ code }: RegionObject, from: number, to: number): boolean =>
  code.some(({ start, words }) => start < to && start + 4 * (words.length + 1) > from);

/** The instruction word that it was made of at an address. */
export function wordOf({ code }: RegionObject, pc: number): number | undefined {
  for (const { start, words } of code) if (start <= pc && pc < start + 4 * words.length) return words[(pc - start) / 4];
  return undefined;
}

/** Whether it has the code at all of these addresses. */
export function covers(object: RegionObject, addresses: Iterable<number>): boolean {
  for (const address of addresses) if (wordOf(object, address) === undefined) return false;
  return true;
}
