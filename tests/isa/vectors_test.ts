/** Recorded single instructions of real hardware give the recorded results. */
import { strict as assert } from "node:assert";
import { runVectors, vectorFiles, VECTORS } from "./vectors_checks.ts";

const files = vectorFiles();
Deno.test({
  name: files.length > 0 ? "test vectors are there" : `SKIPPED: no test vectors in ${VECTORS} (set ELFTAP_SHARED)`,
  ignore: files.length === 0,
  fn: () => assert.ok(files.length > 0),
});
for (const name of files) {
  Deno.test(`${name.replace(".a64v.gz", "")} gives the recorded results`, () => {
    const { notRun, failures } = runVectors(name);
    for (const group of notRun) console.log(`  not announced, not run: ${group}`);
    assert.equal(failures.length, 0, `\n${failures.join("\n")}`);
  });
}
