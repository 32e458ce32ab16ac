/**
 * Between bit patterns and parts (kind, sign, exponent, fraction): FPUnpack() and FPRound(), with what surrounds
 * every operation: raising exceptions, flushing subnormal inputs, NaN propagation.
 *
 * A nonzero finite number has its leading one in bit 62 of the 64-bit fraction, so its value is
 * frac / 2^62 * 2^exp; bits below the precision of the format are rounded off by {@link roundPack}, the lowest
 * being sticky.
 */
import type { Builder } from "../../ir/builder.ts";
import { type Helper, helper, helperMany } from "../../ir/helper.ts";
import { c32, c64, type I32, i32, type I64, i64, select } from "../../ir/ops.ts";
import { f16, type Format, Fpcr, Fpsr, Mode } from "./format.ts";

/** What a bit pattern is, as one-hot bits so that two operands can be tested at once. */
export const Kind = { zero: 1, number: 2, infinity: 4, qnan: 8, snan: 16, nan: 24 } as const;

export interface Parts {
  readonly kind: I32;
  /** 0 or 1. */
  readonly sign: I32;
  readonly exp: I32;
  readonly frac: I64;
}

/** Keeps one helper per key: helpers are collected by name and compared by identity of meaning. */
export function perFormat<H extends Helper>(make: (fmt: Format) => H): (fmt: Format) => H {
  const made = new Map<Format, H>();
  return (fmt) => {
    let found = made.get(fmt);
    if (found === undefined) made.set(fmt, found = make(fmt));
    return found;
  };
}

const raiseBits = helperMany("fpRaise", ["i32"], [], (b, bits) => {
  const fpsr = b.let(i32.or(b.sys("fpsr"), bits));
  b.setSys("fpsr", fpsr);
  b.setSys("fpFast", i32.and(i32.eqz(b.sys("fpcr")), i32.and(i32.shr_u(fpsr, c32(4)), c32(1))));
  return [];
});

/** Sets cumulative exception bits of FPSR: the one place that does, because `fpFast` depends on IXC. */
export function raise(b: Builder, bits: number | I32): void {
  b.callMany(raiseBits, typeof bits === "number" ? c32(bits) : bits);
}

/** FPCR.RMode as a {@link Mode}. */
export const roundingMode = (b: Builder): I32 => b.let(i32.and(i32.shr_u(b.sys("fpcr"), c32(Fpcr.RModeShift)), c32(3)));

/** Magnitude bits. */
export const magnitude = (fmt: Format, x: I64): I64 => i64.and(x, c64(fmt.sign - 1n));
export const isNaN = (fmt: Format, x: I64): I32 => i64.gt_u(magnitude(fmt, x), c64(fmt.infinity));
/** Inverting the quiet bit makes the signalling NaNs the ones above every other pattern. */
export const isSNaN = (fmt: Format, x: I64): I32 => i32.and(isNaN(fmt, x), i64.eqz(i64.and(x, c64(fmt.quiet))));
export const signBit = (fmt: Format, sign: I32): I64 => i64.shl(i64.extend_u(sign), c64(fmt.bits - 1));

/** Right shift by any count, or-ing lost bits into the lowest. */
export const shiftRightJam = helper("shiftRightJam", ["i64", "i32"], "i64", (b, x, n) => {
  b.if(i32.gt_u(n, c32(63)), () => b.return(i64.extend_u(i64.ne(x, c64(0)))));
  const by = b.let(i64.extend_u(n));
  const lost = i64.and(x, i64.sub(i64.shl(c64(1), by), c64(1)));
  return i64.or(i64.shr_u(x, by), i64.extend_u(i64.ne(lost, c64(0))));
});

