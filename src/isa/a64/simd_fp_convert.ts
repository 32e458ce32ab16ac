/**
 * AdvSIMD conversions, vector and scalar: to and from integers and fixed point, between precisions
 * (Arm ARM C4.1.97: two-register miscellaneous, shift by immediate).
 */
import type { Builder } from "../ir/builder.ts";
import { type Helper, helper } from "../ir/helper.ts";
import { c32, cV128, f32x4, f64x2, type I32, i32, i32x4, type I64, i64, i64x2 } from "../ir/ops.ts";
import { splat, type V128, v128 } from "../ir/ops.ts";
import { fromFixed, INTEGRAL, toFixed } from "./fp_convert.ts";
import { laneOperand } from "./fp_arith.ts";
import { acceptVector, allSet, bitsOf, type Operand, readBits, readOperand } from "./fp_host.ts";
import { vectorHost, writeBits, writeOperand } from "./fp_host.ts";
import { extract, half, insert } from "./lanes.ts";
import { insn, type Row } from "./row.ts";
import { type Bits, readVector, type Shape, twoMisc, twoMiscScalar, writeVector } from "./simd_fp_rows.ts";
import { softConvert, softConvertToOdd } from "./softfloat/convert_format.ts";
import { f16, f32, f64, type Format, Mode, powerOfTwo } from "./softfloat/format.ts";
import { softFromFixed, softToFixed } from "./softfloat/integral.ts";

/** Lanes 0..lanes-1 of the result from `apply`, the others zero; half of the lanes or all. */
function eachLane(b: Builder, fmt: Format, lanes: I32, apply: (lane: number) => I64): V128 {
  const whole = 128 / fmt.bits, result = b.let<"v128">(cV128(0n));
  const set = (lane: number) => b.set(result, insert(result, fmt.bits, lane, apply(lane)));
  for (let lane = 0; lane < whole / 2; lane++) set(lane);
  b.if(i32.eq(lanes, c32(whole)), () => {
    for (let lane = whole / 2; lane < whole; lane++) set(lane);
  });
  return result;
}

const helpers = new Map<string, Helper<"v128">>();
function once(name: string, make: (name: string) => Helper<"v128">): Helper<"v128"> {
  let found = helpers.get(name);
  if (found === undefined) helpers.set(name, found = make(name));
  return found;
}
/** Soft conversion of the lanes; parameters: vector, fraction bits, mode, lanes. */
const slowToFixed = (fmt: Format, unsigned: number): Helper<"v128"> =>
  once(
    `fcvt${unsigned ? "u" : "s"}V${fmt.bits}`,
    (name) =>
      helper(name, ["v128", "i32", "i32", "i32"], "v128", (b, x, fbits, mode, lanes) =>
        eachLane(b, fmt, lanes, (lane) => {
          const element = extract(x, fmt.bits, lane, false);
          return b.call(softToFixed(fmt), element, fbits, c32(unsigned), mode, c32(fmt.bits));
        })),
  );
/** Parameters: vector, fraction bits, lanes. */
const slowFromFixed = (fmt: Format, unsigned: number): Helper<"v128"> =>
  once(
    `${unsigned ? "u" : "s"}cvtfV${fmt.bits}`,
    (name) =>
      helper(name, ["v128", "i32", "i32"], "v128", (b, x, fbits, lanes) =>
        eachLane(b, fmt, lanes, (lane) => {
          const element = extract(x, fmt.bits, lane, !unsigned);
          return b.call(softFromFixed(fmt), element, fbits, c32(unsigned));
        })),
  );

/** Two doubles, each as a scalar: there is no vector conversion between doubles and 64-bit integers. */
function pairwise(b: Builder, apply: (lane: number) => I64): V128 {
  const low = b.let(apply(0)), high = b.let(apply(1));
  return i64x2.replace_lane(i64x2.splat(low), 1, high);
}

/** 2^n in every lane of single precision. */
const powers = (n: I32): V128 => i32x4.splat(i32.shl(i32.add(n, c32(f32.bias)), c32(f32.fracBits)));

