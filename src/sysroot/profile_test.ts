import assert from "node:assert/strict";
import { pin, profileOf } from "../../tests/sysroot/archive_builder.ts";
import { parseProfile, profileHash } from "./profile.ts";

const pinned = pin("a", new Uint8Array(10));
const text = (changes: Record<string, unknown>) => JSON.stringify({ ...profileOf([pinned]), ...changes });

Deno.test("parseProfile reads back what was written", () => {
  const profile = profileOf([pinned], { files: { "etc/x": { text: "x", mode: "600" } }, exclude: ["usr/share/doc/"] });
  const read = parseProfile(JSON.stringify(profile), "p.json");
  assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(profile)));
});

Deno.test("profileHash does not depend on what is only said about the packages", async () => {
  const hash = await profileHash(profileOf([pinned]));
  assert.equal(
    await profileHash(profileOf([{ ...pinned, version: "2" }], { description: "other", libraries: { a: "/a" } })),
    hash,
  );
});

Deno.test("profileHash depends on packages, exclusions, links and files", async () => {
  const variants = [{}, { exclude: ["x"] }, { links: { a: "b" } }, { files: { a: { text: "b" } } }, { packages: [] }];
  assert.equal(
    new Set(await Promise.all(variants.map((each) => profileHash(profileOf([pinned], each))))).size,
    variants.length,
  );
});

const broken: readonly [what: string, text: string, message: RegExp][] = [
  ["what is not JSON", "{", /^SysrootError: p.json is not JSON: /],
  ["a list", "[]", /^SysrootError: p.json is not a JSON object$/],
  ["a missing name", text({ name: undefined }), /p.json: name is missing or not a text/],
  ["a name that is a path", text({ name: "../x" }), /p.json: name: "..\/x" is not allowed there/],
  ["another machine", text({ machine: "riscv64" }), /machine: "riscv64" is not allowed there/],
  ["a package path with ..", text({ packages: [{ ...pinned, path: "pool/../../x.deb" }] }), /leaves the sysroot/],
  [
    "a package path that is a URL",
    text({ packages: [{ ...pinned, path: "http://x/y.deb" }] }),
    /packages\[0\]: path: "http/,
  ],
  ["a hash that is none", text({ packages: [{ ...pinned, sha256: "../../x" }] }), /packages\[0\]: sha256/],
  ["a size beyond reason", text({ packages: [{ ...pinned, size: 1e12 }] }), /size is not a whole number from 1 to/],
  ["a file outside", text({ files: { "../x": { text: "" } } }), /files: path "..\/x" leaves the sysroot/],
  ["an absolute link path", text({ links: { "/x": "y" } }), /links: absolute path "\/x"/],
  ["a folder that is the root", text({ directories: { ".": "755" } }), /the root itself/],
  ["a mode that is none", text({ directories: { x: "rwx" } }), /directories "x": "rwx" is not allowed/],
];

for (const [what, json, message] of broken) {
  Deno.test(`parseProfile refuses ${what}`, () => {
    assert.throws(() => parseProfile(json, "p.json"), message);
  });
}

Deno.test("parseProfile takes __proto__ as a name like any other", () => {
  const json = text({}).replace('"links":{}', '"links":{"__proto__":"x"}');
  assert.deepEqual(Object.keys(parseProfile(json, "p.json").links), ["__proto__"]);
});
