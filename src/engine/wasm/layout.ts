/**
 * Where everything lies in the two memories of the engine.
 *
 * *Guest memory* (one per address space, 64-bit addressed): page rights, then the table of decoded pages, then the
 * guest's window. A guest address plus {@link WINDOW} is the WebAssembly address; the sum costs nothing, being the
 * constant offset of the memory instruction.
 *
 * *Engine memory* (one per engine, 32-bit addressed): the register files of all threads and the decoded pages,
 * which processes that run the same file pages share.
 */
import type { SysPlace } from "../../isa/ir/builder.ts";

const MiB = 2 ** 20, GiB = 2 ** 30;

/** WebAssembly's own page size. */
export const WASM_PAGE = 65536;

/**
 * The largest memory that V8 makes. It compares each address with the memory's size, as Deno does not switch on the
 * handler of traps that would make guard pages enough.
 */
export const GUEST_MEMORY_MAX = 16 * GiB;

/** Guest memory: one rights byte per guest page, see {@link PageBits}. */
export const RIGHTS = 0;
/** Guest memory: one u32 per guest page, address of its decoded block in engine memory, or 0. */
export const BLOCKS = 4 * MiB;
/** Guest memory: the same for blocks that hold no entries into translated code ("plain"). */
export const PLAIN_BLOCKS = 20 * MiB;
/** Guest memory: offset of guest address 0. */
export const WINDOW = 64 * MiB;
/**
 * Size of a guest memory when it is new, which modules may rely on: V8 leaves out a comparison at every access when
 * its constant offset lies below. It accounts memories by their size, as if they were resident, and begins to collect
 * garbage when they grow (2.4 ms), or are more than 459 MiB together (15 ms of two cores in a Worker that has just
 * started). So the first guest memory has room for the stack and the mappings of a small program, and is not larger.
 */
export const GUEST_MEMORY_MIN = WINDOW + 288 * MiB;
/** First guest address outside the window. */
export const GUEST_LIMIT = GUEST_MEMORY_MAX - WINDOW;
export const GUEST_PAGES = GUEST_LIMIT / 4096;

/** Far addresses are given in windows of so many bytes ({@link ./far_windows.ts}), */
export const FAR_WINDOW = 256 * MiB;
/** end here, */
export const FAR_LIMIT = 2 ** 48;
/** and take the guest's window from here on: sixteen slots. */
export const FAR_ZONE = GUEST_LIMIT - 16 * FAR_WINDOW;
/** Guest memory: one byte per window of addresses, the number of its slot from 1 on; 0: none. */
export const FAR_SLOTS = 36 * MiB;
/** Guest memory: a rights byte per page of the slots. By those of its near addresses nothing can be done in the zone. */
export const FAR_RIGHTS = 37 * MiB;

/** A rights byte. The low three bits are what may be done at once; the rest is what the kernel allowed. */
export const PageBits = {
  /** Direct access is right now possible; where writing is, reading is. */
  read: 0x01,
  write: 0x02,
  exec: 0x04,
  /** The content is in this memory (else: zeros not yet written, or a frame not yet fetched). */
  present: 0x08,
  /** What the kernel allows: Prot bits, shifted. */
  allowedShift: 4,
  allowedMask: 0x70,
  mapped: 0x80,
} as const;

/**
 * Byte offsets within a register file. The file of the thread that runs is at address 0 of engine memory, so that
 * handlers reach registers by constant addresses; those of other threads are kept aside ({@link ./memory.ts}).
 */
export const Cpu = {
  x: 0, // X0..X30, then SP
  sp: 31 * 8,
  /** Always zero: ZR as a source. */
  zero: 256,
  /** ZR as a destination. */
  sink: 264,
  pc: 272,
  nf: 280,
  zf: 288,
  vf: 296,
  cf: 304,
  fpcr: 308,
  fpsr: 312,
  fpFast: 316,
  tpidr: 320,
  exclAddr: 328,
  exclSize: 336,
  /** Engine-memory address of the decoded block being executed, and the guest address it decodes. */
  blockBase: 340,
  blockVa: 344,
  /** Filled at an exit. */
  exitValue: 352,
  exitMode: 360,
  fuel: 364,
  /** Flags left by translated code: kind (see FlagKinds; 0: nf, zf, cf, vf hold) and operands. */
  lazyKind: 368,
  lazyA: 376,
  lazyB: 384,
  /** Nonzero: translated code is not entered. */
  interpretOnly: 392,
  pstate: 396,
  v: 512,
  size: 1024,
} as const;

