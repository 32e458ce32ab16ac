/**
 * Packet framing of the GDB remote protocol (GDB manual, "Overview"): `$data#checksum`, acknowledgements, and the
 * interrupt byte between packets. Data are byte strings: one character (0–255) per byte.
 */
import { fromBytes, toBytes } from "../../kernel/fs/byte_string.ts";

/** Most bytes of a packet's data that are announced and sent. */
export const PACKET_SIZE = 0x20000;

/** What a peer has sent. */
export type Incoming =
  | { readonly kind: "packet"; readonly data: string }
  /** `+` and `-` */
  | { readonly kind: "ack" | "nak" }
  /** 0x03: stop the program. */
  | { readonly kind: "interrupt" }
  /** A packet whose checksum is wrong or no checksum at all. */
  | { readonly kind: "corrupt" }
  /** A packet that is longer than it may be: the peer cannot be followed any more. */
  | { readonly kind: "overlong" };

const DOLLAR = 0x24, HASH = 0x23, PLUS = 0x2b, MINUS = 0x2d, INTERRUPT = 0x03;
const ESCAPE = "}", ESCAPE_XOR = 0x20;

/** Takes a stream of bytes apart. */
export class PacketReader {
  #state: "between" | "data" | "checksum" = "between";
  #data: number[] = [];
  #checksum = "";

  /** @param limit bytes of a packet's data */
  constructor(private readonly limit: number) {}

  *feed(bytes: Uint8Array): Generator<Incoming> {
    for (const byte of bytes) {
      const found = this.#take(byte);
      if (found) yield found;
    }
  }

  #take(byte: number): Incoming | undefined {
    switch (this.#state) {
      case "between":
        if (byte === DOLLAR) this.#begin();
        else if (byte === PLUS) return { kind: "ack" };
        else if (byte === MINUS) return { kind: "nak" };
        else if (byte === INTERRUPT) return { kind: "interrupt" };
        // Anything else between packets is noise, and skipped.
        return undefined;
      case "data":
        if (byte === HASH) {
          this.#state = "checksum";
          this.#checksum = "";
        } // "$" is escaped within data: the packet before was cut off.
        else if (byte === DOLLAR) {
          this.#begin();
          return { kind: "corrupt" };
        } else if (this.#data.push(byte) > this.limit) {
          this.#state = "between";
          return { kind: "overlong" };
        }
        return undefined;
      case "checksum": {
        this.#checksum += String.fromCharCode(byte);
        if (this.#checksum.length < 2) return undefined;
        this.#state = "between";
        const data = fromBytes(Uint8Array.from(this.#data));
        const right = /^[0-9a-fA-F]{2}$/.test(this.#checksum) && parseInt(this.#checksum, 16) === checksum(data);
        return right ? { kind: "packet", data } : { kind: "corrupt" };
      }
    }
  }

  #begin(): void {
    this.#state = "data";
    this.#data = [];
  }
}

function checksum(data: string): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data.charCodeAt(i);
  return sum & 0xff;
}

/** The bytes of a packet, or of a notification (`%`), with this data, which are escaped where need be. */
export function frame(data: string, introducer: "$" | "%" = "$"): Uint8Array {
  return toBytes(`${introducer}${data}#${checksum(data).toString(16).padStart(2, "0")}`);
}

/** Escapes bytes that have a meaning in the framing (GDB manual, "Binary Data"). */
export function escapeBinary(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    // # $ } *
    if (byte === HASH || byte === DOLLAR || byte === 0x7d || byte === 0x2a) {
      text += ESCAPE + String.fromCharCode(byte ^ ESCAPE_XOR);
    } else text += String.fromCharCode(byte);
  }
  return text;
}

/** The bytes that binary data stand for. */
export function unescapeBinary(data: string): Uint8Array {
  const bytes = new Uint8Array(data.length);
  let length = 0;
  for (let i = 0; i < data.length; i++) {
    const code = data[i] === ESCAPE && i + 1 < data.length ? data.charCodeAt(++i) ^ ESCAPE_XOR : data.charCodeAt(i);
    bytes[length++] = code;
  }
  return bytes.subarray(0, length);
}
