/** Text of data processing instructions, immediate and register (Arm ARM C4.1.93, C4.1.95). */
import { logicalImmediate } from "../dp_imm.ts";
import { signed } from "../row.ts";
import { type Format, format, line } from "./format.ts";
import { address, condition, dec, EXTENDS, hex, reg, regOrSp, shift, w, x, xsp } from "./operand.ts";

/** Whether MOVZ or MOVN of one 16-bit piece gives the value, so that ORR is not the preferred MOV. */
function isMoveWide(value: bigint, bits: number): boolean {
  const all = (1n << BigInt(bits)) - 1n;
  for (let at = 0n; at < BigInt(bits); at += 16n) {
    const outside = all & ~(0xffffn << at);
    if ((value & outside) === 0n || (~value & outside) === 0n) return true;
  }
  return false;
}

/** Signed, unsigned or plain bitfield operations by their aliases (Arm ARM C6.2: SBFM, UBFM, BFM). */
function bitfield(opc: number, sf: number, immr: number, imms: number, Rn: number, Rd: number): string {
  const bits = sf ? 64 : 32, d = reg(sf, Rd), n = reg(sf, Rn);
  const inserts = imms < immr;
  const lsb = inserts ? bits - immr : immr, width = inserts ? imms + 1 : imms - immr + 1;
  const field = [dec(lsb), dec(width)];
  switch (opc) {
    case 0:
      if (imms === bits - 1) return line("asr", d, n, dec(immr));
      if (immr === 0 && (imms === 7 || imms === 15 || imms === 31)) {
        return line(imms === 7 ? "sxtb" : imms === 15 ? "sxth" : "sxtw", d, w(Rn));
      }
      return line(inserts ? "sbfiz" : "sbfx", d, n, ...field);
    case 1:
      if (inserts) return Rn === 31 ? line("bfc", d, ...field) : line("bfi", d, n, ...field);
      return line("bfxil", d, n, ...field);
    default:
      if (imms === bits - 1) return line("lsr", d, n, dec(immr));
      if (imms + 1 === immr) return line("lsl", d, n, dec(bits - immr));
      if (!sf && immr === 0 && (imms === 7 || imms === 15)) return line(imms === 7 ? "uxtb" : "uxth", d, n);
      return line(inserts ? "ubfiz" : "ubfx", d, n, ...field);
  }
}

