/** A folder in a read-write bind, and the names in it that only the guest sees. */
import { EINVAL, ENOENT, ENOSPC, ENOTEMPTY, EPERM, EXDEV } from "../abi/errno.ts";
import { direntType } from "../abi/dirent.ts";
import { S_IFLNK, S_IFMT, S_IFREG } from "../abi/stat.ts";
import { toHost } from "./byte_string.ts";
import { DirectoryFile } from "./directory_file.ts";
import { hostErrno } from "./host_error.ts";
import type { HostFs } from "./host_fs.ts";
import { attempt, HostInode, lstat } from "./host_inode.ts";
import { namesChanged } from "./host_changes.ts";
import { hostNames } from "./host_node.ts";
import { type DirectoryEntry, Inode, type Opener, type OpenResult } from "./inode.ts";

/** A folder of the host. */
export class HostDirectory extends HostInode {
  /** What Deno cannot make on the host. */
  readonly #special = new Map<string, MemoryNode>();

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
    namesChanged();
    const info = lstat(path);
    if (typeof info === "number") return info;
    this.refresh();
    return this.sb.inode(path, info);
  }

  override create(name: string, mode: number, uid: number, gid: number, rdev: number): Inode | number {
    const path = this.#child(name);
    if (path === undefined) return -EINVAL;
    if ((mode & S_IFMT) !== S_IFREG) {
      return this.#keep(name, new MemoryNode(this.sb, mode, uid, gid, rdev));
    }
    let file: Deno.FsFile | undefined;
    const error = attempt(() => {
      file = Deno.openSync(path, { read: true, write: true, createNew: true, mode: mode & 0o777 });
      // The host's umask had its say.
      Deno.chmodSync(path, mode & 0o7777);
    });
    const inode = this.#made(error, path);
    if (file && inode instanceof HostInode) this.sb.keepNewborn(inode, file);
    else file?.close();
    return inode;
  }

  /** Adds a name that only the guest sees. */
  #keep(name: string, inode: MemoryNode): Inode | number {
    if (this.#special.size >= 10_000) return -ENOSPC;
    this.#special.set(name, inode);
    if (this.sb.memoryOnly.size < 1000) this.sb.memoryOnly.add(this.#child(name) ?? "");
    this.touchContent();
    return inode;
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

  override symlink(name: string, target: string, uid: number, gid: number): Inode | number {
    const path = this.#child(name), text = toHost(target);
    if (path === undefined || text === undefined) return -EINVAL;
    try {
      Deno.symlinkSync(text, path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) return hostErrno(error);
      return this.#keep(name, new MemoryNode(this.sb, S_IFLNK | 0o777, uid, gid, 0, target));
    }
    return this.#made(0, path);
  }

  override link(name: string, inode: Inode): number {
    const path = this.#child(name);
    if (path === undefined) return -EINVAL;
    if (inode instanceof MemoryNode) {
      const kept = this.#keep(name, inode);
      if (typeof kept === "number") return kept;
      inode.nlink++;
      inode.touchChange();
      return 0;
    }
    if (!(inode instanceof HostInode)) return -EPERM;
    const error = attempt(() => Deno.linkSync(inode.path, path));
    namesChanged();
    if (!error) inode.refresh();
    return error;
  }

  /** The name at `path` is gone from the host. */
  #gone(inode: Inode, path: string): void {
    namesChanged();
    if (inode instanceof HostInode) {
      inode.lost(path);
      if (inode.nlink === 0) this.sb.forget(inode);
    } else inode.nlink--;
    this.refresh();
  }

  override unlink(name: string, inode: Inode): number {
    const path = this.#child(name);
    if (path === undefined) return -ENOENT;
    if (this.#special.delete(name)) this.sb.memoryOnly.delete(path);
    else {
      // Never a directory here: removing is not recursive, and a link is removed itself.
      const error = attempt(() => Deno.removeSync(path));
      if (error) return error;
    }
    this.#gone(inode, path);
    return 0;
  }

  override rmdir(name: string, inode: Inode): number {
    const path = this.#child(name);
    if (path === undefined) return -ENOENT;
    if (!inode.isEmpty()) return -ENOTEMPTY;
    const error = attempt(() => Deno.removeSync(path));
    if (error) return error;
    this.#gone(inode, path);
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
    const from = this.#child(name), to = toDir.#child(toName);
    if (from === undefined || to === undefined) return -EINVAL;
    if (target?.isDirectory && !target.isEmpty()) return -ENOTEMPTY;
    if (inode instanceof MemoryNode) {
      if (target) {
        const error = toDir.unlink(toName, target);
        if (error) return error;
      }
      this.#special.delete(name);
      this.sb.memoryOnly.delete(from);
      toDir.#keep(toName, inode);
      return 0;
    }
    const error = attempt(() => Deno.renameSync(from, to));
    if (error) return error;
    if (target) {
      toDir.#special.delete(toName);
      toDir.#gone(target, to);
    }
    namesChanged();
    (inode as HostInode).movedTo(to);
    if (inode.isDirectory) this.sb.moved(from, to);
    this.refresh();
    if (toDir !== this) toDir.refresh();
    return 0;
  }

  override isEmpty(): boolean {
    const names = hostNames(this.path);
    return this.#special.size === 0 && (typeof names === "number" || names.size === 0);
  }

  override entries(): DirectoryEntry[] | number {
    const names = hostNames(this.path);
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

/** A socket, FIFO, device or link in a host folder: in memory only. */
class MemoryNode extends Inode {
  declare readonly sb: HostFs;
  readonly #target: string | undefined;

  constructor(sb: HostFs, mode: number, uid: number, gid: number, rdev: number, target?: string) {
    super(sb, mode, uid, gid);
    this.rdev = rdev;
    this.#target = target;
  }

  override get size(): number {
    return this.#target?.length ?? 0;
  }
  override readlink(): string | number {
    return this.#target ?? -EINVAL;
  }
  override open(flags: number, opener: Opener): OpenResult {
    return this.sb.services.special.open(this, flags, opener);
  }
}
