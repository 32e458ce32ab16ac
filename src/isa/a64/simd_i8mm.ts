/** FEAT_I8MM: products of 2x8 and 8x2 matrices of bytes, added to a 2x2 matrix of words (Arm ARM C4.1.97.22). */
import { i16x8, i32x4, type V128 } from "../ir/ops.ts";
import { unzip } from "./lanes.ts";
import { insn, type Row } from "./row.ts";

const sumOfPairs = (x: V128, y: V128): V128 => i32x4.add(unzip(32, x, y, 0, 1), unzip(32, x, y, 1, 1));

export const rows: readonly Row[] = [
  // Row i of Vn times row j of Vm gives element 2i + j. USMMLA takes Vn as unsigned and Vm as signed.
  insn("SMMLA", "0 1 U:1 01110 10 0 Rm:5 1 010 B:1 1 Rn:5 Rd:5", {
    vary: "U B",
    allocated: (f) => !(f.U && f.B),
    feature: "I8MM",
    mnemonic: (f) => f.B ? "USMMLA" : f.U ? "UMMLA" : "SMMLA",
  }, (b) => {
    const unsignedN = b.num("U") + b.num("B") > 0, unsignedM = b.num("U") === 1;
    const halves = (x: V128, unsigned: boolean): [V128, V128] => [
      b.let((unsigned ? i16x8.extend_low_i8x16_u : i16x8.extend_low_i8x16_s)(x)),
      b.let((unsigned ? i16x8.extend_high_i8x16_u : i16x8.extend_high_i8x16_s)(x)),
    ];
    const [n0, n1] = halves(b.v("Rn"), unsignedN), [m0, m1] = halves(b.v("Rm"), unsignedM);
    // Extended bytes are positive 16-bit numbers either way, so the signed product serves all.
    const row = (n: V128): V128 => b.let(sumOfPairs(b.let(i32x4.dot_i16x8_s(n, m0)), b.let(i32x4.dot_i16x8_s(n, m1))));
    b.setV("Rd", i32x4.add(b.v("Rd"), sumOfPairs(row(n0), row(n1))));
  }),
];
