/**
 * Every floating-point encoding on difficult operands, in all modes of FPCR, against another implementation: values
 * and cumulative flags. ELFTAP_FUZZ=n runs n times as many operands, ELFTAP_SEED chooses others.
 */
import { strict as assert } from "node:assert";
import { Machine } from "../../src/engine/wasm/testing.ts";
import { FEATURES } from "../../src/isa/a64/features.ts";
import type { Fields, Row } from "../../src/isa/a64/row.ts";
import { rows as fp } from "../../src/isa/a64/fp.ts";
import { rows as fpCompare } from "../../src/isa/a64/fp_compare.ts";
import { rows as fpConvert } from "../../src/isa/a64/fp_convert.ts";
import { rows as simdFp } from "../../src/isa/a64/simd_fp.ts";
import { rows as simdFpCompare } from "../../src/isa/a64/simd_fp_compare.ts";
import { rows as simdFpComplex } from "../../src/isa/a64/simd_fp_complex.ts";
import { rows as simdFpConvert } from "../../src/isa/a64/simd_fp_convert.ts";
import { rows as simdFpElement } from "../../src/isa/a64/simd_fp_element.ts";
import { rows as simdFpMisc } from "../../src/isa/a64/simd_fp_misc.ts";
import { f16, f32, f64, type Format, Fpcr, Fpsr } from "../../src/isa/a64/softfloat/format.ts";
import { Random, vector } from "./operands.ts";
import { type Batch, missingOracle, type Outcome, runOracle, type State } from "./oracle.ts";

const FAMILIES: Readonly<Record<string, readonly Row[]>> = {
  "scalar arithmetic": fp,
  "scalar comparison": fpCompare,
  "scalar conversion": fpConvert,
  "vector arithmetic": simdFp,
  "vector comparison": simdFpCompare,
  "complex arithmetic": simdFpComplex,
  "vector conversion": simdFpConvert,
  "by element": simdFpElement,
  "vector, one operand": simdFpMisc,
};

const times = Number(Deno.env.get("ELFTAP_FUZZ") ?? 1), seed = Number(Deno.env.get("ELFTAP_SEED") ?? 1);
const STATES = 24;

/** All combinations of the varying fields; the others random, registers as the oracle has them. */
function opcodes(row: Row, random: Random): number[] {
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
function formatOf(row: Row, word: number): Format {
  if (row.name.includes("half") || row.feature === "FP16") return f16;
  const sz = row.fields.find((field) => field.name === "sz");
  if (row.name.includes("double")) return f64;
  return sz && (word >>> sz.lsb) & 1 ? f64 : f32;
}

const ALL_FPCR = Fpcr.AHP | Fpcr.DN | Fpcr.FZ | (3 << Fpcr.RModeShift) | Fpcr.FZ16;
const ALL_FPSR = Fpsr.IOC | Fpsr.DZC | Fpsr.OFC | Fpsr.UFC | Fpsr.IXC | Fpsr.IDC;

function state(random: Random, fmt: Format): State {
  const own = random.below(8) ? fmt : random.pick([f16, f32, f64]);
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

const machine = new Machine();
const register = new Uint8Array(512);
const view = new DataView(register.buffer);

function ours(opcode: number, { v, x, fpcr, fpsr, nzcv }: State): Outcome | undefined {
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

const hex = (value: bigint | number): string => value.toString(16);
const show = (outcome: Outcome | undefined): string =>
  outcome
    ? `v0=${hex(outcome.v0)} x0=${hex(outcome.x0)} fpsr=${hex(outcome.fpsr)} nzcv=${hex(outcome.nzcv)}`
    : "illegal";

/**
 * Where QEMU 7.2 departs from the Arm ARM: FPToFixedJS() has a flushed subnormal of either sign inexact, and a write of
 * a half-precision register clears all bits above it, also after a conversion to fixed point.
 */
function oracleErrs(row: Row, { v, fpcr }: State): boolean {
  const subnormal = (v[1] & f64.infinity) === 0n && (v[1] & f64.fraction) !== 0n;
  return (row.name === "FJCVTZS" && (fpcr & Fpcr.FZ) !== 0 && subnormal) ||
    row.name === "FCVTZS (scalar SIMD, fixed-point) 16";
}

const missing = missingOracle();
for (const [family, rows] of Object.entries(FAMILIES)) {
  Deno.test({
    name: missing ? `SKIPPED: ${family}: ${missing}` : `${family} agrees with another implementation`,
    ignore: missing !== undefined,
    fn: async () => {
      const random = new Random(seed), batches: Batch[] = [], owner: Row[] = [];
      for (const row of rows) {
        if (row.feature !== undefined && !FEATURES.has(row.feature)) continue;
        for (const opcode of opcodes(row, random)) {
          const fmt = formatOf(row, opcode);
          batches.push({ opcode, states: Array.from({ length: STATES * times }, () => state(random, fmt)) });
          owner.push(row);
        }
      }
      const expected = await runOracle(batches);
      const failures: string[] = [];
      batches.forEach(({ opcode, states }, at) => {
        let shown = 0;
        states.forEach((before, i) => {
          const got = show(ours(opcode, before)), want = show(expected[at]![i]);
          if (got === want || oracleErrs(owner[at]!, before) || shown++ >= 2) return;
          const v = before.v.map((value, n) => `v${n}=${hex(value)}`).join(" ");
          failures.push(
            `${owner[at]!.name} ${hex(opcode)} | ${v} x1=${hex(before.x[1])} fpcr=${hex(before.fpcr)} ` +
              `fpsr=${hex(before.fpsr)}\n  got  ${got}\n  want ${want}`,
          );
        });
      });
      assert.equal(failures.length, 0, `seed ${seed}\n${failures.slice(0, 60).join("\n")}`);
    },
  });
}
