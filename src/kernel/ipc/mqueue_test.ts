import assert from "node:assert/strict";
import { EAGAIN, EBUSY, EMSGSIZE } from "../abi/errno.ts";
import { O_RDWR } from "../abi/fcntl.ts";
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../fs/file.ts";
import { text } from "./fake_caller.ts";
import { Mqueue, MqueueFile } from "./mqueue.ts";

const sender = { pid: 1, uid: 2 };
const queue = () => new Mqueue("q", 2, 16, 0o600, { uid: 0, gid: 0 });
const send = (to: Mqueue, data: string, priority = 0) => to.send({ priority, data: text(data) }, sender);
const receive = (from: Mqueue) => {
  const message = from.receive(16);
  return typeof message === "number" ? message : new TextDecoder().decode(message.data);
};

Deno.test("Mqueue gives the highest priority first, then the oldest", () => {
  const made = new Mqueue("q", 4, 16, 0o600, { uid: 0, gid: 0 });
  send(made, "a", 1);
  send(made, "b", 5);
  send(made, "c", 1);
  assert.deepEqual([receive(made), receive(made), receive(made), receive(made)], ["b", "a", "c", -EAGAIN]);
});

Deno.test("Mqueue has room for so many messages of such a size", () => {
  const made = queue(), file = new MqueueFile(O_RDWR, made);
  assert.equal(send(made, "x".repeat(17)), -EMSGSIZE);
  assert.equal(file.poll(), POLLOUT | POLLWRNORM);
  send(made, "1");
  send(made, "2");
  assert.equal(send(made, "3"), -EAGAIN);
  assert.equal(file.poll(), POLLIN | POLLRDNORM);
  assert.equal(made.receive(15), -EMSGSIZE);
});

Deno.test("Mqueue announces a message to an empty queue once", () => {
  const made = queue(), told: number[] = [], owner = {};
  const notification = {
    owner,
    table: owner,
    kind: 0,
    signal: 10,
    pid: 7,
    notify: ({ pid }: { pid: number }) => void told.push(pid),
  };
  assert.equal(made.register(notification, owner), 0);
  assert.equal(made.register(notification, owner), -EBUSY);
  send(made, "1");
  send(made, "2");
  assert.deepEqual(told, [1]);
  assert.equal(made.register(notification, owner), 0);
});

Deno.test("Mqueue does not announce what somebody waits for", () => {
  const made = queue(), told: number[] = [], owner = {};
  made.register({ owner, table: owner, kind: 0, signal: 10, pid: 7, notify: ({ pid }) => void told.push(pid) }, owner);
  made.receivers = 1;
  send(made, "1");
  assert.deepEqual(told, []);
});

Deno.test("Mqueue forgets whom to tell when that closes a descriptor; the file says who it is", () => {
  const made = queue(), file = new MqueueFile(O_RDWR, made), told: number[] = [], owner = {}, other = {};
  const read = () => {
    const into = new Uint8Array(100);
    return new TextDecoder().decode(into.subarray(0, file.pread(into, 0, undefined as never)));
  };
  const nobody = "QSIZE:0          NOTIFY:0     SIGNO:0     NOTIFY_PID:0     \n";
  assert.equal(read(), nobody);
  made.register({ owner, table: owner, kind: 0, signal: 10, pid: 7, notify: ({ pid }) => void told.push(pid) }, owner);
  assert.equal(read(), "QSIZE:0          NOTIFY:0     SIGNO:10    NOTIFY_PID:7     \n");
  file.flush(other);
  assert.equal(made.notification?.pid, 7);
  file.flush(owner);
  assert.equal(made.notification, undefined);
  assert.equal(read(), nobody);
  send(made, "1");
  assert.deepEqual(told, []);
});
