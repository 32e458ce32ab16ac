/**
 * EL1's own half of the address space (TTBR1_EL1), and the registers with which a vCPU starts. The MMU is on from the
 * first instruction, so there is no stretch in which memory has other attributes than later.
 *
 * ```
 * KERNEL + ipa          all of guest memory, writable, never executable: 1 GiB blocks
 * KERNEL + 256 GiB      the stub, executable at EL1 alone, read-only
 *        + 0x1_0000     the doorbell: device memory at an address where the host has none
 * ```
 * EL0 can reach none of it: AP[1] is clear everywhere (Arm ARM D8.4.1).
 */
import { CNTKCTL_EL1, CPACR_EL1, MAIR_EL1, Mdscr, Pstate, Register, SCTLR_EL1, TCR_EL1 } from "../../isa/a64/el1.ts";
import { PAGE_SIZE } from "../engine.ts";
import { Control, Place, STUB_START } from "./layout.ts";
import type { Ram } from "./ram.ts";
import { type FirstValue, PC, PSTATE } from "./shim.ts";

/** First address of EL1's half. */
const KERNEL = 0xffff_0000_0000_0000n;
const GIB = 2 ** 30;
const STUB = KERNEL + 256n * BigInt(GIB);
const DOORBELL = STUB + 0x1_0000n;

/** Descriptor bits (Arm ARM D8.3): valid, table or page, device, read-only, inner shareable, accessed, never executed. */
const VALID = 1n, PAGE = 2n, DEVICE = 1n << 2n, READ_ONLY = 1n << 7n, SHARED = 3n << 8n, ACCESSED = 1n << 10n;
const PXN = 1n << 53n, UXN = 1n << 54n;
const MEMORY = VALID | SHARED | ACCESSED | UXN;

const Tables = {
  level0: Place.tables,
  level1: Place.tables + PAGE_SIZE,
  level2: Place.tables + 2 * PAGE_SIZE,
  level3: Place.tables + 3 * PAGE_SIZE,
  /** The table without entries that is in force while the host may edit others. */
  idle: Place.tables + 4 * PAGE_SIZE,
} as const;

/** Address of a byte of guest memory in EL1's linear map. */
export const linear = (ram: Ram, offset: number): bigint => KERNEL + BigInt(ram.ipa + offset);

/** Fills EL1's tables. */
export function buildKernelTables(ram: Ram, doorbellIpa: number): void {
  const set = (table: number, index: number, value: bigint) => ram.u64[table / 8 + index] = value;
  const next = (table: number) => BigInt(ram.ipa + table) | PAGE | VALID;
  set(Tables.level0, 0, next(Tables.level1));
  for (let at = 0; at < ram.size; at += GIB) {
    set(Tables.level1, (ram.ipa + at) / GIB, BigInt(ram.ipa + at) | MEMORY | PXN);
  }
  set(Tables.level1, 256, next(Tables.level2));
  set(Tables.level2, 0, next(Tables.level3));
  for (let at = 0; at < Place.stubSize; at += PAGE_SIZE) {
    set(Tables.level3, at / PAGE_SIZE, BigInt(ram.ipa + Place.stub + at) | MEMORY | PAGE | READ_ONLY);
  }
  set(Tables.level3, 16, BigInt(doorbellIpa) | MEMORY | PAGE | PXN | DEVICE);
}

/** Fills a control block. @param idleAsid the ASID of the empty table */
export function initControl(ram: Ram, control: number, idleAsid: number): void {
  ram.u64[(control + Control.idleTtbr0) / 8] = BigInt(ram.ipa + Tables.idle) | BigInt(idleAsid) << 48n;
  ram.u64[(control + Control.doorbell) / 8] = DOORBELL;
}

/** The registers with which a vCPU starts. */
export function firstRegisters(ram: Ram, control: number): FirstValue[] {
  return [
    [Register.MAIR_EL1, MAIR_EL1],
    [Register.TCR_EL1, TCR_EL1],
    [Register.TTBR0_EL1, ram.u64[(control + Control.idleTtbr0) / 8]!],
    [Register.TTBR1_EL1, BigInt(ram.ipa + Tables.level0)],
    [Register.SCTLR_EL1, SCTLR_EL1],
    [Register.CPACR_EL1, CPACR_EL1],
    [Register.VBAR_EL1, STUB],
    [Register.TPIDR_EL1, linear(ram, control)],
    [Register.TPIDRRO_EL0, 0n],
    [Register.CNTKCTL_EL1, CNTKCTL_EL1],
    [Register.MDSCR_EL1, BigInt(Mdscr.TDCC)],
    [PSTATE, BigInt(Pstate.EL1H_MASKED)],
    [PC, STUB + BigInt(STUB_START)],
  ];
}
