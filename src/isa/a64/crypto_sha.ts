/** FEAT_SHA1, SHA256, SHA512 and SHA3: parts of rounds and schedules (Arm ARM C4.1.97.2 to .6, FIPS 180-4, 202). */
import type { Builder } from "../ir/builder.ts";
import { c32, c64, cV128, type I32, i32, i32x4, type I64, i64, i64x2, i8x16, type V128, v128 } from "../ir/ops.ts";
import { insn, type Row } from "./row.ts";

const choose = (x: I32, y: I32, z: I32): I32 => i32.xor(i32.and(i32.xor(y, z), x), z);
const parity = (x: I32, y: I32, z: I32): I32 => i32.xor(i32.xor(x, y), z);
const majority = (x: I32, y: I32, z: I32): I32 => i32.or(i32.and(x, y), i32.and(i32.or(x, y), z));

/** The four elements of a vector, named now. */
function words(b: Builder, x: V128): I32[] {
  const all = b.let(x);
  return [0, 1, 2, 3].map((lane) => b.let(i32x4.extract_lane(all, lane)));
}
function fromWords(elements: readonly I32[]): V128 {
  return elements.reduce<V128>((vector, element, lane) => i32x4.replace_lane(vector, lane, element), cV128(0n));
}

/** Four rounds of SHA-1 with the function of their stage; the constant is already in the schedule (Vm). */
function sha1Rounds(b: Builder, f: (x: I32, y: I32, z: I32) => I32): void {
  let [x0, x1, x2, x3] = words(b, b.v("Rd")) as [I32, I32, I32, I32];
  let y: I32 = b.sbits("Rn");
  for (const w of words(b, b.v("Rm"))) {
    const next = b.let(i32.add(i32.add(y, i32.rotl(x0, c32(5))), i32.add(f(x1, x2, x3), w)));
    [y, x3, x2, x1, x0] = [x3, x2, b.let(i32.rotl(x1, c32(30))), x0, next];
  }
  b.setV("Rd", fromWords([x0, x1, x2, x3]));
}

/** Each element rotated left. */
export const rotateLeft = (x: V128, count: number): V128 =>
  v128.or(i32x4.shl(x, c32(count)), i32x4.shr_u(x, c32(32 - count)));
/** The vector moved down by one 32-bit element; the top one is element 0 of `top`. */
const shiftDown = (x: V128, top: V128): V128 =>
  i8x16.shuffle(x, top, Array.from({ length: 16 }, (_, byte) => byte + 4));

/** Three terms of a sum or sigma function: rotations to the right, the last one a shift for sigma. */
const sigma32 = (x: V128, one: number, two: number, shift: number): V128 =>
  v128.xor(v128.xor(rotateLeft(x, 32 - one), rotateLeft(x, 32 - two)), i32x4.shr_u(x, c32(shift)));
const sum32 = (x: I32, one: number, two: number, three: number): I32 =>
  i32.xor(i32.xor(i32.rotr(x, c32(one)), i32.rotr(x, c32(two))), i32.rotr(x, c32(three)));
const sum64 = (x: I64, one: number, two: number, three: number): I64 =>
  i64.xor(i64.xor(i64.rotr(x, c64(one)), i64.rotr(x, c64(two))), i64.rotr(x, c64(three)));
const sigma64 = (x: V128, one: number, two: number, shift: number): V128 =>
  v128.xor(v128.xor(rotateRight64(x, c32(one)), rotateRight64(x, c32(two))), i64x2.shr_u(x, c32(shift)));
const rotateRight64 = (x: V128, count: I32): V128 =>
  v128.or(i64x2.shr_u(x, count), i64x2.shl(x, i32.sub(c32(64), count)));

