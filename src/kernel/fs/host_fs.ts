/**
 * A host folder bound read-write: what the guest does here happens on the host, through Deno's file functions.
 *
 * The host may change the folder at any time, so names are checked at every walk (lstat per component, never through
 * a symbolic link) and attributes are refreshed before they are reported. A link that leads out of the folder is text
 * for the guest's own walk: Deno would follow it, whatever its permissions say, so no path with a link in it is ever
 * given to Deno, and what was opened is compared with what was looked up. Other guests may put a link in the place of
 * a folder at any moment: host_guard.ts says how far that is kept from leading out, and what is left.
 *
 * What cannot be made with Deno exists in memory only, for the guest: sockets, FIFOs, device nodes; and symbolic links
 * where Deno's permissions are narrowed to folders, because it makes links only with unscoped ones.
 */
import { S_IFDIR, S_IFMT } from "../abi/stat.ts";
import { EXT4_MAGIC, type StatFs } from "../abi/statfs.ts";
import type { Dentry } from "./dentry.ts";
import { HostDirectory } from "./host_directory.ts";
import { HostGuard } from "./host_guard.ts";
import { HostInode, lstat } from "./host_inode.ts";
import type { HostInfo } from "./host_node.ts";
import type { Inode } from "./inode.ts";
import type { Ownership } from "./ownership.ts";
import { SuperBlock } from "./superblock.ts";
import type { FsServices } from "./tmpfs.ts";

export class HostFs extends SuperBlock {
  override readonly type = "ext4";
  override readonly dentries = "checked";
  readonly root: HostInode;
  readonly guard: HostGuard = new HostGuard();
  /** By host identity, so that hard links and open descriptions meet. */
  readonly #inodes = new Map<string, HostInode>();

  private constructor(readonly services: FsServices, path: string, info: HostInfo, readonly ownership: Ownership) {
    super();
    this.source = "/dev/host";
    this.guard.add(this.root = this.inode(path, info));
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

  /**
   * Another folder or file of the same host file system, to be bound too: undefined if it is on another one. So the
   * same file is the same inode, with the same numbers, in all binds.
   */
  other(path: string): Inode | number | undefined {
    const info = lstat(path);
    if (typeof info === "number") return info;
    if (info.dev !== this.root.info.dev) return undefined;
    const root = this.inode(path, info);
    this.guard.add(root);
    return root;
  }

  /** The inode for a host file, known or new. */
  inode(path: string, info: HostInfo): HostInode {
    const key = `${info.dev}:${info.ino}:${info.mode & S_IFMT}`;
    const known = this.#inodes.get(key);
    if (known) {
      known.foundAt(path, info);
      return known;
    }
    const inode = (info.mode & S_IFMT) === S_IFDIR
      ? new HostDirectory(this, path, info)
      : new HostInode(this, path, info);
    this.#inodes.set(key, inode);
    return inode;
  }

  /** Names that the host does not have, for the report of what is lost. */
  readonly memoryOnly = new Set<string>();

  /** A directory moved: what was looked up below it must not be reached by the old path, where a link may be now. */
  moved(from: string, to: string): void {
    for (const inode of this.#inodes.values()) inode.movedWith(from, to);
  }

  #newborn: { readonly inode: HostInode; readonly file: Deno.FsFile } | undefined;

  /** A file was made, and is about to be opened: with whatever rights, as its mode is for those who come later. */
  keepNewborn(inode: HostInode, file: Deno.FsFile): void {
    this.#newborn?.file.close();
    this.#newborn = { inode, file };
  }

  /** The descriptor, to read and write, of the file that was made last, if it is this one and nobody took it yet. */
  takeNewborn(inode: HostInode): Deno.FsFile | undefined {
    const newborn = this.#newborn;
    if (!newborn) return undefined;
    this.#newborn = undefined;
    if (newborn.inode === inode) return newborn.file;
    newborn.file.close();
    return undefined;
  }

  /** The host file is gone. */
  forget(inode: HostInode): void {
    this.#inodes.delete(`${inode.info.dev}:${inode.info.ino}:${inode.type}`);
  }

  override revalidate(dentry: Dentry): boolean {
    const { inode } = dentry;
    if (!(inode instanceof HostInode)) return dentry.parent.inode.lookup(dentry.name) === inode;
    if (inode.justFound) return true;
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
    this.#newborn?.file.close();
    this.#newborn = undefined;
    for (const inode of this.#inodes.values()) inode.sync();
    return 0;
  }
}
