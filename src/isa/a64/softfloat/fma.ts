/** FPMulAdd(), FPMulAddH(), FPRecipStepFused() and FPRSqrtStepFused(): products added before any rounding. */
import { helper, type HelperBuilder, helperMany } from "../../ir/helper.ts";
import { c32, c64, type I32, i32, type I64, i64, select } from "../../ir/ops.ts";
import { mulhu } from "../dp_reg.ts";
import { zeroSign } from "./arith.ts";
import { convertNaN } from "./convert_format.ts";
import { fastFma } from "./fast_fma.ts";
import { f16, f32, f64, type Format, Fpcr, Fpsr, powerOfTwo } from "./format.ts";
import { invalid, isNaN, isSNaN, Kind, magnitude, type Parts, perFormat, processNaNs, raise } from "./parts.ts";
import { roundingMode, roundPack, signBit, unpack } from "./parts.ts";

/** Right shift of a 128-bit value by any count of at least 0; lost bits stay as a sticky lowest bit. */
const shiftRightJam128 = helperMany("shiftRightJam128", ["i64", "i64", "i32"], ["i64", "i64"], (b, high, low, n) => {
  b.if(i32.eqz(n), () => b.return(high, low));
  const by = b.let(i64.extend_u(i32.and(n, c32(63))));
  b.if(i32.gt_u(n, c32(127)), () => b.return(c64(0), i64.extend_u(i64.ne(i64.or(high, low), c64(0)))));
  const below = i64.sub(i64.shl(c64(1), by), c64(1));
  b.if(i32.gt_u(n, c32(63)), () => {
    const lost = i64.or(low, i64.and(high, below));
    b.return(c64(0), i64.or(i64.shr_u(high, by), i64.extend_u(i64.ne(lost, c64(0)))));
  });
  const lost = i64.and(low, below);
  const carried = i64.shl(high, i64.sub(c64(64), by));
  return [
    i64.shr_u(high, by),
    i64.or(i64.or(i64.shr_u(low, by), carried), i64.extend_u(i64.ne(lost, c64(0)))),
  ];
});

/** x * y + c for numbers; `frac` 0 when they cancel. */
const fmaParts = helperMany(
  "fmaParts",
  ["i32", "i32", "i64", "i64", "i32", "i32", "i64"],
  ["i32", "i32", "i64"],
  (b, signP, exp, x, y, signC, expC, fracC) => {
    const p = b.let(i64.shl(x, c64(1))), q = b.let(i64.shl(y, c64(1)));
    const high = b.let(b.call(mulhu, p, q)), low = b.let(i64.mul(p, q));
    const expP = b.let(exp);
    // Leading one to bit 126. Significands have trailing zeros enough that nothing falls off.
    b.if(i64.lt_s(high, c64(0)), () => {
      b.set(low, i64.or(i64.shr_u(low, c64(1)), i64.shl(high, c64(63))));
      b.set(high, i64.shr_u(high, c64(1)));
      b.set(expP, i32.add(expP, c32(1)));
    });
    const highC = b.let(fracC), lowC = b.let(c64(0));
    const apart = b.let(i32.sub(expP, expC));
    b.if(i32.ge_s(apart, c32(0)), () => {
      const [h, l] = b.callMany(shiftRightJam128, highC, lowC, apart) as [I64, I64];
      b.set(highC, h);
      b.set(lowC, l);
    }, () => {
      const [h, l] = b.callMany(shiftRightJam128, high, low, i32.sub(c32(0), apart)) as [I64, I64];
      b.set(high, h);
      b.set(low, l);
      b.set(expP, expC);
    });
    b.if(i32.eq(signP, signC), () => {
      const sumLow = b.let(i64.add(low, lowC));
      const sumHigh = b.let(i64.add(i64.add(high, highC), i64.extend_u(i64.lt_u(sumLow, low))));
      const sticky = i64.extend_u(i64.ne(sumLow, c64(0)));
      b.if(i64.lt_s(sumHigh, c64(0)), () => {
        const half = i64.or(i64.shr_u(sumHigh, c64(1)), i64.and(sumHigh, c64(1)));
        b.return(signP, i32.add(expP, c32(1)), i64.or(half, sticky));
      });
      b.return(signP, expP, i64.or(sumHigh, sticky));
    });
    const sign = b.let(signP);
    const less = i32.or(i64.lt_u(high, highC), i32.and(i64.eq(high, highC), i64.lt_u(low, lowC)));
    b.if(less, () => {
      const [h, l] = [b.let(high), b.let(low)];
      b.set(high, highC);
      b.set(low, lowC);
      b.set(highC, h);
      b.set(lowC, l);
      b.set(sign, signC);
    });
    const restLow = b.let(i64.sub(low, lowC));
    const restHigh = b.let(i64.sub(i64.sub(high, highC), i64.extend_u(i64.lt_u(low, lowC))));
    b.if(i64.eqz(restHigh), () => {
      b.if(i64.eqz(restLow), () => b.return(sign, c32(0), c64(0)));
      // Down by 64 places, and one more when the low word's top bit is the leading one.
      b.if(i64.lt_s(restLow, c64(0)), () => {
        const half = i64.or(i64.shr_u(restLow, c64(1)), i64.and(restLow, c64(1)));
        b.return(sign, i32.sub(expP, c32(63)), half);
      });
      const up = b.let(i64.sub(i64.clz(restLow), c64(1)));
      b.return(sign, i32.sub(i32.sub(expP, c32(64)), i32.wrap(up)), i64.shl(restLow, up));
    });
    const up = b.let(i64.sub(i64.clz(restHigh), c64(1)));
    // A shift by 64 - 0 must bring in nothing.
    const brought = i64.shr_u(i64.shr_u(restLow, c64(1)), i64.sub(c64(63), up));
    const left = i64.extend_u(i64.ne(i64.shl(restLow, up), c64(0)));
    return [sign, i32.sub(expP, i32.wrap(up)), i64.or(i64.or(i64.shl(restHigh, up), brought), left)];
  },
);

