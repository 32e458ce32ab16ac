import assert from "node:assert/strict";
import { SIGHUP, SIGRTMIN, SIGSEGV, SIGTERM, SIGUSR1 } from "../abi/signal.ts";
import { PendingSignals } from "./pending_signals.ts";

const info = (signo: number, pid = 0) => ({ signo, code: 0, pid, uid: 0 });
const ALL = ~0n;
const takeAll = (pending: PendingSignals) => {
  const taken = [];
  for (let next = pending.take(ALL); next; next = pending.take(ALL)) taken.push(next);
  return taken;
};

Deno.test("PendingSignals.take gives synchronous signals first, then the lowest number", () => {
  const pending = new PendingSignals();
  for (const signal of [SIGTERM, SIGHUP, SIGSEGV]) pending.add(info(signal));
  assert.deepEqual(takeAll(pending).map(({ signo }) => signo), [SIGSEGV, SIGHUP, SIGTERM]);
});

Deno.test("PendingSignals.add drops a standard signal that is pending already", () => {
  const pending = new PendingSignals();
  assert.equal(pending.add(info(SIGUSR1, 1)), true);
  assert.equal(pending.add(info(SIGUSR1, 2)), false);
  assert.deepEqual(takeAll(pending).map(({ pid }) => pid), [1]);
});

Deno.test("PendingSignals queues real-time signals in the order of arrival", () => {
  const pending = new PendingSignals();
  for (const pid of [1, 2, 3]) pending.add(info(SIGRTMIN + 1, pid));
  assert.deepEqual(takeAll(pending).map(({ pid }) => pid), [1, 2, 3]);
  assert.equal(pending.set, 0n);
});

Deno.test("PendingSignals.take leaves what is not allowed", () => {
  const pending = new PendingSignals();
  pending.add(info(SIGUSR1));
  assert.equal(pending.take(~(1n << BigInt(SIGUSR1 - 1))), undefined);
  assert.ok(pending.has(SIGUSR1));
});

Deno.test("PendingSignals.addBare keeps a signal without its siginfo", () => {
  const pending = new PendingSignals();
  pending.addBare(SIGRTMIN + 2);
  assert.deepEqual(pending.take(ALL), { signo: SIGRTMIN + 2, code: 0, pid: 0, uid: 0 });
});
