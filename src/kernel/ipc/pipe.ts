/**
 * Pipes (pipe(7)): a ring of page slots, as in Linux, because programs can see the slots: a pipe is full when every
 * slot holds something, and writable when one is free, however little the others hold.
 *
 * Storage is one buffer in which slot `i` is page `i`, so that runs of full slots move with one copy.
 */
import { EAGAIN, EBUSY, EINVAL, ENOTTY, EPERM, EPIPE } from "../abi/errno.ts";
import { O_DIRECT, O_RDONLY, O_WRONLY } from "../abi/fcntl.ts";
import { FIONREAD } from "../abi/ioctl.ts";
import { SIGPIPE } from "../abi/signal.ts";
import { type FileContext, OpenFile, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import { WaitQueue } from "../wait.ts";

const PAGE = 4096;
const PAGE_SHIFT = 12;
/** Up to so many bytes are copied one by one. Measured: 4 ns each; a view of them, and the call that copies it, 65 ns. */
const FEW = 16;
/** Slots of a fresh pipe: 64 KiB. */
const DEFAULT_SLOTS = 16;
/** /proc/sys/fs/pipe-max-size: how far F_SETPIPE_SZ goes without CAP_SYS_RESOURCE, in bytes. */
export const PIPE_MAX_SIZE = 1 << 20;

const READABLE = POLLIN | POLLRDNORM;
const WRITABLE = POLLOUT | POLLWRNORM;

/** The buffer between readers and writers (Linux: `struct pipe_inode_info`). */
export class Pipe {
  /** Open descriptions of each kind. */
  readers = 0;
  writers = 0;
  /** How often each kind was opened: the opening rules of FIFOs wait for a change (fifo(7)). */
  readerOpens = 0;
  writerOpens = 0;
  readonly wait: WaitQueue = new WaitQueue();

  /** A power of two. */
  #slots = DEFAULT_SLOTS;
  #buffer = new Uint8Array(PAGE);
  /** First byte and end of what each slot holds. */
  #start = new Uint16Array(DEFAULT_SLOTS);
  #end = new Uint16Array(DEFAULT_SLOTS);
  /** Slots written in packet mode: one read takes one, and nothing is appended. */
  #packet = new Uint8Array(DEFAULT_SLOTS);
  /** Slots filled and emptied so far; the difference is what is in use. */
  #head = 0;
  #tail = 0;

  get empty(): boolean {
    return this.#head === this.#tail;
  }
  get full(): boolean {
    return this.#head - this.#tail >= this.#slots;
  }
  /** Capacity in bytes (F_GETPIPE_SZ). */
  get capacity(): number {
    return this.#slots * PAGE;
  }

  /** Bytes waiting to be read (FIONREAD). */
  get length(): number {
    let bytes = 0;
    for (let at = this.#tail; at < this.#head; at++) {
      const slot = at & (this.#slots - 1);
      bytes += this.#end[slot]! - this.#start[slot]!;
    }
    return bytes;
  }

  /** Makes slot `slot` exist in the buffer: most pipes never use more than one or two. */
  #reach(slot: number): void {
    const need = (slot + 1) * PAGE;
    if (need <= this.#buffer.length) return;
    let size = this.#buffer.length;
    while (size < need) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.#buffer);
    this.#buffer = grown;
  }

  /**
   * Takes in as much as fits, waking readers; 0 when there is no room. Writes of up to PIPE_BUF bytes go in whole or
   * not at all.
   */
  push(from: Uint8Array, packet = false): number {
    const length = from.length;
    let done = 0;
    if (length === 0) return 0;
    const mask = this.#slots - 1;
    // A tail that fits into the last slot is appended there, so that small writes do not use up the slots.
    const rest = length & (PAGE - 1);
    if (rest !== 0 && this.#head !== this.#tail) {
      const last = (this.#head - 1) & mask, end = this.#end[last]!;
      if (this.#packet[last] === 0 && end + rest <= PAGE) {
        copy(from, 0, rest, this.#buffer, (last << PAGE_SHIFT) + end);
        this.#end[last] = end + rest;
        done = rest;
      }
    }
    while (done < length && this.#head - this.#tail < this.#slots) {
      const slot = this.#head & mask;
      // As many slots as lie next to each other take one copy.
      const free = Math.min(this.#slots - (this.#head - this.#tail), this.#slots - slot);
      const bytes = Math.min(length - done, free << PAGE_SHIFT);
      const count = (bytes + PAGE - 1) >> PAGE_SHIFT;
      this.#reach(slot + count - 1);
      copy(from, done, bytes, this.#buffer, slot << PAGE_SHIFT);
      for (let i = 0; i < count; i++) {
        this.#start[slot + i] = 0;
        this.#end[slot + i] = Math.min(PAGE, bytes - (i << PAGE_SHIFT));
        this.#packet[slot + i] = packet ? 1 : 0;
      }
      this.#head += count;
      done += bytes;
    }
    if (done > 0) this.wait.wake(Infinity, READABLE);
    return done;
  }

  /** Takes out what is there, at most `into.length` bytes, waking writers if the pipe was full. */
  pull(into: Uint8Array): number {
    const done = this.peek(into, 0);
    if (this.#packet[this.#tail & (this.#slots - 1)] !== 0 && !this.empty) this.skip(-1);
    else this.skip(done);
    return done;
  }

  /** Copies out without taking, from `offset` bytes on; stops behind a packet (tee(2), and read's first half). */
  peek(into: Uint8Array, offset: number): number {
    const mask = this.#slots - 1, length = into.length;
    let done = 0, at = this.#tail;
    while (at < this.#head && done < length) {
      const slot = at & mask;
      let start = this.#start[slot]!;
      const end = this.#end[slot]!;
      if (offset >= end - start) {
        offset -= end - start;
        at++;
        continue;
      }
      start += offset;
      offset = 0;
      const from = (slot << PAGE_SHIFT) + start;
      if (this.#packet[slot] !== 0) {
        const bytes = Math.min(end - start, length - done);
        copy(this.#buffer, from, bytes, into, done);
        return done + bytes;
      }
      // Slots that are full up to their end and lie next to each other are one piece.
      let to = (slot << PAGE_SHIFT) + end, last = slot;
      at++;
      while (
        this.#end[last] === PAGE && last < mask && at < this.#head && this.#start[last + 1] === 0 &&
        this.#packet[last + 1] === 0 && to - from < length - done
      ) {
        last++;
        at++;
        to = (last << PAGE_SHIFT) + this.#end[last]!;
      }
      const bytes = Math.min(to - from, length - done);
      copy(this.#buffer, from, bytes, into, done);
      done += bytes;
    }
    return done;
  }

  /** Drops bytes from the front; -1: the whole first packet. */
  skip(bytes: number): void {
    const wasFull = this.full, mask = this.#slots - 1;
    while (this.#tail < this.#head && bytes !== 0) {
      const slot = this.#tail & mask, held = this.#end[slot]! - this.#start[slot]!;
      if (bytes > 0 && bytes < held) {
        this.#start[slot] = this.#start[slot]! + bytes;
        break;
      }
      this.#tail++;
      if (bytes < 0) break;
      bytes -= held;
    }
    // Back to the first slot when drained: it stays in the host's caches, and the buffer stays small.
    if (this.#tail === this.#head) this.#tail = this.#head = 0;
    if (wasFull && !this.full) this.wait.wake(Infinity, WRITABLE);
  }

  /** Bytes that {@link push} takes for sure. */
  get room(): number {
    return (this.#slots - (this.#head - this.#tail)) * PAGE;
  }

  /**
   * F_SETPIPE_SZ.
   *
   * @returns the new capacity in bytes, `-EBUSY` if more slots are in use, `-EPERM` beyond the limit
   */
  resize(bytes: number, privileged: boolean): number {
    if (bytes < 0) return -EINVAL;
    let slots = 1;
    while (slots * PAGE < bytes) slots *= 2;
    if (slots > this.#slots && bytes > PIPE_MAX_SIZE && !privileged) return -EPERM;
    if (slots * PAGE > 2 ** 26) return -EINVAL;
    const used = this.#head - this.#tail;
    if (used > slots) return -EBUSY;
    const buffer = new Uint8Array(Math.max(PAGE, used * PAGE));
    const start = new Uint16Array(slots), end = new Uint16Array(slots), packet = new Uint8Array(slots);
    for (let i = 0; i < used; i++) {
      const slot = (this.#tail + i) & (this.#slots - 1);
      buffer.set(this.#buffer.subarray(slot * PAGE, (slot + 1) * PAGE), i * PAGE);
      start[i] = this.#start[slot]!;
      end[i] = this.#end[slot]!;
      packet[i] = this.#packet[slot]!;
    }
    const wasFull = this.full;
    // Doubling in #reach needs a power of two to start from.
    let size = PAGE;
    while (size < buffer.length) size *= 2;
    if (size === buffer.length) this.#buffer = buffer;
    else {
      this.#buffer = new Uint8Array(size);
      this.#buffer.set(buffer);
    }
    this.#start = start;
    this.#end = end;
    this.#packet = packet;
    this.#slots = slots;
    this.#tail = 0;
    this.#head = used;
    if (wasFull && !this.full) this.wait.wake(Infinity, WRITABLE);
    return this.capacity;
  }
}

function copy(from: Uint8Array, start: number, count: number, into: Uint8Array, at: number): void {
  if (count <= FEW) { for (let i = 0; i < count; i++) into[at + i] = from[start + i]!; }
  else into.set(start === 0 && count === from.length ? from : from.subarray(start, start + count), at);
}

/** One end of a pipe, or both (a FIFO opened O_RDWR). */
export class PipeFile extends OpenFile {
  override readonly wait: WaitQueue;
  /** The writer count when a FIFO was opened without writers: no hang-up is reported until one has come (fifo(7)). */
  readonly #quietWriters: number;

  constructor(flags: number, inode: Inode, readonly pipe: Pipe) {
    super(flags, inode);
    this.wait = pipe.wait;
    this.#quietWriters = this.readable && pipe.writers === 0 && !this.writable ? pipe.writerOpens : -1;
    if (this.readable) {
      pipe.readers++;
      pipe.readerOpens++;
    }
    if (this.writable) {
      pipe.writers++;
      pipe.writerOpens++;
    }
  }

  /** Writes of up to PIPE_BUF bytes are atomic. */
  override get indivisible(): boolean {
    return true;
  }

  override read(into: Uint8Array, _context: FileContext): number {
    if (into.length === 0) return 0;
    const { pipe } = this;
    if (pipe.empty) return pipe.writers === 0 ? 0 : -EAGAIN;
    return pipe.pull(into);
  }

  override write(from: Uint8Array, context: FileContext): number {
    if (from.length === 0) return 0;
    const { pipe } = this;
    if (pipe.readers === 0) {
      context.raise(SIGPIPE);
      return -EPIPE;
    }
    return pipe.push(from, (this.flags & O_DIRECT) !== 0) || -EAGAIN;
  }

  override poll(): number {
    const { pipe } = this;
    let events = 0;
    if (this.readable) {
      if (!pipe.empty) events |= READABLE;
      if (pipe.writers === 0 && pipe.writerOpens !== this.#quietWriters) events |= POLLHUP;
    }
    if (this.writable) {
      if (!pipe.full) events |= WRITABLE;
      if (pipe.readers === 0) events |= POLLERR;
    }
    return events;
  }

  override ioctl(request: number, argument: number, context: FileContext): number {
    if (request !== FIONREAD) return -ENOTTY;
    context.memory.writeU32(argument, this.pipe.length);
    return 0;
  }

  override release(): void {
    const { pipe } = this;
    if (this.readable) pipe.readers--;
    if (this.writable) pipe.writers--;
    // Linux wakes both sides when one side is gone and the other is not.
    if ((pipe.readers === 0) !== (pipe.writers === 0)) {
      pipe.wait.wake(Infinity, READABLE | WRITABLE | POLLERR | POLLHUP);
    }
  }
}

/** Opens the two ends of a new pipe: [read end, write end]. */
export function createPipe(inode: Inode, flags: number): [PipeFile, PipeFile] {
  const pipe = new Pipe();
  const read = new PipeFile(O_RDONLY | flags, inode, pipe);
  const write = new PipeFile(O_WRONLY | flags, inode, pipe);
  // The read end was opened before there was a writer, but its writer's end is a hang-up.
  inode.attachment = pipe;
  return [read, write];
}
