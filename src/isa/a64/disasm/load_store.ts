/** Text of loads and stores (Arm ARM C4.1.96). */
import { signed } from "../row.ts";
import { type Format, format, line } from "./format.ts";
import {
  dec,
  EXTENDS,
  memory,
  postIndexed,
  preIndexed,
  reg,
  registerList,
  scalar,
  target,
  vector,
  x,
  xsp,
} from "./operand.ts";

interface Transfer {
  readonly size: number;
  readonly V: number;
  readonly opc: number;
  readonly Rt: number;
}

/** log2 of the bytes transferred. */
const scale = (f: Transfer): number => f.V ? f.size + 4 * (f.opc >> 1) : f.size;
const isPrefetch = (f: Transfer): boolean => !f.V && f.size === 3 && f.opc === 2;

/** PRFM's operation: type, cache level, policy; reserved ones are numbers. */
function prefetch(Rt: number): string {
  const type = ["pld", "pli", "pst"][Rt >> 3], level = (Rt >> 1) & 3;
  if (type === undefined || level === 3) return `#0x${Rt.toString(16).padStart(2, "0")}`;
  return `${type}l${level + 1}${Rt & 1 ? "strm" : "keep"}`;
}

/** The register transferred: `opc` 2 sign-extends to X, 3 to W. */
function transferred(f: Transfer): string {
  if (f.V) return scalar(scale(f), f.Rt);
  if (isPrefetch(f)) return prefetch(f.Rt);
  return reg(f.opc === 2 || (f.size === 3 && f.opc < 2) ? 1 : 0, f.Rt);
}

/** Pairs: log2 of the bytes of one register; STGP counts in granules of tags, and LDPSW loads words. */
function pairScale(opc: number, V: number, L: number): number {
  if (V) return 2 + opc;
  return opc === 1 ? (L ? 2 : 4) : 2 + (opc >> 1);
}
function pair(
  f: { opc: number; V: number; L: number; imm7: number; Rt: number; Rt2: number },
): { registers: [string, string]; offset: number } {
  const one = (n: number): string => f.V ? scalar(2 + f.opc, n) : reg(f.opc === 0 ? 0 : 1, n);
  return { registers: [one(f.Rt), one(f.Rt2)], offset: signed(f.imm7, 7) * 2 ** pairScale(f.opc, f.V, f.L) };
}

/** ST<op> is LD<op> to the zero register without acquire semantics. */
const storeAlias = (name: string): string => `st${name.slice(2)}`;

/** Registers in the list of LD1 to LD4 (multiple structures), by opcode. */
const LIST: Readonly<Record<number, number>> = { 0: 4, 2: 4, 4: 3, 6: 3, 7: 1, 8: 2, 10: 2 };

/** log2 of the element's bytes in a single structure, and its index, from Q:S:size. */
function laneOf(opcode: number, Q: number, S: number, size: number): [scale: number, index: number] {
  const all = (Q << 3) | (S << 2) | size;
  const log2 = opcode >> 1 === 2 ? 2 + (size & 1) : opcode >> 1;
  return [log2, all >> log2];
}
const lanes = (first: number, count: number, log2: number, index: number): string => {
  return `${registerList(first, count, (n) => `v${n}.${"bhsd"[log2]}`)}[${index}]`;
};
/** The post-index operand: a register, or the size of the transfer. */
const post = (Rn: number, Rm: number, bytes: number): string => `[${xsp(Rn)}], ${Rm === 31 ? dec(bytes) : x(Rm)}`;

