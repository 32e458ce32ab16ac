/**
 * Files of the host that nobody writes: the lower layers of the root, and read-only binds.
 *
 * What was read of them (attributes, listings, content, engine frames with their decoded code) stays in memory for
 * the life of the worker, so that the second guest starts warm. An entry is trusted only as long as lstat shows the
 * same file: identity, size and times; and not at all by these when they were young at the look ({@link isYoung}).
 *
 * No host path with an unresolved symbolic link is ever handed to the host: callers go component by component, and a
 * link is text for the guest's own path walk.
 */
import { type Frame, PAGE_SIZE } from "../../engine/engine.ts";
import { lookAt } from "../../host_look.ts";
import { DT_DIR, DT_LNK, DT_REG, DT_UNKNOWN } from "../abi/dirent.ts";
import { ESTALE } from "../abi/errno.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from "../abi/stat.ts";
import { fromHost } from "./byte_string.ts";
import { hostChanges } from "./host_changes.ts";
import { hostErrno } from "./host_error.ts";
import type { BaseContent } from "./page_store.ts";
import type { FrameSource } from "./superblock.ts";

function nanoseconds(milliseconds: number): bigint {
  return BigInt(Math.floor(milliseconds)) * 1_000_000n;
}

/** S_IF* of a file; hosts without modes (Windows) get plain permissions. */
function modeOf(info: Deno.FileInfo): number {
  if (info.mode !== null && (info.mode & S_IFMT) !== 0) return info.mode;
  const type = info.isDirectory
    ? S_IFDIR
    : info.isSymlink
    ? S_IFLNK
    : info.isFifo
    ? S_IFIFO
    : info.isSocket
    ? S_IFSOCK
    : info.isCharDevice
    ? S_IFCHR
    : info.isBlockDevice
    ? S_IFBLK
    : S_IFREG;
  return type | (info.mode ?? (info.isFile ? 0o755 : 0o777));
}

/**
 * Attributes of a host file. Most looks are for the same file as before: times in ns since the epoch are made when they
 * are wanted (the host side gives milliseconds).
 */
export class HostInfo {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly size: number;
  /** Storage taken, in units of 512 bytes; as if there were no holes where the host does not tell. */
  readonly blocks: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly #atimeMs: number;

  constructor(info: Deno.FileInfo) {
    const mtimeMs = info.mtime?.getTime() ?? 0, changedMs = info.ctime?.getTime() ?? mtimeMs;
    this.dev = info.dev;
    this.ino = info.ino ?? 0;
    this.mode = modeOf(info);
    this.nlink = info.nlink ?? 1;
    this.uid = info.uid ?? 0;
    this.gid = info.gid ?? 0;
    this.rdev = info.rdev ?? 0;
    this.size = info.size;
    this.blocks = info.blocks ?? Math.ceil(info.size / 4096) * 8;
    this.mtimeMs = mtimeMs;
    // Deno tells the change in whole seconds: in the second of the last write it was not before that.
    this.ctimeMs = Math.floor(mtimeMs / 1000) * 1000 === changedMs ? mtimeMs : changedMs;
    this.#atimeMs = info.atime?.getTime() ?? 0;
  }

  get atime(): bigint {
    return nanoseconds(this.#atimeMs);
  }
  get mtime(): bigint {
    return nanoseconds(this.mtimeMs);
  }
  get ctime(): bigint {
    return nanoseconds(this.ctimeMs);
  }
}

export const hostInfo = (info: Deno.FileInfo): HostInfo => new HostInfo(info);

/** How long an answer of lstat is good for, in ms: enough to start a program without asking twice. */
const TRUST_MS = 500;
/** Nodes kept, about 1 KiB each; beyond, all are forgotten at once. Starting Python looks at some 300. */
const MAX_NODES = 8192;
/** How old, in ms, times must be to tell states of a file apart: Deno tells ctime in seconds, FAT keeps mtime in twos. */
const SETTLED_MS = 2000;

const nodes = new Map<string, HostNode>();

/** Forgets everything read from the host. */
export function forgetHostFiles(): void {
  nodes.clear();
  young.clear();
  contents.clear();
}

/**
 * Whether a file changed so recently that its next change may leave the same times, and with an equal size the same
 * attributes altogether (git calls such a file racily clean). Times to come are young too.
 */
export function isYoung({ mtimeMs, ctimeMs }: HostInfo): boolean {
  const settled = Date.now() - SETTLED_MS;
  return mtimeMs > settled || ctimeMs > settled;
}

/** Whether two looks saw the same file in the same state, as far as attributes tell. */
export function isSameState(a: HostInfo, b: HostInfo): boolean {
  return isSameContent(a, b) && a.ctimeMs === b.ctimeMs;
}

/** The same without the time of the last change, which new names and rights move too. */
function isSameContent(a: HostInfo, b: HostInfo): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.mtimeMs === b.mtimeMs && a.size === b.size;
}

/**
 * The node of a host path, all of whose parents are known to be real directories; a negative errno where there is
 * none.
 */
