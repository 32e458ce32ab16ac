/**
 * Arm's machine-readable list of A64 encodings: which instruction a word is, by somebody else's table. The data is not
 * part of the repository; ELFTAP_SHARED names the folder that holds `data/a64-encodings-base.json`.
 */

export interface Encoding {
  /** Unique id: mnemonic, variant and class. */
  readonly name: string;
  readonly mnemonic: string;
  /** Class of encodings. */
  readonly path: string;
  /** Fixed bits; those that the manual writes as (0) or (1) are among them. */
  readonly mask: number;
  readonly value: number;
  /** Fixed bits that decide: should-be bits are ignored. */
  readonly decodeMask: number;
}

const shared = Deno.env.get("ELFTAP_SHARED") ?? new URL("../../../shared", import.meta.url).pathname;

/** The table, or undefined where the data is missing. */
export function readEncodings(): readonly Encoding[] | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(`${shared}/data/a64-encodings-base.json`);
  } catch {
    return undefined;
  }
  interface Raw {
    name: string;
    mnemonic: string;
    path: string;
    mask: string;
    value: string;
    sbmask?: string;
  }
  return (JSON.parse(text) as Raw[]).map(({ name, mnemonic, path, mask, value, sbmask }) => ({
    name,
    mnemonic,
    path: path.replace("A64/", ""),
    mask: Number(mask) >>> 0,
    value: Number(value) >>> 0,
    decodeMask: (Number(mask) & ~Number(sbmask ?? 0)) >>> 0,
  }));
}

function popcount(n: number): number {
  let bits = 0;
  for (; n !== 0; n &= n - 1) bits++;
  return bits;
}

/** Makes the function that finds a word's encoding: of those that match, the one with the most decisive bits. */
export function matcher(encodings: readonly Encoding[]): (word: number) => Encoding | undefined {
  const sorted = [...encodings].sort((a, b) => popcount(b.decodeMask) - popcount(a.decodeMask));
  // Buckets by the upper 11 bits, as most words meet only few encodings there.
  const buckets: (Encoding[] | undefined)[] = new Array(1 << 11);
  const high = 0xffe00000;
  return (word) => {
    const index = word >>> 21;
    const bucket = buckets[index] ??= sorted.filter((e) => ((word ^ e.value) & e.decodeMask & high) === 0);
    return bucket.find((e) => ((word ^ e.value) & e.decodeMask) === 0);
  };
}

/** Pseudo-random 32-bit words (splitmix32): the same seed gives the same words. */
export function randomWords(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

/** The encoding's fixed bits, should-be bits as they should be, with other bits from `random`. */
export const filled = (e: Encoding, random: number): number => ((random & ~e.mask) | e.value) >>> 0;
