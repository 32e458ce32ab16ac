/**
 * Where registers of a region are read, written and still to be stored: what has to be loaded at the entry and
 * behind calls, and what an exit has to store. Sets of registers are bit masks (SP is bit 31 of the general ones).
 */
import type { Place, Stmt } from "../../../isa/ir/builder.ts";
import { callsOut, DISPATCH, dispatchesHome, type Instruction, type Region, targetsOf } from "./region.ts";
import type { Structure } from "./structure.ts";

/** General and vector registers. */
export interface RegisterSet {
  readonly x: number;
  readonly v: number;
}

/** What an instruction does to registers. */
interface Effect {
  readonly instruction: Instruction;
  /** Whether registers are others behind it. */
  readonly calls: boolean;
  /** Read before being written for certain. */
  readX: number;
  readV: number;
  /** Written on some path. */
  writeX: number;
  writeV: number;
  /** Written on every path. */
  surelyX: number;
  surelyV: number;
}

const bit = (place: Place & { file: "x" | "v" }): number => 1 << (place.reg as number);
export const isZero = (place: Place): boolean => place.file === "x" && place.reg === 31 && place.r31 !== "sp";

function scan(body: readonly Stmt[], effect: Effect, certain: boolean): void {
  for (const stmt of body) {
    if (stmt.s === "if") {
      scan(stmt.then, effect, false);
      scan(stmt.else, effect, false);
    } else if (stmt.s === "loop") scan(stmt.body, effect, false);
    else if (stmt.s === "get" || stmt.s === "put") {
      const { place } = stmt;
      if (place.file === "sys" || place.file === "vdyn" || isZero(place)) continue;
      const mask = bit(place);
      const whole = place.file === "x" || (stmt.s === "put" && (stmt.store === "v128.store" || stmt.clears));
      // A write that may not happen, or of a part, leaves an old content that must be there.
      const reads = stmt.s === "get" || !certain || !whole;
      if (place.file === "x") {
        if (reads) effect.readX |= mask & ~effect.surelyX;
        if (stmt.s === "put") effect.writeX |= mask;
        if (stmt.s === "put" && certain) effect.surelyX |= mask;
      } else {
        if (reads) effect.readV |= mask & ~effect.surelyV;
        if (stmt.s === "put") effect.writeV |= mask;
        if (stmt.s === "put" && certain) effect.surelyV |= mask;
      }
    }
  }
}

export interface RegisterFlow {
  /** Registers that have to be loaded at the entry. */
  readonly entry: RegisterSet;
  /** Registers whose content in the register file is out of date at the start of a block. */
  dirty(block: number): RegisterSet;
  /** Registers that are needed at the start of a block. */
  readonly live: ReadonlyMap<number, RegisterSet>;
  /** Registers that have to be loaded behind a call. */
  readonly behindCall: ReadonlyMap<Instruction, RegisterSet>;
  /** Vector registers that have been written since they were loaded on every way to the start of a block. */
  written(block: number): number;
  /** Vector registers of which that depends on the way, somewhere where they may have been. */
  readonly undecided: number;
  /** Registers that are used at all. */
  readonly used: RegisterSet;
}

/**
 * @param saved instructions before which everything is stored
 * @param kept registers that are compared behind a call with what they were before
 */
export function registerFlow(
  region: Region,
  graph: Structure,
  saved: ReadonlySet<Instruction>,
  kept: ReadonlyMap<Instruction, number>,
): RegisterFlow {
  const sums = new Map<number, BlockSum>(), used = { x: 0, v: 0 };
  for (const node of graph.order) {
    const effects = region.blocks.get(node)!.instructions.map(effectOf);
    for (const effect of effects) {
      used.x |= effect.readX | effect.writeX;
      used.v |= effect.readV | effect.writeV;
    }
    sums.set(node, sumOf(effects, saved, kept));
  }
  const isHome = dispatchesHome(region), loads = isHome ? [region.entry, ...targetsOf(region)] : [region.entry];
  const dirty = forward(graph, sums, isHome), written = surelyWritten(graph, sums, loads);
  const live = backward(graph, sums, dirty, isHome);
  return {
    entry: live.get(region.entry)!,
    dirty: (node) => dirty.get(node)!,
    live,
    behindCall: neededBehindCalls(graph, sums, live, kept, isHome),
    written: (node) => written.get(node)!,
    undecided: graph.order.reduce((all, node) => all | (dirty.get(node)!.v & ~written.get(node)!), 0),
    used,
  };
}

function effectOf(instruction: Instruction): Effect {
  const calls = callsOut(instruction.body!);
  const effect = { instruction, calls, readX: 0, readV: 0, writeX: 0, writeV: 0, surelyX: 0, surelyV: 0 };
  scan(instruction.body!, effect, true);
  return effect;
}

/** What a block does, as far as what follows from all of its instructions. */
interface BlockSum {
  readonly effects: readonly Effect[];
  /** Whether registers come home in it, and what is written behind the last place where they do. */
  readonly comesHome: boolean;
  readonly dirtyX: number;
  readonly dirtyV: number;
  /** Whether it calls, and the vector registers that are surely written behind the last call. */
  readonly calls: boolean;
  readonly writtenV: number;
  /** Registers that are needed at its start if none is at its end, and if all are. */
  readonly least: RegisterSet;
  readonly most: RegisterSet;
}

