/**
 * Messages over a connection: each is one object, with or without bytes. On the wire the length of its JSON and the
 * length of its bytes (32 bits each, little-endian), then both.
 */
import { Failure } from "../failure.ts";
import { writeAll } from "../runner/host_writer.ts";

/** Anything that can be sent: JSON, and bytes beside it. */
export interface Message {
  readonly type: string;
  readonly bytes?: Uint8Array;
}

/** Lengths that are taken for an attack: a program's arguments and environment are 6 MiB at most on Linux. */
const MAX_TEXT = 32 << 20, MAX_BYTES = 8 << 20;

const HEAD = 8;
const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { fatal: true });

/** One end of a connection. */
export class MessageLine<Sent extends Message> {
  #sending: Promise<void> = Promise.resolve();
  #closed = false;
  /** Bytes that came and were not asked for yet. */
  readonly #buffer = new Uint8Array(65536);
  #from = 0;
  #to = 0;

  constructor(readonly conn: Deno.Conn) {}

  /** Sends in the order of the calls. Nothing happens when the peer has gone: {@link receive} tells. */
  send(message: Sent): void {
    const { bytes, ...rest } = message;
    const text = encoder.encode(JSON.stringify(rest));
    const frame = new Uint8Array(HEAD + text.length + (bytes?.length ?? 0)), view = new DataView(frame.buffer);
    view.setUint32(0, text.length, true);
    view.setUint32(4, bytes?.length ?? 0, true);
    frame.set(text, HEAD);
    if (bytes) frame.set(bytes, HEAD + text.length);
    this.#sending = this.#sending.then(async () => void await writeAll(this.conn, frame));
  }

  /** Resolves when all that was sent is out, or cannot get there. */
  flush(): Promise<void> {
    return this.#sending;
  }

  /**
   * The next message, null at the end of the connection. What is in it is the caller's to check.
   *
   * @throws {Failure} when it is none
   */
  async receive(): Promise<Message | null> {
    const head = await this.#take(HEAD);
    if (head === null) return null;
    const view = new DataView(head.buffer, head.byteOffset, HEAD);
    const textLength = view.getUint32(0, true), byteLength = view.getUint32(4, true);
    if (textLength > MAX_TEXT || byteLength > MAX_BYTES) throw new Failure("not a message: too long");
    const body = await this.#take(textLength + byteLength);
    if (body === null) throw new Failure("not a message: it ends too early");
    const message = parse(body.subarray(0, textLength));
    return byteLength > 0 ? { ...message, bytes: body.subarray(textLength) } : message;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.conn.close();
  }

  /** So many bytes of their own, null where the connection ends before the first. */
  async #take(count: number): Promise<Uint8Array | null> {
    const taken = new Uint8Array(count);
    for (let at = 0; at < count;) {
      if (this.#from === this.#to && !await this.#fill()) {
        if (at === 0) return null;
        throw new Failure("not a message: it ends too early");
      }
      const some = this.#buffer.subarray(this.#from, Math.min(this.#to, this.#from + count - at));
      taken.set(some, at);
      at += some.length;
      this.#from += some.length;
    }
    return taken;
  }

  async #fill(): Promise<boolean> {
    this.#from = this.#to = 0;
    try {
      this.#to = await this.conn.read(this.#buffer) ?? 0;
    } catch {
      // The peer has vanished, or this side has hung up.
    }
    return this.#to > 0;
  }
}

function parse(text: Uint8Array): Message {
  let message: unknown;
  try {
    message = JSON.parse(decoder.decode(text));
  } catch {
    throw new Failure("not a message: no JSON");
  }
  if (typeof (message as Message | null)?.type !== "string") throw new Failure("not a message: it has no type");
  return message as Message;
}
