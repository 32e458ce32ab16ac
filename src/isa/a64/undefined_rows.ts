/**
 * Encodings that are undefined here and yet worth a name in a report: instructions of other exception levels, and of
 * extensions that are not announced. Only the disassembler reads these rows; a row of the instruction table wins.
 */
import { type Fields, insn, type Row } from "./row.ts";

/** Rows of one pattern whose mnemonic depends on fields. */
const named = (pattern: string, mnemonic: (f: Fields) => string, valid: (f: Fields) => boolean = () => true): Row =>
  insn(pattern, pattern, { mnemonic, valid });
const row = (mnemonic: string, pattern: string, valid: (f: Fields) => boolean = () => true): Row =>
  insn(mnemonic, pattern, { valid });

const control = (): Row[] => [
  row("BC", "0101010 0 imm19:19 1 cond:4"),
  named("1101011 Z:1 0 op:2 11111 0000 1 M:1 Rn:5 Rm:5", (f) => {
    return ["BRA", "BLRA", "RETA"][f.op!]! + "AB"[f.M!] + (f.op === 2 || f.Z ? "" : "Z");
  }, (f) => f.op === 2 ? !f.Z && f.Rn === 31 && f.Rm === 31 : f.op !== 3 && (f.Z === 1 || f.Rm === 31)),
  row("ERET", "1101011 0100 11111 000000 11111 00000"),
  named("1101011 0100 11111 00001 M:1 11111 11111", (f) => f.M ? "ERETAB" : "ERETAA"),
  row("DRPS", "1101011 0101 11111 000000 11111 00000"),
  named("11010100 000 imm16:16 000 1 smc:1", (f) => f.smc ? "SMC" : "HVC"),
  row("HLT", "11010100 010 imm16:16 000 00"),
  row("TCANCEL", "11010100 011 imm16:16 000 00"),
  named("11010100 101 imm16:16 000 LL:2", (f) => `DCPS${f.LL}`, (f) => f.LL !== 0),
  named("11010101000000110001 0000 00 op:1 Rd:5", (f) => f.op ? "WFIT" : "WFET"),
  row("TSTART", "1101010100100011 0011 0000 011 Rt:5"),
  row("TTEST", "1101010100100011 0011 0001 011 Rt:5"),
  row("TCOMMIT", "11010101000000110011 0000 011 11111"),
  row("DSB", "11010101000000110011 imm2:2 10 001 11111"),
  // PSTATE fields: UAO, PAN, SPSel, SSBS, DIT, TCO, DAIFSet, DAIFClr; ALLINT takes one bit, SVCR its own patterns.
  named("1101010100000 op1:3 0100 CRm:4 op2:3 11111", () => "MSR", (f) => {
    const field = (f.op1! << 3) | f.op2!;
    if (field === 8) return f.CRm! < 2;
    if (field === 27) return f.CRm! >= 2 && f.CRm! < 8;
    return field === 30 || field === 31 || (f.CRm! < 2 && [3, 4, 5, 25, 26, 28].includes(field));
  }),
  row("SYS", "1101010100 0 01 op1:3 CRn:4 CRm:4 op2:3 Rt:5"),
  row("SYSL", "1101010100 1 01 op1:3 CRn:4 CRm:4 op2:3 Rt:5"),
  named("1101010100 L:1 1 register:15 Rt:5", (f) => f.L ? "MRS" : "MSR"),
];

const PAC = ["PACIA", "PACIB", "PACDA", "PACDB", "AUTIA", "AUTIB", "AUTDA", "AUTDB"];
const MIN_MAX = ["SMAX", "UMAX", "SMIN", "UMIN"];

const dataProcessing = (): Row[] => [
  named("1 op:1 0 100011 0 uimm6:6 00 uimm4:4 Rn:5 Rd:5", (f) => f.op ? "SUBG" : "ADDG"),
  named("sf:1 00 100011 1 00 opc:2 imm8:8 Rn:5 Rd:5", (f) => MIN_MAX[f.opc!]!),
  named("sf:1 00 11010110 Rm:5 0110 opc:2 Rn:5 Rd:5", (f) => MIN_MAX[f.opc!]!),
  named("1 0 S:1 11010110 Rm:5 000000 Rn:5 Rd:5", (f) => f.S ? "SUBPS" : "SUBP"),
  row("IRG", "1 0 0 11010110 Rm:5 000100 Rn:5 Rd:5"),
  row("GMI", "1 0 0 11010110 Rm:5 000101 Rn:5 Rd:5"),
  row("PACGA", "1 0 0 11010110 Rm:5 001100 Rn:5 Rd:5"),
  row("CTZ", "sf:1 1 0 11010110 00000 000110 Rn:5 Rd:5"),
  row("CNT", "sf:1 1 0 11010110 00000 000111 Rn:5 Rd:5"),
  row("ABS", "sf:1 1 0 11010110 00000 001000 Rn:5 Rd:5"),
  named("1 1 0 11010110 00001 000 opc:3 Rn:5 Rd:5", (f) => PAC[f.opc!]!),
  named(
    "1 1 0 11010110 00001 001 opc:3 11111 Rd:5",
    (f) => PAC[f.opc!]!.replace(/[ID]./, (key) => key[0] + "Z" + key[1]),
  ),
  named("1 1 0 11010110 00001 01000 D:1 11111 Rd:5", (f) => f.D ? "XPACD" : "XPACI"),
];

