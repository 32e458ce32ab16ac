import { equal, ok, rejects } from "node:assert/strict";
import { inLanes, processorTime } from "./lanes.ts";

/** Pieces of work that end when told to, a clock that stands still, and looks when asked for. */
function stage(cores: number) {
  let now = 0, used = 0, look = () => {};
  const ends: ((more: boolean) => void)[] = [];
  const fails: ((error: Error) => void)[] = [];
  const work = () =>
    new Promise<boolean>((resolve, reject) => {
      ends.push(resolve);
      fails.push(reject);
    });
  const every = (_: number, wanted: () => void) => {
    look = wanted;
    return () => void (look = () => {});
  };
  /** Time passes, with a look at its end. @param busy cores that were busy with the pieces meanwhile */
  const pass = (milliseconds: number, busy = 0) => {
    now += milliseconds;
    used += milliseconds * busy;
    look();
  };
  /** The same with all the looks that there are. */
  const passWatched = (milliseconds: number, busy: number) => {
    for (let passed = 0; passed < milliseconds; passed += 25) pass(25, busy);
  };
  /** A piece is done, and there are more. */
  const done = async (piece: number) => {
    ends[piece]!(true);
    await Promise.resolve();
  };
  return { work, options: { cores, every, now: () => now, cpu: () => used }, ends, fails, pass, passWatched, done };
}

Deno.test("inLanes begins as many pieces as there are cores", () => {
  const { work, options, ends } = stage(2);
  void inLanes(4, work, options);
  equal(ends.length, 2);
});

Deno.test("inLanes begins no more than the limit", () => {
  const { work, options, ends, pass } = stage(8);
  void inLanes(3, work, options);
  pass(10_000);
  equal(ends.length, 3);
});

Deno.test("inLanes begins a piece more for each that takes long", () => {
  const { work, options, ends, pass } = stage(2);
  void inLanes(8, work, options);
  pass(100);
  equal(ends.length, 2);
  pass(1000);
  equal(ends.length, 4);
  pass(1000);
  equal(ends.length, 6);
});

Deno.test("inLanes begins no piece more while the cores are busy with those that take long", () => {
  const { work, options, ends, passWatched } = stage(2);
  void inLanes(8, work, options);
  passWatched(1000, 1.6);
  equal(ends.length, 2);
  passWatched(200, 1.4);
  equal(ends.length, 4);
});

Deno.test("inLanes begins another piece for each that keeps its core for ten seconds", () => {
  const { work, options, ends, passWatched } = stage(2);
  void inLanes(8, work, options);
  passWatched(9750, 2);
  equal(ends.length, 2);
  passWatched(500, 2);
  equal(ends.length, 4);
  // Not another for each of these as well.
  passWatched(20000, 2);
  equal(ends.length, 4);
});

Deno.test("inLanes goes on beside pieces that keep their cores for ten seconds", async () => {
  const { work, options, ends, passWatched, done } = stage(1);
  void inLanes(8, work, options);
  passWatched(11250, 1);
  equal(ends.length, 2);
  await done(1);
  equal(ends.length, 3);
});

Deno.test("inLanes begins no piece more beside quick ones however long the run", async () => {
  const { work, options, ends, passWatched, done } = stage(1);
  void inLanes(8, work, options);
  for (let piece = 0; piece < 30; piece++) {
    passWatched(1000, 1);
    equal(ends.length, piece + 1);
    await done(piece);
  }
});

Deno.test("processorTime counts milliseconds", () => {
  const before = processorTime(), started = performance.now();
  while (processorTime() - before < 50 && performance.now() - started < 30_000);
  const used = processorTime() - before, most = (navigator.hardwareConcurrency + 1) * (performance.now() - started);
  ok(used >= 50 && used < most + 20, `${used} of at most ${most}`);
});

Deno.test("inLanes gives up a lane that there was room for when the cores are busy again", async () => {
  const { work, options, ends, pass, done } = stage(1);
  void inLanes(4, work, options);
  pass(1000);
  equal(ends.length, 2);
  pass(1000, 1);
  await done(0);
  equal(ends.length, 2);
  await done(1);
  equal(ends.length, 3);
});

Deno.test("inLanes is patient with a lane that has just begun", async () => {
  const { work, options, ends, pass, done } = stage(1);
  void inLanes(2, work, options);
  for (let piece = 0; piece < 50; piece++) {
    pass(100);
    equal(ends.length, piece + 1);
    await done(piece);
  }
  pass(110);
  equal(ends.length, 52);
});

Deno.test("inLanes goes on in a lane whose piece is done, and ends when there is none", async () => {
  const { work, options, ends, done } = stage(1);
  const ended = inLanes(4, work, options);
  await done(0);
  equal(ends.length, 2);
  ends[1]!(false);
  await ended;
  equal(ends.length, 2);
});

Deno.test("inLanes has no more quick pieces under way than cores, when those that took long are done", async () => {
  const { work, options, ends, pass, done } = stage(1);
  void inLanes(4, work, options);
  pass(1000);
  equal(ends.length, 2);
  await done(0);
  equal(ends.length, 2);
  await done(1);
  equal(ends.length, 3);
});

Deno.test("inLanes throws what a piece throws", async () => {
  const { work, options, fails } = stage(2);
  const ended = inLanes(2, work, options);
  fails[1]!(new Error("this one"));
  await rejects(ended, /this one/);
});

Deno.test("inLanes of nothing is done", async () => {
  await inLanes(0, () => Promise.reject(new Error("no work")));
});
