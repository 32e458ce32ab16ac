import assert from "node:assert/strict";
import { EACCES, EBADF, EINVAL, ENODATA, ENOENT, EOPNOTSUPP, EPERM, EROFS, ESTALE } from "../abi/errno.ts";
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, O_CREAT, O_PATH, O_RDWR, O_WRONLY } from "../abi/fcntl.ts";
import { MS_RDONLY } from "../abi/mount.ts";
import { MQUEUE_MAGIC } from "../abi/statfs.ts";
import { BUFFER, FileTask } from "./file_task.ts";

/** A task with descriptor 0: an empty file f of its own. */
function withFile(uid = 1000): FileTask {
  const guest = new FileTask(uid);
  assert.equal(guest.call("openat", AT_FDCWD, "f", O_CREAT | O_RDWR, 0o644), 0);
  return guest;
}

const mode = (guest: FileTask, path = "f") => {
  assert.equal(guest.call("newfstatat", AT_FDCWD, path, BUFFER, AT_SYMLINK_NOFOLLOW), 0);
  return guest.task.mm.readU32(BUFFER + 16);
};

Deno.test("newfstatat with AT_EMPTY_PATH is fstat, of O_PATH descriptors too", () => {
  const guest = withFile(), fd = guest.call("openat", AT_FDCWD, "f", O_PATH, 0);
  assert.equal(guest.call("newfstatat", fd, "", BUFFER, AT_EMPTY_PATH), 0);
  assert.equal(guest.task.mm.readU32(BUFFER + 16), 0o100644);
  assert.equal(guest.call("newfstatat", fd, "", BUFFER, 0), -ENOENT);
});

Deno.test("statx reports the birth time and refuses reserved bits", () => {
  const guest = withFile();
  assert.equal(guest.call("statx", AT_FDCWD, "f", 0, 0xfff, BUFFER), 0);
  assert.equal((guest.task.mm.readU32(BUFFER) & 0x800) !== 0, true);
  assert.equal(guest.call("statx", AT_FDCWD, "f", 0, -0x80000000, BUFFER), -EINVAL);
});

Deno.test("fchmodat is for the owner", () => {
  const guest = withFile();
  assert.equal(guest.call("fchmodat", AT_FDCWD, "f", 0o600), 0);
  assert.equal(mode(guest), 0o100600);
  assert.equal(guest.call("fchmodat", AT_FDCWD, "/tmp", 0o777), -EPERM);
});

Deno.test("fchownat lets the owner change the group to one of his, and drops set-user-ID", () => {
  const guest = withFile();
  guest.task.credentials.groups = [7];
  guest.call("fchmodat", AT_FDCWD, "f", 0o4755);
  assert.equal(guest.call("fchownat", AT_FDCWD, "f", -1, 7, 0), 0);
  assert.equal(mode(guest), 0o100755);
  assert.equal(guest.call("fchownat", AT_FDCWD, "f", -1, 8, 0), -EPERM);
  assert.equal(guest.call("fchownat", AT_FDCWD, "f", 0, -1, 0), -EPERM);
});

Deno.test("fchmodat looks again when the host put another file at the path", () => {
  const guest = withFile(), { inode } = guest.task.files.get(0)!, change = inode.setAttributes.bind(inode);
  const answers = [-ESTALE];
  inode.setAttributes = (wish) => answers.pop() ?? change(wish);
  assert.equal(guest.call("fchmodat", AT_FDCWD, "f", 0o600), 0);
  assert.equal(mode(guest), 0o100600);
});

Deno.test("changes through a descriptor on a read-only mount are refused, as those by path are", () => {
  const guest = withFile(0), { mount } = guest.task.files.get(0)!.path!;
  mount.flags |= MS_RDONLY;
  assert.equal(guest.call("fchmod", 0, 0o777), -EROFS);
  assert.equal(guest.call("fchown", 0, 5, 5), -EROFS);
  assert.equal(guest.call("utimensat", 0, 0, 0, 0), -EROFS);
  assert.equal(guest.call("fchmodat", AT_FDCWD, "f", 0o777), -EROFS);
});

Deno.test("write by somebody else drops set-user-ID", () => {
  const guest = withFile();
  guest.call("fchmodat", AT_FDCWD, "f", 0o4755);
  guest.call("write", 0, guest.put("x"), 1);
  assert.equal(mode(guest), 0o100755);
});

