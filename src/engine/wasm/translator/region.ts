/**
 * Regions: the blocks of guest code that can be reached from a root by direct branches. They become one WebAssembly
 * function.
 */
import { decode, type Decoded } from "../../../isa/a64/decode.ts";
import type { Stmt } from "../../../isa/ir/builder.ts";
import { cV128, type F32, f32x4, type F64, f64x2, type I64, i64x2, type V128 } from "../../../isa/ir/ops.ts";
import { KnownBuilder, Untranslatable } from "./known_builder.ts";

/**
 * Larger functions compile slowly, and what is far from the root is seldom reached in one go. Measured, in seconds,
 * with unxz, xz and a Python program: 600: 1.17, 3.60, 4.25; 1000: 0.84, 2.91, 4.38; 1500: 0.84, 2.86, 4.56; 2500:
 * 0.84, 3.09, 4.81.
 */
const MAX_INSTRUCTIONS = 1000;

/** One instruction: what it does, or nothing where the interpreter must do it. */
export interface Instruction {
  readonly pc: number;
  readonly decoded: Decoded | undefined;
  readonly body: readonly Stmt[] | undefined;
}

/** How control leaves a block. */
export type Terminator =
  /** On to an address; translated if it has a block. */
  | { readonly kind: "goto"; readonly target: number }
  /** The last instruction is a conditional branch: its body ends in an `if` around the branch. */
  | { readonly kind: "cond"; readonly taken: number; readonly next: number }
  /** The last instruction jumps to a computed address. */
  | { readonly kind: "indirect" }
  /** The interpreter executes the instruction at `pc`. */
  | { readonly kind: "interpret"; readonly pc: number };

export interface Block {
  readonly start: number;
  readonly instructions: readonly Instruction[];
  readonly terminator: Terminator;
}

export interface Region {
  readonly root: number;
  readonly blocks: ReadonlyMap<number, Block>;
  /** Guest pages the code was read from. */
  readonly pages: ReadonlySet<number>;
}

/** Lifts one word at an address. */
function lift(word: number, pc: number): Instruction {
  const decoded = decode(word);
  if (decoded?.row.lift === undefined) return { pc, decoded: undefined, body: undefined };
  const builder = new KnownBuilder(decoded, pc);
  try {
    decoded.row.lift(builder);
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    return { pc, decoded, body: undefined };
  }
  return { pc, decoded, body: fuseScalarWrites(builder.body) };
}

/** Whether the statements end in a call, behind which nothing about memory and registers is known. */
export const callsOut = (body: readonly Stmt[]): boolean =>
  body.some((stmt) => (stmt.s === "branch" || stmt.s === "jump") && stmt.kind === "call");

const CONDITIONAL = new Set(["B.cond", "CBZ", "TBZ"]);

/**
 * Where the block goes on after a branch with an immediate target, if the known operands decide: B, the conditions AL
 * and NV, comparisons of ZR.
 */
function decided({ pc, decoded, body }: Instruction): number | undefined {
  const last = body?.at(-1);
  if (last?.s === "if" || decoded === undefined) return undefined;
  return last?.s === "branch" ? pc + offsetOf(decoded) : pc + 4;
}

const offsetOf = (decoded: Decoded): number => Number(decoded.row.immediates.offset!.of(decoded.fields));

/** Whether the instruction is BL or BLR: control comes back behind it. */
export const isCall = (decoded: Decoded): boolean =>
  (decoded.row.name === "B" && decoded.fields.op === 1) || (decoded.row.name === "BR" && decoded.fields.opc === 1);

/** Target of a BL, undefined for BLR. */
export const callTarget = (pc: number, decoded: Decoded): number | undefined =>
  decoded.row.name === "B" ? pc + offsetOf(decoded) : undefined;

/**
 * Finds the region of a root.
 *
 * @param read the word at an address, undefined where there is no code that has ever been decoded
 */
