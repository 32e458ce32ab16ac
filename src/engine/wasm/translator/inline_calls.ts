/**
 * Short functions become part of the regions that call them often. Between two regions all registers go through the
 * register file, the stack pointer's rights are found out anew, and V8 knows nothing of what either does.
 *
 * Nothing is assumed for that: a call is an instruction that sets the link register and goes on at its target, and a
 * return goes on behind the call if that is where it leads, which is compared, or outside. Of a call by a register it is
 * compared beforehand whether it goes to one of the functions that it went to often; else it is a call.
 */
import { decode } from "../../../isa/a64/decode.ts";
import { c64, i64 } from "../../../isa/ir/ops.ts";
import { findRegion, MAX_INSTRUCTIONS } from "./find_region.ts";
import { KnownBuilder } from "./known_builder.ts";
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

/** What is known of the calls of a program. */
export interface CallProfile {
  /** Instructions of a function that the call at an address may take in. */
  most(call: number): number;
  /** Functions that the call at an address went to often: what a BLR is taken to call. */
  targets(call: number): readonly number[];
}

/** A block whose calls are looked at, and the functions that it is in: their addresses, the outermost first. */
interface Work {
  readonly place: number;
  readonly within: readonly number[];
}

/** The region with the short functions that it calls. @param read as of {@link findRegion} */
export function inlineCalls(region: Region, read: Read, profile: CallProfile): Region {
  // Where computed branches are distributed, every block counts: see KEEPS_REGISTERS.
  if (region.blocks.has(DISPATCH)) return region;
  const inliner = new Inliner(region, read, profile);
  const { blocks, pages, takenIn } = inliner;
  inliner.run();
  return takenIn.size > 0 ? { ...region, blocks, pages, takenIn } : region;
}

class Inliner {
  readonly blocks: Map<number, Block>;
  readonly pages: Set<number>;
  readonly takenIn = new Set<number>();
  readonly #read: Read;
  readonly #profile: CallProfile;
  readonly #work: Work[];
  /** Instructions that there is room for. */
  #room = MAX_INSTRUCTIONS;
  /** Sets of places that have been given away. */
  #numbers = 0;

  constructor({ root, blocks, pages }: Region, read: Read, profile: CallProfile) {
    this.blocks = new Map(blocks);
    this.pages = new Set(pages);
    this.#read = read;
    this.#profile = profile;
    this.#work = [...blocks.keys()].map((place) => ({ place, within: [root] }));
    for (const { instructions } of blocks.values()) this.#room -= instructions.length;
  }

  run(): void {
    for (const { place, within } of this.#work) {
      if (within.length > MAX_DEPTH) continue;
      const block = this.blocks.get(place)!;
      for (const [index, call] of block.instructions.entries()) {
        const targets = isCall(call.decoded!) ? this.#targets(call, within) : [];
        if (targets.length === 0) continue;
        this.#takeIn(block, index, targets, within);
        break;
      }
    }
  }

  /** Functions that a call may go to and that can be taken in. */
  #targets({ pc, decoded }: Instruction, within: readonly number[]): readonly number[] {
    const known = callTarget(pc, decoded!), most = this.#profile.most(pc);
    const candidates = known === undefined ? this.#profile.targets(pc) : [known];
    const room = Math.min(this.#room / candidates.length, most);
    return candidates.filter((target) => isShort(pc, target, this.#read, room, within));
  }

  /** Splits a block at a call: before it, the functions called, and behind it. */
  #takeIn(
    { start, instructions, terminator }: Block,
    index: number,
    targets: readonly number[],
    within: readonly number[],
  ): void {
    const call = instructions[index]!, rest = instructions.slice(index + 1);
    this.takenIn.add(call.pc);
    let next = start + 4 * (index + 1);
    if (rest.length === 0 && terminator.kind === "goto") next = terminator.target;
    else this.#add({ start: next, instructions: rest, terminator }, within);
    const before = instructions.slice(0, index), isKnown = callTarget(call.pc, call.decoded!) !== undefined;
    const link: Instruction = { ...call, body: call.body!.slice(0, -1) };
    if (isKnown) {
      const entry = this.#addFunction(targets[0]!, call.pc + 4, next, within);
      this.blocks.set(start, { start, instructions: [...before, link], terminator: { kind: "goto", target: entry } });
      return;
    }
    // One comparison after the other, and the call where none of them holds.
    let place = start, head = before;
    for (const target of targets) {
      const entry = this.#addFunction(target, call.pc + 4, next, within);
      const taken = inlinedAt(call.pc, ++this.#numbers), other = inlinedAt(call.pc, ++this.#numbers);
      this.blocks.set(place, {
        start: place,
        instructions: [...head, guardOf(call, target)],
        terminator: { kind: "cond", taken, next: other },
      });
      this.blocks.set(taken, { start: taken, instructions: [link], terminator: { kind: "goto", target: entry } });
      place = other;
      head = [];
    }
    this.blocks.set(place, { start: place, instructions: [call], terminator: { kind: "goto", target: next } });
  }

  #add(block: Block, within: readonly number[]): void {
    this.blocks.set(block.start, block);
    this.#work.push({ place: block.start, within });
  }

  /** Adds the blocks of a function; returns where it begins. */
  #addFunction(target: number, expected: number, next: number, within: readonly number[]): number {
    const callee = findRegion(target, this.#read), number = ++this.#numbers;
    for (const page of callee.pages) this.pages.add(page);
    for (const block of renamed(callee, number, { kind: "return", expected, next })) {
      this.#room -= block.instructions.length;
      this.#add(block, [...within, target]);
    }
    return inlinedAt(target, number);
  }
}

/** What decides whether a BLR calls a certain function. */
function guardOf({ pc, decoded }: Instruction, target: number): Instruction {
  const builder = new KnownBuilder(decoded!, pc), cond = i64.eq(builder.x("Rn"), c64(target));
  return { pc, decoded, body: [...builder.body, { s: "if", cond, then: [], else: [] }], isGuard: true };
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
