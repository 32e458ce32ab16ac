/**
 * Inodes of files without a place in the tree: pipes, sockets, eventfd and its like.
 */
import { ANON_INODE_FS_MAGIC, PIPEFS_MAGIC, SOCKFS_MAGIC, type StatFs } from "../abi/statfs.ts";
import { S_IFIFO, S_IFSOCK } from "../abi/stat.ts";
import { ENXIO } from "../abi/errno.ts";
import { Dentry } from "./dentry.ts";
import type { OpenFile } from "./file.ts";
import { Inode, type Opener, type OpenResult } from "./inode.ts";
import { Mount, type Path } from "./path.ts";
import { SuperBlock } from "./superblock.ts";

/** pipefs, sockfs, anon_inodefs, nsfs, mqueue: never mounted where a path leads. */
export class PseudoFs extends SuperBlock {
  override readonly nameless = true;
  readonly root: Inode;
  readonly mount: Mount;

  constructor(readonly type: string, readonly magic: number) {
    super();
    this.root = new PseudoInode(this, 0, 0, 0, "");
    this.mount = new Mount(0, this, new Dentry(this.root, undefined, ""), 0);
  }

  override statfs(): StatFs {
    return { type: this.magic, bsize: 4096, blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0, namelen: 255 };
  }
}

/** How an inode is opened again through /proc/self/fd. */
export type Reopen = (inode: Inode, flags: number, opener: Opener) => OpenResult;

/** An inode without names. */
export class PseudoInode extends Inode {
  /** Opens the object anew through `/proc/self/fd/N`; sockets and anonymous inodes refuse (ENXIO). */
  reopen: Reopen | undefined;
  readonly #label: string;

  /** @param label with % for the number */
  constructor(sb: SuperBlock, mode: number, uid: number, gid: number, label: string, ino?: number) {
    super(sb, mode, uid, gid, ino);
    this.#label = label;
  }

  /** What `/proc/self/fd/N` shows: `pipe:[12]`. */
  get label(): string {
    return this.#label.includes("%") ? this.#label.replace("%", String(this.ino)) : this.#label;
  }

  override open(flags: number, opener: Opener): OpenResult {
    return this.reopen ? this.reopen(this, flags, opener) : -ENXIO;
  }
}

const pipefs = new PseudoFs("pipefs", PIPEFS_MAGIC);
const sockfs = new PseudoFs("sockfs", SOCKFS_MAGIC);
const anonInodeFs = new PseudoFs("anon_inodefs", ANON_INODE_FS_MAGIC);

/** The inode of an unnamed pipe; set {@link PseudoInode.reopen} to make `/proc/self/fd/N` work on it. */
export class PipeInode extends PseudoInode {
  constructor(uid: number, gid: number) {
    super(pipefs, S_IFIFO | 0o600, uid, gid, "pipe:[%]");
  }
}

/** The inode of a socket. */
export function socketInode(uid: number, gid: number): PseudoInode {
  return new PseudoInode(sockfs, S_IFSOCK | 0o777, uid, gid, "socket:[%]");
}

/** The inode of eventfd, epoll and so on; `name` as in `anon_inode:[eventfd]`, with its brackets where Linux has them. */
export function anonInode(name: string): PseudoInode {
  return new PseudoInode(anonInodeFs, 0o600, 0, 0, "anon_inode:" + name);
}

const places = new WeakMap<OpenFile, Path>();

/** The place of an open file; files without a name get one of their own, outside the tree. */
export function filePath(file: OpenFile): Path {
  if (file.path) return file.path;
  let place = places.get(file);
  if (!place) {
    const sb = file.inode.sb;
    const mount = sb instanceof PseudoFs ? sb.mount : anonInodeFs.mount;
    const label = file.inode instanceof PseudoInode ? file.inode.label : "anon_inode:[file]";
    place = { mount, dentry: new Dentry(file.inode, undefined, label) };
    places.set(file, place);
  }
  return place;
}