export const formats = (): Format[] => [
  format("op:1 immlo:2 10000 immhi:19 Rd:5", (f, { name, pc }) => {
    const imm = signed((f.immhi << 2) | f.immlo, 21);
    return line(name, x(f.Rd), f.op ? address(pc - pc % 4096, imm * 4096) : address(pc, imm));
  }),
  format("sf:1 op:1 S:1 100010 sh:1 imm12:12 Rn:5 Rd:5", (f, { name }) => {
    const n = regOrSp(f.sf, f.Rn), imm = [hex(f.imm12), ...shift(0, 12 * f.sh)];
    if (f.S) return f.Rd === 31 ? line(f.op ? "cmp" : "cmn", n, ...imm) : line(name, reg(f.sf, f.Rd), n, ...imm);
    const d = regOrSp(f.sf, f.Rd);
    if (!f.op && !f.sh && f.imm12 === 0 && (f.Rd === 31 || f.Rn === 31)) return line("mov", d, n);
    return line(name, d, n, ...imm);
  }),
  format(
    "1 op:1 0 100011 0 uimm6:6 xx uimm4:4 Rn:5 Rd:5",
    (f, { name }) => line(name, xsp(f.Rd), xsp(f.Rn), hex(f.uimm6 * 16), hex(f.uimm4)),
  ),
  format("sf:1 00 100011 1 00 opc:2 imm8:8 Rn:5 Rd:5", (f, { name }) => {
    return line(name, reg(f.sf, f.Rd), reg(f.sf, f.Rn), dec(f.opc & 1 ? f.imm8 : signed(f.imm8, 8)));
  }),
  format("sf:1 opc:2 100100 N:1 immr:6 imms:6 Rn:5 Rd:5", (f, { name }) => {
    const wide = logicalImmediate(f.N, f.imms, f.immr) ?? 0n;
    const value = f.sf ? wide : wide & 0xffffffffn;
    if (f.opc === 3) {
      const operands = [reg(f.sf, f.Rn), hex(value)];
      return f.Rd === 31 ? line("tst", ...operands) : line(name, reg(f.sf, f.Rd), ...operands);
    }
    const d = regOrSp(f.sf, f.Rd);
    // A MOV to the stack pointer can only be an ORR.
    const isMove = f.opc === 1 && f.Rn === 31 && (f.Rd === 31 || !isMoveWide(value, f.sf ? 64 : 32));
    if (isMove) return line("mov", d, hex(value));
    return line(name, d, reg(f.sf, f.Rn), hex(value));
  }),
  format("sf:1 opc:2 100101 hw:2 imm16:16 Rd:5", (f, { name }) => {
    const d = reg(f.sf, f.Rd), plain = [hex(f.imm16), ...shift(0, 16 * f.hw)];
    if (f.opc === 3 || (f.imm16 === 0 && f.hw !== 0)) return line(name, d, ...plain);
    const value = BigInt(f.imm16) << BigInt(16 * f.hw);
    if (f.opc === 2) return line("mov", d, hex(value));
    // MOVN of all ones in a W register is left to MOVZ.
    if (!f.sf && f.imm16 === 0xffff) return line(name, d, ...plain);
    return line("mov", d, hex(BigInt.asUintN(f.sf ? 64 : 32, ~value)));
  }),
  format(
    "sf:1 opc:2 100110 N:1 immr:6 imms:6 Rn:5 Rd:5",
    (f) => bitfield(f.opc, f.sf, f.immr, f.imms, f.Rn, f.Rd),
  ),
  format("sf:1 00100111 N:1 0 Rm:5 imms:6 Rn:5 Rd:5", (f, { name }) => {
    const d = reg(f.sf, f.Rd), n = reg(f.sf, f.Rn);
    return f.Rn === f.Rm ? line("ror", d, n, dec(f.imms)) : line(name, d, n, reg(f.sf, f.Rm), dec(f.imms));
  }),

  format("sf:1 opc:2 01010 shift:2 N:1 Rm:5 imm6:6 Rn:5 Rd:5", (f, { name }) => {
    const d = reg(f.sf, f.Rd), n = reg(f.sf, f.Rn), m = reg(f.sf, f.Rm);
    const by = shift(f.shift, f.imm6);
    if (f.opc === 1 && f.Rn === 31 && f.N) return line("mvn", d, m, ...by);
    if (f.opc === 1 && f.Rn === 31 && by.length === 0) return line("mov", d, m);
    if (f.opc === 3 && f.Rd === 31 && !f.N) return line("tst", n, m, ...by);
    return line(name, d, n, m, ...by);
  }),
  format("sf:1 op:1 S:1 01011 shift:2 0 Rm:5 imm6:6 Rn:5 Rd:5", (f, { name }) => {
    const d = reg(f.sf, f.Rd), n = reg(f.sf, f.Rn), m = reg(f.sf, f.Rm);
    const by = shift(f.shift, f.imm6);
    if (f.S && f.Rd === 31) return line(f.op ? "cmp" : "cmn", n, m, ...by);
    if (f.op && f.Rn === 31) return line(f.S ? "negs" : "neg", d, m, ...by);
    return line(name, d, n, m, ...by);
  }),
  format("sf:1 op:1 S:1 01011 00 1 Rm:5 option:3 imm3:3 Rn:5 Rd:5", (f, { name }) => {
    const n = regOrSp(f.sf, f.Rn), m = reg(f.sf && (f.option & 3) === 3 ? 1 : 0, f.Rm);
    // With a stack pointer, the extension that changes nothing is an LSL.
    const plain = f.option === (f.sf ? 3 : 2) && (f.Rn === 31 || (f.Rd === 31 && !f.S));
    const extend = plain ? shift(0, f.imm3) : [EXTENDS[f.option]! + (f.imm3 ? ` #${f.imm3}` : "")];
    if (f.S && f.Rd === 31) return line(f.op ? "cmp" : "cmn", n, m, ...extend);
    return line(name, f.S ? reg(f.sf, f.Rd) : regOrSp(f.sf, f.Rd), n, m, ...extend);
  }),
  format("sf:1 op:1 S:1 11010000 Rm:5 000000 Rn:5 Rd:5", (f, { name }) => {
    const d = reg(f.sf, f.Rd), m = reg(f.sf, f.Rm);
    if (f.op && f.Rn === 31) return line(f.S ? "ngcs" : "ngc", d, m);
    return line(name, d, reg(f.sf, f.Rn), m);
  }),
  format(
    "10111010000 imm6:6 00001 Rn:5 0 mask:4",
    (f, { name }) => line(name, x(f.Rn), dec(f.imm6), dec(f.mask)),
  ),
  format("001 11010000 000000 sz:1 0010 Rn:5 0 1101", (f, { name }) => line(name, w(f.Rn))),
  format("sf:1 op:1 1 11010010 y:5 cond:4 imm:1 0 Rn:5 0 nzcv:4", (f, { name }) => {
    return line(name, reg(f.sf, f.Rn), f.imm ? hex(f.y) : reg(f.sf, f.y), hex(f.nzcv), condition(f.cond));
  }),
  format("sf:1 op:1 0 11010100 Rm:5 cond:4 0 op2:1 Rn:5 Rd:5", (f, { name }) => {
    const d = reg(f.sf, f.Rd), n = reg(f.sf, f.Rn), m = reg(f.sf, f.Rm);
    const inverted = condition(f.cond ^ 1);
    if (f.Rn === f.Rm && f.cond < 14 && (f.op || f.op2)) {
      if (f.op && f.op2) return line("cneg", d, n, inverted);
      if (f.Rn !== 31) return line(f.op ? "cinv" : "cinc", d, n, inverted);
      return line(f.op ? "csetm" : "cset", d, inverted);
    }
    return line(name, d, n, m, condition(f.cond));
  }),

  format("sf:1 00 11011000 Rm:5 o0:1 Ra:5 Rn:5 Rd:5", (f, { name }) => {
    const operands = [reg(f.sf, f.Rd), reg(f.sf, f.Rn), reg(f.sf, f.Rm)];
    return f.Ra === 31 ? line(f.o0 ? "mneg" : "mul", ...operands) : line(name, ...operands, reg(f.sf, f.Ra));
  }),
  format("1 00 11011 U:1 01 Rm:5 o0:1 Ra:5 Rn:5 Rd:5", (f, { name }) => {
    const operands = [x(f.Rd), w(f.Rn), w(f.Rm)];
    if (f.Ra !== 31) return line(name, ...operands, x(f.Ra));
    return line((f.U ? "u" : "s") + (f.o0 ? "mnegl" : "mull"), ...operands);
  }),
  format("1 00 11011 U:1 10 Rm:5 0 xxxxx Rn:5 Rd:5", (f, { name }) => line(name, x(f.Rd), x(f.Rn), x(f.Rm))),

  // Two sources: division, shifts, minima; shifts by register drop the V of their mnemonic.
  format("sf:1 0 0 11010110 Rm:5 opcode:6 Rn:5 Rd:5", (f, { name }) => {
    return line(name.replace(/^(lsl|lsr|asr|ror)v$/, "$1"), reg(f.sf, f.Rd), reg(f.sf, f.Rn), reg(f.sf, f.Rm));
  }),
  format("sf:1 00 11010110 Rm:5 010 C:1 sz:2 Rn:5 Rd:5", (f, { name }) => {
    return line(name, w(f.Rd), w(f.Rn), reg(f.sf, f.Rm));
  }),
  format("1 0 S:1 11010110 Rm:5 000000 Rn:5 Rd:5", (f, { name }) => {
    if (f.S && f.Rd === 31) return line("cmpp", xsp(f.Rn), xsp(f.Rm));
    return line(name, x(f.Rd), xsp(f.Rn), xsp(f.Rm));
  }),
  format("1 0 0 11010110 Rm:5 000100 Rn:5 Rd:5", (f, { name }) => {
    return line(name, xsp(f.Rd), xsp(f.Rn), ...(f.Rm === 31 ? [] : [x(f.Rm)]));
  }),
  format("1 0 0 11010110 Rm:5 000101 Rn:5 Rd:5", (f, { name }) => line(name, x(f.Rd), xsp(f.Rn), x(f.Rm))),
  format("1 0 0 11010110 Rm:5 001100 Rn:5 Rd:5", (f, { name }) => line(name, x(f.Rd), x(f.Rn), xsp(f.Rm))),

  format("sf:1 1 0 11010110 00000 opcode:6 Rn:5 Rd:5", (f, { name }) => line(name, reg(f.sf, f.Rd), reg(f.sf, f.Rn))),
  // Pointer authentication; those with a zero modifier have Rn = 31.
  format("1 1 0 11010110 00001 000 opc:3 Rn:5 Rd:5", (f, { name }) => line(name, x(f.Rd), xsp(f.Rn))),
  format("1 1 0 11010110 00001 001 opc:3 11111 Rd:5", (f, { name }) => line(name, x(f.Rd))),
  format("1 1 0 11010110 00001 01000 D:1 11111 Rd:5", (f, { name }) => line(name, x(f.Rd))),
];
