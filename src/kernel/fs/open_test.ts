import assert from "node:assert/strict";
import { EACCES, EEXIST, EINVAL, EISDIR, ELOOP, ENOENT, ENOTDIR, ENXIO, EPERM, EROFS, ETXTBSY } from "../abi/errno.ts";
import * as fcntl from "../abi/fcntl.ts";
import { MS_NODEV, MS_RDONLY } from "../abi/mount.ts";
import { S_IFCHR, S_IFSOCK } from "../abi/stat.ts";
import { toBytes } from "./byte_string.ts";
import { DEV_NULL } from "./devices.ts";
import { makeLink, makeNode, makeSymlink } from "./names.ts";
import { fakeServices, TestGuest } from "./test_guest.ts";
import { TmpFs } from "./tmpfs.ts";

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = fcntl;

function tree(): TestGuest {
  const guest = TestGuest.root(new TmpFs(fakeServices(), 0o777));
  guest.mkdir("/d");
  guest.write("/f", "content");
  return guest;
}

Deno.test("open refuses what is not there", () => assert.equal(tree().open("/none"), -ENOENT));
Deno.test("open with O_CREAT|O_EXCL refuses what is there", () =>
  assert.equal(tree().open("/f", O_RDWR | O_CREAT | O_EXCL), -EEXIST));
Deno.test("open refuses to write a directory", () => assert.equal(tree().open("/d", O_WRONLY), -EISDIR));
Deno.test("open with O_CREAT refuses a directory", () => assert.equal(tree().open("/d", O_CREAT), -EISDIR));
Deno.test("open with O_DIRECTORY refuses a file", () => assert.equal(tree().open("/f", fcntl.O_DIRECTORY), -ENOTDIR));
Deno.test("open with O_CREAT refuses a slash behind a new name", () =>
  assert.equal(tree().open("/new/", O_CREAT | O_RDWR), -EISDIR));

Deno.test("open makes a file with the mode less the umask, writable for its maker whatever the mode", () => {
  const guest = tree().as(1000), file = guest.file("/new", O_RDWR | O_CREAT, 0o466);
  assert.equal(file.inode.mode & 0o7777, 0o444);
  assert.equal(file.write(toBytes("x"), guest), 1);
});

Deno.test("open with O_TRUNC empties the file", () => {
  const guest = tree();
  guest.file("/f", O_WRONLY | O_TRUNC);
  assert.equal(guest.read("/f"), "");
});

Deno.test("open makes the target of a dangling link", () => {
  const guest = tree();
  makeSymlink(guest, "d/made", guest.fs.cwd, "/l");
  guest.write("/l", "x");
  assert.equal(guest.read("/d/made"), "x");
});

Deno.test("open with O_NOFOLLOW refuses a link", () => {
  const guest = tree();
  makeSymlink(guest, "f", guest.fs.cwd, "/l");
  assert.equal(guest.open("/l", fcntl.O_NOFOLLOW), -ELOOP);
});

Deno.test("open with O_EXCL does not follow a dangling link", () => {
  const guest = tree();
  makeSymlink(guest, "nowhere", guest.fs.cwd, "/l");
  assert.equal(guest.open("/l", O_CREAT | O_EXCL | O_RDWR), -EEXIST);
});

Deno.test("open obeys the mode for others and not for root", () => {
  const guest = tree();
  guest.place("/f").dentry.inode.mode = 0o100600;
  assert.equal(guest.as(1000).open("/f"), -EACCES);
  assert.equal(typeof guest.open("/f"), "object");
});

Deno.test("open lets the owner's bits rule even where the group's allow more", () => {
  const guest = tree(), { inode } = guest.place("/f").dentry;
  inode.mode = 0o100077;
  inode.uid = 1000;
  assert.equal(guest.as(1000).open("/f"), -EACCES);
});

Deno.test("open counts supplementary groups", () => {
  const guest = tree(), { inode } = guest.place("/f").dentry;
  inode.mode = 0o100040;
  inode.gid = 7;
  assert.equal(typeof guest.as(1000, 1000, [7]).open("/f"), "object");
});

