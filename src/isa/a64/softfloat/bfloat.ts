/**
 * BFDotAdd() of the Arm ARM, without FEAT_EBF16: products of BFloat16 pairs in an arithmetic of its own, which rounds
 * to odd, flushes subnormals, knows only the default NaN, and neither reads FPCR nor writes FPSR.
 *
 * Values are single-precision patterns. Sums and products are formed in double precision; rounding to odd twice is
 * rounding to odd once.
 */
import type { Builder } from "../../ir/builder.ts";
import { helper } from "../../ir/helper.ts";
import { c32, c64, cF64, f32, type F64, f64, type I32, i32, type I64, i64, select } from "../../ir/ops.ts";
import { f32 as single } from "./format.ts";

const POWER = (exp: number): bigint => BigInt(exp + 1023) << 52n;

/** BFRound() of a double that was itself rounded to odd. */
const roundToOdd = helper("bfRound", ["f64"], "i32", (b, value) => {
  const bits = b.let(i64.reinterpret_f64(value));
  const size = b.let(i64.and(bits, c64((1n << 63n) - 1n)));
  const sign = b.let(i32.and(i32.wrap(i64.shr_u(bits, c64(32))), c32(0x80000000)));
  b.if(f64.ne(value, value), () => b.return(c32(Number(single.defaultNaN))));
  b.if(i64.lt_u(size, c64(POWER(-126))), () => b.return(sign));
  b.if(i64.ge_u(size, c64(POWER(128))), () => b.return(i32.or(sign, c32(Number(single.infinity)))));
  const rebiased = i64.sub(i64.shr_u(size, c64(29)), c64(BigInt(1023 - single.bias) << 23n));
  const sticky = i64.ne(i64.and(size, c64(0x1fffffff)), c64(0));
  return i32.or(i32.or(sign, i32.wrap(rebiased)), sticky);
});

/** A single as a double, subnormals as zero of their sign. */
function widen(b: Builder, x: I32): F64 {
  const subnormal = i32.eqz(i32.and(x, c32(0x7f800000)));
  const kept = select(subnormal, i32.and(x, c32(0x80000000)), x);
  return b.let(f64.promote_f32(f32.reinterpret_i32(kept)));
}

/** BFAdd(): the sum of two singles. */
const bfAdd = helper("bfAdd", ["i32", "i32"], "i32", (b, x, y) => {
  const p = widen(b, x), q = widen(b, y);
  const sum = b.let(f64.add(p, q)), virtual = b.let(f64.sub(sum, p));
  const error = b.let(f64.add(f64.sub(p, f64.sub(sum, virtual)), f64.sub(q, virtual)));
  const bits = b.let(i64.reinterpret_f64(sum));
  // Rounding to odd: an inexact even sum goes one unit towards the error. Infinities and NaNs have a NaN error.
  const inexact = i32.or(f64.lt(error, cF64(0n)), f64.gt(error, cF64(0n)));
  const step = i64.or(i64.shr_s(i64.xor(bits, i64.reinterpret_f64(error)), c64(63)), c64(1));
  const even: I64 = i64.extend_u(i32.and(inexact, i32.eqz(i32.and(i32.wrap(bits), c32(1)))));
  return b.call(roundToOdd, f64.reinterpret_i64(i64.add(bits, i64.mul(step, even))));
});

/** The sum of the products of two pairs of BFloat16, packed in 32 bits each, and an addend. */
export const bfDotAdd = helper("bfDotAdd", ["i32", "i32", "i32"], "i32", (b, addend, x, y) => {
  const low = (v: I32) => widen(b, i32.shl(v, c32(16))), high = (v: I32) => widen(b, i32.and(v, c32(0xffff0000)));
  const first = b.call(roundToOdd, f64.mul(low(x), low(y)));
  const second = b.call(roundToOdd, f64.mul(high(x), high(y)));
  return b.call(bfAdd, addend, b.call(bfAdd, first, second));
});
