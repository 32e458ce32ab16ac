import assert from "node:assert/strict";
import { compare, countTap, parseRows } from "./rows.ts";

const table = "id\tgroup\texit\tstdout_sha256\ttap\tkernel_vm_seconds\tcommand\n" +
  "a\tglib\t0\t-\t2/1\t1.0\t/bin/a\n" +
  "b\tcoreutils\t3\te3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\t-\t1.0\t/bin/b 'x y'\n";

Deno.test("parseRows reads optional columns", () => {
  const [a, b] = parseRows(table);
  assert.deepEqual(a?.tap, { ok: 2, notOk: 1 });
  assert.equal(a?.sha256, undefined);
  assert.equal(b?.command, "/bin/b 'x y'");
  assert.equal(b?.tap, undefined);
});

Deno.test("countTap counts result lines only", () => {
  assert.deepEqual(countTap("TAP version 13\nok 1 a\nnot ok 2\nokay\n    ok 1\n1..2\nok 3 # SKIP\n"), {
    ok: 2,
    notOk: 1,
  });
});

Deno.test("compare accepts an equal run", async () => {
  assert.deepEqual(await compare(parseRows(table)[1]!, 3, new Uint8Array()), []);
});

Deno.test("compare names all that differs", async () => {
  const [a, b] = parseRows(table);
  assert.deepEqual(await compare(a!, 1, new Uint8Array()), ["exit 1 instead of 0", "TAP 0/0 instead of 2/1"]);
  assert.deepEqual(await compare(b!, 3, new Uint8Array(5)), ["stdout differs (5 bytes)"]);
});
