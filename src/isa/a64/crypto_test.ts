/** Standard examples of the cryptographic instructions' algorithms, run instruction by instruction. */
import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { Machine } from "../../engine/wasm/testing.ts";

const machine = new Machine();

/** Runs one instruction with these vector registers; returns V0. */
function run(word: number, ...v: readonly bigint[]): bigint {
  v.forEach((value, n) => machine.setV(n, value));
  assert.equal(machine.step(word).kind, "fuel");
  return machine.v(0);
}

// Rd is V0, Rn V1, Rm V2, Ra V3.
const AESE = 0x4e284820, AESD = 0x4e285820, AESMC = 0x4e286820, AESIMC = 0x4e287820;
const SHA1C = 0x5e020020, SHA1P = 0x5e021020, SHA1M = 0x5e022020, SHA1SU0 = 0x5e023020, SHA1H = 0x5e280820;
const SHA1SU1 = 0x5e281820, SHA256H = 0x5e024020, SHA256H2 = 0x5e025020, SHA256SU0 = 0x5e282820, SHA256SU1 = 0x5e026020;
const SHA512H = 0xce628020, SHA512H2 = 0xce628420, SHA512SU0 = 0xcec08020, SHA512SU1 = 0xce628820;
const SM3SS1 = 0xce420c20, SM3TT1A = 0xce428020, SM3TT1B = 0xce428420, SM3TT2A = 0xce428820, SM3TT2B = 0xce428c20;
const SM3PARTW1 = 0xce62c020, SM3PARTW2 = 0xce62c420, SM4E = 0xcec08420, SM4EKEY = 0xce62c820;
const EOR3 = 0xce020c20, BCAX = 0xce220c20, RAX1 = 0xce628c20, XAR_13 = 0xce823420, XAR_0 = 0xce820020;
const PMULL_1Q = 0x0ee2e020, PMULL2_1Q = 0x4ee2e020, SMMLA = 0x4e82a420, UMMLA = 0x6e82a420, USMMLA = 0x4e82ac20;

const mask = (bits: number): bigint => (1n << BigInt(bits)) - 1n;
const fromHex = (hex: string): bigint => BigInt(`0x${hex.match(/../g)!.reverse().join("")}`);
const toHex = (value: bigint): string => value.toString(16).padStart(32, "0").match(/../g)!.reverse().join("");
const element = (vector: bigint, bits: number, lane: number): bigint => (vector >> BigInt(bits * lane)) & mask(bits);
const vectorOf = (bits: number, elements: readonly bigint[]): bigint =>
  elements.reduceRight((all, each) => (all << BigInt(bits)) | each, 0n);
const elementsOf = (vector: bigint, bits: number): bigint[] =>
  Array.from({ length: 128 / bits }, (_, lane) => element(vector, bits, lane));
const addLanes = (bits: number, x: bigint, y: bigint): bigint =>
  vectorOf(bits, elementsOf(x, bits).map((each, lane) => (each + element(y, bits, lane)) & mask(bits)));

/** Product of polynomials over GF(2). */
function carryless(x: bigint, y: bigint): bigint {
  let product = 0n;
  for (let bit = 0n; y >> bit; bit++) if ((y >> bit) & 1n) product ^= x << bit;
  return product;
}

Deno.test("AESE substitutes every byte by its inverse in the field, through the affine map", () => {
  const times = (x: number, y: number): number => {
    let product = Number(carryless(BigInt(x), BigInt(y)));
    for (let bit = 14; bit >= 8; bit--) if ((product >> bit) & 1) product ^= 0x11b << (bit - 8);
    return product;
  };
  for (let x = 0; x < 256; x++) {
    let inverse = 0;
    for (let y = 1; y < 256 && inverse === 0; y++) if (times(x, y) === 1) inverse = y;
    let image = 0x63;
    for (let by = 0; by < 5; by++) image ^= ((inverse << by) | (inverse >> (8 - by))) & 0xff;
    // The same byte everywhere: moving rows has no effect.
    const all = (byte: number): bigint => vectorOf(8, new Array(16).fill(BigInt(byte)));
    assert.equal(run(AESE, all(x), 0n), all(image), `S-box of ${x}`);
    assert.equal(run(AESD, all(image), 0n), all(x), `inverse S-box of ${image}`);
  }
});

