/**
 * The pure half of the intermediate representation: expressions over values.
 *
 * An expression is a node of a tree whose operator is a WebAssembly instruction under its own name
 * (`i64.add(a, b)`, `i8x16.add_sat_s(a, b)`), because both users of the semantics lower to WebAssembly.
 * Nodes have no effect and read no state, so they may be evaluated late, twice or never; whatever reads or
 * writes guest state is a statement of the {@link ./builder.ts Builder}.
 *
 * Constructors fold constants where that is cheap: with the operands of an instruction known (translation),
 * `i64.add(x, imm)` and friends shrink by themselves.
 */

/** A WebAssembly value type. */
export type Type = "i32" | "i64" | "f32" | "f64" | "v128";

/** An expression. Compare by identity; never mutate. */
export type Value<T extends Type = Type> =
  | Const<T>
  | Local<T>
  | Op<T>;

export type I32 = Value<"i32">;
export type I64 = Value<"i64">;
export type F32 = Value<"f32">;
export type F64 = Value<"f64">;
export type V128 = Value<"v128">;

/** A literal. `i64` and `v128` literals are bit patterns; `f32`/`f64` literals are bit patterns too (NaNs survive). */
export interface Const<T extends Type = Type> {
  readonly kind: "const";
  readonly type: T;
  /** i32: int32 · i64: BigInt as int64 · f32: uint32 bits · f64: uint64 bits as BigInt · v128: uint128 bits as BigInt */
  readonly value: number | bigint;
}

/** A local of the function being built, written once or more by statements of the builder. */
export interface Local<T extends Type = Type> {
  readonly kind: "local";
  readonly type: T;
  readonly index: number;
}

/** An operator applied to operands; `imm` holds lane numbers or shuffle indices. */
export interface Op<T extends Type = Type> {
  readonly kind: "op";
  readonly type: T;
  /** Opcode: one byte, or 0xfc00|n, or 0xfd000|n for the prefixed spaces. */
  readonly code: number;
  readonly args: readonly Value[];
  readonly imm: readonly number[] | undefined;
}

const op = <T extends Type>(type: T, code: number, args: Value[], imm?: number[]): Value<T> => ({
  kind: "op",
  type,
  code,
  args,
  imm,
});

/** i32 literal; any JS number, taken modulo 2^32. */
export const c32 = (n: number): Const<"i32"> => ({ kind: "const", type: "i32", value: n | 0 });
/** i64 literal; any integer, taken modulo 2^64. */
export const c64 = (n: number | bigint): Const<"i64"> => ({
  kind: "const",
  type: "i64",
  value: BigInt.asIntN(64, BigInt(n)),
});
/** f32 literal given as its 32-bit pattern. */
export const cF32 = (bits: number): Const<"f32"> => ({ kind: "const", type: "f32", value: bits >>> 0 });
/** f64 literal given as its 64-bit pattern. */
export const cF64 = (bits: bigint): Const<"f64"> => ({
  kind: "const",
  type: "f64",
  value: BigInt.asUintN(64, bits),
});
/** v128 literal given as its 128-bit pattern, lane 0 in the low bits. */
export const cV128 = (bits: bigint): Const<"v128"> => ({
  kind: "const",
  type: "v128",
  value: BigInt.asUintN(128, bits),
});
/** v128 literal with every `esize`-bit lane equal to `lane`. */
export function splat(esize: 8 | 16 | 32 | 64, lane: number | bigint): Const<"v128"> {
  const bits = BigInt.asUintN(esize, BigInt(lane));
  let all = 0n;
  for (let at = 0; at < 128; at += esize) all |= bits << BigInt(at);
  return cV128(all);
}

type Fold32 = (a: number, b: number) => number;
type Fold64 = (a: bigint, b: bigint) => bigint;

/** Addition, multiplication, AND, OR and XOR: MOV is an OR with ZR on the left. */
const COMMUTES: ReadonlySet<number> = new Set([0x6a, 0x6c, 0x71, 0x72, 0x73, 0x7c, 0x7e, 0x83, 0x84, 0x85]);

