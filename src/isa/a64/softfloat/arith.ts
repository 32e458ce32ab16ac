/** FPAdd(), FPSub(), FPMul(), FPMulX(), FPDiv() and FPSqrt(). */
import type { HelperBuilder } from "../../ir/helper.ts";
import { type Helper, helper, helperMany } from "../../ir/helper.ts";
import { c32, c64, type I32, i32, type I64, i64, select } from "../../ir/ops.ts";
import { mulhu } from "../dp_reg.ts";
import { exactAdd, exactDivide, exactMultiply, exactSqrt } from "./exact.ts";
import { type Format, Fpsr, Mode, powerOfTwo } from "./format.ts";
import { invalid, Kind, type Parts, perFormat, processNaNs, raise, roundingMode, roundPack } from "./parts.ts";
import { shiftRightJam, signBit, unpack } from "./parts.ts";

/** A nonzero number, or zero where `frac` is 0, still to be rounded. */
export interface Unrounded {
  readonly sign: I32;
  readonly exp: I32;
  readonly frac: I64;
}

/** Shifts left until the leading one is in bit 62. */
function normalise(sign: I32, exp: I32, frac: I64): [I32, I32, I64] {
  const by = i64.sub(i64.clz(frac), c64(1));
  return [sign, i32.sub(exp, i32.wrap(by)), i64.shl(frac, by)];
}

/** Sum of two numbers; exact cancellation gives frac 0. */
const addParts = helperMany(
  "addParts",
  ["i32", "i32", "i64", "i32", "i32", "i64"],
  ["i32", "i32", "i64"],
  (b, signA, expA, fracA, signB, expB, fracB) => {
    const smaller = i32.or(i32.lt_s(expA, expB), i32.and(i32.eq(expA, expB), i64.lt_u(fracA, fracB)));
    b.if(smaller, () => {
      const [sign, exp, frac] = [b.let(signA), b.let(expA), b.let(fracA)];
      b.set(signA, signB);
      b.set(expA, expB);
      b.set(fracA, fracB);
      b.set(signB, sign);
      b.set(expB, exp);
      b.set(fracB, frac);
    });
    const aligned = b.call(shiftRightJam, fracB, i32.sub(expA, expB));
    b.if(i32.ne(signA, signB), () => {
      const difference = b.let(i64.sub(fracA, aligned));
      b.if(i64.eqz(difference), () => b.return(signA, c32(0), c64(0)));
      b.return(...normalise(signA, expA, difference));
    });
    const sum = b.let(i64.add(fracA, aligned));
    b.if(i64.lt_s(sum, c64(0)), () => {
      b.return(signA, i32.add(expA, c32(1)), i64.or(i64.shr_u(sum, c64(1)), i64.and(sum, c64(1))));
    });
    return [signA, expA, sum];
  },
);

/** The sign of an exact zero difference: positive, except when rounding towards minus infinity. */
export const zeroSign = (mode: I32): I32 => i32.eq(mode, c32(Mode.M));

const bothNaNs = (b: HelperBuilder, fmt: Format, x: I64, y: I64, kinds: I32) =>
  b.if(i32.and(kinds, c32(Kind.nan)), () => b.return(b.call(processNaNs(fmt), x, y, c64(0))));

