/**
 * Open files of a read-write bind, and their pages when mapped.
 *
 * Reads and writes go to the host file. Once pages are mapped, what a shared mapping may have changed is written back
 * before anybody reads, and what write(2) changes goes to the pages too: all views agree.
 */
import { type Frame, PAGE_SIZE } from "../../engine/engine.ts";
import { EFBIG, ENOENT } from "../abi/errno.ts";
import { MAX_OFFSET, O_ACCMODE, O_APPEND, O_RDONLY, O_WRONLY } from "../abi/fcntl.ts";
import { type Mappable, OpenFile } from "./file.ts";
import { hostErrno } from "./host_error.ts";
import type { HostInode } from "./host_inode.ts";
import { hostNode } from "./host_node.ts";
import { seekTarget } from "./memory_file.ts";
import type { FrameSource } from "./superblock.ts";

/** Host calls move bytes through here: guest memory is not given to the host. */
const bounce = new Uint8Array(256 * 1024);

function readAt(file: Deno.FsFile, into: Uint8Array, offset: number): number {
  try {
    file.seekSync(offset, Deno.SeekMode.Start);
    let done = 0;
    while (done < into.length) {
      const count = file.readSync(bounce.subarray(0, Math.min(bounce.length, into.length - done)));
      if (!count) break;
      into.set(bounce.subarray(0, count), done);
      done += count;
    }
    return done;
  } catch (error) {
    return hostErrno(error);
  }
}

function writeAt(file: Deno.FsFile, from: Uint8Array, offset: number): number {
  let done = 0;
  try {
    file.seekSync(offset, Deno.SeekMode.Start);
    while (done < from.length) {
      const count = Math.min(bounce.length, from.length - done);
      bounce.set(from.subarray(done, done + count));
      done += file.writeSync(bounce.subarray(0, count));
    }
    return done;
  } catch (error) {
    return done > 0 ? done : hostErrno(error);
  }
}

/**
 * Opens the host file behind an inode, and makes sure that it is this one: somebody may have put a link or another
 * file at its path since it was looked up.
 */
export function openVerified(inode: HostInode, options: Deno.OpenOptions): Deno.FsFile | number {
  try {
    const file = Deno.openSync(inode.path, options), { dev, ino } = file.statSync();
    if (dev === inode.info.dev && (ino ?? 0) === inode.info.ino) return file;
    file.close();
    return -ENOENT;
  } catch (error) {
    return hostErrno(error);
  }
}

export class HostFile extends OpenFile {
  declare readonly inode: HostInode;

  private constructor(flags: number, inode: HostInode, readonly host: Deno.FsFile) {
    super(flags, inode);
  }

  /** Opens the host file with just the access the flags ask for. */
  static open(inode: HostInode, flags: number): HostFile | number {
    const access = flags & O_ACCMODE;
    const host = openVerified(inode, { read: access !== O_WRONLY, write: access !== O_RDONLY });
    return typeof host === "number" ? host : new HostFile(flags, inode, host);
  }

  override read(into: Uint8Array): number {
    const count = this.pread(into, this.position);
    if (count > 0) this.position += count;
    return count;
  }

  override pread(into: Uint8Array, offset: number): number {
    this.inode.pages?.flush();
    return readAt(this.host, into, offset);
  }

