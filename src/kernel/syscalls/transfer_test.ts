import assert from "node:assert/strict";
import { EAGAIN, EBADF, EINVAL, ESPIPE } from "../abi/errno.ts";
import { AT_FDCWD, O_APPEND, O_CREAT, O_RDWR, O_WRONLY, SPLICE_F_NONBLOCK } from "../abi/fcntl.ts";
import { BUFFER, FileTask, resume } from "./file_task.ts";

/** A task with 0: a file of ten digits, 1 and 2: the ends of a pipe. */
function ready(): FileTask {
  const guest = new FileTask();
  guest.call("openat", AT_FDCWD, "f", O_CREAT | O_RDWR, 0o644);
  guest.call("pwrite64", 0, guest.put("0123456789"), 10, 0);
  guest.call("pipe2", BUFFER, 0);
  return guest;
}

function fromPipe(guest: FileTask): string {
  return guest.bytes(BUFFER, guest.call("read", 1, BUFFER, 100));
}

Deno.test("sendfile copies from the position and moves it", () => {
  const guest = ready();
  assert.equal(guest.call("sendfile", 2, 0, 0, 4), 4);
  assert.equal(fromPipe(guest), "0123");
  assert.equal(guest.call("lseek", 0, 0, 1), 4);
});

Deno.test("sendfile with an offset moves that instead", () => {
  const guest = ready(), offset = guest.words(7);
  assert.equal(guest.call("sendfile", 2, 0, offset, 100), 3);
  assert.equal(guest.task.mm.readU64(offset), 10n);
  assert.equal(guest.call("lseek", 0, 0, 1), 0);
});

Deno.test("sendfile refuses a pipe as source and an appending target", () => {
  const guest = ready();
  guest.call("openat", AT_FDCWD, "g", O_CREAT | O_WRONLY | O_APPEND, 0o644);
  assert.equal(guest.call("sendfile", 0, 1, 0, 1), -EINVAL);
  assert.equal(guest.call("sendfile", 3, 0, 0, 1), -EINVAL);
  assert.equal(guest.call("sendfile", 1, 0, 0, 1), -EBADF);
});

Deno.test("splice moves between a file and a pipe, both ways", () => {
  const guest = ready(), from = guest.words(2), to = guest.words(10);
  assert.equal(guest.call("splice", 0, from, 2, 0, 5, 0), 5);
  assert.equal(guest.task.mm.readU64(from), 7n);
  assert.equal(guest.call("splice", 1, 0, 0, to, 5, 0), 5);
  assert.equal(guest.read("f"), "012345678923456");
});

Deno.test("splice waits for an empty pipe unless told not to", () => {
  const guest = ready();
  assert.equal(guest.call("splice", 1, 0, 0, 0, 5, SPLICE_F_NONBLOCK), -EAGAIN);
  const waiting = guest.start("splice", 1, 0, 0, 0, 5, 0);
  assert.equal(resume(waiting), undefined);
  guest.call("write", 2, guest.put("abc"), 3);
  assert.equal(resume(waiting), 3);
});

Deno.test("splice needs a pipe, and no offset for it", () => {
  const guest = ready();
  assert.equal(guest.call("splice", 0, 0, 0, 0, 1, 0), -EINVAL);
  assert.equal(guest.call("splice", 1, guest.words(0), 0, 0, 1, 0), -ESPIPE);
});

Deno.test("tee copies and leaves what it copied", () => {
  const guest = ready();
  guest.call("pipe2", BUFFER, 0);
  guest.call("write", 2, guest.put("abc"), 3);
  assert.equal(guest.call("tee", 1, 4, 10, 0), 3);
  assert.equal(fromPipe(guest), "abc");
  assert.equal(guest.bytes(BUFFER, guest.call("read", 3, BUFFER, 10)), "abc");
});

Deno.test("vmsplice fills a pipe from memory", () => {
  const guest = ready();
  assert.equal(guest.call("vmsplice", 2, guest.words(guest.put("abc"), 3), 1, 0), 3);
  assert.equal(fromPipe(guest), "abc");
});

Deno.test("copy_file_range copies within a file, but not onto itself", () => {
  const guest = ready(), from = guest.words(0), to = guest.words(10);
  assert.equal(guest.call("copy_file_range", 0, from, 0, to, 4, 0), 4);
  assert.equal(guest.read("f"), "01234567890123");
  assert.equal(guest.call("copy_file_range", 0, guest.words(0), 0, guest.words(2), 4, 0), -EINVAL);
});
