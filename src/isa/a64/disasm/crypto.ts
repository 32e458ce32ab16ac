/** Text of the cryptographic extension (Arm ARM C4.1.97, "Cryptographic …"). */
import { type Format, format, line } from "./format.ts";
import { dec, element, scalar, vector } from "./operand.ts";

const b16 = (n: number): string => vector(0, 1, n);
const s4 = (n: number): string => vector(2, 1, n);
const d2 = (n: number): string => vector(3, 1, n);
const q = (n: number): string => scalar(4, n);

export const formats = (): Format[] => [
  format("01001110 00 10100 opcode:5 10 Rn:5 Rd:5", (f, { name }) => line(name, b16(f.Rd), b16(f.Rn))),
  // SHA1C, P, M; SHA1SU0; SHA256H, H2; SHA256SU1.
  format("01011110 00 0 Rm:5 0 opcode:3 00 Rn:5 Rd:5", (f, { name }) => {
    if (f.opcode === 3 || f.opcode === 6) return line(name, s4(f.Rd), s4(f.Rn), s4(f.Rm));
    return line(name, q(f.Rd), f.opcode < 3 ? scalar(2, f.Rn) : q(f.Rn), s4(f.Rm));
  }),
  format("01011110 00 10100 opcode:5 10 Rn:5 Rd:5", (f, { name }) => {
    return f.opcode === 0 ? line(name, scalar(2, f.Rd), scalar(2, f.Rn)) : line(name, s4(f.Rd), s4(f.Rn));
  }),
  format("11001110 011 Rm:5 1 O:1 00 opcode:2 Rn:5 Rd:5", (f, { name }) => {
    if (f.O) return line(name, s4(f.Rd), s4(f.Rn), s4(f.Rm));
    return f.opcode < 2 ? line(name, q(f.Rd), q(f.Rn), d2(f.Rm)) : line(name, d2(f.Rd), d2(f.Rn), d2(f.Rm));
  }),
  format("11001110 110 00000 1000 opcode:2 Rn:5 Rd:5", (f, { name }) => {
    const write = f.opcode === 0 ? d2 : s4;
    return line(name, write(f.Rd), write(f.Rn));
  }),
  format("11001110 0 op0:2 Rm:5 0 Ra:5 Rn:5 Rd:5", (f, { name }) => {
    const write = f.op0 === 2 ? s4 : b16;
    return line(name, write(f.Rd), write(f.Rn), write(f.Rm), write(f.Ra));
  }),
  format("11001110 010 Rm:5 10 imm2:2 opcode:2 Rn:5 Rd:5", (f, { name }) => {
    return line(name, s4(f.Rd), s4(f.Rn), element(2, f.Rm, f.imm2));
  }),
  format("11001110 100 Rm:5 imm6:6 Rn:5 Rd:5", (f, { name }) => {
    return line(name, d2(f.Rd), d2(f.Rn), d2(f.Rm), dec(f.imm6));
  }),
];
