/**
 * Shortcuts at the head of the soft operations: while FPCR is zero, host arithmetic gives the right value, and where
 * it can be shown cheaply that it was exact, no flag changes either. This keeps programs fast that only ever compute
 * exactly (integers in doubles), for which FPSR.IXC stays clear and the path that assumes it set is closed.
 *
 * Each function returns from the helper under construction if it can show exactness, and falls through otherwise.
 */
import type { HelperBuilder } from "../../ir/helper.ts";
import { c32, c64, f32, type F64, f64, type I32, i32, type I64, i64 } from "../../ir/ops.ts";
import { f32 as single, f64 as double, type Format } from "./format.ts";

const S = {
  read: (x: I64) => f32.reinterpret_i32(i32.wrap(x)),
  write: (r: Parameters<typeof f32.abs>[0]) => i64.extend_u(i32.reinterpret_f32(r)),
};

const whenDefault = (b: HelperBuilder, then: () => void) => b.if(i32.eqz(b.sys("fpcr")), then);
/** True for finite numbers above the smallest normal one (which rounding may have reached from below). */
export const isNormal = (x: I64): I32 =>
  i64.lt_u(i64.sub(i64.shl(x, c64(1)), c64((2n << 52n) + 1n)), c64((0x7ffn << 53n) - (2n << 52n) - 1n));
/** Trailing zeros of the significand: two whose sum is at least 53 multiply exactly. */
export const spareBits = (x: I64): I64 => i64.ctz(i64.or(x, c64(1n << 52n)));

/** TwoSum (Knuth): the rounding error of `sum = x + y`; zero also tells that nothing overflowed. */
export function sumError(b: HelperBuilder, x: F64, y: F64, sum: F64): F64 {
  const virtual = b.let(f64.sub(sum, x));
  return b.let(f64.add(f64.sub(x, f64.sub(sum, virtual)), f64.sub(y, virtual)));
}

export function exactAdd(b: HelperBuilder, fmt: Format, x: I64, y: I64, subtract: boolean): void {
  if (fmt === double) {
    whenDefault(b, () => {
      const p = b.let(f64.reinterpret_i64(x));
      const q = b.let(subtract ? f64.neg(f64.reinterpret_i64(y)) : f64.reinterpret_i64(y));
      const sum = b.let(f64.add(p, q));
      b.if(f64.eq(sumError(b, p, q, sum), f64Zero), () => b.return(i64.reinterpret_f64(sum)));
    });
  } else if (fmt === single) {
    whenDefault(b, () => {
      // In double precision, then it must fit a float: no double rounding can hide, the error being zero.
      const p = b.let(f64.promote_f32(S.read(x)));
      const q = b.let(subtract ? f64.neg(f64.promote_f32(S.read(y))) : f64.promote_f32(S.read(y)));
      const sum = b.let(f64.add(p, q)), narrow = b.let(f32.demote_f64(sum));
      const exact = i32.and(f64.eq(sumError(b, p, q, sum), f64Zero), f64.eq(f64.promote_f32(narrow), sum));
      b.if(exact, () => b.return(S.write(narrow)));
    });
  }
}

const f64Zero: F64 = { kind: "const", type: "f64", value: 0n };

export function exactMultiply(b: HelperBuilder, fmt: Format, x: I64, y: I64): void {
  if (fmt === double) {
    whenDefault(b, () => {
      const product = b.let(f64.mul(f64.reinterpret_i64(x), f64.reinterpret_i64(y)));
      const bits = b.let(i64.reinterpret_f64(product));
      const fits = i64.ge_u(i64.add(spareBits(x), spareBits(y)), c64(53));
      const zeroOperand = i32.or(i64.eqz(i64.shl(x, c64(1))), i64.eqz(i64.shl(y, c64(1))));
      b.if(i32.and(isNormal(bits), fits), () => b.return(bits));
      b.if(i32.and(f64.eq(product, product), zeroOperand), () => b.return(bits));
    });
  } else if (fmt === single) {
    whenDefault(b, () => {
      const product = b.let(f64.mul(f64.promote_f32(S.read(x)), f64.promote_f32(S.read(y))));
      const narrow = b.let(f32.demote_f64(product));
      b.if(f64.eq(f64.promote_f32(narrow), product), () => b.return(S.write(narrow)));
    });
  }
}

export function exactDivide(b: HelperBuilder, fmt: Format, x: I64, y: I64): void {
  if (fmt === double) {
    whenDefault(b, () => {
      const p = b.let(f64.reinterpret_i64(x)), q = b.let(f64.reinterpret_i64(y));
      const ratio = b.let(f64.div(p, q)), bits = b.let(i64.reinterpret_f64(ratio));
      // A divisor of full length can only give an exact quotient of few bits, and the other way round.
      const fits = i64.ge_u(i64.add(spareBits(bits), spareBits(y)), c64(53));
      const normal = i32.and(isNormal(bits), isNormal(x));
      const exact = i32.and(i32.and(normal, fits), f64.eq(f64.mul(ratio, q), p));
      const zero = i32.and(f64.eq(p, f64Zero), f64.eq(ratio, f64Zero));
      b.if(i32.or(exact, zero), () => b.return(bits));
    });
  } else if (fmt === single) {
    whenDefault(b, () => {
      const p = b.let(f64.promote_f32(S.read(x))), q = b.let(f64.promote_f32(S.read(y)));
      const ratio = b.let(f32.div(S.read(x), S.read(y)));
      // The product of two floats is exact in double precision. A quotient of infinity is left to the slow way.
      const exact = i32.and(
        f64.eq(f64.mul(f64.promote_f32(ratio), q), p),
        i32.ne(i32.and(i32.reinterpret_f32(ratio), c32(0x7f800000)), c32(0x7f800000)),
      );
      b.if(exact, () => b.return(S.write(ratio)));
    });
  }
}

export function exactSqrt(b: HelperBuilder, fmt: Format, x: I64): void {
  if (fmt === double) {
    whenDefault(b, () => {
      const p = b.let(f64.reinterpret_i64(x)), root = b.let(f64.sqrt(p));
      const bits = b.let(i64.reinterpret_f64(root));
      const fits = i64.ge_u(spareBits(bits), c64(27));
      b.if(i32.and(i32.and(isNormal(x), fits), f64.eq(f64.mul(root, root), p)), () => b.return(bits));
    });
  } else if (fmt === single) {
    whenDefault(b, () => {
      const root = b.let(f32.sqrt(S.read(x))), wide = b.let(f64.promote_f32(root));
      b.if(f64.eq(f64.mul(wide, wide), f64.promote_f32(S.read(x))), () => b.return(S.write(root)));
    });
  }
}
