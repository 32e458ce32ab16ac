/**
 * Priority-inheritance futexes (futex(2), "Priority-inheritance futexes"). The word holds the owner's tid, so the
 * kernel hands a contended lock to the next waiter itself. All threads have one priority here: nothing is inherited.
 */
import { EAGAIN, EDEADLK, EINVAL, EPERM, ERESTARTNOINTR, ESRCH, ETIMEDOUT } from "../abi/errno.ts";
import { FUTEX_BITSET_MATCH_ANY, FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS } from "../abi/futex.ts";
import type { Blocking } from "../wait.ts";
import { type FutexBucket, FutexWaiter } from "./futex_table.ts";
import type { Task } from "./task.ts";

/** Takes the lock if it is free; 0, or the errno that says why not, or undefined if one has to wait. */
function acquire(task: Task, address: number, bucket: FutexBucket): number | undefined {
  const { mm } = task, word = mm.readU32(address), owner = word & FUTEX_TID_MASK;
  if (owner === task.tid) return -EDEADLK;
  if (owner === 0) {
    // Waiters that are queued stay so, and the mark of a dead owner is the new owner's to clear.
    const waiters = bucket.waiters.size > 0 ? FUTEX_WAITERS : 0;
    mm.writeU32(address, (word & FUTEX_OWNER_DIED | waiters | task.tid) >>> 0);
    return 0;
  }
  const holder = task.kernel.tasks.get(owner);
  if (!holder || holder.state === "dead") return -ESRCH;
  setOwner(bucket, holder);
  mm.writeU32(address, (word | FUTEX_WAITERS) >>> 0);
  return undefined;
}

/** Notes who holds a contended lock: at the holder's death it is handed over. */
function setOwner(bucket: FutexBucket, owner: Task | undefined): void {
  bucket.owner?.piLocks.delete(bucket);
  bucket.owner = owner;
  owner?.piLocks.add(bucket);
}

/** A thread dies with locks others wait for, whether on its robust list or not (kernel/futex/pi.c: exit_pi_state_list). */
export function exitPiOwner(task: Task): void {
  for (const bucket of task.piLocks) {
    const next = bucket.waiters.values().next().value;
    if (next) handOver(next.task, next.piAddress, bucket, FUTEX_OWNER_DIED);
  }
  task.piLocks.clear();
}

export function tryLockPi(task: Task, address: number, shared: boolean): number {
  const bucket = task.kernel.futexes.bucket(task.mm, address, shared);
  const word = task.mm.readU32(address), owner = word & FUTEX_TID_MASK;
  if (owner !== 0 && owner !== task.tid && task.kernel.tasks.has(owner)) return -EAGAIN;
  return acquire(task, address, bucket) ?? -EAGAIN;
}

export function lockPi(task: Task, address: number, shared: boolean, deadline: number): number | Blocking {
  const bucket = task.kernel.futexes.bucket(task.mm, address, shared);
  const result = acquire(task, address, bucket);
  if (result !== undefined) return result;
  const waiter = new FutexWaiter(task, FUTEX_BITSET_MATCH_ANY);
  waiter.piAddress = address;
  bucket.add(waiter);
  return waitOwnership(waiter, deadline);
}

/**
 * Waits until a lock is handed over. A signal has the call made again, but not by one that was moved to the lock meanwhile
 * (kernel/futex/requeue.c: handle_early_requeue_pi_wakeup, futex_wait_requeue_pi).
 */
function* waitOwnership(waiter: FutexWaiter, deadline: number): Blocking {
  try {
    for (;;) {
      const reason = yield { queues: waiter.queues, deadline };
      if (waiter.woken) return 0;
      if (reason === "timeout") return -ETIMEDOUT;
      if (reason === "signal") return waiter.requeueTo !== 0 && waiter.piAddress !== 0 ? -EAGAIN : -ERESTARTNOINTR;
    }
  } finally {
    waiter.leave();
  }
}

/** Gives the lock to the first waiter, or frees it. @param word bits the new word keeps */
function handOver(task: Task, address: number, bucket: FutexBucket | undefined, keep: number): void {
  const next = bucket?.waiters.values().next().value;
  if (bucket) setOwner(bucket, undefined);
  if (!bucket || !next) {
    task.mm.writeU32(address, keep >>> 0);
    return;
  }
  bucket.remove(next);
  const waiters = bucket.waiters.size > 0 ? FUTEX_WAITERS : 0;
  setOwner(bucket, next.task);
  task.mm.writeU32(address, (keep | waiters | next.task.tid) >>> 0);
  next.woken = true;
  next.queue.wake();
}

export function unlockPi(task: Task, address: number, shared: boolean): number {
  const word = task.mm.readU32(address);
  if ((word & FUTEX_TID_MASK) !== task.tid) return -EPERM;
  handOver(task, address, task.kernel.futexes.find(task.mm, address, shared), 0);
  return 0;
}

/** The owner died: its contended locks go to the next waiter, marked (kernel/futex/pi.c: exit_pi_state_list). */
export function ownerDiedPi(task: Task, address: number): void {
  const { futexes } = task.kernel;
  const shared = futexes.find(task.mm, address, true);
  handOver(task, address, shared ?? futexes.find(task.mm, address, false), FUTEX_OWNER_DIED);
}

/** FUTEX_WAIT_REQUEUE_PI: waits on a plain futex; a requeue moves the waiter to a PI futex, and it returns as its owner. */
export function waitRequeuePi(
  task: Task,
  address: number,
  piAddress: number,
  shared: boolean,
  value: number,
  deadline: number,
): number | Blocking {
  if (address === piAddress) return -EINVAL;
  const bucket = task.kernel.futexes.bucket(task.mm, address, shared);
  if (task.mm.readI32(address) !== value) return -EAGAIN;
  const waiter = new FutexWaiter(task, FUTEX_BITSET_MATCH_ANY);
  waiter.requeueTo = piAddress;
  bucket.add(waiter);
  return waitOwnership(waiter, deadline);
}

/** FUTEX_CMP_REQUEUE_PI: the first waiter gets the lock if it is free, the others queue for it. */
export function requeuePi(
  task: Task,
  address: number,
  piAddress: number,
  shared: boolean,
  moves: number,
  expected: number,
): number {
  const { mm, kernel } = task;
  if (moves < 0 || address === piAddress) return -EINVAL;
  const source = kernel.futexes.find(mm, address, shared);
  const target = kernel.futexes.bucket(mm, piAddress, shared);
  if (mm.readI32(address) !== expected) return -EAGAIN;
  if (!source) return 0;
  let handled = 0;
  for (const waiter of source.waiters) {
    if (handled > moves) break;
    if (waiter.requeueTo !== piAddress) return -EINVAL;
    const result = acquire(waiter.task, piAddress, target);
    if (result !== undefined && result < 0) return handled > 0 ? handled : result;
    source.remove(waiter);
    handled++;
    if (result === 0) {
      waiter.woken = true;
      waiter.queue.wake();
    } else {
      waiter.piAddress = piAddress;
      target.add(waiter);
    }
  }
  return handled;
}
