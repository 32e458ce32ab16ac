/**
 * Every floating-point encoding on difficult operands, in all modes of FPCR, against another implementation: values
 * and cumulative flags. ELFTAP_FUZZ=n runs n times as many operands, ELFTAP_SEED chooses others.
 */
import { strict as assert } from "node:assert";
import { FEATURES } from "../../src/isa/a64/features.ts";
import type { Row } from "../../src/isa/a64/row.ts";
import { f64, Fpcr } from "../../src/isa/a64/softfloat/format.ts";
import { FAMILIES, formatOf, opcodes, ours, state } from "./fp_cases.ts";
import { Random } from "./operands.ts";
import { type Batch, missingOracle, type Outcome, runOracle, type State } from "./oracle.ts";

const times = Number(Deno.env.get("ELFTAP_FUZZ") ?? 1), seed = Number(Deno.env.get("ELFTAP_SEED") ?? 1);
const STATES = 24;

const hex = (value: bigint | number): string => value.toString(16);
const show = (outcome: Outcome | undefined): string =>
  outcome
    ? `v0=${hex(outcome.v0)} x0=${hex(outcome.x0)} fpsr=${hex(outcome.fpsr)} nzcv=${hex(outcome.nzcv)}`
    : "illegal";

/**
 * Where QEMU 7.2 departs from the Arm ARM: FPToFixedJS() has a flushed subnormal of either sign inexact, and a write of
 * a half-precision register clears all bits above it, also after a conversion to fixed point.
 */
function oracleErrs(row: Row, { v, fpcr }: State): boolean {
  const subnormal = (v[1] & f64.infinity) === 0n && (v[1] & f64.fraction) !== 0n;
  return (row.name === "FJCVTZS" && (fpcr & Fpcr.FZ) !== 0 && subnormal) ||
    row.name === "FCVTZS (scalar SIMD, fixed-point) 16";
}

const missing = missingOracle();
for (const [family, rows] of Object.entries(FAMILIES)) {
  Deno.test({
    name: missing ? `SKIPPED: ${family}: ${missing}` : `${family} agrees with another implementation`,
    ignore: missing !== undefined,
    fn: async () => {
      const random = new Random(seed), batches: Batch[] = [], owner: Row[] = [];
      for (const row of rows) {
        if (row.feature !== undefined && !FEATURES.has(row.feature)) continue;
        for (const opcode of opcodes(row, random)) {
          const fmt = formatOf(row, opcode);
          batches.push({ opcode, states: Array.from({ length: STATES * times }, () => state(random, fmt)) });
          owner.push(row);
        }
      }
      const expected = await runOracle(batches);
      const failures: string[] = [];
      batches.forEach(({ opcode, states }, at) => {
        let shown = 0;
        states.forEach((before, i) => {
          const got = show(ours(opcode, before)), want = show(expected[at]![i]);
          if (got === want || oracleErrs(owner[at]!, before) || shown++ >= 2) return;
          const v = before.v.map((value, n) => `v${n}=${hex(value)}`).join(" ");
          failures.push(
            `${owner[at]!.name} ${hex(opcode)} | ${v} x1=${hex(before.x[1])} fpcr=${hex(before.fpcr)} ` +
              `fpsr=${hex(before.fpsr)}\n  got  ${got}\n  want ${want}`,
          );
        });
      });
      assert.equal(failures.length, 0, `seed ${seed}\n${failures.slice(0, 60).join("\n")}`);
    },
  });
}
