/** FEAT_AES: single rounds of AES on a state of sixteen bytes, column by column (Arm ARM C4.1.97.1, FIPS 197). */
import type { Builder } from "../ir/builder.ts";
import { c32, i8x16, splat, type V128, v128 } from "../ir/ops.ts";
import { insn, type Row } from "./row.ts";
import { circulant, type Sbox, sbox, substitute } from "./sbox.ts";

/** x^8 + x^4 + x^3 + x + 1 */
const MODULUS = 0x11b;
const IDENTITY = circulant([0], 0);

// Made when first used: only who generates code needs them.
let forward: Sbox | undefined, inverse: Sbox | undefined;
const forwardBox = (): Sbox => forward ??= sbox(MODULUS, IDENTITY, circulant([0, 1, 2, 3, 4], 0x63));
const inverseBox = (): Sbox => inverse ??= sbox(MODULUS, circulant([1, 3, 6], 0x05), IDENTITY);

/** Row r of the state moves by r columns, to the left, or to the right for the inverse. */
function shiftRows(x: V128, by: 1 | -1): V128 {
  const from = Array.from({ length: 16 }, (_, byte) => (byte + 4 * by * (byte & 3)) & 15);
  return i8x16.shuffle(x, x, from);
}

/** Every column's bytes moved up by `count` rows. */
const rotateColumns = (x: V128, count: number): V128 =>
  i8x16.shuffle(x, x, Array.from({ length: 16 }, (_, byte) => (byte & ~3) | ((byte + count) & 3)));

/** Every byte times x in the field. */
const double = (x: V128): V128 =>
  v128.xor(i8x16.shl(x, c32(1)), v128.and(i8x16.lt_s(x, splat(8, 0)), splat(8, MODULUS & 0xff)));

/** Multiplies the columns by {03}x³ + {01}x² + {01}x + {02}: 2(a0 + a1) + a1 + (a2 + a3) for the first row. */
function mixColumns(b: Builder, x: V128): V128 {
  const next = b.let(rotateColumns(x, 1)), sum = b.let(v128.xor(x, next));
  return v128.xor(v128.xor(double(sum), next), rotateColumns(sum, 2));
}

/** The inverse polynomial is the other one times {04}x² + {05}. */
function inverseMixColumns(b: Builder, x: V128): V128 {
  const twice = b.let(double(v128.xor(x, rotateColumns(x, 2))));
  return mixColumns(b, b.let(v128.xor(x, double(twice))));
}

const aes = (name: string, opcode: string, lift: (b: Builder) => V128): Row =>
  insn(name, `01001110 00 10100 ${opcode} 10 Rn:5 Rd:5`, { feature: "AES" }, (b) => b.setV("Rd", lift(b)));

export const rows: readonly Row[] = [
  aes("AESE", "00100", (b) => substitute(b, forwardBox(), shiftRows(v128.xor(b.v("Rd"), b.v("Rn")), 1))),
  aes("AESD", "00101", (b) => substitute(b, inverseBox(), shiftRows(v128.xor(b.v("Rd"), b.v("Rn")), -1))),
  aes("AESMC", "00110", (b) => mixColumns(b, b.v("Rn"))),
  aes("AESIMC", "00111", (b) => inverseMixColumns(b, b.v("Rn"))),
];
