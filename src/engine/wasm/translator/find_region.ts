/** Finds regions: lifts the code that can be reached from a root, and cuts it into blocks. */
import { decode, type Decoded } from "../../../isa/a64/decode.ts";
import { makeDetours, setTargets } from "./detours.ts";
import { KnownBuilder, Untranslatable } from "./known_builder.ts";
import {
  type Block,
  DISPATCH,
  type Instruction,
  isCall,
  isJump,
  MAX_TARGETS,
  offsetOf,
  type Region,
  type Terminator,
} from "./region.ts";

/**
 * Larger functions compile slowly, and what is far from the root is seldom reached in one go. Measured, in seconds,
 * with unxz, xz and a Python program: 600: 1.17, 3.60, 4.25; 1000: 0.84, 2.91, 4.38; 1500: 0.84, 2.86, 4.56; 2500:
 * 0.84, 3.09, 4.81.
 */
export const MAX_INSTRUCTIONS = 1000;

/** Lifts one word at an address. */
function lift(word: number, pc: number): Instruction {
  const decoded = decode(word);
  return decoded === undefined ? { pc, decoded, body: undefined } : liftDecoded(decoded, pc);
}
function liftDecoded(decoded: Decoded, pc: number): Instruction {
  if (decoded.row.lift === undefined) return { pc, decoded: undefined, body: undefined };
  const builder = new KnownBuilder(decoded, pc);
  try {
    decoded.row.lift(builder);
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    return { pc, decoded, body: undefined };
  }
  return { pc, decoded, body: builder.body };
}

/** The same instruction, of which something else may be planned. */
export const copyOf = ({ pc, decoded }: Instruction): Instruction => liftDecoded(decoded!, pc);

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

/**
 * Finds the region of a root.
 *
 * @param read the word at an address, undefined where there is no code that has ever been decoded
 * @param computed where the computed branch at an address seems to go often, the most often first
 */
export function findRegion(
  root: number,
  read: (pc: number) => number | undefined,
  computed: (pc: number) => readonly number[] = () => [],
): Region {
  const instructions = new Map<number, Instruction>();
  const leaders = new Set<number>([root]);
  const pages = new Set<number>();
  const work = [root], targets = new Set<number>();
  let count = 0, computedBranches = 0;
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
      if (isJump(decoded)) {
        computedBranches++;
        for (const target of computed(pc)) {
          if (targets.size === MAX_TARGETS - 1) break;
          targets.add(target);
          leaders.add(target);
          work.push(target);
        }
      }
      if (name === "BR" && !isCall(decoded)) break;
      pc += 4;
    }
  }
  const hasBody = (pc: number) => instructions.get(pc)?.body !== undefined;
  const there = [...targets].filter((target) => target !== root && hasBody(target));
  const blocks = new Map<number, Block>();
  for (const start of leaders) {
    if (instructions.has(start)) blocks.set(start, cutBlock(start, instructions, leaders, there.length > 0));
  }
  if (there.length === 0) return { root, entry: root, blocks, pages };
  const isOpen = computedBranches > 1 || targets.has(root);
  setTargets(blocks, isOpen ? [root, ...there] : there);
  if (isOpen) makeDetours(blocks);
  return { root, entry: isOpen ? DISPATCH : root, blocks, pages };
}

function cutBlock(
  start: number,
  instructions: ReadonlyMap<number, Instruction>,
  leaders: ReadonlySet<number>,
  dispatches: boolean,
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
    if (dispatches && isJump(decoded)) {
      return { start, instructions: own, terminator: { kind: "goto", target: DISPATCH } };
    }
    if (name === "BR" && !isCall(decoded)) return { start, instructions: own, terminator: { kind: "indirect" } };
  }
}
