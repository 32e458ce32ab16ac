/**
 * Regions that begin in the middle of a loop. The root is the place that was hot first, and structured control flow
 * makes a head of it, whatever the compiler had in mind. Of an increment: there are two heads then, one in the loop of
 * the other, and each pass looks at the fuel twice and moves registers to where the one and then the other expects them.
 * Of an inner loop: the loops around it become one with it, and what they keep in registers, it keeps.
 *
 * With a copy to begin with, of the increment, or of the inner loop, which may have the increment in it, loops are what
 * they were meant to be. Measured with a sieve of Eratosthenes, whose increment and inner loop are both roots, in
 * seconds: neither copied 1.90, the inner loop 1.82, both 1.36 (qemu-user 1.90).
 */
import { copyOf } from "./find_region.ts";
import { DISPATCH, isCall, outsideOf, peeledOf, redirected, type Region, ways } from "./region.ts";
import { type Structure, structure } from "./structure.ts";

/** Instructions of an increment, and of an inner loop, that are copied at most. */
const MAX_INCREMENT = 8, MAX_LOOP = 48;

/** The region with some of its blocks twice, if its loops are better then; else the region itself. */
export function peel(region: Region): Region {
  const { root, entry, blocks } = region;
  if (entry !== root || !hasWayTo(root, blocks)) return region;
  const before = structureOf(region);
  if (!before.loopHeaders.has(root)) return region;
  const peeled = peelIncrement(region, before);
  return peeled ? peelAround(region, before, peeled) ?? peeled : peelLoop(region, before) ?? region;
}

/** Whether any block leads to the root; perhaps none that can be reached. Most regions have none. */
function hasWayTo(root: number, blocks: Region["blocks"]): boolean {
  for (const block of blocks.values()) if (ways(blocks, block).includes(root)) return true;
  return false;
}

function peelIncrement(region: Region, before: Structure): Region | undefined {
  const { root, blocks } = region;
  const isOther = (place: number) => place !== root && before.loopHeaders.has(place);
  if (!ways(blocks, blocks.get(root)!).some(isOther)) return undefined;
  return withCopies(
    region,
    before,
    new Set([root]),
    MAX_INCREMENT,
    isOther,
    (after) => after.loopHeaders.size < before.loopHeaders.size,
  );
}

/** Copies the inner loop that the root is in, where loops around it have the same head. */
function peelLoop(
  region: Region,
  before: Structure,
  head = region.root,
  seen = before,
  blocks = region.blocks,
): Region | undefined {
  const whole = seen.loopBody(head), inner = innermost(head, seen, blocks);
  if (inner.size === whole.size || !inner.has(region.root)) return undefined;
  return withCopies(
    region,
    before,
    inner,
    MAX_LOOP,
    () => true,
    (after) => after.loopHeaders.has(head) && after.loopBody(head).size < whole.size,
  );
}

/** The same for the loop that an increment belongs to, whose head shows when that is peeled. */
function peelAround(region: Region, before: Structure, peeled: Region): Region | undefined {
  const { root } = region, { blocks } = peeled, seen = structureOf(peeled);
  const head = ways(blocks, blocks.get(root)!).find((place) => seen.isBackward(root, place));
  return head === undefined || !seen.loopHeaders.has(head) ? undefined : peelLoop(region, before, head, seen, blocks);
}

/** The smallest of the loops that a place is the head of. */
function innermost(
  head: number,
  { predecessors, isBackward, isIrreducible }: Structure,
  blocks: Region["blocks"],
): Set<number> {
  const lengthOf = (body: Set<number>) =>
    [...body].reduce((sum, place) => sum + blocks.get(place)!.instructions.length, 0);
  const loops = predecessors.get(head)!.filter((from) => isBackward(from, head) && !isIrreducible(from, head)).map(
    (from) => {
      const body = new Set([head, from]);
      for (const place of body) if (place !== head) { for (const each of predecessors.get(place)!) body.add(each); }
      return body;
    },
  );
  return loops.reduce((least, body) => lengthOf(body) < lengthOf(least) ? body : least);
}

/**
 * The region that begins with a copy of blocks, the root's among them, if they are few and it is better so. A loop that
 * the copy leads into at two places would have no head: it leads to one of them then, and elsewhere it is an exit.
 */
function withCopies(
  region: Region,
  before: Structure,
  places: ReadonlySet<number>,
  most: number,
  isHead: (place: number) => boolean,
  isBetter: (after: Structure) => boolean,
): Region | undefined {
  const instructions = [...places].flatMap((place) => region.blocks.get(place)!.instructions);
  // A call might be hot; there is one place where computed branches are distributed.
  if (places.has(DISPATCH)) return undefined;
  if (instructions.length > most || instructions.some(({ decoded }) => isCall(decoded!))) return undefined;
  for (const leads of [() => true, isHead]) {
    const to = (place: number) => places.has(place) ? peeledOf(place) : leads(place) ? place : outsideOf(place);
    const blocks = new Map(region.blocks);
    for (const place of places) {
      const { instructions, terminator } = region.blocks.get(place)!, start = peeledOf(place);
      blocks.set(start, { start, instructions: instructions.map(copyOf), terminator: redirected(terminator, to) });
    }
    const peeled = { ...region, entry: peeledOf(region.root), blocks }, after = structureOf(peeled);
    if (isBetter(after) && exitsOf(after) <= exitsOf(before)) return peeled;
  }
  return undefined;
}

const exitsOf = ({ order, successors, isIrreducible }: Structure): number =>
  order.reduce((sum, node) => sum + successors(node).filter((to) => isIrreducible(node, to)).length, 0);

const structureOf = ({ entry, blocks }: Region): Structure =>
  structure({ root: entry, successors: (place) => ways(blocks, blocks.get(place)!), isSwitch: () => false });
