/**
 * Regions that begin in the middle of a loop. The root is the place that was hot first: of a loop with a `continue` its
 * increment, before the head that the compiler had in mind. Both are heads then, one in the loop of the other, and each
 * pass looks at the fuel twice and moves registers to where the one and then the other expects them. With a copy of the
 * root's block to begin with, it has one head, as a rule. Measured with a sieve of Eratosthenes, in seconds: two heads 1.93,
 * one head 1.45 (qemu-user 1.91).
 */
import type { Stmt } from "../../../isa/ir/builder.ts";
import { type Block, callsOut, type Instruction, peeledOf, type Region, ways } from "./region.ts";
import { type Structure, structure } from "./structure.ts";

/** Instructions that are copied at most. */
const MAX_PEELED = 8;

/** The region with its root's block twice, if its loops have fewer heads then; else the region itself. */
export function peel(region: Region): Region {
  const { root, entry, blocks } = region;
  if (entry !== root) return region;
  const block = blocks.get(root)!;
  if (block.instructions.length > MAX_PEELED || !block.instructions.every(isPlain)) return region;
  const before = structureOf(entry, blocks);
  const leadsToHead = ways(blocks, block).some((next) => next !== root && before.loopHeaders.has(next));
  if (!before.loopHeaders.has(root) || !leadsToHead) return region;
  const start = peeledOf(root);
  const peeled = new Map(blocks).set(start, { ...block, start });
  const after = structureOf(start, peeled);
  // A loop that the copy leads into at two places would have no head at all.
  const isBetter = after.loopHeaders.size < before.loopHeaders.size && exitsOf(after) === exitsOf(before);
  return isBetter ? { ...region, entry: start, blocks: peeled } : region;
}

const exitsOf = ({ order, successors, isIrreducible }: Structure): number =>
  order.reduce((sum, node) => sum + successors(node).filter((to) => isIrreducible(node, to)).length, 0);

const structureOf = (root: number, blocks: ReadonlyMap<number, Block>): Structure =>
  structure({ root, successors: (node) => ways(blocks, blocks.get(node)!), isSwitch: () => false });

/** Whether the instruction only computes: what is known of accesses and calls is known by their one place. */
const isPlain = ({ body }: Instruction): boolean => !callsOut(body!) && body!.every(computes);
const computes = (stmt: Stmt): boolean =>
  stmt.s === "if" ? stmt.then.every(computes) && stmt.else.every(computes) : !TOUCHES.has(stmt.s);
const TOUCHES: ReadonlySet<Stmt["s"]> = new Set(["access", "spcheck", "jump", "loop"]);
