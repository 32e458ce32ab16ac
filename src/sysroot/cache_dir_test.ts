import assert from "node:assert/strict";
import { cacheDirectory } from "./cache_dir.ts";

const env = (variables: Readonly<Record<string, string>>) => (name: string) => variables[name];

Deno.test("cacheDirectory prefers ELFTAP_CACHE", () => {
  assert.equal(cacheDirectory(env({ ELFTAP_CACHE: "/c", XDG_CACHE_HOME: "/x", HOME: "/h" }), "linux"), "/c");
});

Deno.test("cacheDirectory uses XDG_CACHE_HOME", () => {
  assert.equal(cacheDirectory(env({ XDG_CACHE_HOME: "/x", HOME: "/h" }), "linux"), "/x/elftap");
});

Deno.test("cacheDirectory ignores a relative XDG_CACHE_HOME, as the specification says", () => {
  assert.equal(cacheDirectory(env({ XDG_CACHE_HOME: "x", HOME: "/h" }), "linux"), "/h/.cache/elftap");
});

Deno.test("cacheDirectory follows the custom of macOS", () => {
  assert.equal(cacheDirectory(env({ HOME: "/Users/h" }), "darwin"), "/Users/h/Library/Caches/elftap");
});

Deno.test("cacheDirectory says what to set when there is no home", () => {
  assert.throws(() => cacheDirectory(env({ ELFTAP_CACHE: "", HOME: "" }), "linux"), {
    hint: "set ELFTAP_CACHE to a folder",
  });
});
