/**
 * What an engine on a hypervisor needs to know of the privileged architecture: the encodings of EL1's registers, the
 * fields it sets in them (Arm ARM D19.2), and how to read an exception syndrome (ESR_EL1, D19.2.37).
 */

/** op0:op1:CRn:CRm:op2, 16 bits, as hypervisors name system registers. */
const register = (op0: number, op1: number, CRn: number, CRm: number, op2: number): number =>
  (op0 << 14) | (op1 << 11) | (CRn << 7) | (CRm << 3) | op2;

/** Registers that are set before a vCPU first runs. */
export const Register = {
  SCTLR_EL1: register(3, 0, 1, 0, 0),
  CPACR_EL1: register(3, 0, 1, 0, 2),
  TTBR0_EL1: register(3, 0, 2, 0, 0),
  TTBR1_EL1: register(3, 0, 2, 0, 1),
  TCR_EL1: register(3, 0, 2, 0, 2),
  MAIR_EL1: register(3, 0, 10, 2, 0),
  VBAR_EL1: register(3, 0, 12, 0, 0),
  TPIDR_EL1: register(3, 0, 13, 0, 4),
  CNTKCTL_EL1: register(3, 0, 14, 1, 0),
  MDSCR_EL1: register(2, 0, 0, 2, 2),
  TPIDRRO_EL0: register(3, 3, 13, 0, 3),
} as const;

const bits = (...positions: number[]): bigint => positions.reduce((all, n) => all | 1n << BigInt(n), 0n);

/**
 * SCTLR_EL1 as Linux has it for EL0: MMU and caches (M, C, I), stack pointers aligned (SA, SA0), cache maintenance, DC
 * ZVA and CTR_EL0 at EL0 (UCI, DZE, UCT), little-endian; pointer authentication off, so that its hints are no-ops.
 * Other than under Linux WFI and WFE trap (nTWI, nTWE clear), as nobody would wake the vCPU. The rest is RES1 or turns
 * off what AArch32 had.
 */
export const SCTLR_EL1: bigint = bits(0, 2, 3, 4, 7, 8, 11, 12, 14, 15, 20, 22, 23, 26, 28, 29);

/** FP and Advanced SIMD do not trap (FPEN); SVE and SME do. */
export const CPACR_EL1 = 3n << 20n;

/**
 * 48-bit addresses in both halves (T0SZ, T1SZ 16), 4 KiB granules, tables in cacheable, inner shareable memory, 36 bits
 * of output address (IPS 1, the most that Apple's M1 has), 16-bit ASIDs in TTBR0_EL1 (AS), and the top byte of EL0's
 * data and code addresses ignored (TBI0), as Linux promises.
 */
export const TCR_EL1: bigint = 16n | 1n << 8n | 1n << 10n | 3n << 12n | 16n << 16n | 1n << 24n | 1n << 26n | 3n << 28n |
  2n << 30n | 1n << 32n | 1n << 36n | 1n << 37n;

/** Attribute 0: normal, write-back, allocating; attribute 1: device-nGnRnE. */
export const MAIR_EL1 = 0xffn;

/** CNTVCT_EL0 and CNTFRQ_EL0 at EL0 (EL0VCTEN), nothing else. */
export const CNTKCTL_EL1 = 2n;

/** MDSCR_EL1: the debug channel traps (TDCC); SS steps, MDE enables breakpoints and watchpoints. */
export const Mdscr = { SS: 1, TDCC: 1 << 12, MDE: 1 << 15 } as const;

/** SPSR_EL1 of EL0 with every interrupt enabled is zero; these bits are of use. */
export const Pstate = {
  /** The next instruction completes before a step is reported. */
  SS: 1 << 21,
  IL: 1 << 20,
  BTYPE: 3 << 10,
  SSBS: 1 << 12,
  /** Interrupts are masked, fast ones too. */
  IF: 3 << 6,
  DIT: 1 << 24,
  /** N, Z, C, V. */
  NZCV: 0xf0000000,
  /** EL1 with its own stack pointer, all interrupts masked: where a vCPU starts. */
  EL1H_MASKED: 0x3c5,
} as const;

