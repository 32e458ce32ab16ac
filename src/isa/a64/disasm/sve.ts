/** Text of the few SVE instructions that C libraries use in string functions. */
import { signed } from "../row.ts";
import { type Format, format, line } from "./format.ts";
import { dec, reg, x, xsp } from "./operand.ts";

/** Element size of a contiguous load, by dtype. */
const ELEMENT = [0, 1, 2, 3, 3, 1, 2, 3, 3, 2, 2, 3, 3, 2, 1, 3] as const;
/** log2 of the bytes in memory, by dtype. */
const MEMORY = [0, 0, 0, 0, 2, 1, 1, 1, 1, 1, 2, 2, 0, 0, 0, 3] as const;

const z = (n: number, size: number): string => `z${n}.${"bhsd"[size]}`;
const p = (n: number, size: number): string => `p${n}.${"bhsd"[size]}`;

/** Element counts by `pattern`; ALL is left out, reserved ones are numbers. */
function pattern(n: number): string {
  if (n === 0) return "pow2";
  if (n <= 8) return `vl${n}`;
  if (n <= 13) return `vl${8 << (n - 8)}`;
  if (n >= 29) return ["mul4", "mul3", "all"][n - 29]!;
  return `#0x${n.toString(16)}`;
}

const vectorOffset = (Rn: number, imm4: number): string => {
  const offset = signed(imm4, 4);
  return offset === 0 ? `[${xsp(Rn)}]` : `[${xsp(Rn)}, #${offset}, mul vl]`;
};
const registerOffset = (Rn: number, Rm: number, log2: number): string => {
  return `[${xsp(Rn)}, ${x(Rm)}${log2 ? `, lsl #${log2}` : ""}]`;
};

export const formats = (): Format[] => [
  format("1010010 dtype:4 0 imm4:4 101 Pg:3 Rn:5 Zt:5", (f, { name }) => {
    return line(name, `{${z(f.Zt, ELEMENT[f.dtype]!)}}`, `p${f.Pg}/z`, vectorOffset(f.Rn, f.imm4));
  }),
  format("1010010 dtype:4 Rm:5 010 Pg:3 Rn:5 Zt:5", (f, { name }) => {
    return line(
      name,
      `{${z(f.Zt, ELEMENT[f.dtype]!)}}`,
      `p${f.Pg}/z`,
      registerOffset(f.Rn, f.Rm, MEMORY[f.dtype]!),
    );
  }),
  format("1110010 msz:2 size:2 0 imm4:4 111 Pg:3 Rn:5 Zt:5", (f, { name }) => {
    return line(name, `{${z(f.Zt, f.size)}}`, `p${f.Pg}`, vectorOffset(f.Rn, f.imm4));
  }),
  format("1110010 msz:2 size:2 Rm:5 010 Pg:3 Rn:5 Zt:5", (f, { name }) => {
    return line(name, `{${z(f.Zt, f.size)}}`, `p${f.Pg}`, registerOffset(f.Rn, f.Rm, f.msz));
  }),
  format("00100101 size:2 1 Rm:5 000 sf:1 11 Rn:5 0 Pd:4", (f, { name }) => {
    return line(name, p(f.Pd, f.size), reg(f.sf, f.Rn), reg(f.sf, f.Rm));
  }),
  format("00100101 size:2 011000 111000 pattern:5 0 Pd:4", (f, { name }) => {
    return line(name, p(f.Pd, f.size), ...(f.pattern === 31 ? [] : [pattern(f.pattern)]));
  }),
  format("00000100 size:2 10 imm4:4 111000 pattern:5 Rd:5", (f, { name }) => {
    const times = f.imm4 ? [`mul ${dec(f.imm4 + 1)}`] : [];
    return line(name, x(f.Rd), ...(f.pattern === 31 && !f.imm4 ? [] : [pattern(f.pattern)]), ...times);
  }),
  format("00000101 size:2 100000 001110 Rn:5 Zd:5", (f) => {
    const n = f.Rn === 31 ? (f.size === 3 ? "sp" : "wsp") : reg(f.size === 3 ? 1 : 0, f.Rn);
    return line("mov", z(f.Zd, f.size), n);
  }),
];
