/** System instructions at EL0 (Arm ARM C4.1.94.6 ff., D19): hints, barriers, system registers, cache maintenance. */
import { c32, c64, type I32, i32, i64 } from "../ir/ops.ts";
import type { Builder } from "../ir/builder.ts";
import { idRegister, MIDR_EL1, PSTATE_DIT, PSTATE_SSBS } from "./features.ts";
import { FPCR_BITS, FPSR_BITS } from "./fp_status.ts";
import { type Fields, insn, type Row } from "./row.ts";

/** op0:op1:CRn:CRm:op2 of a system register, as MRS and MSR carry it in bits 19..5 (op0 is 2 or 3). */
export const sysreg = (op0: number, op1: number, CRn: number, CRm: number, op2: number): number =>
  ((op0 - 2) << 14) | (op1 << 11) | (CRn << 7) | (CRm << 3) | op2;

/** Keeps `fpFast` true exactly while FPCR is zero and FPSR.IXC is set; call after either was written. */
export function updateFpFast(b: Builder): void {
  b.setSys("fpFast", i32.and(i32.eqz(b.sys("fpcr")), i32.and(i32.shr_u(b.sys("fpsr"), c32(4)), c32(1))));
}

/** CTR_EL0: 64-byte lines, PIPT I-cache, IDC and DIC clear, so that guests do clean and invalidate generated code. */
const CTR_EL0 = 0x8444c004n;
/** DCZID_EL0: DC ZVA clears 64 bytes. */
const DCZID_EL0 = 4n;
/** CNTFRQ_EL0: one tick a nanosecond would be 1 GHz; Armv8.6 and Linux machines mostly show less, any value is fine. */
export const CNTFRQ_EL0 = 1000000000n;

/** Conditions that are single flags. */
const Cond = { EQ: 0, CS: 2, VS: 6 } as const;

type Read = (b: Builder) => void;
const constant = (value: bigint): Read => (b) => b.setX("Rt", c64(value));

/** Registers that MRS can read at EL0: the architecture's own, and the identification space that Linux emulates. */
const READ: ReadonlyMap<number, Read> = new Map<number, Read>([
  [sysreg(3, 3, 13, 0, 2), (b) => b.setX("Rt", b.sys64("tpidr"))],
  [sysreg(3, 3, 13, 0, 3), constant(0n)], // TPIDRRO_EL0
  [sysreg(3, 3, 4, 4, 0), (b) => b.setX("Rt", i64.extend_u(b.sys("fpcr")))],
  [sysreg(3, 3, 4, 4, 1), (b) => b.setX("Rt", i64.extend_u(b.sys("fpsr")))],
  [sysreg(3, 3, 4, 2, 0), (b) => b.setX("Rt", i64.extend_u(i32.shl(b.nzcv(), c32(28))))],
  [sysreg(3, 3, 14, 0, 0), constant(CNTFRQ_EL0)],
  [sysreg(3, 3, 14, 0, 2), (b) => b.setX("Rt", b.now())], // CNTVCT_EL0
  [sysreg(3, 3, 0, 0, 1), constant(CTR_EL0)],
  [sysreg(3, 3, 0, 0, 7), constant(DCZID_EL0)],
  [sysreg(3, 0, 0, 0, 0), constant(BigInt(MIDR_EL1))],
  [sysreg(3, 0, 0, 0, 5), constant(0x80000000n)], // MPIDR_EL1
  [sysreg(3, 0, 0, 0, 6), constant(0n)], // REVIDR_EL1
  [sysreg(3, 0, 0, 4, 0), constant(idRegister("ID_AA64PFR0_EL1"))],
  [sysreg(3, 0, 0, 4, 1), constant(idRegister("ID_AA64PFR1_EL1"))],
  [sysreg(3, 0, 0, 5, 0), constant(idRegister("ID_AA64DFR0_EL1"))],
  [sysreg(3, 0, 0, 6, 0), constant(idRegister("ID_AA64ISAR0_EL1"))],
  [sysreg(3, 0, 0, 6, 1), constant(idRegister("ID_AA64ISAR1_EL1"))],
  [sysreg(3, 0, 0, 7, 0), constant(idRegister("ID_AA64MMFR0_EL1"))],
]);

/** Further registers of the identification space (op0 3, op1 0, CRn 0, CRm 2..7) read as zero under Linux. */
const isIdSpace = (reg: number): boolean =>
  (reg >> 7) === (sysreg(3, 0, 0, 0, 0) >> 7) && ((reg >> 3) & 15) >= 2 && ((reg >> 3) & 15) <= 7;

const key = (f: Fields): number => f.sysreg!;

/**
 * PSTATE.DIT and PSTATE.SSBS, registers of one bit each. Both are kept and change nothing: no instruction here takes
 * longer for its data's sake, and no load is executed speculatively.
 */
const PSTATE_FIELDS: readonly {
  readonly name: "DIT" | "SSBS";
  readonly bit: number;
  readonly op2: string;
  imm: string;
}[] = [
  { name: "DIT", bit: PSTATE_DIT, op2: "101", imm: "010" },
  { name: "SSBS", bit: PSTATE_SSBS, op2: "110", imm: "001" },
];

