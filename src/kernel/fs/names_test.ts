import assert from "node:assert/strict";
import {
  EACCES,
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EROFS,
  EXDEV,
} from "../abi/errno.ts";
import { MS_RDONLY } from "../abi/mount.ts";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "../abi/fcntl.ts";
import { S_IFIFO, S_ISGID } from "../abi/stat.ts";
import { makeLink, makeNode, makeSymlink, removeDirectory, rename, unlink } from "./names.ts";
import { fakeServices, TestGuest } from "./test_guest.ts";
import { TmpFs } from "./tmpfs.ts";

/** A tree that everybody may write to. */
function tree(): TestGuest {
  const guest = TestGuest.root(new TmpFs(fakeServices(), 0o777));
  guest.mkdir("/d");
  guest.write("/f", "f");
  return guest;
}

const move = (guest: TestGuest, from: string, to: string, flags = 0) =>
  rename(guest, guest.fs.cwd, from, guest.fs.cwd, to, flags);
const rm = (guest: TestGuest, path: string) => unlink(guest, guest.fs.cwd, path);
const rmdir = (guest: TestGuest, path: string) => removeDirectory(guest, guest.fs.cwd, path);
const ln = (guest: TestGuest, from: string, to: string) => makeLink(guest, guest.place(from, false), guest.fs.cwd, to);
const nlink = (guest: TestGuest, path: string) => guest.place(path).dentry.inode.nlink;

Deno.test("makeDirectory refuses a name that is taken", () => assert.equal(tree().mkdir("/f"), -EEXIST));
Deno.test("makeDirectory takes slashes behind the name", () => assert.equal(tree().mkdir("/new//"), 0));
Deno.test("makeDirectory refuses . and ..", () => assert.equal(tree().mkdir("/d/.."), -EEXIST));

Deno.test("makeDirectory applies the umask", () => {
  const guest = tree();
  guest.fs.umask = 0o077;
  guest.mkdir("/new", 0o777);
  assert.equal(guest.place("/new").dentry.inode.mode & 0o777, 0o700);
});

Deno.test("makeDirectory hands the group of a set-group-ID directory down", () => {
  const guest = tree(), { inode } = guest.place("/d").dentry;
  inode.mode |= S_ISGID | 0o777;
  inode.gid = 50;
  guest.as(1000).mkdir("/d/sub");
  const made = guest.place("/d/sub").dentry.inode;
  assert.deepEqual([made.gid, made.mode & S_ISGID], [50, S_ISGID]);
});

Deno.test("makeDirectory counts in the parent's links", () => {
  const guest = tree(), before = nlink(guest, "/d");
  guest.mkdir("/d/sub");
  assert.equal(nlink(guest, "/d"), before + 1);
  rmdir(guest, "/d/sub");
  assert.equal(nlink(guest, "/d"), before);
});

Deno.test("makeNode makes a FIFO for anybody and a device for root only", () => {
  const user = tree().as(1000);
  assert.equal(makeNode(user, user.fs.cwd, "/fifo", S_IFIFO | 0o644, 0), 0);
  assert.equal(makeNode(user, user.fs.cwd, "/dev", 0o020644, 0x103), -EPERM);
});

Deno.test("unlink keeps what is open readable", () => {
  const guest = tree(), file = guest.file("/f");
  assert.equal(rm(guest, "/f"), 0);
  assert.equal(guest.walk("/f"), -ENOENT);
  const bytes = new Uint8Array(4);
  assert.equal(file.read(bytes, guest), 1);
});

Deno.test("unlink refuses a directory", () => assert.equal(rm(tree(), "/d"), -EISDIR));
Deno.test("unlink refuses a slash behind a file", () => assert.equal(rm(tree(), "/f/"), -ENOTDIR));
Deno.test("removeDirectory refuses a file", () => assert.equal(rmdir(tree(), "/f"), -ENOTDIR));
Deno.test("removeDirectory refuses .", () => assert.equal(rmdir(tree(), "/d/."), -EINVAL));
Deno.test("removeDirectory refuses ..", () => assert.equal(rmdir(tree(), "/d/.."), -ENOTEMPTY));
Deno.test("removeDirectory refuses the root", () => assert.equal(rmdir(tree(), "/"), -EBUSY));

Deno.test("removeDirectory refuses one that is not empty", () => {
  const guest = tree();
  guest.write("/d/x", "");
  assert.equal(rmdir(guest, "/d"), -ENOTEMPTY);
});

