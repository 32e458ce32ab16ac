/** The decoder against Arm's table and objdump, on fewer random words than `deno task exact decoder`. */
import { strict as assert } from "node:assert";
import { DECODER_CHECKS } from "./decoder_checks.ts";

const SEED = 4711, WORDS = 1_000_000;

for (const { name, missing, run } of DECODER_CHECKS) {
  Deno.test({
    name: missing === undefined ? name : `SKIPPED: ${name}: ${missing}`,
    ignore: missing !== undefined,
    fn: async () => {
      const { counts, differences } = await run(SEED, WORDS);
      console.log(`${counts} (seed ${SEED})`);
      assert.deepEqual(differences.slice(0, 20), []);
    },
  });
}
