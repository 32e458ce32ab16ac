/**
 * An open file description (Linux: `struct file`): what a descriptor points to, shared by dup and fork.
 *
 * Operations never block. One that cannot go on returns `-EAGAIN`, and the generic system call waits on
 * {@link OpenFile.wait} (unless O_NONBLOCK) and tries again; whoever changes readiness wakes that queue.
 * Results are byte counts or negative errnos (`-EINVAL`).
 */
import type { Frame } from "../../engine/engine.ts";
import { EINVAL, ENODEV, ENOTTY, ESPIPE } from "../abi/errno.ts";
import {
  F_OWNER_PID,
  F_UNLCK,
  FMODE_EXEC,
  O_ACCMODE,
  O_CREAT,
  O_EXCL,
  O_LARGEFILE,
  O_NOCTTY,
  O_PATH,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
} from "../abi/fcntl.ts";
import { IN_CLOSE_NOWRITE, IN_CLOSE_WRITE, IN_DELETE_SELF } from "../abi/inotify.ts";
import type { Credentials } from "../task/credentials.ts";
import type { PendingSignals } from "../task/pending_signals.ts";
import { WaitQueue } from "../wait.ts";
import type { Inode } from "./inode.ts";
import { notifyPath } from "./notify.ts";
import type { Path } from "./path.ts";

/** poll(2) event bits. */
export const POLLIN = 0x001, POLLPRI = 0x002, POLLOUT = 0x004, POLLERR = 0x008, POLLHUP = 0x010, POLLNVAL = 0x020;
export const POLLRDNORM = 0x040, POLLRDBAND = 0x080, POLLWRNORM = 0x100, POLLWRBAND = 0x200, POLLRDHUP = 0x2000;

/** What a file maps: the source of pages for mmap. */
export interface Mappable {
  /** The page at this index of the object, read in if need be; undefined past its end (SIGBUS). */
  frame(pageIndex: number): Frame | undefined;
  /** Called before a page is first written through a shared mapping, so that the owner can write it back. */
  written?(pageIndex: number): void;
  /** msync: writes changed pages in [first, end) back; 0 or a negative errno. */
  sync?(first: number, end: number): number;
  /** MADV_REMOVE: frees the pages in [first, end). */
  punch?(first: number, end: number): void;
  /** A shared mapping that may be written comes (1; a negative errno refuses it) or goes (-1): memfd seals. */
  sharedWritable?(change: 1 | -1): number;
  /** F_SEAL_FUTURE_WRITE: no shared mapping made from now on may write, now or later. */
  readonly isWriteSealed?: boolean;
}

/** The part of the calling thread that files may need; kept small so that files do not know tasks. */
export interface FileContext {
  readonly pid: number;
  /** Process group and session: terminals serve the foreground group of one session. */
  readonly pgid: number;
  readonly sid: number;
  /** Effective ids. */
  readonly uid: number;
  readonly gid: number;
  /** Sends a signal to the calling thread: SIGPIPE where a write finds nobody to read. */
  raise(signal: number): void;
  /** The calling thread blocks this signal or its process ignores it: SIGTTIN and SIGTTOU do not stop it then. */
  ignoresOrBlocks(signal: number): boolean;
  /** The caller's process group is orphaned (setpgid(2)): nobody could continue it after a stop. */
  inOrphanedGroup(): boolean;
  /** Guest memory, for ioctl arguments. Throws the kernel's UserFault on a bad address. */
  readonly memory: UserMemory;
  /** All ids of the caller, where it is a thread. */
  readonly credentials?: Credentials;
  /** Signals queued for this thread, and those for any thread of its process: what a signalfd reads. */
  readonly pending?: PendingSignals;
  readonly process?: { readonly pending: PendingSignals; readonly signalWait: WaitQueue };
}

/** Guest memory as system calls see it. Every method throws `UserFault` where the guest has no right. */
export interface UserMemory {
  readBytes(va: number, length: number): Uint8Array;
  writeBytes(va: number, bytes: Uint8Array): void;
  readU32(va: number): number;
  writeU32(va: number, value: number): void;
  readU64(va: number): bigint;
  writeU64(va: number, value: bigint): void;
}

/** The owner of a description that has none. */
const NOBODY = { type: F_OWNER_PID, id: 0 };

/**
 * An open file description. Subclasses override what they can do; the rest fails as on Linux.
 *
 * A blocking write goes on after a partial one until everything is written, an error comes (the count so far is
 * the result then) or a signal does: pipes, sockets and terminals take what fits and then say `-EAGAIN`.
 */
