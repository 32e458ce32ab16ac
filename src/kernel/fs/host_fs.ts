/**
 * A host folder bound read-write: what the guest does here happens on the host, through Deno's file functions.
 *
 * The host may change the folder at any time, so names are checked at every walk (lstat per component, never through
 * a symbolic link) and attributes are refreshed before they are reported. Sockets, FIFOs and device nodes cannot be
 * made with Deno: they exist in memory only, for the guest.
 */
import { EEXIST, EINVAL, ENOENT, ENOSPC, ENOTEMPTY, EOPNOTSUPP, EPERM, EXDEV } from "../abi/errno.ts";
import { direntType } from "../abi/dirent.ts";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, type Stat } from "../abi/stat.ts";
import { EXT4_MAGIC, type StatFs } from "../abi/statfs.ts";
import { toHost } from "./byte_string.ts";
import type { Dentry } from "./dentry.ts";
import { DirectoryFile } from "./directory_file.ts";
import { fileTime } from "./file_time.ts";
import { hostErrno } from "./host_error.ts";
import { HostFile, HostPages } from "./host_file.ts";
import { type HostInfo, hostInfo, HostNode } from "./host_node.ts";
import { type AttributeChange, type DirectoryEntry, Inode, type Opener, type OpenResult } from "./inode.ts";
import type { Ownership } from "./ownership.ts";
import { SuperBlock } from "./superblock.ts";
import type { FsServices } from "./tmpfs.ts";

/** How long, in ms, an answer of lstat holds: one burst of calls on the same path. */
const TRUST_MS = 2;

export class HostFs extends SuperBlock {
  override readonly type = "ext4";
  override readonly dentries = "checked";
  readonly root: HostInode;
  /** By host identity, so that hard links and open descriptions meet. */
  readonly #inodes = new Map<string, HostInode>();

  private constructor(readonly services: FsServices, path: string, info: HostInfo, readonly ownership: Ownership) {
    super();
    this.source = "/dev/host";
    this.root = this.inode(path, info);
  }

  /**
   * The file system of a host folder or file.
   *
   * @param path absolute, without symbolic links
   */
  static open(services: FsServices, path: string, ownership: Ownership): HostFs | number {
    const info = lstat(path);
    return typeof info === "number" ? info : new HostFs(services, path, info, ownership);
  }

  /** The inode for a host file, known or new. */
  inode(path: string, info: HostInfo): HostInode {
    const key = `${info.dev}:${info.ino}:${info.mode & S_IFMT}`;
    const known = this.#inodes.get(key);
    if (known) {
      known.path = path;
      known.adopt(info);
      return known;
    }
    const inode = (info.mode & S_IFMT) === S_IFDIR
      ? new HostDirectory(this, path, info)
      : new HostInode(this, path, info);
    this.#inodes.set(key, inode);
    return inode;
  }

  /** The host file is gone. */
  forget(inode: HostInode): void {
    this.#inodes.delete(`${inode.info.dev}:${inode.info.ino}:${inode.type}`);
  }

  override revalidate(dentry: Dentry): boolean {
    const { inode } = dentry;
    if (!(inode instanceof HostInode)) return dentry.parent.inode.lookup(dentry.name) === inode;
    if (performance.now() - inode.checked < TRUST_MS) return true;
    return dentry.parent.inode.lookup(dentry.name) === inode;
  }

  override statfs(): StatFs {
    // Deno cannot ask the host: round numbers that say "enough".
    const blocks = 1 << 26;
    return {
      type: EXT4_MAGIC,
      bsize: 4096,
      blocks,
      bfree: blocks >> 1,
      bavail: blocks >> 1,
      files: 1 << 24,
      ffree: 1 << 23,
      namelen: 255,
    };
  }

  override sync(): number {
    for (const inode of this.#inodes.values()) inode.pages?.flush();
    return 0;
  }
}

function lstat(path: string): HostInfo | number {
  try {
    return hostInfo(Deno.lstatSync(path));
  } catch (error) {
    return hostErrno(error);
  }
}

/** Runs a host call; 0 or a negative errno. */
function attempt(call: () => void): number {
  try {
    call();
    return 0;
  } catch (error) {
    return hostErrno(error);
  }
}

/** A file of the host; {@link HostDirectory} adds names. */
export class HostInode extends Inode {
  declare readonly sb: HostFs;
  /** When lstat last agreed, in `performance.now()` ms. */
  checked = 0;
  /** Content in frames, once mapped. */
  pages: HostPages | undefined;
  #size = 0;
  #blocks = 0;

  /** @param path the last host path known to lead here */
  constructor(sb: HostFs, public path: string, public info: HostInfo) {
    super(sb, info.mode, 0, 0);
    this.adopt(info);
    this.btime = info.ctime;
  }

