/** Products of polynomials over GF(2), which WebAssembly has no instruction for. */
import type { Builder } from "../ir/builder.ts";
import { helper } from "../ir/helper.ts";
import { c32, c64, type I64, i64, i64x2, i8x16, type V128 } from "../ir/ops.ts";
import { reverseBitsOfBytes } from "./lanes.ts";

/** Every fourth bit. */
const HOLES = 0x1111111111111111n;

/** Low 64 bits of a carry-less product, by integer products of numbers with holes. */
export function carrylessLow(b: Builder, x: I64, y: I64): I64 {
  // Sums of up to 15 ones do not run into each other, and where there are 16 the carry leaves the word. The products
  // of parts p and q lie in the bits (p + q) mod 4.
  const parts = (v: I64): I64[] => [0, 1, 2, 3].map((at) => b.let(i64.and(v, c64(HOLES << BigInt(at)))));
  const p = parts(x), q = parts(y);
  const sums = [0, 1, 2, 3].map((at) => {
    const products = [0, 1, 2, 3].map((i) => i64.mul(p[i]!, q[(at - i) & 3]!));
    return i64.and(products.reduce(i64.xor), c64(HOLES << BigInt(at)));
  });
  return b.let(sums.reduce(i64.or));
}

/** Bytes with their bits reversed, in reverse order: both halves of a vector as 64-bit numbers reversed. */
function reverseHalves(x: V128): V128 {
  const bits = reverseBitsOfBytes(x);
  return i8x16.shuffle(bits, bits, Array.from({ length: 16 }, (_, byte) => byte ^ 7));
}

/** The 128-bit carry-less product of two 64-bit values (FEAT_PMULL). */
export const carryless64 = helper("carryless64", ["i64", "i64"], "v128", (b, x, y) => {
  // The high half is the low half of the product of the reversed numbers, reversed, but for its lowest bit.
  const reversed = b.let(reverseHalves(i64x2.replace_lane(i64x2.splat(x), 1, y)));
  const high = carrylessLow(b, b.let(i64x2.extract_lane(reversed, 0)), b.let(i64x2.extract_lane(reversed, 1)));
  const product = i64x2.replace_lane(i64x2.splat(carrylessLow(b, x, y)), 1, c64(0));
  const upper = i64x2.shr_u(reverseHalves(i64x2.splat(high)), c32(1));
  return i64x2.replace_lane(product, 1, i64x2.extract_lane(upper, 0));
});
