/**
 * Every encoding but floating point on biased operands against another implementation: all registers, flags, memory,
 * faults and their addresses. ELFTAP_FUZZ=n runs n times as many cases, ELFTAP_SEED chooses others.
 */
import { strict as assert } from "node:assert";
import type { Row } from "../../src/isa/a64/row.ts";
import { rows } from "../../src/isa/a64/table.ts";
import { FAMILIES } from "./fp_cases.ts";
import { encoding, exclusivePair, stateFor, touchesMemory, variants } from "./int_cases.ts";
import { Random } from "./operands.ts";
import { missingOracle } from "./oracle.ts";
import { type Case, type Ending, runOracle, Sequencer, SP, V_HALVES, X_COUNT } from "./sequence.ts";

const times = Number(Deno.env.get("ELFTAP_FUZZ") ?? 1), seed = Number(Deno.env.get("ELFTAP_SEED") ?? 1);
const STATES = 2;

/**
 * Rows whose outcome is not a function of the state, is the kernel's, or differs by choice: the oracle's DC ZVA has
 * another block size, and its other cache maintenance does not look at the address. STXR and STXP come in pairs below.
 */
const EXCLUDED = /^(SVC|BRK|UDF|MRS|MSR TPIDR_EL0|MSR FPCR|IC IVAU|DC |STXR|STXP)/;
const floatingPoint = new Set<Row>(Object.values(FAMILIES).flat());
const tested = rows.filter((row) => !floatingPoint.has(row) && !EXCLUDED.test(row.name));

const hex = (value: bigint | number): string => value.toString(16);

/** What differs, one line per register or fact; nothing if the endings agree. */
function differences(got: Ending, want: Ending, row: Row): string[] {
  const found: string[] = [];
  const compare = (what: string, a: bigint | number, b: bigint | number): void => {
    if (a !== b) found.push(`${what}: got ${hex(a)}, want ${hex(b)}`);
  };
  if (got.kind !== want.kind) found.push(`got ${got.kind} at ${hex(got.pc)}, want ${want.kind} at ${hex(want.pc)}`);
  compare("pc", got.pc, want.pc);
  // Addresses that no process can have need not be exact.
  if (got.address < 2n ** 47n) compare("address", got.address, want.address);
  for (let n = 0; n < X_COUNT; n++) compare(n === SP ? "sp" : `x${n}`, got.state.x[n]!, want.state.x[n]!);
  compare("nzcv", got.state.nzcv, want.state.nzcv);
  // Bits 31..28 are AArch32's flags, RES0 here; the oracle stores them.
  compare("fpsr", got.state.fpsr, want.state.fpsr & 0x0fffffff);
  compare("fpcr", got.state.fpcr, want.state.fpcr);
  // What a faulting access has transferred before the fault is UNKNOWN: vectors loaded, memory stored.
  if (want.kind !== "fault" || !touchesMemory(row)) {
    for (let n = 0; n < V_HALVES; n++) {
      compare(`v${n >> 1}${n & 1 ? " high" : " low"}`, got.state.v[n]!, want.state.v[n]!);
    }
    compare("memory", got.memory, want.memory);
  }
  return found;
}

let sequencer: Sequencer | undefined;

async function check(cases: readonly { readonly row: Row; readonly run: Case }[]): Promise<void> {
  sequencer ??= new Sequencer();
  const expected = await runOracle(cases.map(({ run }) => run));
  const failures: string[] = [], perRow = new Map<Row, number>();
  cases.forEach(({ row, run }, i) => {
    const found = differences(sequencer!.run(run), expected[i]!, row);
    if (found.length === 0) return;
    const count = (perRow.get(row) ?? 0) + 1;
    perRow.set(row, count);
    if (count <= 2) {
      failures.push(
        `${row.name} ${run.words.map((word) => hex(word)).join(" ")} (case ${i})\n    ${found.join("\n    ")}`,
      );
    }
  });
  for (const [row, count] of perRow) failures.push(`${row.name}: ${count} cases differ`);
  assert.equal(failures.length, 0, `seed ${seed}\n${failures.join("\n")}`);
}

const missing = missingOracle();
function oracleTest(name: string, cases: (random: Random) => { row: Row; run: Case }[]): void {
  Deno.test({
    name: missing ? `SKIPPED: ${name}: ${missing}` : name,
    ignore: missing !== undefined,
    fn: () => check(cases(new Random(seed))),
  });
}

oracleTest("every instruction but floating point agrees with another implementation", (random) => {
  const cases: { row: Row; run: Case }[] = [];
  for (const row of tested) {
    for (const variant of variants(row)) {
      for (let i = 0; i < STATES * times; i++) {
        const word = encoding(row, variant, random);
        // A branch to itself does not end.
        if (word === undefined || /^(14000000|17ffffff)$/.test(hex(word))) continue;
        cases.push({ row, run: { words: [word], state: stateFor(row, word, random) } });
      }
    }
  }
  return cases;
});

oracleTest("exclusive loads and stores in pairs agree with another implementation", (random) => {
  const cases: { row: Row; run: Case }[] = [];
  for (const [loads, stores] of [["LDXR", "STXR"], ["LDXP", "STXP"]] as const) {
    const load = rows.find((row) => row.name === loads)!, store = rows.find((row) => row.name === stores)!;
    for (const variant of variants(load)) {
      for (let i = 0; i < 20 * times; i++) {
        const word = encoding(load, variant, random);
        const run = word === undefined ? undefined : exclusivePair(load, word, store, random);
        if (run) cases.push({ row: load, run });
      }
    }
  }
  return cases;
});
