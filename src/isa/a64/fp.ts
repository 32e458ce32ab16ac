/** Scalar floating-point data processing (Arm ARM C4.1.96): moves, arithmetic, fused multiply-add, select. */
import type { Builder } from "../ir/builder.ts";
import { c32, c64, type I64, i64, select } from "../ir/ops.ts";
import * as arith from "./fp_arith.ts";
import { compute, type Operation } from "./fp_arith.ts";
import {
  negatedOperand,
  type Operand,
  operandOf,
  readBits,
  readOperand,
  scalarHost,
  writeBits,
  writeOperand,
} from "./fp_host.ts";
import { floatRows } from "./fp_rows.ts";
import { type Fields, insn, type Row } from "./row.ts";
import { softConvert } from "./softfloat/convert_format.ts";
import { f16, f32, f64, type Format } from "./softfloat/format.ts";
import { narrowExactly, widenExactly } from "./fp_convert.ts";
import { fmaScalar } from "./simd_fp_fma.ts";

/** Data processing with one source: the soft function on the operand, or the host's. */
const unary = (op: Operation, opcode: string, feature?: "FRINTTS"): Row[] => {
  const rows = floatRows(
    op.name,
    `00011110 ftype 1 ${opcode} 10000 Rn:5 Rd:5`,
    feature ? { feature } : {},
    (b, fmt) => writeOperand(b, "Rd", compute(b, fmt, op, readOperand(b, fmt, "Rn"))),
  );
  // FRINT32 and FRINT64 have no half-precision forms.
  return feature ? rows.slice(0, 1) : rows;
};

const binary = (op: Operation, opcode: string): Row[] =>
  floatRows(op.name, `00011110 ftype 1 Rm:5 ${opcode} 10 Rn:5 Rd:5`, {}, (b, fmt) => {
    writeOperand(b, "Rd", compute(b, fmt, op, readOperand(b, fmt, "Rn"), readOperand(b, fmt, "Rm")));
  });

/** Moves and sign changes look at no value: NaNs pass unchanged, nothing is flushed. So do the host's. */
const bitwise = (name: string, opcode: string, apply: (fmt: Format, x: Operand) => Operand): Row[] =>
  floatRows(`${name} (scalar)`, `00011110 ftype 1 ${opcode} 10000 Rn:5 Rd:5`, {}, (b, fmt) => {
    writeOperand(b, "Rd", apply(fmt, readOperand(b, fmt, "Rn")));
  });

/** VFPExpandImm(): sign, three bits of exponent, four of fraction. */
export function expandImmediate(fmt: Format, imm8: number): bigint {
  const expBits = fmt.bits - 1 - fmt.fracBits;
  const high = (imm8 >> 6) & 1;
  const exp = ((high ? 0 : 1) << (expBits - 1)) | (high ? ((1 << (expBits - 3)) - 1) << 2 : 0) | ((imm8 >> 4) & 3);
  const fraction = BigInt(imm8 & 15) << BigInt(fmt.fracBits - 4);
  return (imm8 & 0x80 ? fmt.sign : 0n) | (BigInt(exp) << BigInt(fmt.fracBits)) | fraction;
}
const expanded = (fmt: (f: Fields) => Format) => (f: Fields): bigint =>
  BigInt.asIntN(64, expandImmediate(fmt(f), f.imm8!));

/** FCVT between formats, by the codes of `ftype`. */
const FORMATS: readonly (Format | undefined)[] = [f32, f64, undefined, f16];
function convert(b: Builder): void {
  const from = FORMATS[b.num("ft")]!, to = FORMATS[b.num("opc")]!;
  const x = readOperand(b, from, "Rn");
  if (from === f32 && to === f64) b.setD("Rd", widenExactly(b, x));
  else if (from === f64 && to === f32) b.setS("Rd", narrowExactly(b, x));
  else writeOperand(b, "Rd", operandOf(to, softConvert(b, from, to, readBits(b, from, "Rn"))));
}

