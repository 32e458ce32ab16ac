import assert from "node:assert/strict";
import { EAGAIN } from "../abi/errno.ts";
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "../abi/time.ts";
import { POLLIN } from "../fs/file.ts";
import { TimerHeap } from "../time/timer_heap.ts";
import { FakeCaller } from "./fake_caller.ts";
import { TimerFd } from "./timerfd.ts";

class Source {
  now = 1000;
  readonly timers = new TimerHeap();
  readonly clock = { monotonic: () => this.now, realtimeOffset: 5_000_000n };
  advance(ns: number): void {
    this.now += ns;
    this.timers.fire(this.now);
  }
}
const caller = new FakeCaller();
const read = (file: TimerFd) => {
  const into = new Uint8Array(8), result = file.read(into, caller);
  return result < 0 ? result : new BigUint64Array(into.buffer)[0]!;
};

Deno.test("TimerFd expires once and then is disarmed", () => {
  const source = new Source(), file = new TimerFd(source, CLOCK_MONOTONIC, 0);
  file.set(100, 0, false);
  assert.equal(read(file), -EAGAIN);
  source.advance(100);
  assert.equal(file.poll(), POLLIN);
  assert.equal(read(file), 1n);
  assert.deepEqual(file.get(), { value: 0, interval: 0 });
});

Deno.test("TimerFd counts intervals that passed unread, also when the kernel was late", () => {
  const source = new Source(), file = new TimerFd(source, CLOCK_MONOTONIC, 0);
  file.set(10, 10, false);
  source.advance(35);
  assert.equal(read(file), 3n);
  assert.deepEqual(file.get(), { value: 5, interval: 10 });
});

Deno.test("TimerFd takes absolute times on its own clock", () => {
  const source = new Source(), file = new TimerFd(source, CLOCK_REALTIME, 0);
  file.set(5_001_500, 0, true);
  assert.equal(file.get().value, 500);
});

Deno.test("TimerFd fires at once for an absolute time that has passed", () => {
  const source = new Source(), file = new TimerFd(source, CLOCK_MONOTONIC, 0);
  file.set(5, 0, true);
  source.advance(0);
  assert.equal(read(file), 1n);
});

Deno.test("TimerFd.set returns what was left and forgets expirations", () => {
  const source = new Source(), file = new TimerFd(source, CLOCK_MONOTONIC, 0);
  file.set(10, 7, false);
  source.advance(12);
  assert.deepEqual(file.set(0, 0, false), { value: 5, interval: 7 });
  assert.equal(read(file), -EAGAIN);
});

Deno.test("TimerFd leaves nothing in the heap when closed", () => {
  const source = new Source(), file = new TimerFd(source, CLOCK_MONOTONIC, 0);
  file.set(10, 10, false);
  file.unref();
  assert.equal(source.timers.size, 0);
});
