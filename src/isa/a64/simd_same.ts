/** AdvSIMD three registers of the same type, integer (Arm ARM C4.1.97.25 and the scalar form, .9). */
import type { Builder } from "../ir/builder.ts";
import {
  c32,
  c64,
  i16x8,
  i32,
  i32x4,
  type I64,
  i64,
  i8x16,
  intLanes,
  select,
  splat,
  type V128,
  v128,
} from "../ir/ops.ts";
import {
  type ESize,
  esizeOf,
  extract,
  greater,
  greaterEqual,
  mapLanes,
  multiply,
  saturate,
  setQC,
  setVector,
  unzip,
} from "./lanes.ts";
import { type Fields, insn, type Row } from "./row.ts";

type VectorOp = (b: Builder, esize: ESize, U: number, x: V128, y: V128) => V128;

/** A + B saturating; QC where the wrapped sum differs. */
function addSaturating(b: Builder, esize: ESize, unsigned: boolean, x: V128, y: V128): V128 {
  const lanes = intLanes[esize];
  const sum = b.let(lanes.add(x, y));
  let result: V128;
  if (esize === 8) result = (unsigned ? i8x16.add_sat_u : i8x16.add_sat_s)(x, y);
  else if (esize === 16) result = (unsigned ? i16x8.add_sat_u : i16x8.add_sat_s)(x, y);
  else if (unsigned) result = v128.or(sum, greater(esize, x, sum, true));
  else {
    // Overflow: both operands' signs differ from the sum's. The limit has the sign of x.
    const over = b.let(lanes.shr_s(v128.and(v128.xor(x, sum), v128.xor(y, sum)), c32(esize - 1)));
    const limit = v128.xor(lanes.shr_s(x, c32(esize - 1)), splat(esize, (1n << BigInt(esize - 1)) - 1n));
    result = v128.bitselect(limit, sum, over);
  }
  const bound = b.let(result);
  setQC(b, v128.any_true(v128.xor(bound, sum)));
  return bound;
}

function subSaturating(b: Builder, esize: ESize, unsigned: boolean, x: V128, y: V128): V128 {
  const lanes = intLanes[esize];
  const difference = b.let(lanes.sub(x, y));
  let result: V128;
  if (esize === 8) result = (unsigned ? i8x16.sub_sat_u : i8x16.sub_sat_s)(x, y);
  else if (esize === 16) result = (unsigned ? i16x8.sub_sat_u : i16x8.sub_sat_s)(x, y);
  else if (unsigned) result = v128.andnot(difference, greater(esize, y, x, true));
  else {
    const over = b.let(lanes.shr_s(v128.and(v128.xor(x, y), v128.xor(x, difference)), c32(esize - 1)));
    const limit = v128.xor(lanes.shr_s(x, c32(esize - 1)), splat(esize, (1n << BigInt(esize - 1)) - 1n));
    result = v128.bitselect(limit, difference, over);
  }
  const bound = b.let(result);
  setQC(b, v128.any_true(v128.xor(bound, difference)));
  return bound;
}

/**
 * One element shifted by a signed amount: left if positive, right if negative, rounding and saturating on demand.
 * The element comes extended to i64; QC is set for saturation.
 *
 * Shared by SSHL, SRSHL, SQSHL, SQRSHL, their unsigned forms and, with a constant amount, SQSHL (immediate).
 */
export function shiftElement(
  b: Builder,
  esize: ESize,
  unsigned: boolean,
  rounding: boolean,
  saturating: boolean,
  x: I64,
  amount: I64,
): I64 {
  const result = b.local("i64");
  const shift = b.let(amount);
  b.if(i64.ge_s(shift, c64(0)), () => {
    if (saturating) {
      // Too far: any value but zero overflows. Else it did if shifting back does not restore the element.
      const most = unsigned ? (1n << BigInt(esize)) - 1n : (1n << BigInt(esize - 1)) - 1n;
      const limit: I64 = unsigned ? c64(most) : i64.xor(i64.shr_s(x, c64(63)), c64(most));
      const far = i64.ge_s(shift, c64(esize));
      const clipped = b.let(select(far, c64(0), shift));
      const moved = b.let(i64.shl(x, clipped));
      const kept = esize === 64
        ? moved
        : unsigned
        ? i64.and(moved, c64((1n << BigInt(esize)) - 1n))
        : i64.shr_s(i64.shl(moved, c64(64 - esize)), c64(64 - esize));
      const bound = b.let(kept);
      const back = unsigned ? i64.shr_u(bound, clipped) : i64.shr_s(bound, clipped);
      const over = b.let(i32.or(i32.and(far, i64.ne(x, c64(0))), i64.ne(back, x)));
      b.set(result, select(over, limit, select(far, c64(0), bound)));
      setQC(b, over);
    } else b.set(result, select(i64.ge_s(shift, c64(64)), c64(0), i64.shl(x, shift)));
  }, () => {
    const right = b.let(i64.sub(c64(0), shift));
    const shr = unsigned ? i64.shr_u : i64.shr_s;
    const fill: I64 = unsigned ? c64(0) : i64.shr_s(x, c64(63));
    if (rounding) {
      // (x + 2^(n-1)) >> n without the carry out of 64 bits: add the last bit shifted out.
      const before = b.let(select(i64.gt_s(right, c64(64)), fill, shr(x, i64.sub(right, c64(1)))));
      b.set(result, i64.add(shr(before, c64(1)), i64.and(before, c64(1))));
      // By more than 64, a signed element rounds to zero: -1 shifted, plus its last bit 1.
    } else b.set(result, select(i64.ge_s(right, c64(64)), fill, shr(x, right)));
  });
  return result;
}