  /** Takes over what the host says now. */
  adopt(info: HostInfo): void {
    this.info = info;
    this.checked = performance.now();
    this.mode = info.mode;
    this.uid = this.sb.ownership.uid(info.uid);
    this.gid = this.sb.ownership.gid(info.gid);
    this.nlink = info.nlink;
    this.#size = info.size;
    this.#blocks = Math.ceil(info.size / 4096) * 8;
    // The host side rounds to milliseconds: keep what the guest set as long as it is the same time.
    if (this.atime / 1_000_000n !== info.atime / 1_000_000n) this.atime = info.atime;
    if (this.mtime / 1_000_000n !== info.mtime / 1_000_000n) this.mtime = info.mtime;
    this.ctime = info.ctime;
  }

  /** Asks the host again. */
  refresh(): void {
    if (this.nlink === 0) return;
    const info = lstat(this.path);
    if (typeof info !== "number" && info.ino === this.info.ino) this.adopt(info);
  }

  override get size(): number {
    return this.#size;
  }
  override get blocks(): number {
    return this.#blocks;
  }

  /** The content changed through a description. */
  resized(size: number): void {
    this.#size = size;
    this.#blocks = Math.ceil(size / 4096) * 8;
    this.mtime = this.ctime = fileTime();
  }

  override stat(): Stat {
    if (performance.now() - this.checked >= TRUST_MS) this.refresh();
    return super.stat();
  }

  override readlink(): string | number {
    return new HostNode(this.path, this.info, 0).target();
  }

  override open(flags: number): OpenResult {
    return this.isRegular ? HostFile.open(this, flags) : -EOPNOTSUPP;
  }

  override truncate(size: number): number {
    const error = attempt(() => Deno.truncateSync(this.path, size));
    if (error) return error;
    this.pages?.truncate(size);
    if (size < this.#size) this.dropPages(Math.ceil(size / 4096), Infinity);
    this.resized(size);
    return 0;
  }

  override fallocate(mode: number, offset: number, length: number): number {
    if (mode !== 0) return -EOPNOTSUPP;
    return offset + length > this.#size ? this.truncate(offset + length) : 0;
  }

  override setAttributes(change: AttributeChange): number {
    const { path } = this;
    let error = 0;
    if (change.mode !== undefined) error = attempt(() => Deno.chmodSync(path, change.mode!));
    if (!error && (change.uid !== undefined || change.gid !== undefined)) error = this.#chown(change);
    if (!error && (change.atime !== undefined || change.mtime !== undefined)) {
      const atime = change.atime ?? this.atime, mtime = change.mtime ?? this.mtime;
      // Loaded when needed: node:fs takes longer to load than the whole kernel.
      const { lutimesSync } = globalThis.process.getBuiltinModule("node:fs");
      error = attempt(() => lutimesSync(path, Number(atime) / 1e9, Number(mtime) / 1e9));
      if (!error) {
        this.atime = atime;
        this.mtime = mtime;
      }
    }
    if (!error) this.refresh();
    return error;
  }

  #chown(change: AttributeChange): number {
    const uid = change.uid === this.uid ? undefined : change.uid,
      gid = change.gid === this.gid ? undefined : change.gid;
    if (uid === undefined && gid === undefined) return 0;
    return attempt(() => Deno.chownSync(this.path, uid ?? null, gid ?? null)) ? -EPERM : 0;
  }

  override sync(): number {
    return this.pages?.flush() ?? 0;
  }
}

/** A folder of the host. */
export class HostDirectory extends HostInode {
  /** What Deno cannot make on the host: sockets, FIFOs, devices. */
  readonly #special = new Map<string, HostSpecial>();

  #child(name: string): string | undefined {
    const host = toHost(name);
    if (host === undefined) return undefined;
    return this.path.endsWith("/") ? this.path + host : this.path + "/" + host;
  }

  override lookup(name: string): Inode | number {
    const special = this.#special.get(name);
    if (special) return special;
    const path = this.#child(name);
    if (path === undefined) return -ENOENT;
    const info = lstat(path);
    return typeof info === "number" ? info : this.sb.inode(path, info);
  }

