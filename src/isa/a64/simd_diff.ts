/** AdvSIMD three different, and by element, integer (Arm ARM C4.1.97.24, .27 and the scalar forms .8, .12). */
import type { Builder } from "../ir/builder.ts";
import { carryless64 } from "./carryless.ts";
import {
  c32,
  c64,
  cV128,
  i16x8,
  i32,
  i32x4,
  type I64,
  i64,
  i64x2,
  intLanes,
  splat,
  type V128,
  v128,
} from "../ir/ops.ts";
import {
  broadcast,
  type ESize,
  esizeOf,
  extract,
  half,
  mapLanes,
  multiply,
  multiplyHalf,
  narrowElements,
  saturate,
  setNarrow,
  setVector,
  widenHalf,
} from "./lanes.ts";
import { type Fields, insn, type Row } from "./row.ts";
import { absoluteDifference, accumulateHigh, dot, doubleHighElement } from "./simd_same.ts";

type Narrow = 8 | 16 | 32;
const wideOf = (esize: Narrow): ESize => (esize * 2) as ESize;

/** SignedSatQ(2 * a * b) on a wide element, which for 32-bit operands needs care: 2 * min * min is 2^63. */
function doubleProduct(b: Builder, esize: 16 | 32, p: I64, q: I64): I64 {
  const product = b.let(i64.mul(p, q));
  if (esize === 16) return saturate(b, i64.shl(product, c64(1)), 32, true);
  return b.choose(i64.eq(product, c64(1n << 62n)), "i64", () => {
    b.setSys("fpsr", i32.or(b.sys("fpsr"), c32(1 << 27)));
    return c64((1n << 63n) - 1n);
  }, () => i64.shl(product, c64(1)));
}

/** acc ± value, saturating, on a 32- or 64-bit element. */
function accumulateSaturating(b: Builder, bits: 32 | 64, subtract: boolean, acc: I64, value: I64): I64 {
  const result = b.let((subtract ? i64.sub : i64.add)(acc, value));
  if (bits === 32) return saturate(b, result, 32, true);
  const over = subtract
    ? i64.and(i64.xor(acc, value), i64.xor(acc, result))
    : i64.and(i64.xor(acc, result), i64.xor(value, result));
  return b.choose(i64.lt_s(over, c64(0)), "i64", () => {
    b.setSys("fpsr", i32.or(b.sys("fpsr"), c32(1 << 27)));
    return i64.xor(i64.shr_s(acc, c64(63)), c64((1n << 63n) - 1n));
  }, () => result);
}

/** SQDMULL, SQDMLAL, SQDMLSL on the wide elements of one half. */
function doublingLong(
  b: Builder,
  esize: 16 | 32,
  how: "mull" | "mlal" | "mlsl",
  x: V128,
  y: V128,
  acc: V128,
): V128 {
  const wide = wideOf(esize) as 32 | 64;
  let result: V128 = cV128(0n);
  for (let lane = 0; lane < 64 / esize; lane++) {
    const product = doubleProduct(
      b,
      esize,
      b.let(extract(x, esize, lane, true)),
      b.let(extract(y, esize, lane, true)),
    );
    const element = how === "mull"
      ? product
      : accumulateSaturating(b, wide, how === "mlsl", b.let(extract(acc, wide, lane, true)), product);
    result = b.let(
      wide === 32 ? i32x4.replace_lane(result, lane, i32.wrap(element)) : i64x2.replace_lane(result, lane, element),
    );
  }
  return result;
}

/** Carry-less products of eight bytes as 16-bit elements. */
function carryless8(b: Builder, x: V128, y: V128, upper: number): V128 {
  const wideX = b.let(widenHalf(8, x, upper, true)), wideY = b.let(widenHalf(8, y, upper, true));
  const result = b.let(splat(16, 0) as V128);
  for (let bit = 0; bit < 8; bit++) {
    const mask = i16x8.ne(v128.and(wideY, splat(16, 1 << bit)), splat(16, 0));
    b.set(result, v128.xor(result, v128.and(i16x8.shl(wideX, c32(bit)), mask)));
  }
  return result;
}

const two = (names: [string, string]) => (f: Fields): string => names[f.U!]! + (f.Q ? "2" : "");

