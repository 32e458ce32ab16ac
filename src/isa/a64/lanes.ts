/** Building blocks of the AdvSIMD semantics: elements, halves, saturation. */
import type { Builder } from "../ir/builder.ts";
import {
  c32,
  c64,
  cV128,
  i16x8,
  type I32,
  i32,
  i32x4,
  type I64,
  i64,
  i64x2,
  i8x16,
  intLanes,
  splat,
  type V128,
  v128,
} from "../ir/ops.ts";

export type ESize = 8 | 16 | 32 | 64;

/** Element size in bits for the `size` field. */
export const esizeOf = (size: number): ESize => (8 << size) as ESize;

/** Writes a vector of 64 (Q = 0, upper half zero) or 128 bits. */
export function setVector(b: Builder, field: string, value: V128, Q: number): void {
  b.setV(field, Q ? value : lowHalf(value));
}

/** The low 64 bits, zero above. */
export const lowHalf = (value: V128): V128 => v128.and(value, cV128(2n ** 64n - 1n));

/** Element `lane` as an i64, sign- or zero-extended. */
export function extract(value: V128, esize: ESize, lane: number, signed: boolean): I64 {
  switch (esize) {
    case 8:
      return (signed ? i64.extend_s : i64.extend_u)(
        (signed ? i8x16.extract_lane_s : i8x16.extract_lane_u)(value, lane),
      );
    case 16:
      return (signed ? i64.extend_s : i64.extend_u)(
        (signed ? i16x8.extract_lane_s : i16x8.extract_lane_u)(value, lane),
      );
    case 32:
      return (signed ? i64.extend_s : i64.extend_u)(i32x4.extract_lane(value, lane));
    default:
      return i64x2.extract_lane(value, lane);
  }
}

/** Replaces element `lane` by the low bits of an i64. */
export function insert(value: V128, esize: ESize, lane: number, element: I64): V128 {
  switch (esize) {
    case 8:
      return i8x16.replace_lane(value, lane, i32.wrap(element));
    case 16:
      return i16x8.replace_lane(value, lane, i32.wrap(element));
    case 32:
      return i32x4.replace_lane(value, lane, i32.wrap(element));
    default:
      return i64x2.replace_lane(value, lane, element);
  }
}

/** Every element replicated from an i64. */
export function broadcast(esize: ESize, element: I64): V128 {
  switch (esize) {
    case 8:
      return i8x16.splat(i32.wrap(element));
    case 16:
      return i16x8.splat(i32.wrap(element));
    case 32:
      return i32x4.splat(i32.wrap(element));
    default:
      return i64x2.splat(element);
  }
}

/** Applies a scalar function to `count` elements; elements beyond are zero. For what has no vector instruction. */
export function mapLanes(
  b: Builder,
  esize: ESize,
  count: number,
  signed: boolean,
  inputs: readonly V128[],
  apply: (...elements: I64[]) => I64,
): V128 {
  const bound = inputs.map((input) => b.let(input));
  let result: V128 = cV128(0n);
  for (let lane = 0; lane < count; lane++) {
    const elements = bound.map((input) => b.let(extract(input, esize, lane, signed)));
    result = b.let(insert(result, esize, lane, apply(...elements)));
  }
  return result;
}

/** FPSR.QC becomes 1 if the condition holds. */
export function setQC(b: Builder, condition: I32): void {
  b.setSys("fpsr", i32.or(b.sys("fpsr"), i32.shl(i32.ne(condition, c32(0)), c32(27))));
}

/** SatQ(): clamps to a signed or unsigned range of `bits` < 64 and records saturation. */
export function saturate(b: Builder, value: I64, bits: number, signed: boolean): I64 {
  const x = b.let(value);
  const low = signed ? -(1n << BigInt(bits - 1)) : 0n;
  const high = signed ? (1n << BigInt(bits - 1)) - 1n : (1n << BigInt(bits)) - 1n;
  const result = b.let(x);
  b.if(i64.lt_s(x, c64(low)), () => b.set(result, c64(low)));
  b.if(i64.gt_s(x, c64(high)), () => b.set(result, c64(high)));
  setQC(b, i64.ne(result, x));
  return result;
}

/** a < b for unsigned 64-bit elements: a signed comparison after moving the range. */
export const lessUnsigned64 = (a: V128, b: V128): V128 =>
  i64x2.lt_s(v128.xor(a, splat(64, 1n << 63n)), v128.xor(b, splat(64, 1n << 63n)));

/** Unsigned and signed "a > b", "a >= b" for any element size. */
export function greater(esize: ESize, a: V128, b: V128, unsigned: boolean): V128 {
  if (esize === 64) return unsigned ? lessUnsigned64(b, a) : i64x2.gt_s(a, b);
  const lanes = intLanes[esize];
  return unsigned ? lanes.gt_u(a, b) : lanes.gt_s(a, b);
}
export function greaterEqual(esize: ESize, a: V128, b: V128, unsigned: boolean): V128 {
  if (esize === 64) return unsigned ? v128.not(lessUnsigned64(a, b)) : i64x2.ge_s(a, b);
  const lanes = intLanes[esize];
  return unsigned ? lanes.ge_u(a, b) : lanes.ge_s(a, b);
}