const bin32 = (code: number, fold: Fold32, unit?: number) => (a: I32, b: I32): I32 => {
  if (b.kind === "const") {
    if (a.kind === "const") return c32(fold(a.value as number, b.value as number));
    if (unit !== undefined && b.value === unit) return a;
  }
  if (a.kind === "const" && a.value === unit && COMMUTES.has(code)) return b;
  return op("i32", code, [a, b]);
};
const bin64 = (code: number, fold: Fold64, unit?: bigint) => (a: I64, b: I64): I64 => {
  if (b.kind === "const") {
    if (a.kind === "const") return c64(fold(a.value as bigint, b.value as bigint));
    if (unit !== undefined && b.value === unit) return a;
  }
  if (a.kind === "const" && a.value === unit && COMMUTES.has(code)) return b;
  return op("i64", code, [a, b]);
};
const cmp32 = (code: number, fold: (a: number, b: number) => boolean) => (a: I32, b: I32): I32 =>
  a.kind === "const" && b.kind === "const"
    ? c32(fold(a.value as number, b.value as number) ? 1 : 0)
    : op("i32", code, [a, b]);
const cmp64 = (code: number, fold: (a: bigint, b: bigint) => boolean) => (a: I64, b: I64): I32 =>
  a.kind === "const" && b.kind === "const"
    ? c32(fold(a.value as bigint, b.value as bigint) ? 1 : 0)
    : op("i32", code, [a, b]);
const un = <A extends Type, R extends Type>(result: R, code: number) => (a: Value<A>): Value<R> =>
  op(result, code, [a]);
const two = <A extends Type, R extends Type>(result: R, code: number) => (a: Value<A>, b: Value<A>): Value<R> =>
  op(result, code, [a, b]);

const u32 = (n: number) => n >>> 0;
const u64 = (n: bigint) => BigInt.asUintN(64, n);

export const i32 = {
  eqz: (a: I32): I32 => a.kind === "const" ? c32(a.value === 0 ? 1 : 0) : op("i32", 0x45, [a]),
  eq: cmp32(0x46, (a, b) => a === b),
  ne: cmp32(0x47, (a, b) => a !== b),
  lt_s: cmp32(0x48, (a, b) => a < b),
  lt_u: cmp32(0x49, (a, b) => u32(a) < u32(b)),
  gt_s: cmp32(0x4a, (a, b) => a > b),
  gt_u: cmp32(0x4b, (a, b) => u32(a) > u32(b)),
  le_s: cmp32(0x4c, (a, b) => a <= b),
  le_u: cmp32(0x4d, (a, b) => u32(a) <= u32(b)),
  ge_s: cmp32(0x4e, (a, b) => a >= b),
  ge_u: cmp32(0x4f, (a, b) => u32(a) >= u32(b)),
  clz: un<"i32", "i32">("i32", 0x67),
  ctz: un<"i32", "i32">("i32", 0x68),
  popcnt: un<"i32", "i32">("i32", 0x69),
  add: bin32(0x6a, (a, b) => a + b, 0),
  sub: bin32(0x6b, (a, b) => a - b, 0),
  mul: bin32(0x6c, Math.imul, 1),
  /** Traps on a zero divisor and on overflow: guard both. */
  div_s: two<"i32", "i32">("i32", 0x6d),
  div_u: two<"i32", "i32">("i32", 0x6e),
  rem_s: two<"i32", "i32">("i32", 0x6f),
  rem_u: two<"i32", "i32">("i32", 0x70),
  and: bin32(0x71, (a, b) => a & b, -1),
  or: bin32(0x72, (a, b) => a | b, 0),
  xor: bin32(0x73, (a, b) => a ^ b, 0),
  shl: bin32(0x74, (a, b) => a << b, 0),
  shr_s: bin32(0x75, (a, b) => a >> b, 0),
  shr_u: bin32(0x76, (a, b) => a >>> b, 0),
  rotl: bin32(0x77, (a, b) => (a << (b & 31)) | (b & 31 ? a >>> (32 - (b & 31)) : 0), 0),
  rotr: bin32(0x78, (a, b) => (a >>> (b & 31)) | (b & 31 ? a << (32 - (b & 31)) : 0), 0),
  wrap: (a: I64): I32 => a.kind === "const" ? c32(Number(BigInt.asIntN(32, a.value as bigint))) : op("i32", 0xa7, [a]),
  reinterpret_f32: un<"f32", "i32">("i32", 0xbc),
  extend8_s: un<"i32", "i32">("i32", 0xc0),
  extend16_s: un<"i32", "i32">("i32", 0xc1),
  trunc_sat_f32_s: un<"f32", "i32">("i32", 0xfc00),
  trunc_sat_f32_u: un<"f32", "i32">("i32", 0xfc01),
  trunc_sat_f64_s: un<"f64", "i32">("i32", 0xfc02),
  trunc_sat_f64_u: un<"f64", "i32">("i32", 0xfc03),
};

