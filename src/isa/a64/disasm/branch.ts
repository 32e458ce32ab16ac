/** Text of branches, exceptions and the system space (Arm ARM C4.1.94). */
import { type Format, format, line } from "./format.ts";
import { condition, dec, hex, reg, target, x, xsp } from "./operand.ts";
import { systemOperation, systemRegister } from "./system_names.ts";

/** Hints by CRm:op2 (Arm ARM C6.2, HINT). */
const HINTS: ReadonlyMap<number, string> = new Map([
  [0, "nop"],
  [1, "yield"],
  [2, "wfe"],
  [3, "wfi"],
  [4, "sev"],
  [5, "sevl"],
  [7, "xpaclri"],
  [8, "pacia1716"],
  [10, "pacib1716"],
  [12, "autia1716"],
  [14, "autib1716"],
  [16, "esb"],
  [17, "psb\tcsync"],
  [18, "tsb\tcsync"],
  [20, "csdb"],
  [22, "clearbhb"],
  [24, "paciaz"],
  [25, "paciasp"],
  [26, "pacibz"],
  [27, "pacibsp"],
  [28, "autiaz"],
  [29, "autiasp"],
  [30, "autibz"],
  [31, "autibsp"],
  [32, "bti"],
  [34, "bti\tc"],
  [36, "bti\tj"],
  [38, "bti\tjc"],
]);

const DOMAINS = ["osh", "nsh", "ish", ""] as const;
/** The option of DMB and DSB: domain, and kinds of accesses; reserved values are numbers. */
function barrierOption(CRm: number): string {
  const kind = CRm & 3, domain = DOMAINS[CRm >> 2]!;
  if (kind === 0) return `#0x${CRm.toString(16).padStart(2, "0")}`;
  if (kind === 3) return domain || "sy";
  return domain + (kind === 1 ? "ld" : "st");
}

/** PSTATE fields of MSR (immediate) by op1:op2, with the bits of CRm that choose the field rather than its value. */
const PSTATE: ReadonlyMap<number, string> = new Map([
  [3, "uao"],
  [4, "pan"],
  [5, "spsel"],
  [8, "allint"],
  [25, "ssbs"],
  [26, "dit"],
  [28, "tco"],
  [30, "daifset"],
  [31, "daifclr"],
]);
/** SMSTART and SMSTOP are MSR (immediate) of SVCRSM, SVCRZA and SVCRSMZA: CRm<0> is the value. */
const STREAMING = ["", "\tsm", "\tza", ""] as const;

export const formats = (): Format[] => [
  format("0101010 0 imm19:19 o0:1 cond:4", (f, { name, pc }) => {
    return line(`${name}.${condition(f.cond)}`, target(pc, f.imm19, 19));
  }),
  format("op:1 00101 imm26:26", (f, { name, pc }) => line(name, target(pc, f.imm26, 26))),
  format("sf:1 011010 op:1 imm19:19 Rt:5", (f, { name, pc }) => {
    return line(name, reg(f.sf, f.Rt), target(pc, f.imm19, 19));
  }),
  format("b5:1 011011 op:1 b40:5 imm14:14 Rt:5", (f, { name, pc }) => {
    return line(name, reg(f.b5, f.Rt), dec((f.b5 << 5) | f.b40), target(pc, f.imm14, 14));
  }),
  format("1101011 opc:4 11111 000000 Rn:5 00000", (f, { name }) => {
    return f.opc === 2 && f.Rn === 30 ? "ret" : line(name, x(f.Rn));
  }),
  // ERET, DRPS, RETAA and ERETAA name no register; BRAAZ has no modifier, BRAA one that may be SP.
  format("1101011 opc:4 11111 00001 M:1 Rn:5 op4:5", (f, { name }) => {
    if (f.Rn === 31 && f.op4 === 31 && (f.opc & 7) >= 2) return name;
    return f.opc & 8 ? line(name, x(f.Rn), xsp(f.op4)) : line(name, x(f.Rn));
  }),
  format("1101011 opc:4 11111 000000 11111 00000", (f, { name }) => {
    return f.opc === 4 || f.opc === 5 ? name : line(name, "xzr");
  }),

  format("11010100 opc:3 imm16:16 op2:3 LL:2", (f, { name }) => {
    if (f.opc === 3) return line(name, dec(f.imm16));
    return f.opc === 5 && f.imm16 === 0 ? name : line(name, hex(f.imm16));
  }),
  format("00000000 00000000 imm16:16", (f, { name }) => line(name, dec(f.imm16))),
  format("11010101000000110001 0000 op2:3 Rt:5", (f, { name }) => line(name, x(f.Rt))),
  format("1101010100100011 0011 000 test:1 op2:3 Rt:5", (f, { name }) => line(name, x(f.Rt))),

  format("11010101000000110010 CRm:4 op2:3 11111", (f) => {
    const number = (f.CRm << 3) | f.op2;
    return HINTS.get(number) ?? line("hint", hex(number));
  }),
  format("11010101000000110011 CRm:4 op2:3 11111", (f, { name }) => {
    switch (f.op2) {
      case 1:
        return line("dsb", `${DOMAINS[f.CRm >> 2] || "sy"}nxs`);
      case 2:
      case 6:
        return f.CRm === 15 ? name : line(name, hex(f.CRm));
      case 4:
        if (f.CRm === 0) return "ssbb";
        return f.CRm === 4 ? "pssbb" : line(name, barrierOption(f.CRm));
      case 5:
        return line(name, barrierOption(f.CRm));
      default:
        return name;
    }
  }),
  format("1101010100000 op1:3 0100 CRm:4 op2:3 11111", (f, { name }) => {
    const field = (f.op1 << 3) | f.op2;
    if (name !== "msr") return name;
    if (field === 27) return (f.CRm & 1 ? "smstart" : "smstop") + STREAMING[f.CRm >> 1];
    return line(name, PSTATE.get(field) ?? "", hex(f.CRm));
  }),
  format("1101010100 0 01 op1:3 CRn:4 CRm:4 op2:3 Rt:5", (f) => {
    const known = systemOperation(f.op1, f.CRn, f.CRm, f.op2);
    if (known !== undefined) return line(known.name, known.operation, ...(known.register ? [x(f.Rt)] : []));
    return line("sys", dec(f.op1), `C${f.CRn}`, `C${f.CRm}`, dec(f.op2), ...(f.Rt === 31 ? [] : [x(f.Rt)]));
  }),
  format("1101010100 1 01 op1:3 CRn:4 CRm:4 op2:3 Rt:5", (f) => {
    return line("sysl", x(f.Rt), dec(f.op1), `C${f.CRn}`, `C${f.CRm}`, dec(f.op2));
  }),
  format("1101010100 L:1 1 register:15 Rt:5", (f) => {
    const name = systemRegister(f.register, f.L);
    return f.L ? line("mrs", x(f.Rt), name) : line("msr", name, x(f.Rt));
  }),
];
