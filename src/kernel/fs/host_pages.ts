/**
 * Pages of a host file that is mapped. What a shared mapping may have changed is written back before anybody reads,
 * and what write(2) changes goes to the pages too: all views agree.
 *
 * As long as nobody writes, pages are those of the file's content in this state (host_node.ts), which the next guest
 * finds with its decoded code. With the first writer they become the file's own, and mappings ask again.
 */
import { type Frame, PAGE_SIZE } from "../../engine/engine.ts";
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

  constructor(readonly file: OpenHostFile) {
    this.#seen = file.look();
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
    if (this.#writableMappings === 0) {
      this.flush();
      this.#dirty.clear();
    }
    return 0;
  }

  /** Writes back what mappings changed; 0 or a negative errno. */
  flush(): number {
    return this.#dirty.size === 0 ? 0 : this.#writeBack(0, Infinity);
  }

  sync(first: number, end: number): void {
    this.#writeBack(first, end);
  }

  #writeBack(first: number, end: number): number {
    const { writer } = this.file, size = this.file.look()?.size ?? 0, now = new Uint8Array(PAGE_SIZE);
    let written = false;
    for (const [pageIndex, before] of this.#dirty) {
      const offset = pageIndex * PAGE_SIZE, length = Math.min(PAGE_SIZE, size - offset);
      const frame = pageIndex >= first && pageIndex < end ? this.#frames.get(pageIndex) : undefined;
      if (!frame || length <= 0 || !writer) continue;
      frame.read(0, now);
      const changed = difference(before.subarray(0, length), now.subarray(0, length));
      if (!changed) continue;
      const error = writeAt(writer, now.subarray(changed.start, changed.end), offset + changed.start);
      if (error < 0) return error;
      before.set(now);
      written = true;
    }
    if (written) this.#changedHere();
    return 0;
  }

  /** The file changed, and the pages with it. */
  #changedHere(): void {
    contentChanged();
    this.#seen = this.file.look();
  }

  /** write(2) changed these bytes. */
  update(from: Uint8Array, offset: number): void {
    const last = offset + from.length;
    for (const [pageIndex, frame] of this.#pagesIn(offset, last)) {
      const at = pageIndex * PAGE_SIZE, start = Math.max(offset, at), end = Math.min(last, at + PAGE_SIZE);
      const piece = from.subarray(start - offset, end - offset);
      frame.write(start - at, piece);
      this.#dirty.get(pageIndex)?.set(piece, start - at);
    }
    this.#changedHere();
  }

  /** Pages in a range of bytes: by the range or by the pages, whichever are fewer. */
  *#pagesIn(start: number, end: number): Generator<[number, Frame]> {
    const first = Math.floor(start / PAGE_SIZE), beyond = Math.ceil(end / PAGE_SIZE);
    if (beyond - first > this.#frames.size) {
      for (const entry of this.#frames) if (entry[0] >= first && entry[0] < beyond) yield entry;
      return;
    }
    for (let index = first; index < beyond; index++) {
      const frame = this.#frames.get(index);
      if (frame) yield [index, frame];
    }
  }

  /** Pages past the new end go, and the rest of the last one reads as zeros. */
  truncate(size: number): void {
    for (const [pageIndex, frame] of this.#frames) {
      const start = pageIndex * PAGE_SIZE, kept = size - start;
      if (kept <= 0) {
        this.#frames.delete(pageIndex);
        this.#dirty.delete(pageIndex);
      } else if (kept < PAGE_SIZE) {
        frame.write(kept, new Uint8Array(PAGE_SIZE - kept));
        this.#dirty.get(pageIndex)?.fill(0, kept);
      }
    }
    this.#changedHere();
  }
}

/** Where two equally long pieces differ. */
function difference(a: Uint8Array, b: Uint8Array): { start: number; end: number } | undefined {
  let start = 0, end = a.length;
  while (start < end && a[start] === b[start]) start++;
  while (end > start && a[end - 1] === b[end - 1]) end--;
  return start < end ? { start, end } : undefined;
}
