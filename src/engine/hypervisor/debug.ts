/**
 * Breakpoints and watchpoints in the CPU's own debug registers (Arm ARM D2.8 to D2.11): exact, free while they do not
 * fire, and few. What does not fit is refused when it is set, so that a debugger can say so.
 */
import { Mdscr } from "../../isa/a64/el1.ts";
import type { Va, WatchKind } from "../engine.ts";
import type { DebugRegisters } from "./vcpu.ts";

/** DBGBCR and DBGWCR: enabled, for EL0 alone (PMC, PAC). */
const AT_EL0 = 1 | 2 << 1;
/** DBGWCR.LSC. */
const KIND: Readonly<Record<WatchKind, number>> = { read: 1, write: 2, access: 3 };
/** Most address bits that DBGWCR.MASK leaves out. */
const MASK_MAX = 31;

interface Watch {
  readonly va: Va;
  readonly length: number;
  readonly kind: WatchKind;
}

/** How many debug registers a CPU has. */
export interface DebugCapacity {
  readonly breakpoints: number;
  readonly watchpoints: number;
}

/** What a debugger wants of one address space. */
export class DebugPoints {
  readonly breakpoints = new Set<Va>();
  #watches: Watch[] = [];
  #registers: { readonly running: DebugRegisters | undefined; readonly stepping: DebugRegisters } | undefined;

  constructor(private readonly capacity: DebugCapacity) {}

  /** @throws {RangeError} when the CPU has no register left */
  setBreakpoint(va: Va, on: boolean): void {
    if (on && !this.breakpoints.has(va) && this.breakpoints.size >= this.capacity.breakpoints) {
      throw new RangeError(`the CPU has ${this.capacity.breakpoints} breakpoints`);
    }
    if (on) this.breakpoints.add(va);
    else this.breakpoints.delete(va);
    this.#registers = undefined;
  }

  /** @throws {RangeError} when the CPU has no register left */
  setWatchpoint(va: Va, length: number, kind: WatchKind, on: boolean): void {
    const others = this.#watches.filter((each) => each.va !== va || each.length !== length || each.kind !== kind);
    const watches = on ? [...others, { va, length, kind }] : others;
    if (watches.flatMap(pieces).length > this.capacity.watchpoints) {
      throw new RangeError(`the CPU has ${this.capacity.watchpoints} watchpoints`);
    }
    this.#watches = watches;
    this.#registers = undefined;
  }

  /** The registers for a run; undefined without a debugger. */
  get running(): DebugRegisters | undefined {
    return this.#build().running;
  }
  /** The registers for one instruction, whatever breakpoint it is at. */
  get stepping(): DebugRegisters {
    return this.#build().stepping;
  }

  #build(): { readonly running: DebugRegisters | undefined; readonly stepping: DebugRegisters } {
    if (this.#registers !== undefined) return this.#registers;
    const breakpoints = [...this.breakpoints].map((va) => [BigInt(va), BigInt(AT_EL0 | 15 << 5)] as const);
    const watchpoints = this.#watches.flatMap(pieces);
    const mdscr = Mdscr.TDCC | (breakpoints.length + watchpoints.length > 0 ? Mdscr.MDE : 0);
    return this.#registers = {
      running: mdscr & Mdscr.MDE ? { mdscr, breakpoints, watchpoints } : undefined,
      stepping: { mdscr: mdscr | Mdscr.SS, breakpoints: [], watchpoints },
    };
  }

  /**
   * The first watched byte of an access that a watchpoint stopped. The CPU gives an address between the lowest byte
   * accessed and the highest watched one (Arm ARM D2.10.5).
   */
  firstWatched(address: Va): Va {
    let first = Infinity;
    for (const { va, length } of this.#watches) {
      if (va + length > address) first = Math.min(first, Math.max(va, address));
    }
    return first === Infinity ? address : first;
  }
}

/** A watch in the units of the CPU: single bytes of a doubleword (BAS), or an aligned power of two (MASK). */
function pieces({ va, length, kind }: Watch): (readonly [value: bigint, control: bigint])[] {
  const list: (readonly [bigint, bigint])[] = [];
  const add = (at: Va, bytes: number, mask: number) =>
    list.push([BigInt(at), BigInt(AT_EL0 | KIND[kind] << 3 | bytes << 5 | mask << 24)]);
  for (let at = va, left = length; left > 0;) {
    const within = at % 8;
    if (within !== 0 || left < 8) {
      const count = Math.min(8 - within, left);
      add(at - within, ((1 << count) - 1) << within, 0);
      at += count;
      left -= count;
      continue;
    }
    let bits = 3;
    while (bits < MASK_MAX && 2 ** (bits + 1) <= left && at % 2 ** (bits + 1) === 0) bits++;
    add(at, 0xff, bits === 3 ? 0 : bits);
    at += 2 ** bits;
    left -= 2 ** bits;
  }
  return list;
}
