/** FPRoundInt(), FPRoundIntN(), FPToFixed(), FPToFixedJS() and FixedToFP(). */
import { helper, type HelperBuilder, helperMany } from "../../ir/helper.ts";
import { c32, c64, type I32, i32, type I64, i64, select } from "../../ir/ops.ts";
import { f64, Fpsr, Mode } from "./format.ts";
import { Kind, type Parts, perFormat, processNaNs, raise, roundingMode, roundPack, signBit, unpack } from "./parts.ts";

/**
 * Rounds |value| * 2^scale to an integer: the low 64 bits of the magnitude, whether it was inexact, and whether the
 * magnitude does not fit 64 bits.
 */
const toInteger = helperMany(
  "fpToInteger",
  ["i32", "i32", "i64", "i32"],
  ["i64", "i32", "i32"],
  (b, sign, exp, frac, mode) => {
    // value = frac * 2^(exp - 62)
    b.if(i32.gt_s(exp, c32(63)), () => b.return(c64(0), c32(0), c32(1)));
    b.if(i32.ge_s(exp, c32(62)), () => {
      // At most one place up, and nothing below the point.
      b.return(i64.shl(frac, i64.extend_u(i32.sub(exp, c32(62)))), c32(0), c32(0));
    });
    // Everything below one half behaves alike.
    b.if(i32.lt_s(exp, c32(-1)), () => {
      b.set(frac, c64(1n << 60n));
      b.set(exp, c32(-1));
    });
    const by = b.let(i64.extend_u(i32.sub(c32(62), exp))); // 1..63
    const whole = b.let(i64.shr_u(frac, by));
    const rest = b.let(i64.shl(frac, i64.sub(c64(64), by)));
    const inexact = b.let(i64.ne(rest, c64(0)));
    const half = c64(1n << 63n);
    const nearest = i32.or(i64.gt_u(rest, half), i32.and(i64.eq(rest, half), i32.wrap(whole)));
    const away = i64.ge_u(rest, half);
    const directed = i32.and(inexact, i32.eq(mode, i32.add(sign, c32(1))));
    const up = select(i32.eqz(mode), nearest, select(i32.eq(mode, c32(Mode.A)), away, directed));
    return [i64.add(whole, i64.extend_u(i32.and(up, c32(1)))), inexact, c32(0)];
  },
);

function rounded(b: HelperBuilder, A: Parts, exp: I32, mode: I32): { whole: I64; inexact: I32; huge: I32 } {
  const [whole, inexact, huge] = b.callMany(toInteger, A.sign, exp, A.frac, mode) as [I64, I32, I32];
  return { whole, inexact, huge };
}

/** A nonzero integer as a number to round. */
function fromMagnitude(sign: I32, size: I64, scale: I32 | undefined): Pick<Parts, "sign" | "exp" | "frac"> {
  const lead = i64.clz(size);
  // Leading one to bit 62; bit 0 of a 64-bit magnitude stays as sticky.
  const up = i64.shr_u(i64.shl(size, lead), c64(1));
  const sticky = i64.and(size, i64.extend_u(i64.eqz(lead)));
  const exp = i32.sub(c32(63), i32.wrap(lead));
  return { sign, exp: scale ? i32.sub(exp, scale) : exp, frac: i64.or(up, sticky) };
}

/** FPRoundInt(op, mode, exact): an integral value in the same format. */
export const softRoundInt = perFormat((fmt) =>
  helper(`frint${fmt.bits}`, ["i64", "i32", "i32"], "i64", (b, x, mode, exact) => {
    const A = unpack(b, fmt, x);
    b.if(i32.and(A.kind, c32(Kind.nan)), () => b.return(b.call(processNaNs(fmt), x, c64(0), c64(0))));
    b.if(i32.eq(A.kind, c32(Kind.zero)), () => b.return(signBit(fmt, A.sign)));
    // Infinities, and numbers without fraction bits.
    b.if(i32.or(i32.eq(A.kind, c32(Kind.infinity)), i32.ge_s(A.exp, c32(fmt.fracBits))), () => b.return(x));
    const { whole, inexact } = rounded(b, A, A.exp, mode);
    b.if(i32.and(inexact, exact), () => raise(b, Fpsr.IXC));
    b.if(i64.eqz(whole), () => b.return(signBit(fmt, A.sign)));
    return roundPack(b, fmt, fromMagnitude(A.sign, whole, undefined), c32(Mode.Z));
  })
);

