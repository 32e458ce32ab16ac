/** Data processing, immediate (Arm ARM C4.1.93): ADR, add/subtract, logical, move wide, bitfield, extract. */
import { c32, c64, i32, i64 } from "../ir/ops.ts";
import { type Fields, insn, type Row, signed } from "./row.ts";

/** DecodeBitMasks() for logical immediates (Arm ARM J1, aarch64/instrs/integer/bitmasks); undefined if reserved. */
export function logicalImmediate(N: number, imms: number, immr: number): bigint | undefined {
  const combined = (N << 6) | (~imms & 0x3f);
  const len = 31 - Math.clz32(combined);
  if (len < 1) return undefined;
  const size = 1 << len, levels = size - 1;
  const S = imms & levels, R = immr & levels;
  if (S === levels) return undefined;
  const ones = (1n << BigInt(S + 1)) - 1n;
  const sizeMask = (1n << BigInt(size)) - 1n;
  const element = ((ones >> BigInt(R)) | (ones << BigInt(size - R))) & sizeMask;
  let all = 0n;
  for (let at = 0; at < 64; at += size) all |= element << BigInt(at);
  return all;
}

const ADD_SUB = ["ADD", "ADDS", "SUB", "SUBS"];
const LOGIC = ["AND", "ORR", "EOR", "ANDS"];

/** Bits S..0 of the rotated source land at the top or bottom: the two masks of BFM, as 64-bit values. */
function bitfieldMasks(f: Fields): { wmask: bigint; tmask: bigint } {
  const bits = f.sf ? 64 : 32;
  const S = f.imms!, R = f.immr!;
  const all = (1n << BigInt(bits)) - 1n;
  const welem = (1n << BigInt(S + 1)) - 1n;
  const diff = (S - R) & (bits - 1);
  const wmask = ((welem >> BigInt(R)) | (welem << BigInt(bits - R))) & all;
  const tmask = ((1n << BigInt(diff + 1)) - 1n) & all;
  return { wmask, tmask };
}

const bitfieldValid = (f: Fields): boolean => f.sf ? true : (f.imms! | f.immr!) < 32;