export const i64 = {
  eqz: (a: I64): I32 => a.kind === "const" ? c32(a.value === 0n ? 1 : 0) : op("i32", 0x50, [a]),
  eq: cmp64(0x51, (a, b) => a === b),
  ne: cmp64(0x52, (a, b) => a !== b),
  lt_s: cmp64(0x53, (a, b) => a < b),
  lt_u: cmp64(0x54, (a, b) => u64(a) < u64(b)),
  gt_s: cmp64(0x55, (a, b) => a > b),
  gt_u: cmp64(0x56, (a, b) => u64(a) > u64(b)),
  le_s: cmp64(0x57, (a, b) => a <= b),
  le_u: cmp64(0x58, (a, b) => u64(a) <= u64(b)),
  ge_s: cmp64(0x59, (a, b) => a >= b),
  ge_u: cmp64(0x5a, (a, b) => u64(a) >= u64(b)),
  clz: un<"i64", "i64">("i64", 0x79),
  ctz: un<"i64", "i64">("i64", 0x7a),
  popcnt: un<"i64", "i64">("i64", 0x7b),
  add: bin64(0x7c, (a, b) => a + b, 0n),
  sub: bin64(0x7d, (a, b) => a - b, 0n),
  mul: bin64(0x7e, (a, b) => a * b, 1n),
  /** Traps on a zero divisor and on overflow: guard both. */
  div_s: two<"i64", "i64">("i64", 0x7f),
  div_u: two<"i64", "i64">("i64", 0x80),
  rem_s: two<"i64", "i64">("i64", 0x81),
  rem_u: two<"i64", "i64">("i64", 0x82),
  and: bin64(0x83, (a, b) => a & b, -1n),
  or: bin64(0x84, (a, b) => a | b, 0n),
  xor: bin64(0x85, (a, b) => a ^ b, 0n),
  shl: bin64(0x86, (a, b) => a << (b & 63n), 0n),
  shr_s: bin64(0x87, (a, b) => a >> (b & 63n), 0n),
  shr_u: bin64(0x88, (a, b) => u64(a) >> (b & 63n), 0n),
  rotl: bin64(0x89, (a, b) => (u64(a) << (b & 63n)) | (u64(a) >> ((64n - (b & 63n)) & 63n)), 0n),
  rotr: bin64(0x8a, (a, b) => (u64(a) >> (b & 63n)) | (u64(a) << ((64n - (b & 63n)) & 63n)), 0n),
  extend_s: (a: I32): I64 => a.kind === "const" ? c64(a.value as number) : op("i64", 0xac, [a]),
  extend_u: (a: I32): I64 => a.kind === "const" ? c64((a.value as number) >>> 0) : op("i64", 0xad, [a]),
  reinterpret_f64: un<"f64", "i64">("i64", 0xbd),
  extend8_s: un<"i64", "i64">("i64", 0xc2),
  extend16_s: un<"i64", "i64">("i64", 0xc3),
  extend32_s: un<"i64", "i64">("i64", 0xc4),
  trunc_sat_f32_s: un<"f32", "i64">("i64", 0xfc04),
  trunc_sat_f32_u: un<"f32", "i64">("i64", 0xfc05),
  trunc_sat_f64_s: un<"f64", "i64">("i64", 0xfc06),
  trunc_sat_f64_u: un<"f64", "i64">("i64", 0xfc07),
};

