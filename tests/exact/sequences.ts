/**
 * Sequences of 20 to 200 instructions: arithmetic of every kind, branches, calls and returns, loops, loads and stores at
 * bases that point into the data, and now and then something that ends it early.
 */
import { randomWords } from "../isa/encodings.ts";
import type { Next } from "./cases.ts";
import { BRK, CodeWriter, COUNTER, fillRegisters, FREE, memory, NOP, pick } from "./code_writer.ts";
import type { Source } from "./differential.ts";
import { CODE } from "./machines.ts";
import { Pools } from "./pools.ts";

/** The words of one sequence. */
class Sequence extends CodeWriter {
  constructor(entry: number, next: Next) {
    super(entry, next, FREE);
    const length = 20 + next() % 181, loops = next() & 1;
    // The body, then for a loop two instructions that close it.
    const body = length - (loops ? 2 : 0);
    while (this.words.length < body) this.#add(body);
    if (loops) {
      this.words.push(0xd1000400 | (COUNTER << 5) | COUNTER); // sub x28, x28, #1
      let start = next() % 16;
      while (this.glued.has(start)) start--;
      const back = start - this.words.length;
      this.words.push((0xb5000000 | ((back & 0x7ffff) << 5) | COUNTER) >>> 0); // cbnz x28
    }
  }

  #add(end: number): void {
    const { next } = this, room = end - this.words.length;
    const kind = next() % 100;
    if (kind < 50) this.arithmetic();
    else if (kind < 80) this.instruction(pick(memory, next));
    else if (kind < 90) this.branch(room);
    else if (kind < 94) this.indirect(room);
    else if (kind < 97) this.exclusive(room);
    else if (kind < 99 || next() % 4) this.words.push(NOP);
    else this.stop();
  }
}

/** Longest sequence, and the BRKs behind it. */
const MOST = 200, PADDING = 8;

export const sequences = (): Source => {
  let pools: Pools | undefined;
  return {
    name: "sequences",
    fill(batch, seed, most) {
      pools ??= new Pools(seed);
      pools.refresh();
      const next = randomWords(seed), lengths: number[] = [];
      while (lengths.length < most && batch.fits(MOST + PADDING)) {
        const { words } = new Sequence(CODE + batch.codeSize, next);
        const at = batch.add([...words, ...new Array<number>(PADDING).fill(BRK)], true);
        const x = fillRegisters(batch, at, next, pools);
        // Few passes, or so many that the loop is translated.
        x[COUNTER] = BigInt(next() % 64 ? 1 + next() % 4 : 2000 + next() % 1000);
        lengths.push(words.length);
      }
      return lengths;
    },
  };
};
