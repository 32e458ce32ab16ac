/**
 * Where the flags of a region come from at each place, and where anything may look at them. A loop that ends in a
 * comparison of registers has then nothing to carry from pass to pass for an exit that does not happen.
 */
import type { AccessPlan } from "./access_plan.ts";
import { FlagEffect, FLAGS_HOME, type FlagState, type Operand } from "./flag_effect.ts";
import { DISPATCH, dispatchesHome, type Instruction, type Region, targetsOf } from "./region.ts";
import { mayLeave } from "./save_points.ts";
import type { Structure } from "./structure.ts";

type Effects = ReadonlyMap<number, readonly FlagEffect[]>;

export interface FlagFlow {
  /** What is known at the start of a block; said of flags that nothing looks at, it need not be true. */
  at(node: number): FlagState;
  /** Whether anything may look at the flags from the start of a block on, before they are set anew. */
  isLive(node: number): boolean;
  /** Effects of the instructions of a block. */
  effects(node: number): readonly FlagEffect[];
  /** Whether anything may look at the flags behind each instruction of a block. */
  liveBehind(node: number): readonly boolean[];
  /** Heads of loops that are entered with the flags in the register file. */
  readonly enteredHome: ReadonlySet<number>;
}

/** @param saved instructions before which everything is stored */
export function flagFlow(
  region: Region,
  graph: Structure,
  saved: ReadonlySet<Instruction>,
  plan: AccessPlan,
): FlagFlow {
  const effects: Effects = new Map(graph.order.map((node) => [
    node,
    region.blocks.get(node)!.instructions.map(({ body }) => new FlagEffect(body!)),
  ]));
  const looks = new Looks(region, graph, effects, saved, plan);
  const forward = (enteredHome: ReadonlySet<number>) => propagate(region, graph, effects, saved, enteredHome);
  let enteredHome: ReadonlySet<number> = new Set(), { at, behind } = forward(enteredHome);
  const better = headsToEnterHome(region, graph, looks, at, behind);
  if (better.size > 0) ({ at } = forward(enteredHome = better));
  return {
    at: (node) => at.get(node)!,
    isLive: (node) => looks.at(node) !== 0,
    effects: (node) => effects.get(node)!,
    liveBehind: (node) => looks.behindEach(node),
    enteredHome,
  };
}

// ---- where anything may look at them --------------------------------------------------------------------------------

/** How flags may be looked at: to be stored at a way out, or by a condition. */
const STORED = 1, READ = 2, LOOKS = STORED | READ;
/** What an instruction does beside: flags from before are nowhere behind it; control leaves the region. */
const ENDS = 4, LEAVES = 8;

class Looks {
  readonly #region: Region;
  readonly #graph: Structure;
  /** For each instruction of a block. */
  readonly #does = new Map<number, Uint8Array>();
  /** What may happen from the start of a block on to flags that hold there. */
  readonly #known = new Map<number, number>();

