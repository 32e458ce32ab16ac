import assert from "node:assert/strict";
import { CLONE_NEWNET, CLONE_NEWUTS } from "../abi/clone.ts";
import { EBADF, EINVAL, ENOTTY, EPERM } from "../abi/errno.ts";
import { AT_FDCWD, O_PATH, O_RDONLY } from "../abi/fcntl.ts";
import { NS_GET_NSTYPE } from "../abi/ioctl.ts";
import { NSFS_MAGIC } from "../abi/statfs.ts";
import { BUFFER, FileTask } from "../syscalls/file_task.ts";

const open = (guest: FileTask, path: string, flags = O_RDONLY) => guest.call("openat", AT_FDCWD, path, flags, 0);

Deno.test("/proc/PID/ns leads to files that have the numbers that the links show", () => {
  const guest = new FileTask();
  const fd = open(guest, "/proc/self/ns/net");
  assert.equal(guest.call("fstat", fd, BUFFER), 0);
  assert.equal(guest.task.mm.readU64(BUFFER + 8), 4026531840n);
  assert.equal(guest.task.mm.readU32(BUFFER + 16), 0o100444);
  assert.equal(guest.call("fstatfs", fd, BUFFER), 0);
  assert.equal(guest.task.mm.readU64(BUFFER), BigInt(NSFS_MAGIC));
  assert.equal(guest.call("readlinkat", AT_FDCWD, `/proc/self/fd/${fd}`, BUFFER, 100), 16);
  assert.equal(guest.bytes(BUFFER, 16), "net:[4026531840]");
  assert.equal(guest.call("ioctl", fd, NS_GET_NSTYPE, 0), CLONE_NEWNET);
  assert.equal(guest.call("ioctl", fd, 0x5401, BUFFER), -ENOTTY);
  assert.equal(guest.call("read", fd, BUFFER, 1), -EINVAL);
});

Deno.test("setns enters the namespace that a thread is in, if it may, and checks the type that is asked for", () => {
  const guest = new FileTask(0), uts = open(guest, "/proc/self/ns/uts");
  assert.equal(guest.call("setns", uts, 0), 0);
  assert.equal(guest.call("setns", uts, CLONE_NEWUTS), 0);
  assert.equal(guest.call("setns", uts, CLONE_NEWNET), -EINVAL);
  assert.equal(guest.call("setns", open(guest, "/proc/self/ns/user"), 0), -EINVAL);
  assert.equal(guest.call("setns", open(guest, "/dev/null"), 0), -EINVAL);
  assert.equal(guest.call("setns", open(guest, "/proc/self/ns/uts", O_PATH), 0), -EBADF);
  assert.equal(guest.call("setns", 99, 0), -EBADF);
  const other = new FileTask(1000);
  assert.equal(other.call("setns", open(other, "/proc/self/ns/uts"), 0), -EPERM);
});

Deno.test("setns to the mount namespace leads out of a chroot and to its root", () => {
  const guest = new FileTask(0), mnt = open(guest, "/proc/self/ns/mnt");
  assert.equal(guest.call("chroot", "/tmp"), 0);
  assert.equal(open(guest, "/proc/self/status") < 0, true);
  assert.equal(guest.call("setns", mnt, 0), 0);
  assert.equal(open(guest, "proc/self/status") >= 0, true);
});
