/** Sections of debugging information by name, uncompressed (gABI: SHF_COMPRESSED; the older `.zdebug_` names). */
import { crc32, inflateSync, zstdDecompressSync } from "node:zlib";
import type { SectionFile } from "../../elf/debug_file.ts";
import { type Section, sectionBytes } from "../../elf/sections.ts";
import { ElfError } from "../../elf/elf_error.ts";
import type { ElfSource } from "../../elf/source.ts";
import { u64 } from "../../elf/u64.ts";

const SHF_COMPRESSED = 0x800, ELFCOMPRESS_ZLIB = 1, ELFCOMPRESS_ZSTD = 2, SIZEOF_CHDR = 24;

/** Larger sections are not read: a report without lines is better than none. */
const MAX_SECTION = 512 << 20;

/** The sections of one file, each read when first asked for. */
export class DebugSections {
  readonly #known = new Map<string, Uint8Array | undefined>();

  constructor(readonly elf: SectionFile) {}

  /** A section's content; undefined where it is missing, empty or damaged. */
  get(name: string): Uint8Array | undefined {
    if (!this.#known.has(name)) this.#known.set(name, this.#read(name));
    return this.#known.get(name);
  }

  /** Whether the file has a section of this name with content. */
  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  #find(name: string): Section | undefined {
    const old = name.replace(/^\.debug_/, ".zdebug_");
    return sectionsOf(this.elf).find((each) => (each.name === name || each.name === old) && each.size > 0);
  }

  #read(name: string): Uint8Array | undefined {
    const section = this.#find(name);
    const bytes = section && sectionBytes(this.elf.source, section, MAX_SECTION);
    if (section === undefined || bytes === undefined || bytes.length < section.size) return undefined;
    if (section.name.startsWith(".zdebug_")) return unpackOld(bytes);
    return section.flags & SHF_COMPRESSED ? unpack(bytes) : bytes;
  }
}

/** The file's sections; none where their table is damaged. */
function sectionsOf(elf: SectionFile): readonly Section[] {
  try {
    return elf.sections;
  } catch (error) {
    if (error instanceof ElfError) return [];
    throw error;
  }
}

/** Elf64_Chdr: type, reserved, size, alignment; then the compressed bytes. */
function unpack(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < SIZEOF_CHDR) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = view.getUint32(0, true), size = u64(view, 8), packed = bytes.subarray(SIZEOF_CHDR);
  return type === ELFCOMPRESS_ZLIB
    ? decompress(inflateSync, packed, size)
    : type === ELFCOMPRESS_ZSTD
    ? decompress(zstdDecompressSync, packed, size)
    : undefined;
}

/** "ZLIB", the size as a big-endian 64-bit number, the compressed bytes. */
function unpackOld(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < 12 || bytes[0] !== 0x5a || bytes[1] !== 0x4c || bytes[2] !== 0x49 || bytes[3] !== 0x42) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(4) * 2 ** 32 + view.getUint32(8);
  return decompress(inflateSync, bytes.subarray(12), size);
}

function decompress(
  algorithm: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array,
  packed: Uint8Array,
  size: number,
): Uint8Array | undefined {
  if (size === 0 || size > MAX_SECTION) return undefined;
  try {
    const bytes = algorithm(packed, { maxOutputLength: size });
    return bytes.length === size ? bytes : undefined;
  } catch {
    // Not what its header says: zlib's errors have many names, all mean this.
    return undefined;
  }
}

/** The name and CRC in `.gnu_debuglink` (gdb manual, "Separate Debug Files"). */
export function debugLink(sections: DebugSections): { readonly name: string; readonly crc: number } | undefined {
  const bytes = sections.get(".gnu_debuglink"), nul = bytes?.indexOf(0) ?? -1;
  if (bytes === undefined || nul <= 0 || bytes.length < 8) return undefined;
  const at = Math.ceil((nul + 1) / 4) * 4;
  if (at + 4 > bytes.length) return undefined;
  const name = new TextDecoder("latin1").decode(bytes.slice(0, nul));
  // A name, not a path.
  if (name.includes("/")) return undefined;
  return { name, crc: new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true) };
}

/** CRC-32 of a whole file, as `.gnu_debuglink` has it; undefined for one that is larger than any debug file. */
export function fileCrc(source: ElfSource): number | undefined {
  const PIECE = 1 << 20;
  if (source.size > 4 * 2 ** 30) return undefined;
  let crc = 0;
  for (let at = 0; at < source.size; at += PIECE) crc = crc32(source.read(at, PIECE), crc);
  return crc;
}