/** FIPS 197, appendix C.1. */
const PLAIN = fromHex("00112233445566778899aabbccddeeff"), CIPHER = fromHex("69c4e0d86a7b0430d8cdb78070b4c55a");

/** Key expansion of FIPS 197, with the substitution by AESE. */
function roundKeys(key: bigint): bigint[] {
  const words = elementsOf(key, 32);
  let rcon = 1n;
  for (let i = 4; i < 44; i++) {
    let t = words[i - 1]!;
    if (i % 4 === 0) {
      const rotated = (t >> 8n) | ((t & 0xffn) << 24n);
      t = element(run(AESE, vectorOf(32, new Array(4).fill(rotated)), 0n), 32, 0) ^ rcon;
      rcon = rcon & 0x80n ? (rcon << 1n) ^ 0x11bn : rcon << 1n;
    }
    words.push(words[i - 4]! ^ t);
  }
  return Array.from({ length: 11 }, (_, round) => vectorOf(32, words.slice(4 * round, 4 * round + 4)));
}

Deno.test("AESE and AESMC encrypt the example of FIPS 197", () => {
  const keys = roundKeys(fromHex("000102030405060708090a0b0c0d0e0f"));
  let state = PLAIN;
  for (let round = 0; round < 9; round++) state = run(AESMC, 0n, run(AESE, state, keys[round]!));
  assert.equal(toHex(run(AESE, state, keys[9]!) ^ keys[10]!), toHex(CIPHER));
});

Deno.test("AESD and AESIMC decrypt the example of FIPS 197", () => {
  const keys = roundKeys(fromHex("000102030405060708090a0b0c0d0e0f")).reverse();
  let state = run(AESD, CIPHER, keys[0]!);
  for (let round = 1; round < 10; round++) state = run(AESD, run(AESIMC, 0n, state), run(AESIMC, 0n, keys[round]!));
  assert.equal(toHex(state ^ keys[10]!), toHex(PLAIN));
});

/** The padded block of "abc" as big-endian words. */
function messageWords(bits: number): bigint[] {
  const words = new Array<bigint>(16).fill(0n);
  words[0] = 0x61626380n << BigInt(bits - 32);
  words[15] = 24n;
  return words;
}
const schedule = (bits: number): bigint[] => {
  const words = messageWords(bits), lanes = 128 / bits;
  return Array.from({ length: 16 / lanes }, (_, i) => vectorOf(bits, words.slice(lanes * i, lanes * i + lanes)));
};
const digest = (bits: number, words: readonly bigint[]): string =>
  words.map((word) => word.toString(16).padStart(bits / 4, "0")).join("");
const hashOfAbc = (name: string): string => createHash(name).update("abc").digest("hex");

/** First bits of the fractional part of a root of the n-th prime: where the constants of SHA-2 come from. */
function rootFraction(prime: number, root: 2n | 3n, bits: number): bigint {
  const scaled = BigInt(prime) << (root * BigInt(bits));
  let low = 0n, high = 1n << BigInt(bits + 8);
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** root <= scaled) low = middle;
    else high = middle;
  }
  return low & mask(bits);
}
const primes = Array.from({ length: 410 }, (_, n) => n).filter((n) => {
  if (n < 2) return false;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
});

Deno.test("SHA1C, P, M, H, SU0 and SU1 hash a block", () => {
  const start = [0x67452301n, 0xefcdab89n, 0x98badcfen, 0x10325476n, 0xc3d2e1f0n];
  const constants = [0x5a827999n, 0x6ed9eba1n, 0x8f1bbcdcn, 0xca62c1d6n], rounds = [SHA1C, SHA1P, SHA1M, SHA1P];
  const w = schedule(32);
  for (let i = 4; i < 20; i++) {
    const partial = run(SHA1SU0, w[i - 4]!, w[i - 3]!, w[i - 2]!);
    w.push(run(SHA1SU1, partial, w[i - 1]!));
  }
  let abcd = vectorOf(32, start.slice(0, 4)), e = start[4]!;
  for (let i = 0; i < 20; i++) {
    const stage = Math.floor(i / 5), keyed = addLanes(32, w[i]!, vectorOf(32, new Array(4).fill(constants[stage]!)));
    const next = run(SHA1H, 0n, abcd);
    abcd = run(rounds[stage]!, abcd, e, keyed);
    e = next;
  }
  const end = [...elementsOf(abcd, 32), e].map((word, i) => (word + start[i]!) & mask(32));
  assert.equal(digest(32, end), hashOfAbc("sha1"));
});

