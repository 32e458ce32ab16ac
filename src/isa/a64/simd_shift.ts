/** AdvSIMD shift by immediate, integer forms, vector and scalar (Arm ARM C4.1.97.23, .11). */
import type { Builder } from "../ir/builder.ts";
import { c32, c64, cV128, type I32, i32, type I64, i64, intLanes, splat, type V128, v128 } from "../ir/ops.ts";
import {
  type ESize,
  extract,
  mapLanes,
  narrowElements,
  saturate,
  setNarrow,
  setQC,
  setVector,
  widenHalf,
} from "./lanes.ts";
import { type Fields, insn, type Row } from "./row.ts";
import { shiftElement } from "./simd_same.ts";

/*
 * The element size is the position of the highest bit of immh, so each size is a row of its own: `1`, `01`, `001`,
 * `0001` in front of the amount. Right shifts hold 2 * esize - amount, left shifts esize + amount.
 */
const SIZES: readonly [size: number, prefix: string, bits: number][] = [
  [0, "0001", 3],
  [1, "001", 4],
  [2, "01", 5],
  [3, "1", 6],
];

type Shift = (b: Builder, esize: ESize, U: number, x: V128, amount: I32, old: () => V128) => V128;

/** Shift right by 1..esize: WebAssembly takes the count modulo the element size, so a full shift is done in two. */
function shiftRight(esize: ESize, unsigned: boolean, x: V128, amount: I32): V128 {
  const lanes = intLanes[esize], shr = unsigned ? lanes.shr_u : lanes.shr_s;
  if (amount.kind === "const" && amount.value as number < esize) return shr(x, amount);
  return shr(shr(x, i32.sub(amount, c32(1))), c32(1));
}
/** With the last bit shifted out added back. */
function shiftRightRounding(b: Builder, esize: ESize, unsigned: boolean, x: V128, amount: I32): V128 {
  const lanes = intLanes[esize], shr = unsigned ? lanes.shr_u : lanes.shr_s;
  const before = b.let(shr(x, i32.sub(amount, c32(1))));
  return lanes.add(shr(before, c32(1)), v128.and(before, splat(esize, 1)));
}
const saturating = (signedSource: boolean, signedResult: boolean): Shift => (b, esize, _U, x, amount) =>
  mapLanes(b, esize, 128 / esize, signedSource, [x], (element) => {
    const by = i64.extend_u(amount);
    if (signedSource && !signedResult) {
      // SQSHLU: negative elements saturate to zero, the others shift as unsigned.
      const e = element!;
      return b.choose(i64.lt_s(e, c64(0)), "i64", () => {
        setQC(b, c32(1));
        return c64(0);
      }, () => shiftElement(b, esize, true, false, true, e, by));
    }
    return shiftElement(b, esize, !signedSource, false, true, element!, by);
  });

interface ShiftRow {
  readonly names: readonly [string, string];
  readonly opcode: string;
  readonly left: boolean;
  /** Scalar form: for all sizes, for doublewords only, or none. */
  readonly scalar: "all" | "d";
  readonly shift: Shift;
}

const accumulate = (shift: Shift): Shift => (b, esize, U, x, amount, old) =>
  intLanes[esize].add(old(), shift(b, esize, U, x, amount, old));
const right: Shift = (_, esize, U, x, amount) => shiftRight(esize, U === 1, x, amount);
const rounding: Shift = (b, esize, U, x, amount) => shiftRightRounding(b, esize, U === 1, x, amount);

const ROWS: readonly ShiftRow[] = [
  { names: ["SSHR", "USHR"], opcode: "00000", left: false, scalar: "d", shift: right },
  { names: ["SSRA", "USRA"], opcode: "00010", left: false, scalar: "d", shift: accumulate(right) },
  { names: ["SRSHR", "URSHR"], opcode: "00100", left: false, scalar: "d", shift: rounding },
  { names: ["SRSRA", "URSRA"], opcode: "00110", left: false, scalar: "d", shift: accumulate(rounding) },
  {
    names: ["", "SRI"],
    opcode: "01000",
    left: false,
    scalar: "d",
    shift: (b, esize, _U, x, amount, old) => {
      const mask = b.let(shiftRight(esize, true, splat(8, 0xff), amount));
      return v128.bitselect(shiftRight(esize, true, x, amount), old(), mask);
    },
  },
  {
    names: ["SHL", "SLI"],
    opcode: "01010",
    left: true,
    scalar: "d",
    shift: (b, esize, U, x, amount, old) => {
      const shifted = intLanes[esize].shl(x, amount);
      if (!U) return shifted;
      return v128.bitselect(shifted, old(), b.let(intLanes[esize].shl(splat(8, 0xff), amount)));
    },
  },
  { names: ["", "SQSHLU"], opcode: "01100", left: true, scalar: "all", shift: saturating(true, false) },
  {
    names: ["SQSHL", "UQSHL"],
    opcode: "01110",
    left: true,
    scalar: "all",
    shift: (b, esize, U, x, amount, old) => saturating(U === 0, U === 0)(b, esize, U, x, amount, old),
  },
];

const amountOf = (size: number, left: boolean) => (f: Fields): number => left ? f.amount! : (8 << size) - f.amount!;

