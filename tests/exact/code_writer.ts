/** What writes random instructions one behind the other: arithmetic of every kind, accesses to the data, branches forwards. */
import { type Fields, fieldsOf, type Row } from "../../src/isa/a64/row.ts";
import { rows } from "../../src/isa/a64/table.ts";
import { encoding, isAtomic, type Next, PSTATE, touchesMemory, variants } from "./cases.ts";
import { At, type Batch, DATA, PAGE } from "./machines.ts";
import { type Pools, SP } from "./pools.ts";

export const BRK = 0xd4200000, UDF = 0x00000000, NOP = 0xd503201f;
const CLREX = 0xd5033f5f;
/**
 * Registers with a part to play, which no other instruction writes: bases of accesses, counter, target of jumps. Atomic
 * accesses have bases that stay aligned, as the oracle does not check all of them.
 */
export const FIXED = [23, 24], BASES = [...FIXED, 25, 26, 27];
export const COUNTER = 28, TARGET = 29, LINK = 30;
/** Everything else is free. */
export const FREE = 23;

/** Where the oracle is wrong (see qemu_defects.ts): one such result would spoil all that follows. */
const DEFECTIVE = /^(FJCVTZS|FCVTZS \(scalar SIMD, fixed-point\) 16)$/;
/**
 * As for single instructions; and what branches or stops, which the sequence places itself. MSR FPSR is left out, as the
 * oracle keeps bits of AArch32 in FPSR, and MSR FPCR, for those in FPCR.
 */
const EXCLUDED =
  /^(SVC|BRK|UDF|MRS( .*)?|MSR (TPIDR_EL0|FPCR|FPSR)|IC IVAU|DC .*|B|BR|B\.cond|CBZ|TBZ|LDXR|LDXP|STXR|STXP)$/;
const STATUS = /^MRS (5a10|5a20|5a21|DIT|SSBS)$/;

export type Variant = readonly [row: Row, variant: Fields];
const usable = rows.filter(({ name, lift }) =>
  lift && !DEFECTIVE.test(name) && (!EXCLUDED.test(name) || STATUS.test(name))
);
export const spread = (list: readonly Row[]): Variant[] =>
  list.flatMap((row) => variants(row).map((v) => [row, v] as const));
export const memory = spread(usable.filter(touchesMemory)),
  plain = spread(usable.filter((row) => !touchesMemory(row)));
export const plainRows = usable.filter((row) => !touchesMemory(row));
const named = (name: string): Row => rows.find((row) => row.name === name)!;
const exclusives = ([["LDXR", "STXR"], ["LDXP", "STXP"]] as const).flatMap(([load, store]) =>
  variants(named(load)).map((variant) => ({ load: named(load), store: named(store), variant }))
);
export const pick = <T>(list: readonly T[], next: Next): T => list[next() % list.length]!;

/** Words of code that grow at their end. */
export class CodeWriter {
  readonly words: number[] = [];
  /** Where branches go; and what only makes sense behind its predecessor, as a BR behind its ADR. */
  protected readonly landings = new Set<number>();
  protected readonly glued = new Set<number>();
  /** Whether branches may write the link register. */
  protected links = true;
  /** Bases that accesses may move. */
  protected moving: readonly number[] = [25, 26, 27];

  /**
   * @param entry address of the first instruction
   * @param free how many registers any instruction may write, from X0 on
   * @param more others that are as good: ZR or SP, and the link register
   */
  constructor(
    readonly entry: number,
    readonly next: Next,
    protected readonly free: number,
    protected more: readonly number[] = [31, LINK],
  ) {}

  protected get pc(): number {
    return this.entry + 4 * this.words.length;
  }

  /** Any instruction that goes on behind itself, without effect on memory. */
  protected arithmetic(): void {
    const { next } = this;
    // All rows alike, or all variants alike: families with many variants would drown the others.
    const row = pick(plainRows, next);
    this.instruction(next() & 1 ? [row, pick(variantsOf(row), next)] : pick(plain, next));
  }

