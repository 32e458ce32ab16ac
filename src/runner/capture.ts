/**
 * Keeps a guest's output within bounds: the beginning and the end of it, as a report needs them.
 */

/** Bytes kept of the beginning and of the end, each. */
const KEEP = 256 * 1024;

/** Output of one stream. */
export class Capture {
  readonly #head: Uint8Array[] = [];
  #headLength = 0;
  #tail: Uint8Array[] = [];
  #tailLength = 0;
  #dropped = 0;

  constructor(readonly keep: number = KEEP) {}

  /** Takes bytes; they must not change afterwards. */
  write(bytes: Uint8Array): void {
    const room = this.keep - this.#headLength;
    if (room > 0) {
      const head = bytes.subarray(0, room);
      this.#head.push(head);
      this.#headLength += head.length;
      bytes = bytes.subarray(room);
    }
    if (bytes.length === 0) return;
    this.#tail.push(bytes);
    this.#tailLength += bytes.length;
    while (this.#tailLength - this.#tail[0]!.length >= this.keep) {
      const dropped = this.#tail.shift()!.length;
      this.#tailLength -= dropped;
      this.#dropped += dropped;
    }
  }

  /** What was kept, as text; bytes that are not UTF-8 show as U+FFFD. */
  text(): string {
    return this.#dropped === 0
      ? decode([...this.#head, ...this.#tail])
      : `${decode(this.#head)}\n[… ${this.#dropped} bytes left out …]\n${decode(this.#tail)}`;
  }
}

function decode(chunks: readonly Uint8Array[]): string {
  if (chunks.length === 0) return "";
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
}
