import assert from "node:assert/strict";
import { join } from "node:path";
import { hostFiles, type HostTree } from "./host_files.ts";
import { readWhole } from "./text_file.ts";

/** A folder with a sysroot in it, removed afterwards. */
function withRoot(test: (folder: string, root: string) => void): void {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    const root = join(folder, "root");
    Deno.mkdirSync(join(root, "usr/lib"), { recursive: true });
    Deno.mkdirSync(join(root, "etc"));
    Deno.writeTextFileSync(join(root, "usr/lib/libx.so.1.2"), "guest");
    Deno.symlinkSync("usr/lib", join(root, "lib"));
    Deno.symlinkSync("libx.so.1.2", join(root, "usr/lib/libx.so.1"));
    test(folder, root);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const text = (tree: HostTree, path: string): string | undefined => readWhole(hostFiles(tree), path, 100);

Deno.test("hostFiles follows links inside of the sysroot", () => {
  withRoot((_, root) => {
    assert.equal(text({ sysroot: root }, "/lib/libx.so.1"), "guest");
    assert.equal(hostFiles({ sysroot: root }).realpath("/lib/libx.so.1"), "/usr/lib/libx.so.1.2");
  });
});

Deno.test("hostFiles takes absolute links as the guest's", () => {
  withRoot((_, root) => {
    Deno.symlinkSync("/usr/lib/libx.so.1", join(root, "etc/link"));
    assert.equal(text({ sysroot: root }, "/etc/link"), "guest");
  });
});

Deno.test("hostFiles does not leave the sysroot by ..", () => {
  withRoot((folder, root) => {
    Deno.writeTextFileSync(join(folder, "secret"), "host");
    Deno.symlinkSync("../../secret", join(root, "etc/out"));
    assert.equal(text({ sysroot: root }, "/../secret"), undefined);
    assert.equal(text({ sysroot: root }, "/etc/out"), undefined);
  });
});

Deno.test("hostFiles shows a bind at its place, and what it covers no more", () => {
  withRoot((folder, root) => {
    Deno.mkdirSync(join(folder, "bound"));
    Deno.writeTextFileSync(join(folder, "bound/liby.so"), "bound");
    const binds = [{ host: join(folder, "bound"), guest: "/usr/lib" }];
    assert.equal(text({ sysroot: root, binds }, "/lib/liby.so"), "bound");
    assert.equal(text({ sysroot: root, binds }, "/lib/libx.so.1"), undefined);
  });
});

Deno.test("hostFiles reaches a bind through folders that exist nowhere", () => {
  withRoot((folder, root) => {
    Deno.writeTextFileSync(join(folder, "program"), "bound");
    const binds = [{ host: join(folder, "program"), guest: "/not/there/program" }];
    assert.equal(text({ sysroot: root, binds }, "/not/there/program"), "bound");
    assert.equal(text({ binds }, "/not/there/../there/program"), "bound");
  });
});

Deno.test("hostFiles falls back to the host only where it may", () => {
  withRoot((folder, root) => {
    Deno.writeTextFileSync(join(folder, "file"), "host");
    assert.equal(text({ sysroot: root, hostFallback: true }, join(folder, "file")), "host");
    assert.equal(text({ sysroot: root }, join(folder, "file")), undefined);
  });
});

Deno.test("hostFiles gives up on links in a circle", () => {
  withRoot((_, root) => {
    Deno.symlinkSync("loop", join(root, "etc/loop"));
    assert.equal(hostFiles({ sysroot: root }).open("/etc/loop"), undefined);
  });
});

Deno.test("hostFiles knows folders", () => {
  withRoot((_, root) => {
    const files = hostFiles({ sysroot: root });
    assert.equal(files.open("/usr/lib")?.kind, "directory");
    assert.deepEqual([...files.list("/lib")].sort(), ["libx.so.1", "libx.so.1.2"]);
    assert.deepEqual(files.list("/none"), []);
  });
});