  protected instruction([row, variant]: Variant): void {
    const { next } = this, isMemory = touchesMemory(row);
    // Bases that move leave the data sooner or later; by a register, at once, perhaps to where the machine has its own.
    const moves = /index\)/.test(row.name);
    if (moves && (row.fields.some(({ name }) => name === "Rm") || next() % 8 !== 0)) return;
    const word = encoding(row, variant, next, {
      pc: this.pc,
      register: (field) => {
        if (isMemory && field === "Rn") return pick(isAtomic(row) ? FIXED : moves ? this.moving : BASES, next);
        const register = next() % (this.free + this.more.length);
        return register < this.free ? register : this.more[register - this.free];
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
    if (row.name === "CASP" && (f.Rs! + 1 >= this.free || f.Rt! + 1 >= this.free)) return;
    this.words.push(word);
  }

  /** Forwards only, so that all paths end. */
  protected branch(room: number): void {
    if (room < 3) return;
    const { next } = this, over = 1 + next() % Math.min(room - 1, 7), register = next() % this.free;
    this.landings.add(this.words.length + over);
    switch (next() % 5) {
      case 0:
        this.words.push((0x14000000 | ((next() & Number(this.links)) << 31) | over) >>> 0); // b, bl
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
  protected indirect(room: number): void {
    if (room < 4) return;
    const { next } = this, over = 2 + next() % Math.min(room - 2, 7);
    this.landings.add(this.words.length + over);
    const kind = next() % 3, isCall = kind === 1;
    const branch = 0xd61f0000 | ((isCall && !this.links ? 0 : kind) << 21) | (TARGET << 5);
    this.glue([(0x10000000 | (over << 5) | TARGET) >>> 0, branch >>> 0]);
  }

  /** A load and a store of one address, mostly with nothing in between. */
  protected exclusive(room: number): void {
    if (room < 4) return;
    const { next } = this, { load, store, variant } = pick(exclusives, next), base = pick(FIXED, next);
    const free = [...Array(this.free).keys()], take = (): number => free.splice(next() % free.length, 1)[0]!;
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
  protected glue(words: readonly number[]): void {
    const from = this.words.length;
    for (let i = 1; i < words.length; i++) if (this.landings.has(from + i)) return;
    for (let i = 1; i < words.length; i++) this.glued.add(from + i);
    this.words.push(...words);
  }

  /** Something that ends the sequence. */
  protected stop(): void {
    const { next } = this;
    switch (next() % 4) {
      case 0:
        this.words.push((BRK | ((next() & 0xffff) << 5)) >>> 0);
        break;
      case 1:
        this.words.push((UDF | (next() & 0xffff)) >>> 0);
        break;
      case 2: // to an odd address, or where nothing is; never to code, which might not end
        this.glue([
          (0xd2c00000 | ((next() & 0x7fff) << 5) | TARGET) >>> 0, // movz x29, lsl #32
          (0xf2800000 | ((next() & 0xffff) << 5) | TARGET) >>> 0, // movk x29
          (0xd61f0000 | (TARGET << 5)) >>> 0,
        ]);
        break;
      default: // ldr from where nothing is, in any process
        this.glue([
          (0xd2c02000 | ((next() & 0x7eff) << 5) | TARGET) >>> 0, // movz x29, lsl #32
          (0xf9400000 | (TARGET << 5) | (next() % this.free)) >>> 0,
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

/** Registers of all kinds for code that ends up at {@link At}: bases point into the data. */
export function fillRegisters(batch: Batch, at: number, next: Next, pools: Pools): BigUint64Array {
  const { words } = batch;
  pools.fill(words, at, next);
  for (let n = 0; n < 32; n++) {
    // Registers of floats among those of integers.
    const format = [undefined, "f16", "f32", "f64"][next() & 3];
    if (format !== undefined) words.set(pools.vector(format, next), at + At.v / 4 + 4 * n);
  }
  words[at + At.pstate / 4] = next() & PSTATE;
  words[at + At.fpsr / 4] = next() & 1 ? 0x10 : 0;
  words[at + At.fpcr / 4] = next() & 7 ? 0 : next() & 0x07c80000;
  const x = new BigUint64Array(words.buffer, words.byteOffset + 4 * at, 32);
  for (const base of BASES) x[base] = BigInt(DATA + 16 * (20 + next() % (PAGE / 16)));
  x[SP] = BigInt(DATA + 16 * (20 + next() % (PAGE / 16)));
  return x;
}
