/** Complex numbers in pairs of lanes, real part first (FEAT_FCMA): FCADD and FCMLA, rotated by multiples of 90°. */
import type { Builder } from "../ir/builder.ts";
import { i8x16, splat, type V128, v128 } from "../ir/ops.ts";
import { computeVector, FADD } from "./fp_arith.ts";
import { broadcast } from "./lanes.ts";
import { type Fields, insn, type Row } from "./row.ts";
import { fmaVector } from "./simd_fp_fma.ts";
import { readVector, type Shape, writeVector } from "./simd_fp_rows.ts";
import { f16, f32, f64, type Format } from "./softfloat/format.ts";

/** For every lane of a pair (0 real, 1 imaginary), the lane of the source pair it takes. */
function pairs(fmt: Format, real: 0 | 1, imaginary: 0 | 1, value: V128): V128 {
  const bytes = fmt.bits / 8;
  const indices = Array.from({ length: 16 }, (_, at) => {
    const lane = Math.floor(at / bytes);
    return ((lane & ~1) + (lane & 1 ? imaginary : real)) * bytes + at % bytes;
  });
  return i8x16.shuffle(value, value, indices);
}
/** Inverts the signs of the chosen parts. */
function negate(fmt: Format, real: boolean, imaginary: boolean, value: V128): V128 {
  const pair = (real ? fmt.sign : 0n) | (imaginary ? fmt.sign << BigInt(fmt.bits) : 0n);
  if (pair === 0n) return value;
  const low = fmt === f16 ? pair | (pair << 32n) : pair;
  if (fmt !== f64) return v128.xor(value, splat(64, low));
  return v128.xor(value, { kind: "const", type: "v128", value: pair });
}

/** d + n * m rotated: one multiplication per part, so that two instructions make a complex product. */
function multiplyAdd(b: Builder, shape: Shape, rot: number, m: V128): void {
  const { fmt, lanes } = shape;
  const n = readVector(b, shape, "Rn"), d = readVector(b, shape, "Rd");
  const x = rot & 1 ? pairs(fmt, 1, 1, n) : pairs(fmt, 0, 0, n);
  const y = rot & 1 ? pairs(fmt, 1, 0, m) : m;
  const signs = negate(fmt, rot === 1 || rot === 2, rot === 2 || rot === 3, y);
  writeVector(b, shape, fmaVector(b, fmt, false, d, x, signs, lanes));
}

/** Rows for each element size: `size` 01, 10 and 11. */
const sizes = (make: (fmt: Format, size: string, suffix: string) => Row): Row[] => [
  make(f32, "10", ""),
  make(f64, "11", " double"),
  make(f16, "01", " half"),
];
const shapeOf = (b: Builder, fmt: Format): Shape => ({ fmt, Q: b.num("Q"), lanes: (b.num("Q") ? 128 : 64) / fmt.bits });
const notOneDouble = (fmt: Format) => (f: Fields): boolean => fmt !== f64 || f.Q === 1;

export const rows: readonly Row[] = [
  ...sizes((fmt, size, suffix) =>
    insn(`FCADD${suffix}`, `0 Q:1 1 01110 ${size} 0 Rm:5 111 rot:1 0 1 Rn:5 Rd:5`, {
      vary: "Q rot",
      allocated: notOneDouble(fmt),
      feature: "FCMA",
    }, (b) => {
      const shape = shapeOf(b, fmt), rot = b.num("rot");
      const n = readVector(b, shape, "Rn"), m = pairs(fmt, 1, 0, readVector(b, shape, "Rm"));
      // 90°: (re, im) + (-im', re'); 270°: (re, im) + (im', -re').
      const turned = b.let(negate(fmt, rot === 0, rot === 1, m));
      writeVector(b, shape, computeVector(b, fmt, FADD, n, turned, shape.lanes));
    })
  ),
  ...sizes((fmt, size, suffix) =>
    insn(`FCMLA${suffix}`, `0 Q:1 1 01110 ${size} 0 Rm:5 110 rot:2 1 Rn:5 Rd:5`, {
      vary: "Q rot",
      allocated: notOneDouble(fmt),
      feature: "FCMA",
    }, (b) => {
      const shape = shapeOf(b, fmt);
      multiplyAdd(b, shape, b.num("rot"), readVector(b, shape, "Rm"));
    })
  ),
  // By element: the element is a complex number, so its index counts pairs.
  insn("FCMLA (by element)", "0 1 1 01111 10 0 Rm:5 0 rot:2 1 H:1 0 Rn:5 Rd:5", {
    vary: "rot",
    small: { index: (f) => f.H! },
    feature: "FCMA",
  }, (b) => {
    const m = broadcast(64, b.lane("Rm", 64, b.imm32("index")));
    multiplyAdd(b, { fmt: f32, lanes: 4, Q: 1 }, b.num("rot"), m);
  }),
  insn("FCMLA (by element) half", "0 Q:1 1 01111 01 L:1 Rm:5 0 rot:2 1 H:1 0 Rn:5 Rd:5", {
    vary: "Q rot",
    valid: (f) => f.Q === 1 || f.H === 0,
    small: { index: (f) => f.H! * 2 + f.L! },
    feature: "FCMA",
  }, (b) => {
    const m = broadcast(32, b.lane("Rm", 32, b.imm32("index")));
    multiplyAdd(b, shapeOf(b, f16), b.num("rot"), m);
  }),
];
