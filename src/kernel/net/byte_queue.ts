/** Bytes in order: a ring that grows with what is in it and shrinks when drained. The owner decides what is too much. */

const SMALL = 4096;
/** A drained queue keeps storage up to this size. */
const KEEP = 256 * 1024;

export class ByteQueue {
  #buffer = new Uint8Array(0);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Appends all of `bytes`. */
  push(bytes: Uint8Array): void {
    const need = this.#length + bytes.length;
    if (need > this.#buffer.length) this.#grow(need);
    const size = this.#buffer.length;
    let at = this.#head + this.#length;
    if (at >= size) at -= size;
    const first = Math.min(bytes.length, size - at);
    if (first === bytes.length) {
      this.#buffer.set(bytes, at);
    } else {
      this.#buffer.set(bytes.subarray(0, first), at);
      this.#buffer.set(bytes.subarray(first), 0);
    }
    this.#length = need;
  }

  #grow(need: number): void {
    let size = Math.max(SMALL, this.#buffer.length);
    while (size < need) size *= 2;
    const grown = new Uint8Array(size);
    this.peek(grown.subarray(0, this.#length), 0);
    this.#buffer = grown;
    this.#head = 0;
  }

  /** Copies out what is there from `offset` on, without taking it; returns the number of bytes. */
  peek(into: Uint8Array, offset: number): number {
    const bytes = Math.min(into.length, this.#length - offset);
    if (bytes <= 0) return 0;
    const size = this.#buffer.length;
    let at = this.#head + offset;
    if (at >= size) at -= size;
    const first = Math.min(bytes, size - at);
    into.set(this.#buffer.subarray(at, at + first));
    if (first < bytes) into.set(this.#buffer.subarray(0, bytes - first), first);
    return bytes;
  }

  /** Drops bytes from the front. */
  skip(bytes: number): void {
    this.#length -= bytes;
    if (this.#length > 0) {
      this.#head += bytes;
      if (this.#head >= this.#buffer.length) this.#head -= this.#buffer.length;
      return;
    }
    this.#length = 0;
    this.#head = 0;
    if (this.#buffer.length > KEEP) this.#buffer = new Uint8Array(0);
  }

  /** Takes what is there, at most `into.length` bytes. */
  pull(into: Uint8Array): number {
    const bytes = this.peek(into, 0);
    this.skip(bytes);
    return bytes;
  }

  clear(): void {
    this.skip(this.#length);
  }
}
