/** Data processing, register (Arm ARM C4.1.95): shifted and extended operands, carry, conditionals, 1/2/3-source. */
import { helper } from "../ir/helper.ts";
import type { Builder } from "../ir/builder.ts";
import { carrylessLow } from "./carryless.ts";
import { c32, c64, type I32, i32, type I64, i64, select } from "../ir/ops.ts";
import { type Fields, insn, type Row } from "./row.ts";

const LOGIC = ["AND", "BIC", "ORR", "ORN", "EOR", "EON", "ANDS", "BICS"];
const ADD_SUB = ["ADD", "ADDS", "SUB", "SUBS"];

const amountFits = (f: Fields): boolean => f.sf === 1 || f.imm6! < 32;

/** ShiftReg(): LSL, LSR, ASR or ROR of Rm by the immediate. */
function shifted(b: Builder, sf: number, shift: number): I32 | I64 {
  if (sf) {
    const x = b.x("Rm"), by = b.imm64("imm6");
    return [i64.shl, i64.shr_u, i64.shr_s, i64.rotr][shift]!(x, by);
  }
  const x = b.w("Rm"), by = b.imm32("imm6");
  return [i32.shl, i32.shr_u, i32.shr_s, i32.rotr][shift]!(x, by);
}

/** ExtendReg(): UXTB … SXTX of Rm, then LSL by the immediate `imm3`. */
export function extended(b: Builder, option: number, amount: I64): I64 {
  const x = b.x("Rm");
  const wide = [
    () => i64.and(x, c64(0xff)),
    () => i64.and(x, c64(0xffff)),
    () => i64.and(x, c64(0xffffffff)),
    () => x,
    () => i64.extend8_s(x),
    () => i64.extend16_s(x),
    () => i64.extend32_s(x),
    () => x,
  ][option]!();
  return i64.shl(wide, amount);
}

/** add or subtract with flags on demand; the result goes to `write`. */
function addSub(b: Builder, sub: number, S: number, x: I32 | I64, y: I32 | I64, write: (r: I32 | I64) => void): void {
  const r = x.type === "i64"
    ? b.let((sub ? i64.sub : i64.add)(x as I64, y as I64))
    : b.let((sub ? i32.sub : i32.add)(x as I32, y as I32));
  if (S) {
    if (sub) b.flagsSub(x, y, r);
    else b.flagsAdd(x, y, r);
  }
  write(r);
}

/** High 64 bits of the unsigned 128-bit product: four 32-bit multiplications, as there is no wide multiply. */
export const mulhu = helper("mulhu", ["i64", "i64"], "i64", (b, x, y) => {
  const low = (v: I64) => i64.and(v, c64(0xffffffff));
  const high = (v: I64) => i64.shr_u(v, c64(32));
  const t = b.let(i64.mul(low(x), low(y)));
  const u = b.let(i64.add(i64.mul(high(x), low(y)), high(t)));
  const v = b.let(i64.add(i64.mul(low(x), high(y)), low(u)));
  return i64.add(i64.add(i64.mul(high(x), high(y)), high(u)), high(v));
});

/** High 64 bits of the signed product, from the unsigned one. */
export function mulhs(b: Builder, x: I64, y: I64): I64 {
  const high = b.call(mulhu, x, y);
  return i64.sub(i64.sub(high, i64.and(i64.shr_s(x, c64(63)), y)), i64.and(i64.shr_s(y, c64(63)), x));
}

/** Reverses the bits of a 64-bit value by swapping ever larger groups. */
function reverseBits(b: Builder, x: I64): I64 {
  const swap = (v: I64, by: number, mask: bigint): I64 => {
    const bound = b.let(v);
    return i64.or(
      i64.and(i64.shr_u(bound, c64(by)), c64(mask)),
      i64.shl(i64.and(bound, c64(mask)), c64(by)),
    );
  };
  let v = swap(x, 1, 0x5555555555555555n);
  v = swap(v, 2, 0x3333333333333333n);
  v = swap(v, 4, 0x0f0f0f0f0f0f0f0fn);
  return reverseBytes(b, v, 8);
}

