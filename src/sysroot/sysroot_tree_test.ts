import assert from "node:assert/strict";
import { join } from "node:path";
import { type PackageEntry, PackageWriter } from "./package_writer.ts";
import { SysrootTree } from "./sysroot_tree.ts";

const link = (path: string, target: string): PackageEntry => ({ kind: "link", path, target, packaged: target });
const folder = (path: string, mode: number, implied = false): PackageEntry => {
  return { kind: "folder", path, mode, uid: 0, gid: 0, mtime: 1_000_000_000, implied };
};

async function inRoot(work: (root: string) => void): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    work(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("SysrootTree makes the links, and gives folders their modes and times", async () => {
  await inRoot((root) => {
    Deno.mkdirSync(join(root, "d"));
    const tree = new SysrootTree([]);
    tree.add([folder("d", 0o1777), link("d/l", "../d")], "pkg 1.0");
    const entries = tree.complete(root);
    assert.deepEqual(entries, [
      { path: "d", kind: "folder", mode: 0o1777 },
      { path: "d/l", kind: "link", mode: 0o777, target: "../d" },
    ]);
    assert.equal(Deno.readLinkSync(join(root, "d/l")), "../d");
    const info = Deno.statSync(join(root, "d"));
    assert.deepEqual([(info.mode ?? 0) & 0o7777, info.mtime?.getTime()], [0o1777, 1_000_000_000_000]);
  });
});

Deno.test("SysrootTree lets the last package that lists a folder decide on it", async () => {
  await inRoot((root) => {
    Deno.mkdirSync(join(root, "d"));
    const tree = new SysrootTree([]);
    tree.add([folder("d", 0o755)], "a 1.0");
    tree.add([folder("d", 0o750)], "b 1.0");
    tree.add([folder("d", 0o755, true)], "c 1.0");
    assert.deepEqual(tree.complete(root), [{ path: "d", kind: "folder", mode: 0o750 }]);
  });
});

Deno.test("SysrootTree refuses a link where another package has a folder", () => {
  const tree = new SysrootTree([]);
  tree.add([folder("d", 0o755)], "a 1.0");
  assert.throws(() => tree.add([link("d", "/etc")], "b 1.0"), /b 1.0: "d" is a link here and a folder in a 1.0/);
});

Deno.test("SysrootTree refuses what lies below another package's link", async () => {
  await inRoot((root) => {
    const tree = new SysrootTree([]);
    tree.add([link("d", "e")], "a 1.0");
    tree.add([link("d/x", "y")], "b 1.0");
    assert.throws(() => tree.complete(root), /b 1.0: "d\/x" lies below a link of a 1.0/);
    assert.deepEqual([...Deno.readDirSync(root)], []);
  });
});

Deno.test("SysrootTree makes no link when one of them leads out", async () => {
  await inRoot((root) => {
    const tree = new SysrootTree([]);
    tree.add([link("good", "x"), link("evil", "../../etc/passwd")], "a 1.0");
    assert.throws(() => tree.complete(root), /a 1.0: link "evil" to "..\/..\/etc\/passwd" leaves the sysroot/);
    assert.deepEqual([...Deno.readDirSync(root)], []);
  });
});

Deno.test("SysrootTree refuses paths that no PackageWriter gives", () => {
  for (const path of ["../x", "/x", "a//b", ""]) {
    assert.throws(() => new SysrootTree([]).add([link(path, "y")], "a 1.0"), /SysrootError/, path);
  }
});

Deno.test("SysrootTree describes what a PackageWriter wrote", async () => {
  await inRoot((root) => {
    using writer = new PackageWriter({ root, mergedLinks: {}, exclude: [] }, "a 1.0");
    writer.addFile("etc/x", new TextEncoder().encode("abc"), 0o600);
    const tree = new SysrootTree([]);
    tree.add(writer.entries, "a 1.0");
    assert.equal(tree.bytes, 3);
    assert.deepEqual(tree.complete(root).at(-1), {
      path: "etc/x",
      kind: "file",
      mode: 0o600,
      size: 3,
      sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    });
  });
});
