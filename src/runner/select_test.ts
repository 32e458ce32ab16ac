import { deepEqual, throws } from "node:assert/strict";
import { selectTests } from "./select.ts";

const tests = ["a/one", "a/two", "b/one", "b/three"].map((name) => ({ name, path: name }));
const names = (selection: Parameters<typeof selectTests>[1]) => selectTests(tests, selection).map((each) => each.name);

Deno.test("selectTests keeps all without a filter", () => deepEqual(names({}), ["a/one", "a/two", "b/one", "b/three"]));

Deno.test("selectTests takes any filter that fits", () => {
  deepEqual(names({ filters: ["two", "/^b.*e$/"] }), ["a/two", "b/one", "b/three"]);
});

Deno.test("selectTests takes a text literally", () => deepEqual(names({ filters: ["a."] }), []));

Deno.test("selectTests gives every test to exactly one shard", () => {
  deepEqual([names({ shard: "1/3" }), names({ shard: "2/3" }), names({ shard: "3/3" })], [
    ["a/one", "b/three"],
    ["a/two"],
    ["b/one"],
  ]);
});

Deno.test("selectTests refuses shards that are none", () => {
  for (const shard of ["0/2", "3/2", "1", "a/b", "1/0"]) throws(() => names({ shard }), /--shard/);
});

Deno.test("selectTests refuses a broken regular expression in one line", () => {
  throws(() => names({ filters: ["/(/"] }), /^Failure: --filter .*/);
});
