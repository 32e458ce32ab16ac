import assert from "node:assert/strict";
import type { TimerHeap } from "../time/timer_heap.ts";
import { Scheduler } from "./scheduler.ts";
import type { Task } from "./task.ts";

const scheduler = () => new Scheduler({} as TimerHeap, () => {});
const tasks = (count: number) => Array.from({ length: count }, () => ({ heldBy: 0 }) as unknown as Task);

Deno.test("Scheduler: threads have their turns in the order in which they became runnable, however many", () => {
  const queue = scheduler(), all = tasks(300);
  for (const task of all) queue.enqueue(task);
  // Each goes back to the end: the queue is never empty, and its head moves on.
  for (let turn = 0; turn < 2000; turn++) {
    const task = queue.next();
    assert.equal(task, all[turn % 300]);
    queue.enqueue(task!);
    assert.equal(queue.runnable, 300);
  }
});

Deno.test("Scheduler: a held thread has no turn, and one that is released is last", () => {
  const queue = scheduler(), [a, b, c, d] = tasks(4);
  for (const task of [a!, b!, c!, d!]) queue.enqueue(task);
  assert.equal(queue.next(), a);
  queue.hold(c!, 1);
  assert.equal(queue.runnable, 2);
  assert.deepEqual(queue.waiting(9, () => true), [b, d]);
  queue.hold(c!, 2);
  queue.release(c!, 1);
  assert.equal(queue.runnable, 2);
  queue.release(c!, 2);
  assert.deepEqual([queue.next(), queue.next(), queue.next(), queue.next()], [b, d, c, undefined]);
  queue.enqueue(a!);
  assert.equal(queue.next(), a);
  assert.equal(queue.runnable, 0);
});
