/** Attribute values of `.debug_info` by form (DWARF 5, 7.5), as far as names, ranges and places need them. */
import { ByteReader, DwarfError, stringAt } from "./byte_reader.ts";

/** Attributes that are looked at. */
export const DW_AT = {
  sibling: 0x01,
  name: 0x03,
  stmtList: 0x10,
  lowPc: 0x11,
  highPc: 0x12,
  compDir: 0x1b,
  abstractOrigin: 0x31,
  specification: 0x47,
  ranges: 0x55,
  callFile: 0x58,
  callLine: 0x59,
  linkageName: 0x6e,
  strOffsetsBase: 0x72,
  addrBase: 0x73,
  rnglistsBase: 0x74,
  dwoName: 0x76,
  mipsLinkageName: 0x2007,
  gnuDwoName: 0x2130,
  gnuDwoId: 0x2131,
  gnuRangesBase: 0x2132,
  gnuAddrBase: 0x2133,
} as const;

/** What a value is, so that its meaning survives the form. */
export type Value =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "address"; readonly value: number }
  /** Index of `.debug_addr`. */
  | { readonly kind: "addressIndex"; readonly value: number }
  | { readonly kind: "string"; readonly value: string | undefined }
  /** Index of `.debug_str_offsets`. */
  | { readonly kind: "stringIndex"; readonly value: number }
  /** Offset in `.debug_info`. */
  | { readonly kind: "reference"; readonly value: number }
  | { readonly kind: "sectionOffset"; readonly value: number }
  /** Index of the offsets of `.debug_rnglists`. */
  | { readonly kind: "listIndex"; readonly value: number }
  | { readonly kind: "other" };

/** What reading a form takes. */
export interface FormContext {
  readonly is64: boolean;
  readonly addressSize: number;
  readonly version: number;
  /** Offset of the unit in its section: most references are relative to it. */
  readonly unitOffset: number;
  readonly str: Uint8Array | undefined;
  readonly lineStr: Uint8Array | undefined;
}

const other: Value = { kind: "other" };
const constant = (value: number): Value => ({ kind: "constant", value });

/** Reads one value. @param implicit DW_FORM_implicit_const's value, from the abbreviation */
export function readForm(reader: ByteReader, form: number, context: FormContext, implicit = 0): Value {
  const { is64, unitOffset } = context;
  switch (form) {
    case 0x01: // DW_FORM_addr
      return { kind: "address", value: reader.unsigned(context.addressSize) };
    case 0x03: // block2, block4, data2, data4, data8
      reader.skip(reader.u16());
      return other;
    case 0x04:
      reader.skip(reader.u32());
      return other;
    case 0x05:
      return constant(reader.u16());
    case 0x06: // DWARF 2 and 3 have no form of their own for offsets.
      return context.version < 4 ? { kind: "sectionOffset", value: reader.u32() } : constant(reader.u32());
    case 0x07:
      return context.version < 4 ? { kind: "sectionOffset", value: reader.u64() } : constant(reader.u64());
    case 0x08: // string
      return { kind: "string", value: reader.cstring() };
    case 0x09: // block, exprloc
    case 0x18:
      reader.skip(reader.uleb());
      return other;
    case 0x0a: // block1
      reader.skip(reader.u8());
      return other;
    case 0x0b: // data1, flag
    case 0x0c:
      return constant(reader.u8());
    case 0x0d: // sdata
      return constant(reader.sleb());
    case 0x0e: // strp
      return { kind: "string", value: stringAt(context.str, reader.offset(is64)) };
    case 0x0f: // udata
      return constant(reader.uleb());
    case 0x10: // ref_addr: an address in DWARF 2
      return {
        kind: "reference",
        value: context.version < 3 ? reader.unsigned(context.addressSize) : reader.offset(is64),
      };
    case 0x11: // ref1, 2, 4, 8, udata
      return { kind: "reference", value: unitOffset + reader.u8() };
    case 0x12:
      return { kind: "reference", value: unitOffset + reader.u16() };
    case 0x13:
      return { kind: "reference", value: unitOffset + reader.u32() };
    case 0x14:
      return { kind: "reference", value: unitOffset + reader.u64() };
    case 0x15:
      return { kind: "reference", value: unitOffset + reader.uleb() };
    case 0x16: // indirect
    {
      const real = reader.uleb();
      if (real === 0x16 || real === 0x21) throw new DwarfError("an indirect form in an indirect form");
      return readForm(reader, real, context);
    }
    case 0x17: // sec_offset
      return { kind: "sectionOffset", value: reader.offset(is64) };
    case 0x19: // flag_present
      return constant(1);
    case 0x1a: // strx
    case 0x1f02: // GNU_str_index
      return { kind: "stringIndex", value: reader.uleb() };
    case 0x1b: // addrx
    case 0x1f01: // GNU_addr_index
      return { kind: "addressIndex", value: reader.uleb() };
    case 0x1c: // ref_sup4
      reader.skip(4);
      return other;
    case 0x1d: // strp_sup, GNU_ref_alt, GNU_strp_alt: of a supplementary file
    case 0x1f20:
    case 0x1f21:
      reader.offset(is64);
      return other;
    case 0x1e: // data16
      reader.skip(16);
      return other;
    case 0x1f: // line_strp
      return { kind: "string", value: stringAt(context.lineStr, reader.offset(is64)) };
    case 0x20: // ref_sig8
      reader.skip(8);
      return other;
    case 0x21: // implicit_const
      return constant(implicit);
    case 0x22: // loclistx
      reader.uleb();
      return other;
    case 0x23: // rnglistx
      return { kind: "listIndex", value: reader.uleb() };
    case 0x24: // ref_sup8
      reader.skip(8);
      return other;
    case 0x25: // strx1, 2, 3, 4
      return { kind: "stringIndex", value: reader.u8() };
    case 0x26:
      return { kind: "stringIndex", value: reader.u16() };
    case 0x27:
      return { kind: "stringIndex", value: reader.u24() };
    case 0x28:
      return { kind: "stringIndex", value: reader.u32() };
    case 0x29: // addrx1, 2, 3, 4
      return { kind: "addressIndex", value: reader.u8() };
    case 0x2a:
      return { kind: "addressIndex", value: reader.u16() };
    case 0x2b:
      return { kind: "addressIndex", value: reader.u24() };
    case 0x2c:
      return { kind: "addressIndex", value: reader.u32() };
    default:
      throw new DwarfError(`form 0x${form.toString(16)}`);
  }
}

/** One kind of entry. */
export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly (readonly [name: number, form: number, implicit: number])[];
}

/** Abbreviations of one table at most. */
const MAX_ABBREVIATIONS = 200_000;

/** The abbreviation table at an offset of `.debug_abbrev`. @throws {DwarfError} */
export function readAbbreviations(section: Uint8Array, offset: number): ReadonlyMap<number, Abbreviation> {
  const reader = new ByteReader(section, offset), table = new Map<number, Abbreviation>();
  for (let code = reader.uleb(); code !== 0; code = reader.uleb()) {
    const tag = reader.uleb(), hasChildren = reader.u8() !== 0, attributes: [number, number, number][] = [];
    for (;;) {
      const name = reader.uleb(), form = reader.uleb(), implicit = form === 0x21 ? reader.sleb() : 0;
      if (name === 0 && form === 0) break;
      attributes.push([name, form, implicit]);
    }
    table.set(code, { tag, hasChildren, attributes });
    if (table.size > MAX_ABBREVIATIONS) throw new DwarfError("too many abbreviations");
    if (reader.done) break;
  }
  return table;
}
