/**
 * A host file while it is open: its descriptors and its pages, which all descriptions share by whatever name, bind or
 * link they came to it. While one is open the host gives its identity to no other file.
 */
import { PAGE_SIZE } from "../../engine/engine.ts";
import { O_RDONLY, O_WRONLY } from "../abi/fcntl.ts";
import type { HostFile } from "./host_file.ts";
import { type HostInfo, hostInfo } from "./host_node.ts";
import { HostPages } from "./host_pages.ts";
import type { Inode } from "./inode.ts";
import type { FrameSource } from "./superblock.ts";

/** More pages than a file can have; not Infinity, which says that the file was cut and takes private copies too. */
const ALL = Number.MAX_SAFE_INTEGER;

/** By engine, as its frames are in the pages, and host identity. */
const opened = new WeakMap<FrameSource, Map<string, OpenHostFile>>();

/** Hosts without inode numbers tell files apart by their names. */
function keyOf(path: string, { dev, ino }: HostInfo): string {
  return `${dev}:${ino || path}`;
}

/** The open file with this identity, if it is open. */
export function findOpen(frames: FrameSource, path: string, info: HostInfo): OpenHostFile | undefined {
  const files = opened.get(frames);
  return files === undefined || files.size === 0 ? undefined : files.get(keyOf(path, info));
}

export class OpenHostFile {
  /** Pages, once somebody has mapped them. */
  pages: HostPages | undefined;
  readonly #files = new Set<HostFile>();
  /** The negative errno with which the host last refused what a mapping wrote; 0 once somebody was told. */
  writeError = 0;

  private constructor(readonly frames: FrameSource, readonly path: string, readonly key: string) {}

  /** Adds a description that was just opened. */
  static join(frames: FrameSource, file: HostFile): OpenHostFile {
    let files = opened.get(frames);
    if (!files) opened.set(frames, files = new Map());
    const { path, info } = file.inode, key = keyOf(path, info);
    let open = files.get(key);
    if (!open) files.set(key, open = new OpenHostFile(frames, path, key));
    open.#files.add(file);
    if (file.writable) open.pages?.own();
    return open;
  }

  /**
   * A description ends: what its mappings wrote goes to the file, pages end with the last that could read, and the host's
   * descriptor with the last that had it.
   */
  leave(file: HostFile): void {
    if (file.writable) this.pages?.flush();
    this.#files.delete(file);
    if (!this.writer) this.pages?.abandon();
    if (!this.reader) this.pages = undefined;
    if (!this.#find((other) => other.host === file.host)) file.host.close();
    if (this.#files.size === 0) opened.get(this.frames)?.delete(this.key);
  }

  #find(fits: (file: HostFile) => boolean): HostFile | undefined {
    for (const file of this.#files) if (fits(file)) return file;
    return undefined;
  }

  /** Whether a description of this inode is among them. */
  has(inode: Inode): boolean {
    return this.#find((file) => file.inode === inode) !== undefined;
  }

  /** A host descriptor that reads. */
  get reader(): Deno.FsFile | undefined {
    return this.#find((file) => file.readable)?.host;
  }

  /** A host descriptor that writes. */
  get writer(): Deno.FsFile | undefined {
    return this.#find((file) => file.writable)?.host;
  }

  /** A host descriptor for one description more. It has no position of its own: all that use it say where they read. */
  lent(access: number): Deno.FsFile | undefined {
    return this.#find((file) => (access === O_WRONLY || file.readable) && (access === O_RDONLY || file.writable))?.host;
  }

  /** What the host says of the file, whatever became of its names; undefined if it does not. */
  look(): HostInfo | undefined {
    for (const { host } of this.#files) {
      try {
        return hostInfo(host.statSync());
      } catch {
        return undefined;
      }
    }
    return undefined;
  }

  /** Writes back what mappings changed; 0, or the negative errno of this or of an attempt before that nobody was told. */
  sync(): number {
    this.pages?.flush();
    return this.takeError();
  }

  takeError(): number {
    const error = this.writeError;
    this.writeError = 0;
    return error;
  }

  /** The pages for a new mapping, as the file is now. */
  mapped(): HostPages {
    if (this.pages) this.pages.refresh();
    else this.pages = new HostPages(this);
    return this.pages;
  }

  /** The file was cut: before the pages are touched again, their mappings ask. */
  truncated(size: number): void {
    this.pages?.truncate(size);
    this.dropPages(Math.ceil(size / PAGE_SIZE), Infinity);
  }

  /** Tells those who map pages [first, end) that these are gone or others. */
  dropPages(first: number, end = ALL): void {
    const inodes = new Set<Inode>();
    for (const { inode } of this.#files) inodes.add(inode);
    for (const inode of inodes) inode.dropPages(first, end);
  }
}
