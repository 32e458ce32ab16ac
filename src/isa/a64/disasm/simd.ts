/** Text of AdvSIMD vector instructions (Arm ARM C4.1.97). */
import { expandImmediate } from "../simd_misc.ts";
import { type Format, format, line } from "./format.ts";
import { dec, element, floatImmediate, hex, reg, registerList, scalar, vector } from "./operand.ts";

/** Instructions that narrow to, or lengthen from, the upper half carry a 2. */
export const upper = (name: string, Q: number): string => name.replace(/2$/, "") + (Q ? "2" : "");

/** Element size and index of imm5: the position of its lowest set bit, and the bits above. */
export function elementOf(imm5: number): [size: number, index: number] {
  const size = 31 - Math.clz32(imm5 & -imm5);
  return [size, imm5 >> (size + 1)];
}

/** A shift by immediate: element size from the highest bit of immh, amount by direction. */
export function shiftOf(immhb: number, left: boolean): [size: number, amount: number] {
  const size = 28 - Math.clz32(immhb);
  return [size, left ? immhb - (8 << size) : (16 << size) - immhb];
}

/** The element operand of the by-element forms: small elements leave room for 16 registers only. */
export function indexed(size: number, L: number, M: number, Rm: number, H: number): string {
  if (size === 1) return element(1, Rm, (H << 2) | (L << 1) | M);
  return element(size, (M << 4) | Rm, size === 2 ? (H << 1) | L : H);
}

const same: Format[] = [
  format("0 Q:1 U:1 01110 size:2 1 Rm:5 opcode:5 1 Rn:5 Rd:5", (f, { name }) => {
    const all = (size: number): string => {
      return line(name, ...[f.Rd, f.Rn, f.Rm].map((n) => vector(size, f.Q, n)));
    };
    if (f.opcode === 3) {
      const moves = f.size === 2 && !f.U && f.Rn === f.Rm;
      return moves ? line("mov", vector(0, f.Q, f.Rd), vector(0, f.Q, f.Rn)) : all(0);
    }
    if (f.opcode < 24) return all(f.size);
    // FMLAL and FMLSL read halves of 64 or 32 bits.
    if (f.opcode === (f.U ? 25 : 29)) {
      const half = (n: number): string => `v${n}.${f.Q ? "4h" : "2h"}`;
      return line(name, vector(2, f.Q, f.Rd), half(f.Rn), half(f.Rm));
    }
    return all(2 + (f.size & 1));
  }),
  format("0 Q:1 U:1 01110 a:1 10 Rm:5 00 opcode:3 1 Rn:5 Rd:5", (f, { name }) => {
    return line(name, ...[f.Rd, f.Rn, f.Rm].map((n) => vector(1, f.Q, n)));
  }),
  format("0 Q:1 U:1 01110 size:2 0 Rm:5 1 opcode:4 1 Rn:5 Rd:5", (f, { name }) => {
    const operands = (d: number, nm: number): string[] => {
      return [vector(d, f.Q, f.Rd), vector(nm, f.Q, f.Rn), vector(nm, f.Q, f.Rm)];
    };
    switch (f.opcode) {
      case 2:
      case 3:
      case 4:
      case 5:
        return line(name, ...operands(2, 0));
      case 13:
        return line(name, ...operands(2, 1));
      case 15:
        // BFMLALB and BFMLALT always work on whole registers: Q tells which.
        if (f.size !== 3) return line(name, ...operands(2, 1));
        return line(name, vector(2, 1, f.Rd), vector(1, 1, f.Rn), vector(1, 1, f.Rm));
      case 12:
      case 14:
        return line(name, ...operands(f.size, f.size), dec(f.opcode === 12 ? 90 : 270));
      default:
        if (f.opcode < 8) return line(name, ...operands(f.size, f.size));
        return line(name, ...operands(f.size, f.size), dec(90 * (f.opcode & 3)));
    }
  }),
];

const different: Format[] = [
  format("0 Q:1 U:1 01110 size:2 1 Rm:5 opcode:4 00 Rn:5 Rd:5", (f, { name }) => {
    const wide = (n: number): string => f.size === 3 ? `v${n}.1q` : vector(f.size + 1, 1, n);
    const narrow = (n: number): string => vector(f.size, f.Q, n);
    const full = upper(name, f.Q);
    if (f.opcode === 4 || f.opcode === 6) return line(full, narrow(f.Rd), wide(f.Rn), wide(f.Rm));
    if (f.opcode === 1 || f.opcode === 3) return line(full, wide(f.Rd), wide(f.Rn), narrow(f.Rm));
    return line(full, wide(f.Rd), narrow(f.Rn), narrow(f.Rm));
  }),
];

