/**
 * Sequences of 20 to 200 instructions: arithmetic of every kind, branches, calls and returns, loops, loads and stores at
 * bases that point into the data, and now and then something that ends it early.
 */
import { type Fields, fieldsOf, type Row } from "../../src/isa/a64/row.ts";
import { rows } from "../../src/isa/a64/table.ts";
import { randomWords } from "../isa/encodings.ts";
import { encoding, isAtomic, type Next, PSTATE, touchesMemory, variants } from "./cases.ts";
import type { Source } from "./differential.ts";
import { At, CODE, DATA, PAGE } from "./machines.ts";
import { Pools, SP } from "./pools.ts";

const BRK = 0xd4200000, UDF = 0x00000000, NOP = 0xd503201f, CLREX = 0xd5033f5f;
/**
 * Registers with a part to play, which no other instruction writes: bases of accesses, counter, target of jumps. Atomic
 * accesses have bases that stay aligned, as the oracle does not check all of them.
 */
const FIXED = [23, 24], BASES = [...FIXED, 25, 26, 27], MOVING = [25, 26, 27], COUNTER = 28, TARGET = 29, LINK = 30;
/** Everything else is free. */
const FREE = 23;

/** Where the oracle is wrong (see qemu_defects.ts): one such result would spoil all that follows. */
const DEFECTIVE = /^(FJCVTZS|FCVTZS \(scalar SIMD, fixed-point\) 16)$/;
/**
 * As for single instructions; and what branches or stops, which the sequence places itself. MSR FPSR is left out, as the
 * oracle keeps bits of AArch32 in FPSR, and MSR FPCR, for those in FPCR.
 */
const EXCLUDED =
  /^(SVC|BRK|UDF|MRS( .*)?|MSR (TPIDR_EL0|FPCR|FPSR)|IC IVAU|DC .*|B|BR|B\.cond|CBZ|TBZ|LDXR|LDXP|STXR|STXP)$/;
const STATUS = /^MRS (5a10|5a20|5a21|DIT|SSBS)$/;

type Variant = readonly [row: Row, variant: Fields];
const usable = rows.filter(({ name, lift }) =>
  lift && !DEFECTIVE.test(name) && (!EXCLUDED.test(name) || STATUS.test(name))
);
const spread = (list: readonly Row[]): Variant[] => list.flatMap((row) => variants(row).map((v) => [row, v] as const));
const memory = spread(usable.filter(touchesMemory)), plain = spread(usable.filter((row) => !touchesMemory(row)));
const plainRows = usable.filter((row) => !touchesMemory(row));
const named = (name: string): Row => rows.find((row) => row.name === name)!;
const exclusives = ([["LDXR", "STXR"], ["LDXP", "STXP"]] as const).flatMap(([load, store]) =>
  variants(named(load)).map((variant) => ({ load: named(load), store: named(store), variant }))
);
const pick = <T>(list: readonly T[], next: Next): T => list[next() % list.length]!;

/** The words of one sequence. */
class Sequence {
  readonly words: number[] = [];
  readonly #length: number;
  /** Where branches go; and what only makes sense behind its predecessor, as a BR behind its ADR. */
  readonly #landings = new Set<number>();
  readonly #glued = new Set<number>();

  constructor(readonly entry: number, readonly next: Next) {
    this.#length = 20 + next() % 181;
    const loops = next() & 1;
    // The body, then for a loop two instructions that close it.
    const body = this.#length - (loops ? 2 : 0);
    while (this.words.length < body) this.#add(body);
    if (loops) {
      this.words.push(0xd1000400 | (COUNTER << 5) | COUNTER); // sub x28, x28, #1
      let start = next() % 16;
      while (this.#glued.has(start)) start--;
      const back = start - this.words.length;
      this.words.push((0xb5000000 | ((back & 0x7ffff) << 5) | COUNTER) >>> 0); // cbnz x28
    }
  }

  get #pc(): number {
    return this.entry + 4 * this.words.length;
  }

