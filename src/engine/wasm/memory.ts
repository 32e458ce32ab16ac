/** The engine's memories and what is allotted in them. */
import {
  BLOCK_SIZE,
  Code as Exit,
  Cpu,
  FixedHandler,
  GUEST_MEMORY_MAX,
  GUEST_MEMORY_MIN,
  HEAT,
  Heat,
  HEAT_COUNTERS,
  HOT,
  JUMPS,
  RECORD,
  TALLY,
  TARGET_MAPS,
  TARGET_MAPS_SIZE,
  WASM_PAGE,
  WINDOW,
} from "./layout.ts";

/** A WebAssembly memory whose views survive growth. */
function resizable(memory: WebAssembly.Memory): ArrayBuffer {
  // Standard since WebAssembly 3.0's JS API; not yet in TypeScript's library.
  return (memory as unknown as { toResizableBuffer(): ArrayBuffer }).toResizableBuffer();
}

const MiB = 2 ** 20;
/** Register files lie below, decoded blocks above. */
const BLOCK_AREA = 32 * MiB;

/** Index of an instruction's counter of arrivals, in units of two bytes. */
const counterOf = (va: number): number => (HEAT >> 1) + ((va / 4) & (HEAT_COUNTERS - 1));

/** Where targets of computed branches lie: the first, and instructions to behind the last. */
export function extentOf(targets: readonly number[]): { first: number; length: number } {
  const first = Math.min(...targets);
  return { first, length: (Math.max(...targets) - first) / 4 + 1 };
}

/** A thread's registers: where they are kept, and where they are now. */
export interface RegisterFile {
  readonly home: number;
  base: number;
}

/** Engine memory: register files and decoded blocks. */
export class EngineMemory {
  readonly memory: WebAssembly.Memory;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly i64: BigInt64Array;
  readonly view: DataView;
  /** Returns of the interpreter by reason, for statistics. */
  readonly exits: number[] = new Array(Object.keys(Exit).length).fill(0);
  /** Instructions executed, by all threads. */
  retired = 0;
  /**
   * Slots that records may refer to: every region table has to be as long. Asked before every run: this and the tables'
   * lengths as numbers are 0.4 % of the time of small calls, asking a map and a table was 3 %.
   */
  slots = 0;
  /** Arrivals that a place has when it is first decoded. */
  readonly #heat: number;
  /** Pages of code whose counters may not be as they were. */
  readonly #warm = new Set<number>();
  #freeCpus: number[] = [];
  /** Address 0 is the file of the running thread; counters, the table of jumps and the maps of targets lie behind. */
  #nextCpu = TARGET_MAPS + TARGET_MAPS_SIZE;
  #nextMap = TARGET_MAPS;
  readonly #maps = new Map<string, number>();
  #active: RegisterFile | undefined;
  #freeBlocks: number[] = [];
  #nextBlock = BLOCK_AREA;

  /** @param translatesAll whether places are hot when they are first reached */
  constructor(readonly translatesAll = false) {
    this.#heat = translatesAll ? HOT - 1 : 0;
    this.memory = new WebAssembly.Memory({ initial: (2 * BLOCK_AREA) / WASM_PAGE, maximum: 65536 });
    const buffer = resizable(this.memory);
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.view = new DataView(buffer);
    // An empty entry holds the root 0, which is looked for in the first one only: there it must not be found.
    this.u32[JUMPS >> 2] = 1;
  }

  /** Instructions that translated code has executed. */
  get tally(): number {
    return Number(this.i64[TALLY >> 3]!);
  }

  /** An instruction is new. */
  forgetArrivals(va: number): void {
    this.u16[counterOf(va)] = this.#heat;
  }
  /** Sets how often an instruction was arrived at: as if it were new, or to a number. */
  cool(va: number, arrivals = this.#heat): void {
    const at = counterOf(va);
    this.u16[at] = (this.u16[at]! & ~Heat.count) | arrivals;
  }
  /** Has an instruction been arrived at as often as that, at least. */
  heatUp(va: number, arrivals: number): void {
    if (this.#arrivals(va) < arrivals) this.cool(va, arrivals);
  }
  #arrivals(va: number): number {
    return this.u16[counterOf(va)]! & Heat.count;
  }
  /** How often an instruction was arrived at, and by which BR: undefined if by none. */
  computedArrivals(va: number): { count: number; source: number } | undefined {
    const counter = this.u16[counterOf(va)]!;
    if (!(counter & Heat.computed)) return undefined;
    return { count: counter & Heat.count, source: (counter & Heat.source) >> Heat.sourceShift };
  }

  /**
   * A map of these targets, numbered from 1: a byte per instruction from the first to the last. Returns its address,
   * always the same for the same targets; undefined if there is no room for it.
   */
  mapTargets(targets: readonly number[]): number | undefined {
    const name = targets.join(), known = this.#maps.get(name);
    if (known !== undefined) return known;
    const { first, length } = extentOf(targets), at = this.#nextMap;
    if (at + length > TARGET_MAPS + TARGET_MAPS_SIZE) return undefined;
    this.#nextMap = at + length;
    for (const [index, target] of targets.entries()) this.u8[at + (target - first) / 4] = index + 1;
    this.#maps.set(name, at);
    return at;
  }

