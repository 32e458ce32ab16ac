/** FPRecipEstimate(), FPRSqrtEstimate(), FPRecpX() and the unsigned integer estimates (Arm ARM J1.1.3). */
import { helper } from "../../ir/helper.ts";
import { c32, c64, cF64, f64, type I32, i32, type I64, i64, select } from "../../ir/ops.ts";
import { f64 as double, type Format, Fpsr, powerOfTwo } from "./format.ts";
import { invalid, isNaN, Kind, perFormat, processNaNs, raise, roundingMode, signBit, squash, unpack } from "./parts.ts";

/** RecipEstimate(): 256..511 of 0.5..1 in steps of 1/512, to 256..511 of 1..2 in steps of 1/256. */
const recipEstimate = (a: I32): I32 => {
  const scaled = i32.or(i32.shl(a, c32(1)), c32(1));
  return i32.shr_u(i32.add(i32.div_u(c32(1 << 19), scaled), c32(1)), c32(1));
};

/**
 * RecipSqrtEstimate(): 128..511 to 256..511. The manual searches upwards for the last root with a * root^2 < 2^28;
 * 2^14 / sqrt(a) is it, or one more where that is exact.
 */
const rsqrtEstimate = helper("rsqrtEstimate", ["i32"], "i32", (b, a) => {
  const low = i32.or(i32.shl(a, c32(1)), c32(1));
  // Truncated to an even number, then to the middle of the step.
  const high = i32.shl(i32.add(i32.and(a, c32(-2)), c32(1)), c32(1));
  const scaled = b.let(select(i32.lt_u(a, c32(256)), low, high));
  const quotient = f64.div(cF64(powerOfTwo(double, 14)), f64.sqrt(f64.convert_i32_u(scaled)));
  const root = b.let(i32.trunc_sat_f64_u(quotient));
  const reached = i32.ge_u(i32.mul(scaled, i32.mul(root, root)), c32(1 << 28));
  return i32.shr_u(i32.add(i32.sub(root, reached), c32(1)), c32(1));
});

/** The eight fraction bits of an estimate at the top of the format's fraction. */
const placed = (fmt: Format, estimate: I32): I64 =>
  i64.shl(i64.extend_u(i32.and(estimate, c32(255))), c64(fmt.fracBits - 8));

export const softRecipEstimate = perFormat((fmt) =>
  helper(`frecpe${fmt.bits}`, ["i64"], "i64", (b, x) => {
    const A = unpack(b, fmt, x);
    const sign = b.let(signBit(fmt, A.sign));
    b.if(i32.and(A.kind, c32(Kind.nan)), () => b.return(b.call(processNaNs(fmt), x, c64(0), c64(0))));
    b.if(i32.eq(A.kind, c32(Kind.infinity)), () => b.return(sign));
    b.if(i32.eq(A.kind, c32(Kind.zero)), () => {
      raise(b, Fpsr.DZC);
      b.return(i64.or(sign, c64(fmt.infinity)));
    });
    // Below 2^-(bias + 1) the reciprocal overflows.
    b.if(i32.lt_s(A.exp, c32(-fmt.bias - 1)), () => {
      raise(b, Fpsr.OFC | Fpsr.IXC);
      const mode = roundingMode(b);
      const away = i32.or(i32.eqz(mode), i32.eq(mode, i32.add(A.sign, c32(1))));
      b.return(i64.or(sign, select(away, c64(fmt.infinity), c64(fmt.maxNormal))));
    });
    // From 2^(bias - 1) on it is subnormal.
    b.if(i32.ge_s(A.exp, c32(fmt.bias - 1)), () => {
      b.if(i32.and(b.sys("fpcr"), c32(fmt.flush)), () => {
        raise(b, Fpsr.UFC);
        b.return(sign);
      });
    });
    // Nine leading bits of the significand.
    const estimate = b.let(recipEstimate(i32.wrap(i64.shr_u(A.frac, c64(54)))));
    const exp = b.let(i32.sub(c32(fmt.bias - 1), A.exp));
    const one = b.let(i64.or(placed(fmt, estimate), c64(fmt.fraction + 1n)));
    // Results with biased exponent 0 and -1 are subnormal.
    b.if(i32.le_s(exp, c32(0)), () => b.return(i64.or(sign, i64.shr_u(one, i64.extend_u(i32.sub(c32(1), exp))))));
    return i64.or(i64.or(sign, i64.shl(i64.extend_u(exp), c64(fmt.fracBits))), placed(fmt, estimate));
  })
);

export const softRSqrtEstimate = perFormat((fmt) =>
  helper(`frsqrte${fmt.bits}`, ["i64"], "i64", (b, x) => {
    const A = unpack(b, fmt, x);
    b.if(i32.and(A.kind, c32(Kind.nan)), () => b.return(b.call(processNaNs(fmt), x, c64(0), c64(0))));
    b.if(i32.eq(A.kind, c32(Kind.zero)), () => {
      raise(b, Fpsr.DZC);
      b.return(i64.or(signBit(fmt, A.sign), c64(fmt.infinity)));
    });
    b.if(A.sign, () => b.return(invalid(b, fmt)));
    b.if(i32.eq(A.kind, c32(Kind.infinity)), () => b.return(c64(0)));
    // The operand scaled by an even power of two: 0.25 <= scaled < 0.5 for odd biased exponents, 0.5 <= scaled < 1
    // for even ones.
    const odd = i32.and(i32.add(A.exp, c32(fmt.bias)), c32(1));
    const scaled = select(odd, i64.shr_u(A.frac, c64(55)), i64.shr_u(A.frac, c64(54)));
    const estimate = b.call(rsqrtEstimate, i32.wrap(scaled));
    // (3 * bias - 1 - biased exponent) DIV 2, never negative.
    const exp = i32.shr_s(i32.sub(c32(2 * fmt.bias - 1), A.exp), c32(1));
    return i64.or(i64.shl(i64.extend_u(exp), c64(fmt.fracBits)), placed(fmt, estimate));
  })
);

/** FPRecpX(): the exponent inverted. */
export const softRecpX = perFormat((fmt) =>
  helper(`frecpx${fmt.bits}`, ["i64"], "i64", (b, a) => {
    const x = b.call(squash(fmt), a);
    b.if(isNaN(fmt, x), () => b.return(b.call(processNaNs(fmt), x, c64(0), c64(0))));
    const exp = b.let(i64.and(x, c64(fmt.infinity)));
    const largest = c64(fmt.infinity - (fmt.fraction + 1n));
    const inverted = select(i64.eqz(exp), largest, i64.xor(exp, c64(fmt.infinity)));
    return i64.or(i64.and(x, c64(fmt.sign)), inverted);
  })
);

/** UnsignedRecipEstimate(). */
export const unsignedRecip = helper("urecpe", ["i32"], "i32", (b, x) => {
  b.if(i32.ge_s(x, c32(0)), () => b.return(c32(-1)));
  return i32.shl(recipEstimate(i32.shr_u(x, c32(23))), c32(23));
});

/** UnsignedRSqrtEstimate(). */
export const unsignedRSqrt = helper("ursqrte", ["i32"], "i32", (b, x) => {
  b.if(i32.lt_u(x, c32(0x40000000)), () => b.return(c32(-1)));
  return i32.shl(b.call(rsqrtEstimate, i32.shr_u(x, c32(23))), c32(23));
});
