import assert from "node:assert/strict";
import { differences, type ProgramResult, summary, table } from "./compare.ts";

const result = (stdout: string, exit = 0): ProgramResult => ({ title: "a/b", exit, stdout });

Deno.test("differences leaves out TAP comments and nothing else", () => {
  assert.deepEqual(differences(result("ok 1 - a\n# took 3\n1..1\n"), result("ok 1 - a\n# took 5\n1..1\n")), []);
  assert.deepEqual(differences(result("ok 1 - a\n"), result("not ok 1 - a\n", 1)), [
    "exit status 0 and 1",
    "line 1: ok 1 - a / not ok 1 - a",
  ]);
  assert.deepEqual(differences(result("a"), result("a\nb")), ["line 2: (none) / b"]);
});

Deno.test("differences takes a skip for what it is, on its side only", () => {
  const all = result("ok 1 - a\nok 2 - b\nok 3 - c\n1..3\n");
  assert.deepEqual(differences(result("ok 1 - a\nok 2 # SKIP no b\n1..2\n"), all), []);
  assert.deepEqual(differences(all, result("ok 1 - a\nok 2 # SKIP no b\n1..2\n")), []);
  assert.notDeepEqual(differences(all, result("ok 1 - a\nok 2 - b\n1..2\n")), []);
  assert.notDeepEqual(differences(result("ok 1 - a\nok 2 # SKIP\n"), result("ok 1 - a\nnot ok 2 - b\n", 1)), []);
  assert.notDeepEqual(differences(result("ok 1 - a\nok 2 - d\nok 3 # SKIP\n"), all), []);
});

Deno.test("summary counts TAP results, or bytes where there are none", () => {
  assert.equal(summary(result("ok 1 - a\nnot ok 2 - b\n1..2\n", 1)), "exit 1, 1 ok, 1 not ok");
  assert.equal(summary(result("hello\n")), "exit 0, 6 bytes");
});

Deno.test("table names every program and counts those that differ", () => {
  const { text, differing } = table(["kvm", "wasm"], [[result("x"), result("x")], [result("x"), result("y")]]);
  assert.equal(differing, 1);
  assert.match(text, /^a\/b .*same$/m);
  assert.match(text, /^a\/b .*DIFFERS: line 1: x \/ y$/m);
  assert.match(text, /^2 programs: 1 the same, 1 differ$/m);
});
