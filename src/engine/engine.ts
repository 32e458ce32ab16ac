/**
 * The engine interface: what executes guest instructions.
 *
 * An engine knows A64 and pages; it knows nothing of Linux. The kernel drives it: it gives every process an
 * {@link AddressSpace} and every thread a {@link Cpu}, calls {@link Cpu.run} for a time slice and acts on the
 * {@link Exit}. Engines differ only behind this file (`wasm/`, `hypervisor/`).
 *
 * The address space follows BSD's pmap: it holds pages and rights and makes no policy. VMAs, brk, file mappings
 * and demand paging are the kernel's; whether two mappings of one {@link Frame} really share storage, or whether a
 * copied range is copied now or on the first write, is the engine's and cannot be observed from above.
 */

/** A guest virtual address. Exact as a JS number: user addresses end far below 2^53. */
export type Va = number;

/** Bytes in a page; the only granule the kernel offers to guests. */
export const PAGE_SIZE = 4096;

/** Page rights, as a bit set. */
export const Prot = { none: 0, read: 1, write: 2, exec: 4 } as const;
/** A combination of {@link Prot} bits. */
export type Prot = number;

/** What an access wanted to do. */
export type Access = "read" | "write" | "execute";

/** Why {@link Cpu.run} returned. One object per Cpu is reused: read it before the next run. */
export interface Exit {
  kind: ExitKind;
  /**
   * - `fault`: the first byte that could not be accessed.
   * - `alignment`: the misaligned address (of the data, or the pc itself when `access` is `execute`).
   * - `watchpoint`: the first watched byte of the access.
   * - otherwise unused.
   *
   * Signed: addresses of the upper half of the 64-bit range are negative.
   */
  address: Va;
  /** The address where a number does not hold it, unsigned. */
  exact?: bigint | undefined;
  /** Set for `fault`, `alignment` and `watchpoint`. */
  access: Access;
  /** `breakpoint`: the comment field of BRK, -1 for a debugger's. `illegal`: the instruction word. `syscall`: the immediate of SVC. */
  value: number;
  /**
   * Instructions completed in this run. Where the CPU counts none, slices are stretches of time, and this is the time
   * that was used, in units that make a slice of the kernel's last as long as on an interpreter; single steps and runs
   * with a handful of fuel are exact all the same.
   */
  retired: number;
  /** Whether the run came to code that had not been executed before; false where the CPU does not tell. */
  newCode: boolean;
}

/**
 * - `syscall`: SVC was executed; pc is behind it.
 * - `fault`: an access without the right; pc is at the instruction, which has had no effect on registers.
 * - `alignment`: an access that must be aligned was not, or the pc was not.
 * - `illegal`: an undefined or unimplemented instruction; pc is at it.
 * - `breakpoint`: BRK, or a debugger's breakpoint; pc is at it.
 * - `watchpoint`: the instruction at pc is about to access watched bytes; as with `fault` it has had no effect on
 *   registers, and it comes again unless the watchpoint is taken away.
 * - `fuel`: the slice is over (a run with fuel 1 is an exact single step).
 */
export type ExitKind = "syscall" | "fault" | "alignment" | "illegal" | "breakpoint" | "watchpoint" | "fuel";

/** What a debugger wants to hear of: reads, writes, or both. */
export type WatchKind = "read" | "write" | "access";

/** One page of storage that several mappings, in one or many address spaces, can share: a page of a file or of shared memory. */
export interface Frame {
  /** Copies bytes out; sees every guest store made so far. */
  read(offset: number, into: Uint8Array): void;
  /** Copies bytes in; seen by every mapping. */
  write(offset: number, from: Uint8Array): void;
}

/** The pages of one process. All ranges are page aligned unless said otherwise. */
export interface AddressSpace {
  /** First address that cannot be mapped, but for {@link far} ones; becomes less with the first of these. */
  readonly limit: Va;
  /** Addresses above, if the engine has some that cost more than others. */
  readonly far?: FarAddresses;
  /** Maps fresh zero pages, replacing what was there. Storage is taken when first touched. */
  mapZero(va: Va, length: number, prot: Prot): void;
  /** Maps one shared page, replacing what was there. Stores go to the frame, seen by all its mappings. */
  mapFrame(va: Va, frame: Frame, prot: Prot): void;
  /**
   * Gives the page at `va` (mapped from a frame) a private copy with its current content and these rights:
   * what a kernel does on the first write to a private file page.
   */
  own(va: Va, prot: Prot): void;
  /** Removes all pages in the range. */
  unmap(va: Va, length: number): void;
  /** Changes the rights of those pages in the range that are mapped. */
  protect(va: Va, length: number, prot: Prot): void;
  /** Moves pages (content and rights) to a range that does not overlap; the source range ends unmapped. */
  move(from: Va, to: Va, length: number): void;
  /** Rights of the page at `va`, or undefined where nothing is mapped. */
  query(va: Va): Prot | undefined;
  /** Whether the storage of the page at `va` also serves another mapping: a frame mapped elsewhere, an uncopied snapshot. */
  isShared(va: Va): boolean;
  /** Gives `child` the same pages in this range: frames stay shared, private pages become snapshots (copied when first written). */
  copyTo(child: AddressSpace, va: Va, length: number): void;
  /**
   * A view of guest bytes from `va` (any alignment) for as long as the rights go, at most `length` bytes; undefined
   * if the first byte is not accessible that way. Valid until the next call of any engine function. `force`
   * ignores rights (debugger, ELF loader), but not absence.
   */
  view(va: Va, length: number, access: "read" | "write", force?: boolean): Uint8Array | undefined;
  /**
   * Where in {@link data} the `length` bytes (at most 8) from `va` stand, or -1 where they are not accessible that way
   * at once: {@link view} knows more. A number read this way costs a fifth of one read through a view.
   */
  place(va: Va, length: number, access: "read" | "write"): number;
  readonly data: DataView;
  /**
   * Says which program is going to run here, for engines that know programs again.
   *
   * @param program a name made of its content: 16 hex digits
   */
  setProgram?(program: string): void;
  /** Forgets decoded and translated code in the range (any alignment); IC IVAU by the guest does the same. */
  invalidateCode(va: Va, length: number): void;
  /**
   * Instruction addresses at which a run stops with `breakpoint` before executing. They stay whatever is mapped there.
   * Translated code leaves to the interpreter at these instructions alone; all other code runs as fast as without.
   */
  setBreakpoint(va: Va, on: boolean): void;
  /**
   * Bytes (any alignment and length) whose access by an instruction ends a run with `watchpoint` before the access.
   * Exact to the byte, for every access of the instruction; the kernel's own accesses ({@link view}) are not watched.
   * Pages that hold watched bytes lose the plain right to such accesses, so that translated code leaves to the
   * interpreter for them and the interpreter asks; accesses to other pages cost what they did.
   */
  setWatchpoint(va: Va, length: number, kind: WatchKind, on: boolean): void;
  /** Gives all storage back. The space must not be used again. */
  free(): void;
}