function unpackHelper(fmt: Format, convert: boolean): Helper {
  const name = `unpack${convert ? "Cv" : ""}${fmt.name}`;
  return helperMany(name, ["i64"], ["i32", "i32", "i32", "i64"], (b, x) => {
    const sign = b.let(i32.wrap(i64.shr_u(x, c64(fmt.bits - 1))));
    const exp = b.let(i32.and(i32.wrap(i64.shr_u(x, c64(fmt.fracBits))), c32(fmt.expMax)));
    const frac = b.let(i64.and(x, c64(fmt.fraction)));
    const zero = () => b.return(c32(Kind.zero), sign, c32(0), c64(0));
    b.if(i32.eqz(exp), () => {
      b.if(i64.eqz(frac), zero);
      // FPUnpackCV() ignores FZ16; flushing a half-precision input never sets IDC.
      if (!(convert && fmt === f16)) {
        b.if(i32.and(b.sys("fpcr"), c32(fmt.flush)), () => {
          if (fmt !== f16) raise(b, Fpsr.IDC);
          zero();
        });
      }
      const lead = b.let(i64.clz(frac));
      b.return(
        c32(Kind.number),
        sign,
        i32.sub(c32(64 - fmt.bias - fmt.fracBits), i32.wrap(lead)),
        i64.shl(frac, i64.sub(lead, c64(1))),
      );
    });
    const special = i32.eq(exp, c32(fmt.expMax));
    // The alternative half-precision format has neither infinities nor NaNs.
    const isSpecial = convert && fmt === f16
      ? i32.and(special, i32.eqz(i32.and(b.sys("fpcr"), c32(Fpcr.AHP))))
      : special;
    b.if(isSpecial, () => {
      b.if(i64.eqz(frac), () => b.return(c32(Kind.infinity), sign, c32(0), c64(0)));
      const quiet = i32.wrap(i64.shr_u(frac, c64(fmt.fracBits - 1)));
      b.return(select(quiet, c32(Kind.qnan), c32(Kind.snan)), sign, c32(0), c64(0));
    });
    return [
      c32(Kind.number),
      sign,
      i32.sub(exp, c32(fmt.bias)),
      i64.shl(i64.or(frac, c64(fmt.fraction + 1n)), c64(62 - fmt.fracBits)),
    ];
  });
}
const unpackPlain = perFormat((fmt) => unpackHelper(fmt, false));
const unpackConvert = perFormat((fmt) => unpackHelper(fmt, true));

function parts(results: unknown[]): Parts {
  const [kind, sign, exp, frac] = results as [I32, I32, I32, I64];
  return { kind, sign, exp, frac };
}
/** FPUnpack(): flushes subnormals as FPCR says. */
export const unpack = (b: Builder, fmt: Format, x: I64): Parts => parts(b.callMany(unpackPlain(fmt), x));
/** FPUnpackCV(): for conversions between formats. */
export const unpackCv = (b: Builder, fmt: Format, x: I64): Parts => parts(b.callMany(unpackConvert(fmt), x));

/** The operand with a subnormal flushed to zero where FPCR says so; raises IDC as FPUnpack() does. */
export const squash = perFormat((fmt) =>
  helper(`squash${fmt.bits}`, ["i64"], "i64", (b, x) => {
    b.if(i32.and(b.sys("fpcr"), c32(fmt.flush)), () => {
      const size = b.let(magnitude(fmt, x));
      // Zero wraps around to the largest number.
      b.if(i64.lt_u(i64.sub(size, c64(1)), c64(fmt.fraction)), () => {
        if (fmt !== f16) raise(b, Fpsr.IDC);
        b.return(i64.and(x, c64(fmt.sign)));
      });
    });
    return x;
  })
);

/**
 * FPProcessNaNs3(): of up to three operands, at least one a NaN (pass 0 for those missing), the one that becomes
 * the result: the first signalling, else the first quiet one; made quiet, or the default NaN with FPCR.DN.
 */
export const processNaNs = perFormat((fmt) =>
  helper(`processNaNs${fmt.bits}`, ["i64", "i64", "i64"], "i64", (b, x, y, z) => {
    const quietOne = select(isNaN(fmt, x), x, select(isNaN(fmt, y), y, z));
    const signalling = select(isSNaN(fmt, x), x, select(isSNaN(fmt, y), y, z));
    const any = b.let(i32.or(isSNaN(fmt, x), i32.or(isSNaN(fmt, y), isSNaN(fmt, z))));
    b.if(any, () => raise(b, Fpsr.IOC));
    b.if(i32.and(b.sys("fpcr"), c32(Fpcr.DN)), () => b.return(c64(fmt.defaultNaN)));
    return i64.or(select(any, signalling, quietOne), c64(fmt.quiet));
  })
);

/** An invalid operation: IOC and the default NaN. */
export function invalid(b: Builder, fmt: Format): I64 {
  raise(b, Fpsr.IOC);
  return c64(fmt.defaultNaN);
}