Deno.test("open with O_PATH gives a description without content", () => {
  const guest = tree(), file = guest.file("/f", fcntl.O_PATH);
  assert.equal(file.readable, false);
  assert.equal(file.ioctl(0, 0, guest) < 0, true);
});

Deno.test("open with O_PATH|O_NOFOLLOW names the link itself", () => {
  const guest = tree();
  makeSymlink(guest, "f", guest.fs.cwd, "/l");
  assert.equal(guest.file("/l", fcntl.O_PATH | fcntl.O_NOFOLLOW).inode.isSymlink, true);
});

Deno.test("open with O_TMPFILE makes a file that link can name", () => {
  const guest = tree(), file = guest.file("/d", fcntl.O_TMPFILE | O_RDWR, 0o600);
  file.write(toBytes("temp"), guest);
  assert.equal(file.inode.nlink, 0);
  assert.deepEqual(guest.list("/d"), []);
  assert.equal(makeLink(guest, file.path!, guest.fs.cwd, "/d/named"), 0);
  assert.equal(guest.read("/d/named"), "temp");
});

Deno.test("open with O_TMPFILE|O_EXCL forbids naming it", () => {
  const guest = tree(), file = guest.file("/d", fcntl.O_TMPFILE | O_RDWR | O_EXCL, 0o600);
  assert.equal(makeLink(guest, file.path!, guest.fs.cwd, "/d/named"), -ENOENT);
});

Deno.test("open with O_TMPFILE needs write access", () =>
  assert.equal(tree().open("/d", fcntl.O_TMPFILE | O_RDONLY), -EINVAL));

Deno.test("open refuses to write a running program", () => {
  const guest = tree();
  guest.place("/f").dentry.inode.deniers = 1;
  assert.equal(guest.open("/f", O_WRONLY), -ETXTBSY);
});

Deno.test("open refuses to write on a read-only mount, but not a device there", () => {
  const guest = tree(), fs = new TmpFs(fakeServices(), 0o777);
  fs.root.create("file", 0o100666, 0, 0, 0);
  fs.root.create("null", S_IFCHR | 0o666, 0, 0, DEV_NULL);
  guest.namespace.attach(guest.namespace.createFor(fs, MS_RDONLY), guest.place("/d"));
  assert.equal(guest.open("/d/file", O_WRONLY), -EROFS);
  assert.equal(guest.open("/d/new", O_WRONLY | O_CREAT), -EROFS);
  assert.equal(typeof guest.open("/d/null", O_WRONLY), "object");
});

Deno.test("open refuses devices on a nodev mount", () => {
  const guest = tree(), fs = new TmpFs(fakeServices(), 0o777);
  fs.root.create("null", S_IFCHR | 0o666, 0, 0, DEV_NULL);
  guest.namespace.attach(guest.namespace.createFor(fs, MS_NODEV), guest.place("/d"));
  assert.equal(guest.open("/d/null"), -EACCES);
});

Deno.test("open refuses sockets", () => {
  const guest = tree();
  makeNode(guest, guest.fs.cwd, "/s", S_IFSOCK | 0o777, 0);
  assert.equal(guest.open("/s", O_RDWR), -ENXIO);
});

Deno.test("open with O_NOATIME is for the owner", () =>
  assert.equal(tree().as(1000).open("/f", fcntl.O_NOATIME), -EPERM));

Deno.test("open protects others' files in a sticky directory against O_CREAT", () => {
  const guest = tree();
  guest.place("/d").dentry.inode.mode |= 0o1777;
  guest.as(1000).file("/d/x", O_RDWR | O_CREAT, 0o666).inode.mode = 0o100666;
  assert.equal(guest.as(2000).open("/d/x", O_RDWR | O_CREAT), -EACCES);
  assert.equal(typeof guest.as(2000).open("/d/x", O_RDWR), "object");
});

Deno.test("a description counts as a writer until its last reference", () => {
  const guest = tree(), file = guest.file("/f", O_RDWR);
  assert.equal(file.inode.writers, 1);
  file.unref();
  assert.equal(file.inode.writers, 0);
});