function addHelper(fmt: Format, subtract: boolean): Helper<"i64"> {
  return helper(`${subtract ? "fsub" : "fadd"}${fmt.bits}`, ["i64", "i64"], "i64", (b, x, y) => {
    exactAdd(b, fmt, x, y, subtract);
    const A = unpack(b, fmt, x), B = unpack(b, fmt, y);
    const kinds = b.let(i32.or(A.kind, B.kind));
    bothNaNs(b, fmt, x, y, kinds);
    const signB = b.let(subtract ? i32.xor(B.sign, c32(1)) : B.sign);
    b.if(i32.and(kinds, c32(Kind.infinity)), () => {
      const opposite = i32.and(i32.eq(A.kind, B.kind), i32.ne(A.sign, signB));
      b.if(opposite, () => b.return(invalid(b, fmt)));
      const sign = select(i32.eq(A.kind, c32(Kind.infinity)), A.sign, signB);
      b.return(i64.or(signBit(fmt, sign), c64(fmt.infinity)));
    });
    const mode = roundingMode(b);
    b.if(i32.eq(kinds, c32(Kind.zero)), () => {
      b.return(signBit(fmt, select(i32.eq(A.sign, signB), A.sign, zeroSign(mode))));
    });
    // A number plus zero is that number: exact, and not flushed, because it would have been on input.
    b.if(i32.eq(A.kind, c32(Kind.zero)), () => b.return(subtract ? i64.xor(y, c64(fmt.sign)) : y));
    b.if(i32.eq(B.kind, c32(Kind.zero)), () => b.return(x));
    const [sign, exp, frac] = b.callMany(addParts, A.sign, A.exp, A.frac, signB, B.exp, B.frac) as [I32, I32, I64];
    b.if(i64.eqz(frac), () => b.return(signBit(fmt, zeroSign(mode))));
    return roundPack(b, fmt, { sign, exp, frac }, mode);
  });
}
export const softAdd = perFormat((fmt) => addHelper(fmt, false));
export const softSub = perFormat((fmt) => addHelper(fmt, true));

/** Product of two fractions with leading ones in bit 62: so normalised again, with a sticky low bit. */
const mulFractions = helperMany("mulFractions", ["i32", "i64", "i64"], ["i32", "i64"], (b, exp, x, y) => {
  const p = b.let(i64.shl(x, c64(1))), q = b.let(i64.shl(y, c64(1)));
  const high = b.call(mulhu, p, q);
  const sticky = i64.extend_u(i64.ne(i64.mul(p, q), c64(0)));
  b.if(i64.lt_s(high, c64(0)), () => {
    b.return(
      i32.add(exp, c32(1)),
      i64.or(i64.or(i64.shr_u(high, c64(1)), i64.and(high, c64(1))), sticky),
    );
  });
  return [exp, i64.or(high, sticky)];
});

function mulHelper(fmt: Format, extended: boolean): Helper<"i64"> {
  return helper(`${extended ? "fmulx" : "fmul"}${fmt.bits}`, ["i64", "i64"], "i64", (b, x, y) => {
    exactMultiply(b, fmt, x, y);
    const A = unpack(b, fmt, x), B = unpack(b, fmt, y);
    const kinds = b.let(i32.or(A.kind, B.kind));
    bothNaNs(b, fmt, x, y, kinds);
    const sign = b.let(i32.xor(A.sign, B.sign));
    b.if(i32.and(kinds, c32(Kind.infinity)), () => {
      b.if(i32.and(kinds, c32(Kind.zero)), () => {
        b.return(extended ? i64.or(signBit(fmt, sign), c64(powerOfTwo(fmt, 1))) : invalid(b, fmt));
      });
      b.return(i64.or(signBit(fmt, sign), c64(fmt.infinity)));
    });
    b.if(i32.and(kinds, c32(Kind.zero)), () => b.return(signBit(fmt, sign)));
    const [exp, frac] = b.callMany(mulFractions, i32.add(A.exp, B.exp), A.frac, B.frac) as [I32, I64];
    return roundPack(b, fmt, { sign, exp, frac }, roundingMode(b));
  });
}
export const softMul = perFormat((fmt) => mulHelper(fmt, false));
/** FPMulX(): zero times infinity is two. */
export const softMulX = perFormat((fmt) => mulHelper(fmt, true));

/** Quotient of two numbers: long division, eleven bits a step, as 53-bit significands leave that much room. */
const divParts = helperMany(
  "divParts",
  ["i32", "i64", "i32", "i64"],
  ["i32", "i64"],
  (b, expA, fracA, expB, fracB) => {
    const exp = b.let(i32.sub(expA, expB));
    const rest = b.let(i64.shr_u(fracA, c64(10))), by = b.let(i64.shr_u(fracB, c64(10)));
    b.if(i64.lt_u(rest, by), () => {
      b.set(rest, i64.shl(rest, c64(1)));
      b.set(exp, i32.sub(exp, c32(1)));
    });
    // The leading one, then five digits of 11 bits.
    const quotient = b.let(c64(1));
    b.set(rest, i64.sub(rest, by));
    for (let step = 0; step < 5; step++) {
      const dividend = b.let(i64.shl(rest, c64(11)));
      const digit = b.let(i64.div_u(dividend, by));
      b.set(rest, i64.sub(dividend, i64.mul(digit, by)));
      b.set(quotient, i64.or(i64.shl(quotient, c64(11)), digit));
    }
    return [exp, i64.or(i64.shl(quotient, c64(7)), i64.extend_u(i64.ne(rest, c64(0))))];
  },
);