const structures: Format[] = [
  format("0 Q:1 0011000 L:1 000000 opcode:4 size:2 Rn:5 Rt:5", (f, { name }) => {
    return line(name, registerList(f.Rt, LIST[f.opcode] ?? 1, (n) => vector(f.size, f.Q, n)), memory(f.Rn));
  }),
  format("0 Q:1 0011001 L:1 0 Rm:5 opcode:4 size:2 Rn:5 Rt:5", (f, { name }) => {
    const count = LIST[f.opcode] ?? 1;
    return line(
      name,
      registerList(f.Rt, count, (n) => vector(f.size, f.Q, n)),
      post(f.Rn, f.Rm, count * (8 << f.Q)),
    );
  }),
  format("0 Q:1 0011010 L:1 R:1 00000 opcode:3 S:1 size:2 Rn:5 Rt:5", (f, { name }) => {
    const count = (((f.opcode & 1) << 1) | f.R) + 1;
    if (f.opcode >= 6) return line(name, registerList(f.Rt, count, (n) => vector(f.size, f.Q, n)), memory(f.Rn));
    return line(name, lanes(f.Rt, count, ...laneOf(f.opcode, f.Q, f.S, f.size)), memory(f.Rn));
  }),
  format("0 Q:1 0011011 L:1 R:1 Rm:5 opcode:3 S:1 size:2 Rn:5 Rt:5", (f, { name }) => {
    const count = (((f.opcode & 1) << 1) | f.R) + 1;
    if (f.opcode >= 6) {
      const list = registerList(f.Rt, count, (n) => vector(f.size, f.Q, n));
      return line(name, list, post(f.Rn, f.Rm, count << f.size));
    }
    const [log2, index] = laneOf(f.opcode, f.Q, f.S, f.size);
    return line(name, lanes(f.Rt, count, log2, index), post(f.Rn, f.Rm, count << log2));
  }),
];

const plain: Format[] = [
  format("opc:2 011 V:1 00 imm19:19 Rt:5", (f, { name, pc }) => {
    const t = f.V ? scalar(2 + f.opc, f.Rt) : f.opc === 3 ? prefetch(f.Rt) : reg(f.opc === 0 ? 0 : 1, f.Rt);
    return line(name, t, target(pc, f.imm19, 19));
  }),
  format("size:2 111 V:1 01 opc:2 imm12:12 Rn:5 Rt:5", (f, { name }) => {
    return line(name, transferred(f), memory(f.Rn, f.imm12 * 2 ** scale(f)));
  }),
  format("size:2 111 V:1 00 opc:2 0 imm9:9 x 0 Rn:5 Rt:5", (f, { name }) => {
    return line(name, transferred(f), memory(f.Rn, signed(f.imm9, 9)));
  }),
  format("size:2 111 V:1 00 opc:2 0 imm9:9 01 Rn:5 Rt:5", (f, { name }) => {
    return line(name, transferred(f), postIndexed(f.Rn, signed(f.imm9, 9)));
  }),
  format("size:2 111 V:1 00 opc:2 0 imm9:9 11 Rn:5 Rt:5", (f, { name }) => {
    return line(name, transferred(f), preIndexed(f.Rn, signed(f.imm9, 9)));
  }),
  format("size:2 111 V:1 00 opc:2 1 Rm:5 option:3 S:1 10 Rn:5 Rt:5", (f, { name }) => {
    const extend = f.option === 3 ? (f.S ? "lsl" : "") : EXTENDS[f.option]!;
    const amount = f.S ? ` #${scale(f)}` : "";
    const offset = reg(f.option & 1, f.Rm) + (extend ? `, ${extend}${amount}` : "");
    // Older GNU tools know no RPRFM.
    return line(name === "rprfm" ? "prfm" : name, transferred(f), `[${xsp(f.Rn)}, ${offset}]`);
  }),
  format("11 111 0 00 M:1 S:1 1 imm9:9 W:1 1 Rn:5 Rt:5", (f, { name }) => {
    const offset = signed((f.S << 9) | f.imm9, 10) * 8;
    // GNU leaves out a zero offset here even before the "!".
    return line(name, x(f.Rt), memory(f.Rn, offset) + (f.W ? "!" : ""));
  }),
  // Non-temporal and signed-offset pairs, then those with writeback.
  format("opc:2 101 V:1 0x0 L:1 imm7:7 Rt2:5 Rn:5 Rt:5", (f, { name }) => {
    const { registers, offset } = pair(f);
    return line(name, ...registers, memory(f.Rn, offset));
  }),
  format("opc:2 101 V:1 001 L:1 imm7:7 Rt2:5 Rn:5 Rt:5", (f, { name }) => {
    const { registers, offset } = pair(f);
    return line(name, ...registers, postIndexed(f.Rn, offset));
  }),
  format("opc:2 101 V:1 011 L:1 imm7:7 Rt2:5 Rn:5 Rt:5", (f, { name }) => {
    const { registers, offset } = pair(f);
    return line(name, ...registers, preIndexed(f.Rn, offset));
  }),
  format("size:2 011001 opc:2 0 imm9:9 00 Rn:5 Rt:5", (f, { name }) => {
    return line(name, reg(f.opc === 2 || (f.size === 3 && f.opc < 2) ? 1 : 0, f.Rt), memory(f.Rn, signed(f.imm9, 9)));
  }),
];

