/**
 * Where registers of a region are read, written and still to be stored: what has to be loaded at the entry and
 * behind calls, and what an exit has to store. Sets of registers are bit masks (SP is bit 31 of the general ones).
 */
import type { Place, Stmt } from "../../../isa/ir/builder.ts";
import { type Block, callsOut, DISPATCH, dispatchesHome, type Instruction, type Region, targetsOf } from "./region.ts";
import type { Structure } from "./structure.ts";

/** General and vector registers. */
export interface RegisterSet {
  readonly x: number;
  readonly v: number;
}

/** What a stretch of code does to registers. */
interface Effect {
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

const none = (): Effect => ({ readX: 0, readV: 0, writeX: 0, writeV: 0, surelyX: 0, surelyV: 0 });

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
  const effects = new Map<number, Effect[]>();
  const used = { x: 0, v: 0 };
  for (const node of graph.order) {
    const list = region.blocks.get(node)!.instructions.map(({ body }) => {
      const effect = none();
      scan(body!, effect, true);
      used.x |= effect.readX | effect.writeX;
      used.v |= effect.readV | effect.writeV;
      return effect;
    });
    effects.set(node, list);
  }
  const dirty = forward(region, graph, effects, saved);
  const written = surelyWritten(region, graph, effects);
  const { live, behindCall } = backward(region, graph, effects, dirty, kept);
  return {
    entry: live.get(region.entry)!,
    dirty: (node) => dirty.get(node)!,
    live,
    behindCall,
    written: (node) => written.get(node)!,
    undecided: graph.order.reduce((all, node) => all | (dirty.get(node)!.v & ~written.get(node)!), 0),
    used,
  };
}

type Sets = Map<number, { x: number; v: number }>;

function forward(
  region: Region,
  graph: Structure,
  effects: ReadonlyMap<number, readonly Effect[]>,
  saved: ReadonlySet<Instruction>,
): Sets {
  const dirty: Sets = new Map(graph.order.map((node) => [node, { x: 0, v: 0 }])), isHome = dispatchesHome(region);
  for (let changed = true; changed;) {
    changed = false;
    for (const node of graph.order) {
      const block = region.blocks.get(node)!;
      let { x, v } = dirty.get(node)!;
      for (const [index, instruction] of block.instructions.entries()) {
        if (saved.has(instruction)) x = v = 0;
        const effect = effects.get(node)![index]!;
        x |= effect.writeX;
        v |= effect.writeV;
        if (callsOut(instruction.body!)) x = v = 0;
      }
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

/** Vector registers that have been written since they were loaded, on every way to the start of each block. */
function surelyWritten(
  region: Region,
  graph: Structure,
  effects: ReadonlyMap<number, readonly Effect[]>,
): ReadonlyMap<number, number> {
  const loads = new Set([region.entry, ...(dispatchesHome(region) ? targetsOf(region) : [])]);
  const written = new Map(graph.order.map((node) => [node, loads.has(node) ? 0 : -1]));
  for (let changed = true; changed;) {
    changed = false;
    for (const node of graph.order) {
      let v = written.get(node)!;
      for (const [index, { body }] of region.blocks.get(node)!.instructions.entries()) {
        v = callsOut(body!) ? 0 : v | effects.get(node)![index]!.surelyV;
      }
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

function backward(
  region: Region,
  graph: Structure,
  effects: ReadonlyMap<number, readonly Effect[]>,
  dirty: Sets,
  kept: ReadonlyMap<Instruction, number>,
): { live: Sets; behindCall: Map<Instruction, RegisterSet> } {
  const live: Sets = new Map(graph.order.map((node) => [node, { x: 0, v: 0 }]));
  const behindCall = new Map<Instruction, RegisterSet>();
  const order = [...graph.order].reverse(), isHome = dispatchesHome(region);
  for (let changed = true; changed;) {
    changed = false;
    for (const node of order) {
      let x = 0, v = 0;
      // What is at home there is loaded on the way to each target.
      for (const next of node === DISPATCH && isHome ? [] : graph.successors(node)) {
        x |= live.get(next)!.x;
        v |= live.get(next)!.v;
      }
      const { instructions } = region.blocks.get(node)! as Block;
      for (let index = instructions.length - 1; index >= 0; index--) {
        const instruction = instructions[index]!;
        const effect = effects.get(node)![index]!;
        if (callsOut(instruction.body!)) {
          behindCall.set(instruction, { x, v });
          x &= kept.get(instruction)!;
          v = 0;
        }
        x = (x & ~effect.surelyX) | effect.readX;
        v = (v & ~effect.surelyV) | effect.readV;
      }
      // Any exit stores what is dirty, so that has to be there.
      x |= dirty.get(node)!.x;
      v |= dirty.get(node)!.v;
      const known = live.get(node)!;
      if (known.x === x && known.v === v) continue;
      known.x = x;
      known.v = v;
      changed = true;
    }
  }
  return { live, behindCall };
}