/**
 * What rounding adds below the result's last place at bit `places`, and whether overflow gives infinity; for modes
 * N, P, M and Z (O adds nothing either).
 */
function increment(b: Builder, frac: I64, places: number, sign: I32, mode: I32): { inc: I64; away: I32 } {
  const nearest = i32.eqz(mode);
  const towards = b.let(i32.eq(mode, i32.add(sign, c32(1))));
  const tie = i64.add(c64((1n << BigInt(places - 1)) - 1n), i64.and(i64.shr_u(frac, c64(places)), c64(1)));
  const all = select(towards, c64((1n << BigInt(places)) - 1n), c64(0));
  return { inc: b.let(select(nearest, tie, all)), away: b.let(i32.or(nearest, towards)) };
}

function roundPackHelper(fmt: Format, convert: boolean): Helper<"i64"> {
  const places = 62 - fmt.fracBits, toHalf = convert && fmt === f16;
  const name = `roundPack${convert ? "Cv" : ""}${fmt.name}`;
  return helper(name, ["i32", "i32", "i64", "i32"], "i64", (b, sign, exp, fraction, mode) => {
    const frac = b.let(fraction);
    const biased = b.let(i32.add(exp, c32(fmt.bias)));
    const tiny = b.let(i32.le_s(biased, c32(0)));
    b.if(tiny, () => {
      // FZ16 does not apply to conversions into half precision, nor does FZ.
      if (!toHalf) {
        b.if(i32.and(b.sys("fpcr"), c32(fmt.flush)), () => {
          raise(b, Fpsr.UFC);
          b.return(signBit(fmt, sign));
        });
      }
      b.set(frac, b.call(shiftRightJam, frac, i32.sub(c32(1), biased)));
      b.set(biased, c32(1));
    });
    const now = b.let(frac);
    const { inc, away } = increment(b, now, places, sign, mode);
    const inexact = b.let(i64.ne(i64.and(now, c64((1n << BigInt(places)) - 1n)), c64(0)));
    const flags = b.let(select(inexact, select(tiny, c32(Fpsr.IXC | Fpsr.UFC), c32(Fpsr.IXC)), c32(0)));
    // The implicit bit adds the last unit of the exponent; rounding may carry into it.
    const clamped = select(i32.gt_s(biased, c32(fmt.expMax + 1)), c32(fmt.expMax + 1), biased);
    const bits = b.let(i64.add(
      i64.shl(i64.extend_u(i32.sub(clamped, c32(1))), c64(fmt.fracBits)),
      i64.shr_u(i64.add(now, inc), c64(places)),
    ));
    const overflow = () => {
      raise(b, Fpsr.OFC | Fpsr.IXC);
      b.return(i64.or(signBit(fmt, sign), select(away, c64(fmt.infinity), c64(fmt.maxNormal))));
    };
    if (toHalf) {
      b.if(
        i32.and(b.sys("fpcr"), c32(Fpcr.AHP)),
        () =>
          b.if(i64.ge_u(bits, c64(fmt.sign)), () => {
            raise(b, Fpsr.IOC);
            b.return(i64.or(signBit(fmt, sign), c64(fmt.sign - 1n)));
          }),
        () => b.if(i64.ge_u(bits, c64(fmt.infinity)), overflow),
      );
    } else b.if(i64.ge_u(bits, c64(fmt.infinity)), overflow);
    b.if(flags, () => raise(b, flags));
    const odd = i64.extend_u(i32.and(i32.eq(mode, c32(Mode.O)), inexact));
    return i64.or(signBit(fmt, sign), i64.or(bits, odd));
  });
}

const roundPackPlain = perFormat((fmt) => roundPackHelper(fmt, false));
const roundPackConvert = perFormat((fmt) => roundPackHelper(fmt, true));

type Number = Pick<Parts, "sign" | "exp" | "frac">;
/** FPRound(): to the format, with overflow, underflow and inexact. The fraction is nonzero and normalised. */
export const roundPack = (b: Builder, fmt: Format, { sign, exp, frac }: Number, mode: I32): I64 =>
  b.call(roundPackPlain(fmt), sign, exp, frac, mode);
/** FPRoundCV(): for conversions between formats. */
export const roundPackCv = (b: Builder, fmt: Format, { sign, exp, frac }: Number, mode: I32): I64 =>
  b.call(roundPackConvert(fmt), sign, exp, frac, mode);