export function findRegion(root: number, read: (pc: number) => number | undefined): Region {
  const instructions = new Map<number, Instruction>();
  const leaders = new Set<number>([root]);
  const pages = new Set<number>();
  const work = [root];
  let count = 0;
  while (work.length > 0) {
    let pc = work.shift()!;
    while (!instructions.has(pc) && count < MAX_INSTRUCTIONS) {
      const word = read(pc);
      if (word === undefined) break;
      pages.add(Math.floor(pc / 4096));
      const instruction = lift(word, pc);
      instructions.set(pc, instruction);
      count++;
      const { decoded, body } = instruction;
      if (body === undefined || decoded === undefined) break;
      const { name } = decoded.row;
      if (CONDITIONAL.has(name)) {
        const only = decided(instruction);
        for (const target of only === undefined ? [pc + offsetOf(decoded), pc + 4] : [only]) {
          leaders.add(target);
          work.push(target);
        }
        break;
      }
      if (name === "B" && decoded.fields.op === 0) {
        const target = pc + offsetOf(decoded);
        leaders.add(target);
        work.push(target);
        break;
      }
      if (name === "BR" && !isCall(decoded)) break;
      pc += 4;
    }
  }
  const blocks = new Map<number, Block>();
  for (const start of leaders) {
    if (!instructions.has(start)) continue;
    blocks.set(start, cutBlock(start, instructions, leaders));
  }
  return { root, blocks, pages };
}

function cutBlock(
  start: number,
  instructions: ReadonlyMap<number, Instruction>,
  leaders: ReadonlySet<number>,
): Block {
  const own: Instruction[] = [];
  for (let pc = start;; pc += 4) {
    const instruction = instructions.get(pc);
    if (instruction === undefined || (pc !== start && leaders.has(pc))) {
      return { start, instructions: own, terminator: { kind: "goto", target: pc } };
    }
    const { decoded, body } = instruction;
    if (body === undefined || decoded === undefined) {
      return { start, instructions: own, terminator: { kind: "interpret", pc } };
    }
    own.push(instruction);
    const { name } = decoded.row;
    if (CONDITIONAL.has(name)) {
      const only = decided(instruction);
      const terminator: Terminator = only === undefined
        ? { kind: "cond", taken: pc + offsetOf(decoded), next: pc + 4 }
        : { kind: "goto", target: only };
      return { start, instructions: own, terminator };
    }
    if (name === "B" && decoded.fields.op === 0) {
      return { start, instructions: own, terminator: { kind: "goto", target: pc + offsetOf(decoded) } };
    }
    if (name === "BR" && !isCall(decoded)) return { start, instructions: own, terminator: { kind: "indirect" } };
  }
}

/** Addresses control can go to within the region. */
export function successors(region: Region, block: Block): number[] {
  const { terminator } = block;
  const targets = terminator.kind === "goto"
    ? [terminator.target]
    : terminator.kind === "cond"
    ? [terminator.taken, terminator.next]
    : [];
  return targets.filter((target) => region.blocks.has(target));
}

const REINTERPRET_F64 = 0xbd, REINTERPRET_F32 = 0xbc, EXTEND_U = 0xad;

/** A vector of a value and zeros; a floating-point value takes no detour through a general register. */
function inLowHalf(value: I64): V128 {
  const zero = cV128(0n);
  if (value.kind !== "op") return i64x2.replace_lane(zero, 0, value);
  const inner = value.args[0]!;
  if (value.code === REINTERPRET_F64) return f64x2.replace_lane(zero, 0, inner as F64);
  if (value.code === EXTEND_U && inner.kind === "op" && inner.code === REINTERPRET_F32) {
    return f32x4.replace_lane(zero, 0, inner.args[0] as F32);
  }
  return i64x2.replace_lane(zero, 0, value);
}

/** A scalar write (low half, then zero above) as one vector, which does not depend on the old content. */
function fuseScalarWrites(body: readonly Stmt[]): Stmt[] {
  const out: Stmt[] = [];
  for (let at = 0; at < body.length; at++) {
    const stmt = body[at]!, next = body[at + 1];
    if (stmt.s === "if") {
      out.push({ ...stmt, then: fuseScalarWrites(stmt.then), else: fuseScalarWrites(stmt.else) });
    } else if (
      stmt.s === "put" && stmt.place.file === "v" && stmt.place.byte === 0 && stmt.store === "i64.store" &&
      next?.s === "put" && next.place.file === "v" && next.place.byte === 8 && next.place.reg === stmt.place.reg &&
      next.store === "i64.store" && next.value.kind === "const" && next.value.value === 0n
    ) {
      out.push({ s: "put", place: stmt.place, value: inLowHalf(stmt.value as I64), store: "v128.store" });
      at++;
    } else out.push(stmt);
  }
  return out;
}
