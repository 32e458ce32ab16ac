/**
 * Short functions become part of the regions that call them often. Between two regions all registers go through the
 * register file, the stack pointer's rights are found out anew, and V8 knows nothing of what either does.
 *
 * Nothing is assumed for that: a call is an instruction that sets the link register and goes on at its target, and a
 * return goes on behind the call if that is where it leads, which is compared, or outside.
 */
import { decode } from "../../../isa/a64/decode.ts";
import { findRegion, MAX_INSTRUCTIONS } from "./find_region.ts";
import {
  type Block,
  callTarget,
  DISPATCH,
  inlinedAt,
  type Instruction,
  isCall,
  isReturn,
  offsetOf,
  redirected,
  type Region,
  type Terminator,
} from "./region.ts";

/**
 * Instructions of a function that calls itself, at most: more of them gain less. Measured with a quicksort of 37, in
 * seconds: taken in once 1.75, not at all 1.64.
 */
const MAX_RECURSIVE = 24;
/** Functions within functions. */
const MAX_DEPTH = 3;

type Read = (pc: number) => number | undefined;

/** A block whose calls are looked at, and the functions that it is in: their addresses, the outermost first. */
interface Work {
  readonly place: number;
  readonly within: readonly number[];
}

/**
 * The region with the short functions that it calls.
 *
 * @param read as of {@link findRegion}
 * @param most instructions of the function that the call at an address may take in
 */
export function inlineCalls(region: Region, read: Read, most: (call: number) => number): Region {
  // Where computed branches are distributed, every block counts: see KEEPS_REGISTERS.
  if (region.blocks.has(DISPATCH)) return region;
  const blocks = new Map(region.blocks), pages = new Set(region.pages);
  let room = MAX_INSTRUCTIONS, taken = 0;
  for (const { instructions } of blocks.values()) room -= instructions.length;
  const work: Work[] = [...blocks.keys()].map((place) => ({ place, within: [region.root] }));
  for (const { place, within } of work) {
    if (within.length > MAX_DEPTH) continue;
    const block = blocks.get(place)!;
    for (const [index, { pc, decoded }] of block.instructions.entries()) {
      const target = isCall(decoded!) ? callTarget(pc, decoded!) : undefined;
      if (target === undefined || !isShort(pc, target, read, Math.min(room, most(pc)), within)) continue;
      const callee = findRegion(target, read);
      const { before, behind, next } = splitAt(block, index, inlinedAt(target, ++taken));
      blocks.set(place, before);
      if (behind) {
        blocks.set(next, behind);
        work.push({ place: next, within });
      }
      for (const each of renamed(callee, taken, { kind: "return", expected: pc + 4, next })) {
        blocks.set(each.start, each);
        room -= each.instructions.length;
        work.push({ place: each.start, within: [...within, target] });
      }
      for (const page of callee.pages) pages.add(page);
      break;
    }
  }
  return taken === 0 ? region : { ...region, blocks, pages };
}

/**
 * Whether a call is of a function of so many instructions at most that can be taken in.
 *
 * @param within functions that the call is in, by their addresses
 */
export function isShort(
  call: number,
  target: number,
  read: Read,
  most: number,
  within: readonly number[] = [],
): boolean {
  const code = shortFunction(target, read, most);
  if (code === undefined) return false;
  return code.size <= MAX_RECURSIVE || !(code.has(call) || within.includes(target));
}

/** A block up to a call, which goes on at the callee's place, and what is behind it. */
function splitAt(
  { start, instructions, terminator }: Block,
  index: number,
  callee: number,
): { before: Block; behind: Block | undefined; next: number } {
  const call = instructions[index]!, rest = instructions.slice(index + 1);
  const link: Instruction = { ...call, body: call.body!.slice(0, -1) };
  const before: Block = {
    start,
    instructions: [...instructions.slice(0, index), link],
    terminator: { kind: "goto", target: callee },
  };
  if (rest.length === 0 && terminator.kind === "goto") return { before, behind: undefined, next: terminator.target };
  const next = start + 4 * (index + 1);
  return { before, behind: { start: next, instructions: rest, terminator }, next };
}

/** The blocks of a function at places of their own. @param back for its returns */
function renamed({ blocks }: Region, number: number, back: Terminator): Block[] {
  const place = (target: number) => blocks.has(target) ? inlinedAt(target, number) : target;
  return [...blocks.values()].map(({ start, instructions, terminator }) => ({
    start: place(start),
    instructions,
    terminator: terminator.kind === "indirect" ? back : redirected(terminator, place),
  }));
}

/**
 * Addresses of the instructions of a function, if they are so many at most, it returns, and goes to no computed address
 * otherwise.
 */
function shortFunction(start: number, read: Read, most: number): ReadonlySet<number> | undefined {
  const seen = new Set<number>(), work = [start];
  let returns = false;
  for (let pc = work.pop(); pc !== undefined; pc = work.pop()) {
    while (!seen.has(pc)) {
      const word = read(pc);
      if (word === undefined) break;
      const decoded = decode(word);
      if (decoded === undefined || seen.size >= most) return undefined;
      seen.add(pc);
      const { name } = decoded.row;
      if (name === "BR" && !isCall(decoded)) {
        if (!isReturn(decoded)) return undefined;
        returns = true;
        break;
      }
      if (name === "B.cond" || name === "CBZ" || name === "TBZ") work.push(pc + offsetOf(decoded));
      pc = name === "B" && !isCall(decoded) ? pc + offsetOf(decoded) : pc + 4;
    }
  }
  return returns ? seen : undefined;
}
