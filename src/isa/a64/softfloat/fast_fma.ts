/**
 * Fused multiply-add from unfused host arithmetic: WebAssembly has no scalar FMA, and compilers emit FMADD freely.
 *
 * Single precision: the product of two floats is exact in double precision, so only the sum rounds before the final
 * rounding; that is harmless unless the rounded sum lies exactly halfway between two floats.
 *
 * Double precision: Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using
 * rounding to odd" (IEEE Transactions on Computers 57, 2008). The product is split exactly into two doubles (Dekker),
 * the three terms are summed exactly into a head and two tails, the tails are added with rounding to odd, and the
 * last addition rounds correctly.
 */
import type { Builder } from "../../ir/builder.ts";
import type { HelperBuilder } from "../../ir/helper.ts";
import { c32, c64, f32, type F64, f64, f64x2, type I32, i32, type I64, i64, i64x2, splat } from "../../ir/ops.ts";
import { cF64, type V128, v128, type Value } from "../../ir/ops.ts";
import { isNormal, spareBits, sumError } from "./exact.ts";
import { f32 as single, type Format } from "./format.ts";

/** The arithmetic of one double or of two. */
interface Ops<T extends "f64" | "v128"> {
  readonly add: (x: Value<T>, y: Value<T>) => Value<T>;
  readonly sub: (x: Value<T>, y: Value<T>) => Value<T>;
  readonly mul: (x: Value<T>, y: Value<T>) => Value<T>;
  /** 2^27 + 1: splits 53 bits into two halves of at most 26 (Veltkamp). */
  readonly splitter: Value<T>;
  /** Adds with rounding to odd, given the rounded sum and its error. */
  readonly toOdd: (b: Builder, sum: Value<T>, error: Value<T>) => Value<T>;
}

const SPLITTER = 0x41a0000002000000n;

const one: Ops<"f64"> = {
  add: f64.add,
  sub: f64.sub,
  mul: f64.mul,
  splitter: cF64(SPLITTER),
  toOdd: (b, sum, error) => {
    const bits = b.let(i64.reinterpret_f64(sum));
    // One unit in the last place towards the error, which makes an even significand odd.
    const step = i64.or(i64.shr_s(i64.xor(bits, i64.reinterpret_f64(error)), c64(63)), c64(1));
    const even = i64.extend_u(i32.and(f64.ne(error, cF64(0n)), i32.eqz(i32.and(i32.wrap(bits), c32(1)))));
    return f64.reinterpret_i64(i64.add(bits, i64.mul(step, even)));
  },
};

const pair: Ops<"v128"> = {
  add: f64x2.add,
  sub: f64x2.sub,
  mul: f64x2.mul,
  splitter: splat(64, SPLITTER),
  toOdd: (b, sum, error) => {
    const step = v128.or(i64x2.shr_s(v128.xor(sum, error), c32(63)), splat(64, 1));
    const odd = i64x2.neg(v128.and(sum, splat(64, 1)));
    const adjust = v128.andnot(f64x2.ne(error, splat(64, 0)), odd);
    return b.let(i64x2.add(sum, v128.and(step, adjust)));
  },
};

/** x * y + c correctly rounded to nearest even; the exponents must be {@link productFits within bounds}. */
function fused<T extends "f64" | "v128">(b: Builder, ops: Ops<T>, c: Value<T>, x: Value<T>, y: Value<T>): Value<T> {
  const let_ = (value: Value<T>): Value<T> => b.let(value);
  const split = (v: Value<T>): [Value<T>, Value<T>] => {
    const scaled = let_(ops.mul(v, ops.splitter));
    const high = let_(ops.sub(scaled, ops.sub(scaled, v)));
    return [high, let_(ops.sub(v, high))];
  };
  const twoSum = (p: Value<T>, q: Value<T>): [Value<T>, Value<T>] => {
    const sum = let_(ops.add(p, q)), virtual = let_(ops.sub(sum, p));
    return [sum, let_(ops.add(ops.sub(p, ops.sub(sum, virtual)), ops.sub(q, virtual)))];
  };
  const [xh, xl] = split(x), [yh, yl] = split(y);
  const uh = let_(ops.mul(x, y));
  const cross = ops.add(ops.add(ops.sub(ops.mul(xh, yh), uh), ops.mul(xh, yl)), ops.mul(xl, yh));
  const ul = let_(ops.add(cross, ops.mul(xl, yl)));
  const [th, tl] = twoSum(c, ul);
  const [vh, vl] = twoSum(uh, th);
  const [tail, error] = twoSum(tl, vl);
  return let_(ops.add(vh, ops.toOdd(b, tail, error)));
}