export const f32 = {
  eq: two<"f32", "i32">("i32", 0x5b),
  ne: two<"f32", "i32">("i32", 0x5c),
  lt: two<"f32", "i32">("i32", 0x5d),
  gt: two<"f32", "i32">("i32", 0x5e),
  le: two<"f32", "i32">("i32", 0x5f),
  ge: two<"f32", "i32">("i32", 0x60),
  abs: un<"f32", "f32">("f32", 0x8b),
  neg: un<"f32", "f32">("f32", 0x8c),
  ceil: un<"f32", "f32">("f32", 0x8d),
  floor: un<"f32", "f32">("f32", 0x8e),
  trunc: un<"f32", "f32">("f32", 0x8f),
  nearest: un<"f32", "f32">("f32", 0x90),
  sqrt: un<"f32", "f32">("f32", 0x91),
  add: two<"f32", "f32">("f32", 0x92),
  sub: two<"f32", "f32">("f32", 0x93),
  mul: two<"f32", "f32">("f32", 0x94),
  div: two<"f32", "f32">("f32", 0x95),
  min: two<"f32", "f32">("f32", 0x96),
  max: two<"f32", "f32">("f32", 0x97),
  convert_i32_s: un<"i32", "f32">("f32", 0xb2),
  convert_i32_u: un<"i32", "f32">("f32", 0xb3),
  convert_i64_s: un<"i64", "f32">("f32", 0xb4),
  convert_i64_u: un<"i64", "f32">("f32", 0xb5),
  demote_f64: un<"f64", "f32">("f32", 0xb6),
  reinterpret_i32: un<"i32", "f32">("f32", 0xbe),
};

export const f64 = {
  eq: two<"f64", "i32">("i32", 0x61),
  ne: two<"f64", "i32">("i32", 0x62),
  lt: two<"f64", "i32">("i32", 0x63),
  gt: two<"f64", "i32">("i32", 0x64),
  le: two<"f64", "i32">("i32", 0x65),
  ge: two<"f64", "i32">("i32", 0x66),
  abs: un<"f64", "f64">("f64", 0x99),
  neg: un<"f64", "f64">("f64", 0x9a),
  ceil: un<"f64", "f64">("f64", 0x9b),
  floor: un<"f64", "f64">("f64", 0x9c),
  trunc: un<"f64", "f64">("f64", 0x9d),
  nearest: un<"f64", "f64">("f64", 0x9e),
  sqrt: un<"f64", "f64">("f64", 0x9f),
  add: two<"f64", "f64">("f64", 0xa0),
  sub: two<"f64", "f64">("f64", 0xa1),
  mul: two<"f64", "f64">("f64", 0xa2),
  div: two<"f64", "f64">("f64", 0xa3),
  min: two<"f64", "f64">("f64", 0xa4),
  max: two<"f64", "f64">("f64", 0xa5),
  convert_i32_s: un<"i32", "f64">("f64", 0xb7),
  convert_i32_u: un<"i32", "f64">("f64", 0xb8),
  convert_i64_s: un<"i64", "f64">("f64", 0xb9),
  convert_i64_u: un<"i64", "f64">("f64", 0xba),
  promote_f32: un<"f32", "f64">("f64", 0xbb),
  reinterpret_i64: un<"i64", "f64">("f64", 0xbf),
};

/** `cond ? a : b`; both sides are evaluated. */
export function select<T extends Type>(cond: I32, a: Value<T>, b: Value<T>): Value<T> {
  if (cond.kind === "const") return cond.value !== 0 ? a : b;
  return op(a.type as T, 0x1b, [a, b, cond]);
}

const v = (n: number) => 0xfd000 | n;
const vv = (n: number) => two<"v128", "v128">("v128", v(n));
const v1 = (n: number) => un<"v128", "v128">("v128", v(n));
const vtest = (n: number) => un<"v128", "i32">("i32", v(n));
const vshift = (n: number) => (a: V128, count: I32): V128 => op("v128", v(n), [a, count]);
const vextract = <T extends Type>(type: T, n: number) => (a: V128, lane: number): Value<T> =>
  op(type, v(n), [a], [lane]);
const vreplace = <T extends Type>(n: number) => (a: V128, lane: number, x: Value<T>): V128 =>
  op("v128", v(n), [a, x], [lane]);

