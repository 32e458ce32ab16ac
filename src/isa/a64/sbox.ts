/**
 * Substitution boxes that are an inversion in GF(2^8) between two affine maps (AES, SM4), on sixteen bytes at once.
 *
 * A table of 256 bytes does not fit a swizzle, which looks up 16. So the field is taken as pairs over GF(2^4), where
 * inversion needs lookups of single nibbles only (M. Hamburg, "Accelerating AES with Vector Permute Instructions").
 * With zeta² + zeta = c, an element is k*zeta + i; let j = i + k and a = 1/c. The inverse has the coordinates k/N of
 * zeta and j/N of 1, N = c*k² + i*j. Of the four quantities
 *
 *     p = 1/(1/i + a/k) + j = a*N/(k + a*i)        q = 1/(1/j + a/k) + i = a*N/(k + a*j)
 *
 * k/N = 1/p + 1/q and j/N = 1/q + c*k/N, which are linear in 1/p and 1/q, and go with the outer affine map into two
 * tables indexed by p and q. Division by zero works out by itself with infinity as 0x80: it stays at or above 0x80
 * when a nibble is added, and an index beyond 15 gives 0.
 */
import type { Builder } from "../ir/builder.ts";
import { c32, cV128, i8x16, splat, type V128, v128 } from "../ir/ops.ts";

/** An affine map over GF(2): a linear one, and a constant added to its result. */
export interface Affine {
  readonly linear: (x: number) => number;
  readonly constant: number;
}

/** The map x -> sum of x rotated left by the given counts, plus a constant: a circulant matrix. */
export const circulant = (rotations: readonly number[], constant: number): Affine => ({
  linear: (x) => rotations.reduce((sum, by) => sum ^ (((x << by) | (x >> (8 - by))) & 0xff), 0),
  constant,
});

/** Lookup tables, sixteen bytes each. */
export interface Sbox {
  /** Low and high nibble of the input to k << 4 | i; a constant is in the first. */
  readonly low: bigint;
  readonly high: bigint;
  /** 1/n and a/n. */
  readonly inverse: bigint;
  readonly scaled: bigint;
  /** p and q to the output, without its constant. */
  readonly p: bigint;
  readonly q: bigint;
  readonly constant: number;
}

/** Product of polynomials over GF(2) modulo another of the given degree. */
function multiply(x: number, y: number, modulus: number, degree: number): number {
  let product = 0;
  for (let bit = degree - 1; bit >= 0; bit--) {
    product <<= 1;
    if (product >> degree) product ^= modulus;
    if ((y >> bit) & 1) product ^= x;
  }
  return product;
}

const table = (entry: (n: number) => number): bigint => {
  let bytes = 0n;
  for (let n = 15; n >= 0; n--) bytes = (bytes << 8n) | BigInt(entry(n));
  return bytes;
};

/** x^4 + x + 1, the modulus of nibbles. */
const NIBBLES = 0b10011;
const INFINITY = 0x80;

/** Tables for after(1 / before(x)) in the field of the given modulus (degree 8). */
export function sbox(modulus: number, before: Affine, after: Affine): Sbox {
  const times = (x: number, y: number): number => multiply(x, y, modulus, 8);
  const times4 = (x: number, y: number): number => multiply(x, y, NIBBLES, 4);
  const find = (from: number, to: number, holds: (x: number) => boolean): number => {
    for (let x = from; x < to; x++) if (holds(x)) return x;
    throw new Error("the modulus of an S-box must be irreducible");
  };
  // GF(2^4) within GF(2^8): powers of a root g of the nibbles' modulus.
  const g = find(2, 256, (x) => times(times(x, x), times(x, x)) === (x ^ 1));
  const embed = (n: number): number => {
    let sum = 0;
    for (let bit = 0, power = 1; bit < 4; bit++, power = times(power, g)) if ((n >> bit) & 1) sum ^= power;
    return sum;
  };
  const small = Array.from({ length: 16 }, (_, n) => embed(n));
  const zeta = find(2, 256, (x) => !small.includes(x) && small.includes(times(x, x) ^ x));
  const c = small.indexOf(times(zeta, zeta) ^ zeta);
  const element = (k: number, i: number): number => times(zeta, small[k]!) ^ small[i]!;
  const packed = new Uint8Array(256);
  for (let pair = 0; pair < 256; pair++) packed[element(pair >> 4, pair & 15)] = pair;

  const reciprocal = (n: number): number => n === 0 ? INFINITY : find(1, 16, (x) => times4(x, n) === 1);
  const a = reciprocal(c);
  const output = (n: number, i: (r: number) => number): number => {
    if (n === 0) return 0; // never looked up
    const r = reciprocal(n);
    return after.linear(element(r, i(r)));
  };
  return {
    low: table((n) => packed[before.linear(n) ^ before.constant]!),
    high: table((n) => packed[before.linear(n << 4)]!),
    inverse: table(reciprocal),
    scaled: table((n) => n === 0 ? INFINITY : times4(a, reciprocal(n))),
    p: table((n) => output(n, (r) => times4(c, r))),
    q: table((n) => output(n, (r) => r ^ times4(c, r))),
    constant: after.constant,
  };
}

/** Substitutes every byte. */
export function substitute(b: Builder, box: Sbox, x: V128): V128 {
  const lookup = (entries: bigint, index: V128): V128 => i8x16.swizzle(cV128(entries), index);
  const lowNibbles = (v: V128): V128 => v128.and(v, splat(8, 15)),
    highNibbles = (v: V128): V128 => i8x16.shr_u(v, c32(4));
  const bytes = b.let(x);
  const pair = b.let(v128.xor(lookup(box.low, lowNibbles(bytes)), lookup(box.high, highNibbles(bytes))));
  const k = b.let(highNibbles(pair)), i = b.let(lowNibbles(pair));
  const j = b.let(v128.xor(i, k)), ak = b.let(lookup(box.scaled, k));
  const side = (one: V128, other: V128): V128 =>
    v128.xor(lookup(box.inverse, v128.xor(lookup(box.inverse, one), ak)), other);
  const sum = v128.xor(lookup(box.p, side(i, j)), lookup(box.q, side(j, i)));
  return v128.xor(sum, splat(8, box.constant));
}