  /** After a host call that made `path`. */
  #made(error: number, path: string): Inode | number {
    if (error) return error;
    const info = lstat(path);
    if (typeof info === "number") return info;
    this.refresh();
    return this.sb.inode(path, info);
  }

  override create(name: string, mode: number, uid: number, gid: number, rdev: number): Inode | number {
    const path = this.#child(name);
    if (path === undefined) return -EINVAL;
    if ((mode & S_IFMT) !== S_IFREG) {
      if (this.#special.size >= 10_000) return -ENOSPC;
      const inode = new HostSpecial(this.sb, mode, uid, gid);
      inode.rdev = rdev;
      this.#special.set(name, inode);
      return inode;
    }
    const error = attempt(() => {
      Deno.openSync(path, { write: true, createNew: true, mode: mode & 0o777 }).close();
      // The host's umask had its say.
      Deno.chmodSync(path, mode & 0o7777);
    });
    return this.#made(error, path);
  }

  override mkdir(name: string, mode: number): Inode | number {
    const path = this.#child(name);
    if (path === undefined) return -EINVAL;
    const error = attempt(() => {
      Deno.mkdirSync(path);
      Deno.chmodSync(path, mode & 0o7777);
    });
    return this.#made(error, path);
  }

  override symlink(name: string, target: string): Inode | number {
    const path = this.#child(name), text = toHost(target);
    if (path === undefined || text === undefined) return -EINVAL;
    return this.#made(attempt(() => Deno.symlinkSync(text, path)), path);
  }

  override link(name: string, inode: Inode): number {
    const path = this.#child(name);
    if (path === undefined) return -EINVAL;
    if (!(inode instanceof HostInode)) return -EPERM;
    const error = attempt(() => Deno.linkSync(inode.path, path));
    if (!error) inode.refresh();
    return error;
  }

  #gone(inode: Inode): void {
    if (inode instanceof HostInode) {
      inode.nlink--;
      if (inode.isDirectory || inode.nlink <= 0) {
        inode.nlink = 0;
        this.sb.forget(inode);
      }
    } else inode.nlink = 0;
    this.refresh();
  }

  override unlink(name: string, inode: Inode): number {
    if (!this.#special.delete(name)) {
      const path = this.#child(name);
      if (path === undefined) return -ENOENT;
      // Never a directory here: removing is not recursive, and a link is removed itself.
      const error = attempt(() => Deno.removeSync(path));
      if (error) return error;
    }
    this.#gone(inode);
    return 0;
  }

  override rmdir(name: string, inode: Inode): number {
    const path = this.#child(name);
    if (path === undefined) return -ENOENT;
    if (!inode.isEmpty()) return -ENOTEMPTY;
    const error = attempt(() => Deno.removeSync(path));
    if (error) return error;
    this.#gone(inode);
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
    // Deno has no renameat2: two steps would not be atomic.
    if (exchange) return -EINVAL;
    if (!(toDir instanceof HostDirectory) || toDir.sb !== this.sb) return -EXDEV;
    if (target && !(target instanceof HostInode)) {
      toDir.#special.delete(toName);
      toDir.#gone(target);
    }
    if (inode instanceof HostSpecial) {
      if (target instanceof HostInode) return -EEXIST;
      this.#special.delete(name);
      toDir.#special.set(toName, inode);
      return 0;
    }
    const from = this.#child(name), to = toDir.#child(toName);
    if (from === undefined || to === undefined) return -EINVAL;
    if (target?.isDirectory && !target.isEmpty()) return -ENOTEMPTY;
    const error = attempt(() => Deno.renameSync(from, to));
    if (error) return error;
    if (target instanceof HostInode) toDir.#gone(target);
    (inode as HostInode).path = to;
    this.refresh();
    if (toDir !== this) toDir.refresh();
    return 0;
  }

  override isEmpty(): boolean {
    const names = new HostNode(this.path, this.info, 0).names();
    return this.#special.size === 0 && (typeof names === "number" || names.size === 0);
  }

  override entries(): DirectoryEntry[] | number {
    const names = new HostNode(this.path, this.info, 0).names();
    if (typeof names === "number") return names;
    const list: DirectoryEntry[] = [];
    for (const [name, type] of names) {
      // getdents shows inode numbers, which must be those of stat.
      const inode = this.lookup(name);
      if (typeof inode !== "number") list.push({ name, ino: inode.ino, type });
    }
    for (const [name, inode] of this.#special) list.push({ name, ino: inode.ino, type: direntType(inode.mode) });
    return list;
  }

  override open(flags: number): OpenResult {
    return new DirectoryFile(flags, this);
  }
}

/** A socket, FIFO or device in a host folder: in memory only. */
class HostSpecial extends Inode {
  declare readonly sb: HostFs;

  override open(flags: number, opener: Opener): OpenResult {
    return this.sb.services.special.open(this, flags, opener);
  }
}

/** Whether a mode is one that a bind can show. */
export function isBindable(mode: number): boolean {
  const type = mode & S_IFMT;
  return type === S_IFDIR || type === S_IFREG || type === S_IFLNK;
}
