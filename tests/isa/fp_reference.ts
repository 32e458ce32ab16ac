/**
 * A second opinion on scalar floating point, by another way than the implementation's and the oracle's: values are exact
 * fractions of BigInts, which are rounded once (Arm ARM J1.1.3: FPUnpack, FPRound, FPToFixed, FPToFixedJS). NaN operands
 * are not its business: which one propagates is compared elsewhere.
 */
import { f16, type Format, Fpcr, Fpsr } from "../../src/isa/a64/softfloat/format.ts";

/** What an operation comes to. */
export interface Result {
  readonly bits: bigint;
  readonly flags: number;
}

/** A value: infinite, or (-1)^sign · num / den. */
interface Value {
  readonly sign: boolean;
  readonly infinite: boolean;
  readonly num: bigint;
  readonly den: bigint;
}

const flushes = (fmt: Format, fpcr: number): boolean => (fpcr & (fmt === f16 ? Fpcr.FZ16 : Fpcr.FZ)) !== 0;
const power = (e: number): [num: bigint, den: bigint] => e >= 0 ? [1n << BigInt(e), 1n] : [1n, 1n << BigInt(-e)];
export const isNaN = (bits: bigint, fmt: Format): boolean => (bits & ~fmt.sign) > fmt.infinity;

/** Collects flags while an operation is computed. */
class Operation {
  flags = 0;
  constructor(readonly fmt: Format, readonly fpcr: number) {}

  unpack(bits: bigint): Value {
    const { fmt } = this, sign = (bits & fmt.sign) !== 0n, fraction = bits & fmt.fraction;
    const exponent = Number((bits & fmt.infinity) >> BigInt(fmt.fracBits));
    if (exponent === fmt.expMax) return { sign, infinite: true, num: 1n, den: 1n };
    if (exponent === 0 && fraction !== 0n && flushes(fmt, this.fpcr)) {
      if (fmt !== f16) this.flags |= Fpsr.IDC;
      return { sign, infinite: false, num: 0n, den: 1n };
    }
    const mantissa = exponent === 0 ? fraction : fraction | (1n << BigInt(fmt.fracBits));
    const [num, den] = power(Math.max(exponent, 1) - fmt.bias - fmt.fracBits);
    return { sign, infinite: false, num: mantissa * num, den };
  }
  done(bits: bigint): Result {
    return { bits, flags: this.flags };
  }
  invalid(): Result {
    this.flags |= Fpsr.IOC;
    return this.done(this.fmt.infinity | this.fmt.quiet);
  }
  infinity(sign: boolean): Result {
    return this.done(this.fmt.infinity | (sign ? this.fmt.sign : 0n));
  }
  zero(sign: boolean): Result {
    return this.done(sign ? this.fmt.sign : 0n);
  }
  /** Of an exact sum that is zero: minus only towards minus infinity, unless both addends are zeros of one sign. */
  zeroSum(a: Value, b: Value): Result {
    return this.zero(a.num === 0n && b.num === 0n && a.sign === b.sign ? a.sign : a.sign !== b.sign && this.mode === 2);
  }
  get mode(): number {
    return (this.fpcr >> Fpcr.RModeShift) & 3;
  }

  /** FPRound of a value that is not zero; `sticky` means slightly more. */
  round(sign: boolean, num: bigint, den: bigint, sticky = false): Result {
    const { fmt } = this, precision = fmt.fracBits, least = 1 - fmt.bias;
    let exponent = num.toString(2).length - den.toString(2).length;
    const atLeast = (e: number): boolean => {
      const [n, d] = power(e);
      return num * d >= den * n;
    };
    if (!atLeast(exponent)) exponent--;
    if (flushes(fmt, this.fpcr) && exponent < least) {
      this.flags |= Fpsr.UFC;
      return this.zero(sign);
    }
    const [n, d] = power(Math.max(exponent, least) - precision);
    let whole = num * d / (den * n);
    const rest = 2n * (num * d - whole * den * n), unit = den * n;
    const inexact = rest !== 0n || sticky;
    if (inexact && exponent < least) this.flags |= Fpsr.UFC;
    const half = rest === unit && !sticky ? 0 : rest >= unit ? 1 : -1;
    const up = this.mode === 0
      ? half > 0 || (half === 0 && inexact && (whole & 1n) === 1n)
      : this.mode === 1
      ? inexact && !sign
      : this.mode === 2
      ? inexact && sign
      : false;
    if (up) whole++;
    if (inexact) this.flags |= Fpsr.IXC;
    // A carry out of the fraction is one in the exponent, also from subnormal to normal.
    const field = BigInt(Math.max(exponent, least) - least) << BigInt(precision);
    const bits = whole + field;
    if (bits < fmt.infinity) return this.done(bits | (sign ? fmt.sign : 0n));
    this.flags |= Fpsr.OFC | Fpsr.IXC;
    const away = this.mode === 0 || (this.mode === 1 && !sign) || (this.mode === 2 && sign);
    return this.done((away ? fmt.infinity : fmt.maxNormal) | (sign ? fmt.sign : 0n));
  }

  sum(a: Value, b: Value): Result {
    if (a.infinite || b.infinite) {
      return a.infinite && b.infinite && a.sign !== b.sign
        ? this.invalid()
        : this.infinity(a.infinite ? a.sign : b.sign);
    }
    const total = (a.sign ? -a.num : a.num) * b.den + (b.sign ? -b.num : b.num) * a.den;
    if (total === 0n) return this.zeroSum(a, b);
    return this.round(total < 0n, total < 0n ? -total : total, a.den * b.den);
  }
}

