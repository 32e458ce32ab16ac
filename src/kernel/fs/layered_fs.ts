/**
 * The copy-on-write file system: a tmpfs over read-only host folders, like overlayfs with its upper layer in memory.
 *
 * There are no two copies of an inode: a directory or file of a lower layer is loaded when first looked up, and from
 * then on it is an inode in memory that remembers what lies below. Changes stay in memory: removed names become
 * whiteouts, new directories have nothing below (they are opaque), a file's chunks are copied when written
 * (page_store.ts). So descriptors opened before the first write see it, unlike on overlayfs.
 *
 * Directories of the same path merge; anything else hides what lies below it.
 *
 * What is below is taken as not changing, but where the guest itself may change it through a read-write bind
 * ({@link LayeredFs.follow}): there a name is looked at anew after each change, until the guest has changed it here.
 * Descriptors and mappings show the file as it was when they were opened, or as it was when they first read of it.
 */
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../abi/stat.ts";
import { OVERLAYFS_MAGIC, type StatFs } from "../abi/statfs.ts";
import { direntType } from "../abi/dirent.ts";
import { ENOENT, ENOTDIR } from "../abi/errno.ts";
import { toHost } from "./byte_string.ts";
import type { Dentry } from "./dentry.ts";
import { hostChanges, nameChanges } from "./host_changes.ts";
import { type HostInfo, type HostNode, hostNode } from "./host_node.ts";
import type { DirectoryEntry, Inode } from "./inode.ts";
import { MemoryFile } from "./memory_file.ts";
import { findOpen } from "./open_host_file.ts";
import type { Ownership } from "./ownership.ts";
import {
  DEFAULT_LIMITS,
  type FsServices,
  MemoryDirectory,
  type MemoryEntry,
  MemorySymlink,
  SpecialInode,
  TmpFs,
} from "./tmpfs.ts";

/** A host folder, or one file, as a read-only layer. */
export interface Layer {
  /** Absolute host path without symbolic links. */
  readonly path: string;
  readonly ownership: Ownership;
}

/** A host directory in a layer. */
interface Lower {
  readonly node: HostNode;
  readonly layer: Layer;
}

/**
 * What the lower layers are said to occupy, in blocks of 4 KiB. Deno cannot ask the host and walking a sysroot takes
 * seconds: a round number, as no real root has nothing in it.
 */
const LOWER_BLOCKS = 2 ** 18;

export class LayeredFs extends TmpFs {
  override readonly type = "overlay";
  override dentries: "kept" | "checked" = "kept";
  /** Files with several names below, by host identity. */
  readonly byHostInode = new Map<string, MemoryFile>();
  /** Host folders that change under the guest's own hands. */
  readonly #followed: string[] = [];

  /** @param layers uppermost first; the first one's root gives the attributes of the root directory */
  constructor(services: FsServices, layers: readonly Layer[]) {
    super(services, 0o755, DEFAULT_LIMITS);
    this.source = "overlay";
    const lowers: Lower[] = [];
    for (const layer of layers) {
      const node = hostNode(layer.path);
      if (typeof node !== "number" && node.isDirectory) lowers.push({ node, layer });
    }
    const root = this.root as LayeredDirectory;
    root.lowers = lowers;
    const top = lowers[0];
    if (top) adoptAttributes(root, top.node.info, top.layer.ownership);
  }

  protected override makeRoot(mode: number, uid: number, gid: number): MemoryDirectory {
    return new LayeredDirectory(this, mode, uid, gid);
  }

  override statfs(): StatFs {
    const upper = super.statfs(), below = (this.root as LayeredDirectory).lowers.length > 0 ? LOWER_BLOCKS : 0;
    return { ...upper, type: OVERLAYFS_MAGIC, blocks: upper.blocks + below };
  }

  /** A host folder, or file, is bound read-write too. @param path absolute, without symbolic links */
  follow(path: string): void {
    this.#followed.push(path);
    this.dentries = "checked";
  }

  /** Whether this host directory is in a folder that is bound read-write. */
  follows(path: string): boolean {
    return this.#followed.some((folder) => path === folder || path.startsWith(folder === "/" ? folder : folder + "/"));
  }

  override revalidate({ parent, name, inode }: Dentry): boolean {
    const dir = parent.inode;
    return !(dir instanceof LayeredDirectory) || !dir.follows || dir.lookup(name) === inode;
  }

  /** The inode for what lies at this place of the lower layers. */
  load(found: readonly Lower[], ino: number): Inode | number {
    const { node, layer } = found[0]!;
    const { info } = node, uid = layer.ownership.uid(info.uid), gid = layer.ownership.gid(info.gid);
    let inode: Inode;
    switch (info.mode & S_IFMT) {
      case S_IFDIR: {
        const dir = new LayeredDirectory(this, info.mode, uid, gid, ino);
        dir.lowers = [...found];
        inode = dir;
        break;
      }
      case S_IFREG:
        return this.#loadFile(node, layer.ownership, ino);
      case S_IFLNK: {
        const target = node.target();
        if (typeof target === "number") return target;
        inode = new MemorySymlink(this, target, uid, gid, ino);
        break;
      }
      default:
        inode = new SpecialInode(this, info.mode, uid, gid, ino);
        if ((info.mode & S_IFMT) === S_IFCHR || (info.mode & S_IFMT) === S_IFBLK) inode.rdev = info.rdev;
    }
    adoptAttributes(inode, info, layer.ownership);
    return inode;
  }

