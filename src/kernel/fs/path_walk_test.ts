import assert from "node:assert/strict";
import { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EXDEV } from "../abi/errno.ts";
import { RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV } from "../abi/fcntl.ts";
import { makeSymlink } from "./names.ts";
import { pathName } from "./path.ts";
import { PathWalk } from "./path_walk.ts";
import { fakeServices, TestGuest } from "./test_guest.ts";
import { TmpFs } from "./tmpfs.ts";

function tree(): TestGuest {
  const guest = TestGuest.root();
  guest.mkdir("/a");
  guest.mkdir("/a/b");
  guest.write("/a/b/file", "content");
  return guest;
}

function link(guest: TestGuest, target: string, path: string): void {
  assert.equal(makeSymlink(guest, target, guest.fs.cwd, path), 0);
}

function resolve(guest: TestGuest, from: string, path: string, flags: number): number {
  return new PathWalk(guest, guest.place(from), flags).to(path, true);
}

Deno.test("PathWalk finds a file by its absolute path", () => {
  const guest = tree();
  assert.equal(pathName(guest.place("//a/./b//file"), guest.namespace.root), "/a/b/file");
});

Deno.test("PathWalk stays at the root with ..", () => {
  const guest = tree();
  assert.equal(pathName(guest.place("/../../a"), guest.namespace.root), "/a");
});

Deno.test("PathWalk refuses a file as a directory", () => assert.equal(tree().walk("/a/b/file/x"), -ENOTDIR));
Deno.test("PathWalk refuses a slash behind a file", () => assert.equal(tree().walk("/a/b/file/"), -ENOTDIR));
Deno.test("PathWalk refuses an empty path", () => assert.equal(tree().walk(""), -ENOENT));
Deno.test("PathWalk refuses a component of 256 bytes", () => assert.equal(tree().walk("x".repeat(256)), -ENAMETOOLONG));
Deno.test("PathWalk refuses a path of 4096 bytes", () => assert.equal(tree().walk("./".repeat(2048)), -ENAMETOOLONG));

Deno.test("PathWalk follows a relative link from the directory that holds it", () => {
  const guest = tree();
  link(guest, "b/file", "/a/link");
  assert.equal(guest.read("/a/link"), "content");
});

Deno.test("PathWalk follows an absolute link from the root", () => {
  const guest = tree();
  link(guest, "/a/b", "/a/b/up");
  assert.equal(guest.read("/a/b/up/up/file"), "content");
});

Deno.test("PathWalk follows 40 links and not 41", () => {
  const guest = tree();
  link(guest, "/a/b/file", "/l0");
  for (let i = 1; i <= 40; i++) link(guest, `/l${i - 1}`, `/l${i}`);
  assert.equal(guest.walk("/l39"), 0);
  assert.equal(guest.walk("/l40"), -ELOOP);
});

Deno.test("PathWalk needs the right to search every directory", () => {
  const guest = tree();
  guest.place("/a").dentry.inode.mode &= ~0o001;
  assert.equal(guest.as(1000).walk("/a/b/file"), -EACCES);
});

Deno.test("PathWalk goes over mounts, and back with ..", () => {
  const guest = tree();
  const mount = guest.namespace.createFor(new TmpFs(fakeServices()), 0);
  assert.equal(guest.namespace.attach(mount, guest.place("/a")), 0);
  assert.equal(guest.walk("/a/b"), -ENOENT);
  guest.write("/a/inner", "x");
  assert.equal(pathName(guest.place("/a/inner"), guest.namespace.root), "/a/inner");
  assert.equal(pathName(guest.place("/a/.."), guest.namespace.root), "/");
});

Deno.test("PathWalk with RESOLVE_BENEATH does not leave its base", () => {
  const guest = tree();
  link(guest, "..", "/a/b/out");
  assert.equal(resolve(guest, "/a/b", "file", RESOLVE_BENEATH), 0);
  assert.equal(resolve(guest, "/a/b", "..", RESOLVE_BENEATH), -EXDEV);
  assert.equal(resolve(guest, "/a/b", "/a", RESOLVE_BENEATH), -EXDEV);
  assert.equal(resolve(guest, "/a/b", "out", RESOLVE_BENEATH), -EXDEV);
});

Deno.test("PathWalk with RESOLVE_IN_ROOT takes its base for the root", () => {
  const guest = tree();
  assert.equal(resolve(guest, "/a/b", "/../../file", RESOLVE_IN_ROOT), 0);
});

Deno.test("PathWalk with RESOLVE_NO_SYMLINKS refuses links", () => {
  const guest = tree();
  link(guest, "b", "/a/link");
  assert.equal(resolve(guest, "/a", "link/file", RESOLVE_NO_SYMLINKS), -ELOOP);
});

Deno.test("PathWalk with RESOLVE_NO_XDEV stays in its mount", () => {
  const guest = tree();
  guest.namespace.attach(guest.namespace.createFor(new TmpFs(fakeServices()), 0), guest.place("/a/b"));
  assert.equal(resolve(guest, "/a", "b", RESOLVE_NO_XDEV), -EXDEV);
});

Deno.test("PathWalk does not follow others' links in a sticky directory", () => {
  const guest = tree();
  guest.mkdir("/tmp");
  guest.place("/tmp").dentry.inode.mode |= 0o1777;
  link(guest.as(2000), "/a", "/tmp/trap");
  assert.equal(guest.as(1000).walk("/tmp/trap"), -EACCES);
  assert.equal(guest.as(2000).walk("/tmp/trap"), 0);
});