export const rows: readonly Row[] = [
  insn("ADR", "op:1 immlo:2 10000 immhi:19 Rd:5", {
    vary: "op",
    wide: {
      offset: (f) => {
        const n = BigInt(signed((f.immhi! << 2) | f.immlo!, 21));
        return f.op ? n << 12n : n;
      },
    },
    mnemonic: (f) => f.op ? "ADRP" : "ADR",
  }, (b) => {
    const pc = b.pc();
    b.setX("Rd", i64.add(b.num("op") ? i64.and(pc, c64(-4096)) : pc, b.imm64("offset")));
  }),

  insn("ADD (immediate)", "sf:1 op:1 S:1 100010 sh:1 imm12:12 Rn:5 Rd:5", {
    vary: "sf op S",
    imm: { imm: (f) => f.sh ? f.imm12! << 12 : f.imm12! },
    mnemonic: (f) => ADD_SUB[f.op! * 2 + f.S!]!,
  }, (b) => {
    const sub = b.num("op"), S = b.num("S");
    if (b.num("sf")) {
      const x = b.xsp("Rn"), imm = b.imm64("imm");
      const r = b.let(sub ? i64.sub(x, imm) : i64.add(x, imm));
      if (S) {
        if (sub) b.flagsSub(x, imm, r);
        else b.flagsAdd(x, imm, r);
        b.setX("Rd", r);
      } else b.setXsp("Rd", r);
    } else {
      const x = b.wsp("Rn"), imm = b.imm32("imm");
      const r = b.let(sub ? i32.sub(x, imm) : i32.add(x, imm));
      if (S) {
        if (sub) b.flagsSub(x, imm, r);
        else b.flagsAdd(x, imm, r);
        b.setW("Rd", r);
      } else b.setWsp("Rd", r);
    }
  }),

  insn("AND (immediate)", "sf:1 opc:2 100100 N:1 immr:6 imms:6 Rn:5 Rd:5", {
    vary: "sf opc",
    valid: (f) => (f.sf || !f.N) && logicalImmediate(f.N!, f.imms!, f.immr!) !== undefined ? true : false,
    wide: {
      imm: (f) => {
        const mask = logicalImmediate(f.N!, f.imms!, f.immr!)!;
        return BigInt.asIntN(64, f.sf ? mask : mask & 0xffffffffn);
      },
    },
    mnemonic: (f) => LOGIC[f.opc!]!,
  }, (b) => {
    const opc = b.num("opc");
    if (b.num("sf")) {
      const r = b.let([i64.and, i64.or, i64.xor, i64.and][opc]!(b.x("Rn"), b.imm64("imm")));
      if (opc === 3) {
        b.flagsLogic(r);
        b.setX("Rd", r);
      } else b.setXsp("Rd", r);
    } else {
      const r = b.let([i32.and, i32.or, i32.xor, i32.and][opc]!(b.w("Rn"), b.imm32("imm")));
      if (opc === 3) {
        b.flagsLogic(r);
        b.setW("Rd", r);
      } else b.setWsp("Rd", r);
    }
  }),

  insn("MOVZ", "sf:1 opc:2 100101 hw:2 imm16:16 Rd:5", {
    vary: "sf opc",
    allocated: (f) => f.opc !== 1,
    valid: (f) => f.sf === 1 || f.hw! < 2,
    wide: {
      // MOVZ, MOVN: the value to be written.
      value: (f) => {
        const n = BigInt(f.imm16!) << BigInt(16 * f.hw!);
        return BigInt.asIntN(64, f.opc === 0 ? (f.sf ? ~n : ~n & 0xffffffffn) : n);
      },
    },
    small: { shift: (f) => 16 * f.hw! },
    mnemonic: (f) => ["MOVN", "", "MOVZ", "MOVK"][f.opc!]!,
  }, (b) => {
    if (b.num("opc") !== 3) {
      b.setX("Rd", b.imm64("value"));
      return;
    }
    const shift = b.imm64("shift");
    const keep = i64.xor(i64.shl(c64(0xffff), shift), c64(-1));
    const old = b.num("sf") ? b.xOld("Rd") : i64.extend_u(b.wOld("Rd"));
    b.setX("Rd", i64.or(i64.and(old, keep), i64.shl(b.imm64("imm16"), shift)));
  }),

  insn("SBFM", "sf:1 opc:2 100110 N:1 immr:6 imms:6 Rn:5 Rd:5", {
    vary: "sf opc",
    allocated: (f) => f.opc !== 3,
    valid: (f) => f.N === f.sf && bitfieldValid(f),
    small: {
      // SBFM and UBFM as a left shift that drops the bits above the field and a right shift that places it.
      left: (f) => f.imms! >= f.immr! ? (f.sf ? 63 : 31) - f.imms! : (f.sf ? 63 : 31) - f.imms!,
      right: (f) =>
        f.imms! >= f.immr!
          ? (f.sf ? 63 : 31) - f.imms! + f.immr!
          : (f.sf ? 63 : 31) - f.imms! - ((f.sf ? 64 : 32) - f.immr!),
      // BFM: rotation and the bits that come from the source.
      rotate: (f) => f.immr!,
    },
    wide: {
      mask: (f) => {
        const { wmask, tmask } = bitfieldMasks(f);
        return BigInt.asIntN(64, wmask & tmask);
      },
    },
    mnemonic: (f) => ["SBFM", "BFM", "UBFM"][f.opc!]!,
  }, (b) => {
    const opc = b.num("opc");
    if (opc === 1) {
      if (b.num("sf")) {
        const mask = b.imm64("mask");
        const rotated = i64.rotr(b.x("Rn"), b.imm64("rotate"));
        b.setX("Rd", i64.or(i64.and(rotated, mask), i64.and(b.xOld("Rd"), i64.xor(mask, c64(-1)))));
      } else {
        const mask = b.imm32("mask");
        const rotated = i32.rotr(b.w("Rn"), b.imm32("rotate"));
        b.setW("Rd", i32.or(i32.and(rotated, mask), i32.and(b.wOld("Rd"), i32.xor(mask, c32(-1)))));
      }
      return;
    }
    // imms >= immr extracts a field to bit 0 (right >= left); else it inserts the field at a position (right < left).
    if (b.num("sf")) {
      const up = i64.shl(b.x("Rn"), b.imm64("left"));
      b.setX("Rd", opc === 0 ? i64.shr_s(up, b.imm64("right")) : i64.shr_u(up, b.imm64("right")));
    } else {
      const up = i32.shl(b.w("Rn"), b.imm32("left"));
      b.setW("Rd", opc === 0 ? i32.shr_s(up, b.imm32("right")) : i32.shr_u(up, b.imm32("right")));
    }
  }),

  insn("EXTR", "sf:1 00100111 N:1 0 Rm:5 imms:6 Rn:5 Rd:5", {
    vary: "sf",
    valid: (f) => f.N === f.sf && (f.sf === 1 || f.imms! < 32),
    small: { lsb: (f) => f.imms! },
  }, (b) => {
    const isRotation = b.same("Rn", "Rm");
    if (b.num("sf")) {
      const lsb = b.imm64("lsb");
      if (isRotation) return b.setX("Rd", i64.rotr(b.x("Rm"), lsb));
      const low = i64.shr_u(b.x("Rm"), lsb);
      // Shifting left by 64 - lsb in two steps, because a shift by 64 would be one by 0.
      const high = i64.shl(i64.shl(b.x("Rn"), c64(1)), i64.sub(c64(63), lsb));
      b.setX("Rd", i64.or(low, high));
    } else {
      const lsb = b.imm32("lsb");
      if (isRotation) return b.setW("Rd", i32.rotr(b.w("Rm"), lsb));
      const low = i32.shr_u(b.w("Rm"), lsb);
      const high = i32.shl(i32.shl(b.w("Rn"), c32(1)), i32.sub(c32(31), lsb));
      b.setW("Rd", i32.or(low, high));
    }
  }),
];