const EXP = (biased: number): bigint => BigInt(biased) << 53n;
/** |v| within 2^-480 .. 2^480: of two such numbers neither the product overflows nor does its error underflow. */
const factorFits = (v: I64): I32 => i64.lt_u(i64.sub(i64.shl(v, c64(1)), c64(EXP(543))), c64(EXP(960)));
/** |v| below 2^1000; zero and subnormals are fine, as sums do not underflow. */
const addendFits = (v: I64): I32 => i64.lt_u(i64.shl(v, c64(1)), c64(EXP(2023)));

/** Returns from a helper with c + x * y where host arithmetic gives the value and the flags stay as they are. */
export function fastFma(b: HelperBuilder, fmt: Format, c: I64, x: I64, y: I64): void {
  if (fmt === single) fastSingle(b, c, x, y);
  else fastDouble(b, c, x, y);
}

function fastSingle(b: HelperBuilder, c: I64, x: I64, y: I64): void {
  b.if(i32.eqz(b.sys("fpcr")), () => {
    const wide = (v: I64): F64 => f64.promote_f32(f32.reinterpret_i32(i32.wrap(v)));
    const product = b.let(f64.mul(wide(x), wide(y))), addend = b.let(wide(c));
    const sum = b.let(f64.add(product, addend)), narrow = b.let(f32.demote_f64(sum));
    const bits = b.let(i32.reinterpret_f32(narrow));
    const result = () => b.return(i64.extend_u(bits));
    // Strictly above the smallest normal number, below infinity.
    const normal = i32.lt_u(i32.sub(i32.shl(bits, c32(1)), c32(0x01000001)), c32(0xfdffffff));
    const halfway = i64.eq(i64.and(i64.reinterpret_f64(sum), c64(0x1fffffff)), c64(0x10000000));
    b.if(i32.and(b.sys("fpFast"), i32.and(normal, i32.eqz(halfway))), result);
    const exact = f64.eq(sumError(b, product, addend, sum), cF64(0n));
    b.if(i32.and(exact, f64.eq(f64.promote_f32(narrow), sum)), result);
  });
}

function fastDouble(b: HelperBuilder, c: I64, x: I64, y: I64): void {
  b.if(i32.eqz(b.sys("fpcr")), () => {
    const p = b.let(f64.reinterpret_i64(x)), q = b.let(f64.reinterpret_i64(y)), a = b.let(f64.reinterpret_i64(c));
    const fits = i32.and(i32.and(factorFits(x), factorFits(y)), addendFits(c));
    b.if(i32.and(b.sys("fpFast"), fits), () => {
      const bits = b.let(i64.reinterpret_f64(fused(b, one, a, p, q)));
      b.if(isNormal(bits), () => b.return(bits));
    });
    const product = b.let(f64.mul(p, q));
    const short = i32.and(
      i64.ge_u(i64.add(spareBits(x), spareBits(y)), c64(53)),
      isNormal(i64.reinterpret_f64(product)),
    );
    const zero = i32.and(f64.eq(product, cF64(0n)), i32.or(f64.eq(p, cF64(0n)), f64.eq(q, cF64(0n))));
    b.if(i32.or(short, zero), () => {
      const sum = b.let(f64.add(product, a));
      b.if(f64.eq(sumError(b, product, a, sum), cF64(0n)), () => b.return(i64.reinterpret_f64(sum)));
    });
  });
}

/** Lanes of a double pair that pass {@link factorFits} or {@link addendFits}, as masks. */
const lanesWithin = (v: V128, low: bigint, high: bigint): V128 => {
  const size = v128.and(v, splat(64, (1n << 63n) - 1n));
  return v128.and(i64x2.ge_s(size, splat(64, low << 52n)), i64x2.lt_s(size, splat(64, high << 52n)));
};

/**
 * Two double-precision fused multiply-adds at once, for callers in fast mode: the results, and a mask of the lanes
 * in which they are valid.
 */
export function fusedPair(b: Builder, c: V128, x: V128, y: V128): { result: V128; valid: V128 } {
  const result = fused(b, pair, c, x, y);
  const factors = v128.and(lanesWithin(x, 543n, 1503n), lanesWithin(y, 543n, 1503n));
  const size = f64x2.abs(result);
  const normal = v128.and(
    f64x2.gt(size, splat(64, 1n << 52n)),
    f64x2.lt(size, splat(64, 0x7ffn << 52n)),
  );
  return { result, valid: v128.and(v128.and(factors, lanesWithin(c, 0n, 2023n)), normal) };
}