const shiftBy = (rounding: boolean, saturating: boolean): VectorOp => (b, esize, U, x, y) => {
  const amounts = b.let(y);
  let lane = 0;
  return mapLanes(b, esize, 128 / esize, !U, [x], (element) => {
    // The amount is the signed bottom byte of the element.
    const amount = i64.extend8_s(extract(amounts, esize, lane++, false));
    return shiftElement(b, esize, U === 1, rounding, saturating, element, amount);
  });
};

/** SQDMULH and SQRDMULH: the high half of the doubled product; only min * min saturates. */
export function doubleHigh(b: Builder, esize: 16 | 32, rounding: boolean, x: V128, y: V128): V128 {
  return mapLanes(b, esize, 128 / esize, true, [x, y], (p, q) => doubleHighElement(b, esize, rounding, p, q));
}
export function doubleHighElement(b: Builder, esize: 16 | 32, rounding: boolean, p: I64, q: I64): I64 {
  const product = i64.mul(p, q);
  const rounded = rounding ? i64.add(product, c64(1n << BigInt(esize - 2))) : product;
  return saturate(b, i64.shr_s(rounded, c64(esize - 1)), esize, true);
}

/** Carry-less product of bytes, low eight bits. */
function polynomial(b: Builder, x: V128, y: V128): V128 {
  const result = b.let(splat(8, 0) as V128);
  for (let bit = 0; bit < 8; bit++) {
    const mask = i8x16.ne(v128.and(y, splat(8, 1 << bit)), splat(8, 0));
    b.set(result, v128.xor(result, v128.and(i8x16.shl(x, c32(bit)), mask)));
  }
  return result;
}

const halving: Record<string, VectorOp> = {
  hadd: (_, esize, U, x, y) => {
    const lanes = intLanes[esize];
    return lanes.add(v128.and(x, y), (U ? lanes.shr_u : lanes.shr_s)(v128.xor(x, y), c32(1)));
  },
  rhadd: (_, esize, U, x, y) => {
    const lanes = intLanes[esize];
    return lanes.sub(v128.or(x, y), (U ? lanes.shr_u : lanes.shr_s)(v128.xor(x, y), c32(1)));
  },
  hsub: (_, esize, U, x, y) => {
    const lanes = intLanes[esize];
    return lanes.sub((U ? lanes.shr_u : lanes.shr_s)(v128.xor(x, y), c32(1)), v128.andnot(y, x));
  },
};

export function minMax(esize: ESize, unsigned: boolean, isMax: boolean, x: V128, y: V128): V128 {
  if (esize === 64) throw new Error("no 64-bit minimum or maximum");
  const lanes = intLanes[esize];
  return isMax ? (unsigned ? lanes.max_u : lanes.max_s)(x, y) : (unsigned ? lanes.min_u : lanes.min_s)(x, y);
}
export const absoluteDifference = (esize: ESize, unsigned: boolean, x: V128, y: V128): V128 =>
  intLanes[esize].sub(minMax(esize, unsigned, true, x, y), minMax(esize, unsigned, false, x, y));

interface Same {
  readonly names: readonly [signed: string, unsigned: string];
  readonly op: VectorOp;
  /** Element sizes as values of `size`. */
  readonly sizes: readonly number[];
  /** Sizes of the scalar form, none if there is no scalar form. */
  readonly scalar?: readonly number[];
  /** The destination is an operand too. */
  readonly accumulate?: (b: Builder, esize: ESize, U: number, old: V128, result: V128) => V128;
}