export function hostNode(path: string): HostNode | number {
  const known = nodes.get(path), now = performance.now(), changes = hostChanges();
  if (known && known.changes === changes && now - known.checked < TRUST_MS) return known;
  let info: HostInfo;
  try {
    info = hostInfo(lookAt(path));
  } catch (error) {
    nodes.delete(path);
    // Who has it open goes on with what was read of it.
    if (known) young.delete(known);
    return hostErrno(error);
  }
  if (known?.isStill(info)) {
    known.checked = now;
    known.changes = changes;
    return known;
  }
  if (known && young.delete(known)) known.release();
  if (nodes.size >= MAX_NODES) {
    nodes.clear();
    young.clear();
  }
  const node = new HostNode(path, info, now, changes);
  nodes.set(path, node);
  if (node.isYoung) rememberYoung(node);
  return node;
}

/** Known nodes of young files, made since the last change: after the next, nothing of them is used again. */
const young = new Set<HostNode>();
/** What {@link hostChanges} said when they were made. */
let youngSince = -1;

function rememberYoung(node: HostNode): void {
  if (youngSince !== node.changes) {
    for (const old of young) {
      nodes.delete(old.path);
      old.release();
    }
    young.clear();
    youngSince = node.changes;
  }
  young.add(node);
}

/** Names in a host directory and their DT_* types, sorted so that runs repeat; a negative errno if unreadable. */
export function hostNames(path: string): ReadonlyMap<string, number> | number {
  const list: [string, number][] = [];
  try {
    for (const entry of Deno.readDirSync(path)) {
      const type = entry.isDirectory ? DT_DIR : entry.isSymlink ? DT_LNK : entry.isFile ? DT_REG : DT_UNKNOWN;
      list.push([fromHost(entry.name), type]);
    }
  } catch (error) {
    return hostErrno(error);
  }
  list.sort((a, b) => a[0] < b[0] ? -1 : 1);
  return new Map(list);
}

/** The text of a host link, or a negative errno. */
export function hostTarget(path: string): string | number {
  try {
    return fromHost(Deno.readLinkSync(path));
  } catch (error) {
    return hostErrno(error);
  }
}

/** One host file as it was when looked at. */
export class HostNode {
  readonly isYoung: boolean;
  #names: ReadonlyMap<string, number> | undefined;
  #target: string | undefined;
  #content: HostContent | undefined;

  /**
   * @param checked when lstat last agreed, in `performance.now()` ms
   * @param changes what {@link hostChanges} said then
   */
  constructor(readonly path: string, readonly info: HostInfo, public checked: number, public changes: number) {
    this.isYoung = isYoung(info);
  }

  /** Whether what was read of it still holds when lstat says this. */
  isStill(info: HostInfo): boolean {
    return !this.isYoung && !this.#content?.changed && isSameState(this.info, info) && this.info.mode === info.mode;
  }

  get isDirectory(): boolean {
    return (this.info.mode & S_IFMT) === S_IFDIR;
  }

  /** The host path of an entry. @param hostName in the host's form */
  childPath(hostName: string): string {
    return this.path.endsWith("/") ? this.path + hostName : this.path + "/" + hostName;
  }