Deno.test("SHA256H, H2, SU0 and SU1 hash a block", () => {
  const start = primes.slice(0, 8).map((prime) => rootFraction(prime, 2n, 32));
  const k = primes.slice(0, 64).map((prime) => rootFraction(prime, 3n, 32)), w = schedule(32);
  for (let i = 4; i < 16; i++) {
    w.push(run(SHA256SU1, run(SHA256SU0, w[i - 4]!, w[i - 3]!), w[i - 2]!, w[i - 1]!));
  }
  let abcd = vectorOf(32, start.slice(0, 4)), efgh = vectorOf(32, start.slice(4));
  for (let i = 0; i < 16; i++) {
    const keyed = addLanes(32, w[i]!, vectorOf(32, k.slice(4 * i, 4 * i + 4)));
    [abcd, efgh] = [run(SHA256H, abcd, efgh, keyed), run(SHA256H2, efgh, abcd, keyed)];
  }
  const end = [...elementsOf(abcd, 32), ...elementsOf(efgh, 32)].map((word, i) => (word + start[i]!) & mask(32));
  assert.equal(digest(32, end), hashOfAbc("sha256"));
});

Deno.test("SHA512H, H2, SU0 and SU1 hash a block", () => {
  const start = primes.slice(0, 8).map((prime) => rootFraction(prime, 2n, 64));
  const k = primes.slice(0, 80).map((prime) => rootFraction(prime, 3n, 64)), w = schedule(64);
  const across = (low: bigint, high: bigint): bigint => (low >> 64n) | ((high & mask(64)) << 64n);
  for (let i = 8; i < 40; i++) {
    w.push(run(SHA512SU1, run(SHA512SU0, w[i - 8]!, w[i - 7]!), w[i - 1]!, across(w[i - 4]!, w[i - 3]!)));
  }
  let [ab, cd, ef, gh] = [0, 2, 4, 6].map((at) => vectorOf(64, start.slice(at, at + 2))) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  for (let i = 0; i < 40; i++) {
    const keyed = addLanes(64, w[i]!, vectorOf(64, k.slice(2 * i, 2 * i + 2)));
    const sum = addLanes(64, across(keyed, keyed), gh);
    const t = run(SHA512H, sum, across(ef, gh), across(cd, ef));
    [ab, cd, ef, gh] = [run(SHA512H2, t, cd, ab), ab, addLanes(64, cd, t), ef];
  }
  const end = [ab, cd, ef, gh].flatMap((each) => elementsOf(each, 64)).map((word, i) => (word + start[i]!) & mask(64));
  assert.equal(digest(64, end), hashOfAbc("sha512"));
});

Deno.test("EOR3, BCAX, RAX1 and XAR combine as SHA-3 needs it", () => {
  const n = 0x0123456789abcdeffedcba9876543210n, m = 0xf0f0f0f0f0f0f0f08000000000000001n, a = mask(128) ^ (m >> 3n);
  const rotated = (x: bigint, by: bigint): bigint =>
    vectorOf(64, elementsOf(x, 64).map((each) => ((each >> by) | (each << (64n - by))) & mask(64)));
  assert.equal(run(EOR3, 0n, n, m, a), n ^ m ^ a);
  assert.equal(run(BCAX, 0n, n, m, a), n ^ (m & (mask(128) ^ a)));
  assert.equal(run(RAX1, 0n, n, m), n ^ rotated(m, 63n));
  assert.equal(run(XAR_13, 0n, n, m), rotated(n ^ m, 13n));
  assert.equal(run(XAR_0, 0n, n, m), n ^ m);
});

