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
  const made = queue(), told: number[] = [], process = {};
  const notification = { process, notify: ({ pid }: { pid: number }) => void told.push(pid) };
  assert.equal(made.register(notification, process), 0);
  assert.equal(made.register(notification, process), -EBUSY);
  send(made, "1");
  send(made, "2");
  assert.deepEqual(told, [1]);
  assert.equal(made.register(notification, process), 0);
});

Deno.test("Mqueue does not announce what somebody waits for", () => {
  const made = queue(), told: number[] = [], process = {};
  made.register({ process, notify: ({ pid }) => void told.push(pid) }, process);
  made.receivers = 1;
  send(made, "1");
  assert.deepEqual(told, []);
});
