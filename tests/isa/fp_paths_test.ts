/**
 * The host's arithmetic against software floating point: with FPCR zero operations go to the host where they can,
 * with only AHP set (which means nothing to arithmetic) they never do. Values must agree, and flags too where the
 * host's results were accepted because they were exact. ELFTAP_FUZZ=n runs n times as many operands.
 */
import { strict as assert } from "node:assert";
import { FEATURES } from "../../src/isa/a64/features.ts";
import { f32, f64, type Format, Fpcr, Fpsr } from "../../src/isa/a64/softfloat/format.ts";
import { FAMILIES, formatOf, opcodes, ours, type Outcome, type State, state } from "./fp_cases.ts";
import { number, Random } from "./operands.ts";

const times = Number(Deno.env.get("ELFTAP_FUZZ") ?? 1), seed = Number(Deno.env.get("ELFTAP_SEED") ?? 1);
const STATES = 24;

const hex = (value: bigint | number): string => value.toString(16);
const show = (outcome: Outcome | undefined): string =>
  outcome
    ? `v0=${hex(outcome.v0)} x0=${hex(outcome.x0)} fpsr=${hex(outcome.fpsr)} nzcv=${hex(outcome.nzcv)}`
    : "illegal";

for (const [family, rows] of Object.entries(FAMILIES)) {
  Deno.test(`${family} is the same by the host and in software`, () => {
    const random = new Random(seed), failures: string[] = [];
    for (const row of rows) {
      if (row.feature !== undefined && !FEATURES.has(row.feature)) continue;
      // Conversions from and to half precision are what AHP is for.
      if (/^FCVT$|^FCVT[LN]$/.test(row.name)) continue;
      for (const opcode of opcodes(row, random)) {
        const fmt = formatOf(row, opcode);
        for (let i = 0; i < STATES * times; i++) {
          const chosen = state(random, fmt), fpsr = i % 2 ? Fpsr.IXC : 0;
          const plain: State = { ...chosen, fpcr: 0, fpsr }, soft: State = { ...chosen, fpcr: Fpcr.AHP, fpsr };
          const got = show(ours(opcode, plain)), want = show(ours(opcode, soft));
          if (got === want || failures.length >= 20) continue;
          const v = chosen.v.map((value, n) => `v${n}=${hex(value)}`).join(" ");
          failures.push(
            `${row.name} ${hex(opcode)} | ${v} fpsr=${hex(fpsr)}\n  host     ${got}\n  software ${want}`,
          );
        }
      }
    }
    assert.equal(failures.length, 0, `seed ${seed}\n${failures.join("\n")}`);
  });
}

/** An addend near the negated product, or far from it by about the precision: where a second rounding would show. */
function addendNear(random: Random, bits: 32 | 64, x: bigint, y: bigint): bigint {
  const view = new DataView(new ArrayBuffer(8));
  const value = (pattern: bigint): number => {
    if (bits === 64) view.setBigUint64(0, pattern);
    else view.setUint32(0, Number(pattern));
    return bits === 64 ? view.getFloat64(0) : view.getFloat32(0);
  };
  const scale = random.pick([0, 0, 1, -1, bits === 64 ? 53 : 24, bits === 64 ? -53 : -24, random.below(130) - 65]);
  const product = value(x) * value(y) * 2 ** scale * (random.below(2) ? 1 : -1);
  if (bits === 64) view.setFloat64(0, product);
  else view.setFloat32(0, product);
  const pattern = bits === 64 ? view.getBigUint64(0) : BigInt(view.getUint32(0));
  return BigInt.asUintN(bits, pattern + BigInt(random.below(5) - 2));
}

Deno.test("fused multiply-add near cancellation is the same by the host and in software", () => {
  const random = new Random(seed), failures: string[] = [];
  // fmadd d0, d1, d2, d3 · fmadd s0, s1, s2, s3 · fmla v0.2d, v1.2d, v2.2d · fmla v0.4s, v1.4s, v2.4s
  const words = [[0x1f420c20, f64, false], [0x1f020c20, f32, false], [0x4e62cc20, f64, true], [0x4e22cc20, f32, true]];
  for (const [word, fmt, isVector] of words as [number, Format, boolean][]) {
    const bits = fmt.bits as 32 | 64;
    for (let i = 0; i < 2000 * times; i++) {
      let v: [bigint, bigint, bigint] = [0n, 0n, 0n];
      for (let at = 0; at < (isVector ? 128 : bits); at += bits) {
        const x = number(random, fmt), y = number(random, fmt, x), c = addendNear(random, bits, x, y);
        v = [v[0] | (x << BigInt(at)), v[1] | (y << BigInt(at)), v[2] | (c << BigInt(at))];
      }
      const before = { v: [v[2], v[0], v[1], v[2]], x: [0n, 0n], fpsr: Fpsr.IXC, nzcv: 0 } as const;
      const got = show(ours(word, { ...before, fpcr: 0 })), want = show(ours(word, { ...before, fpcr: Fpcr.AHP }));
      if (got === want || failures.length >= 20) continue;
      failures.push(`${hex(word)} x=${hex(v[0])} y=${hex(v[1])} c=${hex(v[2])}\n  host     ${got}\n  software ${want}`);
    }
  }
  assert.equal(failures.length, 0, `seed ${seed}\n${failures.join("\n")}`);
});