/** One opcode whose result has wide elements. */
function long(
  name: [string, string],
  opcode: string,
  lift: (b: Builder, esize: Narrow, U: number, Q: number) => V128,
  allocated: (f: Fields) => boolean = (f) => f.size !== 3,
): Row {
  return insn(`${name[0]} (long)`, `0 Q:1 U:1 01110 size:2 1 Rm:5 ${opcode} 00 Rn:5 Rd:5`, {
    vary: "Q U size",
    allocated: (f) => name[f.U!] !== "" && allocated(f),
    mnemonic: two(name),
  }, (b) => b.setV("Rd", lift(b, esizeOf(b.num("size")) as Narrow, b.num("U"), b.num("Q"))));
}

function addSubLong(name: [string, string], opcode: string, subtract: boolean, wideFirst: boolean): Row {
  return long(name, opcode, (b, esize, U, Q) => {
    const lanes = intLanes[wideOf(esize)];
    const y = widenHalf(esize, b.v("Rm"), Q, U === 1);
    return (subtract ? lanes.sub : lanes.add)(wideFirst ? b.v("Rn") : widenHalf(esize, b.v("Rn"), Q, U === 1), y);
  });
}

function addSubHighNarrow(name: [string, string], opcode: string, subtract: boolean): Row {
  return insn(`${name[0]} (narrow)`, `0 Q:1 U:1 01110 size:2 1 Rm:5 ${opcode} 00 Rn:5 Rd:5`, {
    vary: "Q U size",
    allocated: (f) => f.size !== 3,
    mnemonic: two(name),
  }, (b) => {
    const esize = esizeOf(b.num("size")) as Narrow, wide = intLanes[wideOf(esize)];
    const sum = (subtract ? wide.sub : wide.add)(b.v("Rn"), b.v("Rm"));
    const rounded = b.num("U") ? wide.add(sum, splat(wideOf(esize), 1n << BigInt(esize - 1))) : sum;
    setNarrow(b, "Rd", b.let(narrowElements(esize, wide.shr_u(rounded, c32(esize)))), b.num("Q"));
  });
}

/** |x - y| on wide elements. */
const differenceLong = (b: Builder, esize: Narrow, U: number, Q: number): V128 => {
  const d = b.let(absoluteDifference(esize, U === 1, b.v("Rn"), b.v("Rm")));
  return widenHalf(esize, d, Q, true);
};

interface ByElement {
  readonly names: readonly [string, string];
  readonly opcode: string;
  readonly kind: "same" | "long" | "double" | "high" | "accumulate";
  readonly op: 0 | 1 | 2; // multiply, add, subtract; for `high` 1 is rounding
}
const BY_ELEMENT: readonly ByElement[] = [
  { names: ["", "MLA"], opcode: "0000", kind: "same", op: 1 },
  { names: ["SMLAL", "UMLAL"], opcode: "0010", kind: "long", op: 1 },
  { names: ["SQDMLAL", ""], opcode: "0011", kind: "double", op: 1 },
  { names: ["", "MLS"], opcode: "0100", kind: "same", op: 2 },
  { names: ["SMLSL", "UMLSL"], opcode: "0110", kind: "long", op: 2 },
  { names: ["SQDMLSL", ""], opcode: "0111", kind: "double", op: 2 },
  { names: ["MUL", ""], opcode: "1000", kind: "same", op: 0 },
  { names: ["SMULL", "UMULL"], opcode: "1010", kind: "long", op: 0 },
  { names: ["SQDMULL", ""], opcode: "1011", kind: "double", op: 0 },
  { names: ["SQDMULH", ""], opcode: "1100", kind: "high", op: 0 },
  { names: ["SQRDMULH", "SQRDMLAH"], opcode: "1101", kind: "high", op: 1 },
  { names: ["", "SQRDMLSH"], opcode: "1111", kind: "accumulate", op: 2 },
];

const DOUBLING = ["mull", "mlal", "mlsl"] as const;

/**
 * Rm is 4 or 5 bits wide depending on the element size, so 16- and 32-bit forms are rows of their own; the row's
 * pattern names the field that the register number is in.
 */
