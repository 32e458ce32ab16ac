import assert from "node:assert/strict";
import { compareVersions, PackageIndex, parseRelations } from "./debian_index.ts";

const stanza = (name: string, fields: Readonly<Record<string, string>> = {}) => {
  const all = { Version: "1", Filename: `pool/${name}.deb`, Size: "1", SHA256: "0".repeat(64), ...fields };
  return `Package: ${name}\n${Object.entries(all).map(([key, value]) => `${key}: ${value}\n`).join("")}\n`;
};
const names = (index: PackageIndex, want: string[], omit: string[] = []) =>
  index.resolve(want, omit).map(({ name }) => name);

Deno.test("PackageIndex.resolve takes dependencies of dependencies, sorted, without the omitted", () => {
  const index = new PackageIndex(
    stanza("a", { "Pre-Depends": "c", Depends: "b (>= 1:2.0), d:any" }) + stanza("b", { Depends: "a" }) + stanza("c") +
      stanza("d"),
  );
  assert.deepEqual(names(index, ["a"], ["d"]), ["a", "b", "c"]);
});

Deno.test("PackageIndex.resolve prefers an alternative that is wanted", () => {
  const index = new PackageIndex(stanza("a", { Depends: "x | y" }) + stanza("x") + stanza("y"));
  assert.deepEqual(names(index, ["a"]), ["a", "x"]);
  assert.deepEqual(names(index, ["a", "y"]), ["a", "y"]);
});

Deno.test("PackageIndex.resolve satisfies a virtual package by its provider", () => {
  const index = new PackageIndex(stanza("a", { Depends: "awk" }) + stanza("gawk", { Provides: "awk (= 1)" }));
  assert.deepEqual(names(index, ["a"]), ["a", "gawk"]);
});

Deno.test("PackageIndex.resolve names what cannot be satisfied", () => {
  const index = new PackageIndex(stanza("a", { Depends: "ghost | spirit" }));
  assert.throws(() => names(index, ["a"]), /nothing satisfies ghost \| spirit of a/);
});

Deno.test("PackageIndex keeps the newest of several versions", () => {
  const index = new PackageIndex(["1.9", "1.10", "1.10~rc1"].map((Version) => stanza("a", { Version })).join(""));
  assert.deepEqual(index.resolve(["a"], []).map(({ version }) => version), ["1.10"]);
});

Deno.test("compareVersions orders as Debian Policy 5.6.12 says", () => {
  const ascending = [
    "0.9",
    "1.0~~",
    "1.0~~a",
    "1.0~",
    "1.0",
    "1.0-1",
    "1.0-1+b1",
    "1.0a",
    "1.0+dfsg",
    "1.9",
    "1.10",
    "1:0.1",
  ];
  for (const [at, version] of ascending.entries()) {
    for (const [other, older] of ascending.entries()) {
      assert.equal(Math.sign(compareVersions(version, older)), Math.sign(at - other), `${version} and ${older}`);
    }
  }
});

Deno.test("parseRelations drops versions, architectures and profiles", () => {
  assert.deepEqual(parseRelations("a (>= 1) [arm64] <!nocheck>, b:any | c"), [["a"], ["b", "c"]]);
});
