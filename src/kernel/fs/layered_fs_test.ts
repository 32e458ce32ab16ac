import assert from "node:assert/strict";
import type { Frame } from "../../engine/engine.ts";
import { ENOENT, ENOTEMPTY } from "../abi/errno.ts";
import { O_RDWR, O_TRUNC } from "../abi/fcntl.ts";
import { toBytes } from "./byte_string.ts";
import type { Mappable } from "./file.ts";
import { HostFs } from "./host_fs.ts";
import { forgetHostFiles } from "./host_node.ts";
import { LayeredFs } from "./layered_fs.ts";
import { makeLink, removeDirectory, rename, unlink } from "./names.ts";
import { hostOwnership, sysrootOwnership } from "./ownership.ts";
import { fakeServices, TestGuest } from "./test_guest.ts";

/** Makes host folders, one per layer, from paths and contents; a path ending in "/" is a folder, "->" makes a link. */
function withLayers(layers: readonly Record<string, string>[], test: (guest: TestGuest, hosts: string[]) => void) {
  const top = Deno.makeTempDirSync();
  forgetHostFiles();
  try {
    const hosts = layers.map((files, i) => {
      const host = `${top}/layer${i}`;
      Deno.mkdirSync(host);
      for (const [path, content] of Object.entries(files)) {
        const full = `${host}/${path}`;
        Deno.mkdirSync(path.endsWith("/") ? full : full.slice(0, full.lastIndexOf("/")), { recursive: true });
        if (content.startsWith("->")) Deno.symlinkSync(content.slice(2), full);
        else if (!path.endsWith("/")) Deno.writeTextFileSync(full, content);
      }
      return host;
    });
    const { uid, gid } = Deno.statSync(top);
    const ownership = sysrootOwnership(uid ?? 0, gid ?? 0);
    test(TestGuest.root(new LayeredFs(fakeServices(), hosts.map((path) => ({ path, ownership })))), hosts);
  } finally {
    Deno.removeSync(top, { recursive: true });
  }
}

Deno.test("LayeredFs shows files of its layer, owned by root", () =>
  withLayers([{ "etc/passwd": "root" }], (guest) => {
    assert.equal(guest.read("/etc/passwd"), "root");
    assert.equal(guest.place("/etc/passwd").dentry.inode.uid, 0);
  }));

Deno.test("LayeredFs reports room in use before the guest has written", () =>
  withLayers([{ "etc/passwd": "root" }], (guest) => {
    const { blocks, bfree } = guest.place("/").dentry.inode.sb.statfs();
    assert.ok(0 < bfree && bfree < blocks);
  }));

Deno.test("LayeredFs takes links of the host as the guest's", () =>
  withLayers([{ "usr/lib/x": "x", "lib": "->/usr/lib" }], (guest) => assert.equal(guest.read("/lib/x"), "x")));

Deno.test("LayeredFs does not follow a link out of the layer", () => {
  const secret = Deno.makeTempFileSync();
  try {
    withLayers([{ "out": "->" + secret }], (guest) => assert.equal(guest.walk("/out"), -ENOENT));
  } finally {
    Deno.removeSync(secret);
  }
});

Deno.test("LayeredFs keeps what is written from the host", () =>
  withLayers([{ "f": "old" }], (guest, [host]) => {
    guest.write("/f", "NEW!");
    assert.equal(guest.read("/f"), "NEW!");
    assert.equal(Deno.readTextFileSync(`${host}/f`), "old");
  }));

Deno.test("LayeredFs shows a write to a description opened before it", () =>
  withLayers([{ "f": "old" }], (guest) => {
    const file = guest.file("/f"), into = new Uint8Array(3);
    guest.file("/f", O_RDWR).write(toBytes("new"), guest);
    file.read(into, guest);
    assert.equal(new TextDecoder().decode(into), "new");
  }));