/** Reverses the bytes within every container of 2, 4 or 8 bytes. */
function reverseBytes(b: Builder, x: I64, container: 2 | 4 | 8): I64 {
  const bound = b.let(x);
  const pairs = b.let(i64.or(
    i64.and(i64.shr_u(bound, c64(8)), c64(0x00ff00ff00ff00ffn)),
    i64.shl(i64.and(bound, c64(0x00ff00ff00ff00ffn)), c64(8)),
  ));
  if (container === 2) return pairs;
  const quads = b.let(i64.or(
    i64.and(i64.shr_u(pairs, c64(16)), c64(0x0000ffff0000ffffn)),
    i64.shl(i64.and(pairs, c64(0x0000ffff0000ffffn)), c64(16)),
  ));
  return container === 4 ? quads : i64.rotl(quads, c64(32));
}

/** Division as Arm has it: by zero gives zero, the overflowing signed case wraps (no traps). */
function divide(b: Builder, sf: number, isSigned: number): I32 | I64 {
  if (sf) {
    const n = b.x("Rn"), d = b.x("Rm");
    return b.choose(
      i64.eqz(d),
      "i64",
      () => c64(0),
      () =>
        isSigned
          ? b.choose(i64.eq(d, c64(-1)), "i64", () => i64.sub(c64(0), n), () => b.let(i64.div_s(n, d)), false)
          : b.let(i64.div_u(n, d)),
      false,
    );
  }
  const n = b.w("Rn"), d = b.w("Rm");
  return b.choose(
    i32.eqz(d),
    "i32",
    () => c32(0),
    () =>
      isSigned
        ? b.choose(i32.eq(d, c32(-1)), "i32", () => i32.sub(c32(0), n), () => b.let(i32.div_s(n, d)), false)
        : b.let(i32.div_u(n, d)),
    false,
  );
}

/**
 * CRC32 (poly 0x04c11db7) and CRC32C (0x1edc6f41), bit-reflected: the rest of 64 bits.
 *
 * Bit by bit, the lowest bit is cleared by adding P = 2 * poly + 1 where it is set, and the number moves down. So 64
 * steps add t * P with the t that clears all bits, t = v / P modulo 2^64, and keep what lies above: bits 64 and up of
 * t * P, which are those of 2 * (high half of t) * poly.
 */
function crcHelper(name: string, poly: bigint) {
  let inverse = 0n;
  for (let bit = 0n, rest = 1n; bit < 64n; bit++) {
    if ((rest >> bit) & 1n) {
      inverse |= 1n << bit;
      rest ^= ((poly << 1n) | 1n) << bit;
    }
  }
  return helper(name, ["i64"], "i32", (b, v) => {
    const t = carrylessLow(b, v, c64(inverse));
    return i32.wrap(i64.shr_u(carrylessLow(b, b.let(i64.shr_u(t, c64(32))), c64(poly)), c64(31)));
  });
}
const crc32 = crcHelper("crc32", 0xedb88320n);
const crc32c = crcHelper("crc32c", 0x82f63b78n);

