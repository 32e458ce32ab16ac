/**
 * Operands where arithmetic is difficult, in stock: making one takes longer than running an instruction, so cases draw
 * from pools, of which a part is made anew for every batch.
 */
import type { Row } from "../../src/isa/a64/row.ts";
import { bf16, f16, f32, f64, type Format, Fpcr, Fpsr } from "../../src/isa/a64/softfloat/format.ts";
import { formatOf, FP_ROWS } from "../isa/fp_cases.ts";
import { Random, vector } from "../isa/operands.ts";
import type { Next } from "./cases.ts";
import { At } from "./machines.ts";

export const SP = 31;

/** 64-bit values around the limits of all element sizes, and noise of all lengths. */
function integer(random: Random): bigint {
  const bits = BigInt(random.below(64));
  switch (random.below(8)) {
    case 0:
      return 0n;
    case 1:
      return 0xffffffffffffffffn;
    case 2: // the limits of signed elements
      return BigInt.asUintN(64, (1n << BigInt(random.pick([7, 8, 15, 16, 31, 32, 63]))) + BigInt(random.below(3) - 1));
    case 3:
      return BigInt.asUintN(64, -(1n << BigInt(random.pick([7, 15, 31, 63]))) + BigInt(random.below(3) - 1));
    case 4: // a short number of either sign
      return BigInt.asUintN(64, BigInt(random.below(2)) - (random.next() >> bits));
    case 5:
      return random.next() >> bits;
    default:
      return random.next();
  }
}

/** A half of a vector register: elements of one size, at their limits or of noise. */
function half(random: Random): bigint {
  const esize = random.pick([8, 16, 32, 64]);
  if (random.below(4) === 0) return random.next();
  let all = 0n;
  for (let at = 0; at < 64; at += esize) all |= BigInt.asUintN(esize, integer(random)) << BigInt(at);
  return all;
}

const POOL = 4096, QUADS = 2048, FORMATS: readonly Format[] = [f16, bf16, f32, f64];
const ALL_FPCR = Fpcr.AHP | Fpcr.DN | Fpcr.FZ | (3 << Fpcr.RModeShift) | Fpcr.FZ16;
const ALL_FPSR = Fpsr.IOC | Fpsr.DZC | Fpsr.OFC | Fpsr.UFC | Fpsr.IXC | Fpsr.IDC, QC = 1 << 27;
const FPSRS = [0, Fpsr.IXC, ALL_FPSR, QC, QC | ALL_FPSR];
const floatingPoint = new Set<Row>(FP_ROWS);

/** The stock. Everything drawn depends on the seed and on the words of `next` only. */
export class Pools {
  readonly #random: Random;
  readonly #integers = new BigUint64Array(POOL);
  readonly #halves = new BigUint64Array(POOL);
  readonly #integerWords = new Uint32Array(this.#integers.buffer);
  readonly #halfWords = new Uint32Array(this.#halves.buffer);
  /** Per format: quadruples of vectors whose lanes are related, 16 words each. */
  readonly #quads = FORMATS.map(() => new Uint32Array(QUADS * 16));

  constructor(seed: number) {
    this.#random = new Random(seed);
    for (let i = 0; i < POOL; i++) this.#renew(i);
    for (let i = 0; i < QUADS; i++) this.#renewQuads(i);
  }

  #renew(i: number): void {
    this.#integers[i] = integer(this.#random);
    this.#halves[i] = half(this.#random);
  }
  #renewQuads(i: number): void {
    FORMATS.forEach((fmt, format) => {
      const random = this.#random;
      // BFloat16 comes with singles.
      const own = fmt === bf16 ? random.pick([bf16, bf16, f32]) : random.below(8) ? fmt : random.pick([f16, f32, f64]);
      const n = vector(random, own), m = vector(random, own, n);
      const a = vector(random, own, random.below(2) ? n : m), d = vector(random, own, random.below(2) ? n : m);
      [d, n, m, a].forEach((value, operand) => {
        for (let word = 0; word < 4; word++) {
          this.#quads[format]![16 * i + 4 * operand + word] = Number((value >> BigInt(32 * word)) & 0xffffffffn);
        }
      });
    });
  }
  /** Makes a part of the stock anew. */
  refresh(): void {
    for (let n = 0; n < POOL / 16; n++) this.#renew(this.#random.below(POOL));
    for (let n = 0; n < QUADS / 16; n++) this.#renewQuads(this.#random.below(QUADS));
  }

  integer(next: Next): bigint {
    return this.#integers[next() & (POOL - 1)]!;
  }

  /** General and vector registers at word `at`. */
  fill(words: Uint32Array, at: number, next: Next): void {
    // Now and then from few values, so that operands are equal.
    const mask = next() & 7 ? POOL - 1 : 3, shift = next() & (POOL - 4);
    for (let n = 0; n < 31; n++) {
      const from = 2 * ((next() & mask) ^ (mask === 3 ? shift : 0));
      words[at + 2 * n] = this.#integerWords[from]!;
      words[at + 2 * n + 1] = this.#integerWords[from + 1]!;
    }
    for (let n = 0; n < 64; n++) {
      const from = 2 * ((next() & mask) ^ (mask === 3 ? shift : 0));
      words[at + At.v / 4 + 2 * n] = this.#halfWords[from]!;
      words[at + At.v / 4 + 2 * n + 1] = this.#halfWords[from + 1]!;
    }
  }

  /** Four vectors for the operands of a floating-point instruction: destination, first, second, third. */
  vectorsFor(row: Row, word: number, next: Next): Uint32Array | undefined {
    if (!floatingPoint.has(row) || (next() & 31) === 0) return undefined;
    return this.quad(formatOf(row, word), next);
  }
  quad(format: Format, next: Next): Uint32Array {
    const quads = this.#quads[FORMATS.indexOf(format)]!, i = next() & (QUADS - 1);
    return quads.subarray(16 * i, 16 * i + 16);
  }

  /** One vector of floats. */
  vector(format: string, next: Next): Uint32Array {
    const quad = this.quad(format === "f16" ? f16 : format === "f32" ? f32 : f64, next), operand = 4 * (next() & 3);
    return quad.subarray(operand, operand + 4);
  }

  /** FPCR and FPSR: every mode for floating point, zero for most others. */
  modes(row: Row, next: Next): { fpcr: number; fpsr: number } {
    const any = next() & ALL_FPCR, fpsr = FPSRS[next() % FPSRS.length]!;
    return { fpcr: (floatingPoint.has(row) ? next() & 1 : (next() & 15) === 0) ? any : 0, fpsr };
  }
}
