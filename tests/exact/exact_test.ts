/** Small runs of what `deno task exact` does at full size. */
import { strict as assert } from "node:assert";
import { differential, type Source } from "./differential.ts";
import { hostile, type HostileKind } from "./hostile.ts";
import { Machines, missingOracle } from "./machines.ts";
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

for (
  const [kind, what] of [["files", "mutated ELF files"], ["pages", "pages of random code"]] as [HostileKind, string][]
) {
  exactTest(`${what} end as a guest or with one line`, async () => {
    const { runs, failures } = await hostile(kind, 60, 1);
    assert.deepEqual(failures, []);
    assert.equal(runs, 60);
  });
}
