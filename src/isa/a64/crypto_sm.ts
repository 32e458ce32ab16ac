/** FEAT_SM3 and FEAT_SM4: parts of rounds and schedules (Arm ARM C4.1.97.3 ff., GB/T 32905 and 32907). */
import type { Builder } from "../ir/builder.ts";
import { c32, cV128, type I32, i32, i32x4, type V128, v128 } from "../ir/ops.ts";
import { rotateLeft } from "./crypto_sha.ts";
import { insn, type Row } from "./row.ts";
import { circulant, type Sbox, sbox, substitute } from "./sbox.ts";

const parity = (x: I32, y: I32, z: I32): I32 => i32.xor(i32.xor(x, y), z);
const majority = (x: I32, y: I32, z: I32): I32 => i32.or(i32.and(x, y), i32.and(i32.or(x, y), z));
const choose = (x: I32, y: I32, z: I32): I32 => i32.xor(i32.and(i32.xor(y, z), x), z);
const rotl = (x: I32, count: number): I32 => i32.rotl(x, c32(count));

const word = (b: Builder, x: V128, lane: number): I32 => b.let(i32x4.extract_lane(x, lane));
const fromWords = (elements: readonly I32[]): V128 =>
  elements.reduce<V128>((vector, element, lane) => i32x4.replace_lane(vector, lane, element), cV128(0n));

/** One half of an SM3 round; element `imm2` of Vm is the schedule's. */
function round(
  name: string,
  opcode: string,
  rotation: number,
  mix: (x: I32, y: I32, z: I32) => I32,
  finish: (b: Builder, sum: I32, newest: I32, n: I32) => I32,
): Row {
  return insn(name, `11001110010 Rm:5 10 imm2:2 ${opcode} Rn:5 Rd:5`, { feature: "SM3" }, (b) => {
    const d = b.v("Rd"), n = word(b, b.v("Rn"), 3);
    const [d0, d1, d2, d3] = [0, 1, 2, 3].map((lane) => word(b, d, lane)) as [I32, I32, I32, I32];
    const w = i32.wrap(b.lane("Rm", 32, b.imm32("imm2")));
    const sum = i32.add(i32.add(mix(d3, d2, d1), d0), w);
    b.setV("Rd", fromWords([d1, rotl(d2, rotation), d3, finish(b, sum, d3, n)]));
  });
}
/** TT1: SS2 is added, made from Vn and the newest word. */
const first = (_: Builder, sum: I32, newest: I32, n: I32): I32 => i32.add(sum, i32.xor(n, rotl(newest, 12)));
/** TT2: Vn is added as it is, and P0 permutes. */
const second = (b: Builder, sum: I32, _: I32, n: I32): I32 => {
  const t = b.let(i32.add(sum, n));
  return parity(t, rotl(t, 9), rotl(t, 17));
};

/** P1 of SM3's message expansion. */
const permute = (x: V128): V128 => v128.xor(v128.xor(x, rotateLeft(x, 15)), rotateLeft(x, 23));
const permuteWord = (x: I32): I32 => parity(x, rotl(x, 15), rotl(x, 23));

let box: Sbox | undefined;
/** SM4's substitution: x^8 + x^7 + x^6 + x^5 + x^4 + x^2 + 1, the same affine map on both sides. */
const sm4Box = (): Sbox => box ??= sbox(0x1f5, circulant([0, 1, 3, 6, 7], 0xd3), circulant([0, 1, 3, 6, 7], 0xd3));

/** Four rounds on the state, with four keys or constants. */
function sm4Rounds(b: Builder, state: V128, keys: V128, diffuse: (x: I32) => I32): void {
  let [x0, x1, x2, x3] = [0, 1, 2, 3].map((lane) => word(b, state, lane)) as [I32, I32, I32, I32];
  for (let round = 0; round < 4; round++) {
    const input = i32.xor(parity(x1, x2, x3), word(b, keys, round));
    const substituted = b.let(i32x4.extract_lane(substitute(b, sm4Box(), i32x4.splat(input)), 0));
    const next = b.let(i32.xor(x0, diffuse(substituted)));
    [x0, x1, x2, x3] = [x1, x2, x3, next];
  }
  b.setV("Rd", fromWords([x0, x1, x2, x3]));
}

export const rows: readonly Row[] = [
  insn("SM3SS1", "110011100 10 Rm:5 0 Ra:5 Rn:5 Rd:5", { feature: "SM3" }, (b) => {
    const top = (field: string): I32 => word(b, b.v(field), 3);
    const sum = rotl(i32.add(i32.add(rotl(top("Rn"), 12), top("Rm")), top("Ra")), 7);
    b.setV("Rd", i32x4.replace_lane(cV128(0n), 3, sum));
  }),
  round("SM3TT1A", "00", 9, parity, first),
  round("SM3TT1B", "01", 9, majority, first),
  round("SM3TT2A", "10", 19, parity, second),
  round("SM3TT2B", "11", 19, choose, second),
  insn("SM3PARTW1", "11001110011 Rm:5 1100 00 Rn:5 Rd:5", { feature: "SM3" }, (b) => {
    const m = b.v("Rm"), sum = b.let(v128.xor(b.v("Rd"), b.v("Rn")));
    const moved = fromWords([1, 2, 3].map((lane) => i32x4.extract_lane(m, lane)));
    const result = b.let(permute(b.let(v128.xor(sum, rotateLeft(b.let(moved), 15)))));
    // The last element takes part of the first of the result.
    const last = i32.xor(i32x4.extract_lane(sum, 3), rotl(i32x4.extract_lane(result, 0), 15));
    b.setV("Rd", i32x4.replace_lane(result, 3, permuteWord(b.let(last))));
  }),
  insn("SM3PARTW2", "11001110011 Rm:5 1100 01 Rn:5 Rd:5", { feature: "SM3" }, (b) => {
    const t = b.let(v128.xor(b.v("Rn"), rotateLeft(b.v("Rm"), 7)));
    const result = b.let(v128.xor(b.v("Rd"), t));
    const extra = permuteWord(b.let(rotl(i32x4.extract_lane(t, 0), 15)));
    b.setV("Rd", i32x4.replace_lane(result, 3, i32.xor(i32x4.extract_lane(result, 3), extra)));
  }),

  insn("SM4E", "11001110110000001000 01 Rn:5 Rd:5", { feature: "SM4" }, (b) => {
    sm4Rounds(b, b.v("Rd"), b.v("Rn"), (x) => {
      return i32.xor(parity(x, rotl(x, 2), rotl(x, 10)), i32.xor(rotl(x, 18), rotl(x, 24)));
    });
  }),
  insn("SM4EKEY", "11001110011 Rm:5 1100 10 Rn:5 Rd:5", { feature: "SM4" }, (b) => {
    sm4Rounds(b, b.v("Rn"), b.v("Rm"), (x) => parity(x, rotl(x, 13), rotl(x, 23)));
  }),
];