/** The wanted half of a vector, moved to the low half (upper half unspecified). */
export const half = (value: V128, upper: number): V128 =>
  upper ? i8x16.shuffle(value, value, [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]) : value;

/** Widens the low or high half's elements of `esize` bits to twice that. */
export function widenHalf(esize: 8 | 16 | 32, value: V128, upper: number, unsigned: boolean): V128 {
  switch (esize) {
    case 8:
      return upper
        ? (unsigned ? i16x8.extend_high_i8x16_u : i16x8.extend_high_i8x16_s)(value)
        : (unsigned ? i16x8.extend_low_i8x16_u : i16x8.extend_low_i8x16_s)(value);
    case 16:
      return upper
        ? (unsigned ? i32x4.extend_high_i16x8_u : i32x4.extend_high_i16x8_s)(value)
        : (unsigned ? i32x4.extend_low_i16x8_u : i32x4.extend_low_i16x8_s)(value);
    default:
      return upper
        ? (unsigned ? i64x2.extend_high_i32x4_u : i64x2.extend_high_i32x4_s)(value)
        : (unsigned ? i64x2.extend_low_i32x4_u : i64x2.extend_low_i32x4_s)(value);
  }
}

/** Widening product of the low or high halves' elements. */
export function multiplyHalf(esize: 8 | 16 | 32, x: V128, y: V128, upper: number, unsigned: boolean): V128 {
  switch (esize) {
    case 8:
      return upper
        ? (unsigned ? i16x8.extmul_high_i8x16_u : i16x8.extmul_high_i8x16_s)(x, y)
        : (unsigned ? i16x8.extmul_low_i8x16_u : i16x8.extmul_low_i8x16_s)(x, y);
    case 16:
      return upper
        ? (unsigned ? i32x4.extmul_high_i16x8_u : i32x4.extmul_high_i16x8_s)(x, y)
        : (unsigned ? i32x4.extmul_low_i16x8_u : i32x4.extmul_low_i16x8_s)(x, y);
    default:
      return upper
        ? (unsigned ? i64x2.extmul_high_i32x4_u : i64x2.extmul_high_i32x4_s)(x, y)
        : (unsigned ? i64x2.extmul_low_i32x4_u : i64x2.extmul_low_i32x4_s)(x, y);
  }
}

/** Byte shuffle: lane i of the result is lane `pick(i)` of the elements of a then b. */
export function shuffleElements(esize: ESize, a: V128, b: V128, pick: (lane: number) => number): V128 {
  const bytes = esize / 8;
  const lanes = Array.from(
    { length: 16 },
    (_, byte) => (pick(Math.floor(byte / bytes)) * bytes + (byte % bytes)) & 31,
  );
  return i8x16.shuffle(a, b, lanes);
}

/** Even (part 0) or odd (part 1) elements of n then m; for Q = 0 of their low halves, in the low half. */
export function unzip(esize: ESize, n: V128, m: V128, part: number, Q: number): V128 {
  const perVector = (Q ? 128 : 64) / esize;
  return shuffleElements(esize, n, m, (lane) => {
    const at = 2 * lane + part;
    return at < perVector ? at : at - perVector + 128 / esize;
  });
}

/** Writes the narrow result of a "narrow to half" instruction: low half and zeros, or the upper half only (…2). */
export function setNarrow(b: Builder, field: string, narrow: V128, Q: number): void {
  if (Q) b.setLane(field, 64, c32(1), i64x2.extract_lane(narrow, 0));
  else b.setV(field, lowHalf(narrow));
}

/** The low halves of wide elements packed into the low 64 bits. */
export const narrowElements = (esize: 8 | 16 | 32, wide: V128): V128 => unzip(esize, wide, wide, 0, 1);

/** Element-wise product, also for bytes, which WebAssembly lacks. */
export function multiply(esize: 8 | 16 | 32, x: V128, y: V128): V128 {
  if (esize === 16) return i16x8.mul(x, y);
  if (esize === 32) return i32x4.mul(x, y);
  return unzip(8, i16x8.extmul_low_i8x16_u(x, y), i16x8.extmul_high_i8x16_u(x, y), 0, 1);
}

/** Bits of every byte reversed, through a table of nibbles. */
export function reverseBitsOfBytes(x: V128): V128 {
  const table = cV128(0x0f070b030d050901_0e060a020c040800n);
  const low = i8x16.swizzle(table, v128.and(x, splat(8, 15)));
  const high = i8x16.swizzle(table, i8x16.shr_u(x, c32(4)));
  return v128.or(i8x16.shl(low, c32(4)), high);
}