export const v128 = {
  not: v1(77),
  and: vv(78),
  /** a AND NOT b */
  andnot: vv(79),
  or: vv(80),
  xor: vv(81),
  /** (a AND mask) OR (b AND NOT mask) */
  bitselect: (a: V128, b: V128, mask: V128): V128 => op("v128", v(82), [a, b, mask]),
  any_true: vtest(83),
};

export const i8x16 = {
  /** Lane i of the result is lane `lanes[i]` of the 32 lanes of a then b. */
  shuffle: (a: V128, b: V128, lanes: number[]): V128 => op("v128", v(13), [a, b], lanes),
  /** Lane i of the result is lane `s[i]` of a, 0 where s[i] > 15. */
  swizzle: vv(14),
  splat: un<"i32", "v128">("v128", v(15)),
  extract_lane_s: vextract("i32", 21),
  extract_lane_u: vextract("i32", 22),
  replace_lane: vreplace<"i32">(23),
  eq: vv(35),
  ne: vv(36),
  lt_s: vv(37),
  lt_u: vv(38),
  gt_s: vv(39),
  gt_u: vv(40),
  le_s: vv(41),
  le_u: vv(42),
  ge_s: vv(43),
  ge_u: vv(44),
  abs: v1(96),
  neg: v1(97),
  popcnt: v1(98),
  all_true: vtest(99),
  bitmask: vtest(100),
  narrow_i16x8_s: vv(101),
  narrow_i16x8_u: vv(102),
  shl: vshift(107),
  shr_s: vshift(108),
  shr_u: vshift(109),
  add: vv(110),
  add_sat_s: vv(111),
  add_sat_u: vv(112),
  sub: vv(113),
  sub_sat_s: vv(114),
  sub_sat_u: vv(115),
  min_s: vv(118),
  min_u: vv(119),
  max_s: vv(120),
  max_u: vv(121),
  avgr_u: vv(123),
};

export const i16x8 = {
  splat: un<"i32", "v128">("v128", v(16)),
  extract_lane_s: vextract("i32", 24),
  extract_lane_u: vextract("i32", 25),
  replace_lane: vreplace<"i32">(26),
  eq: vv(45),
  ne: vv(46),
  lt_s: vv(47),
  lt_u: vv(48),
  gt_s: vv(49),
  gt_u: vv(50),
  le_s: vv(51),
  le_u: vv(52),
  ge_s: vv(53),
  ge_u: vv(54),
  extadd_pairwise_i8x16_s: v1(124),
  extadd_pairwise_i8x16_u: v1(125),
  abs: v1(128),
  neg: v1(129),
  q15mulr_sat_s: vv(130),
  all_true: vtest(131),
  bitmask: vtest(132),
  narrow_i32x4_s: vv(133),
  narrow_i32x4_u: vv(134),
  extend_low_i8x16_s: v1(135),
  extend_high_i8x16_s: v1(136),
  extend_low_i8x16_u: v1(137),
  extend_high_i8x16_u: v1(138),
  shl: vshift(139),
  shr_s: vshift(140),
  shr_u: vshift(141),
  add: vv(142),
  add_sat_s: vv(143),
  add_sat_u: vv(144),
  sub: vv(145),
  sub_sat_s: vv(146),
  sub_sat_u: vv(147),
  mul: vv(149),
  min_s: vv(150),
  min_u: vv(151),
  max_s: vv(152),
  max_u: vv(153),
  avgr_u: vv(155),
  extmul_low_i8x16_s: vv(156),
  extmul_high_i8x16_s: vv(157),
  extmul_low_i8x16_u: vv(158),
  extmul_high_i8x16_u: vv(159),
};