  #loadFile(node: HostNode, ownership: Ownership, ino: number): MemoryFile {
    const { info } = node;
    const key = info.nlink > 1 ? `${info.dev}:${info.ino}` : "";
    const known = key ? this.byHostInode.get(key) : undefined;
    // As the guest has it by now, by another of its names.
    if (known) return known;
    const file = new MemoryFile(this, info.mode, ownership.uid(info.uid), ownership.gid(info.gid), ino, node.content);
    adoptAttributes(file, info, ownership);
    if (key) this.byHostInode.set(key, file);
    return file;
  }

  /** A file below is not as it was: who looks at it anew gets it as it is. */
  forget({ info }: HostNode): void {
    this.byHostInode.delete(`${info.dev}:${info.ino}`);
  }
}

function adoptAttributes(inode: Inode, info: HostInfo, ownership: Ownership): void {
  inode.mode = info.mode;
  inode.uid = ownership.uid(info.uid);
  inode.gid = ownership.gid(info.gid);
  // Some hosts count no subdirectories (btrfs: always 1).
  inode.nlink = inode.isDirectory ? Math.max(2, info.nlink) : info.nlink;
  inode.atime = info.atime;
  inode.mtime = info.mtime;
  inode.ctime = inode.btime = info.ctime;
}

interface LayeredEntry extends MemoryEntry {
  /** Comes from a lower layer; undefined for what the guest made. */
  readonly fromLower?: true;
  /** What the inode was made of, once it is known. */
  node?: HostNode;
  /** What {@link hostChanges} said when it was last looked at. */
  changes?: number;
}

export class LayeredDirectory extends MemoryDirectory {
  declare readonly sb: LayeredFs;
  /** Host directories that show through, uppermost first. */
  lowers: Lower[] = [];
  #follows: boolean | undefined;
  /** What {@link nameChanges} said when the folders below, and all names in them, were last looked at. */
  #folderChanges = -1;
  #listChanges = -1;

  /** Whether the guest may change what is below, through a read-write bind. */
  get follows(): boolean {
    if (this.sb.dentries === "kept") return false;
    return this.#follows ??= this.lowers.some(({ node }) => this.sb.follows(node.path));
  }

