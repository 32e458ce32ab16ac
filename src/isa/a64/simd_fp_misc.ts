/** AdvSIMD floating point on one register: rounding, roots, estimates, signs (Arm ARM C4.1.97). */
import { type Helper, helper } from "../ir/helper.ts";
import { c32, cV128, i32, i32x4, i64x2, splat, v128 } from "../ir/ops.ts";
import { expandImmediate } from "./fp.ts";
import * as arith from "./fp_arith.ts";
import { compute, computeVector, type Operation } from "./fp_arith.ts";
import { readOperand, writeOperand } from "./fp_host.ts";
import { setVector } from "./lanes.ts";
import { type Feature, insn, type Row } from "./row.ts";
import { type Bits, readVector, twoMisc, twoMiscScalar, writeVector } from "./simd_fp_rows.ts";
import { f16 } from "./softfloat/format.ts";
import { unsignedRecip, unsignedRSqrt } from "./softfloat/estimate.ts";

const vector = (op: Operation, bits: Bits, feature?: Feature): Row[] =>
  twoMisc(op.name, bits, (b, shape) => {
    const x = readVector(b, shape, "Rn");
    writeVector(b, shape, computeVector(b, shape.fmt, op, x, x, shape.lanes));
  }, feature);
const scalar = (op: Operation, bits: Bits): Row[] =>
  twoMiscScalar(op.name, bits, (b, fmt) => writeOperand(b, "Rd", compute(b, fmt, op, readOperand(b, fmt, "Rn"))));

/** URECPE and URSQRTE: estimates of unsigned fixed-point numbers, 32 bits each. */
const estimate = (name: string, U: 0 | 1, lane: Helper<"i32">): Row => {
  const lanes = helper(`${name}V`, ["v128", "i32"], "v128", (b, x, count) => {
    const result = b.let<"v128">(cV128(0n));
    for (let at = 0; at < 4; at++) {
      if (at === 2) b.if(i32.eq(count, c32(2)), () => b.return(result));
      b.set(result, i32x4.replace_lane(result, at, b.call(lane, i32x4.extract_lane(x, at))));
    }
    return result;
  });
  return insn(name, `0 Q:1 ${U} 01110 10 10000 11100 10 Rn:5 Rd:5`, { vary: "Q" }, (b) => {
    const Q = b.num("Q");
    setVector(b, "Rd", b.call(lanes, b.v("Rn"), c32(Q ? 4 : 2)), Q);
  });
};

export const rows: readonly Row[] = [
  // Sign changes look at no value.
  ...twoMisc("FABS", [0, 1, "01111"], (b, shape) => {
    writeVector(b, shape, v128.and(readVector(b, shape, "Rn"), splat(shape.fmt.bits, shape.fmt.sign - 1n)));
  }),
  ...twoMisc("FNEG", [1, 1, "01111"], (b, shape) => {
    writeVector(b, shape, v128.xor(readVector(b, shape, "Rn"), splat(shape.fmt.bits, shape.fmt.sign)));
  }),
  ...vector(arith.FRINTN, [0, 0, "11000"]),
  ...vector(arith.FRINTM, [0, 0, "11001"]),
  ...vector(arith.FRINTP, [0, 1, "11000"]),
  ...vector(arith.FRINTZ, [0, 1, "11001"]),
  ...vector(arith.FRINTA, [1, 0, "11000"]),
  ...vector(arith.FRINTX, [1, 0, "11001"]),
  ...vector(arith.FRINTI, [1, 1, "11001"]),
  ...vector(arith.FRINT32Z, [0, 0, "11110"], "FRINTTS"),
  ...vector(arith.FRINT64Z, [0, 0, "11111"], "FRINTTS"),
  ...vector(arith.FRINT32X, [1, 0, "11110"], "FRINTTS"),
  ...vector(arith.FRINT64X, [1, 0, "11111"], "FRINTTS"),
  ...vector(arith.FSQRT, [1, 1, "11111"]),
  ...vector(arith.FRECPE, [0, 1, "11101"]),
  ...vector(arith.FRSQRTE, [1, 1, "11101"]),
  ...scalar(arith.FRECPE, [0, 1, "11101"]),
  ...scalar(arith.FRSQRTE, [1, 1, "11101"]),
  ...scalar(arith.FRECPX, [0, 1, "11111"]),

  // The half-precision immediate; those of single and double precision belong to the modified immediates.
  insn("FMOV (vector, immediate) half", "0 Q:1 0 0111100000 abc:3 111111 defgh:5 Rd:5", {
    vary: "Q",
    wide: {
      value: (f) => BigInt.asIntN(64, expandImmediate(f16, f.abc! * 32 + f.defgh!) * 0x0001000100010001n),
    },
    feature: "FP16",
  }, (b) => setVector(b, "Rd", i64x2.splat(b.imm64("value")), b.num("Q"))),

  estimate("URECPE", 0, unsignedRecip),
  estimate("URSQRTE", 1, unsignedRSqrt),
];
