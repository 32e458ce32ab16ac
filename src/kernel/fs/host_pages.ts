/**
 * Pages of a host file that is mapped. What a shared mapping may have changed is written back before anybody reads,
 * and what write(2) changes goes to the pages too: all views through read-write binds agree. A layer over the same
 * folder shows it to those who open the file anew; its descriptors and mappings from before stay as they were.
 *
 * What the host refuses to take back (a full disk) stays in the pages, and is tried again. The next fsync or msync
 * tells of it, as of Linux's writeback errors (fsync(2)). It is lost when nobody has the file open for writing, or
 * nobody for reading, any more. The file's times move when it is written back (POSIX: at the latest with msync), not at
 * the store.
 *
 * As long as nobody writes, pages are those of the file's content in this state (host_node.ts), which the next guest
 * finds with its decoded code. With the first writer they become the file's own, and mappings ask again.
 */
import { type Frame, PAGE_SIZE } from "../../engine/engine.ts";
import { EIO } from "../abi/errno.ts";
import { contentChanged } from "./host_changes.ts";
import { readAt, writeAt } from "./host_io.ts";
import { HostContent, hostContent, type HostInfo, isSameState, isYoung } from "./host_node.ts";
import type { Mappable } from "./file.ts";
import type { OpenHostFile } from "./open_host_file.ts";

export class HostPages implements Mappable {
  readonly #frames = new Map<number, Frame>();
  /** Pages that shared mappings may have changed, with what the file has of them. */
  readonly #dirty = new Map<number, Uint8Array>();
  #writableMappings = 0;
  #base: HostContent | undefined;
  /** The state in which the file was when it last was the same as the pages. */
  #seen: HostInfo | undefined;
  /** The file's size in bytes, as far as the pages follow it. */
  #size: number;

