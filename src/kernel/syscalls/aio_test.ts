import assert from "node:assert/strict";
import { IOCB_CMD_POLL, IOCB_CMD_PREAD, IOCB_CMD_PWRITE, IOCB_FLAG_RESFD } from "../abi/aio.ts";
import { EBADF, EINVAL } from "../abi/errno.ts";
import { AT_FDCWD, O_CREAT, O_RDWR } from "../abi/fcntl.ts";
import { BUFFER, FileTask, resume } from "./file_task.ts";

/** A task with an aio context, and 0: an empty file. */
function ready(): { guest: FileTask; context: number } {
  const guest = new FileTask();
  guest.call("openat", AT_FDCWD, "f", O_CREAT | O_RDWR, 0o644);
  const id = guest.words(0);
  assert.equal(guest.call("io_setup", 8, id), 0);
  return { guest, context: guest.task.mm.readNumber(id) };
}

/** A struct iocb in memory. */
function iocb(guest: FileTask, opcode: number, fd: number, buf: number, count: number, offset = 0, resultFd?: number) {
  const tail = resultFd === undefined ? 0n : BigInt(IOCB_FLAG_RESFD) | BigInt(resultFd) << 32n;
  return guest.words(0x1234, 0, BigInt(opcode) | BigInt(fd) << 32n, buf, count, offset, 0, tail);
}

const submit = (guest: FileTask, context: number, ...blocks: number[]) =>
  guest.call("io_submit", context, blocks.length, guest.words(...blocks));

Deno.test("io_submit writes and reads, and io_getevents tells the results", () => {
  const { guest, context } = ready();
  const write = iocb(guest, IOCB_CMD_PWRITE, 0, guest.put("hello"), 5),
    read = iocb(guest, IOCB_CMD_PREAD, 0, BUFFER, 9);
  assert.equal(submit(guest, context, write, read), 2);
  const events = BUFFER + 4096;
  assert.equal(guest.call("io_getevents", context, 2, 8, events, 0), 2);
  assert.equal(guest.bytes(BUFFER, 5), "hello");
  const words = [0, 8, 16, 24, 48].map((at) => Number(guest.task.mm.readU64(events + at)));
  assert.deepEqual(words, [0x1234, write, 5, 0, 5]);
});

Deno.test("io_submit refuses a bad request and tells how many came before it", () => {
  const { guest, context } = ready(), good = iocb(guest, IOCB_CMD_PREAD, 0, BUFFER, 1);
  assert.equal(submit(guest, context, iocb(guest, IOCB_CMD_PREAD, 9, BUFFER, 1)), -EBADF);
  assert.equal(submit(guest, context, iocb(guest, 99, 0, BUFFER, 1)), -EINVAL);
  assert.equal(submit(guest, context, good, iocb(guest, 99, 0, BUFFER, 1)), 1);
  assert.equal(submit(guest, 0x1000, good), -EINVAL);
});

Deno.test("io_getevents waits for a poll to become true, and an eventfd hears of it", () => {
  const { guest, context } = ready();
  guest.call("pipe2", BUFFER, 0);
  const told = guest.call("eventfd2", 0, 0);
  assert.equal(submit(guest, context, iocb(guest, IOCB_CMD_POLL, 1, 1, 0, 0, told)), 1);
  const waiting = guest.start("io_getevents", context, 1, 1, BUFFER, 0);
  assert.equal(resume(waiting), undefined);
  guest.call("write", 2, guest.put("x"), 1);
  assert.equal(resume(waiting), 1);
  assert.equal(guest.call("read", told, BUFFER, 8), 8);
});

Deno.test("io_destroy ends a context", () => {
  const { guest, context } = ready();
  assert.equal(guest.call("io_destroy", context), 0);
  assert.equal(guest.call("io_destroy", context), -EINVAL);
});