export const rows: readonly Row[] = [
  ...bitwise("FMOV", "000000", (_, x) => x),
  ...bitwise("FABS", "000001", (fmt, x) => scalarHost(fmt)?.abs(x) ?? i64.and(x as I64, c64(fmt.sign - 1n))),
  ...bitwise("FNEG", "000010", negatedOperand),
  ...unary(arith.FSQRT, "000011"),
  ...unary(arith.FRINTN, "001000"),
  ...unary(arith.FRINTP, "001001"),
  ...unary(arith.FRINTM, "001010"),
  ...unary(arith.FRINTZ, "001011"),
  ...unary(arith.FRINTA, "001100"),
  ...unary(arith.FRINTX, "001110"),
  ...unary(arith.FRINTI, "001111"),
  ...unary(arith.FRINT32Z, "010000", "FRINTTS"),
  ...unary(arith.FRINT32X, "010001", "FRINTTS"),
  ...unary(arith.FRINT64Z, "010010", "FRINTTS"),
  ...unary(arith.FRINT64X, "010011", "FRINTTS"),

  insn("FCVT", "00011110 ft:2 1 0001 opc:2 10000 Rn:5 Rd:5", {
    vary: "ft opc",
    allocated: (f) => f.ft !== 2 && f.opc !== 2 && f.ft !== f.opc,
  }, convert),

  ...binary(arith.FMUL, "0000"),
  ...binary(arith.FDIV, "0001"),
  ...binary(arith.FADD, "0010"),
  ...binary(arith.FSUB, "0011"),
  ...binary(arith.FMAX, "0100"),
  ...binary(arith.FMIN, "0101"),
  ...binary(arith.FMAXNM, "0110"),
  ...binary(arith.FMINNM, "0111"),
  ...binary(arith.FNMUL, "1000"),

  ...floatRows("FMADD", "00011111 ftype o1:1 Rm:5 o0:1 Ra:5 Rn:5 Rd:5", {
    vary: "o1 o0",
    mnemonic: (f) => ["FMADD", "FMSUB", "FNMADD", "FNMSUB"][f.o1! * 2 + f.o0!]!,
  }, (b, fmt) => {
    // Negations come before the operation, so they show in the sign of a NaN operand.
    const a = readOperand(b, fmt, "Ra"), x = readOperand(b, fmt, "Rn");
    const c = b.num("o1") ? negatedOperand(fmt, a) : a;
    const p = b.num("o0") !== b.num("o1") ? negatedOperand(fmt, x) : x;
    writeOperand(b, "Rd", fmaScalar(b, fmt, c, p, readOperand(b, fmt, "Rm")));
  }),

  insn("FMOV (scalar, immediate)", "00011110 0 sz:1 1 imm8:8 100 00000 Rd:5", {
    wide: { value: expanded((f) => f.sz ? f64 : f32) },
  }, (b) => writeBits(b, "Rd", b.imm64("value"))),
  insn("FMOV (scalar, immediate) half", "00011110 11 1 imm8:8 100 00000 Rd:5", {
    wide: { value: expanded(() => f16) },
    feature: "FP16",
  }, (b) => writeBits(b, "Rd", b.imm64("value"))),

  ...floatRows("FCSEL", "00011110 ftype 1 Rm:5 cond:4 11 Rn:5 Rd:5", { vary: "cond" }, (b, fmt) => {
    // Of integers, as hosts have a conditional move for those.
    const holds = b.condition(b.num("cond"));
    if (fmt === f32) b.setSbits("Rd", select(holds, b.sbits("Rn"), b.sbits("Rm")));
    else writeBits(b, "Rd", select(holds, readBits(b, fmt, "Rn"), readBits(b, fmt, "Rm")));
  }),

  // Between general and vector registers: W and S, X and D, X and the upper D.
  insn("FMOV (general)", "sf:1 0011110 0 sz:1 1 00 11 op:1 000000 Rn:5 Rd:5", {
    vary: "sf sz op",
    allocated: (f) => f.sf === f.sz,
  }, (b) => {
    if (b.num("op")) writeBits(b, "Rd", b.num("sf") ? b.x("Rn") : i64.extend_u(b.w("Rn")));
    else b.setX("Rd", b.num("sf") ? b.dbits("Rn") : i64.extend_u(b.sbits("Rn")));
  }),
  insn("FMOV (general, upper half)", "1 0011110 10 1 01 11 op:1 000000 Rn:5 Rd:5", { vary: "op" }, (b) => {
    if (b.num("op")) b.setLane("Rd", 64, c32(1), b.x("Rn"));
    else b.setX("Rd", b.dbits("Rn", 8));
  }),
  insn("FMOV (general, half)", "sf:1 0011110 11 1 00 11 op:1 000000 Rn:5 Rd:5", {
    vary: "op",
    feature: "FP16",
  }, (b) => {
    if (b.num("op")) writeBits(b, "Rd", i64.and(b.x("Rn"), c64(0xffff)));
    else b.setX("Rd", i64.extend_u(b.hbits("Rn")));
  }),
];