const ordered: Format[] = [
  // Exclusive and ordered: o2 L o1 say whether there is a status register and a second one.
  format("size:2 0010000 0 0 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5", (f, { name }) => {
    return line(name, reg(0, f.Rs), reg(f.size === 3 ? 1 : 0, f.Rt), memory(f.Rn));
  }),
  format("size:2 0010000 1 0 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5", (f, { name }) => {
    return line(name, reg(f.size === 3 ? 1 : 0, f.Rt), memory(f.Rn));
  }),
  format("1 sz:1 0010000 0 1 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5", (f, { name }) => {
    return line(name, reg(0, f.Rs), reg(f.sz, f.Rt), reg(f.sz, f.Rt2), memory(f.Rn));
  }),
  format("1 sz:1 0010000 1 1 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5", (f, { name }) => {
    return line(name, reg(f.sz, f.Rt), reg(f.sz, f.Rt2), memory(f.Rn));
  }),
  format("size:2 0010001 L:1 0 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5", (f, { name }) => {
    return line(name, reg(f.size === 3 ? 1 : 0, f.Rt), memory(f.Rn));
  }),
  format("size:2 0010001 A:1 1 Rs:5 R:1 Rt2:5 Rn:5 Rt:5", (f, { name }) => {
    const sf = f.size === 3 ? 1 : 0;
    return line(name, reg(sf, f.Rs), reg(sf, f.Rt), memory(f.Rn));
  }),
  format("0 sz:1 0010000 A:1 1 Rs:5 R:1 Rt2:5 Rn:5 Rt:5", (f, { name }) => {
    return line(
      name,
      reg(f.sz, f.Rs),
      reg(f.sz, f.Rs + 1),
      reg(f.sz, f.Rt),
      reg(f.sz, f.Rt + 1),
      memory(f.Rn),
    );
  }),
  format("size:2 111000 A:1 R:1 1 Rs:5 o3:1 opc:3 00 Rn:5 Rt:5", (f, { name }) => {
    const sf = f.size === 3 ? 1 : 0;
    if (!f.o3 && !f.A && f.Rt === 31) return line(storeAlias(name), reg(sf, f.Rs), memory(f.Rn));
    return line(name, reg(sf, f.Rs), reg(sf, f.Rt), memory(f.Rn));
  }),
  format("size:2 111000 101 xxxxx 1100 00 Rn:5 Rt:5", (f, { name }) => {
    return line(name, reg(f.size === 3 ? 1 : 0, f.Rt), memory(f.Rn));
  }),
  format("11 111000 001 11111 1xx1 00 Rn:5 Rt:5", (f, { name }) => line(name, x(f.Rt), memory(f.Rn))),
];

const extensions: Format[] = [
  // Memory tags.
  format("11011001 opc:2 1 imm9:9 op2:2 Rn:5 Rt:5", (f, { name }) => {
    const offset = signed(f.imm9, 9) * 16;
    if (f.op2 === 1) return line(name, xsp(f.Rt), postIndexed(f.Rn, offset));
    if (f.op2 === 2) return line(name, xsp(f.Rt), memory(f.Rn, offset));
    if (f.op2 === 3) return line(name, xsp(f.Rt), preIndexed(f.Rn, offset));
    return line(name, x(f.Rt), memory(f.Rn, offset));
  }),
  // Memory copy and set.
  format("00 011 o0:1 01 op1:2 0 Rs:5 op2:4 01 Rn:5 Rd:5", (f, { name }) => {
    const n = `${x(f.Rn)}!`, d = `[${x(f.Rd)}]!`;
    return f.op1 === 3 ? line(name, d, n, x(f.Rs)) : line(name, d, `[${x(f.Rs)}]!`, n);
  }),
];

export const formats = (): Format[] => [...plain, ...structures, ...ordered, ...extensions];