export const SYS_OFFSET: Readonly<Record<SysPlace, number>> = {
  nf: Cpu.nf,
  zf: Cpu.zf,
  vf: Cpu.vf,
  cf: Cpu.cf,
  fpcr: Cpu.fpcr,
  fpsr: Cpu.fpsr,
  fpFast: Cpu.fpFast,
  tpidr: Cpu.tpidr,
  pstate: Cpu.pstate,
  exclAddr: Cpu.exclAddr,
  exclSize: Cpu.exclSize,
};

/** Numbers of the flag operations in lazyKind. */
export const FlagKinds = { sub32: 1, sub64: 2, add32: 3, add64: 4, logic32: 5, logic64: 6, nzcv: 7 } as const;

/** Engine memory: counters of arrivals at branch targets, u16 each, found by bits 23..2 of the address. */
export const HEAT = 0x10000;
export const HEAT_COUNTERS = 0x400000;
/** Bits of a counter: how many; which branch the last one was that came by BR, see {@link sourceOf}; whether one did. */
export const Heat = { count: 0x0fff, sourceShift: 12, source: 0x7000, computed: 0x8000 } as const;
/** Tells the BR at an address from most others. */
export const sourceOf = (pc: number): number => (pc / 4) & (Heat.source >> Heat.sourceShift);
/** Engine memory: instructions that translated code has executed, an i64. */
export const TALLY = HEAT + 2 * HEAT_COUNTERS;
/**
 * Engine memory: slots of regions that were entered by a computed branch, found by the low bits of the root: u32 root
 * divided by 4, u32 slot. What stands here stays true, as a root keeps its slot, and an absent region has a stub there.
 */
export const JUMPS = TALLY + 64;
export const JUMP_ENTRIES = 4096;
/**
 * Engine memory: maps of regions with computed branches: a byte per instruction, which tells what number the target
 * has in the region, or 0.
 */
export const TARGET_MAPS = JUMPS + 8 * JUMP_ENTRIES;
export const TARGET_MAPS_SIZE = 4 * MiB;
/**
 * Arrivals that make a place hot. A region takes one or two milliseconds to generate and compile, which its faster
 * execution repays within a few thousand passes. Measured, in seconds, with cc1 of gcc (flat), a Python program, and
 * SQLite (steep): 700: 12.5, 5.7, –; 1500: 9.0, 4.3, 3.2; 3000: 8.1, 4.3, 3.4; 5000: 7.6, 4.2, 3.6.
 */
export const HOT = 3000;

/**
 * Bytes of the host's stack that nested regions may take, of the megabyte that V8 allows by default; deeper calls
 * return to the dispatcher, which starts afresh.
 */
export const REGION_STACK = 600_000;

/** What translated code returns in the low bits of the address to go on at. */
export const Resume = {
  /** The interpreter must execute the instruction there. */
  interpret: 1,
  /** The callee is not translated in this memory. */
  absent: 2,
  /** The address is misaligned, and in the register file: these bits are its own there. */
  misaligned: 3,
} as const;

/**
 * A predecoded instruction: u16 handler, then operands: register operands as u16 byte offsets into the register
 * file, immediates of 2, 4 or 8 bytes, where the handler's layout puts them.
 */
export const RECORD = 16;
/** Records of one guest page, the sentinel that leads to the next page, and one that is loaded with it, for nothing. */
export const BLOCK_SIZE = 1024 * RECORD + 64;

/** What `run` returns. */
export const Code = {
  fuel: 0,
  svc: 1,
  brk: 2,
  undefined: 3,
  /** Data access fault: address in exitValue, mode (1 read, 2 write) in exitMode. */
  fault: 4,
  alignment: 5,
  /** The pc is not a multiple of 4. */
  pcAlignment: 6,
  /** No decoded block for the page of pc: decode it, or fault. */
  miss: 7,
  /** The instruction at pc has not been decoded yet. */
  undecoded: 8,
  breakpoint: 9,
  /** IC IVAU: address in exitValue. */
  invalidate: 10,
  /** As miss, in the table of plain blocks. */
  missPlain: 11,
  /** The address in pc was reached often. */
  hot: 12,
  /** The record at pc leads to translated code that this memory does not have. */
  absent: 13,
} as const;

/** Handlers with fixed numbers. */
export const FixedHandler = { undecoded: 0, pageEnd: 1, breakpoint: 2, undefined: 3, region: 4 } as const;

/** Fields of the record of `region`: table slot, and the root's address divided by 4. */
export const RegionRecord = { slot: 4, root: 8 } as const;
