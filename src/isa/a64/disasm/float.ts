/** Text of scalar floating point (Arm ARM C4.1.97, "Data Processing -- Scalar Floating-Point"). */
import { type Format, format, line } from "./format.ts";
import { condition, dec, floatImmediate, hex, reg, scalar } from "./operand.ts";

/** log2 of the bytes for `ftype`: single, double, (unallocated), half. */
const SCALE = [2, 3, 0, 1] as const;
const fp = (ftype: number, n: number): string => scalar(SCALE[ftype & 3]!, n);

export const formats = (): Format[] => [
  format("00011110 ft:2 1 opcode:6 10000 Rn:5 Rd:5", (f, { name }) => line(name, fp(f.ft, f.Rd), fp(f.ft, f.Rn))),
  // FCVT: the destination's type is in the opcode; BFCVT is one of them, to half-size.
  format("00011110 ft:2 1 0001 opc:2 10000 Rn:5 Rd:5", (f, { name }) => {
    return line(name, f.opc === 2 ? scalar(1, f.Rd) : fp(f.opc, f.Rd), f.opc === 2 ? scalar(2, f.Rn) : fp(f.ft, f.Rn));
  }),
  format("00011110 ft:2 1 Rm:5 opcode:4 10 Rn:5 Rd:5", (f, { name }) => {
    return line(name, fp(f.ft, f.Rd), fp(f.ft, f.Rn), fp(f.ft, f.Rm));
  }),
  format("00011111 ft:2 o1:1 Rm:5 o0:1 Ra:5 Rn:5 Rd:5", (f, { name }) => {
    return line(name, fp(f.ft, f.Rd), fp(f.ft, f.Rn), fp(f.ft, f.Rm), fp(f.ft, f.Ra));
  }),
  format("00011110 ft:2 1 imm8:8 100 00000 Rd:5", (f, { name }) => line(name, fp(f.ft, f.Rd), floatImmediate(f.imm8))),
  format("00011110 ft:2 1 Rm:5 cond:4 11 Rn:5 Rd:5", (f, { name }) => {
    return line(name, fp(f.ft, f.Rd), fp(f.ft, f.Rn), fp(f.ft, f.Rm), condition(f.cond));
  }),
  format("00011110 ft:2 1 Rm:5 00 1000 Rn:5 E:1 zero:1 000", (f, { name }) => {
    return line(name, fp(f.ft, f.Rn), f.zero ? "#0.0" : fp(f.ft, f.Rm));
  }),
  format("00011110 ft:2 1 Rm:5 cond:4 01 Rn:5 op:1 nzcv:4", (f, { name }) => {
    return line(name, fp(f.ft, f.Rn), fp(f.ft, f.Rm), hex(f.nzcv), condition(f.cond));
  }),
  // Conversions and moves to and from integers: opcode 2, 3 and 7 write the SIMD&FP register.
  format("sf:1 0011110 ft:2 1 rmode:2 opcode:3 000000 Rn:5 Rd:5", (f, { name }) => {
    const toFloat = f.opcode === 2 || f.opcode === 3 || f.opcode === 7;
    const write = (n: number): string => f.ft === 2 ? `v${n}.d[1]` : fp(f.ft, n);
    return toFloat ? line(name, write(f.Rd), reg(f.sf, f.Rn)) : line(name, reg(f.sf, f.Rd), write(f.Rn));
  }),
  format("sf:1 0011110 ft:2 0 rmode:2 opcode:3 scale:6 Rn:5 Rd:5", (f, { name }) => {
    const bits = dec(64 - f.scale);
    return f.opcode >> 1 === 1
      ? line(name, fp(f.ft, f.Rd), reg(f.sf, f.Rn), bits)
      : line(name, reg(f.sf, f.Rd), fp(f.ft, f.Rn), bits);
  }),
];