Deno.test("utimensat sets, keeps and refuses times", () => {
  const guest = withFile(), omit = (1 << 30) - 2;
  assert.equal(guest.call("utimensat", AT_FDCWD, "f", guest.words(1, 2, 3, 4), 0), 0);
  assert.equal(guest.call("utimensat", AT_FDCWD, "f", guest.words(9, omit, 5, 6), 0), 0);
  guest.call("fstat", 0, BUFFER);
  const times = [72, 80, 88, 96].map((at) => Number(guest.task.mm.readU64(BUFFER + at)));
  assert.deepEqual(times, [1, 2, 5, 6]);
  assert.equal(guest.call("utimensat", AT_FDCWD, "f", guest.words(0, 1_000_000_000, 0, 0), 0), -EINVAL);
  assert.equal(guest.call("utimensat", AT_FDCWD, "/tmp", guest.words(1, 2, 3, 4), 0), -EPERM);
});

Deno.test("faccessat asks for the real user", () => {
  const guest = withFile();
  guest.call("fchmodat", AT_FDCWD, "f", 0o600);
  guest.task.credentials = { ...guest.task.credentials, uid: 2000 };
  assert.equal(guest.call("faccessat", AT_FDCWD, "f", 4), -EACCES);
  assert.equal(guest.call("faccessat2", AT_FDCWD, "f", 4, 0x200), 0);
});

Deno.test("faccessat lets root write what only the mode forbids", () =>
  assert.equal(new FileTask(0).call("faccessat", AT_FDCWD, "/proc/version", 2), 0));

Deno.test("readlinkat cuts off what does not fit, without a NUL", () => {
  const guest = withFile();
  guest.call("symlinkat", "target", AT_FDCWD, "l");
  assert.equal(guest.call("readlinkat", AT_FDCWD, "l", BUFFER, 3), 3);
  assert.equal(guest.bytes(BUFFER, 4), "tar\0");
  assert.equal(guest.call("readlinkat", AT_FDCWD, "f", BUFFER, 3), -EINVAL);
});

Deno.test("extended attributes of users can be set, listed and removed", () => {
  const guest = withFile();
  assert.equal(guest.call("setxattr", "f", "user.a", "value", 5, 0), 0);
  assert.equal(guest.call("fgetxattr", 0, "user.a", BUFFER, 100), 5);
  assert.equal(guest.bytes(BUFFER, 5), "value");
  assert.equal(guest.call("listxattr", "f", BUFFER, 100), 7);
  assert.equal(guest.call("removexattr", "f", "user.a"), 0);
  assert.equal(guest.call("getxattr", "f", "user.a", BUFFER, 100), -ENODATA);
  assert.equal(guest.call("setxattr", "f", "security.x", "v", 1, 0), -EOPNOTSUPP);
});

Deno.test("statfs tells the file system's kind", () => {
  const guest = withFile();
  assert.equal(guest.call("statfs", "/proc", BUFFER), 0);
  assert.equal(guest.task.mm.readU64(BUFFER), 0x9fa0n);
  const queue = guest.call("mq_open", "queue", O_CREAT | O_RDWR, 0o600, 0);
  assert.equal(guest.call("fstatfs", queue, BUFFER), 0);
  assert.equal(guest.task.mm.readU64(BUFFER), BigInt(MQUEUE_MAGIC));
  assert.equal(guest.call("fstatfs", 9, BUFFER), -EBADF);
});

Deno.test("mount is for root: tmpfs over a folder, then away again", () => {
  const guest = withFile(0);
  guest.call("mkdirat", AT_FDCWD, "d", 0o755);
  assert.equal(withFile().call("mount", "none", "/tmp", "tmpfs", 0, 0), -EPERM);
  assert.equal(guest.call("mount", "none", "d", "tmpfs", 1, 0), 0);
  assert.equal(guest.call("openat", AT_FDCWD, "d/x", O_CREAT | O_WRONLY, 0o644), -EROFS);
  assert.match(guest.read("/proc/self/mounts"), /\nnone \/tmp\/d tmpfs ro,relatime 0 0\n/);
  assert.equal(guest.call("umount2", "d", 0), 0);
  assert.equal(guest.call("umount2", "d", 0), -EINVAL);
});

Deno.test("getcwd tells the way from the root, and that a removed directory has none", () => {
  const guest = withFile();
  guest.call("mkdirat", AT_FDCWD, "d", 0o755);
  guest.call("chdir", "d");
  assert.equal(guest.call("getcwd", BUFFER, 100), 7);
  assert.equal(guest.bytes(BUFFER, 7), "/tmp/d\0");
  guest.call("unlinkat", AT_FDCWD, "/tmp/d", 0x200);
  assert.equal(guest.call("getcwd", BUFFER, 100), -ENOENT);
});