export abstract class OpenFile {
  /** Number of descriptors (and mappings in flight) that hold it; {@link release} runs at zero. */
  references = 1;
  /** File position in bytes. */
  position = 0;
  /**
   * What all its mappings map, for the room that maps: two mappings of one descriptor can be one VMA. Not in a WeakMap,
   * see docs/ARCHITECTURE.md, "What dies with a guest".
   */
  mapped: object | undefined;
  /** Woken whenever {@link poll} may have changed. */
  readonly wait: WaitQueue = new WaitQueue();
  /** Nanoseconds after which a blocking read or write gives up with `-EAGAIN` (SO_RCVTIMEO, SO_SNDTIMEO); undefined: never. */
  readTimeout: number | undefined = undefined;
  writeTimeout: number | undefined = undefined;
  /** Epoll items on this file, and its O_ASYNC signals: they end with the last descriptor. */
  epollItems: Set<{ detach(): void }> | undefined = undefined;

  /**
   * One call is one message (datagrams, records, atomic pipe writes): readv, writev and buffers that lie in several
   * pieces go through one buffer instead of one call per piece.
   */
  get indivisible(): boolean {
    return false;
  }

  /** Where it was opened; undefined for pipes, sockets and others without a name. Set once, by the VFS. */
  path: Path | undefined = undefined;
  /** F_SETOWN, F_SETOWN_EX: who gets SIGIO; id 0 is nobody. */
  owner: { readonly type: number; readonly id: number } = NOBODY;
  /** F_SETSIG: the signal instead of SIGIO; 0 is SIGIO without details. */
  ownerSignal = 0;
  /** F_SETLEASE: F_RDLCK, F_WRLCK, or F_UNLCK for none. */
  lease: number = F_UNLCK;

  /** @param flags O_* access mode and status flags. @param inode what stat reports. */
  constructor(public flags: number, readonly inode: Inode) {}

  /** Reads at the position (streams ignore it) and advances it. */
  read(_into: Uint8Array, _context: FileContext): number {
    return -EINVAL;
  }
  /** Writes at the position (streams ignore it) and advances it; honours O_APPEND. */
  write(_from: Uint8Array, _context: FileContext): number {
    return -EINVAL;
  }
  /** Reads at an offset. */
  pread(_into: Uint8Array, _offset: number, _context: FileContext): number {
    return -ESPIPE;
  }
  /** Writes at an offset. */
  pwrite(_from: Uint8Array, _offset: number, _context: FileContext): number {
    return -ESPIPE;
  }
  /** lseek(2). */
  seek(_offset: number, _whence: number): number {
    return -ESPIPE;
  }
  /**
   * Ready events, regardless of what was asked. Files that never block are always readable and writable.
   * Only a signalfd looks at who asks.
   */
  poll(_context?: FileContext): number {
    return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
  }
  /** The queue that {@link poll} changes are told on. */
  pollQueue(_context: FileContext): WaitQueue {
    return this.wait;
  }
  /** ioctl(2) with its third argument as a number. */
  ioctl(_request: number, _argument: number, _context: FileContext): number {
    return -ENOTTY;
  }
  /** What mmap maps, or a negative errno. */
  mappable(): Mappable | number {
    return -ENODEV;
  }
  /** fsync(2), fdatasync(2): 0 or a negative errno; `-EINVAL` for what has no storage. */
  sync(): number {
    return -EINVAL;
  }
  /** Whether read(2) is allowed by the access mode. */
  get readable(): boolean {
    return (this.flags & O_ACCMODE) !== O_WRONLY && (this.flags & O_PATH) === 0;
  }
  /** Whether write(2) is allowed by the access mode. */
  get writable(): boolean {
    return (this.flags & O_ACCMODE) !== O_RDONLY && (this.flags & O_PATH) === 0;
  }
  /** F_GETFL: every open on a 64-bit kernel is a large-file open; what only steered the open is gone. */
  get statusFlags(): number {
    return O_LARGEFILE & -Number(this.path !== undefined && (this.flags & O_PATH) === 0) |
      this.flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | FMODE_EXEC);
  }
  /** Lines of its own in /proc/PID/fdinfo/N: `eventfd-count: …` and the like. */
  fdInfo(): readonly string[] {
    return [];
  }
  /** A descriptor of it was closed in a table (Linux: file_operations.flush). */
  flush(_table: object): void {}
  /** The last reference is gone. */
  release(): void {}

  /** Drops one reference. */
  unref(): void {
    if (--this.references !== 0) return;
    this.inode.locks?.releaseFile(this);
    if (this.path !== undefined && (this.flags & O_PATH) === 0) {
      notifyPath(this.path, this.writable ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
    }
    if (this.epollItems !== undefined) { for (const item of this.epollItems) item.detach(); }
    this.release();
    if (this.path !== undefined) {
      const { inode } = this;
      if (this.writable) inode.writers--;
      if (--inode.opens === 0 && inode.nlink === 0) {
        inode.watches?.notify(IN_DELETE_SELF, 0, "");
        inode.evict();
      }
    }
  }
}
