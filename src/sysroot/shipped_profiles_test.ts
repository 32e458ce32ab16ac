import assert from "node:assert/strict";
import { findProfile, findProfilesProviding, loadProfiles } from "./shipped_profiles.ts";

Deno.test("loadProfiles gives the shipped profiles, pinned", async () => {
  const profiles = await loadProfiles();
  assert.deepEqual(profiles.map(({ name }) => name), [
    "debian-12-glib-tests-aarch64",
    "debian-12-glibc-aarch64",
    "debian-12-musl-aarch64",
  ]);
  for (const { name, packages } of profiles) assert(packages.length > 0, `${name} is not pinned`);
});

Deno.test("loadProfiles pins nothing from an updates or security archive", async () => {
  for (const { packages } of await loadProfiles()) {
    for (const { path } of packages) assert.match(path, /^pool\/main\//);
  }
});

Deno.test("findProfilesProviding knows the dynamic loaders", async () => {
  assert.deepEqual(await findProfilesProviding("/lib/ld-musl-aarch64.so.1"), ["debian-12-musl-aarch64"]);
  const [first] = await findProfilesProviding("/lib/ld-linux-aarch64.so.1");
  assert.equal(first, "debian-12-glibc-aarch64");
});

Deno.test("findProfilesProviding knows libraries by soname and by path with or without /usr", async () => {
  for (const name of ["libz.so.1", "/lib/aarch64-linux-gnu/libz.so.1", "/usr/lib/aarch64-linux-gnu/libz.so.1"]) {
    assert.equal((await findProfilesProviding(name))[0], "debian-12-glibc-aarch64", name);
  }
});

Deno.test("findProfilesProviding gives nothing for what no profile holds", async () => {
  assert.deepEqual(await findProfilesProviding("libnothing.so.9"), []);
  assert.deepEqual(await findProfilesProviding("constructor"), []);
});

Deno.test("findProfile lists the profiles there are", async () => {
  await assert.rejects(findProfile("debian-11"), (error: Error & { hint?: string }) => {
    assert.equal(error.message, "there is no sysroot profile debian-11");
    assert.match(error.hint ?? "", /debian-12-musl-aarch64/);
    return true;
  });
});

Deno.test("findProfile says in one line that a profile's file is missing", async () => {
  await assert.rejects(findProfile("/nonexistent/p.json"), {
    name: "SysrootError",
    message: "cannot read the profile /nonexistent/p.json: no such file or directory",
  });
});
