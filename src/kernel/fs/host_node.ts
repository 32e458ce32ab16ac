/**
 * Files of the host that nobody writes: the lower layers of the root, and read-only binds.
 *
 * What was read of them (attributes, listings, content, engine frames with their decoded code) stays in memory for
 * the life of the worker, so that the second guest starts warm. An entry is trusted only as long as lstat shows the
 * same file: identity, size and modification time.
 *
 * No host path with an unresolved symbolic link is ever handed to the host: callers go component by component, and a
 * link is text for the guest's own path walk.
 */
import { type Frame, PAGE_SIZE } from "../../engine/engine.ts";
import { lookAt } from "../../host_look.ts";
import { DT_DIR, DT_LNK, DT_REG, DT_UNKNOWN } from "../abi/dirent.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from "../abi/stat.ts";
import { fromHost } from "./byte_string.ts";
import { hostErrno } from "./host_error.ts";
import type { BaseContent } from "./page_store.ts";
import type { FrameSource } from "./superblock.ts";

/** Attributes of a host file. Times in ns since the epoch (the host side gives milliseconds). */
export interface HostInfo {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly atime: bigint;
  readonly mtime: bigint;
  readonly ctime: bigint;
}

function nanoseconds(date: Date | null): bigint {
  return BigInt(Math.floor(date?.getTime() ?? 0)) * 1_000_000n;
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

export function hostInfo(info: Deno.FileInfo): HostInfo {
  return {
    dev: info.dev,
    ino: info.ino ?? 0,
    mode: modeOf(info),
    nlink: info.nlink ?? 1,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
    rdev: info.rdev ?? 0,
    size: info.size,
    mtimeMs: info.mtime?.getTime() ?? 0,
    atime: nanoseconds(info.atime),
    mtime: nanoseconds(info.mtime),
    ctime: nanoseconds(info.ctime ?? info.mtime),
  };
}

/** How long an answer of lstat is good for, in ms: enough to start a program without asking twice. */
const TRUST_MS = 500;
/** Nodes kept, about 1 KiB each; beyond, all are forgotten at once. Starting Python looks at some 300. */
const MAX_NODES = 8192;

const nodes = new Map<string, HostNode>();

/** Forgets everything read from the host. */
export function forgetHostFiles(): void {
  nodes.clear();
  contents.clear();
}

/**
 * The node of a host path, all of whose parents are known to be real directories; a negative errno where there is
 * none.
 */
export function hostNode(path: string): HostNode | number {
  const known = nodes.get(path), now = performance.now();
  if (known && now - known.checked < TRUST_MS) return known;
  let info: HostInfo;
  try {
    info = hostInfo(lookAt(path));
  } catch (error) {
    nodes.delete(path);
    return hostErrno(error);
  }
  if (known?.isSame(info)) {
    known.checked = now;
    return known;
  }
  if (nodes.size >= MAX_NODES) nodes.clear();
  const node = new HostNode(path, info, now);
  nodes.set(path, node);
  return node;
}

/** One host file as it was when looked at. */
export class HostNode {
  #names: ReadonlyMap<string, number> | undefined;
  #target: string | undefined;
  #content: HostContent | undefined;

  /** @param checked when lstat last agreed, in `performance.now()` ms */
  constructor(readonly path: string, readonly info: HostInfo, public checked: number) {}

  isSame(info: HostInfo): boolean {
    const mine = this.info;
    return mine.ino === info.ino && mine.dev === info.dev && mine.mtimeMs === info.mtimeMs && mine.size === info.size &&
      mine.mode === info.mode && mine.ctime === info.ctime;
  }

  get isDirectory(): boolean {
    return (this.info.mode & S_IFMT) === S_IFDIR;
  }

  /** The host path of an entry. @param hostName in the host's form */
  childPath(hostName: string): string {
    return this.path.endsWith("/") ? this.path + hostName : this.path + "/" + hostName;
  }

  /** Names (byte strings) and their DT_* types, sorted so that runs repeat; a negative errno if unreadable. */
  names(): ReadonlyMap<string, number> | number {
    if (this.#names) return this.#names;
    const list: [string, number][] = [];
    try {
      for (const entry of Deno.readDirSync(this.path)) {
        const type = entry.isDirectory ? DT_DIR : entry.isSymlink ? DT_LNK : entry.isFile ? DT_REG : DT_UNKNOWN;
        list.push([fromHost(entry.name), type]);
      }
    } catch (error) {
      return hostErrno(error);
    }
    list.sort((a, b) => a[0] < b[0] ? -1 : 1);
    return this.#names = new Map(list);
  }

  /** A link's text. */
  target(): string | number {
    if (this.#target !== undefined) return this.#target;
    try {
      return this.#target = fromHost(Deno.readLinkSync(this.path));
    } catch (error) {
      return hostErrno(error);
    }
  }

  get content(): HostContent {
    return this.#content ??= contentOf(this.path, this.info);
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

function contentOf(path: string, { dev, ino, size, mtimeMs, ctime }: HostInfo): HostContent {
  // Hosts without inode numbers tell files apart by their names alone.
  const key = `${dev}:${ino || path}:${size}:${mtimeMs}:${ctime}`;
  const known = contents.get(key)?.deref();
  if (known) {
    known.path = path; // the one that was there last
    return known;
  }
  const content = new HostContent(path, size);
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

/** The content of a host file, read when needed. */
export class HostContent implements BaseContent {
  readonly #chunks = new Map<number, HostChunk>();
  #frames: (Frame | undefined)[] = [];
  #source: WeakRef<FrameSource> | undefined;

  constructor(public path: string, readonly size: number) {}

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

  frame(pageIndex: number, source: FrameSource): Frame | undefined {
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
    const chunk = this.#chunk(Math.floor(offset / CHUNK));
    if (typeof chunk === "number") return undefined;
    const from = offset % CHUNK;
    return this.#frames[pageIndex] = source.createFrame(chunk.bytes.subarray(from, from + PAGE_SIZE));
  }

  #chunk(index: number): HostChunk | number {
    let chunk = this.#chunks.get(index);
    if (chunk === undefined) {
      const bytes = new Uint8Array(Math.min(CHUNK, this.size - index * CHUNK));
      const error = readHost(this.path, bytes, index * CHUNK);
      if (error < 0) return error;
      chunk = { index, bytes };
      this.#chunks.set(index, chunk);
      cached += bytes.length;
      evictOld();
    }
    this.#use(chunk);
    return chunk;
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

/** Fills `bytes` from a host file; what the file no longer has stays zero. */
function readHost(path: string, bytes: Uint8Array, offset: number): number {
  try {
    using file = Deno.openSync(path);
    if (offset > 0) file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) {
      const count = file.readSync(bytes.subarray(done));
      if (count === null) break;
      done += count;
    }
    return 0;
  } catch (error) {
    return hostErrno(error);
  }
}
