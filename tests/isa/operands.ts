/** Operands where floating point is difficult: specials, boundaries, ties, near cancellation. Reproducible by seed. */
import type { Format } from "../../src/isa/a64/softfloat/format.ts";

/** A small generator of pseudo-random numbers (xorshift, 64 bits). */
export class Random {
  #state: bigint;
  constructor(seed: number) {
    this.#state = BigInt.asUintN(64, BigInt(seed) * 0x9e3779b97f4a7c15n) | 1n;
  }
  next(): bigint {
    let x = this.#state;
    x ^= BigInt.asUintN(64, x << 13n);
    x ^= x >> 7n;
    x ^= BigInt.asUintN(64, x << 17n);
    this.#state = x;
    return x;
  }
  /** 0 .. n - 1. */
  below(n: number): number {
    return Number((this.next() >> 20n) % BigInt(n));
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** Fractions that make ties, carries and exact products: few leading or trailing bits, nearly all ones. */
function fraction(random: Random, fmt: Format): bigint {
  const bits = fmt.fracBits;
  switch (random.below(6)) {
    case 0:
      return 0n;
    case 1:
      return fmt.fraction;
    case 2:
      return 1n << BigInt(random.below(bits));
    case 3: // a few leading bits
      return (random.next() << BigInt(random.below(bits))) & fmt.fraction;
    case 4:
      return fmt.fraction ^ (1n << BigInt(random.below(bits)));
    default:
      return random.next() & fmt.fraction;
  }
}

/** One number of the format; `near` is another whose exponent it may follow. */
export function number(random: Random, fmt: Format, near?: bigint): bigint {
  const sign = random.below(2) ? fmt.sign : 0n;
  const at = BigInt(fmt.fracBits);
  switch (random.below(12)) {
    case 0:
      return sign;
    case 1:
      return sign | (random.below(4) ? fmt.infinity : fmt.maxNormal);
    case 2: // quiet or signalling NaN, or an infinity
      return sign | fmt.infinity | (random.below(2) ? fmt.quiet : 0n) | (fraction(random, fmt) & ~fmt.quiet);
    case 3: // subnormal, or around the smallest normal number
      return sign | (random.below(3) ? fraction(random, fmt) : (1n << at) + BigInt(random.below(5) - 2));
    case 4: // small integers and halves
      return sign | small(fmt, random.below(64));
    case 5: // around the limits of integers
      return sign | ((BigInt(fmt.bias + random.pick([7, 15, 16, 30, 31, 32, 62, 63, 64])) % BigInt(fmt.expMax)) << at) |
        fraction(random, fmt);
    case 6:
    case 7:
    case 8:
      if (near !== undefined) {
        // The same, negated, or nearly so: cancellation. Or an exponent at most the precision away: ties.
        if (random.below(3) === 0) {
          return (near ^ (random.below(2) ? fmt.sign : 0n)) + BigInt(random.below(3) - 1) & mask(fmt);
        }
        const exp = Number((near & fmt.infinity) >> at) + random.below(2 * fmt.fracBits + 6) - fmt.fracBits - 3;
        return sign | (BigInt(Math.min(Math.max(exp, 0), fmt.expMax - 1)) << at) | fraction(random, fmt);
      }
      return sign | (BigInt(fmt.bias - 3 + random.below(7)) << at) | fraction(random, fmt);
    case 9:
      return sign | (BigInt(random.below(fmt.expMax)) << at) | fraction(random, fmt);
    default:
      return random.next() & mask(fmt);
  }
}

const mask = (fmt: Format): bigint => (1n << BigInt(fmt.bits)) - 1n;

/** n / 2 in the format. */
function small(fmt: Format, n: number): bigint {
  if (n === 0) return 0n;
  const top = 31 - Math.clz32(n);
  const rest = BigInt(n - 2 ** top) << BigInt(fmt.fracBits - top);
  return (BigInt(fmt.bias + top - 1) << BigInt(fmt.fracBits)) | rest;
}

/** A vector register of numbers of the format, lane by lane related to another register. */
export function vector(random: Random, fmt: Format, near?: bigint): bigint {
  let all = 0n;
  for (let at = 0; at < 128; at += fmt.bits) {
    const other = near === undefined ? undefined : (near >> BigInt(at)) & mask(fmt);
    all |= number(random, fmt, other) << BigInt(at);
  }
  return all;
}