function toFixedVector(b: Builder, shape: Shape, unsigned: number, mode: number, fbits?: I32): V128 {
  const { fmt, lanes } = shape, x = readVector(b, shape, "Rn");
  if (fmt === f64) {
    return pairwise(b, (lane) => toFixed(b, f64, b.let(laneOperand(f64, x, lane)), 64, unsigned, mode, fbits));
  }
  const slow = () => b.call(slowToFixed(fmt, unsigned), x, fbits ?? c32(0), c32(mode), c32(lanes));
  if (fmt === f16) return slow();
  const it = vectorHost(f32)!;
  const scaled = fbits ? b.let(f32x4.mul(x, powers(fbits))) : x;
  const whole = b.let(INTEGRAL[mode]!(it, scaled)) as V128;
  const low = unsigned ? 0n : powerOfTwo(f32, 31) | f32.sign, high = powerOfTwo(f32, unsigned ? 32 : 31);
  const inRange = v128.and(it.ge(whole, it.constant(low)) as V128, it.lt(whole, it.constant(high)) as V128);
  const silent = i32.or(b.sys("fpFast"), allSet(f32, f32x4.eq(whole, scaled), lanes));
  return b.shortcut(
    i32.and(allSet(f32, inRange, lanes), silent),
    "v128",
    () => unsigned ? i32x4.trunc_sat_f32x4_u(whole) : i32x4.trunc_sat_f32x4_s(whole),
    slow,
  );
}

function fromFixedVector(b: Builder, shape: Shape, unsigned: number, fbits?: I32): V128 {
  const { fmt, lanes } = shape, x = readVector(b, shape, "Rn");
  if (fmt === f64) {
    return pairwise(b, (lane) => bitsOf(fromFixed(b, f64, b.let(extract(x, 64, lane, false)), 64, unsigned, fbits)));
  }
  const slow = () => b.call(slowFromFixed(fmt, unsigned), x, fbits ?? c32(0), c32(lanes));
  if (fmt === f16) return slow();
  // Up to 24 bits are exact.
  const exact = unsigned
    ? i32x4.le_u(x, splat(32, 1 << 24))
    : i32x4.le_u(i32x4.add(x, splat(32, 1 << 24)), splat(32, 1 << 25));
  return b.shortcut(
    i32.or(b.sys("fpFast"), allSet(f32, exact, lanes)),
    "v128",
    () => {
      const value = unsigned ? f32x4.convert_i32x4_u(x) : f32x4.convert_i32x4_s(x);
      return fbits ? f32x4.mul(value, powers(i32.sub(c32(0), fbits))) : value;
    },
    slow,
  );
}

/** A scalar integer of the format's width as 64 bits. */
function scalarInteger(b: Builder, fmt: Format, unsigned: number): I64 {
  const bits = readBits(b, fmt, "Rn");
  if (unsigned || fmt === f64) return bits;
  return b.let(fmt === f32 ? i64.extend32_s(bits) : i64.extend16_s(bits));
}

const toInteger = (letter: string, mode: number, a: 0 | 1, op: string): Row[] =>
  ([0, 1] as const).flatMap((U) => {
    const name = `FCVT${letter}${U ? "U" : "S"}`, bits: Bits = [U, a, op];
    return [
      ...twoMisc(name, bits, (b, shape) => writeVector(b, shape, toFixedVector(b, shape, U, mode))),
      ...twoMiscScalar(name, bits, (b, fmt) => {
        writeBits(b, "Rd", toFixed(b, fmt, readOperand(b, fmt, "Rn"), fmt.bits, U, mode));
      }),
    ];
  });
const fromInteger = (name: string, U: 0 | 1): Row[] => [
  ...twoMisc(name, [U, 0, "11101"], (b, shape) => writeVector(b, shape, fromFixedVector(b, shape, U))),
  ...twoMiscScalar(name, [U, 0, "11101"], (b, fmt) => {
    writeOperand(b, "Rd", fromFixed(b, fmt, scalarInteger(b, fmt, U), fmt.bits, U));
  }),
];

/** Fixed point: fbits = 2 * esize - UInt(immh:immb), where the leading one of immh gives the element size. */
function fixedPoint(
  name: string,
  U: 0 | 1,
  op: string,
  vector: (b: Builder, shape: Shape, fbits: I32) => V128,
  scalar: (b: Builder, fmt: Format, fbits: I32) => Operand,
): Row[] {
  return ([[f32, "01 imm:5"], [f64, "1 imm:6"], [f16, "001 imm:4"]] as const).flatMap(([fmt, imm]) => {
    const small = { fbits: (f: Readonly<Record<string, number>>) => fmt.bits - f.imm! };
    const feature = fmt === f16 ? { feature: "FP16" as const } : {};
    return [
      insn(`${name} (vector, fixed-point) ${fmt.bits}`, `0 Q:1 ${U} 011110 ${imm} ${op} 1 Rn:5 Rd:5`, {
        vary: "Q",
        allocated: (f) => fmt !== f64 || f.Q === 1,
        small,
        ...feature,
      }, (b) => {
        const Q = b.num("Q"), shape = { fmt, Q, lanes: (Q ? 128 : 64) / fmt.bits };
        writeVector(b, shape, vector(b, shape, b.imm32("fbits")));
      }),
      insn(`${name} (scalar SIMD, fixed-point) ${fmt.bits}`, `01 ${U} 111110 ${imm} ${op} 1 Rn:5 Rd:5`, {
        small,
        ...feature,
      }, (b) => writeOperand(b, "Rd", scalar(b, fmt, b.imm32("fbits")))),
    ];
  });
}

