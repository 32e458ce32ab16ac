/**
 * Where everything lies in guest memory, and the numbers shared with the shim (`ffi/elftap_shim.h`, which a test
 * compares with these).
 *
 * ```
 * 0x0000_0000  the stub (vectors.S): code of EL1, copied here by the shim
 * 0x0000_2000  page tables of EL1, see boot.ts
 * 0x0001_0000  control blocks, one page for every vCPU
 * 0x0010_0000  frames, 1 KiB for every guest thread
 * 0x0100_0000  pages: the guest's, and the tables of its address spaces
 * ```
 */

/** Version of the interface to the shim. */
export const ABI = 2;

/** Byte offsets in a frame: the registers of one thread. */
export const Frame = {
  x: 0,
  sp: 0x0f8,
  pc: 0x100,
  pstate: 0x108,
  tpidr: 0x110,
  esr: 0x118,
  far: 0x120,
  fpcr: 0x130,
  fpsr: 0x138,
  v: 0x200,
  size: 0x400,
} as const;

/** Byte offsets in a control block: what the host tells the stub and back. */
export const Control = {
  frame: 0x000,
  ttbr0: 0x008,
  idleTtbr0: 0x010,
  doorbell: 0x018,
  flags: 0x020,
  ops: 0x028,
  live: 0x030,
  reason: 0x038,
  entered: 0x040,
  left: 0x048,
  stubEsr: 0x050,
  stubElr: 0x058,
  stubFar: 0x060,
  mdscr: 0x068,
  budget: 0x070,
  exits: 0x078,
  calls: 0x080,
  kicks: 0x088,
  id: 0x090,
  breaks: 0x100,
  watches: 0x200,
  opList: 0x400,
  size: 0x1000,
} as const;

/** Maintenance operations that fit into a control block. */
export const OP_MAX = 96;

export const Flag = { spill: 1, debug: 2 } as const;

/** Why the doorbell rang. */
export const Reason = { sync: 0, irq: 1, serror: 2, stub: 3, ready: 4 } as const;

/** Maintenance operations. */
export const Op = { tlbiVa: 1, tlbiAsid: 2, tlbiAll: 3, cleanPage: 4, icAll: 5 } as const;

/** Order of the identification registers at {@link Control}.id. */
export const ID_REGISTERS = [
  "ID_AA64PFR0_EL1",
  "ID_AA64ISAR0_EL1",
  "ID_AA64ISAR1_EL1",
  "ID_AA64MMFR0_EL1",
  "ID_AA64DFR0_EL1",
  "MIDR_EL1",
  "CNTFRQ_EL0",
  "ID_AA64PFR1_EL1",
] as const;

/** Offset in the stub of a vCPU's first instruction. */
export const STUB_START = 0x800;

/** Offsets in guest memory. */
export const Place = {
  stub: 0,
  stubSize: 0x2000,
  tables: 0x2000,
  controls: 0x1_0000,
  frames: 0x10_0000,
  pages: 0x100_0000,
} as const;

/** Threads that can exist at a time. */
export const FRAMES: number = (Place.pages - Place.frames) / Frame.size;

/** Status of a call of the shim. */
export const Status = {
  noHypervisor: -1,
  denied: -2,
  limit: -3,
  memory: -4,
  ipa: -5,
  stuck: -6,
  host: -7,
} as const;
