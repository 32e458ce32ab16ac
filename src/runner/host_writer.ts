/**
 * Output to the host's own stdout and stderr from inside a guest's Worker.
 *
 * Both go through one queue, in the order in which they were written: they are often the same terminal or pipe, where
 * a log with its lines swapped would mislead. The writes are asynchronous, so a reader that is not reading stops only
 * the guest threads that write (man 7 pipe), not the kernel; the queue is bounded, and a full one is the guest's
 * back-pressure.
 */
import { EPIPE } from "../kernel/abi/errno.ts";
import type { HostOutput, TerminalSize } from "../kernel/host_stdio.ts";

/** Where bytes end up: `Deno.stdout`, `Deno.stderr`, or a stand-in for them. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
  isTerminal(): boolean;
}

/** Bytes that may wait; the size of a Linux pipe (man 7 pipe). */
const QUEUE_LIMIT = 65536;
/** Characters of text that are encoded together at most. */
const TEXT_BATCH = 32768;

interface Segment {
  readonly stream: WriterStream;
  bytes: Uint8Array;
  length: number;
}

/** The queue before the host's output streams. */
export class HostWriter {
  #segments: Segment[] = [];
  #queued = 0;
  #pumping: Promise<void> | undefined;
  #waiting: (() => void)[] = [];
  /** Text for one stream that is not encoded yet: it comes before all that is written later. */
  #text = "";
  #textStream: WriterStream | undefined;
  static readonly #encoder = new TextEncoder();

  /** A stream that ends in `sink`. */
  stream(sink: ByteSink): WriterStream {
    return new WriterStream(this, sink);
  }

  /** Resolves when everything written so far has reached the host, or can no longer. */
  async flush(): Promise<void> {
    while (this.#pumping) await this.#pumping;
  }

  /** @internal */
  get room(): number {
    return Math.max(0, QUEUE_LIMIT - this.#queued);
  }

  /** @internal Queues a copy, whatever room there is. */
  enqueue(stream: WriterStream, bytes: Uint8Array): void {
    this.#encodeText();
    this.#append(stream, bytes);
  }

  /** @internal Queues text, whatever room there is; many small ones are encoded together. */
  enqueueText(stream: WriterStream, text: string): void {
    if (stream !== this.#textStream) this.#encodeText();
    this.#textStream = stream;
    this.#text += text;
    if (this.#text.length >= TEXT_BATCH) this.#encodeText();
    this.#pumping ??= this.#pump();
  }

  #encodeText(): void {
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    this.#append(this.#textStream!, HostWriter.#encoder.encode(text));
  }

  #append(stream: WriterStream, bytes: Uint8Array): void {
    const last = this.#segments[this.#segments.length - 1];
    if (last && last.stream === stream && last.length + bytes.length <= last.bytes.length) {
      last.bytes.set(bytes, last.length);
      last.length += bytes.length;
    } else {
      // Room for what small writes may follow while the host is busy with the segment before.
      const segment = { stream, bytes: new Uint8Array(Math.max(bytes.length, 4096)), length: bytes.length };
      segment.bytes.set(bytes);
      this.#segments.push(segment);
    }
    this.#queued += bytes.length;
    this.#pumping ??= this.#pump();
  }

  /** @internal */
  waitForRoom(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async #pump(): Promise<void> {
    // A whole slice of the kernel's writes goes out together: a microtask runs when the slice is over.
    await Promise.resolve();
    this.#encodeText();
    for (let segment; (segment = this.#segments.shift()); this.#encodeText()) {
      const { stream } = segment;
      if (!stream.broken) stream.broken = !await writeAll(stream.sink, segment.bytes.subarray(0, segment.length));
      this.#queued -= segment.length;
      for (const resolve of this.#waiting.splice(0)) resolve();
    }
    this.#pumping = undefined;
  }
}

/** Milliseconds between attempts to write to a full pipe that somebody has set to O_NONBLOCK. */
const FULL_PAUSE = 5;

/** Writes everything; false when the reader is gone (EPIPE) or the device is (EIO, ENOSPC): nothing more can be written. */
export async function writeAll(sink: Pick<ByteSink, "write">, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.length;) {
    try {
      at += await sink.write(at === 0 ? bytes : bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) return false;
      await new Promise((resolve) => setTimeout(resolve, FULL_PAUSE));
    }
  }
  return true;
}

/** One output stream of the host. */
export class WriterStream implements HostOutput {
  /** The host refuses more. */
  broken = false;
  readonly isTerminal: boolean;

  constructor(readonly writer: HostWriter, readonly sink: ByteSink) {
    this.isTerminal = sink.isTerminal();
  }

  write(bytes: Uint8Array): number {
    if (this.broken) return -EPIPE;
    const taken = Math.min(bytes.length, this.writer.room);
    if (taken > 0) this.writer.enqueue(this, taken === bytes.length ? bytes : bytes.subarray(0, taken));
    return taken;
  }

  /** As {@link writeAll}, for the pieces of a trace. */
  writeText(text: string): void {
    if (!this.broken && text !== "") this.writer.enqueueText(this, text);
  }

  /** Queues everything, full or not: for elftap's own lines. */
  writeAll(bytes: Uint8Array): void {
    if (!this.broken && bytes.length > 0) this.writer.enqueue(this, bytes);
  }

  get hasRoom(): boolean {
    return this.broken || this.writer.room > 0;
  }

  writable(): Promise<void> {
    return this.hasRoom ? Promise.resolve() : this.writer.waitForRoom();
  }

  get size(): TerminalSize | undefined {
    return this.isTerminal ? consoleSize() : undefined;
  }
}

/** The terminal's size, where elftap has one. */
export function consoleSize(): TerminalSize | undefined {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { columns, rows } : undefined;
  } catch {
    return undefined;
  }
}
