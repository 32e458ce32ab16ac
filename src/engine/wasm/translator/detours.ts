/**
 * Detours. A region with many entries is entered beside the heads of its loops, which have several heads then, and
 * structured control flow has no way for that. So each way back to a head that is not the only one leads over the block
 * that control comes in by.
 */
import { type Block, detourTo, DISPATCH, MAX_TARGETS, redirected, ways } from "./region.ts";
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
      const block = blocks.get(node)!;
      const over = (to: number) => blocks.has(to) && isIrreducible(node, to) ? detourTo(to) : to;
      blocks.set(node, { ...block, terminator: redirected(block.terminator, over) });
    }
    for (const target of detours) {
      const start = detourTo(target);
      blocks.set(start, { start, instructions: [], terminator: { kind: "detour", target } });
    }
    setTargets(blocks, [...targets]);
  }
}
