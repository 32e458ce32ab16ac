/**
 * Rows of AdvSIMD floating-point encodings. Each instruction has a vector and mostly a scalar form; each of these an
 * encoding for single and double precision (field `sz`) and, with FEAT_FP16, one for half precision.
 */
import type { Builder } from "../ir/builder.ts";
import type { I64, V128 } from "../ir/ops.ts";
import { type Feature, insn, type Row, type RowOptions } from "./row.ts";
import { formatOf } from "./fp_rows.ts";
import { setVector } from "./lanes.ts";
import { f16, f32, f64, type Format } from "./softfloat/format.ts";

/** The operands of a vector form: format, number of lanes, and whether the register is written whole. */
export interface Shape {
  readonly fmt: Format;
  readonly lanes: number;
  readonly Q: number;
}
export type VectorLift = (b: Builder, shape: Shape) => void;
export type ScalarLift = (b: Builder, fmt: Format) => void;

const shape = (b: Builder, fmt: Format): Shape => ({ fmt, lanes: (b.num("Q") ? 128 : 64) / fmt.bits, Q: b.num("Q") });
const shapeOf = (b: Builder): Shape => shape(b, formatOf(b));

/** A vector operand; the upper half of a 64-bit one reads as zero. */
export const readVector = (b: Builder, { Q }: Shape, field: string): V128 => Q ? b.v(field) : b.vlow(field);
export const writeVector = (b: Builder, { Q }: Shape, value: V128): void => setVector(b, "Rd", value, Q);

/** There is no vector of one double. */
const whole: Pick<RowOptions, "vary" | "allocated"> = { vary: "Q sz", allocated: (f) => f.Q === 1 || f.sz === 0 };

/** Bits that tell instructions of a group apart: U, the upper bit of size, and the opcode. */
export type Bits = readonly [U: 0 | 1, a: 0 | 1, opcode: string];

/** Vector rows from the two patterns of a group. */
function vectorRows(name: string, base: string, half: string, lift: VectorLift, feature?: Feature): Row[] {
  const rows = [insn(name, base, { ...whole, ...(feature ? { feature } : {}) }, (b) => lift(b, shapeOf(b)))];
  if (half) rows.push(insn(`${name} half`, half, { vary: "Q", feature: "FP16" }, (b) => lift(b, shape(b, f16))));
  return rows;
}
function scalarRows(name: string, base: string, half: string, lift: ScalarLift): Row[] {
  return [
    insn(name, base, { vary: "sz" }, (b) => lift(b, formatOf(b))),
    insn(`${name} half`, half, { feature: "FP16" }, (b) => lift(b, f16)),
  ];
}

/** AdvSIMD three same, and three same (FP16). */
export const threeSame = (name: string, [U, a, op]: Bits, lift: VectorLift): Row[] =>
  vectorRows(
    `${name} (vector)`,
    `0 Q:1 ${U} 01110 ${a} sz:1 1 Rm:5 ${op} 1 Rn:5 Rd:5`,
    `0 Q:1 ${U} 01110 ${a} 10 Rm:5 00 ${op.slice(2)} 1 Rn:5 Rd:5`,
    lift,
  );
/** AdvSIMD scalar three same, and its FP16 twin. */
export const threeSameScalar = (name: string, [U, a, op]: Bits, lift: ScalarLift): Row[] =>
  scalarRows(
    `${name} (scalar SIMD)`,
    `01 ${U} 11110 ${a} sz:1 1 Rm:5 ${op} 1 Rn:5 Rd:5`,
    `01 ${U} 11110 ${a} 10 Rm:5 00 ${op.slice(2)} 1 Rn:5 Rd:5`,
    lift,
  );
/** AdvSIMD two-register miscellaneous, and its FP16 twin (missing for instructions of another feature). */
export const twoMisc = (name: string, [U, a, op]: Bits, lift: VectorLift, feature?: Feature): Row[] =>
  vectorRows(
    `${name} (vector)`,
    `0 Q:1 ${U} 01110 ${a} sz:1 10000 ${op} 10 Rn:5 Rd:5`,
    feature ? "" : `0 Q:1 ${U} 01110 ${a} 111100 ${op} 10 Rn:5 Rd:5`,
    lift,
    feature,
  );
