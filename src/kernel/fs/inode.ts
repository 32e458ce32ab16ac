/**
 * The inode: a file as the file system knows it, apart from its names (Linux: `struct inode` and
 * `inode_operations`). Directories, regular files, symbolic links and special files are subclasses.
 *
 * Operations change one file system and check what only that file system can know. Rights, mounts, trailing slashes
 * and events are the VFS's (vfs.ts). Results are objects or negative errnos.
 */
import { EINVAL, ENOTDIR, ENXIO, EOPNOTSUPP, EPERM } from "../abi/errno.ts";
import { S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, type Stat } from "../abi/stat.ts";
import type { Credentials } from "../task/task.ts";
import type { Actor } from "./access.ts";
import type { Wait, Wake } from "../wait.ts";
import type { FileContext, OpenFile } from "./file.ts";
import { fileTime } from "./file_time.ts";
import type { LockTable } from "./lock_table.ts";
import type { Path } from "./path.ts";
import type { SuperBlock } from "./superblock.ts";

/** An open in progress: opening a FIFO waits for the other end. */
export type OpenResult = OpenFile | number | Generator<Wait, OpenFile | number, Wake>;

/** Who opens: the file context plus identity. A task's process offers it. */
export interface Opener extends FileContext {
  readonly credentials: Credentials;
}

/** Attributes that chmod, chown, utimensat change. Times in nanoseconds since the epoch. */
export interface AttributeChange {
  mode?: number;
  uid?: number;
  gid?: number;
  atime?: bigint;
  mtime?: bigint;
}

/** One name as getdents reports it. */
export interface DirectoryEntry {
  readonly name: string;
  readonly ino: number;
  /** DT_* */
  readonly type: number;
}

/** Those who watch an inode (inotify). */
export interface InodeWatches {
  /** @param name the entry concerned when the inode is a directory, else "". */
  notify(mask: number, cookie: number, name: string): void;
}

/** Those who mapped pages of an inode and must let go of them when it shrinks (a kernel's `unmap_mapping_range`). */
export interface PageUser {
  /** Pages from this index on, up to `end`, are gone or were replaced. */
  dropPages(first: number, end: number): void;
}

/** A file without its names. */
export abstract class Inode {
  readonly ino: number;
  nlink = 1;
  /** Device number of a character or block device. */
  rdev = 0;
  atime: bigint;
  mtime: bigint;
  ctime: bigint;
  btime: bigint;
  /** Record locks and flocks; made when first needed. */
  locks: LockTable | undefined;
  watches: InodeWatches | undefined;
  /** Mappings to tell when pages vanish; made when first needed. */
  pageUsers: Set<PageUser> | undefined;
  /** What another room hangs on this file: the pipe behind a FIFO, the socket bound to a name. */
  attachment: object | undefined;
  /** Has no name but may get one (O_TMPFILE without O_EXCL). */
  linkable = false;
  /** Open descriptions in all, those that may write, and runs that deny writing (ETXTBSY). */
  opens = 0;
  writers = 0;
  deniers = 0;

  /**
   * @param mode type and permission bits
   * @param ino inode number; the file system's next by default
   */
  constructor(
    readonly sb: SuperBlock,
    public mode: number,
    public uid: number,
    public gid: number,
    ino: number = sb.nextIno(),
  ) {
    this.ino = ino;
    this.atime =
      this.mtime =
      this.ctime =
      this.btime =
        fileTime();
  }

  /** Whether a process may do what the mode forbids it. */
  admits(_pid: number | undefined): boolean {
    return false;
  }

  /** Length in bytes. */
  get size(): number {
    return 0;
  }
  /** Storage taken, in units of 512 bytes. */
  get blocks(): number {
    return 0;
  }
  get blksize(): number {
    return 4096;
  }
  /** S_IF* */
  get type(): number {
    return this.mode & S_IFMT;
  }
  get isDirectory(): boolean {
    return (this.mode & S_IFMT) === S_IFDIR;
  }
  get isSymlink(): boolean {
    return (this.mode & S_IFMT) === S_IFLNK;
  }
  get isRegular(): boolean {
    return (this.mode & S_IFMT) === S_IFREG;
  }
  get isFifo(): boolean {
    return (this.mode & S_IFMT) === S_IFIFO;
  }