  constructor(readonly file: OpenHostFile) {
    this.#seen = file.look();
    this.#size = this.#seen?.size ?? 0;
    if (this.#seen && !file.writer && !isYoung(this.#seen)) this.#base = hostContent(file.path, this.#seen);
  }

  frame(pageIndex: number): Frame | undefined {
    const known = this.#frames.get(pageIndex);
    if (known) return known;
    const { reader, frames } = this.file;
    if (!reader) return undefined;
    const shared = this.#base?.frame(pageIndex, frames, reader);
    if (shared) return shared;
    const bytes = new Uint8Array(PAGE_SIZE);
    if (readAt(reader, bytes, pageIndex * PAGE_SIZE) <= 0) return undefined;
    const frame = frames.createFrame(bytes);
    this.#frames.set(pageIndex, frame);
    return frame;
  }

  /** Pages are the file's own from now on: somebody may write. */
  own(): void {
    if (!this.#base) return;
    this.#base = undefined;
    this.file.dropPages(0);
  }

  /** A new mapping: pages follow what others than this guest have done to the file meanwhile. */
  refresh(): void {
    const now = this.file.look();
    if (now && this.#seen && isSameState(now, this.#seen)) return;
    this.#seen = now;
    if (now) this.#resized(now.size);
    this.own();
    const { reader } = this.file, bytes = new Uint8Array(PAGE_SIZE), before = new Uint8Array(PAGE_SIZE);
    if (!reader) return;
    for (const [pageIndex, frame] of this.#frames) {
      if (this.#dirty.has(pageIndex)) continue;
      const count = readAt(reader, bytes, pageIndex * PAGE_SIZE);
      if (count < 0) continue;
      bytes.fill(0, count);
      frame.read(0, before);
      if (!before.every((byte, at) => byte === bytes[at])) frame.write(0, bytes);
    }
  }

  /** From now on a mapping may change the page without telling. */
  written(pageIndex: number): void {
    if (this.#dirty.has(pageIndex)) return;
    const bytes = new Uint8Array(PAGE_SIZE);
    this.#frames.get(pageIndex)?.read(0, bytes);
    this.#dirty.set(pageIndex, bytes);
  }

  sharedWritable(change: 1 | -1): number {
    this.#writableMappings += change;
    if (this.#writableMappings === 0) this.flush();
    return 0;
  }

  /** Writes back what mappings changed of bytes [start, end). What goes wrong is kept for {@link OpenHostFile.sync}. */
  flush(start = 0, end = Infinity): void {
    if (this.#dirty.size === 0) return;
    const pages = [...entriesIn(this.#dirty, start, end)];
    if (pages.length === 0) return;
    const { writer } = this.file, size = this.file.look()?.size ?? this.#size;
    this.#resized(size);
    let written = false;
    for (const [pageIndex, before] of pages) {
      const result = writer && this.#writePage(writer, pageIndex, before, size);
      if (result === undefined) continue;
      if (result < 0) this.file.writeError = result;
      else if (this.#writableMappings === 0) this.#dirty.delete(pageIndex);
      written ||= result !== 0;
    }
    if (written) this.#changedHere();
  }

  /** Writes what is new of a page; 1 if something was, 0 if nothing is, or a negative errno. */
  #writePage(writer: Deno.FsFile, pageIndex: number, before: Uint8Array, size: number): number {
    const offset = pageIndex * PAGE_SIZE, length = Math.max(0, Math.min(PAGE_SIZE, size - offset));
    const now = new Uint8Array(PAGE_SIZE);
    this.#frames.get(pageIndex)?.read(0, now);
    const changed = difference(before.subarray(0, length), now.subarray(0, length));
    if (!changed) return 0;
    for (let { start } = changed; start < changed.end;) {
      const count = writeAt(writer, now.subarray(start, changed.end), offset + start);
      if (count <= 0) return count || -EIO;
      before.set(now.subarray(start, start + count), start);
      start += count;
    }
    return 1;
  }

  sync(first: number, end: number): number {
    this.flush(first * PAGE_SIZE, end * PAGE_SIZE);
    return this.file.takeError();
  }

  /** Nobody can write the file any more: what it did not take is lost, and new mappings show the file. */
  abandon(): void {
    if (this.#dirty.size === 0) return;
    this.#dirty.clear();
    this.#seen = undefined;
  }

  /** The file changed, and the pages with it. */
  #changedHere(): void {
    contentChanged();
    this.#seen = this.file.look();
    if (this.#seen) this.#resized(this.#seen.size);
  }

  /**
   * The file has this size now. What mappings stored in its last page behind its end never was part of it: where it
   * grows over that, it has zeros (mmap(2), NOTES).
   */
  #resized(size: number): void {
    const kept = this.#size % PAGE_SIZE;
    if (size > this.#size && kept > 0) this.#zero(Math.floor(this.#size / PAGE_SIZE), kept);
    this.#size = size;
  }

  /** Zeros in a page from a byte on, which the file has too. */
  #zero(pageIndex: number, from: number): void {
    this.#frames.get(pageIndex)?.write(from, new Uint8Array(PAGE_SIZE - from));
    this.#dirty.get(pageIndex)?.fill(0, from);
  }

  /** write(2) changed these bytes. */
  update(from: Uint8Array, offset: number): void {
    const last = offset + from.length;
    this.#resized(Math.max(this.#size, last));
    for (const [pageIndex, frame] of entriesIn(this.#frames, offset, last)) {
      const at = pageIndex * PAGE_SIZE, start = Math.max(offset, at), end = Math.min(last, at + PAGE_SIZE);
      const piece = from.subarray(start - offset, end - offset);
      frame.write(start - at, piece);
      this.#dirty.get(pageIndex)?.set(piece, start - at);
    }
    this.#changedHere();
  }

  /** Pages past the new end go, and the rest of the last one reads as zeros. */
  truncate(size: number): void {
    for (const pageIndex of this.#frames.keys()) {
      const kept = size - pageIndex * PAGE_SIZE;
      if (kept <= 0) {
        this.#frames.delete(pageIndex);
        this.#dirty.delete(pageIndex);
      } else if (kept < PAGE_SIZE) this.#zero(pageIndex, kept);
    }
    this.#resized(size);
    this.#changedHere();
  }
}

/** What is known by page of bytes [start, end): asked by the range or by what is known, whichever is less. */
function* entriesIn<Value>(pages: Map<number, Value>, start: number, end: number): Generator<[number, Value]> {
  const first = Math.floor(start / PAGE_SIZE), beyond = Math.ceil(end / PAGE_SIZE);
  if (beyond - first > pages.size) {
    for (const entry of pages) if (entry[0] >= first && entry[0] < beyond) yield entry;
    return;
  }
  for (let index = first; index < beyond; index++) {
    const value = pages.get(index);
    if (value !== undefined) yield [index, value];
  }
}

/** Where two equally long pieces differ. */
function difference(a: Uint8Array, b: Uint8Array): { start: number; end: number } | undefined {
  let start = 0, end = a.length;
  while (start < end && a[start] === b[start]) start++;
  while (end > start && a[end - 1] === b[end - 1]) end--;
  return start < end ? { start, end } : undefined;
}
