/** BFloat16 (FEAT_BF16): conversions, dot products, matrix multiplication, widening multiply-add. */
import type { Builder } from "../ir/builder.ts";
import { helper } from "../ir/helper.ts";
import { c32, cV128, i32, i32x4, i64, i64x2, splat, type V128, v128 } from "../ir/ops.ts";
import { readBits, writeBits } from "./fp_host.ts";
import { broadcast, extract, insert, setVector } from "./lanes.ts";
import { insn, type Row } from "./row.ts";
import { fmaVector } from "./simd_fp_fma.ts";
import { bfDotAdd } from "./softfloat/bfloat.ts";
import { softConvert } from "./softfloat/convert_format.ts";
import { bf16, f32 } from "./softfloat/format.ts";

/** Dot products of pairs in the first two or four lanes, added to `c`. */
const dot = helper("bfdotV", ["v128", "v128", "v128", "i32"], "v128", (b, c, x, y, lanes) => {
  const result = b.let<"v128">(cV128(0n));
  for (let lane = 0; lane < 4; lane++) {
    if (lane === 2) b.if(i32.eq(lanes, c32(2)), () => b.return(result));
    const [p, q, r] = [c, x, y].map((v) => i32x4.extract_lane(v, lane));
    b.set(result, i32x4.replace_lane(result, lane, b.call(bfDotAdd, p!, q!, r!)));
  }
  return result;
});

/** The product of a 2×4 and a 4×2 matrix, row by row of both, added to `c`: 2×2. */
const matrix = helper("bfmmlaV", ["v128", "v128", "v128"], "v128", (b, c, x, y) => {
  const result = b.let<"v128">(cV128(0n));
  for (let lane = 0; lane < 4; lane++) {
    const row = lane & 2, column = (lane & 1) * 2;
    let sum = i32x4.extract_lane(c, lane);
    for (let k = 0; k < 2; k++) {
      sum = b.call(bfDotAdd, sum, i32x4.extract_lane(x, row + k), i32x4.extract_lane(y, column + k));
    }
    b.set(result, i32x4.replace_lane(result, lane, sum));
  }
  return result;
});

const narrowed = helper("bfcvtnV", ["v128"], "i64", (b, x) => {
  let result: V128 = cV128(0n);
  for (let lane = 0; lane < 4; lane++) {
    result = b.let(insert(result, 16, lane, softConvert(b, f32, bf16, extract(x, 32, lane, false))));
  }
  return i64x2.extract_lane(result, 0);
});

/** The even (bottom) or odd (top) BFloat16 lanes as singles. */
const widened = (x: V128, top: number): V128 => top ? v128.and(x, splat(32, 0xffff0000)) : i32x4.shl(x, c32(16));

/** BFMLALB and BFMLALT: an ordinary fused multiply-add in single precision. Q chooses the lanes. */
function multiplyAdd(b: Builder, y: V128): void {
  const top = b.num("Q");
  b.setV("Rd", fmaVector(b, f32, false, b.v("Rd"), widened(b.v("Rn"), top), y, 4));
}
const name = (f: Readonly<Record<string, number>>): string => f.Q ? "BFMLALT" : "BFMLALB";

export const rows: readonly Row[] = [
  insn("BFCVT", "00011110 01 1 000110 10000 Rn:5 Rd:5", { feature: "BF16" }, (b) => {
    writeBits(b, "Rd", softConvert(b, f32, bf16, readBits(b, f32, "Rn")));
  }),
  insn("BFCVTN", "0 Q:1 0 01110 10 10000 10110 10 Rn:5 Rd:5", { vary: "Q", feature: "BF16" }, (b) => {
    const result = b.call(narrowed, b.v("Rn"));
    if (b.num("Q")) b.setLane("Rd", 64, c32(1), result);
    else b.setDbits("Rd", result);
  }),
  insn("BFDOT (vector)", "0 Q:1 1 01110 01 0 Rm:5 111111 Rn:5 Rd:5", { vary: "Q", feature: "BF16" }, (b) => {
    const Q = b.num("Q");
    setVector(b, "Rd", b.call(dot, b.v("Rd"), b.v("Rn"), b.v("Rm"), c32(Q ? 4 : 2)), Q);
  }),
  insn("BFDOT (by element)", "0 Q:1 0 01111 01 L:1 Rm:5 1111 H:1 0 Rn:5 Rd:5", {
    vary: "Q",
    small: { index: (f) => f.H! * 2 + f.L! },
    feature: "BF16",
  }, (b) => {
    const Q = b.num("Q"), y = broadcast(32, b.lane("Rm", 32, b.imm32("index")));
    setVector(b, "Rd", b.call(dot, b.v("Rd"), b.v("Rn"), y, c32(Q ? 4 : 2)), Q);
  }),
  insn("BFMMLA", "0 1 1 01110 01 0 Rm:5 111011 Rn:5 Rd:5", { feature: "BF16" }, (b) => {
    b.setV("Rd", b.call(matrix, b.v("Rd"), b.v("Rn"), b.v("Rm")));
  }),
  insn("BFMLALB (vector)", "0 Q:1 1 01110 11 0 Rm:5 111111 Rn:5 Rd:5", {
    vary: "Q",
    feature: "BF16",
    mnemonic: name,
  }, (b) => multiplyAdd(b, widened(b.v("Rm"), b.num("Q")))),
  insn("BFMLALB (by element)", "0 Q:1 0 01111 11 L:1 M:1 Rm:4 1111 H:1 0 Rn:5 Rd:5", {
    vary: "Q",
    small: { index: (f) => f.H! * 4 + f.L! * 2 + f.M! },
    feature: "BF16",
    mnemonic: name,
  }, (b) => {
    const element = i32.wrap(b.lane("Rm", 16, b.imm32("index")));
    multiplyAdd(b, broadcast(32, i64.extend_u(i32.shl(element, c32(16)))));
  }),
];