export const twoMiscScalar = (name: string, [U, a, op]: Bits, lift: ScalarLift): Row[] =>
  scalarRows(
    `${name} (scalar SIMD)`,
    `01 ${U} 11110 ${a} sz:1 10000 ${op} 10 Rn:5 Rd:5`,
    `01 ${U} 11110 ${a} 111100 ${op} 10 Rn:5 Rd:5`,
    lift,
  );

/** AdvSIMD scalar pairwise: both lanes of a 64- or 128-bit register; half precision has U clear. */
export const pairwiseScalar = (name: string, [, a, op]: Bits, lift: ScalarLift): Row[] =>
  scalarRows(
    `${name} (scalar)`,
    `01 1 11110 ${a} sz:1 11000 ${op} 10 Rn:5 Rd:5`,
    `01 0 11110 ${a} 0 11000 ${op} 10 Rn:5 Rd:5`,
    lift,
  );

/** AdvSIMD across lanes: four floats, or four or eight halves. */
export const acrossLanes = (name: string, [, a, op]: Bits, lift: VectorLift): Row[] => [
  insn(
    name,
    `0 1 1 01110 ${a} 0 11000 ${op} 10 Rn:5 Rd:5`,
    {},
    (b) => lift(b, { fmt: f32, lanes: 4, Q: 1 }),
  ),
  insn(
    `${name} half`,
    `0 Q:1 0 01110 ${a} 0 11000 ${op} 10 Rn:5 Rd:5`,
    { vary: "Q", feature: "FP16" },
    (b) => lift(b, shape(b, f16)),
  ),
];

/** The element of Rm that the index selects, as a bit pattern. */
const element = (b: Builder, fmt: Format): I64 => b.let(b.lane("Rm", fmt.bits, b.imm32("index")));

/** AdvSIMD vector × indexed element: the element comes as a bit pattern. */
export function byElement(
  name: string,
  U: 0 | 1,
  op: string,
  lift: (b: Builder, shape: Shape, element: I64) => void,
): Row[] {
  const row = (suffix: string, pattern: string, index: (f: Readonly<Record<string, number>>) => number, fmt: Format) =>
    insn(`${name} (by element)${suffix}`, pattern, {
      ...(pattern.includes("Q:1") ? { vary: "Q" } : {}),
      small: { index },
      ...(fmt === f16 ? { feature: "FP16" as const } : {}),
    }, (b) => {
      const Q = pattern.includes("Q:1") ? b.num("Q") : 1;
      lift(b, { fmt, lanes: (Q ? 128 : 64) / fmt.bits, Q }, element(b, fmt));
    });
  return [
    row("", `0 Q:1 ${U} 01111 10 L:1 Rm:5 ${op} H:1 0 Rn:5 Rd:5`, (f) => f.H! * 2 + f.L!, f32),
    row(" double", `0 1 ${U} 01111 11 0 Rm:5 ${op} H:1 0 Rn:5 Rd:5`, (f) => f.H!, f64),
    row(" half", `0 Q:1 ${U} 01111 00 L:1 M:1 Rm:4 ${op} H:1 0 Rn:5 Rd:5`, (f) => f.H! * 4 + f.L! * 2 + f.M!, f16),
  ];
}
/** AdvSIMD scalar × indexed element. */
export function byElementScalar(
  name: string,
  U: 0 | 1,
  op: string,
  lift: (b: Builder, fmt: Format, element: I64) => void,
): Row[] {
  const row = (suffix: string, pattern: string, index: (f: Readonly<Record<string, number>>) => number, fmt: Format) =>
    insn(`${name} (scalar by element)${suffix}`, pattern, {
      small: { index },
      ...(fmt === f16 ? { feature: "FP16" as const } : {}),
    }, (b) => lift(b, fmt, element(b, fmt)));
  return [
    row("", `01 ${U} 11111 10 L:1 Rm:5 ${op} H:1 0 Rn:5 Rd:5`, (f) => f.H! * 2 + f.L!, f32),
    row(" double", `01 ${U} 11111 11 0 Rm:5 ${op} H:1 0 Rn:5 Rd:5`, (f) => f.H!, f64),
    row(" half", `01 ${U} 11111 00 L:1 M:1 Rm:4 ${op} H:1 0 Rn:5 Rd:5`, (f) => f.H! * 4 + f.L! * 2 + f.M!, f16),
  ];
}
