import assert from "node:assert/strict";
import { EXTRA_PACKAGES } from "./packages.ts";
import { missingPackages, missingPrograms } from "./root.ts";

const root = Deno.makeTempDirSync();
Deno.mkdirSync(`${root}/usr/bin`, { recursive: true });
Deno.writeTextFileSync(`${root}/usr/bin/here`, "");
globalThis.addEventListener("unload", () => Deno.removeSync(root, { recursive: true }));

Deno.test("missingPrograms reads the complaints of all shells", () => {
  const stderr =
    "/bin/bash: line 1: one: command not found\ns.sh: 4: two: not found\nzsh:1: command not found: three\n";
  assert.deepEqual(missingPrograms(stderr, root), ["one", "two", "three"]);
});

Deno.test("missingPrograms leaves out programs that are there: not to find those is a failure", () => {
  assert.deepEqual(missingPrograms("/bin/bash: line 1: here: command not found\n", root), []);
});

Deno.test("missingPrograms is not misled by other words", () => {
  assert.deepEqual(missingPrograms("the module was not found\nls: x: No such file or directory\n", root), []);
});

Deno.test("missingPackages names the extra packages that a root lacks", () => {
  assert.deepEqual(missingPackages(root), [...EXTRA_PACKAGES]);
  Deno.mkdirSync(`${root}/usr/share/doc/gron`, { recursive: true });
  assert.deepEqual(missingPackages(root), EXTRA_PACKAGES.filter((name) => name !== "gron"));
});
