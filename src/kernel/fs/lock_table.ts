/**
 * Locks on one inode: flock(2), POSIX record locks and open file description locks (fcntl(2)).
 *
 * Locks never wait here. A caller that must wait does so on {@link LockTable.wait}, after {@link wouldDeadlock}
 * said that it may.
 */
import { F_UNLCK, F_WRLCK } from "../abi/fcntl.ts";
import { WaitQueue } from "../wait.ts";
import type { OpenFile } from "./file.ts";

/** Who holds a record lock: a descriptor table (POSIX) or an open file description (OFD). */
export type LockOwner = object;

/** A record lock on bytes [start, end). */
export interface RecordLock {
  type: number;
  start: number;
  end: number;
  readonly owner: LockOwner;
  /** What F_GETLK reports: the process, -1 for an OFD lock. */
  readonly pid: number;
}

/** Blocked owners and whom they wait for, across all inodes: the edges of the wait-for graph. */
const waitsFor = new Map<LockOwner, LockOwner>();

/** Whether `owner` waiting for `blocker` would close a circle of POSIX lock waits (EDEADLK). */
export function wouldDeadlock(owner: LockOwner, blocker: LockOwner): boolean {
  let next: LockOwner | undefined = blocker;
  // A circle not through `owner` cannot exist, so this ends.
  while (next !== undefined) {
    if (next === owner) return true;
    next = waitsFor.get(next);
  }
  return false;
}

/** Notes that an owner waits, until {@link stopWaiting}. */
export function startWaiting(owner: LockOwner, blocker: LockOwner): void {
  waitsFor.set(owner, blocker);
}

export function stopWaiting(owner: LockOwner): void {
  waitsFor.delete(owner);
}

export class LockTable {
  /** Woken when a lock goes. */
  readonly wait: WaitQueue = new WaitQueue();
  /** Holders of flock locks: true is exclusive. */
  readonly #flocks = new Map<OpenFile, boolean>();
  /** Of each owner ordered by start and disjoint. */
  #records: RecordLock[] = [];

  get records(): readonly RecordLock[] {
    return this.#records;
  }
  get flocks(): ReadonlyMap<OpenFile, boolean> {
    return this.#flocks;
  }

  /** Takes or converts a flock lock; false when another holder is in the way. */
  flock(file: OpenFile, exclusive: boolean): boolean {
    for (const [holder, isExclusive] of this.#flocks) {
      if (holder !== file && (exclusive || isExclusive)) {
        // A conversion drops the old lock first; flock(2) says that it is not atomic.
        this.unflock(file);
        return false;
      }
    }
    const before = this.#flocks.get(file);
    this.#flocks.set(file, exclusive);
    if (before === true && !exclusive) this.wait.wake();
    return true;
  }

  unflock(file: OpenFile): void {
    if (this.#flocks.delete(file)) this.wait.wake();
  }

  /** The first lock of somebody else that is in the way of this one. */
  conflict(owner: LockOwner, type: number, start: number, end: number): RecordLock | undefined {
    return this.#records.find((lock) =>
      lock.owner !== owner && lock.start < end && start < lock.end && (type === F_WRLCK || lock.type === F_WRLCK)
    );
  }

  /** Sets (F_RDLCK, F_WRLCK) or clears (F_UNLCK) a range of an owner; conflicts were checked. */
  setRecord(owner: LockOwner, pid: number, type: number, start: number, end: number): void {
    const kept: RecordLock[] = [];
    const added: RecordLock = { type, start, end, owner, pid };
    for (const lock of this.#records) {
      const touches = lock.owner === owner && lock.start <= end && start <= lock.end;
      if (!touches) {
        kept.push(lock);
        continue;
      }
      if (lock.type === type) { // Neighbours of the same type melt together.
        added.start = Math.min(added.start, lock.start);
        added.end = Math.max(added.end, lock.end);
        continue;
      }
      if (lock.start < start) kept.push({ ...lock, end: Math.min(lock.end, start) });
      if (lock.end > end) kept.push({ ...lock, start: Math.max(lock.start, end) });
    }
    if (type !== F_UNLCK) kept.push(added);
    kept.sort((a, b) => a.start - b.start);
    this.#records = kept;
    // Unlocking and downgrading may let others in.
    if (type !== F_WRLCK) this.wait.wake();
  }

  /** Drops all record locks of an owner. */
  releaseOwner(owner: LockOwner): void {
    const before = this.#records.length;
    if (before === 0) return;
    this.#records = this.#records.filter((lock) => lock.owner !== owner);
    if (this.#records.length !== before) this.wait.wake();
  }

  /** An open file description is gone, with its flock and OFD locks. */
  releaseFile(file: OpenFile): void {
    this.unflock(file);
    this.releaseOwner(file);
  }
}