/** SHA256hash(): four rounds; gives the wanted half of the state. */
function sha256Rounds(b: Builder, abcd: V128, efgh: V128, first: boolean): void {
  let [x0, x1, x2, x3] = words(b, abcd) as [I32, I32, I32, I32];
  let [y0, y1, y2, y3] = words(b, efgh) as [I32, I32, I32, I32];
  for (const w of words(b, b.v("Rm"))) {
    const t = b.let(i32.add(i32.add(y3, sum32(y0, 6, 11, 25)), i32.add(choose(y0, y1, y2), w)));
    const e = b.let(i32.add(t, x3));
    const a = b.let(i32.add(t, i32.add(sum32(x0, 2, 13, 22), majority(x0, x1, x2))));
    [x3, x2, x1, x0] = [x2, x1, x0, a];
    [y3, y2, y1, y0] = [y2, y1, y0, e];
  }
  b.setV("Rd", fromWords(first ? [x0, x1, x2, x3] : [y0, y1, y2, y3]));
}

const sha = (name: string, feature: "SHA1" | "SHA256", opcode: string, lift: (b: Builder) => void): Row =>
  insn(name, `01011110 000 Rm:5 0 ${opcode} 00 Rn:5 Rd:5`, { feature }, lift);
const sha2reg = (name: string, feature: "SHA1" | "SHA256", opcode: string, lift: (b: Builder) => void): Row =>
  insn(name, `01011110 00 10100 ${opcode} 10 Rn:5 Rd:5`, { feature }, lift);
const sha512 = (name: string, feature: "SHA512" | "SHA3", opcode: string, lift: (b: Builder) => void): Row =>
  insn(name, `11001110011 Rm:5 1000 ${opcode} Rn:5 Rd:5`, { feature }, lift);
const four = (name: string, opcode: string, lift: (n: V128, m: V128, a: V128) => V128): Row =>
  insn(name, `110011100 ${opcode} Rm:5 0 Ra:5 Rn:5 Rd:5`, { feature: "SHA3" }, (b) => {
    b.setV("Rd", lift(b.v("Rn"), b.v("Rm"), b.v("Ra")));
  });

const low = (x: V128): I64 => i64x2.extract_lane(x, 0), high = (x: V128): I64 => i64x2.extract_lane(x, 1);
const pair = (lowHalf: I64, highHalf: I64): V128 => i64x2.replace_lane(i64x2.splat(lowHalf), 1, highHalf);

