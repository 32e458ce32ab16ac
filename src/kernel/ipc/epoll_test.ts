import assert from "node:assert/strict";
import { EPOLLET, EPOLLEXCLUSIVE, EPOLLONESHOT } from "../abi/epoll.ts";
import { EEXIST, EINVAL, ELOOP, ENOENT } from "../abi/errno.ts";
import { type OpenFile, POLLHUP, POLLIN, POLLOUT, POLLRDNORM } from "../fs/file.ts";
import { PipeInode } from "../fs/pseudo_inode.ts";
import { Epoll, isPollable } from "./epoll.ts";
import { FakeCaller, text } from "./fake_caller.ts";
import { createPipe } from "./pipe.ts";

const caller = new FakeCaller();
const pipe = () => createPipe(new PipeInode(0, 0), 0);
const into = new Uint8Array(4096);

function ready(epoll: Epoll, max = 16): [data: number, events: number][] {
  const found: [number, number][] = [];
  epoll.collect(max, caller, (_index, events, low) => found.push([low, events]));
  return found;
}
function watch(epoll: Epoll, fd: number, file: OpenFile, events: number): number {
  return epoll.add(fd, file, events, fd, 0, caller);
}

Deno.test("Epoll reports a level-triggered file as long as it is ready", () => {
  const epoll = new Epoll(0), [r, w] = pipe();
  watch(epoll, 3, r, POLLIN);
  assert.deepEqual(ready(epoll), []);
  w.write(text("x"), caller);
  assert.deepEqual(ready(epoll), [[3, POLLIN]]);
  assert.deepEqual(ready(epoll), [[3, POLLIN]]);
  r.read(into, caller);
  assert.deepEqual(ready(epoll), []);
});

Deno.test("Epoll reports an edge-triggered file once per arrival", () => {
  const epoll = new Epoll(0), [r, w] = pipe();
  watch(epoll, 3, r, POLLIN | EPOLLET);
  w.write(text("x"), caller);
  assert.deepEqual(ready(epoll), [[3, POLLIN]]);
  assert.deepEqual(ready(epoll), []);
  w.write(text("y"), caller);
  assert.deepEqual(ready(epoll), [[3, POLLIN]]);
});

Deno.test("Epoll does not take a read for a reason to report writability again", () => {
  const epoll = new Epoll(0), [r, w] = pipe();
  watch(epoll, 4, w, POLLOUT | EPOLLET);
  assert.deepEqual(ready(epoll), [[4, POLLOUT]]);
  w.write(text("x"), caller);
  r.read(into, caller);
  assert.deepEqual(ready(epoll), []);
});

Deno.test("Epoll disables a one-shot item until it is modified", () => {
  const epoll = new Epoll(0), [r, w] = pipe();
  watch(epoll, 3, r, POLLIN | EPOLLONESHOT);
  w.write(text("x"), caller);
  assert.deepEqual(ready(epoll), [[3, POLLIN]]);
  w.write(text("x"), caller);
  assert.deepEqual(ready(epoll), []);
  epoll.modify(3, r, POLLIN | EPOLLONESHOT, 9, 0, caller);
  assert.deepEqual(ready(epoll), [[9, POLLIN]]);
});

Deno.test("Epoll reports hang-up unasked", () => {
  const epoll = new Epoll(0), [r, w] = pipe();
  watch(epoll, 3, r, 0);
  w.unref();
  assert.deepEqual(ready(epoll), [[3, POLLHUP]]);
});

Deno.test("Epoll hands out at most what was asked and goes round", () => {
  const epoll = new Epoll(0), pipes = [pipe(), pipe(), pipe()];
  pipes.forEach(([r], i) => watch(epoll, i, r, POLLIN));
  for (const [, w] of pipes) w.write(text("x"), caller);
  assert.deepEqual(ready(epoll, 2).map(([fd]) => fd), [0, 1]);
  assert.deepEqual(ready(epoll, 2).map(([fd]) => fd), [2, 0]);
});

Deno.test("Epoll forgets a file whose last descriptor is closed", () => {
  const epoll = new Epoll(0), [r, w] = pipe();
  watch(epoll, 3, r, POLLIN);
  w.write(text("x"), caller);
  r.unref();
  assert.deepEqual(ready(epoll), []);
  assert.equal(epoll.fdInfo().length, 0);
});

Deno.test("Epoll keeps two files under one descriptor number apart", () => {
  const epoll = new Epoll(0), [first] = pipe(), [second] = pipe();
  assert.equal(watch(epoll, 3, first, POLLIN), 0);
  assert.equal(watch(epoll, 3, first, POLLIN), -EEXIST);
  assert.equal(watch(epoll, 3, second, POLLIN), 0);
  assert.equal(epoll.remove(3, second), 0);
  assert.equal(epoll.remove(3, second), -ENOENT);
});

Deno.test("Epoll can be watched by another epoll", () => {
  const outer = new Epoll(0), inner = new Epoll(0), [r, w] = pipe();
  watch(inner, 3, r, POLLIN);
  watch(outer, 5, inner, POLLIN | POLLRDNORM);
  assert.deepEqual(ready(outer), []);
  w.write(text("x"), caller);
  assert.deepEqual(ready(outer), [[5, POLLIN | POLLRDNORM]]);
});

Deno.test("Epoll refuses circles and deep nesting", () => {
  const chain = Array.from({ length: 6 }, () => new Epoll(0));
  for (let i = 1; i < 5; i++) assert.equal(watch(chain[i]!, 1, chain[i - 1]!, POLLIN), 0);
  assert.equal(watch(chain[5]!, 1, chain[4]!, POLLIN), -ELOOP);
  assert.equal(watch(chain[0]!, 1, chain[2]!, POLLIN), -ELOOP);
});

Deno.test("Epoll takes EPOLLEXCLUSIVE only when adding and with few other bits", () => {
  const epoll = new Epoll(0), [r] = pipe();
  assert.equal(watch(epoll, 3, r, POLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), -EINVAL);
  assert.equal(watch(epoll, 3, r, POLLIN | EPOLLEXCLUSIVE), 0);
  assert.equal(epoll.modify(3, r, POLLIN, 0, 0, caller), -EINVAL);
});

Deno.test("isPollable tells files with a poll of their own", () => {
  assert.equal(isPollable(pipe()[0]), true);
});
