/**
 * Building blocks of procfs and sysfs: file systems whose files are made up when looked at (proc(5), sysfs(5)).
 *
 * A text file is generated at its first read and again after a rewind, as seq_file does. Directories ask for their
 * entries at every look, so nothing here remembers processes that are gone.
 */
import { direntType } from "../../abi/dirent.ts";
import { EACCES, EINVAL, EIO, ENOENT, EPERM } from "../../abi/errno.ts";
import { MAX_OFFSET, SEEK_CUR, SEEK_END, SEEK_SET } from "../../abi/fcntl.ts";
import { S_IFDIR, S_IFLNK, S_IFREG } from "../../abi/stat.ts";
import type { StatFs } from "../../abi/statfs.ts";
import type { Actor } from "../access.ts";
import { fromBytes, toBytes } from "../byte_string.ts";
import { DirectoryFile } from "../directory_file.ts";
import { type FileContext, OpenFile } from "../file.ts";
import { type AttributeChange, type DirectoryEntry, Inode, type Opener, type OpenResult } from "../inode.ts";
import type { Path } from "../path.ts";
import { SuperBlock } from "../superblock.ts";

/** A file system without storage. */
export class SyntheticFs extends SuperBlock {
  override readonly dentries = "fresh";
  readonly root: SyntheticDirectory;

  constructor(readonly type: string, readonly magic: number) {
    super();
    this.source = type;
    this.root = new SyntheticDirectory(this, 0o555, 0, 0, 1);
  }

  override statfs(): StatFs {
    return { type: this.magic, bsize: 4096, blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0, namelen: 255 };
  }
}

/** What all made-up files share: their attributes cannot be changed. */
abstract class SyntheticInode extends Inode {
  override setAttributes(_change: AttributeChange): number {
    return -EPERM;
  }
}

/** A directory with fixed entries; subclasses add those that come and go. */
export class SyntheticDirectory extends SyntheticInode {
  readonly #fixed = new Map<string, Inode>();
  #later: (() => void)[] | undefined;

  constructor(sb: SuperBlock, permissions: number, uid: number, gid: number, ino?: number) {
    super(sb, S_IFDIR | permissions, uid, gid, ino);
    this.nlink = 2;
  }

