/**
 * fcntl(2) record locks and flock(2) as calls: argument checks, conversion of ranges, and waiting.
 */
import { EAGAIN, EBADF, EDEADLK, EINVAL, EOVERFLOW, ERESTARTSYS } from "../abi/errno.ts";
import {
  F_RDLCK,
  F_UNLCK,
  F_WRLCK,
  type Flock,
  LOCK_EX,
  LOCK_NB,
  LOCK_SH,
  LOCK_UN,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
} from "../abi/fcntl.ts";
import type { Blocking } from "../wait.ts";
import type { OpenFile } from "./file.ts";
import { type LockOwner, LockTable, startWaiting, stopWaiting, wouldDeadlock } from "./lock_table.ts";

/** A byte range [start, end); end is Infinity for "to the end of the file, however it grows". */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** The bytes a struct flock means; a length below zero counts backwards. */
function rangeOf(file: OpenFile, flock: Flock): Range | number {
  let start = flock.start;
  if (flock.whence === SEEK_CUR) start += file.position;
  else if (flock.whence === SEEK_END) start += file.inode.stat().size;
  else if (flock.whence !== SEEK_SET) return -EINVAL;
  if (start < 0) return -EINVAL;
  if (flock.length === 0) return { start, end: Infinity };
  if (flock.length > 0) {
    // The last byte's offset has to fit off_t.
    return start + flock.length - 1 > 2 ** 63 - 1025 ? -EOVERFLOW : { start, end: start + flock.length };
  }
  return start + flock.length < 0 ? -EINVAL : { start: start + flock.length, end: start };
}

function locksOf(file: OpenFile): LockTable {
  return file.inode.locks ??= new LockTable();
}

/** F_GETLK: changes `flock` to the first lock in the way, or to F_UNLCK. */
export function getLock(file: OpenFile, owner: LockOwner, flock: Flock): number {
  if (flock.type !== F_RDLCK && flock.type !== F_WRLCK) return -EINVAL;
  const range = rangeOf(file, flock);
  if (typeof range === "number") return range;
  const lock = file.inode.locks?.conflict(owner, flock.type, range.start, range.end);
  if (!lock) {
    flock.type = F_UNLCK;
    return 0;
  }
  flock.type = lock.type;
  flock.whence = SEEK_SET;
  flock.start = lock.start;
  flock.length = lock.end === Infinity ? 0 : lock.end - lock.start;
  flock.pid = lock.pid;
  return 0;
}

/**
 * F_SETLK and F_SETLKW.
 *
 * @param owner the descriptor table, or the description itself for OFD locks
 * @param pid what others see as l_pid
 * @param wait F_SETLKW
 * @param stillOpen whether the descriptor still names this file: a lock that came after its close would stay for ever
 */
export function setLock(
  file: OpenFile,
  owner: LockOwner,
  pid: number,
  flock: Flock,
  wait: boolean,
  stillOpen: () => boolean,
): number | Blocking {
  const { type } = flock;
  if (type !== F_RDLCK && type !== F_WRLCK && type !== F_UNLCK) return -EINVAL;
  const range = rangeOf(file, flock);
  if (typeof range === "number") return range;
  if (type === F_RDLCK && !file.readable) return -EBADF;
  if (type === F_WRLCK && !file.writable) return -EBADF;
  const locks = locksOf(file);
  if (type === F_UNLCK || !locks.conflict(owner, type, range.start, range.end)) {
    locks.setRecord(owner, pid, type, range.start, range.end);
    return 0;
  }
  return wait ? setLockLater(file, locks, owner, pid, type, range, stillOpen) : -EAGAIN;
}

function* setLockLater(
  file: OpenFile,
  locks: LockTable,
  owner: LockOwner,
  pid: number,
  type: number,
  range: Range,
  stillOpen: () => boolean,
): Blocking {
  file.references++;
  // Deadlocks are looked for among POSIX locks only (fcntl(2)).
  const isPosix = owner !== file;
  try {
    for (;;) {
      const blocker = locks.conflict(owner, type, range.start, range.end);
      if (!blocker) break;
      if (isPosix) {
        if (wouldDeadlock(owner, blocker.owner)) return -EDEADLK;
        startWaiting(owner, blocker.owner);
      }
      if ((yield { queues: [locks.wait] }) === "signal") return -ERESTARTSYS;
    }
    if (!stillOpen()) return -EBADF;
    locks.setRecord(owner, pid, type, range.start, range.end);
    return 0;
  } finally {
    stopWaiting(owner);
    file.unref();
  }
}

/** flock(2). */
export function flockFile(file: OpenFile, operation: number): number | Blocking {
  const kind = operation & ~LOCK_NB;
  if (kind !== LOCK_SH && kind !== LOCK_EX && kind !== LOCK_UN) return -EINVAL;
  if (kind === LOCK_UN) {
    file.inode.locks?.unflock(file);
    return 0;
  }
  const locks = locksOf(file);
  if (locks.flock(file, kind === LOCK_EX)) return 0;
  return (operation & LOCK_NB) !== 0 ? -EAGAIN : flockLater(file, locks, kind === LOCK_EX);
}

function* flockLater(file: OpenFile, locks: LockTable, exclusive: boolean): Blocking {
  file.references++;
  try {
    for (;;) {
      if ((yield { queues: [locks.wait] }) === "signal") return -ERESTARTSYS;
      if (locks.flock(file, exclusive)) return 0;
    }
  } finally {
    file.unref();
  }
}