  #size(): number {
    try {
      return this.host.statSync().size;
    } catch {
      return this.inode.size;
    }
  }

  override write(from: Uint8Array): number {
    const offset = (this.flags & O_APPEND) !== 0 ? this.#size() : this.position;
    const count = this.#writeAt(from, offset);
    if (count > 0) this.position = offset + count;
    return count;
  }

  override pwrite(from: Uint8Array, offset: number): number {
    return this.#writeAt(from, (this.flags & O_APPEND) !== 0 ? this.#size() : offset);
  }

  #writeAt(from: Uint8Array, offset: number): number {
    if (offset + from.length > MAX_OFFSET) return -EFBIG;
    const { inode } = this;
    inode.pages?.flush();
    const count = writeAt(this.host, from, offset);
    if (count <= 0) return count;
    inode.pages?.update(from.subarray(0, count), offset);
    inode.resized(Math.max(inode.size, offset + count));
    return count;
  }

  override seek(offset: number, whence: number): number {
    const target = seekTarget(this.position, this.#size(), offset, whence);
    if (target >= 0) this.position = target;
    return target;
  }

  override mappable(): Mappable | number {
    const { inode } = this;
    if (!inode.pages && inode.writers === 0) {
      const node = hostNode(inode.path);
      if (typeof node !== "number") {
        const { frames } = inode.sb.services;
        return { frame: (pageIndex) => node.content.frame(pageIndex, frames) };
      }
    }
    // The pages outlive this description: they get one of their own.
    if (!inode.pages) {
      const host = openVerified(inode, { read: true, write: this.writable });
      if (typeof host === "number") return host;
      inode.pages = new HostPages(inode, inode.sb.services.frames, host);
    }
    return inode.pages;
  }

  override sync(): number {
    this.inode.pages?.flush();
    try {
      this.host.syncSync();
      return 0;
    } catch (error) {
      return hostErrno(error);
    }
  }

  override release(): void {
    this.inode.pages?.flush();
    this.host.close();
    if (this.inode.opens <= 1) {
      this.inode.pages?.close();
      this.inode.pages = undefined;
    }
  }
}

/** Pages of a host file that are mapped while somebody may write it. */
export class HostPages implements Mappable {
  readonly #frames = new Map<number, Frame>();
  readonly #dirty = new Set<number>();

  constructor(readonly inode: HostInode, readonly source: FrameSource, readonly host: Deno.FsFile) {}

  frame(pageIndex: number): Frame | undefined {
    const offset = pageIndex * PAGE_SIZE;
    if (offset >= this.inode.size) return undefined;
    const known = this.#frames.get(pageIndex);
    if (known) return known;
    const bytes = new Uint8Array(PAGE_SIZE);
    if (readAt(this.host, bytes, offset) < 0) return undefined;
    const frame = this.source.createFrame(bytes);
    this.#frames.set(pageIndex, frame);
    return frame;
  }

  /** From now on a mapping may change the page without telling. */
  written(pageIndex: number): void {
    this.#dirty.add(pageIndex);
  }

  /** Writes back what mappings may have changed. */
  flush(): number {
    for (const pageIndex of this.#dirty) {
      const error = this.#writeBack(pageIndex);
      if (error < 0) return error;
    }
    return 0;
  }

  sync(first: number, end: number): void {
    for (const pageIndex of this.#dirty) if (pageIndex >= first && pageIndex < end) this.#writeBack(pageIndex);
  }

  #writeBack(pageIndex: number): number {
    const offset = pageIndex * PAGE_SIZE, length = Math.min(PAGE_SIZE, this.inode.size - offset);
    const frame = this.#frames.get(pageIndex);
    if (!frame || length <= 0) return 0;
    const bytes = new Uint8Array(length);
    frame.read(0, bytes);
    return writeAt(this.host, bytes, offset);
  }

  /** write(2) changed these bytes. */
  update(from: Uint8Array, offset: number): void {
    for (const [pageIndex, frame] of this.#frames) {
      const start = Math.max(offset, pageIndex * PAGE_SIZE);
      const end = Math.min(offset + from.length, (pageIndex + 1) * PAGE_SIZE);
      if (start < end) frame.write(start - pageIndex * PAGE_SIZE, from.subarray(start - offset, end - offset));
    }
  }

  /** Pages past the new end go, and the rest of the last one reads as zeros. */
  truncate(size: number): void {
    for (const [pageIndex, frame] of this.#frames) {
      const start = pageIndex * PAGE_SIZE;
      if (start >= size) {
        this.#frames.delete(pageIndex);
        this.#dirty.delete(pageIndex);
      } else if (size - start < PAGE_SIZE) frame.write(size - start, new Uint8Array(PAGE_SIZE - (size - start)));
    }
  }

  close(): void {
    this.host.close();
  }
}
