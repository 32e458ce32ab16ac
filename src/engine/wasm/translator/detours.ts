/**
 * Detours. A region with many entries is entered beside the heads of its loops, which have several heads then, and
 * structured control flow has no way for that. So each way back to a head that is not the only one leads over the block
 * that control comes in by.
 */
import { type Block, detourTo, DISPATCH, MAX_TARGETS, type Terminator, ways } from "./region.ts";
import { structure } from "./structure.ts";

/** Sets the targets that computed branches are distributed to. */
export function setTargets(blocks: Map<number, Block>, targets: readonly number[]): void {
  blocks.set(DISPATCH, { start: DISPATCH, instructions: [], terminator: { kind: "dispatch", targets } });
}

/** Makes the blocks a graph in which every loop has one head. */
export function makeDetours(blocks: Map<number, Block>): void {
  const next = (node: number): number[] => ways(blocks, blocks.get(node)!);
  for (;;) {
    const { order, isIrreducible } = structure({ root: DISPATCH, successors: next, isSwitch: () => false });
    const detours = new Set(order.flatMap((node) => next(node).filter((to) => isIrreducible(node, to))));
    const targets = new Set([...next(DISPATCH), ...detours]);
    if (detours.size === 0 || targets.size > MAX_TARGETS) return;
    for (const node of order) {
      const block = blocks.get(node)!, over = (to: number) => isIrreducible(node, to) ? detourTo(to) : to;
      blocks.set(node, { ...block, terminator: redirected(block.terminator, over, blocks) });
    }
    for (const target of detours) {
      const start = detourTo(target);
      blocks.set(start, { start, instructions: [], terminator: { kind: "detour", target } });
    }
    setTargets(blocks, [...targets]);
  }
}

function redirected(terminator: Terminator, over: (to: number) => number, blocks: Map<number, Block>): Terminator {
  const go = (to: number) => blocks.has(to) ? over(to) : to;
  switch (terminator.kind) {
    case "goto":
      return { ...terminator, target: go(terminator.target) };
    case "cond":
      return { ...terminator, taken: go(terminator.taken), next: go(terminator.next) };
    default:
      return terminator;
  }
}
