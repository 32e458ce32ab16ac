/** Small runs of what `deno task exact` does at full size. */
import { strict as assert } from "node:assert";
import { buildInterpreter } from "../../src/engine/wasm/build_image.ts";
import { BRK } from "./code_writer.ts";
import { compare } from "./compare.ts";
import { differential, type Source } from "./differential.ts";
import { hostile, type HostileKind } from "./hostile.ts";
import { EngineMachine, RESULT_WORDS } from "./in_process.ts";
import { At, Batch, CODE, Machines, missingOracle } from "./machines.ts";
import { sequences } from "./sequences.ts";
import { singles } from "./singles.ts";
import { compareTiers } from "./tiers.ts";

const missing = missingOracle();

function exactTest(name: string, fn: () => Promise<void>): void {
  Deno.test({
    name: missing === undefined ? name : `SKIPPED: ${name}: ${missing}`,
    ignore: missing !== undefined,
    fn,
  });
}

for (const [source, count] of [[singles(), 40_000], [sequences(), 1000]] as [Source, number][]) {
  exactTest(`${source.name} of instructions end as under another implementation`, async () => {
    using machines = new Machines();
    const { cases, failures } = await differential(machines, source, count, 1);
    assert.deepEqual(failures, []);
    assert.equal(cases, count);
  });
}

exactTest("programs end alike under both tiers and under another implementation", async () => {
  using machines = new Machines();
  const tally = await compareTiers(machines, 400, 1);
  assert.deepEqual(tally.failures, []);
  assert.equal(tally.cases, 400);
  // What it is about has happened.
  assert(tally.endless < tally.cases / 20);
  for (const what of ["translated", "slices", "signals", "disturbed", "hot", "whole"] as const) assert(tally[what] > 0);
});

exactTest("programs end alike when translated as those with far addresses", async () => {
  using machines = new Machines();
  const tally = await compareTiers(machines, 200, 2, true);
  assert.deepEqual(tally.failures, []);
  for (const what of ["translated", "disturbed", "hot"] as const) assert(tally[what] > 0);
});

exactTest(
  "a signal changes a program alike in process and in machine.c, wherever the way to nowhere led",
  async () => {
    using machines = new Machines();
    const batch = new Batch(), br = 0xd61f0040, ldr = 0xf9400040; // br x2; ldr x0, [x2]
    const cases: readonly (readonly [word: number, place: bigint, goesOn: boolean])[] = [
      [br, (1n << 46n) + 4n, true],
      [br, (1n << 64n) - 0x18b84n, false],
      [ldr, (1n << 46n) + 8n, true],
      // With a tag, where the oracle's host has no addresses.
      [ldr, 0x8eff_a13c_a0b4_9c88n, false],
    ];
    for (const [word, place] of cases) {
      const at = batch.add([word, BRK], false, 1), x = new BigUint64Array(batch.words.buffer, 4 * at, 31);
      x.fill(0n);
      x[2] = place;
      x[30] = BigInt(batch.entry(batch.jobs - 1) + 4);
      batch.words[at + At.sp / 4] = CODE;
    }
    const oracle = machines.oracle(), want = await oracle.run(batch);
    await oracle.end();
    const machine = new EngineMachine(buildInterpreter(), "interpreter"), got = new Uint32Array(want.length);
    machine.load(batch);
    for (let job = 0; job < batch.jobs; job++) {
      machine.start(job);
      let signal = machine.signalOf(machine.run(100));
      const goesOn = machine.survive(signal);
      assert.equal(goesOn, cases[job]![2]);
      if (goesOn) signal = machine.signalOf(machine.run(100));
      machine.result(got, job * RESULT_WORDS, signal);
    }
    machine.free();
    assert.deepEqual(compare(batch, got, want, () => 2).flatMap(({ lines }) => lines), []);
  },
);

for (
  const [kind, what] of [["files", "mutated ELF files"], ["pages", "pages of random code"]] as [HostileKind, string][]
) {
  exactTest(`${what} end as a guest or with one line`, async () => {
    const { runs, failures } = await hostile(kind, 60, 1);
    assert.deepEqual(failures, []);
    assert.equal(runs, 60);
  });
}
