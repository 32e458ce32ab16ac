/**
 * Regions: the blocks of guest code that can be reached from a root by direct branches, and by computed ones that go to
 * a few places again and again. They become one WebAssembly function.
 */
import type { Decoded } from "../../../isa/a64/decode.ts";
import type { Stmt } from "../../../isa/ir/builder.ts";
import { GUEST_MEMORY_MAX } from "../layout.ts";

/** One instruction: what it does, or nothing where the interpreter must do it. */
export interface Instruction {
  readonly pc: number;
  readonly decoded: Decoded | undefined;
  readonly body: readonly Stmt[] | undefined;
  /** Whether it decides how the next one is done, and is none of the guest's. */
  readonly isGuard?: boolean;
}

/** How control leaves a block. */
export type Terminator =
  /** On to an address; translated if it has a block. */
  | { readonly kind: "goto"; readonly target: number }
  /** The last instruction is a conditional branch: its body ends in an `if` around the branch. */
  | { readonly kind: "cond"; readonly taken: number; readonly next: number }
  /** The last instruction jumps to a computed address outside. */
  | { readonly kind: "indirect" }
  /** The last instruction returns from a function that is part of the region: to `next`, if the address is as expected. */
  | { readonly kind: "return"; readonly expected: number; readonly next: number }
  /** On to a computed address; translated if it is one of these. */
  | { readonly kind: "dispatch"; readonly targets: readonly number[] }
  /** On to an address by way of {@link DISPATCH}. */
  | { readonly kind: "detour"; readonly target: number }
  /** The interpreter executes the instruction at `pc`. */
  | { readonly kind: "interpret"; readonly pc: number };

export interface Block {
  readonly start: number;
  readonly instructions: readonly Instruction[];
  readonly terminator: Terminator;
}

/**
 * The place of the block to which the computed branches of a region go, and which distributes them; no address of an
 * instruction. There is one for all of them: if each went to every target itself, loops would have several heads.
 *
 * A region with several computed branches, or whose root is a target of one, as of an interpreter, begins with this
 * block, so that it can be entered at each of the targets. Where it leads into a loop beside the head, the way back to
 * the head is a detour over this block, from a block of its own: see {@link detourTo}.
 */
export const DISPATCH = -1;

/** The place of the block that goes to an address by way of {@link DISPATCH}; no address of an instruction. */
export const detourTo = (target: number): number => target + 1;

/** The place of the copy of a block that a region begins with; no address of an instruction: see {@link peel}. */
export const peeledOf = (place: number): number => place + 2;

/** A place that is none of a region's, for an address that it has: control leaves on the way there. */
export const outsideOf = (place: number): number => place + 3;

/** More than any address that code goes to by a branch with an immediate, also where it leads out of the window. */
const SPAN = 4 * GUEST_MEMORY_MAX;

/** The place of what stands at an address in the n-th function that a region has taken in: see {@link inlineCalls}. */
export const inlinedAt = (address: number, n: number): number => address + n * SPAN;

/** Whether a place is the address of an instruction. */
export const isAddress = (place: number): boolean => place % 4 === 0 && place < SPAN;

/** The address of the instruction that stands at a place. */
export const addressOf = (place: number): number => place % SPAN - place % 4;

export interface Region {
  readonly root: number;
  /** The block that it begins with: the root's, a copy of that, or {@link DISPATCH}. */
  readonly entry: number;
  readonly blocks: ReadonlyMap<number, Block>;
  /** Guest pages the code was read from. */
  readonly pages: ReadonlySet<number>;
  /** Addresses of the calls whose functions are part of it: see {@link inlineCalls}. */
  readonly takenIn?: ReadonlySet<number>;
}

/** Whether the statements end in a call, behind which registers are others. */
export const callsOut = (body: readonly Stmt[]): boolean =>
  body.some((stmt) => (stmt.s === "branch" || stmt.s === "jump") && stmt.kind === "call");

/** Distance to the target of a branch with an immediate. */
export const offsetOf = (decoded: Decoded): number => Number(decoded.row.immediates.offset!.of(decoded.fields));

/** Whether the instruction is BL or BLR: control comes back behind it. */
export const isCall = (decoded: Decoded): boolean =>
  (decoded.row.name === "B" && decoded.fields.op === 1) || (decoded.row.name === "BR" && decoded.fields.opc === 1);

/** Whether the instruction is RET. */
export const isReturn = (decoded: Decoded): boolean => decoded.row.name === "BR" && decoded.fields.opc === 2;

/** Whether the instruction is BR. */
export const isJump = (decoded: Decoded): boolean => decoded.row.name === "BR" && decoded.fields.opc === 0;

/** Target of a BL, undefined for BLR. */
export const callTarget = (pc: number, decoded: Decoded): number | undefined =>
  decoded.row.name === "B" ? pc + offsetOf(decoded) : undefined;

/** Targets of the computed branches of a region at most: their numbers are bytes. */
export const MAX_TARGETS = 255;

/** Places control can go to within the region. */
export const successors = (region: Region, block: Block): number[] => ways(region.blocks, block);

/** Places among these blocks that control can go to from one. */
export function ways(blocks: ReadonlyMap<number, Block>, { terminator }: Block): number[] {
  return targetsOfTerminator(terminator).filter((target) => blocks.has(target));
}

function targetsOfTerminator(terminator: Terminator): readonly number[] {
  switch (terminator.kind) {
    case "goto":
      return [terminator.target];
    case "cond":
      return [terminator.taken, terminator.next];
    case "return":
      return [terminator.next];
    case "dispatch":
      return terminator.targets;
    case "detour":
      return [DISPATCH];
    default:
      return [];
  }
}

/** The way out of a block with other places to go to. */
export function redirected(terminator: Terminator, to: (place: number) => number): Terminator {
  switch (terminator.kind) {
    case "goto":
      return { ...terminator, target: to(terminator.target) };
    case "cond":
      return { ...terminator, taken: to(terminator.taken), next: to(terminator.next) };
    case "return":
      return { ...terminator, next: to(terminator.next) };
    default:
      return terminator;
  }
}

/** Targets of computed branches inside; none if there are no such branches. */
export function targetsOf(region: Region): readonly number[] {
  const dispatch = region.blocks.get(DISPATCH);
  return dispatch === undefined ? [] : successors(region, dispatch);
}

/**
 * Instructions of the largest region that keeps registers where they are when its computed branches are distributed. In
 * a larger one, with more targets, moving them to where all targets expect them takes longer than storing what has
 * changed and loading what is needed. Measured, in seconds, with loops in a bytecode machine (62 instructions), Lua
 * (249) and Python (1000): kept 1.05, 2.7, 6.5; stored 1.30, 3.2, 6.3.
 */
const KEEPS_REGISTERS = 300;

/** Whether computed branches are distributed with all registers in the register file. */
export function dispatchesHome({ blocks }: Region): boolean {
  let length = 0;
  for (const { instructions } of blocks.values()) length += instructions.length;
  return blocks.has(DISPATCH) && length > KEEPS_REGISTERS;
}
