/** The units of `.debug_info`: which addresses each covers, and how to read its entries (DWARF 5, 7.5). */
import { ByteReader, DwarfError, stringAt } from "./byte_reader.ts";
import type { DebugSections } from "./debug_sections.ts";
import { type Abbreviation, DW_AT, type FormContext, readAbbreviations, readForm, type Value } from "./forms.ts";
import { LineProgram } from "./line_table.ts";

/** A range of addresses, the end excluded. */
export type Range = readonly [start: number, end: number];

/** An entry's attributes and where it is. */
export interface Entry {
  readonly offset: number;
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: ReadonlyMap<number, Value>;
}

const DW_UT_skeleton = 4, DW_UT_split_compile = 5, DW_UT_type = 2, DW_UT_split_type = 6;

/** Units read, and ranges of one entry, at most. */
const MAX_UNITS = 1_000_000, MAX_RANGES = 100_000;

/** One unit. */
export class Unit implements FormContext {
  readonly str: Uint8Array | undefined;
  readonly lineStr: Uint8Array | undefined;
  #abbreviations: ReadonlyMap<number, Abbreviation> | undefined;
  #root: Entry | undefined;
  #lines: LineProgram | undefined;

  constructor(
    readonly sections: DebugSections,
    /** `.dwo` where the sections' names end so. */
    readonly suffix: "" | ".dwo",
    readonly unitOffset: number,
    readonly end: number,
    readonly version: number,
    readonly is64: boolean,
    readonly addressSize: number,
    readonly abbreviationsAt: number,
    readonly firstEntry: number,
    /** The unit in the program itself of a unit in a .dwo file: it knows addresses. */
    readonly skeleton?: Unit,
  ) {
    this.str = sections.get(`.debug_str${suffix}`);
    this.lineStr = sections.get(".debug_line_str");
  }

  section(name: string): Uint8Array | undefined {
    return this.sections.get(name + this.suffix);
  }

  get abbreviations(): ReadonlyMap<number, Abbreviation> {
    if (!this.#abbreviations) {
      const section = this.section(".debug_abbrev");
      if (!section) throw new DwarfError("no abbreviations");
      this.#abbreviations = readAbbreviations(section, this.abbreviationsAt);
    }
    return this.#abbreviations;
  }

  /** The entry at an offset; undefined for the null entry that ends a list. */
  read(reader: ByteReader): Entry | undefined {
    const offset = reader.at, code = reader.uleb();
    if (code === 0) return undefined;
    const abbreviation = this.abbreviations.get(code);
    if (!abbreviation) throw new DwarfError("an unknown abbreviation");
    const attributes = new Map<number, Value>();
    for (const [name, form, implicit] of abbreviation.attributes) {
      attributes.set(name, readForm(reader, form, this, implicit));
    }
    return { offset, tag: abbreviation.tag, hasChildren: abbreviation.hasChildren, attributes };
  }

  reader(at = this.firstEntry): ByteReader {
    const info = this.section(".debug_info");
    if (!info) throw new DwarfError("no entries");
    return new ByteReader(info, at, this.end);
  }

  get root(): Entry {
    const root = this.#root ??= this.read(this.reader());
    if (!root) throw new DwarfError("a unit without an entry");
    return root;
  }

  number(entry: Entry, attribute: number): number | undefined {
    const value = entry.attributes.get(attribute);
    return value !== undefined && typeof (value as { value?: unknown }).value === "number"
      ? (value as { value: number }).value
      : undefined;
  }

  string(entry: Entry, attribute: number): string | undefined {
    const value = entry.attributes.get(attribute);
    if (value?.kind === "string") return value.value;
    if (value?.kind !== "stringIndex") return undefined;
    const offsets = this.section(".debug_str_offsets");
    if (!offsets) return undefined;
    const size = this.is64 ? 8 : 4;
    // A .dwo file of version 5 begins with a header, one of GNU's older form with the offsets themselves.
    const base = this.suffix === ".dwo" && this.version >= 5
      ? (this.is64 ? 16 : 8)
      : this.number(this.root, DW_AT.strOffsetsBase) ?? 0;
    const reader = new ByteReader(offsets, Math.min(offsets.length, base + value.value * size));
    return stringAt(this.str, reader.offset(this.is64));
  }

  /** An address, also one that stands in `.debug_addr`. */
  address(value: Value | undefined): number | undefined {
    if (value?.kind === "address") return value.value;
    if (value?.kind !== "addressIndex") return undefined;
    const owner = this.skeleton ?? this, table = owner.sections.get(".debug_addr");
    const base = owner.number(owner.root, DW_AT.addrBase) ?? owner.number(owner.root, DW_AT.gnuAddrBase) ?? 0;
    if (!table) return undefined;
    const at = base + value.value * this.addressSize;
    return at >= table.length ? undefined : new ByteReader(table, at).unsigned(this.addressSize);
  }

  /** The addresses an entry covers. */
  ranges(entry: Entry): Range[] {
    const low = this.address(entry.attributes.get(DW_AT.lowPc)), high = entry.attributes.get(DW_AT.highPc);
    const ranges = entry.attributes.get(DW_AT.ranges);
    if (ranges !== undefined) return this.#rangeList(ranges);
    if (low === undefined || high === undefined) return [];
    const end = high.kind === "constant" ? low + high.value : this.address(high) ?? this.number(entry, DW_AT.highPc);
    return end === undefined ? [] : [[low, high.kind === "sectionOffset" ? low + end : end]];
  }