const negated = (value: Value): Value => ({ ...value, sign: !value.sign });

/** Arithmetic by mnemonic; operands as encoded: Rn, Rm, Ra. */
export const ARITHMETIC: Readonly<
  Record<string, (fmt: Format, fpcr: number, n: bigint, m: bigint, a: bigint) => Result>
> = {
  FADD: (fmt, fpcr, n, m) => {
    const op = new Operation(fmt, fpcr);
    return op.sum(op.unpack(n), op.unpack(m));
  },
  FSUB: (fmt, fpcr, n, m) => {
    const op = new Operation(fmt, fpcr);
    return op.sum(op.unpack(n), negated(op.unpack(m)));
  },
  FMUL: (fmt, fpcr, n, m) => {
    const op = new Operation(fmt, fpcr), x = op.unpack(n), y = op.unpack(m), sign = x.sign !== y.sign;
    const zero = (!x.infinite && x.num === 0n) || (!y.infinite && y.num === 0n);
    if (x.infinite || y.infinite) return zero ? op.invalid() : op.infinity(sign);
    return zero ? op.zero(sign) : op.round(sign, x.num * y.num, x.den * y.den);
  },
  FDIV: (fmt, fpcr, n, m) => {
    const op = new Operation(fmt, fpcr), x = op.unpack(n), y = op.unpack(m), sign = x.sign !== y.sign;
    if (x.infinite) return y.infinite ? op.invalid() : op.infinity(sign);
    if (y.infinite) return op.zero(sign);
    if (y.num === 0n) {
      if (x.num === 0n) return op.invalid();
      op.flags |= Fpsr.DZC;
      return op.infinity(sign);
    }
    return x.num === 0n ? op.zero(sign) : op.round(sign, x.num * y.den, x.den * y.num);
  },
  FSQRT: (fmt, fpcr, n) => {
    const op = new Operation(fmt, fpcr), x = op.unpack(n);
    if (!x.infinite && x.num === 0n) return op.zero(x.sign);
    if (x.sign) return op.invalid();
    if (x.infinite) return op.infinity(false);
    // With an even number of added bits, the root of the scaled value is the scaled root; what is cut off is sticky.
    const extra = BigInt(2 * (fmt.bits + 2 * fmt.bias)), scaled = (x.num << extra) / x.den;
    const root = squareRoot(scaled);
    return op.round(false, root, 1n << (extra / 2n), root * root !== scaled || (scaled * x.den) !== (x.num << extra));
  },
  FMADD: (fmt, fpcr, n, m, a) => {
    const op = new Operation(fmt, fpcr), addend = op.unpack(a), x = op.unpack(n), y = op.unpack(m);
    const zero = (!x.infinite && x.num === 0n) || (!y.infinite && y.num === 0n), infinite = x.infinite || y.infinite;
    if (infinite && zero) return op.invalid();
    return op.sum({ sign: x.sign !== y.sign, infinite, num: x.num * y.num, den: x.den * y.den }, addend);
  },
};

function squareRoot(n: bigint): bigint {
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

/** Rounds a fraction to an integer: N ties to even, P, M, Z, A ties away. */
function integral({ sign, num, den }: Value, mode: string): { value: bigint; exact: boolean } {
  let whole = num / den;
  const rest = 2n * (num % den);
  const up =
    { N: rest > den || (rest === den && (whole & 1n) === 1n), P: rest > 0n && !sign, M: rest > 0n && sign }[mode] ??
      (mode === "A" && rest >= den);
  if (up) whole++;
  return { value: sign ? -whole : whole, exact: rest === 0n };
}

/** FCVT*S and FCVT*U to an integer of `bits`, with fraction bits. */
export function toInteger(
  fmt: Format,
  fpcr: number,
  operand: bigint,
  mode: string,
  unsigned: boolean,
  bits: number,
  fbits: number,
): Result {
  const op = new Operation(fmt, fpcr);
  const lowest = unsigned ? 0n : -(1n << BigInt(bits - 1)), highest = (1n << BigInt(unsigned ? bits : bits - 1)) - 1n;
  const saturated = (value: bigint): Result => {
    op.flags |= Fpsr.IOC;
    return op.done(BigInt.asUintN(bits, value));
  };
  if (isNaN(operand, fmt)) return saturated(0n);
  const x = op.unpack(operand);
  if (x.infinite) return saturated(x.sign ? lowest : highest);
  const { value, exact } = integral({ ...x, num: x.num << BigInt(fbits) }, mode);
  if (value < lowest || value > highest) return saturated(value < lowest ? lowest : highest);
  if (!exact) op.flags |= Fpsr.IXC;
  return op.done(BigInt.asUintN(bits, value));
}

/** FJCVTZS; `exact` is the Z flag. */
export function toJavaScript(fmt: Format, fpcr: number, operand: bigint): Result & { exact: boolean } {
  const op = new Operation(fmt, fpcr);
  if (isNaN(operand, fmt)) return { bits: 0n, flags: Fpsr.IOC, exact: false };
  const x = op.unpack(operand);
  if (x.infinite) return { bits: 0n, flags: Fpsr.IOC, exact: false };
  const { value, exact } = integral(x, "Z"), bits = BigInt.asUintN(32, value);
  if (BigInt.asIntN(32, value) !== value) return { bits, flags: op.flags | Fpsr.IOC, exact: false };
  if (!exact) return { bits, flags: op.flags | Fpsr.IXC, exact: false };
  // Of zeros only plus zero itself.
  return { bits, flags: op.flags, exact: value !== 0n || operand === 0n };
}
