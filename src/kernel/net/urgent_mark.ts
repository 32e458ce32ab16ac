/**
 * TCP's urgent data as Linux has it (RFC 6093; tcp(7), SO_OOBINLINE): one byte, and its place in the stream. Unless it
 * is wanted inline the byte is kept beside the stream, and reading stops once at the place.
 */
import type { ByteQueue } from "./byte_queue.ts";

export class UrgentMark {
  /** Bytes from the head of the queue to the mark; -1 for none. */
  #at = -1;
  /** The byte, -1 when it was read. */
  #byte = -1;

  constructor(readonly queue: ByteQueue) {}

  clear(): void {
    this.#at = this.#byte = -1;
  }

  /** There is a byte nobody has read (POLLPRI). */
  get pending(): boolean {
    return this.#byte >= 0;
  }
  /** The next byte to be read is behind the mark (SIOCATMARK). */
  get reached(): boolean {
    return this.#at === 0;
  }
  /** How far a read may go: not over the mark. */
  limit(length: number): number {
    return this.#at > 0 ? Math.min(length, this.#at) : length;
  }

  /** Bytes arrive whose last one is urgent. */
  arrive(data: Uint8Array, inline: boolean): void {
    // An earlier byte that nobody read becomes ordinary data.
    if (this.#byte >= 0 && !inline && this.#at === this.queue.length) this.queue.push(Uint8Array.of(this.#byte));
    this.#byte = data[data.length - 1]!;
    if (inline) {
      this.queue.push(data);
      this.#at = this.queue.length - 1;
    } else {
      this.queue.push(data.subarray(0, data.length - 1));
      this.#at = this.queue.length;
    }
  }

  /** So many bytes before the mark were read. */
  advance(bytes: number): void {
    if (this.#at > 0) this.#at -= bytes;
  }

  /** A read begins at the mark and goes on behind it. */
  pass(inline: boolean): void {
    this.#at = -1;
    if (inline) this.#byte = -1;
  }

  /** The byte; -1 if there is none. */
  take(peek: boolean): number {
    const byte = this.#byte;
    if (!peek) this.#byte = -1;
    return byte;
  }
}
