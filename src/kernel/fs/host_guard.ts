/**
 * Keeps what a path names inside of its bind while the host walks it.
 *
 * Deno has no openat(2): a path is walked anew by every call, and who puts a link in the place of one of its folders
 * leads the call out of the bind. So the folders are looked at right before each call; or after it, for what only opens
 * a file and can let go of it unused. That alone leaves a gap, in which another guest could do it: so a link gets or
 * loses a name only while no guest is between its look and its call. flock(2) on the root of the bind is how guests,
 * which have nothing else in common, agree on that: shared for calls, exclusive for those that move links.
 *
 * Not kept out: programs of the host itself, and guests whose binds lie inside one another's, where they hit the gap
 * of some microseconds. A look at attributes alone (stat) is not guarded: it may tell those of a file outside.
 */
import { lookAt } from "../../host_look.ts";
import { EBUSY, ESTALE } from "../abi/errno.ts";
import { hostErrno } from "./host_error.ts";
import { type HostInfo, hostInfo } from "./host_node.ts";

/** A bound folder or file, wherever it is by now. */
export interface GuardedRoot {
  readonly path: string;
  readonly info: HostInfo;
}

/** Whether both are the same file; hosts without inode numbers cannot tell. */
export function isSameFile(a: HostInfo, b: HostInfo): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/** Whether this file, not followed if it is a link, is at the path. */
export function isAt(path: string, info: HostInfo): boolean {
  try {
    return isSameFile(hostInfo(lookAt(path)), info);
  } catch {
    return false;
  }
}

/** Whether there is a symbolic link at the path. */
export function isLink(path: string): boolean {
  try {
    return lookAt(path).isSymlink;
  } catch {
    return false;
  }
}

/** Whether there is a folder at the path, and no link on the way. */
function isRealFolder(path: string): boolean {
  try {
    return Deno.realPathSync(path + "/") === path;
  } catch {
    return false;
  }
}

/** Whether `path` lies below `root`. */
function isBelow(path: string, root: string): boolean {
  return path.startsWith(root.endsWith("/") ? root : root + "/");
}

export class HostGuard {
  readonly #roots: GuardedRoot[] = [];

  /** Guards what lies below. */
  add(root: GuardedRoot): void {
    if (!this.#roots.includes(root)) this.#roots.push(root);
  }

  /**
   * Makes a host call while all folders that the paths lead through are folders of the bind; a path that ends in a
   * slash means the folder itself too.
   *
   * @param call what it throws becomes an errno
   * @param movesLink a symbolic link gets or loses a name
   * @returns what the call says, or `-ESTALE` without a call where the paths lead elsewhere by now
   */
  run(paths: readonly string[], call: () => number, movesLink = false): number {
    return this.#locked(paths, () => paths.every((path) => this.leadsInside(path)) ? call() : -ESTALE, movesLink);
  }

  /**
   * Makes a host call that has no effect of its own, and only then looks at the folders.
   *
   * @returns what the call says, or `-ESTALE` where it may have gone elsewhere: nothing that it gave is to be used
   */
  runFirst(path: string, call: () => number): number {
    return this.#locked([path], () => call() || (this.leadsInside(path) ? 0 : -ESTALE), false);
  }

  #locked(paths: readonly string[], call: () => number, movesLink: boolean): number {
    const locks: RootLock[] = [];
    try {
      for (const root of this.#roots) {
        if (!paths.some((path) => isBelow(path, root.path))) continue;
        const lock = RootLock.of(root);
        if (!lock) continue;
        if (lock.take(movesLink)) locks.push(lock);
        else if (movesLink) return -EBUSY;
      }
      return call();
    } catch (error) {
      return hostErrno(error);
    } finally {
      for (const lock of locks) lock.release();
    }
  }

  /** Whether the folders that lead to the path are folders, and the first one is what was bound. */
  leadsInside(path: string): boolean {
    let root: GuardedRoot | undefined;
    for (const other of this.#roots) {
      if (path === other.path) return isAt(path, other.info);
      if (isBelow(path, other.path) && (!root || other.path.length > root.path.length)) root = other;
    }
    if (!root || !isAt(root.path, root.info)) return false;
    const first = path.indexOf("/", root.path.length + 1), last = path.lastIndexOf("/");
    if (first < 0) return true;
    // Two folders are as soon looked at together. Hosts may have another spelling for what is no link all the same.
    if (first < last && isRealFolder(path.slice(0, last))) return true;
    try {
      for (let end = first; end > 0; end = path.indexOf("/", end + 1)) {
        if (!lookAt(path.slice(0, end)).isDirectory) return false;
      }
      return true;
    } catch {
      return false;
    }
  }
}

/** Ms to wait for those who move a link: they take microseconds, but may have lost the processor. */
const SHARED_WAIT = 100;
/** Ms to wait for all who use the bind, as each of them must be out of its call at the same time. */
const EXCLUSIVE_WAIT = 2000;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** The lock on a bound folder: one for all guests of this Worker, one after the other. */
class RootLock {
  static readonly #known = new Map<string, RootLock>();
  /** Somebody who is no guest has it: there is no use in waiting. */
  #foreign = false;

  private constructor(readonly file: Deno.FsFile, readonly info: HostInfo) {}

  /** Undefined where a folder cannot be opened: without the right to list it, and on some hosts. */
  static of({ path, info }: GuardedRoot): RootLock | undefined {
    const known = this.#known.get(path);
    if (known && isSameFile(known.info, info)) return known;
    known?.file.close();
    this.#known.delete(path);
    try {
      const file = Deno.openSync(path), lock = new RootLock(file, hostInfo(file.statSync()));
      // Not all file systems have locks: those say so here.
      if (isSameFile(lock.info, info) && (!file.tryLockSync(false) || (file.unlockSync(), true))) {
        this.#known.set(path, lock);
        return lock;
      }
      file.close();
    } catch {
      // The looks alone have to do.
    }
    return undefined;
  }

  /** Waits for the lock. @returns whether it was to be had */
  take(exclusive: boolean): boolean {
    if (this.file.tryLockSync(exclusive)) return true;
    if (this.#foreign && !exclusive) return false;
    const end = performance.now() + (exclusive ? EXCLUSIVE_WAIT : SHARED_WAIT);
    while (performance.now() < end) {
      Atomics.wait(pause, 0, 0, 0.05);
      if (this.file.tryLockSync(exclusive)) return true;
    }
    this.#foreign ||= !exclusive;
    return false;
  }

  release(): void {
    this.file.unlockSync();
  }
}