/** The sum behind FPMulAdd() once NaNs are dealt with: addend C of format `fmt`, factors A and B. */
function mulAdd(b: HelperBuilder, fmt: Format, C: Parts, A: Parts, B: Parts): I64 {
  const kinds = b.let(i32.or(A.kind, B.kind));
  const sign = b.let(i32.xor(A.sign, B.sign));
  const infiniteC = i32.eq(C.kind, c32(Kind.infinity));
  b.if(i32.and(kinds, c32(Kind.infinity)), () => {
    // Infinity times zero, or infinities of opposite signs.
    const opposite = i32.and(infiniteC, i32.ne(sign, C.sign));
    b.if(i32.or(i32.and(kinds, c32(Kind.zero)), opposite), () => b.return(invalid(b, fmt)));
    b.return(i64.or(signBit(fmt, sign), c64(fmt.infinity)));
  });
  b.if(i32.eq(C.kind, c32(Kind.infinity)), () => b.return(i64.or(signBit(fmt, C.sign), c64(fmt.infinity))));
  const mode = roundingMode(b);
  b.if(i32.and(kinds, c32(Kind.zero)), () => {
    b.if(i32.eq(C.kind, c32(Kind.zero)), () => {
      b.return(signBit(fmt, select(i32.eq(sign, C.sign), sign, zeroSign(mode))));
    });
    b.return(roundPack(b, fmt, C, mode));
  });
  // A zero addend has no fraction: placed far below, it adds nothing.
  const zeroC = i32.eq(C.kind, c32(Kind.zero));
  const [s, exp, frac] = b.callMany(
    fmaParts,
    sign,
    i32.add(A.exp, B.exp),
    A.frac,
    B.frac,
    select(zeroC, sign, C.sign),
    select(zeroC, c32(-100000), C.exp),
    C.frac,
  ) as [I32, I32, I64];
  b.if(i64.eqz(frac), () => b.return(signBit(fmt, zeroSign(mode))));
  return roundPack(b, fmt, { sign: s, exp, frac }, mode);
}

/** An infinity times zero under a quiet NaN addend is invalid all the same, and gives the default NaN. */
function quietAddend(b: HelperBuilder, fmt: Format, C: Parts, A: Parts, B: Parts): void {
  const invalidProduct = i32.eq(i32.or(A.kind, B.kind), c32(Kind.infinity | Kind.zero));
  b.if(i32.and(i32.eq(C.kind, c32(Kind.qnan)), invalidProduct), () => b.return(invalid(b, fmt)));
}

/** FPMulAdd(addend, op1, op2). */
export const softFma = perFormat((fmt) =>
  helper(`fma${fmt.bits}`, ["i64", "i64", "i64"], "i64", (b, c, x, y) => {
    if (fmt === f32 || fmt === f64) fastFma(b, fmt, c, x, y);
    const C = unpack(b, fmt, c), A = unpack(b, fmt, x), B = unpack(b, fmt, y);
    b.if(i32.and(i32.or(C.kind, i32.or(A.kind, B.kind)), c32(Kind.nan)), () => {
      quietAddend(b, fmt, C, A, B);
      b.return(b.call(processNaNs(fmt), c, x, y));
    });
    return mulAdd(b, fmt, C, A, B);
  })
);