export const rows: readonly Row[] = [
  insn("AND (shifted register)", "sf:1 opc:2 01010 shift:2 N:1 Rm:5 imm6:6 Rn:5 Rd:5", {
    vary: "sf opc shift N",
    valid: amountFits,
    mnemonic: (f) => LOGIC[f.opc! * 2 + f.N!]!,
  }, (b) => {
    const sf = b.num("sf"), opc = b.num("opc"), N = b.num("N");
    const y = shifted(b, sf, b.num("shift"));
    let r: I32 | I64;
    if (sf) {
      const m = N ? i64.xor(y as I64, c64(-1)) : y as I64;
      r = b.let([i64.and, i64.or, i64.xor, i64.and][opc]!(b.x("Rn"), m));
    } else {
      const m = N ? i32.xor(y as I32, c32(-1)) : y as I32;
      r = b.let([i32.and, i32.or, i32.xor, i32.and][opc]!(b.w("Rn"), m));
    }
    if (opc === 3) b.flagsLogic(r);
    b.setR("Rd", r);
  }),

  insn("ADD (shifted register)", "sf:1 op:1 S:1 01011 shift:2 0 Rm:5 imm6:6 Rn:5 Rd:5", {
    vary: "sf op S shift",
    allocated: (f) => f.shift !== 3,
    valid: amountFits,
    mnemonic: (f) => ADD_SUB[f.op! * 2 + f.S!]!,
  }, (b) => {
    const sf = b.num("sf");
    const y = b.let(shifted(b, sf, b.num("shift")));
    addSub(b, b.num("op"), b.num("S"), b.r("Rn", sf), y, (r) => b.setR("Rd", r));
  }),

  insn("ADD (extended register)", "sf:1 op:1 S:1 01011 00 1 Rm:5 option:3 imm3:3 Rn:5 Rd:5", {
    vary: "sf op S option",
    valid: (f) => f.imm3! <= 4,
    mnemonic: (f) => ADD_SUB[f.op! * 2 + f.S!]!,
  }, (b) => {
    const S = b.num("S");
    const y = b.let(extended(b, b.num("option"), b.imm64("imm3")));
    if (b.num("sf")) {
      addSub(b, b.num("op"), S, b.xsp("Rn"), y, (r) => S ? b.setX("Rd", r as I64) : b.setXsp("Rd", r as I64));
    } else {
      const narrow = b.let(i32.wrap(y));
      addSub(b, b.num("op"), S, b.wsp("Rn"), narrow, (r) => S ? b.setW("Rd", r as I32) : b.setWsp("Rd", r as I32));
    }
  }),

  insn("ADC", "sf:1 op:1 S:1 11010000 Rm:5 000000 Rn:5 Rd:5", {
    vary: "sf op S",
    mnemonic: (f) => ["ADC", "ADCS", "SBC", "SBCS"][f.op! * 2 + f.S!]!,
  }, (b) => {
    // AddWithCarry(): SBC adds the inverted operand.
    const carry = b.sys("cf");
    let r: I32 | I64, x: I32 | I64, y: I32 | I64, out: I32;
    if (b.num("sf")) {
      const p = b.x("Rn"), q = b.let(b.num("op") ? i64.xor(b.x("Rm"), c64(-1)) : b.x("Rm"));
      const half = b.let(i64.add(p, q)), sum = b.let(i64.add(half, i64.extend_u(carry)));
      [r, x, y] = [sum, p, q];
      out = i32.or(i64.lt_u(half, p), i64.lt_u(sum, half));
    } else {
      const p = b.w("Rn"), q = b.let(b.num("op") ? i32.xor(b.w("Rm"), c32(-1)) : b.w("Rm"));
      const half = b.let(i32.add(p, q)), sum = b.let(i32.add(half, carry));
      [r, x, y] = [sum, p, q];
      out = i32.or(i32.lt_u(half, p), i32.lt_u(sum, half));
    }
    if (b.num("S")) b.flagsAdd(x, y, r, out);
    b.setR("Rd", r);
  }),

  insn("RMIF", "10111010000 imm6:6 00001 Rn:5 0 mask:4", { feature: "FlagM" }, (b) => {
    const bits = i32.wrap(i64.rotr(b.x("Rn"), b.imm64("imm6")));
    const mask = b.imm32("mask");
    b.flagsNzcv(b.let(i32.or(i32.and(bits, mask), i32.and(b.nzcv(), i32.xor(mask, c32(-1))))));
  }),
  insn("SETF8", "001 11010000 000000 sz:1 0010 Rn:5 0 1101", {
    vary: "sz",
    feature: "FlagM",
    mnemonic: (f) => f.sz ? "SETF16" : "SETF8",
  }, (b) => {
    const top = b.num("sz") ? 16 : 8;
    const x = b.x("Rn");
    const placed = b.let(i64.shl(x, c64(64 - top)));
    b.setSys("nf", placed);
    b.setSys("zf", placed);
    b.setSys("vf", i64.xor(placed, i64.shl(x, c64(63 - top))));
  }),

  insn("CCMN", "sf:1 op:1 1 11010010 y:5 cond:4 imm:1 0 Rn:5 0 nzcv:4", {
    vary: "sf op cond imm",
    mnemonic: (f) => f.op ? "CCMP" : "CCMN",
  }, (b) => {
    const sf = b.num("sf");
    b.if(b.condition(b.num("cond")), () => {
      const x = b.r("Rn", sf);
      const y = b.num("imm") ? (sf ? b.imm64("y") : b.imm32("y")) : b.r("y", sf);
      const r = x.type === "i64"
        ? b.let((b.num("op") ? i64.sub : i64.add)(x as I64, y as I64))
        : b.let((b.num("op") ? i32.sub : i32.add)(x as I32, y as I32));
      if (b.num("op")) b.flagsSub(x, y, r);
      else b.flagsAdd(x, y, r);
    }, () => b.flagsNzcv(b.imm32("nzcv")));
  }),

  insn("CSEL", "sf:1 op:1 0 11010100 Rm:5 cond:4 0 op2:1 Rn:5 Rd:5", {
    vary: "sf op op2 cond",
    mnemonic: (f) => ["CSEL", "CSINC", "CSINV", "CSNEG"][f.op! * 2 + f.op2!]!,
  }, (b) => {
    const holds = b.condition(b.num("cond")), how = b.num("op") * 2 + b.num("op2");
    if (b.num("sf")) {
      const m = b.x("Rm");
      const other = [() => m, () => i64.add(m, c64(1)), () => i64.xor(m, c64(-1)), () => i64.sub(c64(0), m)][how]!();
      b.setX("Rd", select(holds, b.x("Rn"), other));
    } else {
      const m = b.w("Rm");
      const other = [() => m, () => i32.add(m, c32(1)), () => i32.xor(m, c32(-1)), () => i32.sub(c32(0), m)][how]!();
      b.setW("Rd", select(holds, b.w("Rn"), other));
    }
  }),

  insn("MADD", "sf:1 00 11011000 Rm:5 o0:1 Ra:5 Rn:5 Rd:5", {
    vary: "sf o0",
    mnemonic: (f) => f.o0 ? "MSUB" : "MADD",
  }, (b) => {
    if (b.num("sf")) {
      const product = i64.mul(b.x("Rn"), b.x("Rm"));
      b.setX("Rd", (b.num("o0") ? i64.sub : i64.add)(b.x("Ra"), product));
    } else {
      const product = i32.mul(b.w("Rn"), b.w("Rm"));
      b.setW("Rd", (b.num("o0") ? i32.sub : i32.add)(b.w("Ra"), product));
    }
  }),
  insn("SMADDL", "1 00 11011 U:1 01 Rm:5 o0:1 Ra:5 Rn:5 Rd:5", {
    vary: "U o0",
    mnemonic: (f) => (f.U ? "U" : "S") + (f.o0 ? "MSUBL" : "MADDL"),
  }, (b) => {
    const wide = b.num("U") ? i64.extend_u : i64.extend_s;
    const product = i64.mul(wide(b.w("Rn")), wide(b.w("Rm")));
    b.setX("Rd", (b.num("o0") ? i64.sub : i64.add)(b.x("Ra"), product));
  }),
  insn("SMULH", "1 00 11011 U:1 10 Rm:5 0 xxxxx Rn:5 Rd:5", {
    vary: "U",
    mnemonic: (f) => f.U ? "UMULH" : "SMULH",
  }, (b) => {
    const x = b.x("Rn"), y = b.x("Rm");
    b.setX("Rd", b.num("U") ? b.call(mulhu, x, y) : mulhs(b, x, y));
  }),

  insn("UDIV", "sf:1 00 11010110 Rm:5 00001 o1:1 Rn:5 Rd:5", {
    vary: "sf o1",
    mnemonic: (f) => f.o1 ? "SDIV" : "UDIV",
  }, (b) => b.setR("Rd", divide(b, b.num("sf"), b.num("o1")))),
  insn("LSLV", "sf:1 00 11010110 Rm:5 0010 op2:2 Rn:5 Rd:5", {
    vary: "sf op2",
    mnemonic: (f) => ["LSLV", "LSRV", "ASRV", "RORV"][f.op2!]!,
  }, (b) => {
    const op2 = b.num("op2");
    if (b.num("sf")) b.setX("Rd", [i64.shl, i64.shr_u, i64.shr_s, i64.rotr][op2]!(b.x("Rn"), b.x("Rm")));
    else b.setW("Rd", [i32.shl, i32.shr_u, i32.shr_s, i32.rotr][op2]!(b.w("Rn"), b.w("Rm")));
  }),
  insn("CRC32B", "sf:1 00 11010110 Rm:5 010 C:1 sz:2 Rn:5 Rd:5", {
    vary: "sf C sz",
    allocated: (f) => (f.sf === 1) === (f.sz === 3),
    feature: "CRC32",
    mnemonic: (f) => (f.C ? "CRC32C" : "CRC32") + "BHWX"[f.sz!],
  }, (b) => {
    const crc = b.num("C") ? crc32c : crc32, old = b.w("Rn"), bits = 8 << b.num("sz");
    if (bits === 64) return b.setW("Rd", b.call(crc, i64.xor(i64.extend_u(old), b.x("Rm"))));
    // Moved up to the end of the 64 bits; what of the old value leaves at the top is not touched by the data.
    const rest = b.call(crc, i64.shl(i64.extend_u(i32.xor(old, b.w("Rm"))), c64(64 - bits)));
    b.setW("Rd", bits === 32 ? rest : i32.xor(rest, i32.shr_u(old, c32(bits))));
  }),

  insn("RBIT", "sf:1 1 0 11010110 00000 00000 0 Rn:5 Rd:5", { vary: "sf" }, (b) => {
    if (b.num("sf")) b.setX("Rd", reverseBits(b, b.x("Rn")));
    else b.setX("Rd", i64.shr_u(reverseBits(b, i64.extend_u(b.w("Rn"))), c64(32)));
  }),
  insn("REV", "sf:1 1 0 11010110 00000 0000 opc:2 Rn:5 Rd:5", {
    vary: "sf opc",
    allocated: (f) => f.opc !== 0 && (f.sf === 1 || f.opc !== 3),
    mnemonic: (f) => f.opc === 1 ? "REV16" : f.sf && f.opc === 2 ? "REV32" : "REV",
  }, (b) => {
    const container = (1 << b.num("opc")) as 2 | 4 | 8;
    if (b.num("sf")) b.setX("Rd", reverseBytes(b, b.x("Rn"), container));
    else b.setX("Rd", reverseBytes(b, i64.extend_u(b.w("Rn")), container));
  }),
  insn("CLZ", "sf:1 1 0 11010110 00000 00010 op:1 Rn:5 Rd:5", {
    vary: "sf op",
    mnemonic: (f) => f.op ? "CLS" : "CLZ",
  }, (b) => {
    if (b.num("sf")) {
      const x = b.x("Rn");
      // Bits equal to their left neighbour become zeros once the value is xored with its arithmetic half.
      b.setX("Rd", b.num("op") ? i64.sub(i64.clz(i64.xor(x, i64.shr_s(x, c64(1)))), c64(1)) : i64.clz(x));
    } else {
      const x = b.w("Rn");
      b.setW("Rd", b.num("op") ? i32.sub(i32.clz(i32.xor(x, i32.shr_s(x, c32(1)))), c32(1)) : i32.clz(x));
    }
  }),
];