const ALL = [0, 1, 2, 3], NO_64 = [0, 1, 2];
const SAME: ReadonlyMap<number, Same> = new Map<number, Same>([
  [0b00000, { names: ["SHADD", "UHADD"], op: halving.hadd!, sizes: NO_64 }],
  [0b00001, {
    names: ["SQADD", "UQADD"],
    op: (b, e, U, x, y) => addSaturating(b, e, U === 1, x, y),
    sizes: ALL,
    scalar: ALL,
  }],
  [0b00010, { names: ["SRHADD", "URHADD"], op: halving.rhadd!, sizes: NO_64 }],
  [0b00100, { names: ["SHSUB", "UHSUB"], op: halving.hsub!, sizes: NO_64 }],
  [0b00101, {
    names: ["SQSUB", "UQSUB"],
    op: (b, e, U, x, y) => subSaturating(b, e, U === 1, x, y),
    sizes: ALL,
    scalar: ALL,
  }],
  [0b00110, { names: ["CMGT", "CMHI"], op: (_, e, U, x, y) => greater(e, x, y, U === 1), sizes: ALL, scalar: [3] }],
  [0b00111, {
    names: ["CMGE", "CMHS"],
    op: (_, e, U, x, y) => greaterEqual(e, x, y, U === 1),
    sizes: ALL,
    scalar: [3],
  }],
  [0b01000, { names: ["SSHL", "USHL"], op: shiftBy(false, false), sizes: ALL, scalar: [3] }],
  [0b01001, { names: ["SQSHL", "UQSHL"], op: shiftBy(false, true), sizes: ALL, scalar: ALL }],
  [0b01010, { names: ["SRSHL", "URSHL"], op: shiftBy(true, false), sizes: ALL, scalar: [3] }],
  [0b01011, { names: ["SQRSHL", "UQRSHL"], op: shiftBy(true, true), sizes: ALL, scalar: ALL }],
  [0b01100, { names: ["SMAX", "UMAX"], op: (_, e, U, x, y) => minMax(e, U === 1, true, x, y), sizes: NO_64 }],
  [0b01101, { names: ["SMIN", "UMIN"], op: (_, e, U, x, y) => minMax(e, U === 1, false, x, y), sizes: NO_64 }],
  [0b01110, { names: ["SABD", "UABD"], op: (_, e, U, x, y) => absoluteDifference(e, U === 1, x, y), sizes: NO_64 }],
  [0b01111, {
    names: ["SABA", "UABA"],
    op: (_, e, U, x, y) => absoluteDifference(e, U === 1, x, y),
    sizes: NO_64,
    accumulate: (_, e, _U, old, r) => intLanes[e].add(old, r),
  }],
  [0b10000, {
    names: ["ADD", "SUB"],
    op: (_, e, U, x, y) => (U ? intLanes[e].sub : intLanes[e].add)(x, y),
    sizes: ALL,
    scalar: [3],
  }],
  [0b10001, {
    names: ["CMTST", "CMEQ"],
    op: (_, e, U, x, y) => U ? intLanes[e].eq(x, y) : intLanes[e].ne(v128.and(x, y), splat(8, 0)),
    sizes: ALL,
    scalar: [3],
  }],
  [0b10010, {
    names: ["MLA", "MLS"],
    op: (_, e, _U, x, y) => multiply(e as 8, x, y),
    sizes: NO_64,
    accumulate: (_, e, U, old, r) => (U ? intLanes[e].sub : intLanes[e].add)(old, r),
  }],
  [0b10110, {
    names: ["SQDMULH", "SQRDMULH"],
    op: (b, e, U, x, y) => doubleHigh(b, e as 16, U === 1, x, y),
    sizes: [1, 2],
    scalar: [1, 2],
  }],
]);

/** Rows of one opcode: the vector form and, where there is one, the scalar form. */
function sameRows([opcode, same]: [number, Same]): Row[] {
  const bits = opcode.toString(2).padStart(5, "0");
  const mnemonic = (f: Fields): string => same.names[f.U!]!;
  const rows = [
    insn(`${same.names[0]} (vector)`, `0 Q:1 U:1 01110 size:2 1 Rm:5 ${bits} 1 Rn:5 Rd:5`, {
      vary: "Q U size",
      allocated: (f) => same.sizes.includes(f.size!) && (f.size !== 3 || f.Q === 1),
      mnemonic,
    }, (b) => {
      const esize = esizeOf(b.num("size")), Q = b.num("Q"), U = b.num("U");
      // With Q = 0 only the low halves count: clear the rest, so that it cannot saturate.
      const read = (field: string): V128 => Q ? b.v(field) : b.vlow(field);
      const result = same.op(b, esize, U, read("Rn"), read("Rm"));
      setVector(b, "Rd", same.accumulate ? same.accumulate(b, esize, U, b.v("Rd"), result) : result, Q);
    }),
  ];
  if (same.scalar) {
    const sizes = same.scalar;
    rows.push(insn(`${same.names[0]} (scalar)`, `01 U:1 11110 size:2 1 Rm:5 ${bits} 1 Rn:5 Rd:5`, {
      vary: "U size",
      allocated: (f) => sizes.includes(f.size!),
      mnemonic,
    }, (b) => {
      const esize = esizeOf(b.num("size"));
      const only = (field: string): V128 => v128.and(b.vlow(field), lowElement(esize));
      const result = b.let(same.op(b, esize, b.num("U"), only("Rn"), only("Rm")));
      b.setDbits("Rd", extract(result, esize, 0, false));
    }));
  }
  return rows;
}