function byElement(row: ByElement, scalar: boolean, size: 1 | 2): Row[] {
  const rows: Row[] = [];
  const esize = (8 << size) as 16 | 32;
  const lengthening = row.kind === "long" || row.kind === "double";
  row.names.forEach((name, U) => {
    if (name === "" || (scalar && !["double", "high", "accumulate"].includes(row.kind))) return;
    const rm = size === 1 ? "L:1 M:1 Rm:4" : "L:1 Rm:5";
    const rdm = name === "SQRDMLAH" || name === "SQRDMLSH";
    const head = scalar ? `01 ${U} 11111` : `0 Q:1 ${U} 01111`;
    rows.push(insn(
      `${name} (${scalar ? "scalar, " : ""}by element, ${esize})`,
      `${head} ${size === 1 ? "01" : "10"} ${rm} ${row.opcode} H:1 0 Rn:5 Rd:5`,
      {
        vary: scalar ? "" : "Q",
        small: { index: (f) => size === 1 ? (f.H! << 2) | (f.L! << 1) | f.M! : (f.H! << 1) | f.L! },
        mnemonic: (f) => name + (lengthening && !scalar && f.Q ? "2" : ""),
        ...(rdm ? { feature: "RDM" as const } : {}),
      },
      (b) => {
        const Q = scalar ? 0 : b.num("Q");
        const element = b.lane("Rm", esize, b.imm32("index"));
        const m = b.let(broadcast(esize, element));
        const count = scalar ? 1 : (Q ? 128 : 64) / esize;
        const n = b.v("Rn");
        let result: V128;
        switch (row.kind) {
          case "same": {
            const product = multiply(esize, n, m);
            const lanes = intLanes[esize];
            result = row.op === 0 ? product : (row.op === 1 ? lanes.add : lanes.sub)(b.v("Rd"), product);
            break;
          }
          case "long": {
            const product = multiplyHalf(esize, n, m, Q, U === 1);
            const lanes = intLanes[wideOf(esize)];
            return b.setV(
              "Rd",
              row.op === 0 ? product : (row.op === 1 ? lanes.add : lanes.sub)(b.v("Rd"), product),
            );
          }
          case "double": {
            if (scalar) {
              const product = doubleProduct(
                b,
                esize,
                b.let(extract(n, esize, 0, true)),
                b.let(extract(m, esize, 0, true)),
              );
              const wide = wideOf(esize) as 32 | 64;
              const value = row.op === 0 ? product : accumulateSaturating(
                b,
                wide,
                row.op === 2,
                b.let(extract(b.v("Rd"), wide, 0, true)),
                product,
              );
              return b.setDbits("Rd", wide === 32 ? i64.and(value, c64(0xffffffff)) : value);
            }
            return b.setV("Rd", doublingLong(b, esize, DOUBLING[row.op], b.let(half(n, Q)), m, b.v("Rd")));
          }
          default:
            result = rdm
              ? mapLanes(
                b,
                esize,
                count,
                true,
                [b.v("Rd"), n, m],
                (acc, p, q) => accumulateHigh(b, esize, name === "SQRDMLSH", acc!, p!, q!),
              )
              : mapLanes(b, esize, count, true, [n, m], (p, q) => doubleHighElement(b, esize, row.op === 1, p!, q!));
        }
        if (scalar) b.setDbits("Rd", extract(result, esize, 0, false));
        else setVector(b, "Rd", result, Q);
      },
    ));
  });
  return rows;
}

