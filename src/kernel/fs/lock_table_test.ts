import assert from "node:assert/strict";
import { EAGAIN, EBADF, EDEADLK, EINVAL } from "../abi/errno.ts";
import {
  F_RDLCK,
  F_UNLCK,
  F_WRLCK,
  type Flock,
  LOCK_EX,
  LOCK_NB,
  LOCK_SH,
  LOCK_UN,
  O_RDONLY,
  O_RDWR,
  SEEK_SET,
} from "../abi/fcntl.ts";
import type { OpenFile } from "./file.ts";
import { flockFile, getLock, setLock } from "./record_locks.ts";
import { TestGuest } from "./test_guest.ts";

const lock = (type: number, start: number, length: number): Flock => ({
  type,
  whence: SEEK_SET,
  start,
  length,
  pid: 0,
});

function opened(): { guest: TestGuest; file: OpenFile } {
  const guest = TestGuest.root();
  guest.write("/f", "0123456789");
  return { guest, file: guest.file("/f", O_RDWR) };
}

const set = (file: OpenFile, owner: object, flock: Flock, wait = false) =>
  setLock(file, owner, 1, flock, wait, () => true);

/** What is locked, as F_GETLK tells a stranger for one byte. */
function typeAt(file: OpenFile, offset: number): number {
  const probe = lock(F_WRLCK, offset, 1);
  getLock(file, {}, probe);
  return probe.type;
}

Deno.test("setLock refuses what another owner's lock forbids", () => {
  const { file } = opened(), a = {}, b = {};
  assert.equal(set(file, a, lock(F_WRLCK, 0, 10)), 0);
  assert.equal(set(file, b, lock(F_RDLCK, 9, 1)), -EAGAIN);
  assert.equal(set(file, b, lock(F_RDLCK, 10, 1)), 0);
});

Deno.test("setLock lets readers share", () => {
  const { file } = opened();
  assert.equal(set(file, {}, lock(F_RDLCK, 0, 0)), 0);
  assert.equal(set(file, {}, lock(F_RDLCK, 0, 0)), 0);
});

Deno.test("setLock splits a range that is unlocked in the middle", () => {
  const { file } = opened(), a = {};
  set(file, a, lock(F_WRLCK, 0, 10));
  set(file, a, lock(F_UNLCK, 4, 2));
  assert.deepEqual([3, 4, 5, 6].map((at) => typeAt(file, at)), [F_WRLCK, F_UNLCK, F_UNLCK, F_WRLCK]);
});

Deno.test("setLock replaces the type of a part", () => {
  const { file } = opened(), a = {};
  set(file, a, lock(F_WRLCK, 0, 10));
  set(file, a, lock(F_RDLCK, 2, 2));
  assert.deepEqual([1, 2, 3, 4].map((at) => typeAt(file, at)), [F_WRLCK, F_RDLCK, F_RDLCK, F_WRLCK]);
});

Deno.test("setLock melts neighbours together", () => {
  const { file } = opened(), a = {};
  set(file, a, lock(F_WRLCK, 0, 5));
  set(file, a, lock(F_WRLCK, 5, 5));
  assert.equal(file.inode.locks?.records.length, 1);
});

Deno.test("setLock counts a negative length backwards", () => {
  const { file } = opened();
  set(file, {}, lock(F_WRLCK, 5, -2));
  assert.deepEqual([2, 3, 4, 5].map((at) => typeAt(file, at)), [F_UNLCK, F_WRLCK, F_WRLCK, F_UNLCK]);
  assert.equal(set(file, {}, lock(F_WRLCK, 1, -2)), -EINVAL);
});

Deno.test("setLock needs the access the lock is for", () => {
  const { guest } = opened();
  assert.equal(set(guest.file("/f", O_RDONLY), {}, lock(F_WRLCK, 0, 1)), -EBADF);
});

Deno.test("getLock describes the lock in the way", () => {
  const { file } = opened(), probe = lock(F_WRLCK, 0, 0);
  set(file, {}, lock(F_RDLCK, 3, 4));
  assert.equal(getLock(file, {}, probe), 0);
  assert.deepEqual(probe, { type: F_RDLCK, whence: SEEK_SET, start: 3, length: 4, pid: 1 });
});

Deno.test("setLock waits until the lock is free", () => {
  const { file } = opened(), a = {}, b = {};
  set(file, a, lock(F_WRLCK, 0, 1));
  const waiting = set(file, b, lock(F_WRLCK, 0, 1), true);
  assert.ok(typeof waiting === "object");
  assert.equal(waiting.next("event").done, false);
  set(file, a, lock(F_UNLCK, 0, 1));
  assert.deepEqual(waiting.next("event"), { done: true, value: 0 });
});

Deno.test("setLock finds the circle of two waiters", () => {
  const { file } = opened(), a = {}, b = {};
  set(file, a, lock(F_WRLCK, 0, 1));
  set(file, b, lock(F_WRLCK, 1, 1));
  const first = set(file, a, lock(F_WRLCK, 1, 1), true), second = set(file, b, lock(F_WRLCK, 0, 1), true);
  assert.ok(typeof first === "object" && typeof second === "object");
  assert.equal(first.next("event").done, false);
  assert.deepEqual(second.next("event"), { done: true, value: -EDEADLK });
  first.return(0);
});

Deno.test("record locks of a description go with it", () => {
  const { guest, file } = opened(), other = guest.file("/f", O_RDWR);
  set(file, file, lock(F_WRLCK, 0, 0));
  assert.equal(set(other, other, lock(F_WRLCK, 0, 0)), -EAGAIN);
  file.unref();
  assert.equal(set(other, other, lock(F_WRLCK, 0, 0)), 0);
});

Deno.test("flockFile excludes other descriptions, not itself", () => {
  const { guest, file } = opened(), other = guest.file("/f");
  assert.equal(flockFile(file, LOCK_EX), 0);
  assert.equal(flockFile(file, LOCK_SH | LOCK_NB), 0);
  assert.equal(flockFile(other, LOCK_SH | LOCK_NB), 0);
  assert.equal(flockFile(other, LOCK_EX | LOCK_NB), -EAGAIN);
  flockFile(file, LOCK_UN);
  assert.equal(flockFile(other, LOCK_EX | LOCK_NB), 0);
});

Deno.test("flockFile refuses unknown operations", () => assert.equal(flockFile(opened().file, 16), -EINVAL));
