import assert from "node:assert/strict";
import { E2BIG, EACCES, EAGAIN, EEXIST, EINVAL, ENOENT, ENOMSG, ERANGE } from "../abi/errno.ts";
import * as ipc from "../abi/ipc.ts";
import { plainCredentials } from "../task/credentials.ts";
import { MessageQueue } from "./message_queue.ts";
import { SemaphoreSet, type SemOperation } from "./semaphores.ts";
import { SharedSegment } from "./shared_segment.ts";
import { type IpcActor, IpcRegistry } from "./sysv_registry.ts";

const owner = plainCredentials(1000, 1000), stranger = plainCredentials(1001, 1001);
const actor = (credentials = owner): IpcActor => ({ credentials, mayAll: false });
const process = { pid: 7 };
const set = (count = 2) => new SemaphoreSet(1, 0o600, owner, count, 0);
const op = (number: number, value: number, flags = 0): SemOperation => ({ number, op: value, flags });

Deno.test("IpcRegistry finds by key and by id, and not what is gone", () => {
  const registry = new IpcRegistry<SemaphoreSet>(10), make = () => set();
  assert.equal(registry.get(5, 0, actor(), make), -ENOENT);
  const id = registry.get(5, ipc.IPC_CREAT | 0o600, actor(), () => new SemaphoreSet(5, 0o600, owner, 1, 0));
  assert.equal(registry.get(5, 0o600, actor(), make), id);
  assert.equal(registry.get(5, ipc.IPC_CREAT | ipc.IPC_EXCL, actor(), make), -EEXIST);
  assert.equal(registry.get(5, 0o600, actor(stranger), make), -EACCES);
  registry.remove(registry.find(id) as SemaphoreSet);
  assert.equal(registry.find(id), -EINVAL);
  assert.notEqual(registry.get(5, ipc.IPC_CREAT, actor(), make), id);
});

Deno.test("SemaphoreSet does all operations or none", () => {
  const semaphores = set();
  assert.equal(semaphores.attempt([op(0, 2)], process, 0), 0);
  const blocked = op(1, -1);
  assert.equal(semaphores.attempt([op(0, -1), blocked], process, 0), blocked);
  assert.deepEqual([...semaphores.values], [2, 0]);
  assert.equal(semaphores.attempt([op(0, -1), op(1, -1, ipc.IPC_NOWAIT)], process, 0), -EAGAIN);
});

Deno.test("SemaphoreSet waits for zero", () => {
  const semaphores = set();
  assert.equal(semaphores.attempt([op(0, 0)], process, 0), 0);
  semaphores.attempt([op(0, 1)], process, 0);
  const zero = op(0, 0);
  assert.equal(semaphores.attempt([zero], process, 0), zero);
});

Deno.test("SemaphoreSet refuses values out of range", () => {
  assert.equal(set().attempt([op(0, ipc.SEMVMX), op(0, 1)], process, 0), -ERANGE);
});

Deno.test("SemaphoreSet gives back what SEM_UNDO took", () => {
  const semaphores = set();
  semaphores.attempt([op(0, 3)], process, 0);
  semaphores.attempt([op(0, -2, ipc.SEM_UNDO)], process, 0);
  assert.equal(semaphores.values[0], 1);
  semaphores.undo(process);
  assert.equal(semaphores.values[0], 3);
});

Deno.test("MessageQueue gives messages by type", () => {
  const queue = new MessageQueue(1, 0o600, owner, 0);
  for (const type of [3, 1, 2, 1]) {
    queue.send({ type: BigInt(type), data: Uint8Array.of(type, queue.messages.length) }, 7, 0);
  }
  const receive = (type: number, flags = 0) => {
    const message = queue.receive(BigInt(type), 100, flags, 7, 0);
    return typeof message === "number" ? message : [...message.data];
  };
  assert.deepEqual(receive(1, ipc.MSG_EXCEPT), [3, 0]);
  assert.deepEqual(receive(-2), [1, 1]);
  assert.deepEqual(receive(2), [2, 2]);
  assert.equal(receive(2), -ENOMSG);
  assert.deepEqual(receive(0), [1, 3]);
});

Deno.test("MessageQueue is full by bytes, and keeps what does not fit the receiver", () => {
  const queue = new MessageQueue(1, 0o600, owner, 0);
  assert.equal(queue.send({ type: 1n, data: new Uint8Array(8192) }, 7, 0), 0);
  assert.equal(queue.send({ type: 1n, data: new Uint8Array(8192) }, 7, 0), 0);
  assert.equal(queue.send({ type: 1n, data: new Uint8Array(1) }, 7, 0), -EAGAIN);
  assert.equal(queue.receive(0n, 10, 0, 7, 0), -E2BIG);
  assert.equal(queue.messages.length, 2);
});

Deno.test("SharedSegment lives until its last attachment goes", () => {
  let gone = 0;
  const frames = { createFrame: () => ({ read: () => {}, write: () => {} }) };
  const segment = new SharedSegment(1, 0o600, owner, 5000, 7, frames, () => 0, () => gone++);
  const user = { dropObjectPages: () => {} };
  assert.equal(segment.memory.pages, 2);
  segment.memory.ref(user);
  segment.destroy();
  assert.equal(gone, 0);
  segment.memory.unref(user);
  assert.equal(gone, 1);
});