Deno.test("LayeredFs does not read a file that is opened to be truncated", () =>
  withLayers([{ "f": "old" }], (guest) => {
    guest.file("/f", O_RDWR | O_TRUNC).write(toBytes("n"), guest);
    assert.equal(guest.read("/f"), "n");
  }));

Deno.test("LayeredFs hides what was removed, and makes it anew", () =>
  withLayers([{ "d/f": "old" }], (guest, [host]) => {
    assert.equal(unlink(guest, guest.fs.cwd, "/d/f"), 0);
    assert.equal(guest.walk("/d/f"), -ENOENT);
    assert.deepEqual(guest.list("/d"), []);
    guest.write("/d/f", "anew");
    assert.equal(guest.read("/d/f"), "anew");
    assert.equal(Deno.readTextFileSync(`${host}/d/f`), "old");
  }));

Deno.test("LayeredFs makes a directory opaque that replaces a removed one", () =>
  withLayers([{ "d/f": "old" }], (guest) => {
    assert.equal(removeDirectory(guest, guest.fs.cwd, "/d"), -ENOTEMPTY);
    unlink(guest, guest.fs.cwd, "/d/f");
    assert.equal(removeDirectory(guest, guest.fs.cwd, "/d"), 0);
    guest.mkdir("/d");
    assert.deepEqual(guest.list("/d"), []);
  }));

Deno.test("LayeredFs moves a directory of the layer with what is below", () =>
  withLayers([{ "d/sub/f": "x" }], (guest) => {
    assert.equal(rename(guest, guest.fs.cwd, "/d", guest.fs.cwd, "/e", 0), 0);
    assert.equal(guest.read("/e/sub/f"), "x");
    assert.equal(guest.walk("/d"), -ENOENT);
  }));

Deno.test("LayeredFs merges directories and lets the upper layer's file win", () =>
  withLayers([{ "d/a": "upper a" }, { "d/a": "lower a", "d/b": "lower b" }], (guest) => {
    assert.equal(guest.read("/d/a"), "upper a");
    assert.equal(guest.read("/d/b"), "lower b");
    assert.deepEqual(guest.list("/d"), ["a", "b"]);
  }));

Deno.test("LayeredFs hides a directory below a file", () =>
  withLayers([{ "x": "file" }, { "x/y": "hidden" }], (guest) => assert.equal(guest.read("/x"), "file")));

Deno.test("LayeredFs gives two host names of one file one inode", () =>
  withLayers([{ "a": "x" }], (guest, [host]) => {
    Deno.linkSync(`${host}/a`, `${host}/b`);
    assert.equal(guest.place("/a").dentry.inode, guest.place("/b").dentry.inode);
  }));

Deno.test("LayeredFs links and lists what the guest made before what lies below", () =>
  withLayers([{ "b": "", "a": "" }], (guest) => {
    makeLink(guest, guest.place("/a"), guest.fs.cwd, "/z");
    guest.write("/y", "");
    assert.deepEqual(guest.list("/"), ["y", "z", "a", "b"]);
  }));

Deno.test("LayeredFs gives getdents the inode numbers of stat", () =>
  withLayers([{ "a": "" }], (guest) => {
    const entries = guest.place("/").dentry.inode.entries();
    assert.ok(typeof entries !== "number");
    assert.equal(entries[0]!.ino, guest.place("/a").dentry.inode.ino);
  }));

Deno.test("LayeredFs shares the frames of an untouched file from one guest to the next", () =>
  withLayers([{ "f": "x" }], (guest, [host]) => {
    const ownership = sysrootOwnership(0, 0);
    const next = TestGuest.root(new LayeredFs(fakeServices(), [{ path: host!, ownership }]));
    const frames = [guest, next].map((one) => {
      const mappable = one.file("/f").mappable();
      assert.ok(typeof mappable !== "number");
      return mappable.frame(0);
    });
    assert.equal(frames[0], frames[1]);
  }));

