import assert from "node:assert/strict";
import { EAGAIN, EBADF, EFBIG, EINVAL, EMFILE, ENOTDIR, ENOTTY, ERESTARTSYS, ESPIPE } from "../abi/errno.ts";
import * as fcntl from "../abi/fcntl.ts";
import { RLIMIT_FSIZE, RLIMIT_NOFILE } from "../abi/resource.ts";
import { SIGXFSZ } from "../abi/signal.ts";
import { UserFault } from "../mm/user_fault.ts";
import { BUFFER, FileTask, resume } from "./file_task.ts";

const { AT_FDCWD, O_APPEND, O_CLOEXEC, O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = fcntl;

/** A task with descriptor 0: a file of its own with this content. */
function withFile(content: string, flags: number = O_RDWR): FileTask {
  const guest = new FileTask();
  guest.call("openat", AT_FDCWD, "f", O_CREAT | O_WRONLY, 0o644);
  guest.call("write", 0, content, content.length);
  guest.call("close", 0);
  assert.equal(guest.call("openat", AT_FDCWD, "f", flags, 0), 0);
  return guest;
}

/** A task with the two ends of a pipe as 0 and 1. */
function withPipe(flags = 0): FileTask {
  const guest = new FileTask();
  assert.equal(guest.call("pipe2", BUFFER, flags), 0);
  return guest;
}

Deno.test("read and write need the access mode", () => {
  assert.equal(withFile("x", O_WRONLY).call("read", 0, BUFFER, 1), -EBADF);
  assert.equal(withFile("x", O_RDONLY).call("write", 0, BUFFER, 1), -EBADF);
  assert.equal(withFile("x", fcntl.O_PATH).call("read", 0, BUFFER, 1), -EBADF);
});

Deno.test("read throws for a buffer that is not there", () =>
  assert.throws(() => withFile("x").call("read", 0, 0x10, 1), UserFault));

Deno.test("read fills a buffer that spans pages", () => {
  const guest = withFile("x".repeat(20_000));
  assert.equal(guest.call("read", 0, BUFFER + 4000, 20_000), 20_000);
  assert.equal(guest.bytes(BUFFER + 4000, 20_000), "x".repeat(20_000));
});

Deno.test("write ends where the guest's memory does", () => {
  const guest = withFile("");
  const end = BUFFER + 0xc_0000;
  assert.equal(guest.call("write", 0, end - 5000, 10_000), 5000);
});

Deno.test("pread and pwrite leave the position", () => {
  const guest = withFile("0123456789");
  assert.equal(guest.call("pread64", 0, BUFFER, 3, 4), 3);
  assert.equal(guest.call("pwrite64", 0, guest.put("AB"), 2, 8), 2);
  assert.equal(guest.call("lseek", 0, 0, fcntl.SEEK_CUR), 0);
  assert.equal(guest.read("f"), "01234567AB");
  assert.equal(guest.call("pread64", 0, BUFFER, 1, -1), -EINVAL);
});

Deno.test("readv and writev move several ranges", () => {
  const guest = withFile("");
  const iov = guest.words(guest.put("abc"), 3, 0, 0, guest.put("defg"), 4);
  assert.equal(guest.call("writev", 0, iov, 3), 7);
  guest.call("lseek", 0, 0, fcntl.SEEK_SET);
  assert.equal(guest.call("readv", 0, guest.words(BUFFER, 2, BUFFER + 100, 10), 2), 7);
  assert.equal(guest.bytes(BUFFER + 100, 5), "cdefg");
});

Deno.test("pwritev2 with RWF_APPEND writes at the end and -1 is the position", () => {
  const guest = withFile("abc");
  assert.equal(guest.call("pwritev2", 0, guest.words(guest.put("X"), 1), 1, 0, 0, fcntl.RWF_APPEND), 1);
  assert.equal(guest.call("pwritev2", 0, guest.words(guest.put("Y"), 1), 1, 1, 0, 0), 1);
  assert.equal(guest.read("f"), "aYcX");
});

Deno.test("write stops at RLIMIT_FSIZE and then raises SIGXFSZ", () => {
  const guest = withFile("");
  guest.task.process.rlimits[RLIMIT_FSIZE] = [4, 4];
  assert.equal(guest.call("write", 0, guest.put("abcdef"), 6), 4);
  assert.equal(guest.call("write", 0, guest.put("g"), 1), -EFBIG);
  assert.equal(guest.task.pending.has(SIGXFSZ), true);
});

Deno.test("openat finds no descriptor at RLIMIT_NOFILE and makes no file", () => {
  const guest = withFile("");
  guest.task.process.rlimits[RLIMIT_NOFILE] = [1, 1];
  assert.equal(guest.call("openat", AT_FDCWD, "new", O_CREAT | O_RDWR, 0o644), -EMFILE);
  assert.equal(guest.call("faccessat", AT_FDCWD, "new", 0), -2);
});

Deno.test("openat starts at a directory's descriptor", () => {
  const guest = withFile("x");
  guest.call("mkdirat", AT_FDCWD, "d", 0o755);
  const dir = guest.call("openat", AT_FDCWD, "d", fcntl.O_DIRECTORY, 0);
  assert.ok(guest.call("openat", dir, "../f", O_RDONLY, 0) > 0);
  assert.equal(guest.call("openat", 0, "f", O_RDONLY, 0), -ENOTDIR);
  assert.equal(guest.call("openat", 99, "f", O_RDONLY, 0), -EBADF);
});

Deno.test("openat2 refuses what openat ignores", () => {
  const guest = withFile("x"), how = (...words: (number | bigint)[]) => guest.words(...words);
  assert.equal(guest.call("openat2", AT_FDCWD, "f", how(2 ** 40, 0, 0), 24), -EINVAL);
  assert.equal(guest.call("openat2", AT_FDCWD, "f", how(O_RDONLY, 0o644, 0), 24), -EINVAL);
  assert.equal(guest.call("openat2", AT_FDCWD, "f", how(O_RDONLY, 0, 64), 24), -EINVAL);
  assert.equal(guest.call("openat2", AT_FDCWD, "f", how(O_RDONLY, 0, 0), 16), -EINVAL);
  assert.equal(guest.call("openat2", AT_FDCWD, "f", how(O_RDONLY, 0, 0, 0), 32), 1);
});

Deno.test("read of an empty pipe waits for a writer", () => {
  const guest = withPipe(), waiting = guest.start("read", 0, BUFFER, 10);
  assert.equal(resume(waiting), undefined);
  guest.call("write", 1, guest.put("hello"), 5);
  assert.equal(resume(waiting), 5);
  assert.equal(guest.bytes(BUFFER, 5), "hello");
});

Deno.test("read of an empty pipe with O_NONBLOCK does not wait", () =>
  assert.equal(withPipe(O_NONBLOCK).call("read", 0, BUFFER, 10), -EAGAIN));

Deno.test("a read that waits is restarted after a signal", () => {
  const waiting = withPipe().start("read", 0, BUFFER, 10);
  assert.equal(resume(waiting), undefined);
  assert.equal(resume(waiting, "signal"), -ERESTARTSYS);
});

Deno.test("a write that waits goes on until all is written", () => {
  const guest = withPipe(), waiting = guest.start("write", 1, BUFFER, 100_000);
  assert.equal(resume(waiting), undefined);
  assert.equal(guest.call("read", 0, BUFFER + 0x4_0000, 65536), 65536);
  assert.equal(resume(waiting), 100_000);
});

Deno.test("a write that waits and is interrupted tells what it has written", () => {
  const waiting = withPipe().start("write", 1, BUFFER, 100_000);
  assert.equal(resume(waiting), undefined);
  assert.equal(resume(waiting, "signal"), 65536);
});

Deno.test("lseek refuses pipes and unknown whences", () => {
  assert.equal(withPipe().call("lseek", 0, 0, 0), -ESPIPE);
  assert.equal(withFile("").call("lseek", 0, 0, 5), -EINVAL);
});

Deno.test("ftruncate needs a file that may be written", () => {
  assert.equal(withFile("abc", O_RDONLY).call("ftruncate", 0, 1), -EINVAL);
  const guest = withFile("abc");
  assert.equal(guest.call("ftruncate", 0, 1), 0);
  assert.equal(guest.read("f"), "a");
});

Deno.test("dup3 and fcntl keep close-on-exec by descriptor", () => {
  const guest = withFile("");
  assert.equal(guest.call("dup3", 0, 5, O_CLOEXEC), 5);
  assert.equal(guest.call("fcntl", 5, fcntl.F_GETFD, 0), fcntl.FD_CLOEXEC);
  assert.equal(guest.call("fcntl", 0, fcntl.F_GETFD, 0), 0);
  assert.equal(guest.call("dup3", 0, 0, 0), -EINVAL);
  assert.equal(guest.call("fcntl", 0, fcntl.F_DUPFD, 10), 10);
});

Deno.test("fcntl F_SETFL changes only what may change", () => {
  const guest = withFile("abc");
  assert.equal(guest.call("fcntl", 0, fcntl.F_SETFL, O_APPEND | O_WRONLY), 0);
  assert.equal(guest.call("fcntl", 0, fcntl.F_GETFL, 0), O_RDWR | O_APPEND | fcntl.O_LARGEFILE);
});

Deno.test("ioctl FIONBIO makes a pipe non-blocking", () => {
  const guest = withPipe();
  assert.equal(guest.call("ioctl", 0, 0x5421, guest.words(1)), 0);
  assert.equal(guest.call("read", 0, BUFFER, 1), -EAGAIN);
  assert.equal(guest.call("ioctl", 0, 0x1234, 0), -ENOTTY);
});

Deno.test("close_range takes unsigned ends", () => {
  const guest = withFile("");
  guest.call("dup", 0);
  assert.equal(guest.call("close_range", 1, -1, 0), 0);
  assert.equal(guest.call("close", 1), -EBADF);
  assert.equal(guest.call("close_range", 2, 1, 0), -EINVAL);
});

Deno.test("getdents64 refuses what is no directory", () => {
  assert.equal(withFile("").call("getdents64", 0, BUFFER, 100), -ENOTDIR);
});