function sumOf(
  effects: readonly Effect[],
  saved: ReadonlySet<Instruction>,
  kept: ReadonlyMap<Instruction, number>,
): BlockSum {
  const sum = { effects, comesHome: false, dirtyX: 0, dirtyV: 0, calls: false, writtenV: 0 };
  for (const { instruction, calls, writeX, writeV, surelyV } of effects) {
    if (calls || saved.has(instruction)) {
      sum.comesHome = true;
      sum.dirtyX = sum.dirtyV = 0;
    }
    if (calls) {
      sum.calls = true;
      sum.writtenV = 0;
      continue;
    }
    sum.dirtyX |= writeX;
    sum.dirtyV |= writeV;
    sum.writtenV |= surelyV;
  }
  const least = neededBefore(effects, kept, { x: 0, v: 0 }), most = neededBefore(effects, kept, { x: -1, v: -1 });
  return { ...sum, least, most };
}

/**
 * Registers that are needed before instructions.
 *
 * @param end those that are needed behind them
 * @param behindCall takes those that are needed behind each call
 */
function neededBefore(
  effects: readonly Effect[],
  kept: ReadonlyMap<Instruction, number>,
  end: RegisterSet,
  behindCall?: Map<Instruction, RegisterSet>,
): RegisterSet {
  let { x, v } = end;
  for (let index = effects.length - 1; index >= 0; index--) {
    const { instruction, calls, surelyX, surelyV, readX, readV } = effects[index]!;
    if (calls) {
      behindCall?.set(instruction, { x, v });
      x &= kept.get(instruction)!;
      v = 0;
    }
    x = (x & ~surelyX) | readX;
    v = (v & ~surelyV) | readV;
  }
  return { x, v };
}

type Sums = ReadonlyMap<number, BlockSum>;
type Sets = Map<number, { x: number; v: number }>;

function forward(graph: Structure, sums: Sums, isHome: boolean): Sets {
  const dirty: Sets = new Map(graph.order.map((node) => [node, { x: 0, v: 0 }]));
  for (let changed = true; changed;) {
    changed = false;
    for (const node of graph.order) {
      const { comesHome, dirtyX, dirtyV } = sums.get(node)!, from = dirty.get(node)!;
      const x = comesHome ? dirtyX : from.x | dirtyX, v = comesHome ? dirtyV : from.v | dirtyV;
      for (const next of graph.successors(node)) {
        if (next === DISPATCH && isHome) continue;
        const into = dirty.get(next)!;
        if ((into.x | x) === into.x && (into.v | v) === into.v) continue;
        into.x |= x;
        into.v |= v;
        changed = true;
      }
    }
  }
  return dirty;
}

/**
 * Vector registers that have been written since they were loaded, on every way to the start of each block.
 *
 * @param loads where control comes from elsewhere
 */
function surelyWritten(graph: Structure, sums: Sums, loads: readonly number[]): ReadonlyMap<number, number> {
  const written = new Map(graph.order.map((node) => [node, loads.includes(node) ? 0 : -1]));
  for (let changed = true; changed;) {
    changed = false;
    for (const node of graph.order) {
      const { calls, writtenV } = sums.get(node)!, v = calls ? writtenV : written.get(node)! | writtenV;
      for (const next of graph.successors(node)) {
        const before = written.get(next)!;
        if ((before & v) === before) continue;
        written.set(next, before & v);
        changed = true;
      }
    }
  }
  return written;
}

function backward(graph: Structure, sums: Sums, dirty: Sets, isHome: boolean): Sets {
  const live: Sets = new Map(graph.order.map((node) => [node, { x: 0, v: 0 }]));
  const order = [...graph.order].reverse();
  for (let changed = true; changed;) {
    changed = false;
    for (const node of order) {
      const { least, most } = sums.get(node)!, end = neededAtEnd(graph, live, node, isHome);
      // Any exit stores what is dirty, so that has to be there.
      const x = (end.x & most.x) | least.x | dirty.get(node)!.x, v = (end.v & most.v) | least.v | dirty.get(node)!.v;
      const known = live.get(node)!;
      if (known.x === x && known.v === v) continue;
      known.x = x;
      known.v = v;
      changed = true;
    }
  }
  return live;
}

/** Registers that are needed where control goes from a block. */
function neededAtEnd(graph: Structure, live: Sets, node: number, isHome: boolean): { x: number; v: number } {
  const needed = { x: 0, v: 0 };
  // What is at home there is loaded on the way to each target.
  if (node === DISPATCH && isHome) return needed;
  for (const next of graph.successors(node)) {
    const { x, v } = live.get(next)!;
    needed.x |= x;
    needed.v |= v;
  }
  return needed;
}

function neededBehindCalls(
  graph: Structure,
  sums: Sums,
  live: Sets,
  kept: ReadonlyMap<Instruction, number>,
  isHome: boolean,
): Map<Instruction, RegisterSet> {
  const behindCall = new Map<Instruction, RegisterSet>();
  for (const [node, { calls, effects }] of sums) {
    if (calls) neededBefore(effects, kept, neededAtEnd(graph, live, node, isHome), behindCall);
  }
  return behindCall;
}