  /** Arrivals in a page of code are counted from now on. */
  warm(page: number): void {
    this.#warm.add(page);
  }
  /** Forgets all arrivals: another program begins. */
  coolAll(): void {
    for (const page of this.#warm) {
      const at = counterOf(4096 * page);
      this.u16.fill(this.#heat, at, at + 1024);
    }
    this.#warm.clear();
  }

  /** Brings a thread's registers to address 0, and puts those that were there aside (1 KiB each way). */
  activate(file: RegisterFile, { exchange }: GuestMemory): void {
    const old = this.#active;
    if (old === file) return;
    if (old === undefined) this.u8.copyWithin(0, file.home, file.home + Cpu.size);
    else {
      exchange(old.home, file.home);
      old.base = old.home;
    }
    file.base = 0;
    this.#active = file;
  }

  allotCpu(): number {
    const at = this.#freeCpus.pop();
    if (at !== undefined) return at;
    if (this.#nextCpu + Cpu.size > BLOCK_AREA) throw new RangeError("too many guest threads for the engine");
    const fresh = this.#nextCpu;
    this.#nextCpu += Cpu.size;
    return fresh;
  }
  freeCpu(file: RegisterFile): void {
    if (this.#active === file) this.#active = undefined;
    this.#freeCpus.push(file.home);
  }

  /** A block in which nothing is decoded. */
  allotBlock(): number {
    let at = this.#freeBlocks.pop();
    if (at === undefined) {
      at = this.#nextBlock;
      this.#nextBlock += BLOCK_SIZE;
      const short = this.#nextBlock - this.u8.length;
      if (short > 0) this.memory.grow(Math.ceil(Math.max(short, 64 * MiB) / WASM_PAGE));
    } else this.u8.fill(0, at, at + BLOCK_SIZE);
    this.u16[(at + 1024 * RECORD) >> 1] = FixedHandler.pageEnd;
    return at;
  }
  freeBlock(at: number): void {
    this.#freeBlocks.push(at);
  }
}

/** Guest memory of one address space, with the interpreter instantiated on it. Reused from process to process. */
export class GuestMemory {
  readonly memory: WebAssembly.Memory;
  readonly u8: Uint8Array;
  readonly view: DataView;
  readonly u32: Uint32Array;
  readonly run: (fuel: number) => number;
  /**
   * Copies the registers at address 0 to one place and brings those of another. Measured with two processes that take
   * turns at a pipe: 3 % of their time; 8 % where JavaScript copies.
   */
  readonly exchange: (to: number, from: number) => void;
  /** Bytes of pages that came into being since it was made, counted again with every process: resident at most. */
  touchedBytes = 0;
  /** Translated regions by slot. */
  readonly regions: WebAssembly.Table;
  /** Its length: to ask the table takes longer. */
  slots: number;
  /** The interpreter's exports that translated code imports. */
  readonly exports: WebAssembly.Exports;
  /**
   * Asked about an access without the plain right to it; true: it may go on all the same (Watchpoints).
   * Undefined: there are no watchpoints.
   */
  mayAccess: ((va: number, size: number, need: number) => boolean) | undefined;

  constructor(module: WebAssembly.Module, engine: EngineMemory, now: () => bigint) {
    this.memory = new WebAssembly.Memory({
      initial: BigInt(GUEST_MEMORY_MIN / WASM_PAGE),
      maximum: BigInt(GUEST_MEMORY_MAX / WASM_PAGE),
      address: "i64",
    } as unknown as WebAssembly.MemoryDescriptor);
    const buffer = resizable(this.memory);
    this.u8 = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    // The block table is reached through a view of its own: a view of everything would exceed the length limit of
    // typed arrays on some hosts.
    this.u32 = new Uint32Array(buffer, 0, WINDOW / 4);
    const instance = new WebAssembly.Instance(module, {
      host: {
        now,
        mayAccess: (va: bigint, size: number, need: number) => this.mayAccess?.(Number(va), size, need) ? 1 : 0,
        engine: engine.memory,
        guest: this.memory,
      },
    });
    this.exports = instance.exports;
    this.regions = instance.exports.regions as WebAssembly.Table;
    this.slots = this.regions.length;
    this.exchange = instance.exports.exchange as (to: number, from: number) => void;
    this.run = instance.exports.run as (fuel: number) => number;
  }

  /** Lengthens the region table by `count` entries that lead back to the interpreter. */
  growRegions(count: number): void {
    // The initial value is missing in TypeScript's declaration.
    (this.regions as unknown as { grow(delta: number, init: unknown): number }).grow(count, this.exports.absent);
    this.slots += count;
  }
  removeRegion(slot: number): void {
    this.regions.set(slot, this.exports.absent as () => void);
  }

  /** The instruction word at a guest address whose page is present. */
  word(va: number): number {
    const { u8 } = this, at = WINDOW + va;
    return (u8[at]! | (u8[at + 1]! << 8) | (u8[at + 2]! << 16) | (u8[at + 3]! << 24)) >>> 0;
  }

  /** Makes guest addresses below `end` exist. */
  ensure(end: number): void {
    const need = WINDOW + end - this.u8.length;
    if (need <= 0) return;
    const step = Math.max(need, 1024 * MiB);
    const most = GUEST_MEMORY_MAX - this.u8.length;
    (this.memory as unknown as { grow(pages: bigint): bigint }).grow(
      BigInt(Math.ceil(Math.min(step, most) / WASM_PAGE)),
    );
  }
}
