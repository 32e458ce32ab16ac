/**
 * Where host arithmetic may stand in for the soft operations. As in QEMU's "hardfloat": while FPCR is zero the value
 * is right unless a NaN is involved; while FPSR.IXC is set besides (`fpFast`) no flag can change either, unless the
 * result is near overflow or underflow. So an operation is done by the host and accepted after one cheap look at the
 * result; otherwise it is done again in software on the original operands.
 */
import type { Builder } from "../ir/builder.ts";
import * as ops from "../ir/ops.ts";
import { c32, c64, cF32, cF64, type I32, i32, type I64, i64, select, splat, type V128, v128 } from "../ir/ops.ts";
import type { Type, Value } from "../ir/ops.ts";
import { f32 as single, f64 as double, type Format } from "./softfloat/format.ts";
import { isNormal } from "./softfloat/exact.ts";

/** Floating-point operators of one host type, scalar or vector: the common ground on which operations are written. */
export interface Host {
  readonly type: Type;
  readonly fmt: Format;
  add(x: Value, y: Value): Value;
  sub(x: Value, y: Value): Value;
  mul(x: Value, y: Value): Value;
  div(x: Value, y: Value): Value;
  min(x: Value, y: Value): Value;
  max(x: Value, y: Value): Value;
  abs(x: Value): Value;
  neg(x: Value): Value;
  sqrt(x: Value): Value;
  ceil(x: Value): Value;
  floor(x: Value): Value;
  trunc(x: Value): Value;
  nearest(x: Value): Value;
  /** Comparisons: an i32, or a mask of lanes. */
  eq(x: Value, y: Value): Value;
  ne(x: Value, y: Value): Value;
  ge(x: Value, y: Value): Value;
  gt(x: Value, y: Value): Value;
  lt(x: Value, y: Value): Value;
  /** The value in every lane, from a double's bit pattern in this format. */
  constant(bits: bigint): Value;
  /** `x` where the comparison held. */
  choose(held: Value, x: Value, y: Value): Value;
}

type Namespace = typeof ops.f32 | typeof ops.f64 | typeof ops.f32x4 | typeof ops.f64x2;

function host(type: Type, fmt: Format, namespace: Namespace, constant: (bits: bigint) => Value): Host {
  const choose = (held: Value, x: Value, y: Value): Value =>
    type === "v128" ? v128.bitselect(x as V128, y as V128, held as V128) : select(held as I32, x, y);
  // The namespaces differ in the types of their values only, which Host leaves open.
  return { ...namespace as unknown as Host, type, fmt, constant, choose };
}

const scalar32 = host("f32", single, ops.f32, (bits) => cF32(Number(bits)));
const scalar64 = host("f64", double, ops.f64, cF64);
const vector32 = host("v128", single, ops.f32x4, (bits) => splat(32, bits));
const vector64 = host("v128", double, ops.f64x2, (bits) => splat(64, bits));

/** The host's arithmetic for a format: there is none for half precision. */
export const scalarHost = (fmt: Format): Host | undefined =>
  fmt === single ? scalar32 : fmt === double ? scalar64 : undefined;
export const vectorHost = (fmt: Format): Host | undefined =>
  fmt === single ? vector32 : fmt === double ? vector64 : undefined;

/**
 * What a result must be for the host's to be accepted:
 * - `finite`: fast mode; for operations that never round into or below the subnormals (sums, roots);
 * - `normal`: fast mode, and clear of the subnormals: products and quotients;
 * - `ordered`: FPCR is zero and the result not a NaN: operations that are exact.
 */
export type Accept = "finite" | "normal" | "ordered";

const MIN_NORMAL = (fmt: Format): bigint => fmt.fraction + 1n;

/** Whether the first `lanes` lanes of a mask are all set. */
export function allSet(fmt: Format, mask: V128, lanes: number): I32 {
  const by = ops.intLanes[fmt.bits];
  if (lanes === 128 / fmt.bits) return by.all_true(mask);
  const some = (1 << lanes) - 1;
  return i32.eq(i32.and(by.bitmask(mask), c32(some)), c32(some));
}

/** Whether the first `lanes` lanes of a mask are all clear: one instruction of x86 less than {@link allSet}. */
function noneSet(fmt: Format, mask: V128, lanes: number): I32 {
  if (lanes === 128 / fmt.bits) return i32.eqz(v128.any_true(mask));
  return i32.eqz(i32.and(ops.intLanes[fmt.bits].bitmask(mask), c32((1 << lanes) - 1)));
}

