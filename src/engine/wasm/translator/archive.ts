/**
 * Translated regions as the content of a file. All numbers are LEB128, names are listed once:
 *
 * ```
 * "ETr3", 1 if the host fuses relaxed_madd, count of names, names (length, bytes), count of regions, and for each:
 *   root / 4
 *   count of targets, targets (distance from the root / 4: even for a positive one, odd for a negative), 1 if open
 *   count of calls taken in, calls (likewise)
 *   count of runs, runs (start / 4, count of words, words)
 *   length of body, body
 *   count of hints, hints (distance from the one before, likely)
 *   count of symbols, symbols (distance from the one before, number of the name)
 * ```
 */
import { Bytes } from "../module.ts";
import { FUSES_MADD } from "./host_fma.ts";
import type { RegionObject } from "./region_object.ts";

const MAGIC = 0x33725445; // "ETr3"

export function packRegions(objects: readonly RegionObject[]): Uint8Array<ArrayBuffer> {
  const out = new Bytes(), names = new Map<string, number>(), regions = new Bytes();
  const numberOf = (name: string): number => {
    let number = names.get(name);
    if (number === undefined) names.set(name, number = names.size);
    return number;
  };
  for (const { root, targets, isOpen, calls, code, body, hints, symbols } of objects) {
    regions.u(root / 4);
    regions.u(targets.length);
    for (const target of targets) regions.u(zigzag((target - root) / 4));
    regions.byte(isOpen ? 1 : 0);
    regions.u(calls.length);
    for (const call of calls) regions.u(zigzag((call - root) / 4));
    regions.u(code.length);
    for (const { start, words } of code) {
      regions.u(start / 4);
      regions.u(words.length);
      for (const word of words) regions.u(word);
    }
    regions.u(body.length);
    regions.bytes(body);
    let last = 0;
    regions.u(hints.length);
    for (const { at, likely } of hints) {
      regions.u(at - last);
      regions.byte(likely);
      last = at;
    }
    last = 0;
    regions.u(symbols.length);
    for (const { at, name } of symbols) {
      regions.u(at - last);
      regions.u(numberOf(name));
      last = at;
    }
  }
  for (let shift = 0; shift < 32; shift += 8) out.byte((MAGIC >>> shift) & 0xff);
  out.byte(FUSES_MADD ? 1 : 0);
  out.u(names.size);
  for (const name of names.keys()) out.name(name);
  out.u(objects.length);
  out.bytes(regions.view());
  return out.view().slice();
}

/** The regions of a file; undefined if it was made for another kind of host. @throws {RangeError} if it is damaged */
export function unpackRegions(file: Uint8Array): RegionObject[] | undefined {
  const reader = new Reader(file);
  for (let shift = 0; shift < 32; shift += 8) if (reader.byte() !== ((MAGIC >>> shift) & 0xff)) return undefined;
  if (reader.byte() !== (FUSES_MADD ? 1 : 0)) return undefined;
  const decoder = new TextDecoder();
  const names = reader.list(() => decoder.decode(reader.bytes(reader.u())));
  return reader.list(() => {
    const root = reader.u() * 4;
    const targets = reader.list(() => root + 4 * unzigzag(reader.u()));
    const isOpen = reader.byte() === 1;
    const calls = reader.list(() => root + 4 * unzigzag(reader.u()));
    const code = reader.list(() => {
      const start = reader.u() * 4;
      return { start, words: Uint32Array.from(reader.list(() => reader.u())) };
    });
    const body = reader.bytes(reader.u());
    let last = 0;
    const hints = reader.list(() => ({ at: last += reader.u(), likely: reader.byte() }));
    last = 0;
    const symbols = reader.list(() => ({ at: last += reader.u(), name: names[reader.u()]! }));
    return { root, targets, isOpen, calls, code, body, hints, symbols };
  });
}

/** Whole numbers as natural ones: even for a positive one, odd for a negative. */
const zigzag = (distance: number): number => distance >= 0 ? 2 * distance : -2 * distance - 1;
const unzigzag = (number: number): number => number % 2 === 0 ? number / 2 : -(number + 1) / 2;

class Reader {
  #at = 0;
  constructor(readonly file: Uint8Array) {}

  byte(): number {
    if (this.#at >= this.file.length) throw new RangeError("the file ends too soon");
    return this.file[this.#at++]!;
  }
  /** Unsigned LEB128 below 2^53. */
  u(): number {
    let value = 0, scale = 1;
    for (;; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
  bytes(length: number): Uint8Array {
    if (length > this.file.length - this.#at) throw new RangeError("the file ends too soon");
    return this.file.subarray(this.#at, this.#at += length);
  }
  list<T>(item: () => T): T[] {
    const list: T[] = [];
    for (let left = this.u(); left > 0; left--) list.push(item());
    return list;
  }
}