function pstateField({ name, bit, op2, imm }: (typeof PSTATE_FIELDS)[number]): Row[] {
  const reg = `1 1 011 0100 0010 ${op2}`, feature = name;
  const put = (b: Builder, value: I32) => b.setSys("pstate", i32.or(i32.and(b.sys("pstate"), c32(~bit)), value));
  return [
    insn(`MRS ${name}`, `1101010100 1 ${reg} Rt:5`, { feature }, (b) => {
      b.setX("Rt", i64.extend_u(i32.and(b.sys("pstate"), c32(bit))));
    }),
    insn(`MSR ${name}`, `1101010100 0 ${reg} Rt:5`, { feature }, (b) => put(b, i32.and(b.w("Rt"), c32(bit)))),
    // The value is CRm<0>; the other bits have no meaning (C6.2 MSR (immediate)).
    insn(`MSR ${name} (immediate)`, `1101010100000 011 0100 CRm:4 ${imm} 11111`, { feature }, (b) => {
      put(b, i32.mul(i32.and(b.imm32("CRm"), c32(1)), c32(bit)));
    }),
  ];
}

function mrs(reg: number): Row {
  const bits = reg.toString(2).padStart(15, "0");
  return insn(`MRS ${reg.toString(16)}`, `1101010100 1 1 ${bits} Rt:5`, {}, READ.get(reg)!);
}

export const rows: readonly Row[] = [
  // HINT space: all hints, BTI and PAC included, are no-ops here; YIELD, WFE and WFI may complete at once.
  insn("HINT", "11010101000000110010 CRm:4 op2:3 11111", {}, () => {}),
  insn("CLREX", "11010101000000110011 CRm:4 010 11111", {}, (b) => b.setSys("exclSize", c32(0))),
  // One thread runs at a time and in program order: barriers have nothing left to order.
  insn("SB", "11010101000000110011 xxxx 1 11 11111", { feature: "SB" }, () => {}),
  insn("DSB", "11010101000000110011 CRm:4 1 opc:2 11111", {
    vary: "opc",
    allocated: (f) => f.opc !== 3,
    mnemonic: (f) => ["DSB", "DMB", "ISB"][f.opc!]!,
  }, () => {}),

  ...[...READ.keys()].map(mrs),
  ...PSTATE_FIELDS.flatMap(pstateField),
  insn("MRS", "1101010100 1 1 sysreg:15 Rt:5", { valid: (f) => isIdSpace(key(f)) }, (b) => b.setX("Rt", c64(0))),

  insn("MSR TPIDR_EL0", "1101010100 0 1 1 011 1101 0000 010 Rt:5", {}, (b) => b.setSys("tpidr", b.x("Rt"))),
  insn("MSR FPCR", "1101010100 0 1 1 011 0100 0100 000 Rt:5", {}, (b) => {
    b.setSys("fpcr", i32.and(b.w("Rt"), c32(FPCR_BITS)));
    updateFpFast(b);
  }),
  insn("MSR FPSR", "1101010100 0 1 1 011 0100 0100 001 Rt:5", {}, (b) => {
    b.setSys("fpsr", i32.and(b.w("Rt"), c32(FPSR_BITS)));
    updateFpFast(b);
  }),
  insn("MSR NZCV", "1101010100 0 1 1 011 0100 0010 000 Rt:5", {}, (b) => {
    b.flagsNzcv(b.let(i32.and(i32.shr_u(b.w("Rt"), c32(28)), c32(15))));
  }),
  insn("CFINV", "1101010100000 000 0100 xxxx 000 11111", { feature: "FlagM" }, (b) => {
    b.setSys("cf", i32.eqz(b.sys("cf")));
  }),
  // Between Arm's encoding of a floating-point comparison and the other common one (FEAT_FlagM2).
  insn("XAFLAG", "1101010100000 000 0100 xxxx 001 11111", { feature: "FlagM2" }, (b) => {
    const Z = b.let(b.condition(Cond.EQ)), C = b.let(b.condition(Cond.CS)), notC = b.let(i32.eqz(C));
    b.flagsNzcv(b.let(i32.or(
      i32.or(i32.shl(i32.and(notC, i32.eqz(Z)), c32(3)), i32.shl(i32.and(Z, C), c32(2))),
      i32.or(i32.shl(i32.or(C, Z), c32(1)), i32.and(notC, Z)),
    )));
  }),
  insn("AXFLAG", "1101010100000 000 0100 xxxx 010 11111", { feature: "FlagM2" }, (b) => {
    const Z = b.let(b.condition(Cond.EQ)), C = b.let(b.condition(Cond.CS)), V = b.let(b.condition(Cond.VS));
    b.flagsNzcv(b.let(i32.or(i32.shl(i32.or(Z, V), c32(2)), i32.shl(i32.and(C, i32.eqz(V)), c32(1)))));
  }),

  // DC ZVA zeroes the aligned 64 bytes that hold the address.
  insn("DC ZVA", "1101010100 0 01 011 0111 0100 001 Rt:5", { mnemonic: () => "DC" }, (b) => {
    b.fill(b.access(b.let(i64.and(b.x("Rt"), c64(-64))), 64, "w"), 64);
  }),
  // IC IVAU: generated code becomes visible; the engine forgets what it decoded there.
  insn("IC IVAU", "1101010100 0 01 011 0111 0101 001 Rt:5", { mnemonic: () => "IC" }, (b) => b.exit("ic", b.x("Rt"))),
  // By address: memory is coherent and has no point of persistence, but an unreadable address faults.
  ...([["CVAC", "1010"], ["CVAU", "1011"], ["CVAP", "1100", "DPB"], ["CVADP", "1101", "DPB2"], [
    "CIVAC",
    "1110",
  ]] as const)
    .map(([name, CRm, feature]) =>
      insn(`DC ${name}`, `1101010100 0 01 011 0111 ${CRm} 001 Rt:5`, {
        mnemonic: () => "DC",
        ...(feature ? { feature } : {}),
      }, (b) => void b.access(b.x("Rt"), 1, "r"))
    ),
];
