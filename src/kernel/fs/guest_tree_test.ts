import assert from "node:assert/strict";
import { ENOENT, EROFS, EXDEV } from "../abi/errno.ts";
import { O_CREAT, O_WRONLY } from "../abi/fcntl.ts";
import { S_IFIFO, S_IFMT } from "../abi/stat.ts";
import { changeMode } from "./attributes.ts";
import { GuestTree, TreeError, type TreeSpec } from "./guest_tree.ts";
import { makeNode, rename, unlink } from "./names.ts";
import { fakeFrames, TestGuest } from "./test_guest.ts";

const EMPTY: TreeSpec = { hostFallback: false, binds: [], uid: 1000, gid: 1000 };

function guestIn(spec: Partial<TreeSpec>): { guest: TestGuest; tree: GuestTree } {
  const tree = new GuestTree({ ...EMPTY, ...spec }, fakeFrames);
  return { tree, guest: new TestGuest(tree.namespace, 0) };
}

function withFolder(test: (host: string) => void) {
  const host = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    test(host);
  } finally {
    Deno.removeSync(host, { recursive: true });
  }
}

Deno.test("GuestTree has writable temporary folders in an empty root", () => {
  const { guest } = guestIn({});
  for (const path of ["/tmp", "/var/tmp", "/dev/shm"]) {
    assert.equal(guest.place(path).dentry.inode.mode & 0o7777, 0o1777, path);
    guest.as(1000).write(path + "/f", "x");
  }
});

Deno.test("GuestTree has the usual devices", () => {
  const { guest } = guestIn({}), bytes = new Uint8Array([1, 2, 3]);
  assert.equal(guest.file("/dev/zero").read(bytes, guest), 3);
  assert.deepEqual([...bytes], [0, 0, 0]);
  assert.equal(guest.file("/dev/null").read(bytes, guest), 0);
  assert.equal(guest.place("/dev/tty").dentry.inode.mode & S_IFMT, 0o020000);
});

Deno.test("GuestTree shows its mounts in /proc/mounts' form", () => {
  const { guest } = guestIn({}), text = guest.namespace.mountsText(guest.namespace.root);
  assert.match(text, /^overlay \/ overlay rw,relatime 0 0\n/);
  assert.match(text, /\nproc \/proc proc rw,nosuid,nodev,noexec,relatime 0 0\n/);
});

Deno.test("GuestTree binds a folder read-only", () =>
  withFolder((host) => {
    Deno.writeTextFileSync(`${host}/f`, "content");
    const { guest } = guestIn({ binds: [{ host, guest: "/made/up/path", readOnly: true }] });
    assert.equal(guest.read("/made/up/path/f"), "content");
    assert.equal(guest.open("/made/up/path/f", O_WRONLY), -EROFS);
    assert.equal(guest.open("/made/up/path/new", O_WRONLY | O_CREAT), -EROFS);
  }));

Deno.test("GuestTree binds a single file read-only", () =>
  withFolder((host) => {
    Deno.writeTextFileSync(`${host}/f`, "content");
    const { guest } = guestIn({ binds: [{ host: `${host}/f`, guest: "/bin/program", readOnly: true }] });
    assert.equal(guest.read("/bin/program"), "content");
  }));

Deno.test("GuestTree binds a folder read-write, and one inside another", () =>
  withFolder((host) => {
    Deno.mkdirSync(`${host}/inner`);
    const { guest } = guestIn({
      binds: [{ host: `${host}/inner`, guest: "/data/sub", readOnly: true }, { host, guest: "/data", readOnly: false }],
    });
    guest.write("/data/f", "x");
    assert.equal(Deno.readTextFileSync(`${host}/f`), "x");
    assert.equal(guest.open("/data/sub/g", O_WRONLY | O_CREAT), -EROFS);
  }));

Deno.test("GuestTree cannot be left by .. from a bind", () =>
  withFolder((host) => {
    Deno.mkdirSync(`${host}/inner`);
    Deno.writeTextFileSync(`${host}/secret`, "x");
    const { guest } = guestIn({ binds: [{ host: `${host}/inner`, guest: "/mnt", readOnly: false }] });
    assert.equal(guest.walk("/mnt/../secret"), -ENOENT);
  }));

Deno.test("GuestTree says which bind it cannot show", () => {
  const binds = [{ host: "/no/such/folder", guest: "/x", readOnly: true }];
  assert.throws(
    () => guestIn({ binds }),
    (error) => error instanceof TreeError && error.message === "cannot bind /no/such/folder: ENOENT",
  );
});

