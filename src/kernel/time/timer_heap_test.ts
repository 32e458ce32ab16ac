import assert from "node:assert/strict";
import { TimerHeap } from "./timer_heap.ts";

Deno.test("TimerHeap fires what is due in the order of deadlines", () => {
  const heap = new TimerHeap(), fired: number[] = [];
  for (const deadline of [50, 10, 40, 20, 30, 60]) heap.add(deadline, () => fired.push(deadline));
  assert.equal(heap.fire(45), 4);
  assert.deepEqual(fired, [10, 20, 30, 40]);
  assert.equal(heap.next, 50);
});

Deno.test("TimerHeap fires equal deadlines in the order they were added", () => {
  const heap = new TimerHeap(), fired: string[] = [];
  for (const name of ["a", "b", "c", "d"]) heap.add(5, () => fired.push(name));
  heap.fire(5);
  assert.deepEqual(fired, ["a", "b", "c", "d"]);
});

Deno.test("TimerHeap.cancel takes a timer out of the middle", () => {
  const heap = new TimerHeap(), fired: number[] = [];
  const timers = [9, 3, 7, 1, 5].map((deadline) => heap.add(deadline, () => fired.push(deadline)));
  heap.cancel(timers[2]);
  heap.cancel(timers[2]);
  heap.fire(10);
  assert.deepEqual(fired, [1, 3, 5, 9]);
  assert.equal(timers[0]!.armed, false);
});

Deno.test("TimerHeap.fire leaves timers added by what it fires for the next call", () => {
  const heap = new TimerHeap();
  let count = 0;
  const again = () => {
    count++;
    heap.add(0, again);
  };
  heap.add(0, again);
  assert.equal(heap.fire(100), 1);
  assert.equal(count, 1);
});