  /** Names (byte strings) and their DT_* types, as {@link hostNames}. */
  names(): ReadonlyMap<string, number> | number {
    if (this.#names) return this.#names;
    const names = hostNames(this.path);
    if (typeof names !== "number") this.#names = names;
    return names;
  }

  /** A link's text. */
  target(): string | number {
    if (this.#target !== undefined) return this.#target;
    const target = hostTarget(this.path);
    if (typeof target === "string") this.#target = target;
    return target;
  }

  /** Gives back the memory of what was read. */
  release(): void {
    this.#content?.release();
  }

  get content(): HostContent {
    return this.#content ??= this.isYoung ? new HostContent(this.path, this.info) : hostContent(this.path, this.info);
  }
}

/** Bytes read at once, and kept. */
const CHUNK = 256 * 1024;
/** Bytes of chunks kept over all files, with the frames made of them: what a large program and its libraries touch. */
const CACHE_LIMIT = 96 * 2 ** 20;

/** Contents by identity of the file, which may stand under many names. */
const contents = new Map<string, WeakRef<HostContent>>();
const forgotten = new FinalizationRegistry((key: string) => {
  if (contents.get(key)?.deref() === undefined) contents.delete(key);
});

function keyOf(path: string, { dev, ino, size, mtimeMs, ctimeMs }: HostInfo): string {
  // Hosts without inode numbers tell files apart by their names alone.
  return `${dev}:${ino || path}:${size}:${mtimeMs}:${ctimeMs}`;
}

/** The content of a file in a state, shared by all who see it in that state: not for young ones. */
export function hostContent(path: string, info: HostInfo): HostContent {
  const key = keyOf(path, info), known = contents.get(key)?.deref();
  if (known) {
    known.path = path; // the one that was there last
    return known;
  }
  const content = new HostContent(path, info);
  contents.set(key, new WeakRef(content));
  forgotten.register(content, key);
  return content;
}

/** Chunks by age of their last use: a Map keeps the order in which keys were set. */
const recent = new Map<HostChunk, HostContent>();
/** The last of them: most uses are of the chunk that was used before. */
let newest: HostChunk | undefined;
let cached = 0;

interface HostChunk {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/**
 * The content of a host file, read when needed. What is read is of this file, or an error: another may have taken the
 * path over. Where the file itself was changed since, the bytes are those of now, and nobody new shares them.
 */
export class HostContent implements BaseContent {
  readonly size: number;
  readonly #chunks = new Map<number, HostChunk>();
  #frames: (Frame | undefined)[] = [];
  #source: WeakRef<FrameSource> | undefined;
  /** The file was seen to be no longer as it was. */
  changed = false;

  constructor(public path: string, readonly info: HostInfo) {
    this.size = info.size;
  }

  read(into: Uint8Array, offset: number): number {
    for (let done = 0; done < into.length;) {
      const position = offset + done, index = Math.floor(position / CHUNK), from = position - index * CHUNK;
      const chunk = this.#chunk(index);
      if (typeof chunk === "number") return chunk;
      const count = Math.min(into.length - done, CHUNK - from);
      into.set(chunk.bytes.subarray(from, from + count), done);
      done += count;
    }
    return into.length;
  }

  /** @param open the file, where somebody has it open; else it is opened by its path */
  frame(pageIndex: number, source: FrameSource, open?: Deno.FsFile): Frame | undefined {
    if (this.#source?.deref() !== source) {
      this.#frames = [];
      this.#source = new WeakRef(source);
    }
    const offset = pageIndex * PAGE_SIZE, known = this.#frames[pageIndex];
    if (known) {
      const chunk = this.#chunks.get(Math.floor(offset / CHUNK));
      if (chunk !== undefined) this.#use(chunk);
      return known;
    }
    if (offset >= this.size) return undefined;
    const chunk = this.#chunk(Math.floor(offset / CHUNK), open);
    if (typeof chunk === "number") return undefined;
    const from = offset % CHUNK;
    return this.#frames[pageIndex] = source.createFrame(chunk.bytes.subarray(from, from + PAGE_SIZE));
  }

  #chunk(index: number, open?: Deno.FsFile): HostChunk | number {
    let chunk = this.#chunks.get(index);
    if (chunk === undefined) {
      const bytes = new Uint8Array(Math.min(CHUNK, this.size - index * CHUNK));
      const error = open ? this.#readOpen(open, bytes, index * CHUNK) : this.#readPath(bytes, index * CHUNK);
      if (error < 0) return error;
      chunk = { index, bytes };
      this.#chunks.set(index, chunk);
      cached += bytes.length;
      evictOld();
    }
    this.#use(chunk);
    return chunk;
  }

  #readPath(bytes: Uint8Array, offset: number): number {
    try {
      using file = Deno.openSync(this.path);
      return this.#readOpen(file, bytes, offset);
    } catch (error) {
      return hostErrno(error);
    }
  }

  /** Fills `bytes`; what the file no longer has stays zero. */
  #readOpen(file: Deno.FsFile, bytes: Uint8Array, offset: number): number {
    try {
      file.seekSync(offset, Deno.SeekMode.Start);
      for (let done = 0; done < bytes.length;) {
        const count = file.readSync(bytes.subarray(done));
        if (count === null) break;
        done += count;
      }
      // Asked after reading: what changed before is seen.
      const now = hostInfo(file.statSync());
      if (now.dev !== this.info.dev || now.ino !== this.info.ino) return -ESTALE;
      if (!isSameContent(now, this.info)) this.#forget();
      return 0;
    } catch (error) {
      return hostErrno(error);
    }
  }

  /** What was read goes, but for what mappings use; it can be read again. */
  release(): void {
    for (const chunk of this.#chunks.values()) {
      if (!recent.delete(chunk)) continue;
      if (newest === chunk) newest = undefined;
      cached -= chunk.bytes.length;
    }
    this.#chunks.clear();
    this.#frames = [];
  }

  /** The file is not as it was: those who look at it anew get a content of their own. */
  #forget(): void {
    this.release();
    this.changed = true;
    contents.delete(keyOf(this.path, this.info));
  }

  #use(chunk: HostChunk): void {
    if (chunk === newest) return;
    recent.delete(chunk);
    recent.set(chunk, this);
    newest = chunk;
  }

  /** Forgets a chunk, and its frames: they hold its bytes. Mappings keep those that they use. */
  drop({ index }: HostChunk): void {
    this.#chunks.delete(index);
    const first = index * CHUNK / PAGE_SIZE;
    this.#frames.fill(undefined, first, first + CHUNK / PAGE_SIZE);
  }
}

function evictOld(): void {
  for (const [chunk, owner] of recent) {
    if (cached <= CACHE_LIMIT) return;
    recent.delete(chunk);
    owner.drop(chunk);
    cached -= chunk.bytes.length;
  }
}