  /** What stat reports; file systems that can change from outside refresh themselves first. */
  stat(): Stat {
    return {
      dev: this.sb.dev,
      ino: this.ino,
      mode: this.mode,
      nlink: this.nlink,
      uid: this.uid,
      gid: this.gid,
      rdev: this.rdev,
      size: this.size,
      blksize: this.blksize,
      blocks: this.blocks,
      atime: this.atime,
      mtime: this.mtime,
      ctime: this.ctime,
      btime: this.btime,
    };
  }

  /** Marks a change of attributes. */
  touchChange(): void {
    this.ctime = fileTime();
  }

  /** Marks a change of content. */
  touchContent(): void {
    this.mtime = this.ctime = fileTime();
  }

  // Directories.

  /** The inode of a name: `-ENOENT` where there is none. Never "." or "..". */
  lookup(_name: string): Inode | number {
    return -ENOTDIR;
  }
  /** Makes a regular file, FIFO, socket or device. The name is free. */
  create(_name: string, _mode: number, _uid: number, _gid: number, _rdev: number): Inode | number {
    return -EPERM;
  }
  mkdir(_name: string, _mode: number, _uid: number, _gid: number): Inode | number {
    return -EPERM;
  }
  symlink(_name: string, _target: string, _uid: number, _gid: number): Inode | number {
    return -EPERM;
  }
  /** Gives an inode of the same file system one more name. */
  link(_name: string, _inode: Inode): number {
    return -EPERM;
  }
  /** A regular file without a name (O_TMPFILE). */
  tmpfile(_mode: number, _uid: number, _gid: number): Inode | number {
    return -EOPNOTSUPP;
  }
  /** Takes away the name of something that is not a directory. */
  unlink(_name: string, _inode: Inode): number {
    return -EPERM;
  }
  /** Takes away an empty directory: `-ENOTEMPTY` if it is not. */
  rmdir(_name: string, _inode: Inode): number {
    return -EPERM;
  }
  /**
   * Moves a name to a directory of the same file system, replacing `target` (an empty directory or another file,
   * as fits), or exchanging the two.
   */
  rename(
    _name: string,
    _inode: Inode,
    _toDir: Inode,
    _toName: string,
    _target: Inode | undefined,
    _exchange: boolean,
  ): number {
    return -EPERM;
  }
  /** Whether a directory has no entries. */
  isEmpty(): boolean {
    return true;
  }
  /** All entries but "." and "..", in the order getdents shows them: a snapshot. */
  entries(): DirectoryEntry[] | number {
    return -ENOTDIR;
  }

  // Symbolic links.

  /** The target text. @param actor who looks: /proc/self depends on it */
  readlink(_actor?: Actor): string | number {
    return -EINVAL;
  }
  /** Where a magic link of procfs leads without text; undefined for ordinary links. */
  follow(_actor: Actor): Path | number | undefined {
    return undefined;
  }

  // Content.

  /** Makes an open file description. Rights are checked, O_TRUNC is done by the caller. */
  open(_flags: number, _opener: Opener): OpenResult {
    return -ENXIO;
  }
  /** Sets the length; the tail that appears reads as zeros. */
  truncate(_size: number): number {
    return -EINVAL;
  }
  /** fallocate(2); `mode` is FALLOC_FL_*. */
  fallocate(_mode: number, _offset: number, _length: number): number {
    return -EOPNOTSUPP;
  }
  /** Applies checked changes; 0 or a negative errno. */
  setAttributes(change: AttributeChange): number {
    if (change.mode !== undefined) this.mode = this.type | change.mode;
    if (change.uid !== undefined) this.uid = change.uid;
    if (change.gid !== undefined) this.gid = change.gid;
    if (change.atime !== undefined) this.atime = change.atime;
    if (change.mtime !== undefined) this.mtime = change.mtime;
    this.touchChange();
    return 0;
  }
  /** Writes what is cached of this file to where it belongs. */
  sync(): number {
    return 0;
  }

  /** The last name and the last open description are gone: gives storage back. */
  evict(): void {}

  // Extended attributes, keyed by full name (user.x).

  /** The attributes, or undefined where the file system has none (EOPNOTSUPP). */
  extendedAttributes(): Map<string, Uint8Array> | undefined {
    return undefined;
  }

  /** Tells mappers that pages in [first, end) are gone. */
  dropPages(first: number, end: number): void {
    if (this.pageUsers) { for (const user of this.pageUsers) user.dropPages(first, end); }
  }
}