/** Vector by element, by opcode and U: what is not listed is an integer form of its own size. */
const byElement: Format[] = [
  format("0 Q:1 U:1 01111 size:2 L:1 M:1 Rm:4 opcode:4 H:1 0 Rn:5 Rd:5", (f, { name }) => {
    const whole = (f.M << 4) | f.Rm, HL = (f.H << 1) | f.L;
    const same = (size: number): string => {
      return line(name, vector(size, f.Q, f.Rd), vector(size, f.Q, f.Rn), indexed(size, f.L, f.M, f.Rm, f.H));
    };
    const odd = (f.opcode & 1) === 1;
    if (f.U && odd && f.opcode < 8) {
      // FCMLA: elements are pairs, so the index has one bit less.
      const m = f.size === 1 ? element(1, whole, HL) : element(2, whole, f.H);
      return line(name, vector(f.size, f.Q, f.Rd), vector(f.size, f.Q, f.Rn), m, dec(90 * (f.opcode >> 1)));
    }
    if (f.opcode === 9 || (!f.U && (f.opcode === 1 || f.opcode === 5))) return same(f.size || 1);
    if (f.opcode === 14 || (f.opcode === 15 && !f.U && (f.size & 1) === 0)) {
      return line(name, vector(2, f.Q, f.Rd), vector(0, f.Q, f.Rn), `v${whole}.4b[${HL}]`);
    }
    if (f.opcode === 15 && !f.U) {
      if (f.size === 1) return line(name, vector(2, f.Q, f.Rd), vector(1, f.Q, f.Rn), `v${whole}.2h[${HL}]`);
      return line(name, vector(2, 1, f.Rd), vector(1, 1, f.Rn), indexed(1, f.L, f.M, f.Rm, f.H));
    }
    const lengthening = f.opcode === 2 || f.opcode === 3 || f.opcode === 6 || f.opcode === 7 || f.opcode === 10 ||
      f.opcode === 11;
    if (lengthening) {
      const m = indexed(f.size, f.L, f.M, f.Rm, f.H);
      return line(upper(name, f.Q), vector(f.size + 1, 1, f.Rd), vector(f.size, f.Q, f.Rn), m);
    }
    if (/^fml[as]l2?$/.test(name)) {
      return line(name, vector(2, f.Q, f.Rd), `v${f.Rn}.${f.Q ? "4h" : "2h"}`, indexed(1, f.L, f.M, f.Rm, f.H));
    }
    return same(f.size);
  }),
];

const misc: Format[] = [
  format("0 Q:1 U:1 01110 size:2 10000 opcode:5 10 Rn:5 Rd:5", (f, { name }) => {
    const same = (size: number, ...more: string[]): string => {
      return line(name, vector(size, f.Q, f.Rd), vector(size, f.Q, f.Rn), ...more);
    };
    const sz = f.size & 1;
    switch (f.opcode) {
      case 2:
      case 6:
        return line(name, vector(f.size + 1, f.Q, f.Rd), vector(f.size, f.Q, f.Rn));
      case 5:
        return line(name === "not" ? "mvn" : name, vector(0, f.Q, f.Rd), vector(0, f.Q, f.Rn));
      case 8:
      case 9:
      case 10:
        return same(f.size, "#0");
      case 12:
      case 13:
      case 14:
        return same(2 + sz, "#0.0");
      case 18:
      case 20:
        return line(upper(name, f.Q), vector(f.size, f.Q, f.Rd), vector(f.size + 1, 1, f.Rn));
      case 19:
        return line(upper(name, f.Q), vector(f.size + 1, 1, f.Rd), vector(f.size, f.Q, f.Rn), dec(8 << f.size));
      case 22:
        return line(upper(name, f.Q), vector(1 + sz, f.Q, f.Rd), vector(2 + sz, 1, f.Rn));
      case 23:
        return line(upper(name, f.Q), vector(2 + sz, 1, f.Rd), vector(1 + sz, f.Q, f.Rn));
      default:
        return same(f.opcode === 15 || f.opcode >= 24 ? 2 + sz : f.size);
    }
  }),
  format("0 Q:1 U:1 01110 a:1 111100 opcode:5 10 Rn:5 Rd:5", (f, { name }) => {
    const zero = f.opcode >= 12 && f.opcode <= 14 ? ["#0.0"] : [];
    return line(name, vector(1, f.Q, f.Rd), vector(1, f.Q, f.Rn), ...zero);
  }),
  format("0 Q:1 U:1 01110 size:2 11000 opcode:5 10 Rn:5 Rd:5", (f, { name }) => {
    if (f.opcode === 12 || f.opcode === 15) {
      return f.U ? line(name, scalar(2, f.Rd), vector(2, 1, f.Rn)) : line(name, scalar(1, f.Rd), vector(1, f.Q, f.Rn));
    }
    return line(name, scalar(f.opcode === 3 ? f.size + 1 : f.size, f.Rd), vector(f.size, f.Q, f.Rn));
  }),
];