const finite = (fmt: Format, x: Value): I32 =>
  fmt === double
    ? i64.lt_u(i64.shl(i64.reinterpret_f64(x as ops.F64), c64(1)), c64(2n * fmt.infinity))
    : i32.lt_u(i32.shl(i32.reinterpret_f32(x as ops.F32), c32(1)), c32(Number(2n * fmt.infinity)));

/** Whether the host's scalar result stands. */
export function acceptScalar(b: Builder, fmt: Format, accept: Accept, result: Value): I32 {
  if (accept === "ordered") {
    return i32.and(i32.eqz(b.sys("fpcr")), scalarHost(fmt)!.eq(result, result) as I32);
  }
  let inRange: I32;
  if (accept === "finite") {
    inRange = finite(fmt, result);
  } else if (fmt === double) {
    inRange = isNormal(i64.reinterpret_f64(result as ops.F64));
  } else {
    // Without the sign: strictly above the smallest normal number, which rounding may have reached from below.
    const size = i32.shl(i32.reinterpret_f32(result as ops.F32), c32(1));
    inRange = i32.lt_u(i32.sub(size, c32(0x01000001)), c32(0xfdffffff));
  }
  return i32.and(b.sys("fpFast"), inRange);
}

/** Lanes of a vector result that do not stand, apart from the mode: looked at as integers, which takes less. */
export function refusedLanes(fmt: Format, accept: Accept, result: V128): V128 {
  if (accept === "ordered") return vectorHost(fmt)!.ne(result, result) as V128;
  const by = ops.intLanes[fmt.bits], every = (bits: bigint) => splat(fmt.bits, BigInt.asUintN(fmt.bits, bits));
  if (accept === "finite") return by.gt_s(v128.and(result, every(fmt.sign - 1n)), every(fmt.infinity - 1n));
  // As in isNormal; but as lanes compare as signed numbers, all are moved by half of what there is.
  const moved = every(fmt.sign - 2n * MIN_NORMAL(fmt) - 1n);
  const last = every(2n * fmt.infinity - 2n * MIN_NORMAL(fmt) - 2n - fmt.sign);
  return by.gt_s(by.add(by.shl(result, c32(1)), moved), last);
}

/** Whether the first `lanes` lanes of the host's vector result stand. */
export function acceptVector(b: Builder, fmt: Format, accept: Accept, result: V128, lanes: number): I32 {
  const mode = accept === "ordered" ? i32.eqz(b.sys("fpcr")) : b.sys("fpFast");
  return i32.and(mode, noneSet(fmt, refusedLanes(fmt, accept, result), lanes));
}

/** A scalar operand: a host float for single and double precision, an i64 bit pattern for half. */
export type Operand = Value;
export const operandOf = (fmt: Format, bits: I64): Operand =>
  fmt === double ? ops.f64.reinterpret_i64(bits) : fmt === single ? ops.f32.reinterpret_i32(i32.wrap(bits)) : bits;
export function readOperand(b: Builder, fmt: Format, field: string): Operand {
  return fmt === double ? b.d(field) : fmt === single ? b.s(field) : i64.extend_u(b.hbits(field));
}
/** Bit pattern of an operand, zero-extended. */
export const bitsOf = (value: Operand): I64 => {
  switch (value.type) {
    case "f64":
      return i64.reinterpret_f64(value as ops.F64);
    case "f32":
      return i64.extend_u(i32.reinterpret_f32(value as ops.F32));
    default:
      return value as I64;
  }
};

/** An operand with its sign inverted: of a NaN too. */
export function negatedOperand(fmt: Format, x: Operand): Operand {
  const it = scalarHost(fmt);
  return it ? it.neg(x) : negated(fmt, x as I64);
}

/** A scalar FP register as a bit pattern, zero-extended. */
export function readBits(b: Builder, fmt: Format, field: string): I64 {
  return fmt === double ? b.dbits(field) : i64.extend_u(fmt === single ? b.sbits(field) : b.hbits(field));
}
/** Writes a scalar FP register; the rest of the vector register becomes zero. */
export const writeBits = (b: Builder, field: string, bits: I64): void => b.setDbits(field, bits);

/** The same for an operand. */
export function writeOperand(b: Builder, field: string, value: Operand): void {
  if (value.type === "f64") b.setD(field, value as ops.F64);
  else if (value.type === "f32") b.setS(field, value as ops.F32);
  else writeBits(b, field, value as I64);
}

/** The sign of a pattern inverted. */
export const negated = (fmt: Format, bits: I64): I64 => i64.xor(bits, c64(fmt.sign));