Deno.test("GuestTree says that it cannot read its sysroot", () =>
  assert.throws(() => guestIn({ sysroot: "/no/such/folder" }), TreeError));

Deno.test("GuestTree.discarded lists changes over the host's folders, not its own mount points", () => {
  const { guest, tree } = guestIn({ hostFallback: true });
  guest.write("/etc-of-the-guest", "x");
  guest.write("/tmp/temporary", "x");
  assert.deepEqual(tree.discarded(), ["/etc-of-the-guest"]);
});

Deno.test("GuestTree.context starts in a directory of the guest", () => {
  const { tree } = guestIn({});
  assert.equal(typeof tree.context("/tmp"), "object");
  assert.equal(tree.context("/none"), -ENOENT);
});

Deno.test("GuestTree shows one file as the same in all read-write binds, memory-only names too", () =>
  withFolder((host) => {
    Deno.mkdirSync(`${host}/inner`);
    const { guest, tree } = guestIn({
      binds: [{ host, guest: "/a", readOnly: false }, { host: `${host}/inner`, guest: "/b", readOnly: false }],
    });
    guest.write("/a/inner/f", "content");
    assert.equal(guest.place("/b/f").dentry.inode, guest.place("/a/inner/f").dentry.inode);
    assert.equal(makeNode(guest, guest.fs.cwd, "/b/fifo", S_IFIFO | 0o600, 0), 0);
    assert.equal(guest.place("/a/inner/fifo").dentry.inode.type, S_IFIFO);
    assert.deepEqual(tree.discarded(), [`${host}/inner/fifo`]);
    const text = guest.namespace.mountsText(guest.namespace.root);
    assert.ok(text.includes(`\n${host} /a ext4 `) && text.includes(`\n${host}/inner /b ext4 `), text);
    assert.equal(rename(guest, guest.fs.cwd, "/a/inner/f", guest.fs.cwd, "/b/g", 0), -EXDEV);
  }));

Deno.test("GuestTree shows in read-only binds what the guest does to the same folder through a read-write one", () =>
  withFolder((host) => {
    Deno.mkdirSync(`${host}/d`);
    Deno.writeTextFileSync(`${host}/d/f`, "old");
    Deno.writeTextFileSync(`${host}/d/gone`, "");
    const binds = [{ host, guest: "/ro", readOnly: true }, { host: `${host}/d`, guest: "/rw", readOnly: false }];
    const { guest } = guestIn({ binds }), at = guest.fs.cwd;
    assert.equal(guest.read("/ro/d/f"), "old");
    const { ino } = guest.place("/ro/d/f").dentry.inode;
    assert.deepEqual(guest.list("/ro/d"), ["f", "gone"]);
    guest.write("/rw/f", "newer");
    assert.equal(guest.read("/ro/d/f"), "newer");
    assert.equal(guest.place("/ro/d/f").dentry.inode.stat().size, 5);
    assert.equal(guest.place("/ro/d/f").dentry.inode.ino, ino);
    guest.write("/rw/made", "here");
    assert.equal(guest.read("/ro/d/made"), "here");
    assert.equal(unlink(guest, at, "/rw/gone"), 0);
    assert.equal(guest.walk("/ro/d/gone"), -ENOENT);
    assert.equal(rename(guest, at, "/rw/made", at, "/rw/f", 0), 0);
    assert.equal(guest.read("/ro/d/f"), "here");
    assert.deepEqual(guest.list("/ro/d"), ["f"]);
  }));

Deno.test("GuestTree keeps what the guest changed over a folder that it also has read-write", () =>
  withFolder((host) => {
    Deno.writeTextFileSync(`${host}/f`, "below");
    Deno.writeTextFileSync(`${host}/g`, "below");
    Deno.writeTextFileSync(`${host}/h`, "below");
    const binds = [
      { host, guest: "/copy", readOnly: true, copyOnWrite: true },
      { host, guest: "/rw", readOnly: false },
    ];
    const { guest } = guestIn({ binds }), at = guest.fs.cwd;
    guest.write("/copy/f", "above");
    assert.equal(changeMode(guest, guest.place("/copy/h"), 0o600), 0);
    assert.equal(unlink(guest, at, "/copy/g"), 0);
    guest.write("/copy/mine", "mine");
    guest.write("/rw/f", "changed");
    guest.write("/rw/g", "changed");
    assert.equal(guest.read("/copy/f"), "above");
    assert.equal(guest.walk("/copy/g"), -ENOENT);
    assert.equal(guest.place("/copy/h").dentry.inode.mode & 0o777, 0o600);
    assert.equal(guest.read("/copy/mine"), "mine");
    assert.equal(guest.read("/rw/f"), "changed");
  }));
