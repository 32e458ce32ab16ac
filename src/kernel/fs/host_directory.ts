/** A folder in a read-write bind, and the names in it that only the guest sees. */
import { EINVAL, ENOENT, ENOSPC, ENOTEMPTY, EPERM, ESTALE, EXDEV } from "../abi/errno.ts";
import { direntType } from "../abi/dirent.ts";
import { S_IFLNK, S_IFMT, S_IFREG } from "../abi/stat.ts";
import { toHost } from "./byte_string.ts";
import { DirectoryFile } from "./directory_file.ts";
import { changeHostFile } from "./host_attributes.ts";
import type { HostFs } from "./host_fs.ts";
import { isAt, isLink, isSameFile } from "./host_guard.ts";
import { HostInode, lstat } from "./host_inode.ts";
import { namesChanged } from "./host_changes.ts";
import { hostInfo, hostNames } from "./host_node.ts";
import { type DirectoryEntry, Inode, type Opener, type OpenResult } from "./inode.ts";

/** Inode number of a name that cannot be looked at: anything but 0, which readdir(3) leaves out. */
const UNKNOWN_INO = 1;

/** A folder of the host. */
export class HostDirectory extends HostInode {
  /** What Deno cannot make on the host. */
  readonly #special = new Map<string, MemoryNode>();

  #child(name: string): string | undefined {
    const host = toHost(name);
    // One that was removed has no names, and no path to make some of.
    if (host === undefined || this.path === "") return undefined;
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

  /** A host call on names whose folders are in the bind; `-ENOENT` where one of these was removed or replaced. */
  #guarded(paths: readonly string[], call: () => number | void, movesLink = false): number {
    const error = this.sb.guard.run(paths, () => call() ?? 0, movesLink);
    return error === -ESTALE ? -ENOENT : error;
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
    const file = this.#createFile(path, mode & 0o7777);
    if (typeof file === "number") return file;
    const inode = this.#made(0, path);
    if (inode instanceof HostInode) this.sb.keepNewborn(inode, file);
    else file.close();
    return inode;
  }

  #createFile(path: string, mode: number): Deno.FsFile | number {
    let file: Deno.FsFile | undefined;
    const error = this.#guarded([path], () => {
      file = Deno.openSync(path, { read: true, write: true, createNew: true, mode: mode & 0o777 });
      const made = hostInfo(file.statSync());
      if (!this.sb.guard.leadsInside(path) || !isAt(path, made)) {
        // Made elsewhere, and ours to remove where it can be found.
        if (isAt(path, made)) Deno.removeSync(path);
        return -ESTALE;
      }
      // The host's umask had its say.
      return (made.mode & 0o7777) === mode ? 0 : changeHostFile(path, made, { mode });
    });
    if (!error) return file!;
    file?.close();
    return error;
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
    const error = this.#guarded([path], () => {
      Deno.mkdirSync(path, { mode: mode & 0o777 });
      const made = lstat(path);
      if (typeof made === "number") return made;
      // The host's umask had its say.
      return (made.mode & 0o7777) === (mode & 0o7777) ? 0 : changeHostFile(path, made, { mode: mode & 0o7777 });
    });
    return this.#made(error, path);
  }

  override symlink(name: string, target: string, uid: number, gid: number): Inode | number {
    const path = this.#child(name), text = toHost(target);
    if (path === undefined || text === undefined) return -EINVAL;
    let refused = false;
    const error = this.#guarded([path], () => {
      try {
        Deno.symlinkSync(text, path);
      } catch (failure) {
        if (!(refused = failure instanceof Deno.errors.NotCapable)) throw failure;
      }
    }, true);
    if (refused) return this.#keep(name, new MemoryNode(this.sb, S_IFLNK | 0o777, uid, gid, 0, target));
    return this.#made(error, path);
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
    const { path: from, info } = inode;
    const error = this.#guarded([from, path], () => {
      if (!isAt(from, info)) return -ESTALE;
      Deno.linkSync(from, path);
      const made = lstat(path);
      if (typeof made !== "number" && isSameFile(made, info)) return 0;
      Deno.removeSync(path);
      return -ESTALE;
    }, inode.isSymlink);
    namesChanged();
    if (error) return error;
    inode.named(path);
    inode.refresh();
    inode.changed();
    return 0;
  }

  /** The name at `path` is gone from the host. */
  #gone(inode: Inode, path: string): void {
    namesChanged();
    if (inode instanceof HostInode) {
      inode.lost(path);
      inode.changed();
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
      const error = this.#guarded([path], () => {
        // Another file could be a link, which must not be removed like this.
        if (inode instanceof HostInode && !isAt(path, inode.info)) return -ESTALE;
        Deno.removeSync(path);
        return 0;
      }, inode.isSymlink);
      if (error) return error;
    }
    this.#gone(inode, path);
    return 0;
  }

  override rmdir(name: string, inode: Inode): number {
    const path = this.#child(name);
    if (path === undefined) return -ENOENT;
    if (!inode.isEmpty()) return -ENOTEMPTY;
    const error = this.#guarded([path], () => Deno.removeSync(path));
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
    const moved = inode as HostInode, movesLink = inode.isSymlink || target?.isSymlink === true;
    const error = this.#guarded([from, to], () => {
      // Other files could be links, which must not be moved or replaced like this.
      if (!isAt(from, moved.info) || (!movesLink && isLink(to))) return -ESTALE;
      Deno.renameSync(from, to);
      return 0;
    }, movesLink);
    if (error) return error;
    if (target) {
      toDir.#special.delete(toName);
      toDir.#gone(target, to);
    }
    namesChanged();
    moved.moved(from, to);
    moved.changed();
    if (inode.isDirectory) this.sb.moved(from, to);
    this.refresh();
    if (toDir !== this) toDir.refresh();
    return 0;
  }

  #hostNames(): ReadonlyMap<string, number> | number {
    if (this.path === "") return new Map();
    let names: ReadonlyMap<string, number> | number = -ENOENT;
    const error = this.#guarded([this.path.endsWith("/") ? this.path : this.path + "/"], () => {
      names = hostNames(this.path);
    });
    return error || names;
  }

  override isEmpty(): boolean {
    const names = this.#hostNames();
    return this.#special.size === 0 && (typeof names === "number" || names.size === 0);
  }

  override entries(): DirectoryEntry[] | number {
    const names = this.#hostNames();
    if (typeof names === "number") return names;
    const list: DirectoryEntry[] = [];
    for (const [name, type] of names) {
      // getdents shows inode numbers, which must be those of stat.
      const inode = this.lookup(name);
      if (typeof inode !== "number") list.push({ name, ino: inode.ino, type });
      // There, though its path is too long for the host, or not to be looked at: not to be taken for an empty folder.
      else if (inode !== -ENOENT) list.push({ name, ino: UNKNOWN_INO, type });
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