export const rows: readonly Row[] = [
  addSubLong(["SADDL", "UADDL"], "0000", false, false),
  addSubLong(["SADDW", "UADDW"], "0001", false, true),
  addSubLong(["SSUBL", "USUBL"], "0010", true, false),
  addSubLong(["SSUBW", "USUBW"], "0011", true, true),
  addSubHighNarrow(["ADDHN", "RADDHN"], "0100", false),
  addSubHighNarrow(["SUBHN", "RSUBHN"], "0110", true),
  long(
    ["SABAL", "UABAL"],
    "0101",
    (b, esize, U, Q) => intLanes[wideOf(esize)].add(b.v("Rd"), differenceLong(b, esize, U, Q)),
  ),
  long(["SABDL", "UABDL"], "0111", differenceLong),
  long(
    ["SMLAL", "UMLAL"],
    "1000",
    (b, esize, U, Q) => intLanes[wideOf(esize)].add(b.v("Rd"), multiplyHalf(esize, b.v("Rn"), b.v("Rm"), Q, U === 1)),
  ),
  long(
    ["SMLSL", "UMLSL"],
    "1010",
    (b, esize, U, Q) => intLanes[wideOf(esize)].sub(b.v("Rd"), multiplyHalf(esize, b.v("Rn"), b.v("Rm"), Q, U === 1)),
  ),
  long(["SMULL", "UMULL"], "1100", (b, esize, U, Q) => multiplyHalf(esize, b.v("Rn"), b.v("Rm"), Q, U === 1)),
  ...([["SQDMLAL", "1001", "mlal"], ["SQDMLSL", "1011", "mlsl"], ["SQDMULL", "1101", "mull"]] as const).flatMap((
    [name, opcode, how],
  ) => [
    long(
      [name, ""],
      opcode,
      (b, esize, _U, Q) =>
        doublingLong(b, esize as 16 | 32, how, b.let(half(b.v("Rn"), Q)), b.let(half(b.v("Rm"), Q)), b.v("Rd")),
      (f) => f.size === 1 || f.size === 2,
    ),
    insn(`${name} (scalar)`, `01 0 11110 size:2 1 Rm:5 ${opcode} 00 Rn:5 Rd:5`, {
      vary: "size",
      allocated: (f) => f.size === 1 || f.size === 2,
    }, (b) => {
      const esize = esizeOf(b.num("size")) as 16 | 32, wide = wideOf(esize) as 32 | 64;
      const element = (field: string) => b.let(extract(b.v(field), esize, 0, true));
      const product = doubleProduct(b, esize, element("Rn"), element("Rm"));
      const value = how === "mull"
        ? product
        : accumulateSaturating(b, wide, how === "mlsl", b.let(extract(b.v("Rd"), wide, 0, true)), product);
      b.setDbits("Rd", wide === 32 ? i64.and(value, c64(0xffffffff)) : value);
    }),
  ]),

  insn("PMULL", "0 Q:1 0 01110 size:2 1 Rm:5 1110 00 Rn:5 Rd:5", {
    vary: "Q size",
    allocated: (f) => f.size === 0,
    mnemonic: (f) => f.Q ? "PMULL2" : "PMULL",
  }, (b) => b.setV("Rd", carryless8(b, b.v("Rn"), b.v("Rm"), b.num("Q")))),
  insn("PMULL (1Q)", "0 Q:1 0 01110 11 1 Rm:5 1110 00 Rn:5 Rd:5", {
    vary: "Q",
    feature: "PMULL",
    mnemonic: (f) => f.Q ? "PMULL2" : "PMULL",
  }, (b) => b.setV("Rd", b.call(carryless64, b.dbits("Rn", 8 * b.num("Q")), b.dbits("Rm", 8 * b.num("Q"))))),

  ...BY_ELEMENT.flatMap((row) =>
    [false, true].flatMap((scalar) => ([1, 2] as const).flatMap((size) => byElement(row, scalar, size)))
  ),

  insn("SDOT (by element)", "0 Q:1 U:1 01111 10 L:1 Rm:5 1110 H:1 0 Rn:5 Rd:5", {
    vary: "Q U",
    small: { index: (f) => (f.H! << 1) | f.L! },
    feature: "DotProd",
    mnemonic: (f) => f.U ? "UDOT" : "SDOT",
  }, (b) => {
    const U = b.num("U") === 1;
    const m = b.let(broadcast(32, b.lane("Rm", 32, b.imm32("index"))));
    setVector(b, "Rd", i32x4.add(b.v("Rd"), dot(b, U, U, b.v("Rn"), m)), b.num("Q"));
  }),
  insn("USDOT (by element)", "0 Q:1 0 01111 US:1 0 L:1 Rm:5 1111 H:1 0 Rn:5 Rd:5", {
    vary: "Q US",
    small: { index: (f) => (f.H! << 1) | f.L! },
    feature: "I8MM",
    mnemonic: (f) => f.US ? "USDOT" : "SUDOT",
  }, (b) => {
    const m = b.let(broadcast(32, b.lane("Rm", 32, b.imm32("index"))));
    const US = b.num("US") === 1;
    setVector(b, "Rd", i32x4.add(b.v("Rd"), dot(b, US, !US, b.v("Rn"), m)), b.num("Q"));
  }),
];