export const rows: readonly Row[] = [
  sha("SHA1C", "SHA1", "000", (b) => sha1Rounds(b, choose)),
  sha("SHA1P", "SHA1", "001", (b) => sha1Rounds(b, parity)),
  sha("SHA1M", "SHA1", "010", (b) => sha1Rounds(b, majority)),
  sha("SHA1SU0", "SHA1", "011", (b) => {
    const d = b.v("Rd"), n = b.v("Rn");
    const middle = i8x16.shuffle(d, n, Array.from({ length: 16 }, (_, byte) => byte + 8));
    b.setV("Rd", v128.xor(v128.xor(middle, d), b.v("Rm")));
  }),
  sha2reg("SHA1H", "SHA1", "00000", (b) => b.setSbits("Rd", i32.rotl(b.sbits("Rn"), c32(30)))),
  sha2reg("SHA1SU1", "SHA1", "00001", (b) => {
    // The last element depends on the first of the result.
    const t = b.let(v128.xor(b.v("Rd"), shiftDown(b.v("Rn"), cV128(0n))));
    const rotated = b.let(rotateLeft(t, 1));
    const last = i32.xor(i32x4.extract_lane(rotated, 3), i32.rotl(i32x4.extract_lane(t, 0), c32(2)));
    b.setV("Rd", i32x4.replace_lane(rotated, 3, last));
  }),

  sha("SHA256H", "SHA256", "100", (b) => sha256Rounds(b, b.v("Rd"), b.v("Rn"), true)),
  sha("SHA256H2", "SHA256", "101", (b) => sha256Rounds(b, b.v("Rn"), b.v("Rd"), false)),
  sha("SHA256SU1", "SHA256", "110", (b) => {
    const d = b.v("Rd"), n = b.v("Rn"), m = b.v("Rm");
    const base = b.let(i32x4.add(d, shiftDown(n, m)));
    // Elements 2 and 3 are made from elements 0 and 1 of the result.
    const upper = (x: V128): V128 => i8x16.shuffle(x, x, Array.from({ length: 16 }, (_, byte) => (byte + 8) & 15));
    const below = b.let(upper(m));
    const first = b.let(i32x4.add(base, sigma32(below, 17, 19, 10)));
    const placed = b.let(upper(first));
    const second = i32x4.add(base, sigma32(placed, 17, 19, 10));
    b.setV("Rd", i8x16.shuffle(first, second, Array.from({ length: 16 }, (_, byte) => byte < 8 ? byte : byte + 16)));
  }),
  sha2reg("SHA256SU0", "SHA256", "00010", (b) => {
    const d = b.v("Rd"), moved = b.let(shiftDown(d, b.v("Rn")));
    b.setV("Rd", i32x4.add(d, sigma32(moved, 7, 18, 3)));
  }),

  sha512("SHA512H", "SHA512", "00", (b) => {
    const d = b.v("Rd"), n = b.v("Rn"), m = b.v("Rm");
    const n0 = b.let(low(n)), n1 = b.let(high(n)), m0 = b.let(low(m)), m1 = b.let(high(m));
    const chosen = (x: I64, y: I64, z: I64): I64 => i64.xor(i64.and(i64.xor(y, z), x), z);
    const upper = b.let(i64.add(i64.add(chosen(m1, n0, n1), sum64(m1, 14, 18, 41)), high(d)));
    const t = b.let(i64.add(upper, m0));
    b.setV("Rd", pair(i64.add(i64.add(chosen(t, m1, n0), sum64(t, 14, 18, 41)), low(d)), upper));
  }),
  sha512("SHA512H2", "SHA512", "01", (b) => {
    const d = b.v("Rd"), m = b.v("Rm");
    const n0 = b.let(low(b.v("Rn"))), m0 = b.let(low(m)), m1 = b.let(high(m));
    const major = (x: I64, y: I64, z: I64): I64 => i64.or(i64.and(x, y), i64.and(i64.or(x, y), z));
    const upper = b.let(i64.add(i64.add(major(n0, m1, m0), sum64(m0, 28, 34, 39)), high(d)));
    b.setV("Rd", pair(i64.add(i64.add(major(upper, m0, m1), sum64(upper, 28, 34, 39)), low(d)), upper));
  }),
  sha512("SHA512SU1", "SHA512", "10", (b) => {
    const n = b.v("Rn");
    b.setV("Rd", i64x2.add(i64x2.add(b.v("Rd"), sigma64(n, 19, 61, 6)), b.v("Rm")));
  }),
  insn("SHA512SU0", "11001110110000001000 00 Rn:5 Rd:5", { feature: "SHA512" }, (b) => {
    const d = b.v("Rd");
    const next = b.let(i8x16.shuffle(d, b.v("Rn"), Array.from({ length: 16 }, (_, byte) => byte + 8)));
    b.setV("Rd", i64x2.add(d, sigma64(next, 1, 8, 7)));
  }),

  sha512("RAX1", "SHA3", "11", (b) => b.setV("Rd", v128.xor(b.v("Rn"), rotateRight64(b.v("Rm"), c32(63))))),
  four("EOR3", "00", (n, m, a) => v128.xor(v128.xor(n, m), a)),
  four("BCAX", "01", (n, m, a) => v128.xor(n, v128.andnot(m, a))),
  insn("XAR", "11001110100 Rm:5 imm6:6 Rn:5 Rd:5", { feature: "SHA3" }, (b) => {
    // A shift by 64 - 0 is one by 0: or-ing the value with itself.
    b.setV("Rd", rotateRight64(b.let(v128.xor(b.v("Rn"), b.v("Rm"))), b.imm32("imm6")));
  }),
];
