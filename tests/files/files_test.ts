/**
 * Random file operations in a read-write bind, over a layer and on tmpfs, held against Linux's own results. A difference
 * names its place and seed: `deno run -A tests/files/run.ts --from SEED --seeds 1 PLACE` repeats it.
 */
import assert from "node:assert/strict";
import { Exerciser, PLACES, whyNot } from "./places.ts";

const why = whyNot(), SEEDS = [1, 2, 3], COUNT = 500;
if (why !== undefined) console.error(`skipped file operations against Linux: ${why}`);

for (const place of PLACES) {
  Deno.test({
    name: `files of a ${place.name} are as Linux has them`,
    ignore: why !== undefined,
    // Workers are kept from one run to the next.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      exerciser ??= new Exerciser();
      for (const seed of SEEDS) {
        const difference = await exerciser.difference(place, seed, COUNT);
        if (difference !== undefined) assert.fail(difference);
      }
    },
  });
}

let exerciser: Exerciser | undefined;
Deno.test({
  name: "files: Workers and folders end",
  ignore: why !== undefined,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () => exerciser?.[Symbol.dispose](),
});
