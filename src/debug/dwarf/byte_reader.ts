/**
 * Reading DWARF's primitive values from bytes nobody vouches for. This room reads debugging information: call frame
 * information, line tables, and enough of the entries to name inlined functions (DWARF 5; LSB "Exception Frames").
 */

/** The bytes are not what they claim to be. Never leaves this room: its readers answer "unknown". */
export class DwarfError extends Error {
  override readonly name = "DwarfError";
}

const TWO_32 = 0x1_0000_0000;

/** A cursor over little-endian bytes that never leaves them. */
export class ByteReader {
  readonly #view: DataView;

  /** @param end first byte that does not belong to what is read */
  constructor(readonly bytes: Uint8Array, public at = 0, readonly end: number = bytes.length) {
    if (!(at >= 0 && at <= end && end <= bytes.length)) throw new DwarfError("a range lies outside of its section");
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  #take(length: number): number {
    const { at } = this;
    if (!(length >= 0 && at + length <= this.end)) throw new DwarfError("a value lies outside of its section");
    this.at = at + length;
    return at;
  }

  skip(length: number): void {
    this.#take(length);
  }
  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }
  i8(): number {
    return this.#view.getInt8(this.#take(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }
  u24(): number {
    const at = this.#take(3);
    return this.#view.getUint16(at, true) | this.#view.getUint8(at + 2) << 16;
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }
  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }
  /** Exact below 2^53; above, the nearest double, which is outside of every bound. */
  u64(): number {
    const at = this.#take(8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * TWO_32;
  }
  /** Exact within ±2^53. */
  i64(): number {
    const at = this.#take(8);
    return this.#view.getUint32(at, true) + this.#view.getInt32(at + 4, true) * TWO_32;
  }
  b64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }
  /** An unsigned value of 1, 2, 4 or 8 bytes. */
  unsigned(size: number): number {
    switch (size) {
      case 1:
        return this.u8();
      case 2:
        return this.u16();
      case 4:
        return this.u32();
      case 8:
        return this.u64();
      default:
        throw new DwarfError(`an address of ${size} bytes`);
    }
  }

  /** ULEB128; rounded above 2^53. */
  uleb(): number {
    let value = 0, scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new DwarfError("a LEB128 value is longer than 64 bits");
  }

  /** SLEB128; rounded beyond ±2^53. */
  sleb(): number {
    let value = 0, scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return byte & 0x40 ? value - scale : value;
    }
    throw new DwarfError("a LEB128 value is longer than 64 bits");
  }

  /** An offset or length: 4 bytes, or 8 in the 64-bit format. */
  offset(is64: boolean): number {
    return is64 ? this.u64() : this.u32();
  }

  /** A unit's length, and whether the unit is in the 64-bit format (DWARF 5, 7.4). */
  unitLength(): { length: number; is64: boolean } {
    const length = this.u32();
    if (length === 0xffffffff) return { length: this.u64(), is64: true };
    if (length >= 0xfffffff0) throw new DwarfError("a reserved unit length");
    return { length, is64: false };
  }

  /** A view of the next bytes. */
  block(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  /** A NUL-terminated string. */
  cstring(): string {
    const start = this.at, nul = this.bytes.indexOf(0, start);
    if (nul < 0 || nul >= this.end) throw new DwarfError("a string without an end");
    this.at = nul + 1;
    return text(this.bytes.subarray(start, nul));
  }

  skipCstring(): void {
    const nul = this.bytes.indexOf(0, this.at);
    if (nul < 0 || nul >= this.end) throw new DwarfError("a string without an end");
    this.at = nul + 1;
  }
}

/** Longest string taken: C++ names with template arguments are long, these are not read by anybody. */
const MAX_STRING = 65536;
const decoder = new TextDecoder();

/** Names are UTF-8 by convention. */
function text(bytes: Uint8Array): string {
  // A view into shared memory cannot be decoded: names are short enough to be copied.
  return decoder.decode(bytes.slice(0, MAX_STRING));
}

/** The string at an offset of a string section; undefined outside. */
export function stringAt(section: Uint8Array | undefined, at: number): string | undefined {
  if (section === undefined || !(at >= 0 && at < section.length)) return undefined;
  const nul = section.indexOf(0, at);
  return nul < 0 ? undefined : text(section.subarray(at, nul));
}