export const i32x4 = {
  splat: un<"i32", "v128">("v128", v(17)),
  extract_lane: vextract("i32", 27),
  replace_lane: vreplace<"i32">(28),
  eq: vv(55),
  ne: vv(56),
  lt_s: vv(57),
  lt_u: vv(58),
  gt_s: vv(59),
  gt_u: vv(60),
  le_s: vv(61),
  le_u: vv(62),
  ge_s: vv(63),
  ge_u: vv(64),
  extadd_pairwise_i16x8_s: v1(126),
  extadd_pairwise_i16x8_u: v1(127),
  abs: v1(160),
  neg: v1(161),
  all_true: vtest(163),
  bitmask: vtest(164),
  extend_low_i16x8_s: v1(167),
  extend_high_i16x8_s: v1(168),
  extend_low_i16x8_u: v1(169),
  extend_high_i16x8_u: v1(170),
  shl: vshift(171),
  shr_s: vshift(172),
  shr_u: vshift(173),
  add: vv(174),
  sub: vv(177),
  mul: vv(181),
  min_s: vv(182),
  min_u: vv(183),
  max_s: vv(184),
  max_u: vv(185),
  dot_i16x8_s: vv(186),
  extmul_low_i16x8_s: vv(188),
  extmul_high_i16x8_s: vv(189),
  extmul_low_i16x8_u: vv(190),
  extmul_high_i16x8_u: vv(191),
  trunc_sat_f32x4_s: v1(248),
  trunc_sat_f32x4_u: v1(249),
};

export const i64x2 = {
  splat: un<"i64", "v128">("v128", v(18)),
  extract_lane: vextract("i64", 29),
  replace_lane: vreplace<"i64">(30),
  abs: v1(192),
  neg: v1(193),
  all_true: vtest(195),
  bitmask: vtest(196),
  extend_low_i32x4_s: v1(199),
  extend_high_i32x4_s: v1(200),
  extend_low_i32x4_u: v1(201),
  extend_high_i32x4_u: v1(202),
  shl: vshift(203),
  shr_s: vshift(204),
  shr_u: vshift(205),
  add: vv(206),
  sub: vv(209),
  mul: vv(213),
  eq: vv(214),
  ne: vv(215),
  lt_s: vv(216),
  gt_s: vv(217),
  le_s: vv(218),
  ge_s: vv(219),
  extmul_low_i32x4_s: vv(220),
  extmul_high_i32x4_s: vv(221),
  extmul_low_i32x4_u: vv(222),
  extmul_high_i32x4_u: vv(223),
};

export const f32x4 = {
  splat: un<"f32", "v128">("v128", v(19)),
  extract_lane: vextract("f32", 31),
  replace_lane: vreplace<"f32">(32),
  eq: vv(65),
  ne: vv(66),
  lt: vv(67),
  gt: vv(68),
  le: vv(69),
  ge: vv(70),
  demote_f64x2_zero: v1(94),
  ceil: v1(103),
  floor: v1(104),
  trunc: v1(105),
  nearest: v1(106),
  abs: v1(224),
  neg: v1(225),
  sqrt: v1(227),
  add: vv(228),
  sub: vv(229),
  mul: vv(230),
  div: vv(231),
  min: vv(232),
  max: vv(233),
  convert_i32x4_s: v1(250),
  convert_i32x4_u: v1(251),
  /** a*b + c, fused on hosts with FMA only: see `fusesMadd` of builders. */
  relaxed_madd: (a: V128, b: V128, c: V128): V128 => op("v128", v(0x105), [a, b, c]),
};

export const f64x2 = {
  splat: un<"f64", "v128">("v128", v(20)),
  extract_lane: vextract("f64", 33),
  replace_lane: vreplace<"f64">(34),
  eq: vv(71),
  ne: vv(72),
  lt: vv(73),
  gt: vv(74),
  le: vv(75),
  ge: vv(76),
  promote_low_f32x4: v1(95),
  ceil: v1(116),
  floor: v1(117),
  trunc: v1(122),
  nearest: v1(148),
  abs: v1(236),
  neg: v1(237),
  sqrt: v1(239),
  add: vv(240),
  sub: vv(241),
  mul: vv(242),
  div: vv(243),
  min: vv(244),
  max: vv(245),
  convert_low_i32x4_s: v1(254),
  convert_low_i32x4_u: v1(255),
  /** a*b + c, fused on hosts with FMA only: see `fusesMadd` of builders. */
  relaxed_madd: (a: V128, b: V128, c: V128): V128 => op("v128", v(0x107), [a, b, c]),
};

/** The namespaces by lane width in bits, for forms that exist for several element sizes. */
export const intLanes = { 8: i8x16, 16: i16x8, 32: i32x4, 64: i64x2 } as const;