  #add(end: number): void {
    const { next } = this, room = end - this.words.length;
    const kind = next() % 100;
    if (kind < 50) {
      // All rows alike, or all variants alike: families with many variants would drown the others.
      const row = pick(plainRows, next);
      this.#instruction(next() & 1 ? [row, pick(variantsOf(row), next)] : pick(plain, next));
    } else if (kind < 80) this.#instruction(pick(memory, next));
    else if (kind < 90) this.#branch(room);
    else if (kind < 94) this.#indirect(room);
    else if (kind < 97) this.#exclusive(room);
    else if (kind < 99 || next() % 4) this.words.push(NOP);
    else this.#stop();
  }

  #instruction([row, variant]: Variant): void {
    const { next } = this, isMemory = touchesMemory(row);
    // Bases that move leave the data sooner or later; by a register, at once, perhaps to where the machine has its own.
    const moves = /index\)/.test(row.name);
    if (moves && (row.fields.some(({ name }) => name === "Rm") || next() % 8 !== 0)) return;
    const word = encoding(row, variant, next, {
      pc: this.#pc,
      register: (field) => {
        if (isMemory && field === "Rn") return pick(isAtomic(row) ? FIXED : moves ? MOVING : BASES, next);
        const register = next() % 25;
        // ZR or SP, and the link register, are as good as any.
        return register < FREE ? register : register === FREE ? 31 : LINK;
      },
    });
    if (word === undefined) return;
    const f = fieldsOf(row, word);
    const offset = Number(row.immediates.offset?.of(f) ?? 0);
    if (isMemory && row.name !== "LDR (literal)" && Math.abs(offset) > 2048 && next() % 64 !== 0) return;
    // So do indices in registers other than ZR. Atomic accesses must be aligned.
    if (row.name === "LDR (register)" && f.Rm !== 31) return;
    if (isAtomic(row) && offset % (1 << f.size!) !== 0) return;
    // Pairs of registers beyond the free ones: CASP reads and writes them.
    if (row.name === "CASP" && (f.Rs! + 1 >= FREE || f.Rt! + 1 >= FREE)) return;
    this.words.push(word);
  }

  /** Forwards only, so that all paths end. */
  #branch(room: number): void {
    if (room < 3) return;
    const { next } = this, over = 1 + next() % Math.min(room - 1, 7), register = next() % FREE;
    this.#landings.add(this.words.length + over);
    switch (next() % 5) {
      case 0:
        this.words.push((0x14000000 | ((next() & 1) << 31) | over) >>> 0); // b, bl
        break;
      case 1:
        this.words.push((0x54000000 | (over << 5) | (next() & 15)) >>> 0); // b.cond
        break;
      case 2:
        this.words.push((0x34000000 | ((next() & 1) << 31) | ((next() & 1) << 24) | (over << 5) | register) >>> 0);
        break;
      default: // tbz, tbnz
        this.words.push(
          (0x36000000 | ((next() & 1) << 31) | ((next() & 1) << 24) | ((next() & 31) << 19) | (over << 5) |
            register) >>> 0,
        );
    }
  }

  /** ADR and then BR, BLR or RET. */
  #indirect(room: number): void {
    if (room < 4) return;
    const { next } = this, over = 2 + next() % Math.min(room - 2, 7);
    this.#landings.add(this.words.length + over);
    this.#glue([(0x10000000 | (over << 5) | TARGET) >>> 0, (0xd61f0000 | ((next() % 3) << 21) | (TARGET << 5)) >>> 0]);
  }

  /** A load and a store of one address, mostly with nothing in between. */
  #exclusive(room: number): void {
    if (room < 4) return;
    const { next } = this, { load, store, variant } = pick(exclusives, next), base = pick(FIXED, next);
    const free = [...Array(FREE).keys()], take = (): number => free.splice(next() % free.length, 1)[0]!;
    const build = (row: Row): number => {
      let word = row.value, known = row.mask;
      for (const { name, lsb, width } of row.fields) {
        const value = name === "Rn" ? base : variant[name] ?? take();
        word |= value << lsb;
        known |= (2 ** width - 1) << lsb;
      }
      return (word | ~known) >>> 0;
    };
    this.words.push(build(load));
    if (next() % 8 === 0) this.words.push(CLREX);
    this.words.push(build(store));
  }

  /** Adds instructions that are only entered at the first. */
  #glue(words: readonly number[]): void {
    const from = this.words.length;
    for (let i = 1; i < words.length; i++) if (this.#landings.has(from + i)) return;
    for (let i = 1; i < words.length; i++) this.#glued.add(from + i);
    this.words.push(...words);
  }

  /** Something that ends the sequence. */
  #stop(): void {
    const { next } = this;
    switch (next() % 4) {
      case 0:
        this.words.push((BRK | ((next() & 0xffff) << 5)) >>> 0);
        break;
      case 1:
        this.words.push((UDF | (next() & 0xffff)) >>> 0);
        break;
      case 2: // to an odd address, or where nothing is; never to code, which might not end
        this.#glue([
          (0xd2c00000 | ((next() & 0x7fff) << 5) | TARGET) >>> 0, // movz x29, lsl #32
          (0xf2800000 | ((next() & 0xffff) << 5) | TARGET) >>> 0, // movk x29
          (0xd61f0000 | (TARGET << 5)) >>> 0,
        ]);
        break;
      default: // ldr from where nothing is, in any process
        this.#glue([
          (0xd2c02000 | ((next() & 0x7eff) << 5) | TARGET) >>> 0, // movz x29, lsl #32
          (0xf9400000 | (TARGET << 5) | (next() % FREE)) >>> 0,
        ]);
    }
  }
}

const cache = new Map<Row, Variant[1][]>();
function variantsOf(row: Row): Variant[1][] {
  let all = cache.get(row);
  if (all === undefined) cache.set(row, all = variants(row));
  return all;
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
        pools.fill(batch.words, at, next);
        for (let n = 0; n < 32; n++) {
          // Registers of floats among those of integers.
          const format = [undefined, "f16", "f32", "f64"][next() & 3];
          if (format !== undefined) batch.words.set(pools.vector(format, next), at + At.v / 4 + 4 * n);
        }
        batch.words[at + At.pstate / 4] = next() & PSTATE;
        batch.words[at + At.fpsr / 4] = next() & 1 ? 0x10 : 0;
        batch.words[at + At.fpcr / 4] = next() & 7 ? 0 : next() & 0x07c80000;
        const x = new BigUint64Array(batch.words.buffer, batch.words.byteOffset + 4 * at, 32);
        for (const base of BASES) x[base] = BigInt(DATA + 16 * (20 + next() % (PAGE / 16)));
        x[SP] = BigInt(DATA + 16 * (20 + next() % (PAGE / 16)));
        // Few passes, or so many that the loop is translated.
        x[COUNTER] = BigInt(next() % 64 ? 1 + next() % 4 : 2000 + next() % 1000);
        lengths.push(words.length);
      }
      return lengths;
    },
  };
};
