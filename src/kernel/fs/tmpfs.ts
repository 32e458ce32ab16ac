/**
 * tmpfs(5): a file system in memory. The copy-on-write root is one too, with lower layers behind its directories
 * (layered_fs.ts).
 */
import { ENOENT, ENOSPC, ENOTEMPTY, EXDEV } from "../abi/errno.ts";
import { direntType } from "../abi/dirent.ts";
import { S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from "../abi/stat.ts";
import { type StatFs, TMPFS_MAGIC } from "../abi/statfs.ts";
import { DirectoryFile } from "./directory_file.ts";
import { type DirectoryEntry, Inode, type Opener, type OpenResult } from "./inode.ts";
import { MemoryFile } from "./memory_file.ts";
import { MemoryInode } from "./memory_inode.ts";
import type { PageBudget } from "./page_store.ts";
import type { SpecialFiles } from "./special_files.ts";
import { type FrameSource, SuperBlock } from "./superblock.ts";

/** What file systems that hold files of every kind need from the kernel. */
export interface FsServices {
  readonly frames: FrameSource;
  readonly special: SpecialFiles;
  /** What all file systems in memory of one guest hold together. */
  readonly usage: MemoryUsage;
}

/** Pages of file content in memory. */
export interface MemoryUsage {
  pages: number;
}

/** Most pages of file content of one guest: guests must not take all of the host's memory by writing to /tmp. */
const MAX_PAGES = 3 * 2 ** 30 / 4096;

/** Limits of one tmpfs. */
export interface TmpFsLimits {
  /** Bytes of content. */
  readonly bytes: number;
  readonly inodes: number;
}

export const DEFAULT_LIMITS: TmpFsLimits = { bytes: 2 * 2 ** 30, inodes: 1 << 20 };

export class TmpFs extends SuperBlock implements PageBudget {
  override readonly type: string = "tmpfs";
  readonly root: MemoryDirectory;
  readonly #limits: TmpFsLimits;
  #pages = 0;
  #inodes = 0;

  constructor(readonly services: FsServices, mode = 0o1777, limits: TmpFsLimits = DEFAULT_LIMITS, uid = 0, gid = 0) {
    super();
    this.source = "tmpfs";
    this.#limits = limits;
    this.root = this.makeRoot(S_IFDIR | mode, uid, gid);
  }

  protected makeRoot(mode: number, uid: number, gid: number): MemoryDirectory {
    return new MemoryDirectory(this, mode, uid, gid);
  }

  charge(pages: number): boolean {
    const { usage } = this.services;
    if (pages > 0 && (this.#pages + pages > this.#limits.bytes / 4096 || usage.pages + pages > MAX_PAGES)) return false;
    this.#pages += pages;
    usage.pages += pages;
    return true;
  }

  /** Takes an inode (or gives one back: -1); false when there are none left. */
  chargeInode(count: number): boolean {
    if (count > 0 && this.#inodes + count > this.#limits.inodes) return false;
    this.#inodes += count;
    return true;
  }

  override statfs(): StatFs {
    const blocks = Math.floor(this.#limits.bytes / 4096);
    const free = Math.min(blocks - this.#pages, MAX_PAGES - this.services.usage.pages);
    const { inodes } = this.#limits;
    return {
      type: TMPFS_MAGIC,
      bsize: 4096,
      blocks,
      bfree: free,
      bavail: free,
      files: inodes,
      ffree: inodes - this.#inodes,
      namelen: 255,
    };
  }
}

export class MemorySymlink extends MemoryInode {
  constructor(sb: TmpFs, readonly target: string, uid: number, gid: number, ino?: number) {
    super(sb, S_IFLNK | 0o777, uid, gid, ino);
  }
  override get size(): number {
    return this.target.length;
  }
  override readlink(): string {
    return this.target;
  }
}

/** A FIFO, socket or device node. */
export class SpecialInode extends MemoryInode {
  override open(flags: number, opener: Opener): OpenResult {
    return this.sb.services.special.open(this, flags, opener);
  }
}

/** An entry; its inode may not have been looked at yet (lower layers). */
export interface MemoryEntry {
  readonly ino: number;
  /** DT_* */
  readonly type: number;
  inode: Inode | undefined;
}

export class MemoryDirectory extends MemoryInode {
  /** In order of creation; null hides a name of a lower layer (a whiteout). */
  protected readonly names = new Map<string, MemoryEntry | null>();

  constructor(sb: TmpFs, mode: number, uid: number, gid: number, ino?: number) {
    super(sb, mode, uid, gid, ino);
    this.nlink = 2;
  }

  // tmpfs counts 20 bytes (BOGO_DIRENT_SIZE) per entry, "." and ".." among them.
  override get size(): number {
    return (this.names.size + 2) * 20;
  }

  /** The entry of a name, from wherever it is known. */
  protected entry(name: string): MemoryEntry | undefined {
    return this.names.get(name) ?? undefined;
  }

  /** What hides or removes a name. */
  protected removeName(name: string): void {
    this.names.delete(name);
  }

  override lookup(name: string): Inode | number {
    return this.entry(name)?.inode ?? -ENOENT;
  }

  #add(name: string, inode: Inode): Inode {
    // Deleting first puts a name that was hidden at its new place in the order.
    this.names.delete(name);
    this.names.set(name, { ino: inode.ino, type: direntType(inode.mode), inode });
    if (inode.isDirectory) this.nlink++;
    this.touchContent();
    return inode;
  }

  override create(name: string, mode: number, uid: number, gid: number, rdev: number): Inode | number {
    if (!this.sb.chargeInode(1)) return -ENOSPC;
    const type = mode & S_IFMT;
    if (type === S_IFREG) return this.#add(name, new MemoryFile(this.sb, mode, uid, gid));
    const inode = new SpecialInode(this.sb, mode, uid, gid);
    if (type !== S_IFIFO && type !== S_IFSOCK) inode.rdev = rdev;
    return this.#add(name, inode);
  }

  override tmpfile(mode: number, uid: number, gid: number): Inode | number {
    if (!this.sb.chargeInode(1)) return -ENOSPC;
    const inode = new MemoryFile(this.sb, mode, uid, gid);
    inode.nlink = 0;
    return inode;
  }

  override mkdir(name: string, mode: number, uid: number, gid: number): Inode | number {
    if (!this.sb.chargeInode(1)) return -ENOSPC;
    return this.#add(name, this.makeDirectory(mode, uid, gid));
  }

  protected makeDirectory(mode: number, uid: number, gid: number): MemoryDirectory {
    return new MemoryDirectory(this.sb, mode, uid, gid);
  }

  override symlink(name: string, target: string, uid: number, gid: number): Inode | number {
    if (!this.sb.chargeInode(1)) return -ENOSPC;
    return this.#add(name, new MemorySymlink(this.sb, target, uid, gid));
  }

  override link(name: string, inode: Inode): number {
    inode.nlink++;
    inode.touchChange();
    this.#add(name, inode);
    return 0;
  }

  #drop(name: string, inode: Inode): void {
    this.removeName(name);
    inode.nlink -= inode.isDirectory ? 2 : 1;
    if (inode.isDirectory) this.nlink--;
    inode.touchChange();
    this.touchContent();
  }

  override unlink(name: string, inode: Inode): number {
    this.#drop(name, inode);
    return 0;
  }

  override rmdir(name: string, inode: Inode): number {
    if (!inode.isEmpty()) return -ENOTEMPTY;
    this.#drop(name, inode);
    return 0;
  }

  override rename(
    name: string,
    inode: Inode,
    toDir: Inode,
    toName: string,
    target: Inode | undefined,
    exchange: boolean,
  ): number {
    if (!(toDir instanceof MemoryDirectory) || toDir.sb !== this.sb) return -EXDEV;
    if (exchange && target) {
      this.#replace(name, target, inode);
      toDir.#replace(toName, inode, target);
      inode.touchChange();
      target.touchChange();
      return 0;
    }
    if (target) {
      if (target.isDirectory && !target.isEmpty()) return -ENOTEMPTY;
      toDir.#drop(toName, target);
    }
    this.removeName(name);
    if (inode.isDirectory) this.nlink--;
    this.touchContent();
    toDir.#add(toName, inode);
    inode.touchChange();
    return 0;
  }

  #replace(name: string, inode: Inode, before: Inode): void {
    this.names.set(name, { ino: inode.ino, type: direntType(inode.mode), inode });
    this.nlink += Number(inode.isDirectory) - Number(before.isDirectory);
    this.touchContent();
  }

  override isEmpty(): boolean {
    return this.names.size === 0;
  }

  /** Newest first, as Linux's tmpfs lists. */
  override entries(): DirectoryEntry[] | number {
    const list: DirectoryEntry[] = [];
    for (const [name, entry] of this.names) if (entry) list.push({ name, ino: entry.ino, type: entry.type });
    return list.reverse();
  }

  override open(flags: number): OpenResult {
    return new DirectoryFile(flags, this);
  }
}