/** FCVTL: the low or high half of Rn, each element twice as wide. */
function lengthen(b: Builder): void {
  const from = b.num("sz") ? f32 : f16, to = b.num("sz") ? f64 : f32;
  const x = b.let(half(b.v("Rn"), b.num("Q")));
  const count = 128 / to.bits;
  const slow = () => {
    let result: V128 = cV128(0n);
    for (let lane = 0; lane < count; lane++) {
      result = b.let(insert(result, to.bits, lane, softConvert(b, from, to, extract(x, from.bits, lane, false))));
    }
    return result;
  };
  if (from === f16) return b.setV("Rd", slow());
  const plain = i32.and(i32.eqz(b.sys("fpcr")), allSet(f32, f32x4.eq(x, x), 2));
  b.setV("Rd", b.shortcut(plain, "v128", () => f64x2.promote_low_f32x4(x), slow));
}

/** Writes 64 bits: to the low half with the upper cleared, or to the upper half alone. */
function writeNarrow(b: Builder, result: I64): void {
  if (b.num("Q")) b.setLane("Rd", 64, c32(1), result);
  else b.setDbits("Rd", result);
}
/** FCVTN: each element half as wide. */
function narrow(b: Builder): void {
  const from = b.num("sz") ? f64 : f32, to = b.num("sz") ? f32 : f16;
  const x = b.v("Rn");
  if (from === f32) return writeNarrow(b, softNarrow(b, from, to, x, softConvert));
  const result = b.let(f32x4.demote_f64x2_zero(x));
  const exact = i32.and(
    i32.eqz(b.sys("fpcr")),
    i64x2.all_true(f64x2.eq(f64x2.promote_low_f32x4(result), x)),
  );
  const stands = i32.or(acceptVector(b, f32, "normal", result, 2), exact);
  const low = () => i64x2.extract_lane(result, 0);
  writeNarrow(b, b.shortcut(stands, "i64", low, () => softNarrow(b, from, to, x, softConvert)));
}
function softNarrow(b: Builder, from: Format, to: Format, x: V128, convert: typeof softConvert): I64 {
  let result: V128 = cV128(0n);
  for (let lane = 0; lane < 128 / from.bits; lane++) {
    result = b.let(insert(result, to.bits, lane, convert(b, from, to, extract(x, from.bits, lane, false))));
  }
  return i64x2.extract_lane(result, 0);
}

const fixed = (U: 0 | 1): Row[] => [
  ...fixedPoint(
    U ? "UCVTF" : "SCVTF",
    U,
    "11100",
    (b, shape, fbits) => fromFixedVector(b, shape, U, fbits),
    (b, fmt, fbits) => fromFixed(b, fmt, scalarInteger(b, fmt, U), fmt.bits, U, fbits),
  ),
  ...fixedPoint(
    U ? "FCVTZU" : "FCVTZS",
    U,
    "11111",
    (b, shape, fbits) => toFixedVector(b, shape, U, Mode.Z, fbits),
    (b, fmt, fbits) => toFixed(b, fmt, readOperand(b, fmt, "Rn"), fmt.bits, U, Mode.Z, fbits),
  ),
];

export const rows: readonly Row[] = [
  ...toInteger("N", Mode.N, 0, "11010"),
  ...toInteger("M", Mode.M, 0, "11011"),
  ...toInteger("A", Mode.A, 0, "11100"),
  ...toInteger("P", Mode.P, 1, "11010"),
  ...toInteger("Z", Mode.Z, 1, "11011"),
  ...fromInteger("SCVTF", 0),
  ...fromInteger("UCVTF", 1),
  ...fixed(0),
  ...fixed(1),
  insn("FCVTL", "0 Q:1 0 01110 0 sz:1 10000 10111 10 Rn:5 Rd:5", { vary: "Q sz" }, lengthen),
  insn("FCVTN", "0 Q:1 0 01110 0 sz:1 10000 10110 10 Rn:5 Rd:5", { vary: "Q sz" }, narrow),
  insn("FCVTXN (vector)", "0 Q:1 1 01110 01 10000 10110 10 Rn:5 Rd:5", { vary: "Q" }, (b) => {
    writeNarrow(b, softNarrow(b, f64, f32, b.v("Rn"), softConvertToOdd));
  }),
  insn("FCVTXN (scalar)", "01 1 11110 01 10000 10110 10 Rn:5 Rd:5", {}, (b) => {
    writeBits(b, "Rd", softConvertToOdd(b, f64, f32, b.dbits("Rn")));
  }),
];
