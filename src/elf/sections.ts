/** Section headers. No loader needs them; they lead to the symbol tables. */
import { SHN_UNDEF, SHN_XINDEX, SHT_NOBITS, SIZEOF_SHDR } from "./constants.ts";
import { latin1 } from "./dynamic.ts";
import type { ElfHeader } from "./header.ts";
import type { ElfSource } from "./source.ts";
import { u64 } from "./u64.ts";

/** Elf64_Shdr with its name. */
export interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly addr: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly entsize: number;
}

/** More sections than -ffunction-sections leaves in any linked program. */
const MAX_SECTIONS = 65536;
const MAX_NAMES = 1 << 20;

/** Reads all section headers; none if they are stripped or lie outside of the file. */
export function parseSections(source: ElfSource, header: ElfHeader): Section[] {
  if (header.shoff === 0 || header.shentsize !== SIZEOF_SHDR || header.shoff + SIZEOF_SHDR > source.size) return [];
  let { shnum, shstrndx } = header;
  const first = source.read(header.shoff, SIZEOF_SHDR);
  if (first.length < SIZEOF_SHDR) return [];
  const firstView = new DataView(first.buffer, first.byteOffset, SIZEOF_SHDR);
  // gABI: counts that do not fit 16 bits are in section header 0.
  if (shnum === SHN_UNDEF) shnum = u64(firstView, 32);
  if (shstrndx === SHN_XINDEX) shstrndx = firstView.getUint32(40, true);
  if (shnum > MAX_SECTIONS || header.shoff + shnum * SIZEOF_SHDR > source.size) return [];
  const bytes = source.read(header.shoff, shnum * SIZEOF_SHDR);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const raw: (Section & { nameAt: number })[] = [];
  for (let at = 0; at + SIZEOF_SHDR <= bytes.length; at += SIZEOF_SHDR) {
    raw.push({
      name: "",
      nameAt: view.getUint32(at, true),
      type: view.getUint32(at + 4, true),
      flags: u64(view, at + 8),
      addr: u64(view, at + 16),
      offset: u64(view, at + 24),
      size: u64(view, at + 32),
      link: view.getUint32(at + 40, true),
      entsize: u64(view, at + 56),
    });
  }
  const strings = raw[shstrndx];
  const names = strings ? sectionBytes(source, strings, MAX_NAMES) : undefined;
  return raw.map(({ nameAt, ...section }) => ({ ...section, name: names ? nameIn(names, nameAt) : "" }));
}

/** A section's content; undefined if it has none in the file, lies outside of it, or is larger than `max`. */
export function sectionBytes(source: ElfSource, section: Section, max: number): Uint8Array | undefined {
  if (section.type === SHT_NOBITS || section.size > max || section.offset + section.size > source.size) {
    return undefined;
  }
  return source.read(section.offset, section.size);
}

/** The name at an offset of a string table; empty if it lies outside. Longer than 4 KiB is cut. */
export function nameIn(strings: Uint8Array, at: number): string {
  if (at >= strings.length) return "";
  const window = strings.subarray(at, at + 4096);
  const end = window.indexOf(0);
  return latin1(end < 0 ? window : window.subarray(0, end));
}
