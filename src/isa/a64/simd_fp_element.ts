/** AdvSIMD floating point with one element of Rm for all lanes (Arm ARM C4.1.97, vector and scalar × indexed element). */
import { c64, i64, i64x2 } from "../ir/ops.ts";
import { compute, computeVector, FMUL, FMULX, type Operation } from "./fp_arith.ts";
import { negatedOperand, operandOf, readOperand, writeOperand } from "./fp_host.ts";
import { broadcast, half, setVector } from "./lanes.ts";
import { insn, type Row } from "./row.ts";
import { fmaHalfVector, fmaScalar, fmaVector } from "./simd_fp_fma.ts";
import { byElement, byElementScalar, readVector, writeVector } from "./simd_fp_rows.ts";

const multiply = (op: Operation, U: 0 | 1): Row[] => [
  ...byElement(op.name, U, "1001", (b, shape, element) => {
    const x = readVector(b, shape, "Rn"), y = b.let(broadcast(shape.fmt.bits, element));
    writeVector(b, shape, computeVector(b, shape.fmt, op, x, y, shape.lanes));
  }),
  ...byElementScalar(op.name, U, "1001", (b, fmt, element) => {
    writeOperand(b, "Rd", compute(b, fmt, op, readOperand(b, fmt, "Rn"), b.let(operandOf(fmt, element))));
  }),
];

const fused = (name: string, op: string, negate: boolean): Row[] => [
  ...byElement(name, 0, op, (b, shape, element) => {
    const c = readVector(b, shape, "Rd"), x = readVector(b, shape, "Rn");
    writeVector(b, shape, fmaVector(b, shape.fmt, negate, c, x, broadcast(shape.fmt.bits, element), shape.lanes));
  }),
  ...byElementScalar(name, 0, op, (b, fmt, element) => {
    const x = readOperand(b, fmt, "Rn");
    const p = negate ? negatedOperand(fmt, x) : x;
    writeOperand(b, "Rd", fmaScalar(b, fmt, readOperand(b, fmt, "Rd"), p, b.let(operandOf(fmt, element))));
  }),
];

/** FMLAL, FMLSL and their second-half forms, which take the upper half of Rn's half-precision lanes. */
const fusedHalf = (name: string, U: 0 | 1, op: string, negate: boolean): Row =>
  insn(`${name} (by element)`, `0 Q:1 ${U} 01111 10 L:1 M:1 Rm:4 ${op} H:1 0 Rn:5 Rd:5`, {
    vary: "Q",
    small: { index: (f) => f.H! * 4 + f.L! * 2 + f.M! },
    feature: "FHM",
  }, (b) => {
    const Q = b.num("Q"), all = b.v("Rn");
    const element = b.lane("Rm", 16, b.imm32("index"));
    // Of a 64-bit operand, the second half are lanes 2 and 3.
    const x = !U ? all : Q ? half(all, 1) : i64x2.splat(i64.shr_u(i64x2.extract_lane(all, 0), c64(32)));
    setVector(b, "Rd", fmaHalfVector(b, negate, b.v("Rd"), x, broadcast(16, element), Q ? 4 : 2), Q);
  });

export const rows: readonly Row[] = [
  ...multiply(FMUL, 0),
  ...multiply(FMULX, 1),
  ...fused("FMLA", "0001", false),
  ...fused("FMLS", "0101", true),
  fusedHalf("FMLAL", 0, "0000", false),
  fusedHalf("FMLSL", 0, "0100", true),
  fusedHalf("FMLAL2", 1, "1000", false),
  fusedHalf("FMLSL2", 1, "1100", true),
];