Deno.test("removeDirectory refuses a mount point", () => {
  const guest = tree();
  guest.namespace.attach(guest.namespace.createFor(new TmpFs(fakeServices()), 0), guest.place("/d"));
  assert.equal(rmdir(guest, "/d"), -EBUSY);
});

Deno.test("unlink obeys the sticky bit", () => {
  const guest = tree();
  guest.place("/d").dentry.inode.mode |= 0o1777;
  guest.as(1000).write("/d/mine", "");
  assert.equal(rm(guest.as(2000), "/d/mine"), -EPERM);
  assert.equal(rm(guest.as(1000), "/d/mine"), 0);
});

Deno.test("unlink needs the right to write the directory", () => {
  const guest = tree();
  guest.write("/d/x", "");
  assert.equal(rm(guest.as(1000), "/d/x"), -EACCES);
});

Deno.test("names on a read-only mount cannot change", () => {
  const guest = tree();
  const fs = new TmpFs(fakeServices());
  guest.namespace.attach(guest.namespace.createFor(fs, MS_RDONLY), guest.place("/d"));
  assert.equal(guest.mkdir("/d/x"), -EROFS);
});

Deno.test("makeLink gives a file a second name", () => {
  const guest = tree();
  assert.equal(ln(guest, "/f", "/g"), 0);
  assert.equal(nlink(guest, "/f"), 2);
  rm(guest, "/f");
  assert.equal(guest.read("/g"), "f");
});

Deno.test("makeLink refuses directories", () => assert.equal(ln(tree(), "/d", "/e"), -EPERM));

Deno.test("makeLink refuses another file system", () => {
  const guest = tree();
  guest.namespace.attach(guest.namespace.createFor(new TmpFs(fakeServices()), 0), guest.place("/d"));
  assert.equal(ln(guest, "/f", "/d/f"), -EXDEV);
});

Deno.test("makeLink refuses others' files that one could not write", () => {
  const guest = tree();
  assert.equal(ln(guest.as(1000), "/f", "/stolen"), -EPERM);
});

Deno.test("makeSymlink stores its text as it is", () => {
  const guest = tree();
  assert.equal(makeSymlink(guest, "no/where", guest.fs.cwd, "/l"), 0);
  assert.equal(guest.place("/l", false).dentry.inode.readlink(), "no/where");
});

Deno.test("rename replaces a file", () => {
  const guest = tree();
  guest.write("/g", "g");
  assert.equal(move(guest, "/f", "/g"), 0);
  assert.equal(guest.read("/g"), "f");
  assert.equal(guest.walk("/f"), -ENOENT);
});

Deno.test("rename of two names of one file does nothing", () => {
  const guest = tree();
  ln(guest, "/f", "/g");
  assert.equal(move(guest, "/f", "/g"), 0);
  assert.equal(guest.walk("/f"), 0);
});

Deno.test("rename moves a directory with all below it", () => {
  const guest = tree();
  guest.write("/d/x", "x");
  guest.mkdir("/e");
  assert.equal(move(guest, "/d", "/e/d2"), 0);
  assert.equal(guest.read("/e/d2/x"), "x");
});

Deno.test("rename refuses to move a directory into itself", () => {
  const guest = tree();
  guest.mkdir("/d/sub");
  assert.equal(move(guest, "/d", "/d/sub/d"), -EINVAL);
  assert.equal(move(guest, "/d/sub", "/d"), -ENOTEMPTY);
});

Deno.test("rename refuses to mix files and directories", () => {
  const guest = tree();
  assert.equal(move(guest, "/d", "/f"), -ENOTDIR);
  assert.equal(move(guest, "/f", "/d"), -EISDIR);
});

Deno.test("rename with RENAME_NOREPLACE refuses a name that is taken", () => {
  const guest = tree();
  guest.write("/g", "g");
  assert.equal(move(guest, "/f", "/g", RENAME_NOREPLACE), -EEXIST);
});

Deno.test("rename with RENAME_EXCHANGE swaps a file and a directory", () => {
  const guest = tree();
  assert.equal(move(guest, "/f", "/d", RENAME_EXCHANGE), 0);
  assert.equal(guest.read("/d"), "f");
  assert.equal(guest.place("/f").dentry.inode.isDirectory, true);
  assert.equal(move(guest, "/f", "/none", RENAME_EXCHANGE), -ENOENT);
});
