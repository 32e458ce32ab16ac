/** Floating-point encodings and states to run them on, for tests that compare implementations. */
import { Machine } from "../../src/engine/wasm/testing.ts";
import type { Fields, Row } from "../../src/isa/a64/row.ts";
import { rows as fp } from "../../src/isa/a64/fp.ts";
import { rows as fpCompare } from "../../src/isa/a64/fp_compare.ts";
import { rows as fpConvert } from "../../src/isa/a64/fp_convert.ts";
import { rows as simdFp } from "../../src/isa/a64/simd_fp.ts";
import { rows as simdFpBf16 } from "../../src/isa/a64/simd_fp_bf16.ts";
import { rows as simdFpCompare } from "../../src/isa/a64/simd_fp_compare.ts";
import { rows as simdFpComplex } from "../../src/isa/a64/simd_fp_complex.ts";
import { rows as simdFpConvert } from "../../src/isa/a64/simd_fp_convert.ts";
import { rows as simdFpElement } from "../../src/isa/a64/simd_fp_element.ts";
import { rows as simdFpMisc } from "../../src/isa/a64/simd_fp_misc.ts";
import { bf16, f16, f32, f64, type Format, Fpcr, Fpsr } from "../../src/isa/a64/softfloat/format.ts";
import { Random, vector } from "./operands.ts";

/** Registers before an instruction: V0..V3, X0, X1 and the status registers. */
export interface State {
  readonly v: readonly [bigint, bigint, bigint, bigint];
  readonly x: readonly [bigint, bigint];
  readonly fpcr: number;
  readonly fpsr: number;
  /** In bits 31..28. */
  readonly nzcv: number;
}

/** V0, X0 and status after it. */
export interface Outcome {
  readonly v0: bigint;
  readonly x0: bigint;
  readonly fpsr: number;
  readonly nzcv: number;
}

export const FAMILIES: Readonly<Record<string, readonly Row[]>> = {
  "scalar arithmetic": fp,
  "scalar comparison": fpCompare,
  "scalar conversion": fpConvert,
  "vector arithmetic": simdFp,
  "vector comparison": simdFpCompare,
  "complex arithmetic": simdFpComplex,
  "vector conversion": simdFpConvert,
  "by element": simdFpElement,
  "BFloat16": simdFpBf16,
  "vector, one operand": simdFpMisc,
};

export const FP_ROWS: readonly Row[] = Object.values(FAMILIES).flat();

/** All combinations of the varying fields; the others random, registers as the oracle has them. */
export function opcodes(row: Row, random: Random): number[] {
  let words = [row.value];
  const fields = new Map(row.fields.map((field) => [field.name, field]));
  for (const name of row.vary) {
    const { lsb, width } = fields.get(name)!;
    // A condition is one of two sides: enough to know that both are taken.
    const values = name === "cond" ? [0, 1] : Array.from({ length: 1 << width }, (_, value) => value);
    words = words.flatMap((word) => values.map((value) => (word | (value << lsb)) >>> 0));
  }
  const REGISTERS: Readonly<Record<string, number>> = { Rd: 0, Rn: 1, Rm: 2, Ra: 3 };
  const all: number[] = [];
  for (const word of words) {
    for (let attempt = 0; attempt < 8; attempt++) {
      let filled = word;
      for (const { name, lsb, width } of row.fields) {
        if (row.vary.includes(name)) continue;
        const value = REGISTERS[name] ?? random.below(2 ** width);
        filled = (filled | (value << lsb)) >>> 0;
      }
      const values: Record<string, number> = {};
      for (const { name, lsb, width } of row.fields) values[name] = (filled >>> lsb) & (2 ** width - 1);
      const known: Fields = values;
      if (!row.allocated(known)) break;
      if (!row.valid(known)) continue;
      all.push(filled);
      break;
    }
  }
  return all;
}

/** The element format of an encoding, to choose operands by; conversions take others too. */
export function formatOf(row: Row, word: number): Format {
  if (row.feature === "BF16") return bf16;
  if (row.name.includes("half") || row.feature === "FP16") return f16;
  const sz = row.fields.find((field) => field.name === "sz");
  if (row.name.includes("double")) return f64;
  return sz && (word >>> sz.lsb) & 1 ? f64 : f32;
}

const ALL_FPCR = Fpcr.AHP | Fpcr.DN | Fpcr.FZ | (3 << Fpcr.RModeShift) | Fpcr.FZ16;
const ALL_FPSR = Fpsr.IOC | Fpsr.DZC | Fpsr.OFC | Fpsr.UFC | Fpsr.IXC | Fpsr.IDC;

/** Registers with related, difficult operands, in a random mode. */
export function state(random: Random, fmt: Format): State {
  // BFloat16 comes with singles.
  const own = fmt === bf16 ? random.pick([bf16, bf16, f32]) : random.below(8) ? fmt : random.pick([f16, f32, f64]);
  const v1 = vector(random, own), v2 = vector(random, own, v1);
  const v3 = vector(random, own, random.below(2) ? v1 : v2);
  const v0 = vector(random, own, random.below(2) ? v1 : v2);
  const x = (): bigint => {
    const bits = random.next(), down = BigInt(random.below(64));
    return random.below(2) ? bits >> down : BigInt.asUintN(64, BigInt.asIntN(64, bits) >> down);
  };
  return {
    v: [v0, v1, v2, v3],
    x: [x(), x()],
    fpcr: random.below(2) ? 0 : Number(random.next() & BigInt(ALL_FPCR)),
    fpsr: random.pick([0, Fpsr.IXC, Fpsr.IXC, ALL_FPSR]),
    nzcv: random.below(16) * 2 ** 28,
  };
}

let machine: Machine | undefined;
const register = new Uint8Array(512);
const view = new DataView(register.buffer);

/** What this implementation does; undefined where the instruction is illegal. */
export function ours(opcode: number, { v, x, fpcr, fpsr, nzcv }: State): Outcome | undefined {
  machine ??= new Machine();
  const { regs } = machine;
  v.forEach((value, i) => {
    view.setBigUint64(16 * i, BigInt.asUintN(64, value), true);
    view.setBigUint64(16 * i + 8, value >> 64n, true);
  });
  regs.writeV(register);
  x.forEach((value, i) => regs.setX(i, value));
  regs.fpcr = fpcr;
  regs.fpsr = fpsr;
  regs.nzcv = nzcv;
  if (machine.step(opcode).kind !== "fuel") return undefined;
  regs.readV(register);
  const v0 = view.getBigUint64(0, true) | (view.getBigUint64(8, true) << 64n);
  return { v0, x0: regs.x(0), fpsr: regs.fpsr, nzcv: regs.nzcv >>> 0 };
}