  constructor(region: Region, graph: Structure, effects: Effects, saved: ReadonlySet<Instruction>, plan: AccessPlan) {
    this.#region = region;
    this.#graph = graph;
    const order = [...graph.order].reverse(), ofBlock = new Map<number, number>();
    for (const node of order) {
      const { instructions } = region.blocks.get(node)!, does = new Uint8Array(instructions.length);
      let sum = 0;
      for (let index = does.length - 1; index >= 0; index--) {
        const instruction = instructions[index]!, { sets, reads, leaves, calls } = effects.get(node)![index]!;
        const isStored = leaves || saved.has(instruction) || mayLeave(instruction.body!, plan);
        does[index] = (isStored ? STORED : 0) | (reads ? READ : 0) | (leaves ? LEAVES : 0) |
          (calls || sets !== "no" ? ENDS : 0);
        sum = looksFrom(does[index]!, sum) | (does[index]! & ENDS);
      }
      this.#does.set(node, does);
      // Fuel may have run out there.
      const isPolled = node === region.entry || node === DISPATCH || graph.loopHeaders.has(node);
      ofBlock.set(node, isPolled ? sum | STORED : sum);
    }
    for (let changed = true; changed;) {
      changed = false;
      for (const node of order) {
        const sum = ofBlock.get(node)!, looks = sum & LOOKS | ((sum & ENDS) === 0 ? this.#behind(node) : 0);
        if (this.#known.get(node) === looks) continue;
        this.#known.set(node, looks);
        changed = true;
      }
    }
  }

  at(node: number): number {
    return this.#known.get(node)!;
  }
  behindEach(node: number): boolean[] {
    const does = this.#does.get(node)!, found: boolean[] = [];
    let looks = this.#behind(node);
    for (let index = does.length - 1; index >= 0; index--) {
      found[index] = looks !== 0 || (does[index]! & LEAVES) !== 0;
      looks = looksFrom(does[index]!, looks);
    }
    return found;
  }

  #behind(node: number): number {
    const { terminator } = this.#region.blocks.get(node)!;
    let looks = 0;
    for (const next of this.#graph.successors(node)) looks |= this.#known.get(next) ?? 0;
    const isInside = terminator.kind === "goto"
      ? this.#graph.hasEdge(node, terminator.target)
      : terminator.kind === "cond" && this.#graph.hasEdge(node, terminator.taken) &&
        this.#graph.hasEdge(node, terminator.next);
    return isInside ? looks : looks | STORED;
  }
}

/** How flags that hold before an instruction may be looked at, if those behind it may be in some ways. */
const looksFrom = (does: number, behind: number): number => does & LOOKS | ((does & ENDS) === 0 ? behind : 0);

// ---- where they come from -------------------------------------------------------------------------------------------

interface States {
  /** At the start of each block, and behind its last instruction. */
  readonly at: ReadonlyMap<number, FlagState>;
  readonly behind: ReadonlyMap<number, FlagState>;
}

function propagate(
  region: Region,
  graph: Structure,
  effects: Effects,
  saved: ReadonlySet<Instruction>,
  enteredHome: ReadonlySet<number>,
): States {
  const isHome = dispatchesHome(region);
  const at = new Map<number, FlagState>(), behind = new Map<number, FlagState>();
  const flow = (state: FlagState, to: number): boolean => {
    const known = at.get(to);
    let joined = joinFlags(known, state);
    if (to === DISPATCH && !isHome) joined = keepFor(targetsOf(region).map((target) => at.get(target)), joined);
    if (known !== undefined && isSameState(known, joined)) return false;
    at.set(to, joined);
    return true;
  };
  for (let changed = true; changed;) {
    changed = flow(FLAGS_HOME, region.entry);
    for (const node of graph.order) {
      let state = at.get(node);
      if (state === undefined) continue;
      const { instructions } = region.blocks.get(node)!, inBlock = effects.get(node)!;
      for (let index = 0; index < inBlock.length; index++) {
        if (state.dirty && saved.has(instructions[index]!)) state = { ...state, dirty: false };
        state = inBlock[index]!.calls ? FLAGS_HOME : inBlock[index]!.behind(state);
      }
      behind.set(node, state);
      for (const next of graph.successors(node)) {
        if (graph.isIrreducible(node, next)) continue;
        const comesHome = next === DISPATCH && isHome || enteredHome.has(next) && !graph.isBackward(node, next);
        if (flow(comesHome ? FLAGS_HOME : state, next)) changed = true;
      }
    }
  }
  return { at, behind };
}

/**
 * A state, kept as far as it is expected to be where control goes by br_table: no code could see to that on the way.
 */
function keepFor(expected: readonly (FlagState | undefined)[], state: FlagState): FlagState {
  const keeps = (which: "a" | "b") =>
    expected.some((at) => at && at.kinds !== 1 && at[which] === "kept") ? "kept" : state[which];
  return {
    ...state,
    kindKept: state.kindKept || expected.some((at) => at?.kindKept === true),
    a: keeps("a"),
    b: keeps("b"),
  };
}

/** The state where two ways meet. */
function joinFlags(one: FlagState | undefined, other: FlagState): FlagState {
  if (one === undefined || one === other) return other;
  const kinds = one.kinds | other.kinds;
  // A way that brings no operation has no operands to differ.
  const operand = (a: Operand, b: Operand): Operand =>
    one.kinds === 1 ? b : other.kinds === 1 || isSameOperand(a, b) ? a : "kept";
  return {
    kinds,
    kindKept: (kinds & (kinds - 1)) !== 0 || (one.kindKept && other.kindKept),
    a: operand(one.a, other.a),
    b: operand(one.b, other.b),
    dirty: one.dirty || other.dirty,
  };
}

function isSameOperand(a: Operand, b: Operand): boolean {
  if (a === "kept" || b === "kept") return a === b;
  if ("reg" in a) return "reg" in b && a.reg === b.reg && a.plus === b.plus;
  return "value" in b && a.value === b.value;
}

const isSameState = (one: FlagState, other: FlagState): boolean =>
  one === other || one.kinds === other.kinds && one.kindKept === other.kindKept && one.dirty === other.dirty &&
    isSameOperand(one.a, other.a) && isSameOperand(one.b, other.b);

/**
 * Heads of loops that are better entered with the flags stored: all passes end in the same operation on the same
 * operands, which only the way in does not.
 */
function headsToEnterHome(
  { blocks }: Region,
  graph: Structure,
  looks: Looks,
  at: States["at"],
  behind: States["behind"],
): Set<number> {
  const found = new Set<number>();
  for (const head of graph.loopHeaders) {
    const { kinds, a, b } = at.get(head)!;
    if (kinds === 1 || (a !== "kept" && b !== "kept") || (looks.at(head) & READ) !== 0) continue;
    const from = graph.predecessors.get(head)!.filter((node) => !graph.isIrreducible(node, head));
    if (from.some((node) => blocks.get(node)!.terminator.kind === "dispatch")) continue;
    const passes = from.filter((node) => graph.isBackward(node, head)).map((node) => behind.get(node)!);
    const joined = passes.reduce<FlagState | undefined>(joinFlags, undefined)!;
    const gains = (operand: "a" | "b") => at.get(head)![operand] === "kept" && joined[operand] !== "kept";
    if (joined.kinds !== 1 && (gains("a") || gains("b"))) found.add(head);
  }
  return found;
}
