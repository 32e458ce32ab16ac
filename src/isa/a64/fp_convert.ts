/** Conversions between floating point, integers and fixed point (Arm ARM C4.1.96), scalar; FJCVTZS. */
import type { Builder } from "../ir/builder.ts";
import { c32, c64, type F32, f32, type F64, f64, type I32, i32, type I64, i64 } from "../ir/ops.ts";
import type { Value } from "../ir/ops.ts";
import { nearestAway } from "./fp_arith.ts";
import { acceptScalar, bitsOf, type Host, type Operand, operandOf, readBits, readOperand } from "./fp_host.ts";
import { scalarHost, writeOperand } from "./fp_host.ts";
import { floatRows } from "./fp_rows.ts";
import { insn, type Row } from "./row.ts";
import { softConvert } from "./softfloat/convert_format.ts";
import { f32 as single, f64 as double, type Format, Mode, powerOfTwo } from "./softfloat/format.ts";
import { softFromFixed, softToFixed, softToFixedJS } from "./softfloat/integral.ts";

/** Single to double: always exact, so only NaNs, flushing and nothing else need software. */
export function widenExactly(b: Builder, x: Operand): F64 {
  const value = x as F32;
  const plain = i32.and(i32.eqz(b.sys("fpcr")), f32.eq(value, value));
  const slow = () => operandOf(double, softConvert(b, single, double, bitsOf(x))) as F64;
  return b.shortcut(plain, "f64", () => f64.promote_f32(value), slow);
}

/** Double to single: by the host in fast mode, or where it is exact. */
export function narrowExactly(b: Builder, x: Operand): F32 {
  const value = x as F64, narrow = b.let(f32.demote_f64(value));
  const exact = i32.and(i32.eqz(b.sys("fpcr")), f64.eq(f64.promote_f32(narrow), value));
  const stands = i32.or(acceptScalar(b, single, "normal", narrow), exact);
  const slow = () => operandOf(single, softConvert(b, double, single, bitsOf(x))) as F32;
  return b.shortcut(stands, "f32", () => narrow, slow);
}

/** Rounding to an integral value by the host, for each {@link Mode}. */
export const INTEGRAL: readonly ((it: Host, x: Value) => Value)[] = [
  (it, x) => it.nearest(x),
  (it, x) => it.ceil(x),
  (it, x) => it.floor(x),
  (it, x) => it.trunc(x),
  nearestAway,
];

const TRUNCATE = {
  f32: [[i32.trunc_sat_f32_s, i32.trunc_sat_f32_u], [i64.trunc_sat_f32_s, i64.trunc_sat_f32_u]],
  f64: [[i32.trunc_sat_f64_s, i32.trunc_sat_f64_u], [i64.trunc_sat_f64_s, i64.trunc_sat_f64_u]],
} as const;

/** An integral host value as a 32- or 64-bit integer in an i64, zero-extended. */
function truncate(fmt: Format, x: Value, size: 32 | 64, unsigned: number): I64 {
  const table = TRUNCATE[fmt === double ? "f64" : "f32"];
  const convert = table[size === 64 ? 1 : 0][unsigned ? 1 : 0] as unknown as (x: Value) => Value;
  return size === 64 ? convert(x) as I64 : i64.extend_u(convert(x) as I32);
}

/**
 * FPToFixed() of a scalar to 16 (half precision only), 32 or 64 bits, zero-extended.
 *
 * @param fbits fraction bits: undefined for none
 */
export function toFixed(
  b: Builder,
  fmt: Format,
  x: Operand,
  size: 16 | 32 | 64,
  unsigned: number,
  mode: number,
  fbits?: I32,
): I64 {
  const slow = () => b.call(softToFixed(fmt), bitsOf(x), fbits ?? c32(0), c32(unsigned), c32(mode), c32(size));
  const it = scalarHost(fmt);
  if (it === undefined || size === 16) return slow();
  const scaled = fbits ? b.let(it.mul(x, powerOf(fmt, fbits))) : x;
  const whole = b.let(INTEGRAL[mode]!(it, scaled));
  // Within the range nothing saturates; a NaN is within no range. Unchanged means exact.
  const low = unsigned ? 0n : powerOfTwo(fmt, size - 1) | fmt.sign;
  const high = powerOfTwo(fmt, unsigned ? size : size - 1);
  const inRange = i32.and(it.ge(whole, it.constant(low)) as I32, it.lt(whole, it.constant(high)) as I32);
  const silent = i32.or(b.sys("fpFast"), it.eq(whole, scaled) as I32);
  return b.shortcut(i32.and(inRange, silent), "i64", () => truncate(fmt, whole, size, unsigned), slow);
}

/** 2^n as a host value, for n within the normal range. */
function powerOf(fmt: Format, n: I32): Value {
  if (fmt === double) return f64.reinterpret_i64(i64.shl(i64.extend_u(i32.add(n, c32(fmt.bias))), c64(52)));
  return f32.reinterpret_i32(i32.shl(i32.add(n, c32(fmt.bias)), c32(23)));
}

/**
 * FixedToFP() of an integer that was extended to 64 bits.
 *
 * @param size 16, 32 or 64: the bits that the integer had
 */