/** ESR_EL1.EC. */
export const ExceptionClass = {
  UNKNOWN: 0x00,
  WFX: 0x01,
  SVC64: 0x15,
  SYSTEM: 0x18,
  INSTRUCTION_ABORT: 0x20,
  PC_ALIGNMENT: 0x22,
  DATA_ABORT: 0x24,
  SP_ALIGNMENT: 0x26,
  BREAKPOINT: 0x30,
  STEP: 0x32,
  WATCHPOINT: 0x34,
  BRK64: 0x3c,
} as const;

/** The exception class of a syndrome. */
export const classOf = (esr: number): number => esr >>> 26;

/** SVC and BRK: the immediate. */
export const immediateOf = (esr: number): number => esr & 0xffff;

/** Of a data abort or watchpoint: whether it was a store. Cache maintenance counts as a load, whatever WnR says (CM). */
export const isStore = (esr: number): boolean => (esr & 0x140) === 0x40;

/** What an abort was about: IFSC or DFSC. */
export function abortKind(esr: number): "fault" | "alignment" | "external" {
  const status = esr & 0x3f;
  if (status === 0x21) return "alignment";
  // 0b00ttll: address size, translation, access flag, permission.
  return status < 0x10 ? "fault" : "external";
}

/** A trapped MRS of the identification space, as Linux emulates it: register and Rt. */
export interface IdRead {
  /** op0:op1:CRn:CRm:op2. */
  readonly register: number;
  readonly rt: number;
}

/**
 * Which registers Linux emulates for EL0 (arch/arm64/kernel/cpufeature.c): op0 3, op1 and CRn 0; CRm 2 to 7; of CRm 0
 * only MIDR_EL1, MPIDR_EL1 and REVIDR_EL1.
 */
function isIdSpace(reg: number): boolean {
  if (reg >> 7 !== register(3, 0, 0, 0, 0) >> 7) return false;
  const CRm = (reg >> 3) & 15, op2 = reg & 7;
  return CRm === 0 ? op2 === 0 || op2 === 5 || op2 === 6 : CRm >= 2 && CRm <= 7;
}

/** The read that a syndrome of class SYSTEM describes; undefined if it is something else. */
export function idReadOfSyndrome(esr: number): IdRead | undefined {
  const reg = register((esr >> 20) & 3, (esr >> 14) & 7, (esr >> 10) & 15, (esr >> 1) & 15, (esr >> 17) & 7);
  return (esr & 1) === 1 && isIdSpace(reg) ? { register: reg, rt: (esr >> 5) & 31 } : undefined;
}

/** The same for an instruction word: on CPUs without FEAT_IDST the syndrome says nothing. */
export function idReadOfWord(word: number): IdRead | undefined {
  if (word >>> 20 !== 0xd53) return undefined;
  const reg = 0x8000 | (word >> 5) & 0x7fff;
  return isIdSpace(reg) ? { register: reg, rt: word & 31 } : undefined;
}

/** Identification registers that are not zero under Linux's emulation. */
export const IdRegister = {
  MIDR_EL1: register(3, 0, 0, 0, 0),
  MPIDR_EL1: register(3, 0, 0, 0, 5),
  ID_AA64PFR0_EL1: register(3, 0, 0, 4, 0),
  ID_AA64PFR1_EL1: register(3, 0, 0, 4, 1),
  ID_AA64DFR0_EL1: register(3, 0, 0, 5, 0),
  ID_AA64ISAR0_EL1: register(3, 0, 0, 6, 0),
  ID_AA64ISAR1_EL1: register(3, 0, 0, 6, 1),
  ID_AA64MMFR0_EL1: register(3, 0, 0, 7, 0),
} as const;

/** MPIDR_EL1 as Linux emulates it: the bit that is always one. */
export const MPIDR_EL1 = 0x80000000n;

/** ID_AA64MMFR0_EL1.ASIDBits: how many ASIDs there are. */
export const asidCount = (mmfr0: bigint): number => ((mmfr0 >> 4n) & 15n) === 2n ? 65536 : 256;

/** ID_AA64DFR0_EL1.BRPs and WRPs: how many breakpoints and watchpoints the CPU has. */
export const debugCounts = (dfr0: bigint): { breakpoints: number; watchpoints: number } => ({
  breakpoints: Number((dfr0 >> 12n) & 15n) + 1,
  watchpoints: Number((dfr0 >> 20n) & 15n) + 1,
});
