/**
 * Text on its way to a file or a pipe, gathered into larger pieces: a write for every one of a thousand short tests
 * takes as long as fifty of them.
 */

/** Characters that are written at once. */
const PIECE = 16_384;
/** Milliseconds that text waits for more at most. */
const DELAY = 50;

const encoder = new TextEncoder();

/** What takes bytes: `Deno.stdout`, a file. */
export interface Sink {
  writeSync(bytes: Uint8Array): number;
}

/** Writes all of a text. */
export function writeText(to: Sink, text: string): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
}

export class GatheredOutput {
  readonly #to: Sink;
  #text = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What went wrong when nobody was there to hear of it. */
  #error: unknown;

  constructor(to: Sink) {
    this.#to = to;
  }

  /** @throws what writing throws, of an earlier text perhaps */
  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= PIECE || this.#error !== undefined) this.flush();
    else this.#timer ??= setTimeout(() => this.#flushLater(), DELAY);
  }

  /** Writes what has gathered. @throws as {@link write} */
  flush(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#text, error = this.#error;
    this.#text = "";
    this.#error = undefined;
    if (error !== undefined) throw error;
    if (text !== "") writeText(this.#to, text);
  }

  #flushLater(): void {
    try {
      this.flush();
    } catch (error) {
      this.#error = error;
    }
  }
}