export const softDiv = perFormat((fmt) =>
  helper(`fdiv${fmt.bits}`, ["i64", "i64"], "i64", (b, x, y) => {
    exactDivide(b, fmt, x, y);
    const A = unpack(b, fmt, x), B = unpack(b, fmt, y);
    const kinds = b.let(i32.or(A.kind, B.kind));
    bothNaNs(b, fmt, x, y, kinds);
    const sign = b.let(i32.xor(A.sign, B.sign));
    const infinite = () => b.return(i64.or(signBit(fmt, sign), c64(fmt.infinity)));
    // Inf / Inf and 0 / 0.
    const undefinedRatio = i32.or(i32.eq(kinds, c32(Kind.infinity)), i32.eq(kinds, c32(Kind.zero)));
    b.if(undefinedRatio, () => b.return(invalid(b, fmt)));
    b.if(i32.eq(A.kind, c32(Kind.infinity)), infinite);
    b.if(i32.eq(B.kind, c32(Kind.zero)), () => {
      raise(b, Fpsr.DZC);
      infinite();
    });
    b.if(i32.ne(kinds, c32(Kind.number)), () => b.return(signBit(fmt, sign)));
    const [exp, frac] = b.callMany(divParts, A.exp, A.frac, B.exp, B.frac) as [I32, I64];
    return roundPack(b, fmt, { sign, exp, frac }, roundingMode(b));
  })
);

/** Square root of a number, bit by bit: 55 bits of root, and whether there is a remainder. */
const sqrtParts = helperMany("sqrtParts", ["i32", "i64"], ["i32", "i64"], (b, exp, frac) => {
  // An even exponent: value = m * 2^e with m in [1, 4). Fixed point with the unit in bit 60.
  const odd = b.let(i32.and(exp, c32(1)));
  const rest = b.let(i64.shl(i64.shr_u(frac, c64(2)), i64.extend_u(odd)));
  const root = b.let(c64(0)), digit = b.let(c64(1n << 60n));
  // Invariant: rest = (m - root^2) / digit, so the digit belongs to the root if rest >= 2 * root + digit.
  b.loop(() => {
    const trial = b.let(i64.add(i64.shl(root, c64(1)), digit));
    b.if(i64.ge_u(rest, trial), () => {
      b.set(rest, i64.sub(rest, trial));
      b.set(root, i64.add(root, digit));
    });
    b.set(rest, i64.shl(rest, c64(1)));
    b.set(digit, i64.shr_u(digit, c64(1)));
    b.if(i64.lt_u(digit, c64(1n << 5n)), () => b.break());
  });
  return [
    i32.shr_s(i32.sub(exp, odd), c32(1)),
    i64.or(i64.shl(root, c64(2)), i64.extend_u(i64.ne(rest, c64(0)))),
  ];
});

export const softSqrt = perFormat((fmt) =>
  helper(`fsqrt${fmt.bits}`, ["i64"], "i64", (b, x) => {
    exactSqrt(b, fmt, x);
    const A: Parts = unpack(b, fmt, x);
    b.if(i32.and(A.kind, c32(Kind.nan)), () => b.return(b.call(processNaNs(fmt), x, c64(0), c64(0))));
    b.if(i32.eq(A.kind, c32(Kind.zero)), () => b.return(signBit(fmt, A.sign)));
    b.if(A.sign, () => b.return(invalid(b, fmt)));
    b.if(i32.eq(A.kind, c32(Kind.infinity)), () => b.return(x));
    const [exp, frac] = b.callMany(sqrtParts, A.exp, A.frac) as [I32, I64];
    return roundPack(b, fmt, { sign: c32(0), exp, frac }, roundingMode(b));
  })
);