export function fromFixed(b: Builder, fmt: Format, x: I64, size: number, unsigned: number, fbits?: I32): Operand {
  const slow = () => operandOf(fmt, b.call(softFromFixed(fmt), x, fbits ?? c32(0), c32(unsigned)));
  if (scalarHost(fmt) === undefined) return slow();
  const host = (): Operand => {
    const convert = fmt === double
      ? (unsigned ? f64.convert_i64_u : f64.convert_i64_s)
      : (unsigned ? f32.convert_i64_u : f32.convert_i64_s);
    const value = convert(x);
    // Scaling by a power of two is exact: the smallest result is 2^-64.
    return fbits ? scalarHost(fmt)!.mul(value, powerOf(fmt, i32.sub(c32(0), fbits))) : value;
  };
  if (fmt === double && size < 64) return host();
  // Up to the precision of the format the conversion is exact, whatever the mode.
  const limit = 1n << BigInt(fmt.fracBits + 1);
  const exact = unsigned ? i64.le_u(x, c64(limit)) : i64.le_u(i64.add(x, c64(limit)), c64(2n * limit));
  return b.shortcut(i32.or(b.sys("fpFast"), exact), scalarHost(fmt)!.type, host, slow);
}

const setInteger = (b: Builder, value: I64): void => b.setX("Rd", value);
/** Rn as the 64-bit value of an integer of the width given by `sf`. */
function integer(b: Builder, unsigned: number): I64 {
  if (b.num("sf")) return b.x("Rn");
  return b.let((unsigned ? i64.extend_u : i64.extend_s)(b.w("Rn")));
}

const MODES = ["N", "P", "M", "Z", "A"];
const sizeOf = (b: Builder) => b.num("sf") ? 64 : 32;

export const rows: readonly Row[] = [
  ...floatRows("FCVTNS", "sf:1 0011110 ftype 1 rmode:2 00 U:1 000000 Rn:5 Rd:5", {
    vary: "sf rmode U",
    mnemonic: (f) => `FCVT${MODES[f.rmode!]}${f.U ? "U" : "S"}`,
  }, (b, fmt) => {
    setInteger(b, toFixed(b, fmt, readOperand(b, fmt, "Rn"), sizeOf(b), b.num("U"), b.num("rmode")));
  }),
  ...floatRows("FCVTAS", "sf:1 0011110 ftype 1 00 10 U:1 000000 Rn:5 Rd:5", {
    vary: "sf U",
    mnemonic: (f) => f.U ? "FCVTAU" : "FCVTAS",
  }, (b, fmt) => setInteger(b, toFixed(b, fmt, readOperand(b, fmt, "Rn"), sizeOf(b), b.num("U"), Mode.A))),
  ...floatRows("SCVTF (scalar, integer)", "sf:1 0011110 ftype 1 00 01 U:1 000000 Rn:5 Rd:5", {
    vary: "sf U",
    mnemonic: (f) => f.U ? "UCVTF" : "SCVTF",
  }, (b, fmt) => writeOperand(b, "Rd", fromFixed(b, fmt, integer(b, b.num("U")), sizeOf(b), b.num("U")))),

  ...floatRows("FCVTZS (scalar, fixed-point)", "sf:1 0011110 ftype 0 11 00 U:1 scale:6 Rn:5 Rd:5", {
    vary: "sf U",
    valid: (f) => f.sf === 1 || f.scale! >= 32,
    small: { fbits: (f) => 64 - f.scale! },
    mnemonic: (f) => f.U ? "FCVTZU" : "FCVTZS",
  }, (b, fmt) => {
    const fbits = b.imm32("fbits");
    setInteger(b, toFixed(b, fmt, readOperand(b, fmt, "Rn"), sizeOf(b), b.num("U"), Mode.Z, fbits));
  }),
  ...floatRows("SCVTF (scalar, fixed-point)", "sf:1 0011110 ftype 0 00 01 U:1 scale:6 Rn:5 Rd:5", {
    vary: "sf U",
    valid: (f) => f.sf === 1 || f.scale! >= 32,
    small: { fbits: (f) => 64 - f.scale! },
    mnemonic: (f) => f.U ? "UCVTF" : "SCVTF",
  }, (b, fmt) => {
    writeOperand(b, "Rd", fromFixed(b, fmt, integer(b, b.num("U")), sizeOf(b), b.num("U"), b.imm32("fbits")));
  }),

  insn("FJCVTZS", "0 0011110 01 1 11 110 000000 Rn:5 Rd:5", { feature: "JSCVT" }, (b) => {
    const x = readBits(b, double, "Rn");
    const value = b.let(i32.trunc_sat_f64_s(f64.reinterpret_i64(x)));
    const set = (result: I32, exact: I32) => {
      b.setW("Rd", result);
      b.flagsNzcv(i32.shl(exact, c32(2)));
    };
    // The same bits after conversion back: an int32, and not minus zero.
    b.if(i64.eq(i64.reinterpret_f64(f64.convert_i32_s(value)), x), () => set(value, c32(1)), () => {
      const [result, exact] = b.callMany(softToFixedJS, x) as [I32, I32];
      set(result, exact);
    });
  }),
];
