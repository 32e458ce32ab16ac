import assert from "node:assert/strict";
import { type Waiter, WaitQueue } from "./wait.ts";

/** Waiters that note their names when they are woken. */
function waiters(names: string): { list: Waiter[]; woken: string[] } {
  const woken: string[] = [];
  return { woken, list: [...names].map((name) => ({ wake: () => void woken.push(name) })) };
}

Deno.test("WaitQueue wakes in the order of arrival, as many as are wanted", () => {
  const queue = new WaitQueue(), { list, woken } = waiters("abcd");
  for (const waiter of list) queue.add(waiter);
  assert.equal(queue.size, 4);
  assert.equal(queue.wake(0), 0);
  assert.equal(queue.wake(1), 1);
  assert.equal(queue.wake(2), 2);
  assert.equal(woken.join(""), "abc");
  assert.equal(queue.wake(), 1);
  assert.equal(queue.wake(), 0);
  assert.equal(woken.join(""), "abcd");
});

Deno.test("WaitQueue puts who comes again behind those who stayed", () => {
  const queue = new WaitQueue(), { list: [a, b, c], woken } = waiters("abc");
  for (const waiter of [a!, b!, a!]) queue.add(waiter);
  assert.equal(queue.size, 2);
  queue.delete(a!);
  queue.add(c!);
  queue.add(a!);
  queue.delete(c!);
  queue.delete(c!);
  assert.equal(queue.size, 2);
  queue.wake();
  assert.equal(woken.join(""), "ba");
  assert.equal(queue.size, 0);
});

Deno.test("WaitQueue wakes nobody twice who waits again at once, when they were alone", () => {
  const queue = new WaitQueue();
  let times = 0;
  const waiter: Waiter = {
    wake() {
      times++;
      queue.add(waiter);
    },
  };
  queue.add(waiter);
  assert.equal(queue.wake(), 1);
  assert.equal(times, 1);
  assert.equal(queue.size, 1);
});