const copies: Format[] = [
  format("0 Q:1 001110000 imm5:5 0 0000 1 Rn:5 Rd:5", (f, { name }) => {
    const [size, index] = elementOf(f.imm5);
    return line(name, vector(size, f.Q, f.Rd), element(size, f.Rn, index));
  }),
  format("0 Q:1 001110000 imm5:5 0 0001 1 Rn:5 Rd:5", (f, { name }) => {
    const [size] = elementOf(f.imm5);
    return line(name, vector(size, f.Q, f.Rd), reg(size === 3 ? 1 : 0, f.Rn));
  }),
  format("0 Q:1 001110000 imm5:5 0 01 U:1 11 Rn:5 Rd:5", (f, { name }) => {
    const [size, index] = elementOf(f.imm5);
    return line(f.U && size >= 2 ? "mov" : name, reg(f.Q, f.Rd), element(size, f.Rn, index));
  }),
  format("01001110000 imm5:5 0 0011 1 Rn:5 Rd:5", (f) => {
    const [size, index] = elementOf(f.imm5);
    return line("mov", element(size, f.Rd, index), reg(size === 3 ? 1 : 0, f.Rn));
  }),
  format("01101110000 imm5:5 0 imm4:4 1 Rn:5 Rd:5", (f) => {
    const [size, index] = elementOf(f.imm5);
    return line("mov", element(size, f.Rd, index), element(size, f.Rn, f.imm4 >> size));
  }),
];

const permutes: Format[] = [
  format("0 Q:1 001110 size:2 0 Rm:5 0 opcode:3 10 Rn:5 Rd:5", (f, { name }) => {
    return line(name, ...[f.Rd, f.Rn, f.Rm].map((n) => vector(f.size, f.Q, n)));
  }),
  format("0 Q:1 101110 00 0 Rm:5 0 imm4:4 0 Rn:5 Rd:5", (f, { name }) => {
    return line(name, ...[f.Rd, f.Rn, f.Rm].map((n) => vector(0, f.Q, n)), dec(f.imm4));
  }),
  format("0 Q:1 001110 00 0 Rm:5 0 len:2 op:1 00 Rn:5 Rd:5", (f, { name }) => {
    const table = registerList(f.Rn, f.len + 1, (n) => vector(0, 1, n));
    return line(name, vector(0, f.Q, f.Rd), table, vector(0, f.Q, f.Rm));
  }),
];

const immediates: Format[] = [
  format("0 Q:1 op:1 0111100000 abc:3 cmode:4 o2:1 1 defgh:5 Rd:5", (f, { name }) => {
    const imm8 = (f.abc << 5) | f.defgh;
    const shifted = (by: number): string[] => by ? [hex(imm8), `lsl #${by}`] : [hex(imm8)];
    if (f.o2) return line(name, vector(1, f.Q, f.Rd), floatImmediate(imm8));
    if (f.cmode < 8) return line(name, vector(2, f.Q, f.Rd), ...shifted(8 * (f.cmode >> 1)));
    if (f.cmode < 12) return line(name, vector(1, f.Q, f.Rd), ...shifted(4 * (f.cmode & 2)));
    if (f.cmode < 14) return line(name, vector(2, f.Q, f.Rd), hex(imm8), `msl #${f.cmode & 1 ? 16 : 8}`);
    if (f.cmode === 15) return line(name, vector(2 + f.op, f.Q, f.Rd), floatImmediate(imm8));
    if (!f.op) return line(name, vector(0, f.Q, f.Rd), hex(imm8));
    return line(name, f.Q ? vector(3, 1, f.Rd) : scalar(3, f.Rd), hex(expandImmediate(1, 14, imm8)));
  }),
  format("0 Q:1 U:1 011110 immhb:7 opcode:5 1 Rn:5 Rd:5", (f, { name }) => {
    const left = f.opcode === 10 || f.opcode === 12 || f.opcode === 14 || f.opcode === 20;
    const [size, amount] = shiftOf(f.immhb, left);
    if (f.opcode === 20) {
      const operands = [vector(size + 1, 1, f.Rd), vector(size, f.Q, f.Rn)];
      if (amount === 0) return line(upper(f.U ? "uxtl" : "sxtl", f.Q), ...operands);
      return line(upper(name, f.Q), ...operands, dec(amount));
    }
    if (f.opcode >= 16 && f.opcode < 20) {
      return line(upper(name, f.Q), vector(size, f.Q, f.Rd), vector(size + 1, 1, f.Rn), dec(amount));
    }
    return line(name, vector(size, f.Q, f.Rd), vector(size, f.Q, f.Rn), dec(amount));
  }),
];

export const formats = (): Format[] => [
  ...same,
  ...different,
  ...byElement,
  ...misc,
  ...copies,
  ...permutes,
  ...immediates,
];