/** FPMulAddH(): single-precision addend, half-precision factors. */
export const softFmaHalf = helper("fmaHalf", ["i64", "i64", "i64"], "i64", (b, c, x, y) => {
  const C = unpack(b, f32, c), A = unpack(b, f16, x), B = unpack(b, f16, y);
  b.if(i32.and(i32.or(C.kind, i32.or(A.kind, B.kind)), c32(Kind.nan)), () => {
    quietAddend(b, f32, C, A, B);
    // FPProcessNaNs3H(): as in one format, but a factor's NaN is widened.
    const any = b.let(i32.or(isSNaN(f32, c), i32.or(isSNaN(f16, x), isSNaN(f16, y))));
    b.if(any, () => raise(b, Fpsr.IOC));
    b.if(i32.and(b.sys("fpcr"), c32(Fpcr.DN)), () => b.return(c64(f32.defaultNaN)));
    const fromC = select(any, isSNaN(f32, c), isNaN(f32, c));
    b.if(fromC, () => b.return(i64.or(c, c64(f32.quiet))));
    const fromX = select(any, isSNaN(f16, x), isNaN(f16, x));
    b.return(convertNaN(f16, f32, select(fromX, x, y)));
  });
  return mulAdd(b, f32, C, A, B);
});

/** The step by {@link fastFma}: 2 + x * y, or 3 / 2 + (x / 2) * y where halving x is exact. */
function fastStep(b: HelperBuilder, fmt: Format, root: boolean, x: I64, y: I64): void {
  if (!root) return fastFma(b, fmt, c64(powerOfTwo(fmt, 1)), x, y);
  const one = fmt.fraction + 1n;
  const halves = i64.lt_u(i64.sub(magnitude(fmt, x), c64(2n * one)), c64(fmt.infinity - 2n * one));
  b.if(halves, () => {
    const half = b.let(i64.sub(x, c64(one)));
    fastFma(b, fmt, c64(powerOfTwo(fmt, 0) | fmt.quiet), half, y);
  });
}

function stepHelper(fmt: Format, root: boolean) {
  return helper(`${root ? "frsqrts" : "frecps"}${fmt.bits}`, ["i64", "i64"], "i64", (b, x, y) => {
    b.set(x, i64.xor(x, c64(fmt.sign)));
    if (fmt !== f16) fastStep(b, fmt, root, x, y);
    const A = unpack(b, fmt, x), B = unpack(b, fmt, y);
    const kinds = b.let(i32.or(A.kind, B.kind));
    b.if(i32.and(kinds, c32(Kind.nan)), () => b.return(b.call(processNaNs(fmt), x, y, c64(0))));
    const sign = b.let(i32.xor(A.sign, B.sign));
    const two = powerOfTwo(fmt, 1), oneAndHalf = powerOfTwo(fmt, 0) | fmt.quiet;
    b.if(i32.and(kinds, c32(Kind.infinity)), () => {
      b.if(i32.and(kinds, c32(Kind.zero)), () => b.return(c64(root ? oneAndHalf : two)));
      b.return(i64.or(signBit(fmt, sign), c64(fmt.infinity)));
    });
    b.if(i32.and(kinds, c32(Kind.zero)), () => b.return(c64(root ? oneAndHalf : two)));
    const mode = roundingMode(b);
    const [s, exp, frac] = b.callMany(
      fmaParts,
      sign,
      i32.add(A.exp, B.exp),
      A.frac,
      B.frac,
      c32(0),
      c32(1),
      c64(root ? 3n << 61n : 1n << 62n),
    ) as [I32, I32, I64];
    b.if(i64.eqz(frac), () => b.return(signBit(fmt, zeroSign(mode))));
    // FRSQRTS halves before rounding.
    return roundPack(b, fmt, { sign: s, exp: root ? i32.sub(exp, c32(1)) : exp, frac }, mode);
  });
}
/** FPRecipStepFused(): 2 - op1 * op2. */
export const softRecipStep = perFormat((fmt) => stepHelper(fmt, false));
/** FPRSqrtStepFused(): (3 - op1 * op2) / 2. */
export const softRSqrtStep = perFormat((fmt) => stepHelper(fmt, true));