  /** Takes over what changed below under one name since the last look. */
  #follow(name: string): void {
    if (!this.follows) return;
    this.#followFolders();
    const entry = this.names.get(name) as LayeredEntry | null | undefined;
    if (!entry?.fromLower) return;
    if (entry.node) this.#flush(entry.node);
    if (entry.changes === hostChanges()) return;
    entry.changes = hostChanges();
    this.#renew(name, entry);
  }

  /** Takes over which names there are below. */
  #followAll(): void {
    if (!this.follows || this.#listChanges === nameChanges()) return;
    this.#listChanges = nameChanges();
    for (const name of [...this.names.keys()]) this.#follow(name);
    this.#followFolders();
  }

  /** What mappings of a read-write bind stored goes to the file, before it is looked at. */
  #flush(node: HostNode): void {
    findOpen(this.sb.services.frames, node.path, node.info)?.pages?.flush();
  }

  #followFolders(): void {
    if (this.#folderChanges === nameChanges()) return;
    this.#folderChanges = nameChanges();
    this.lowers = this.lowers.flatMap(({ node, layer }) => {
      const now = hostNode(node.path);
      return typeof now !== "number" && now.isDirectory ? [{ node: now, layer }] : [];
    });
  }

  /** Forgets what was below under this name if it is there no more as it was, and the guest has not changed it here. */
  #renew(name: string, { ino, inode, node }: LayeredEntry): void {
    const type = this.#lowerType(name);
    if (!node || !inode) {
      if (type === undefined) this.names.delete(name);
      return;
    }
    const now = hostNode(node.path), same = typeof now !== "number" && now.info.ino === node.info.ino;
    if (now === node || inode.ctime !== node.info.ctime) return;
    if (inode instanceof LayeredDirectory && (inode.names.size > 0 || same)) return;
    if (inode instanceof MemoryFile) this.sb.forget(node);
    const entry: LayeredEntry = { ino, type: type ?? 0, inode: undefined, fromLower: true };
    if (type !== undefined && same) this.names.set(name, entry);
    else this.names.delete(name);
  }

  override get size(): number {
    return this.lowers.length > 0 ? 4096 : super.size;
  }

  protected override makeDirectory(mode: number, uid: number, gid: number): MemoryDirectory {
    return new LayeredDirectory(this.sb, mode, uid, gid);
  }

  /** What lies below under this name is not to be seen, nor looked at. */
  hide(name: string): void {
    this.names.set(name, null);
  }

  protected override entry(name: string): MemoryEntry | undefined {
    this.#follow(name);
    const known = this.names.get(name);
    if (known !== undefined || this.lowers.length === 0) return known ?? undefined;
    const type = this.#lowerType(name);
    if (type === undefined) return undefined;
    const entry: LayeredEntry = { ino: this.sb.nextIno(), type, inode: undefined, fromLower: true };
    this.names.set(name, entry);
    return entry;
  }

  /** DT_* of a name below. */
  #lowerType(name: string): number | undefined {
    for (const { node } of this.lowers) {
      const names = node.names();
      if (typeof names !== "number") {
        const type = names.get(name);
        if (type !== undefined) return type;
        continue;
      }
      // A folder that may be passed through but not listed.
      const found = this.#hostChild(node, name);
      if (typeof found !== "number") return direntType(found.info.mode);
      if (found !== -ENOENT && found !== -ENOTDIR) return 0;
    }
    return undefined;
  }

  #hostChild(node: HostNode, name: string): HostNode | number {
    const hostName = toHost(name);
    if (hostName === undefined) return -ENOENT;
    const path = node.childPath(hostName), child = hostNode(path);
    if (typeof child === "number" || !this.follows) return child;
    this.#flush(child);
    return hostNode(path);
  }

  override lookup(name: string): Inode | number {
    let entry = this.entry(name) as LayeredEntry | undefined;
    if (!entry) return -ENOENT;
    if (entry.inode) return entry.inode;
    const found: Lower[] = [];
    let error = -ENOENT;
    for (const { node, layer } of this.lowers) {
      const names = node.names();
      // A look at what is not there costs five times as much as one at what is.
      if (typeof names !== "number" && !names.has(name)) continue;
      const child = this.#hostChild(node, name);
      if (typeof child === "number") {
        if (child !== -ENOENT && child !== -ENOTDIR && found.length === 0) {
          error = child;
          break;
        }
        continue;
      }
      if (found.length > 0 && !child.isDirectory) break;
      found.push({ node: child, layer });
      if (!child.isDirectory) break;
    }
    if (found.length === 0) {
      this.names.delete(name);
      return error;
    }
    const inode = this.sb.load(found, entry.ino);
    if (typeof inode === "number") return inode;
    // One of several names has the inode, and its number, that the first one got.
    if (inode.ino !== entry.ino) this.names.set(name, entry = { ...entry, ino: inode.ino });
    entry.inode = inode;
    entry.node = found[0]!.node;
    entry.changes = hostChanges();
    return inode;
  }

  protected override removeName(name: string): void {
    if (this.lowers.length > 0 && this.#lowerType(name) !== undefined) this.names.set(name, null);
    else this.names.delete(name);
  }

  override isEmpty(): boolean {
    this.#followAll();
    for (const entry of this.names.values()) if (entry) return false;
    return this.#lowerNames().length === 0;
  }

  /** Names below that are neither hidden nor known here. */
  #lowerNames(): string[] {
    const list: string[] = [];
    for (const { node } of this.lowers) {
      const names = node.names();
      if (typeof names === "number") continue;
      for (const name of names.keys()) if (!this.names.has(name)) list.push(name);
    }
    return this.lowers.length > 1 ? [...new Set(list)] : list;
  }

  /** What the guest made, newest first; then what lies below, by name. */
  override entries(): DirectoryEntry[] | number {
    this.#followAll();
    const unreadable = this.lowers.length > 0 && this.lowers.every(({ node }) => typeof node.names() === "number");
    if (unreadable && this.names.size === 0) return this.lowers[0]!.node.names() as number;
    for (const name of this.#lowerNames()) this.entry(name);
    const made: DirectoryEntry[] = [], lower: DirectoryEntry[] = [];
    for (const [name, entry] of this.names) {
      if (!entry) continue;
      const isLower = (entry as LayeredEntry).fromLower === true;
      (isLower ? lower : made).push({ name, ino: entry.ino, type: entry.type });
    }
    lower.sort((a, b) => a.name < b.name ? -1 : 1);
    return made.reverse().concat(lower);
  }

  /**
   * Paths (byte strings) that the guest changed over the layer at `host`, below this directory, which is `path`.
   * Only what was loaded can have changed, so the walk is short.
   */
  changes(path: string, host: string, found: string[], limit: number): void {
    const overHost = this.lowers.some(({ layer }) => layer.path === host);
    for (const [name, entry] of this.names) {
      if (found.length >= limit) return;
      const place = path + "/" + name, inode = entry?.inode;
      const changed = entry === null || (entry as LayeredEntry).fromLower !== true ||
        (inode instanceof MemoryFile && !inode.content.untouched);
      if (changed && overHost) found.push(place);
      if (inode instanceof LayeredDirectory) inode.changes(place, host, found, limit);
    }
  }
}

/**
 * One host file or folder as a file system of its own, read-only by its mount: a read-only bind.
 *
 * @returns the root inode, or a negative errno
 */
export function layeredRoot(fs: LayeredFs, layer: Layer): Inode | number {
  const node = hostNode(layer.path);
  return typeof node === "number" ? node : fs.load([{ node, layer }], fs.nextIno());
}