  #rangeList(value: Value): Range[] {
    const owner = this.skeleton ?? this;
    const base = owner.address(owner.root.attributes.get(DW_AT.lowPc)) ?? 0;
    if (value.kind === "listIndex") {
      const section = this.section(".debug_rnglists");
      if (!section) return [];
      // A .dwo file has one table, whose offsets follow its header.
      const table = this.suffix === ".dwo"
        ? (this.is64 ? 20 : 12)
        : this.number(this.root, DW_AT.rnglistsBase) ?? (this.is64 ? 20 : 12);
      const at = table + value.value * (this.is64 ? 8 : 4);
      return this.#newRanges(section, table + new ByteReader(section, at).offset(this.is64), base);
    }
    if (value.kind !== "sectionOffset" && value.kind !== "constant") return [];
    if (this.version >= 5) {
      const section = this.section(".debug_rnglists");
      return section ? this.#newRanges(section, value.value, base) : [];
    }
    const section = owner.sections.get(".debug_ranges");
    const extra = this.skeleton ? owner.number(owner.root, DW_AT.gnuRangesBase) ?? 0 : 0;
    return section ? this.#oldRanges(section, value.value + extra, base) : [];
  }

  /** `.debug_ranges` (DWARF 4, 2.17.3). */
  #oldRanges(section: Uint8Array, offset: number, base: number): Range[] {
    const reader = new ByteReader(section, offset), ranges: Range[] = [];
    for (let count = 0; count < MAX_RANGES; count++) {
      const start = reader.unsigned(this.addressSize), end = reader.unsigned(this.addressSize);
      if (start === 0 && end === 0) break;
      if (start >= 2 ** 64 - 2 ** 12) base = end;
      else ranges.push([base + start, base + end]);
    }
    return ranges;
  }

  /** `.debug_rnglists` (DWARF 5, 2.17.3). */
  #newRanges(section: Uint8Array, offset: number, base: number): Range[] {
    const reader = new ByteReader(section, offset), ranges: Range[] = [];
    const indexed = () => this.address({ kind: "addressIndex", value: reader.uleb() }) ?? 0;
    for (let count = 0; count < MAX_RANGES; count++) {
      switch (reader.u8()) {
        case 0: // DW_RLE_end_of_list
          return ranges;
        case 1: // base_addressx
          base = indexed();
          break;
        case 2: // startx_endx
          ranges.push([indexed(), indexed()]);
          break;
        case 3: { // startx_length
          const start = indexed();
          ranges.push([start, start + reader.uleb()]);
          break;
        }
        case 4: // offset_pair
          ranges.push([base + reader.uleb(), base + reader.uleb()]);
          break;
        case 5: // base_address
          base = reader.unsigned(this.addressSize);
          break;
        case 6: // start_end
          ranges.push([reader.unsigned(this.addressSize), reader.unsigned(this.addressSize)]);
          break;
        case 7: { // start_length
          const start = reader.unsigned(this.addressSize);
          ranges.push([start, start + reader.uleb()]);
          break;
        }
        default:
          throw new DwarfError("an unknown kind of range");
      }
    }
    return ranges;
  }

  /** The unit's line table. */
  get lines(): LineProgram | undefined {
    if (this.skeleton) return this.skeleton.lines;
    const line = this.sections.get(".debug_line"), offset = this.number(this.root, DW_AT.stmtList);
    if (!line || offset === undefined) return undefined;
    return this.#lines ??= new LineProgram({
      line,
      str: this.str,
      lineStr: this.lineStr,
      compilationDirectory: this.string(this.root, DW_AT.compDir),
    }, offset);
  }
}

/** The headers of all units of `.debug_info` (with suffix: of a .dwo file); what follows a damaged one is not read. */
export function readUnits(sections: DebugSections, suffix: "" | ".dwo" = "", skeleton?: Unit): Unit[] {
  const info = sections.get(`.debug_info${suffix}`), units: Unit[] = [];
  if (!info) return units;
  try {
    for (let at = 0; at + 12 <= info.length && units.length < MAX_UNITS;) {
      const reader = new ByteReader(info, at), { length, is64 } = reader.unitLength(), end = reader.at + length;
      if (end > info.length) break;
      const version = reader.u16();
      if (version >= 2 && version <= 5) {
        const type = version >= 5 ? reader.u8() : 1;
        let addressSize = version >= 5 ? reader.u8() : 0;
        const abbreviations = reader.offset(is64);
        if (version < 5) addressSize = reader.u8();
        if (type === DW_UT_skeleton || type === DW_UT_split_compile) reader.skip(8);
        if (type !== DW_UT_type && type !== DW_UT_split_type) {
          const parts = [at, end, version, is64, addressSize, abbreviations, reader.at] as const;
          units.push(new Unit(sections, suffix, ...parts, skeleton));
        }
      }
      at = end;
    }
  } catch (error) {
    if (!(error instanceof DwarfError)) throw error;
  }
  return units;
}