/** Memory copies with writes, reads or both unprivileged (T, low bits of op2) and non-temporal (N, high bits). */
const UNPRIVILEGED = ["", "WT", "RT", "T"];
const NON_TEMPORAL = ["", "WN", "RN", "N"];
const SET = ["", "T", "N", "TN"];
const TAGS = ["STG", "STZG", "ST2G", "STZ2G"];
const pairwise = (f: Fields): boolean => f.Rd !== f.Rn && f.Rd !== f.Rs && f.Rn !== f.Rs && f.Rd !== 31 && f.Rn !== 31;
/** LD64B and its kind use eight registers from an even one on. */
const eight = (f: Fields): boolean => f.Rt! < 24 && f.Rt! % 2 === 0;

const loadStore = (): Row[] => [
  named("11 111 0 00 M:1 S:1 1 imm9:9 W:1 1 Rn:5 Rt:5", (f) => f.M ? "LDRAB" : "LDRAA"),
  ...["001", "010", "011"].map((mode) => row("STGP", `01 101 0 ${mode} 0 imm7:7 Rt2:5 Rn:5 Rt:5`)),
  named("11011001 opc:2 1 imm9:9 op2:2 Rn:5 Rt:5", (f) => TAGS[f.opc!]!, (f) => f.op2 !== 0),
  row("LDG", "11011001 01 1 imm9:9 00 Rn:5 Rt:5"),
  row("STZGM", "11011001 00 1 000000000 00 Rn:5 Rt:5"),
  row("STGM", "11011001 10 1 000000000 00 Rn:5 Rt:5"),
  row("LDGM", "11011001 11 1 000000000 00 Rn:5 Rt:5"),
  named(
    "00 011 o0:1 01 op1:2 0 Rs:5 op2:4 01 Rn:5 Rd:5",
    (f) => `CPY${f.o0 ? "" : "F"}${"PME"[f.op1!]}${UNPRIVILEGED[f.op2! & 3]}${NON_TEMPORAL[f.op2! >> 2]}`,
    (f) => f.op1 !== 3 && f.Rs !== 31 && pairwise(f),
  ),
  named(
    "00 011 o0:1 01 11 0 Rs:5 stage:2 option:2 01 Rn:5 Rd:5",
    (f) => `SET${f.o0 ? "G" : ""}${"PME"[f.stage!]}${SET[f.option!]}`,
    (f) => f.stage !== 3 && pairwise(f),
  ),
  row("LD64B", "11 111000 001 11111 1101 00 Rn:5 Rt:5", eight),
  row("ST64B", "11 111000 001 11111 1001 00 Rn:5 Rt:5", eight),
  row("ST64BV", "11 111000 001 Rs:5 1011 00 Rn:5 Rt:5", eight),
  row("ST64BV0", "11 111000 001 Rs:5 1010 00 Rn:5 Rt:5", eight),
];

/** Bytes, halfwords, words and doublewords that the contiguous loads of SVE extend, by dtype. */
const LOADS = ["B", "B", "B", "B", "SW", "H", "H", "H", "SH", "SH", "W", "W", "SB", "SB", "SB", "D"];
/** A contiguous store has elements at least as wide as memory. */
const storable = (f: Fields): boolean => f.size! >= f.msz!;

/** What the string functions of C libraries use of SVE, behind a check of HWCAP. */
const scalable = (): Row[] => [
  named("1010010 dtype:4 0 imm4:4 101 Pg:3 Rn:5 Zt:5", (f) => `LD1${LOADS[f.dtype!]}`),
  named("1010010 dtype:4 Rm:5 010 Pg:3 Rn:5 Zt:5", (f) => `LD1${LOADS[f.dtype!]}`, (f) => f.Rm !== 31),
  named("1110010 msz:2 size:2 0 imm4:4 111 Pg:3 Rn:5 Zt:5", (f) => `ST1${"BHWD"[f.msz!]}`, storable),
  named(
    "1110010 msz:2 size:2 Rm:5 010 Pg:3 Rn:5 Zt:5",
    (f) => `ST1${"BHWD"[f.msz!]}`,
    (f) => storable(f) && f.Rm !== 31,
  ),
  row("WHILELO", "00100101 size:2 1 Rm:5 000 sf:1 11 Rn:5 0 Pd:4"),
  row("PTRUE", "00100101 size:2 011000 111000 pattern:5 0 Pd:4"),
  named("00000100 size:2 10 imm4:4 111000 pattern:5 Rd:5", (f) => `CNT${"BHWD"[f.size!]}`),
  row("DUP", "00000101 size:2 100000 001110 Rn:5 Zd:5"),
];

/** The rows; made when first asked for, as most runs never are. */
export const undefinedRows = (): Row[] => [...control(), ...dataProcessing(), ...loadStore(), ...scalable()];