/** A mask of element 0. */
export const lowElement = (esize: ESize): V128 => splatLow((1n << BigInt(esize)) - 1n);
const splatLow = (bits: bigint): V128 => ({ kind: "const", type: "v128", value: bits });

const PAIRWISE: readonly [opcode: string, names: [string, string], apply: VectorOp][] = [
  ["10100", ["SMAXP", "UMAXP"], (_, e, U, x, y) => minMax(e, U === 1, true, x, y)],
  ["10101", ["SMINP", "UMINP"], (_, e, U, x, y) => minMax(e, U === 1, false, x, y)],
  ["10111", ["ADDP", ""], (_, e, _U, x, y) => intLanes[e].add(x, y)],
];

const LOGIC = ["AND", "BIC", "ORR", "ORN", "EOR", "BSL", "BIT", "BIF"];

/** SQRDMLAH and SQRDMLSH on one element. */
export function accumulateHigh(b: Builder, esize: 16 | 32, subtract: boolean, acc: I64, p: I64, q: I64): I64 {
  const product = i64.mul(p, q);
  const base = i64.shl(acc, c64(esize - 1));
  const round = c64(1n << BigInt(esize - 2));
  if (esize === 16) {
    const sum = (subtract ? i64.sub : i64.add)(base, product);
    return saturate(b, i64.shr_s(i64.add(sum, round), c64(15)), 16, true);
  }
  // For 32 bits (acc << 31) ± product + round stays within 64 bits: |acc << 31| <= 2^62, |product| <= 2^62.
  const sum = b.let((subtract ? i64.sub : i64.add)(base, product));
  // 2^62 + 2^62 = 2^63 overflows in one case only; halve before adding the rounding bit.
  const wrapped = b.let(
    subtract ? i64.and(i64.xor(base, product), i64.xor(base, sum)) : i64.and(i64.xor(base, sum), i64.xor(product, sum)),
  );
  const high = b.let(i64.shr_s(i64.add(sum, round), c64(31)));
  return b.choose(i64.lt_s(wrapped, c64(0)), "i64", () => {
    setQC(b, c32(1));
    return select(i64.lt_s(base, c64(0)), c64(-(2n ** 31n)), c64(2n ** 31n - 1n));
  }, () => {
    // The rounding bit itself may carry into the sign.
    const carried = i32.and(i64.ge_s(sum, c64(0)), i64.lt_s(i64.add(sum, round), c64(0)));
    return saturate(b, select(carried, c64(2n ** 32n), high), 32, true);
  });
}

/** Sum of products of four bytes, added to a 32-bit element (FEAT_DotProd, FEAT_I8MM). */
export function dot(b: Builder, unsignedX: boolean, unsignedY: boolean, x: V128, y: V128): V128 {
  const wide = (v: V128, upper: boolean, unsigned: boolean): V128 =>
    upper
      ? (unsigned ? i16x8.extend_high_i8x16_u : i16x8.extend_high_i8x16_s)(v)
      : (unsigned ? i16x8.extend_low_i8x16_u : i16x8.extend_low_i8x16_s)(v);
  // i16 pairs: 255 * 255 * 2 fits i32; dot_i16x8_s multiplies signed 16-bit elements, which bytes always are.
  const part = (upper: boolean): V128 => i32x4.dot_i16x8_s(wide(x, upper, unsignedX), wide(y, upper, unsignedY));
  const low = b.let(part(false)), high = b.let(part(true));
  return i32x4.add(unzip(32, low, high, 0, 1), unzip(32, low, high, 1, 1));
}