function shiftRows(row: ShiftRow): Row[] {
  return SIZES.flatMap(([size, prefix, bits]) => {
    const esize = (8 << size) as ESize;
    const small = { by: amountOf(size, row.left) };
    const mnemonic = (f: Fields): string => row.names[f.U!]!;
    const name = row.names[0] || row.names[1];
    const rows = [
      insn(`${name} (immediate, ${esize})`, `0 Q:1 U:1 011110 ${prefix} amount:${bits} ${row.opcode} 1 Rn:5 Rd:5`, {
        vary: "Q U",
        allocated: (f) => row.names[f.U!] !== "" && (size !== 3 || f.Q === 1),
        small,
        mnemonic,
      }, (b) => {
        const Q = b.num("Q");
        const x = Q ? b.v("Rn") : b.vlow("Rn");
        setVector(b, "Rd", b.let(row.shift(b, esize, b.num("U"), x, b.imm32("by"), () => b.v("Rd"))), Q);
      }),
    ];
    if (row.scalar === "all" || size === 3) {
      rows.push(
        insn(
          `${name} (immediate, scalar ${esize})`,
          `01 U:1 111110 ${prefix} amount:${bits} ${row.opcode} 1 Rn:5 Rd:5`,
          {
            vary: "U",
            allocated: (f) => row.names[f.U!] !== "",
            small,
            mnemonic,
          },
          (b) => {
            const x = v128.and(b.vlow("Rn"), cV128((1n << BigInt(esize)) - 1n));
            const result = b.let(row.shift(b, esize, b.num("U"), x, b.imm32("by"), () => b.v("Rd")));
            b.setDbits("Rd", extract(result, esize, 0, false));
          },
        ),
      );
    }
    return rows;
  });
}

/** Shift right and narrow; kinds by U: source and destination signedness, or plain. */
interface NarrowRow {
  readonly names: readonly [string, string];
  readonly opcode: string;
  readonly rounds: boolean;
  readonly kinds: readonly ["plain" | "ss" | "uu" | "su", "plain" | "ss" | "uu" | "su"];
}
const NARROW: readonly NarrowRow[] = [
  { names: ["SHRN", "SQSHRUN"], opcode: "10000", rounds: false, kinds: ["plain", "su"] },
  { names: ["RSHRN", "SQRSHRUN"], opcode: "10001", rounds: true, kinds: ["plain", "su"] },
  { names: ["SQSHRN", "UQSHRN"], opcode: "10010", rounds: false, kinds: ["ss", "uu"] },
  { names: ["SQRSHRN", "UQRSHRN"], opcode: "10011", rounds: true, kinds: ["ss", "uu"] },
];

function narrowed(
  b: Builder,
  row: NarrowRow,
  esize: 8 | 16 | 32,
  U: number,
  x: V128,
  amount: I32,
  count: number,
): V128 {
  const wide = (esize * 2) as ESize, kind = row.kinds[U]!;
  const unsigned = kind === "uu" || kind === "plain";
  const shifted = b.let(
    row.rounds ? shiftRightRounding(b, wide, unsigned, x, amount) : shiftRight(wide, unsigned, x, amount),
  );
  if (kind === "plain") return narrowElements(esize, shifted);
  let lane = 0;
  return mapLanes(b, esize, count, false, [cV128(0n)], () => {
    const element: I64 = b.let(extract(shifted, wide, lane++, !unsigned));
    // A right shift by at least one leaves an unsigned 64-bit element below 2^63, or 2^63 itself when rounded.
    if (wide === 64 && unsigned) {
      const over = b.let(i64.gt_u(element, c64(0xffffffffn)));
      setQC(b, over);
      return b.choose(over, "i64", () => c64(0xffffffffn), () => element);
    }
    return saturate(b, element, esize, kind === "ss");
  });
}

function narrowRows(row: NarrowRow): Row[] {
  return SIZES.slice(0, 3).flatMap(([size, prefix, bits]) => {
    const esize = (8 << size) as 8 | 16 | 32;
    const small = { by: amountOf(size, false) };
    return [
      insn(`${row.names[0]} (${esize})`, `0 Q:1 U:1 011110 ${prefix} amount:${bits} ${row.opcode} 1 Rn:5 Rd:5`, {
        vary: "Q U",
        small,
        mnemonic: (f) => row.names[f.U!]! + (f.Q ? "2" : ""),
      }, (b) => {
        const result = narrowed(b, row, esize, b.num("U"), b.v("Rn"), b.imm32("by"), 64 / esize);
        setNarrow(b, "Rd", b.let(result), b.num("Q"));
      }),
      insn(`${row.names[0]} (scalar ${esize})`, `01 U:1 111110 ${prefix} amount:${bits} ${row.opcode} 1 Rn:5 Rd:5`, {
        vary: "U",
        allocated: (f) => row.kinds[f.U!] !== "plain",
        small,
        mnemonic: (f) => row.names[f.U!]!,
      }, (b) => {
        const result = narrowed(b, row, esize, b.num("U"), b.v("Rn"), b.imm32("by"), 1);
        b.setDbits("Rd", extract(b.let(result), esize, 0, false));
      }),
    ];
  });
}

export const rows: readonly Row[] = [
  ...ROWS.flatMap(shiftRows),
  ...NARROW.flatMap(narrowRows),
  ...SIZES.slice(0, 3).map(([size, prefix, bits]) =>
    insn(`SSHLL (${8 << size})`, `0 Q:1 U:1 011110 ${prefix} amount:${bits} 10100 1 Rn:5 Rd:5`, {
      vary: "Q U",
      mnemonic: (f) => (f.U ? "USHLL" : "SSHLL") + (f.Q ? "2" : ""),
    }, (b) => {
      const esize = (8 << size) as 8 | 16 | 32;
      const wide = widenHalf(esize, b.v("Rn"), b.num("Q"), b.num("U") === 1);
      b.setV("Rd", intLanes[(esize * 2) as 16 | 32 | 64].shl(wide, b.imm32("amount")));
    })
  ),
];