  /** The fixed entries, filled in. */
  #entries(): Map<string, Inode> {
    const later = this.#later;
    this.#later = undefined;
    for (const add of later ?? []) add();
    return this.#fixed;
  }

  /** Adds fixed entries when somebody first looks, behind those that are to come then anyway: most guests never do. */
  later(add: () => void): void {
    // Not put together to one function: see docs/ARCHITECTURE.md, "What dies with a guest".
    (this.#later ??= []).push(add);
  }

  /** Adds a fixed entry. */
  add(name: string, inode: Inode): void {
    this.#entries().set(name, inode);
    if (inode.isDirectory) this.nlink++;
  }

  /** The directory at a relative path, made where missing. */
  directory(path: string): SyntheticDirectory {
    // deno-lint-ignore no-this-alias -- walks down from here
    let dir: SyntheticDirectory = this;
    for (const name of path.split("/").filter(Boolean)) {
      let next = dir.#entries().get(name);
      if (!(next instanceof SyntheticDirectory)) dir.add(name, next = new SyntheticDirectory(this.sb, 0o555, 0, 0));
      dir = next as SyntheticDirectory;
    }
    return dir;
  }

  /**
   * Adds a text file at a relative path, with its directories.
   *
   * @param write makes the file writable (mode 644)
   */
  text(path: string, read: (opener: Opener) => string, write?: TextWriter, permissions = write ? 0o644 : 0o444): void {
    const slash = path.lastIndexOf("/");
    const dir = slash < 0 ? this : this.directory(path.slice(0, slash));
    dir.add(path.slice(slash + 1), new SyntheticText(this.sb, permissions, 0, 0, undefined, read, write));
  }

  /** Entries besides the fixed ones. */
  protected dynamicLookup(_name: string): Inode | undefined {
    return undefined;
  }
  protected dynamicEntries(): DirectoryEntry[] {
    return [];
  }

  override lookup(name: string): Inode | number {
    return this.#entries().get(name) ?? this.dynamicLookup(name) ?? -ENOENT;
  }
  override isEmpty(): boolean {
    return false;
  }
  override entries(): DirectoryEntry[] | number {
    const list: DirectoryEntry[] = [];
    for (const [name, inode] of this.#entries()) list.push({ name, ino: inode.ino, type: direntType(inode.mode) });
    return list.concat(this.dynamicEntries());
  }
  override open(flags: number): OpenResult {
    return new DirectoryFile(flags, this);
  }
}

/** A symbolic link made up from who looks at it. */
export class SyntheticLink extends SyntheticInode {
  readonly #target: (actor: Actor | undefined) => string | number;

  constructor(
    sb: SuperBlock,
    uid: number,
    gid: number,
    ino: number | undefined,
    target: (actor: Actor | undefined) => string | number,
  ) {
    super(sb, S_IFLNK | 0o777, uid, gid, ino);
    this.#target = target;
  }

  override readlink(actor?: Actor): string | number {
    return this.#target(actor);
  }
}

/** A link that leads to a place, whatever its text says: /proc/PID/exe, cwd, root, fd/N. */
export class MagicLink extends SyntheticInode {
  constructor(
    sb: SuperBlock,
    permissions: number,
    uid: number,
    gid: number,
    ino: number,
    readonly place: (actor: Actor) => Path | number,
    readonly text: () => string | number,
  ) {
    super(sb, S_IFLNK | permissions, uid, gid, ino);
  }

  override get size(): number {
    return 64;
  }
  override readlink(actor?: Actor): string | number {
    const place = actor === undefined ? undefined : this.place(actor);
    return typeof place === "number" ? place : this.text();
  }
  override follow(actor: Actor): Path | number {
    return this.place(actor);
  }
}

/** Takes what the guest wrote (a byte string); returns 0 or a negative errno. */
export type TextWriter = (text: string, context: FileContext) => number;

/** A file of generated text (a byte string). */
export class SyntheticText extends SyntheticInode {
  constructor(
    sb: SuperBlock,
    permissions: number,
    uid: number,
    gid: number,
    ino: number | undefined,
    readonly generate: (opener: Opener) => string | number,
    readonly accept?: TextWriter,
  ) {
    super(sb, S_IFREG | permissions, uid, gid, ino);
  }

  // Writing to a file with O_TRUNC, as shells do, is no error.
  override truncate(): number {
    return this.accept ? 0 : -EACCES;
  }
  override open(flags: number, opener: Opener): OpenResult {
    return new SyntheticTextFile(flags, this, opener);
  }
}

/** Most bytes one write to a made-up file may bring. */
const WRITE_MAX = 65536;

class SyntheticTextFile extends OpenFile {
  declare readonly inode: SyntheticText;
  readonly #opener: Opener;
  #content: Uint8Array | undefined;

  constructor(flags: number, inode: SyntheticText, opener: Opener) {
    super(flags, inode);
    this.#opener = opener;
  }

  override read(into: Uint8Array): number {
    const count = this.pread(into, this.position);
    if (count > 0) this.position += count;
    return count;
  }

  override pread(into: Uint8Array, offset: number): number {
    if (!this.#content || offset === 0) {
      const text = this.inode.generate(this.#opener);
      if (typeof text === "number") return text;
      this.#content = toBytes(text);
    }
    if (offset >= this.#content.length) return 0;
    const piece = this.#content.subarray(offset, offset + into.length);
    into.set(piece);
    return piece.length;
  }

  override write(from: Uint8Array, context: FileContext): number {
    const { accept } = this.inode;
    if (!accept) return -EIO;
    if (from.length > WRITE_MAX) return -EINVAL;
    const error = accept(fromBytes(from), context);
    return error < 0 ? error : from.length;
  }
  override pwrite(from: Uint8Array, _offset: number, context: FileContext): number {
    return this.write(from, context);
  }

  override seek(offset: number, whence: number): number {
    const base = whence === SEEK_SET
      ? 0
      : whence === SEEK_CUR
      ? this.position
      : whence === SEEK_END
      ? (this.#content?.length ?? 0)
      : -1;
    const target = base + offset;
    if (base < 0 || target < 0 || target > MAX_OFFSET) return -EINVAL;
    return this.position = target;
  }

  override sync(): number {
    return -EINVAL;
  }
}