Deno.test("SM3SS1, TT1, TT2 and PARTW hash the example of GB/T 32905", () => {
  const start = [
    0x7380166fn,
    0x4914b2b9n,
    0x172442d7n,
    0xda8a0600n,
    0xa96f30bcn,
    0x163138aan,
    0xe38dee4dn,
    0xb0fb0e4en,
  ];
  const rotl = (x: bigint, by: number): bigint => ((x << BigInt(by)) | (x >> BigInt(32 - by))) & mask(32);
  const w = messageWords(32);
  const four = (at: number): bigint => vectorOf(32, w.slice(at, at + 4));
  for (let j = 16; j < 68; j += 4) {
    // Element 3 needs W[j], made from element 0: the instructions see to that.
    const partial = run(SM3PARTW1, four(j - 16), four(j - 9), four(j - 4));
    w.push(...elementsOf(run(SM3PARTW2, partial, four(j - 6), four(j - 13)), 32));
  }
  // The state is kept with A and E in the top elements.
  let abcd = vectorOf(32, start.slice(0, 4).reverse()), efgh = vectorOf(32, start.slice(4).reverse());
  for (let j = 0; j < 64; j++) {
    const t = rotl(j < 16 ? 0x79cc4519n : 0x7a879d8an, j % 32);
    const ss1 = run(SM3SS1, 0n, abcd, efgh, t << 96n);
    const wPrime = w[j]! ^ w[j + 4]!;
    const next = run(j < 16 ? SM3TT1A : SM3TT1B, abcd, ss1, wPrime);
    efgh = run(j < 16 ? SM3TT2A : SM3TT2B, efgh, ss1, w[j]!);
    abcd = next;
  }
  const end = [...elementsOf(abcd, 32).reverse(), ...elementsOf(efgh, 32).reverse()].map((word, i) => word ^ start[i]!);
  assert.equal(digest(32, end), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
});

Deno.test("SM4EKEY and SM4E encrypt the example of GB/T 32907", () => {
  const words = [0x01234567n, 0x89abcdefn, 0xfedcba98n, 0x76543210n];
  const system = [0xa3b1bac6n, 0x56aa3350n, 0x677d9197n, 0xb27022dcn];
  const constant = (i: number): bigint =>
    [0, 1, 2, 3].reduce((all, j) => (all << 8n) | BigInt(((4 * i + j) * 7) & 0xff), 0n);
  let key = vectorOf(32, words) ^ vectorOf(32, system), state = vectorOf(32, words);
  for (let i = 0; i < 32; i += 4) {
    key = run(SM4EKEY, 0n, key, vectorOf(32, [0, 1, 2, 3].map((j) => constant(i + j))));
    state = run(SM4E, state, key);
  }
  assert.equal(digest(32, elementsOf(state, 32).reverse()), "681edf34d206965e86b3e94f536e4246");
});

Deno.test("PMULL of doublewords is the whole carry-less product", () => {
  const values = [0n, 1n, mask(64), 1n << 63n, 0x123456789abcdef0n, 0xfedcba0987654321n, 0xaaaaaaaaaaaaaaaan];
  for (const x of values) {
    for (const y of values) {
      const junk = mask(64) ^ x;
      assert.equal(run(PMULL_1Q, 0n, x | (junk << 64n), y | (junk << 64n)), carryless(x, y), `${x} * ${y}`);
      assert.equal(run(PMULL2_1Q, 0n, junk | (x << 64n), junk | (y << 64n)), carryless(x, y), `${x} * ${y}, upper`);
    }
  }
});

Deno.test("SMMLA, UMMLA and USMMLA multiply matrices of bytes of their signedness", () => {
  const n = 0x80ff7f01_00fe817e_ffffffff_80808080n, m = 0x7fff8001_ff01fe7f_80808080_ffffffffn;
  const expected = (signedN: boolean, signedM: boolean): bigint => {
    const bytes = (x: bigint, isSigned: boolean): bigint[] =>
      elementsOf(x, 8).map((each) => isSigned ? BigInt.asIntN(8, each) : each);
    const p = bytes(n, signedN), q = bytes(m, signedM), sums: bigint[] = [];
    for (const row of [0, 8]) {
      for (const column of [0, 8]) {
        let sum = 0xfffffff0n; // the accumulator wraps
        for (let i = 0; i < 8; i++) sum += p[row + i]! * q[column + i]!;
        sums.push(BigInt.asUintN(32, sum));
      }
    }
    return vectorOf(32, sums);
  };
  const start = vectorOf(32, new Array(4).fill(0xfffffff0n));
  assert.equal(run(SMMLA, start, n, m), expected(true, true));
  assert.equal(run(UMMLA, start, n, m), expected(false, false));
  assert.equal(run(USMMLA, start, n, m), expected(false, true));
});
