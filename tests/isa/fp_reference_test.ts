/**
 * Scalar arithmetic and conversions to integers against exact fractions, in all modes of FPCR: values and cumulative
 * flags. ELFTAP_FUZZ=n runs n times as many operands, ELFTAP_SEED chooses others.
 */
import { strict as assert } from "node:assert";
import { f16, f32, f64, type Format, Fpcr } from "../../src/isa/a64/softfloat/format.ts";
import { ours } from "./fp_cases.ts";
import { ARITHMETIC, isNaN, toInteger, toJavaScript } from "./fp_reference.ts";
import { number, Random } from "./operands.ts";

const times = Number(Deno.env.get("ELFTAP_FUZZ") ?? 1), seed = Number(Deno.env.get("ELFTAP_SEED") ?? 1);
const FORMATS = [["H", f16, 3], ["S", f32, 0], ["D", f64, 1]] as const;
const MODES = Fpcr.AHP | Fpcr.DN | Fpcr.FZ | (3 << Fpcr.RModeShift) | Fpcr.FZ16;

/** Rd 0, Rn 1, Rm 2, Ra 3. */
const OPCODES: Readonly<Record<string, number>> = {
  FMUL: 0x1e220820,
  FDIV: 0x1e221820,
  FADD: 0x1e222820,
  FSUB: 0x1e223820,
  FSQRT: 0x1e21c020,
  FMADD: 0x1f020c20,
};

const hex = (value: bigint | number): string => value.toString(16);

function run(word: number, v: readonly bigint[], fpcr: number) {
  const [n = 0n, m = 0n, a = 0n] = v;
  return ours(word >>> 0, { v: [~0n & ((1n << 128n) - 1n), n, m, a], x: [~0n, 0n], fpcr, fpsr: 0, nzcv: 0 })!;
}

for (const [name, reference] of Object.entries(ARITHMETIC)) {
  for (const [letter, fmt, ptype] of FORMATS) {
    Deno.test(`${name} ${letter} rounds the exact result`, () => {
      const random = new Random(seed), word = OPCODES[name]! | (ptype << 22), wrong: string[] = [];
      for (let i = 0; i < 3000 * times; i++) {
        const n = number(random, fmt), m = number(random, fmt, n), a = number(random, fmt, random.below(2) ? n : m);
        const operands = name === "FSQRT" ? [n] : name === "FMADD" ? [n, m, a] : [n, m];
        if (operands.some((bits) => isNaN(bits, fmt))) continue;
        const fpcr = random.below(2) ? Number(random.next() & BigInt(MODES)) : 0;
        const want = reference(fmt, fpcr, n, m, a), got = run(word, [n, m, a], fpcr);
        if (got.v0 === want.bits && got.fpsr === want.flags) continue;
        wrong.push(
          `${operands.map(hex)} fpcr ${hex(fpcr)}: got ${hex(got.v0)} fpsr ${hex(got.fpsr)}, ` +
            `want ${hex(want.bits)} fpsr ${hex(want.flags)}`,
        );
      }
      assert.deepEqual(wrong.slice(0, 10), [], `seed ${seed}`);
    });
  }
}

/** Rounding modes by their place in the encoding: rmode 0..3, and A. */
const ROUNDINGS = [["N", 0, 0], ["P", 1, 0], ["M", 2, 0], ["Z", 3, 0], ["A", 0, 4]] as const;
for (const [letter, fmt, ptype] of FORMATS) {
  Deno.test(`FCVT to integers from ${letter} rounds and saturates the exact value`, () => {
    const random = new Random(seed), wrong: string[] = [];
    for (const [mode, rmode, opcode] of ROUNDINGS) {
      for (let i = 0; i < 2000 * times; i++) {
        const sf = random.below(2), unsigned = random.below(2), n = number(random, fmt);
        const fpcr = random.below(2) ? Number(random.next() & BigInt(MODES)) : 0;
        // To fixed point only towards zero.
        const fbits = mode === "Z" && random.below(2) ? 1 + random.below(sf ? 64 : 32) : 0;
        const word = fbits
          ? 0x1e180020 | (unsigned << 16) | ((64 - fbits) << 10)
          : 0x1e200020 | (rmode << 19) | ((opcode | unsigned) << 16);
        const want = toInteger(fmt, fpcr, n, mode, unsigned === 1, sf ? 64 : 32, fbits);
        const got = run(word | (ptype << 22) | (sf << 31), [n], fpcr);
        if (got.x0 === want.bits && got.fpsr === want.flags) continue;
        wrong.push(
          `${hex(word)} ${hex(n)} fpcr ${hex(fpcr)}: got ${hex(got.x0)} fpsr ${hex(got.fpsr)}, ` +
            `want ${hex(want.bits)} fpsr ${hex(want.flags)}`,
        );
      }
    }
    assert.deepEqual(wrong.slice(0, 10), [], `seed ${seed}`);
  });
}

Deno.test("FCVTZS and FCVTZU to fixed point in a half-precision register saturate and zero the bits above", () => {
  const random = new Random(seed);
  for (let i = 0; i < 4000 * times; i++) {
    const unsigned = random.below(2), n = number(random, f16), fbits = 1 + random.below(16);
    const fpcr = random.below(2) ? Number(random.next() & BigInt(MODES)) : 0;
    const want = toInteger(f16, fpcr, n, "Z", unsigned === 1, 16, fbits);
    const got = run(0x5f00fc20 | (unsigned << 29) | ((32 - fbits) << 16), [n], fpcr);
    assert.deepEqual([hex(got.v0), got.fpsr], [hex(want.bits), want.flags], `${hex(n)} #${fbits} fpcr ${hex(fpcr)}`);
  }
});

Deno.test("FJCVTZS is JavaScript's ToInt32, and Z tells exact results", () => {
  const random = new Random(seed), view = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < 8000 * times; i++) {
    const n = number(random, f64 as Format), fpcr = random.below(2) ? Number(random.next() & BigInt(MODES)) : 0;
    const want = toJavaScript(f64, fpcr, n), got = run(0x1e7e0020, [n], fpcr);
    const text = `${hex(n)} fpcr ${hex(fpcr)}`;
    assert.deepEqual([got.x0, got.fpsr, got.nzcv], [want.bits, want.flags, want.exact ? 0x40000000 : 0], text);
    view.setBigUint64(0, n);
    assert.equal(Number(got.x0) | 0, view.getFloat64(0) | 0, text);
  }
});
