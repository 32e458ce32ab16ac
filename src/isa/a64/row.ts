/**
 * One row per encoding: the single description from which the decoder, the interpreter, translated code and the
 * disassembler come. A row is an encoding diagram of the Arm ARM (C4), its fields, and what it does.
 */
import type { Builder } from "../ir/builder.ts";

/** Features beyond the ARMv8.0 base, by Arm's names. */
export type Feature =
  | "LSE"
  | "CRC32"
  | "RDM"
  | "DotProd"
  | "FP16"
  | "FCMA"
  | "JSCVT"
  | "LRCPC"
  | "LRCPC2"
  | "FlagM"
  | "FlagM2"
  | "FRINTTS"
  | "I8MM"
  | "BF16"
  | "FHM"
  | "AES"
  | "PMULL"
  | "SHA1"
  | "SHA256"
  | "SHA512"
  | "SHA3"
  | "SM3"
  | "SM4"
  | "DIT"
  | "SB"
  | "SSBS"
  | "DPB"
  | "DPB2"
  | "PAuth";

/** Field values of one instruction word. */
export type Fields = Readonly<Record<string, number>>;

/** How an immediate is computed, and the bytes it takes in a predecoded record. */
export interface Immediate {
  readonly bytes: 2 | 4 | 8;
  readonly of: (f: Fields) => number | bigint;
}

export interface Row {
  /** Unique; the mnemonic and, where one mnemonic has several encodings, the form: `ADD (immediate)`. */
  readonly name: string;
  /** Fixed bits. */
  readonly mask: number;
  readonly value: number;
  readonly fields: readonly { readonly name: string; readonly lsb: number; readonly width: number }[];
  /** Fields that choose the variant: each combination is its own interpreter handler. */
  readonly vary: readonly string[];
  /** False for combinations of the varying fields that are unallocated. Sees only those fields. */
  readonly allocated: (f: Fields) => boolean;
  /** False for further unallocated encodings; sees all fields. Use for restrictions on operand fields. */
  readonly valid: (f: Fields) => boolean;
  /** Immediates computed when decoding, by range. Fields themselves are immediates too, unsigned. */
  readonly immediates: Readonly<Record<string, Immediate>>;
  /** The mnemonic as Arm writes it in the alphabetical list, upper case: `ADDS`. */
  readonly mnemonic: (f: Fields) => string;
  readonly feature: Feature | undefined;
  /** What it does. Missing: known to the disassembler only, undefined when executed. */
  readonly lift: ((b: Builder) => void) | undefined;
}

export interface RowOptions {
  /** Space-separated names of varying fields. */
  readonly vary?: string;
  readonly allocated?: (f: Fields) => boolean;
  readonly valid?: (f: Fields) => boolean;
  /** Immediates in the range of int16: shift amounts, lane numbers, scaled small offsets. */
  readonly small?: Readonly<Record<string, (f: Fields) => number>>;
  /** Immediates in the range of int32. */
  readonly imm?: Readonly<Record<string, (f: Fields) => number>>;
  /** 64-bit immediates, as int64 bit patterns. */
  readonly wide?: Readonly<Record<string, (f: Fields) => bigint>>;
  /** Fixed, or computed from any fields. Default: the row's name up to the first space. */
  readonly mnemonic?: (f: Fields) => string;
  readonly feature?: Feature;
}

/**
 * Writes a row.
 *
 * @param pattern the 32 bits from the most significant: literal `0`/`1`, `x` for an ignored bit (the "should be"
 *   bits of the manual), or `name:width`; spaces separate. Example: `"sf:1 00 100010 sh:1 imm12:12 Rn:5 Rd:5"`
 * @throws if the pattern has not 32 bits: a mistake in the table
 */
export function insn(
  name: string,
  pattern: string,
  options: RowOptions,
  lift?: (b: Builder) => void,
): Row {
  let mask = 0, value = 0, at = 32;
  const fields: { name: string; lsb: number; width: number }[] = [];
  for (const part of pattern.split(" ").filter(Boolean)) {
    const colon = part.indexOf(":");
    if (colon >= 0) {
      const width = Number(part.slice(colon + 1));
      at -= width;
      fields.push({ name: part.slice(0, colon), lsb: at, width });
      continue;
    }
    for (const bit of part) {
      at--;
      if (bit === "x") continue;
      mask |= 1 << at;
      if (bit === "1") value |= 1 << at;
    }
  }
  if (at !== 0) throw new Error(`row ${name}: pattern has ${32 - at} bits`);
  const immediates: Record<string, Immediate> = {};
  for (const { name, width } of fields) immediates[name] = { bytes: width < 16 ? 2 : 4, of: (f) => f[name]! };
  for (const [bytes, set] of [[2, options.small], [4, options.imm], [8, options.wide]] as const) {
    for (const [name, of] of Object.entries(set ?? {})) immediates[name] = { bytes, of };
  }
  const fallback = name.split(" ")[0] ?? name;
  return {
    name,
    mask: mask >>> 0,
    value: value >>> 0,
    fields,
    vary: options.vary ? options.vary.split(" ").filter(Boolean) : [],
    allocated: options.allocated ?? (() => true),
    valid: options.valid ?? (() => true),
    immediates,
    mnemonic: options.mnemonic ?? (() => fallback),
    feature: options.feature,
    lift,
  };
}

/** Extracts all fields of a row from a word. */
export function fieldsOf(row: Row, word: number): Fields {
  const out: Record<string, number> = {};
  for (const { name, lsb, width } of row.fields) {
    out[name] = width === 32 ? word >>> 0 : (word >>> lsb) & ((1 << width) - 1);
  }
  return out;
}

/** Sign-extends the low `bits` of a number. */
export const signed = (n: number, bits: number): number => (n << (32 - bits)) >> (32 - bits);