/** FPRoundIntN(op, mode, size): as above, but what does not fit int32 or int64 becomes the most negative integer. */
export const softRoundIntN = perFormat((fmt) =>
  helper(`frintN${fmt.bits}`, ["i64", "i32", "i32"], "i64", (b, x, mode, size) => {
    const A = unpack(b, fmt, x);
    const outside = () => {
      raise(b, Fpsr.IOC);
      // -2^(size - 1)
      const exp = i64.extend_u(i32.add(size, c32(fmt.bias - 1)));
      b.return(i64.or(c64(fmt.sign), i64.shl(exp, c64(fmt.fracBits))));
    };
    b.if(i32.and(A.kind, c32(Kind.nan | Kind.infinity)), outside);
    b.if(i32.eq(A.kind, c32(Kind.zero)), () => b.return(signBit(fmt, A.sign)));
    const { whole, inexact, huge } = rounded(b, A, A.exp, mode);
    const limit = i64.sub(i64.shl(c64(1), i64.extend_u(i32.sub(size, c32(1)))), i64.extend_u(i32.eqz(A.sign)));
    b.if(i32.or(huge, i64.gt_u(whole, limit)), outside);
    b.if(inexact, () => raise(b, Fpsr.IXC));
    b.if(i64.eqz(whole), () => b.return(signBit(fmt, A.sign)));
    return roundPack(b, fmt, fromMagnitude(A.sign, whole, undefined), c32(Mode.Z));
  })
);

/**
 * FPToFixed(op, fbits, unsigned, mode) to `size` bits, saturated; the result is truncated to 32 bits when `size` is
 * 32 and to 16 when it is 16.
 */
export const softToFixed = perFormat((fmt) =>
  helper(`fcvtToFixed${fmt.bits}`, ["i64", "i32", "i32", "i32", "i32"], "i64", (b, x, fbits, unsigned, mode, size) => {
    const A = unpack(b, fmt, x);
    b.if(i32.eq(A.kind, c32(Kind.zero)), () => b.return(c64(0)));
    b.if(i32.and(A.kind, c32(Kind.nan)), () => {
      raise(b, Fpsr.IOC);
      b.return(c64(0));
    });
    const wide = b.let(i64.extend_u(size));
    const mask = b.let(i64.shr_u(c64(-1), i64.sub(c64(64), wide)));
    // Largest magnitude that fits: of this sign, in this signedness.
    const top = i64.shl(c64(1), i64.sub(wide, c64(1)));
    const limit = b.let(select(
      unsigned,
      select(A.sign, c64(0), mask),
      select(A.sign, top, i64.sub(top, c64(1))),
    ));
    const saturated = () => {
      raise(b, Fpsr.IOC);
      b.return(i64.and(select(A.sign, i64.sub(c64(0), limit), limit), mask));
    };
    b.if(i32.eq(A.kind, c32(Kind.infinity)), saturated);
    const { whole, inexact, huge } = rounded(b, A, i32.add(A.exp, fbits), mode);
    b.if(i32.or(huge, i64.gt_u(whole, limit)), saturated);
    b.if(inexact, () => raise(b, Fpsr.IXC));
    return i64.and(select(A.sign, i64.sub(c64(0), whole), whole), mask);
  })
);

/** FixedToFP(op, fbits, unsigned) in the rounding mode of FPCR; `op` is extended to 64 bits. */
export const softFromFixed = perFormat((fmt) =>
  helper(`fcvtFromFixed${fmt.bits}`, ["i64", "i32", "i32"], "i64", (b, x, fbits, unsigned) => {
    b.if(i64.eqz(x), () => b.return(c64(0)));
    const sign = b.let(i32.and(i64.lt_s(x, c64(0)), i32.eqz(unsigned)));
    const size = b.let(select(sign, i64.sub(c64(0), x), x));
    return roundPack(b, fmt, fromMagnitude(sign, size, fbits), roundingMode(b));
  })
);

/** FPToFixedJS(): JavaScript's ToInt32 and, in the second result, whether it was exact (the Z flag). */
export const softToFixedJS = helperMany("fjcvtzs", ["i64"], ["i32", "i32"], (b, x) => {
  const A = unpack(b, f64, x);
  b.if(i32.and(A.kind, c32(Kind.nan | Kind.infinity)), () => {
    raise(b, Fpsr.IOC);
    b.return(c32(0), c32(0));
  });
  // Exact only if the operand was plus zero: minus zero and flushed subnormals are not.
  b.if(i32.eq(A.kind, c32(Kind.zero)), () => b.return(c32(0), i64.eqz(x)));
  // Too large to have fraction bits; shifted by 64 and more, its low word is zero.
  b.if(i32.gt_s(A.exp, c32(62)), () => {
    raise(b, Fpsr.IOC);
    const up = i32.sub(A.exp, c32(62));
    const low = select(i32.gt_s(up, c32(63)), c64(0), i64.shl(A.frac, i64.extend_u(up)));
    b.return(i32.wrap(select(A.sign, i64.sub(c64(0), low), low)), c32(0));
  });
  const { whole, inexact } = rounded(b, A, A.exp, c32(Mode.Z));
  const value = b.let(select(A.sign, i64.sub(c64(0), whole), whole));
  const low = i32.wrap(value);
  b.if(i64.ne(value, i64.extend32_s(value)), () => {
    raise(b, Fpsr.IOC);
    b.return(low, c32(0));
  });
  b.if(inexact, () => {
    raise(b, Fpsr.IXC);
    b.return(low, c32(0));
  });
  return [low, c32(1)];
});
