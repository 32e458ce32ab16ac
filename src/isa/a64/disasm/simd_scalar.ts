/** Text of AdvSIMD scalar instructions (Arm ARM C4.1.97, "Advanced SIMD scalar …"). */
import { type Format, format, line } from "./format.ts";
import { dec, element, scalar, vector } from "./operand.ts";
import { elementOf, indexed, shiftOf } from "./simd.ts";

export const formats = (): Format[] => [
  format("01 U:1 11110 size:2 1 Rm:5 opcode:5 1 Rn:5 Rd:5", (f, { name }) => {
    const size = f.opcode < 24 ? f.size : 2 + (f.size & 1);
    return line(name, ...[f.Rd, f.Rn, f.Rm].map((n) => scalar(size, n)));
  }),
  format("01 U:1 11110 a:1 10 Rm:5 00 opcode:3 1 Rn:5 Rd:5", (f, { name }) => {
    return line(name, ...[f.Rd, f.Rn, f.Rm].map((n) => scalar(1, n)));
  }),
  format("01 U:1 11110 size:2 0 Rm:5 1 opcode:4 1 Rn:5 Rd:5", (f, { name }) => {
    return line(name, ...[f.Rd, f.Rn, f.Rm].map((n) => scalar(f.size, n)));
  }),
  format("01 U:1 11110 size:2 1 Rm:5 opcode:4 00 Rn:5 Rd:5", (f, { name }) => {
    return line(name, scalar(f.size + 1, f.Rd), scalar(f.size, f.Rn), scalar(f.size, f.Rm));
  }),
  format("01 U:1 11111 size:2 L:1 M:1 Rm:4 opcode:4 H:1 0 Rn:5 Rd:5", (f, { name }) => {
    const size = f.size || 1;
    const m = indexed(size, f.L, f.M, f.Rm, f.H);
    const lengthening = f.opcode === 3 || f.opcode === 7 || f.opcode === 11;
    return line(name, scalar(lengthening ? size + 1 : size, f.Rd), scalar(size, f.Rn), m);
  }),
  format("01 U:1 11110 size:2 10000 opcode:5 10 Rn:5 Rd:5", (f, { name }) => {
    const sz = f.size & 1;
    const same = (size: number, ...more: string[]): string => {
      return line(name, scalar(size, f.Rd), scalar(size, f.Rn), ...more);
    };
    switch (f.opcode) {
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
        return line(name, scalar(f.size, f.Rd), scalar(f.size + 1, f.Rn));
      case 22:
        return line(name, scalar(2, f.Rd), scalar(3, f.Rn));
      default:
        return same(f.opcode >= 24 ? 2 + sz : f.size);
    }
  }),
  format("01 U:1 11110 a:1 111100 opcode:5 10 Rn:5 Rd:5", (f, { name }) => {
    const zero = f.opcode >= 12 && f.opcode <= 14 ? ["#0.0"] : [];
    return line(name, scalar(1, f.Rd), scalar(1, f.Rn), ...zero);
  }),
  format("01 U:1 11110 size:2 11000 opcode:5 10 Rn:5 Rd:5", (f, { name }) => {
    if (f.opcode === 27) return line(name, scalar(3, f.Rd), vector(3, 1, f.Rn));
    if (!f.U) return line(name, scalar(1, f.Rd), `v${f.Rn}.2h`);
    return line(name, scalar(2 + (f.size & 1), f.Rd), f.size & 1 ? vector(3, 1, f.Rn) : vector(2, 0, f.Rn));
  }),
  format("01 0 11110000 imm5:5 0 0000 1 Rn:5 Rd:5", (f) => {
    const [size, index] = elementOf(f.imm5);
    return line("mov", scalar(size, f.Rd), element(size, f.Rn, index));
  }),
  format("01 U:1 111110 immhb:7 opcode:5 1 Rn:5 Rd:5", (f, { name }) => {
    const [size, amount] = shiftOf(f.immhb, f.opcode === 10 || f.opcode === 12 || f.opcode === 14);
    const narrows = f.opcode >= 16 && f.opcode < 20;
    return line(name, scalar(size, f.Rd), scalar(narrows ? size + 1 : size, f.Rn), dec(amount));
  }),
];