Deno.test("LayeredFs notices a host file that changed between two guests", () =>
  withLayers([{ "f": "x" }], (guest, [host]) => {
    assert.equal(guest.read("/f"), "x");
    Deno.writeTextFileSync(`${host}/f`, "longer");
    forgetHostFiles();
    const next = TestGuest.root(
      new LayeredFs(fakeServices(), [{ path: host!, ownership: sysrootOwnership(0, 0) }]),
    );
    assert.equal(next.read("/f"), "longer");
  }));

/** One host folder as a layer and, to `writer`, bound read-write. */
function withFollowed(
  files: Record<string, string>,
  test: (guest: TestGuest, writer: TestGuest, host: string) => void,
) {
  withLayers([files], (guest, [host]) => {
    const sb = guest.place("/").dentry.inode.sb as LayeredFs, path = Deno.realPathSync(host!);
    sb.follow(path);
    test(guest, TestGuest.root(HostFs.open(sb.services, path, hostOwnership(0, 0)) as HostFs), path);
  });
}

Deno.test("LayeredFs shows by name what a read-write bind of the folder wrote, made, moved and removed", () =>
  withFollowed({ "f": "old", "gone": "", "d/g": "" }, (guest, writer) => {
    const at = writer.fs.cwd;
    assert.equal(guest.read("/f"), "old");
    assert.deepEqual(guest.list("/"), ["d", "f", "gone"]);
    writer.write("/f", "newer");
    writer.write("/made", "here");
    assert.equal(unlink(writer, at, "/gone"), 0);
    assert.equal(rename(writer, at, "/d/g", at, "/d/h", 0), 0);
    assert.equal(guest.read("/f"), "newer");
    assert.equal(guest.walk("/gone"), -ENOENT);
    assert.equal(guest.walk("/d/g"), -ENOENT);
    assert.deepEqual(guest.list("/"), ["d", "f", "made"]);
    assert.deepEqual(guest.list("/d"), ["h"]);
    assert.equal(guest.read("/made"), "here");
  }));

Deno.test("LayeredFs lists a file that took the place of another with the number that stat gives", () =>
  withFollowed({ "f": "old", "g": "another" }, (guest, writer) => {
    guest.read("/f");
    assert.equal(rename(writer, writer.fs.cwd, "/g", writer.fs.cwd, "/f", 0), 0);
    const entries = guest.place("/").dentry.inode.entries();
    assert.ok(typeof entries !== "number");
    assert.deepEqual(entries.map(({ ino }) => ino), [guest.place("/f").dentry.inode.ino]);
    assert.equal(guest.read("/f"), "another");
  }));

Deno.test("LayeredFs looks only at the name that is asked for after a read-write bind was written to", () => {
  const names = Array.from({ length: 50 }, (_, i) => `f${i}`);
  withFollowed(Object.fromEntries(names.map((name) => [name, name])), (guest, writer) => {
    for (const name of names) guest.read("/" + name);
    const file = writer.file("/f0", O_RDWR), { lstatSync } = Deno;
    let looks = 0;
    Deno.lstatSync = (path) => (looks++, lstatSync(path));
    try {
      file.write(toBytes("x"), writer);
      guest.place("/f1");
    } finally {
      Deno.lstatSync = lstatSync;
    }
    assert.ok(looks < 5, `${looks} looks`);
  });
});

Deno.test("LayeredFs shows to who opens a file anew what a shared mapping of a read-write bind stored", () =>
  withFollowed({ "f": "0123", "g": "0123" }, (guest, writer) => {
    const before = guest.file("/f");
    for (const path of ["/f", "/g"]) {
      const mappable = writer.file(path, O_RDWR).mappable() as Mappable;
      mappable.sharedWritable?.(1);
      const frame = mappable.frame(0) as Frame;
      mappable.written?.(0);
      for (const letter of "AB") {
        frame.write(0, toBytes(letter));
        assert.equal(guest.read(path), letter + "123");
      }
    }
    before.unref();
  }));