export const rows: readonly Row[] = [
  ...[...SAME].flatMap(sameRows),

  insn("AND (vector)", "0 Q:1 U:1 01110 size:2 1 Rm:5 00011 1 Rn:5 Rd:5", {
    vary: "Q U size",
    mnemonic: (f) => LOGIC[f.U! * 4 + f.size!]!,
  }, (b) => {
    const n = b.v("Rn"), m = b.v("Rm");
    const result = [
      () => v128.and(n, m),
      () => v128.andnot(n, m),
      () => v128.or(n, m),
      () => v128.or(n, v128.not(m)),
      () => v128.xor(n, m),
      () => v128.bitselect(n, m, b.v("Rd")),
      () => v128.bitselect(n, b.v("Rd"), m),
      () => v128.bitselect(b.v("Rd"), n, m),
    ][b.num("U") * 4 + b.num("size")]!();
    setVector(b, "Rd", result, b.num("Q"));
  }),

  insn("MUL (vector)", "0 Q:1 U:1 01110 size:2 1 Rm:5 10011 1 Rn:5 Rd:5", {
    vary: "Q U size",
    allocated: (f) => f.U ? f.size === 0 : f.size !== 3,
    mnemonic: (f) => f.U ? "PMUL" : "MUL",
  }, (b) => {
    const x = b.v("Rn"), y = b.v("Rm");
    setVector(b, "Rd", b.num("U") ? polynomial(b, x, y) : multiply(esizeOf(b.num("size")) as 8, x, y), b.num("Q"));
  }),

  ...PAIRWISE.map(([opcode, names, apply]) =>
    insn(`${names[0]} (vector pairwise)`, `0 Q:1 U:1 01110 size:2 1 Rm:5 ${opcode} 1 Rn:5 Rd:5`, {
      vary: "Q U size",
      allocated: (f) => names[f.U!] !== "" && (opcode === "10111" ? f.size !== 3 || f.Q === 1 : f.size !== 3),
      mnemonic: (f) => names[f.U!]!,
    }, (b) => {
      const esize = esizeOf(b.num("size")), Q = b.num("Q");
      const n = b.v("Rn"), m = b.v("Rm");
      setVector(b, "Rd", apply(b, esize, b.num("U"), unzip(esize, n, m, 0, Q), unzip(esize, n, m, 1, Q)), Q);
    })
  ),

  insn("SQRDMLAH (vector)", "0 Q:1 1 01110 size:2 0 Rm:5 1000 S:1 1 Rn:5 Rd:5", {
    vary: "Q size S",
    allocated: (f) => f.size === 1 || f.size === 2,
    feature: "RDM",
    mnemonic: (f) => f.S ? "SQRDMLSH" : "SQRDMLAH",
  }, (b) => {
    const esize = esizeOf(b.num("size")) as 16 | 32, Q = b.num("Q");
    const result = mapLanes(
      b,
      esize,
      (Q ? 128 : 64) / esize,
      true,
      [b.v("Rd"), b.v("Rn"), b.v("Rm")],
      (acc, p, q) => accumulateHigh(b, esize, b.num("S") === 1, acc!, p!, q!),
    );
    setVector(b, "Rd", result, Q);
  }),
  insn("SQRDMLAH (scalar)", "01 1 11110 size:2 0 Rm:5 1000 S:1 1 Rn:5 Rd:5", {
    vary: "size S",
    allocated: (f) => f.size === 1 || f.size === 2,
    feature: "RDM",
    mnemonic: (f) => f.S ? "SQRDMLSH" : "SQRDMLAH",
  }, (b) => {
    const esize = esizeOf(b.num("size")) as 16 | 32;
    const element = (field: string) => b.let(extract(b.vlow(field), esize, 0, true));
    const r = accumulateHigh(b, esize, b.num("S") === 1, element("Rd"), element("Rn"), element("Rm"));
    b.setDbits("Rd", i64.and(r, c64((1n << BigInt(esize)) - 1n)));
  }),

  insn("SDOT (vector)", "0 Q:1 U:1 01110 10 0 Rm:5 10010 1 Rn:5 Rd:5", {
    vary: "Q U",
    feature: "DotProd",
    mnemonic: (f) => f.U ? "UDOT" : "SDOT",
  }, (b) => {
    const U = b.num("U") === 1;
    setVector(b, "Rd", i32x4.add(b.v("Rd"), dot(b, U, U, b.v("Rn"), b.v("Rm"))), b.num("Q"));
  }),
  insn("USDOT (vector)", "0 Q:1 0 01110 10 0 Rm:5 10011 1 Rn:5 Rd:5", { vary: "Q", feature: "I8MM" }, (b) => {
    setVector(b, "Rd", i32x4.add(b.v("Rd"), dot(b, true, false, b.v("Rn"), b.v("Rm"))), b.num("Q"));
  }),
];
