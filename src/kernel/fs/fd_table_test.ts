import assert from "node:assert/strict";
import { EBADF, EINVAL, EMFILE } from "../abi/errno.ts";
import { F_WRLCK, O_RDWR } from "../abi/fcntl.ts";
import { FdTable } from "./fd_table.ts";
import type { OpenFile } from "./file.ts";
import { setLock } from "./record_locks.ts";
import { TestGuest } from "./test_guest.ts";

const LIMIT = 16;

function opener(): () => OpenFile {
  const guest = TestGuest.root();
  guest.write("/f", "");
  return () => guest.file("/f", O_RDWR);
}

Deno.test("FdTable gives the lowest free descriptor", () => {
  const open = opener(), table = new FdTable();
  for (const fd of [0, 1, 2]) assert.equal(table.add(open(), false, LIMIT), fd);
  table.close(1);
  assert.equal(table.add(open(), false, LIMIT), 1);
  assert.equal(table.add(open(), false, LIMIT), 3);
});

Deno.test("FdTable gives one from a minimum on and does not forget lower ones", () => {
  const open = opener(), table = new FdTable();
  assert.equal(table.add(open(), false, LIMIT, 10), 10);
  assert.equal(table.add(open(), false, LIMIT), 0);
});

Deno.test("FdTable ends at the limit", () => {
  const open = opener(), table = new FdTable();
  assert.equal(table.add(open(), false, LIMIT, LIMIT), -EINVAL);
  for (let i = 0; i < LIMIT; i++) table.add(open(), false, LIMIT);
  assert.equal(table.add(open(), false, LIMIT), -EMFILE);
  assert.equal(table.hasRoom(LIMIT), false);
});

Deno.test("FdTable.close releases the description with its last descriptor", () => {
  const open = opener(), table = new FdTable(), file = open();
  table.add(file, false, LIMIT);
  file.references++;
  table.add(file, false, LIMIT);
  table.close(0);
  assert.equal(file.references, 1);
  table.close(1);
  assert.equal(file.references, 0);
  assert.equal(table.close(1), -EBADF);
});

Deno.test("FdTable.set closes what was there", () => {
  const open = opener(), table = new FdTable(), old = open();
  table.add(old, true, LIMIT);
  assert.equal(table.set(0, open(), false, LIMIT), 0);
  assert.equal(old.references, 0);
  assert.equal(table.cloexec(0), false);
});

Deno.test("FdTable.clone shares descriptions", () => {
  const open = opener(), table = new FdTable(), file = open();
  table.add(file, true, LIMIT);
  const copy = table.clone();
  table.closeAll();
  assert.equal(file.references, 1);
  assert.equal(copy.cloexec(0), true);
});

Deno.test("FdTable.closeOnExec closes what is marked", () => {
  const open = opener(), table = new FdTable();
  table.add(open(), true, LIMIT);
  table.add(open(), false, LIMIT);
  table.closeOnExec();
  assert.deepEqual([...table.descriptors()].map(([fd]) => fd), [1]);
});

Deno.test("FdTable.closeRange takes ends far away", () => {
  const open = opener(), table = new FdTable();
  for (let i = 0; i < 4; i++) table.add(open(), false, LIMIT);
  table.closeRange(2, 0xffffffff, false);
  assert.deepEqual([...table.descriptors()].map(([fd]) => fd), [0, 1]);
});

Deno.test("FdTable.close drops the POSIX locks of the table on that file", () => {
  const open = opener(), table = new FdTable(), first = open();
  table.add(first, false, LIMIT);
  table.add(open(), false, LIMIT);
  setLock(first, table, 1, { type: F_WRLCK, whence: 0, start: 0, length: 0, pid: 0 }, false, () => true);
  table.close(1);
  assert.equal(first.inode.locks?.records.length, 0);
});
