/** AdvSIMD floating point on registers of the same shape, vector and scalar (Arm ARM C4.1.97). */
import { c32, i64x2, i8x16, type V128 } from "../ir/ops.ts";
import * as arith from "./fp_arith.ts";
import { compute, computeVector, laneOperand, type Operation } from "./fp_arith.ts";
import { type Operand, readOperand, writeOperand } from "./fp_host.ts";
import { half, setVector } from "./lanes.ts";
import { insn, type Row } from "./row.ts";
import { fmaHalfVector, fmaVector } from "./simd_fp_fma.ts";
import { acrossLanes, type Bits, pairwiseScalar, readVector, threeSame, threeSameScalar } from "./simd_fp_rows.ts";
import { writeVector } from "./simd_fp_rows.ts";
import type { Format } from "./softfloat/format.ts";

const vector = (op: Operation, bits: Bits): Row[] =>
  threeSame(op.name, bits, (b, shape) => {
    const x = readVector(b, shape, "Rn"), y = readVector(b, shape, "Rm");
    writeVector(b, shape, computeVector(b, shape.fmt, op, x, y, shape.lanes));
  });
const scalar = (op: Operation, bits: Bits): Row[] =>
  threeSameScalar(op.name, bits, (b, fmt) => {
    writeOperand(b, "Rd", compute(b, fmt, op, readOperand(b, fmt, "Rn"), readOperand(b, fmt, "Rm")));
  });

/** Every second element of the concatenation Rm:Rn, starting with element `first`. */
function everySecond(fmt: Format, lanes: number, first: 0 | 1, low: V128, high: V128): V128 {
  const bytes = fmt.bits / 8, indices: number[] = [];
  for (let lane = 0; lane < 16 / bytes; lane++) {
    // Elements of Rn, then of Rm; beyond the lanes in use, anything.
    const element = 2 * (lane % lanes) + first;
    const at = element < lanes ? element * bytes : 16 + (element - lanes) * bytes;
    for (let byte = 0; byte < bytes; byte++) indices.push(at + byte);
  }
  return i8x16.shuffle(low, high, indices);
}
const pairwise = (op: Operation, bits: Bits): Row[] =>
  threeSame(`${op.name}P`, bits, (b, shape) => {
    const low = readVector(b, shape, "Rn"), high = readVector(b, shape, "Rm");
    const even = b.let(everySecond(shape.fmt, shape.lanes, 0, low, high));
    const odd = b.let(everySecond(shape.fmt, shape.lanes, 1, low, high));
    writeVector(b, shape, computeVector(b, shape.fmt, op, even, odd, shape.lanes));
  });
const pair = (op: Operation, bits: Bits): Row[] =>
  pairwiseScalar(`${op.name}P`, bits, (b, fmt) => {
    const both = b.v("Rn");
    writeOperand(b, "Rd", compute(b, fmt, op, b.let(laneOperand(fmt, both, 0)), b.let(laneOperand(fmt, both, 1))));
  });

/** Reduce(): low half against high half, recursively, so that of several NaNs the right one wins. */
const across = (op: Operation, bits: Bits): Row[] =>
  acrossLanes(`${op.name}V`, bits, (b, { fmt, lanes }) => {
    const all = b.v("Rn");
    const reduce = (from: number, count: number): Operand => {
      if (count === 1) return b.let(laneOperand(fmt, all, from));
      const low = reduce(from, count / 2), high = reduce(from + count / 2, count / 2);
      return b.let(compute(b, fmt, op, low, high));
    };
    writeOperand(b, "Rd", reduce(0, lanes));
  });

const fused = (name: string, bits: Bits, negate: boolean): Row[] =>
  threeSame(name, bits, (b, shape) => {
    const c = readVector(b, shape, "Rd"), x = readVector(b, shape, "Rn"), y = readVector(b, shape, "Rm");
    writeVector(b, shape, fmaVector(b, shape.fmt, negate, c, x, y, shape.lanes));
  });

/** The halves that FMLAL (low) and FMLAL2 (high) of a 64- or 128-bit operand widen, in the low lanes. */
const widened = (Q: number, high: 0 | 1, value: V128): V128 =>
  !high ? value : Q ? half(value, 1) : i64x2.shr_u(value, c32(32));

const fusedHalf = (name: string, U: 0 | 1, op: string): Row =>
  insn(`${name} (vector)`, `0 Q:1 ${U} 01110 a:1 0 1 Rm:5 ${op} 1 Rn:5 Rd:5`, {
    vary: "Q a",
    feature: "FHM",
    mnemonic: (f) => f.a ? name.replace("A", "S") : name,
  }, (b) => {
    const Q = b.num("Q");
    const x = widened(Q, U, b.v("Rn")), y = widened(Q, U, b.v("Rm"));
    setVector(b, "Rd", fmaHalfVector(b, b.num("a") === 1, b.v("Rd"), x, y, Q ? 4 : 2), Q);
  });

export const rows: readonly Row[] = [
  ...vector(arith.FMAXNM, [0, 0, "11000"]),
  ...vector(arith.FMINNM, [0, 1, "11000"]),
  ...vector(arith.FADD, [0, 0, "11010"]),
  ...vector(arith.FSUB, [0, 1, "11010"]),
  ...vector(arith.FABD, [1, 1, "11010"]),
  ...vector(arith.FMULX, [0, 0, "11011"]),
  ...vector(arith.FMUL, [1, 0, "11011"]),
  ...vector(arith.FMAX, [0, 0, "11110"]),
  ...vector(arith.FMIN, [0, 1, "11110"]),
  ...vector(arith.FRECPS, [0, 0, "11111"]),
  ...vector(arith.FRSQRTS, [0, 1, "11111"]),
  ...vector(arith.FDIV, [1, 0, "11111"]),

  ...scalar(arith.FMULX, [0, 0, "11011"]),
  ...scalar(arith.FRECPS, [0, 0, "11111"]),
  ...scalar(arith.FRSQRTS, [0, 1, "11111"]),
  ...scalar(arith.FABD, [1, 1, "11010"]),

  ...pairwise(arith.FMAXNM, [1, 0, "11000"]),
  ...pairwise(arith.FMINNM, [1, 1, "11000"]),
  ...pairwise(arith.FADD, [1, 0, "11010"]),
  ...pairwise(arith.FMAX, [1, 0, "11110"]),
  ...pairwise(arith.FMIN, [1, 1, "11110"]),
  ...pair(arith.FMAXNM, [1, 0, "01100"]),
  ...pair(arith.FMINNM, [1, 1, "01100"]),
  ...pair(arith.FADD, [1, 0, "01101"]),
  ...pair(arith.FMAX, [1, 0, "01111"]),
  ...pair(arith.FMIN, [1, 1, "01111"]),
  ...across(arith.FMAXNM, [1, 0, "01100"]),
  ...across(arith.FMINNM, [1, 1, "01100"]),
  ...across(arith.FMAX, [1, 0, "01111"]),
  ...across(arith.FMIN, [1, 1, "01111"]),

  ...fused("FMLA", [0, 0, "11001"], false),
  ...fused("FMLS", [0, 1, "11001"], true),
  fusedHalf("FMLAL", 0, "11101"),
  fusedHalf("FMLAL2", 1, "11001"),
];