/**
 * Addresses for data that a program wants exactly there, and which the kernel does not hand out by itself. There is room
 * for some, no matter where: {@link reach} says so before pages are mapped there. They cannot be executed.
 */
export interface FarAddresses {
  readonly from: Va;
  readonly to: Va;
  /** What the space's limit is once far addresses are in use: nothing may be mapped from there on then. */
  readonly nearLimit: Va;
  /** Lowers the limit to that. */
  open(): void;
  /** Makes an address work, and all of the aligned 64 KiB that it is in; false: there is no room. */
  reach(va: Va): boolean;
}

/** The register state of one thread as the kernel and debuggers see it. */
export interface Registers {
  /** General register 0..30 as unsigned 64-bit. */
  x(n: number): bigint;
  setX(n: number, value: bigint | number): void;
  /** General register as an unsigned JS number: exact below 2^53, nearest double above. The fast way for addresses and sizes. */
  xu(n: number): number;
  /** Low word of a general register as int32. */
  xi(n: number): number;
  sp: bigint;
  pc: bigint;
  /** N, Z, C, V in bits 31..28, as in SPSR and the signal frame's pstate. */
  nzcv: number;
  /** What of PSTATE is the program's, as in SPSR: N, Z, C, V in bits 31..28, DIT in 24, SSBS in 12. */
  flags: number;
  fpcr: number;
  fpsr: number;
  tpidr: bigint;
  /** Copies X0..X30 out, 8 bytes each, little-endian. */
  readX(into: Uint8Array): void;
  writeX(from: Uint8Array): void;
  /** Copies V0..V31 out, 16 bytes each, little-endian. */
  readV(into: Uint8Array): void;
  writeV(from: Uint8Array): void;
  /** Becomes a copy of another thread's registers of the same engine. */
  copyFrom(other: Registers): void;
  /** Everything zero, as at the start of a program. */
  reset(): void;
}

/** A thread's processor. */
export interface Cpu {
  readonly regs: Registers;
  /**
   * Executes at most `fuel` instructions of the program in `space`.
   *
   * @param others threads to run at the same time, not longer than this run; one less than {@link Engine.processors} at
   * most, without a debugger's points, and none that {@link hasExit}. What happens to one of them is what its own next
   * run returns, at once. Engines with one processor leave them alone, as does one that finds that it has no more.
   */
  run(space: AddressSpace, fuel: number, others?: readonly Runnable[]): Exit;
  /** What the next run returns is there already. It belongs to the registers as they are: take it before changing them. */
  readonly hasExit?: boolean;
  /** Executes one instruction, also where a debugger's breakpoint is: how one is stepped over without removing it. */
  step(space: AddressSpace): Exit;
  /** Clears the exclusive monitor: due whenever another thread ran in between (Arm ARM B2.9.5). */
  clearExclusive(): void;
  /** Gives the register storage back. */
  free(): void;
}

/** A thread that could run. */
export interface Runnable {
  readonly cpu: Cpu;
  readonly space: AddressSpace;
}

/** Makes address spaces, processors and shared pages that work together. */
export interface Engine {
  readonly name: "hvf" | "kvm" | "wasm";
  /** Optional features of the architecture that work, by Arm's names (`LSE`, `CRC32`, …). */
  readonly features: ReadonlySet<string>;
  /** MIDR_EL1: who made the processor, and which it is. */
  readonly midr: number;
  /** Threads that can run at the same time; undefined: one. May become less. */
  readonly processors?: number;
  /** Bytes of pages that guests may take at most; undefined: as many as the kernel likes. */
  readonly memory?: number;
  /** Different programs that it has executed: what it keeps grows with each; undefined: it keeps nothing of them. */
  readonly programs?: number;
  /** Something that makes a guest faster is on its way from the host: turns of its event loop are worth what they cost. */
  readonly awaitsHost?: boolean;
  /** No guest runs now: the time to keep what was learnt of its programs. */
  idle?(): void;
  /** What it has done since it was made, for people who measure: figures by name. */
  statistics?(): Record<string, number>;
  createAddressSpace(): AddressSpace;
  createCpu(): Cpu;
  /** A shared page with this content (at most one page; the rest is zero). */
  createFrame(content?: Uint8Array): Frame;
  /** Unallocated or unimplemented: the text for an illegal instruction, disassembled. */
  disassemble(word: number, pc: Va): Promise<string>;
}
