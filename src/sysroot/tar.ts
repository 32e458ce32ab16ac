/**
 * Reads tar archives as a stream: ustar, pax and GNU's long names (tar(5), POSIX.1-2017 `pax`).
 *
 * Bytes are pushed in as they are decompressed and come out at a {@link TarSink} at once, without a promise or a
 * buffer per entry. What an entry means, and whether it may be written, is the sink's business.
 */
import { show } from "./guest_path.ts";
import { SysrootError } from "./sysroot_error.ts";

/** What an entry is; the sink decides which kinds it takes. */
export type TarEntryKind =
  | "file"
  | "hard link"
  | "symbolic link"
  | "character device"
  | "block device"
  | "folder"
  | "fifo";

/** One entry's header, with pax and GNU extensions applied. */
export interface TarHeader {
  readonly kind: TarEntryKind;
  /** As in the archive, unchecked. */
  readonly path: string;
  /** Target of a hard or symbolic link, unchecked; else empty. */
  readonly target: string;
  /** Permission bits with set-id and sticky bits, 0o7777 at most. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of data that follow. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/** Receives the entries of an archive in order: `entry`, `data` any number of times, `end`. */
export interface TarSink {
  entry(header: TarHeader): void;
  /** Part of the file's data; the view is only good during the call. */
  data(bytes: Uint8Array): void;
  end(): void;
}

const BLOCK = 512;
/** Longest pax header or GNU long name; paths end at 4096 bytes anyway. */
const MAX_EXTENSION_BYTES = 1024 * 1024;

const KINDS: Readonly<Record<string, TarEntryKind>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "hard link",
  "2": "symbolic link",
  "3": "character device",
  "4": "block device",
  "5": "folder",
  "6": "fifo",
};

/** Splits pushed bytes into entries. Call {@link TarParser.finish} after the last byte. */
export class TarParser {
  readonly #sink: TarSink;
  readonly #where: string;
  readonly #header = new Uint8Array(BLOCK);
  #headerFill = 0;
  /** Bytes of the present entry's data still to come. */
  #remaining = 0;
  /** Bytes of padding after it. */
  #padding = 0;
  #inFile = false;
  /** Extension header being collected: its type, and its bytes. */
  #extension: string | undefined;
  #extensionData = new Uint8Array();
  #extensionFill = 0;
  #longName: string | undefined;
  #longTarget: string | undefined;
  #pax: Map<string, string> | undefined;
  #globalPax = new Map<string, string>();
  #zeroBlocks = 0;

  /** @param where the archive's name, for messages. */
  constructor(sink: TarSink, where: string) {
    this.#sink = sink;
    this.#where = where;
  }

  /** Takes the next bytes of the archive. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#zeroBlocks >= 2) return; // what follows the end mark is padding of the medium
      if (this.#remaining > 0) {
        const part = bytes.subarray(at, at + this.#remaining);
        at += part.length;
        this.#remaining -= part.length;
        this.#body(part);
        if (this.#remaining === 0) this.#bodyEnd();
      } else if (this.#padding > 0) {
        const skip = Math.min(this.#padding, bytes.length - at);
        at += skip;
        this.#padding -= skip;
      } else {
        const part = bytes.subarray(at, at + BLOCK - this.#headerFill);
        this.#header.set(part, this.#headerFill);
        this.#headerFill += part.length;
        at += part.length;
        if (this.#headerFill === BLOCK) {
          this.#headerFill = 0;
          this.#block();
        }
      }
    }
  }

  /** Says that no byte follows; throws when the archive is cut short. */
  finish(): void {
    const cut = this.#remaining > 0 || this.#padding > 0 || this.#headerFill > 0 || this.#extension !== undefined;
    if (cut || this.#zeroBlocks < 1) this.#refuse("ends early");
  }

  #refuse(what: string): never {
    throw new SysrootError(`${this.#where} ${what}`);
  }

  #block(): void {
    const block = this.#header;
    if (block.every((byte) => byte === 0)) {
      this.#zeroBlocks++;
      return;
    }
    if (this.#zeroBlocks > 0) this.#refuse("has an entry after its end mark");
    if (!checksumOk(block)) this.#refuse("has a damaged tar header");
    const type = String.fromCharCode(block[156] ?? 0);
    const size = this.#number(124, 12, "size");
    if (type === "x" || type === "g" || type === "L" || type === "K") {
      if (size > MAX_EXTENSION_BYTES) this.#refuse(`has an extension header of ${size} bytes`);
      this.#extension = type;
      this.#extensionData = new Uint8Array(size);
      this.#extensionFill = 0;
      this.#expectBody(size);
      return;
    }
    const header = this.#entryHeader(type, size);
    this.#pax = undefined;
    this.#longName = undefined;
    this.#longTarget = undefined;
    if (header.kind !== "file" && header.size !== 0) {
      this.#refuse(`gives the ${header.kind} ${show(header.path)} ${header.size} bytes of data`);
    }
    this.#sink.entry(header);
    this.#inFile = true;
    this.#expectBody(header.size);
  }

  #expectBody(size: number): void {
    this.#remaining = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (size === 0) this.#bodyEnd();
  }

  #body(part: Uint8Array): void {
    if (this.#inFile) {
      this.#sink.data(part);
    } else {
      this.#extensionData.set(part, this.#extensionFill);
      this.#extensionFill += part.length;
    }
  }

  #bodyEnd(): void {
    if (this.#inFile) {
      this.#inFile = false;
      this.#sink.end();
      return;
    }
    const data = this.#extensionData;
    if (this.#extension === "L") this.#longName = this.#text(data, 0, data.length);
    else if (this.#extension === "K") this.#longTarget = this.#text(data, 0, data.length);
    else if (this.#extension === "x") this.#pax = this.#paxRecords(data, new Map());
    else this.#paxRecords(data, this.#globalPax);
    this.#extension = undefined;
    this.#extensionData = new Uint8Array();
  }

  #entryHeader(type: string, rawSize: number): TarHeader {
    const kind = KINDS[type];
    const pax = (key: string) => this.#pax?.get(key) ?? this.#globalPax.get(key);
    const ustar = this.#text(this.#header, 257, 5) === "ustar";
    // GNU's older variant keeps times where POSIX keeps the prefix; its magic ends in a blank.
    const prefix = ustar && this.#header[262] === 0 ? this.#text(this.#header, 345, 155) : "";
    const name = this.#text(this.#header, 0, 100);
    const path = pax("path") ?? this.#longName ?? (prefix === "" ? name : `${prefix}/${name}`);
    if (kind === undefined) this.#refuse(`has an entry ${show(path)} of unknown type ${show(type)}`);
    for (const key of [...(this.#pax?.keys() ?? []), ...this.#globalPax.keys()]) {
      if (key.startsWith("GNU.sparse.")) this.#refuse(`has a sparse file ${show(path)}, which is not supported`);
    }
    const link = kind === "hard link" || kind === "symbolic link";
    return {
      // Before ustar a folder was a file whose name ends in a slash.
      kind: kind === "file" && path.endsWith("/") ? "folder" : kind,
      path,
      target: link ? pax("linkpath") ?? this.#longTarget ?? this.#text(this.#header, 157, 100) : "",
      mode: this.#number(100, 8, "mode") & 0o7777,
      uid: this.#paxNumber(pax("uid"), "uid") ?? this.#number(108, 8, "uid"),
      gid: this.#paxNumber(pax("gid"), "gid") ?? this.#number(116, 8, "gid"),
      size: this.#paxNumber(pax("size"), "size") ?? rawSize,
      mtime: this.#paxNumber(pax("mtime"), "mtime") ?? this.#number(136, 12, "mtime"),
    };
  }

  /** pax records: "<length> <key>=<value>\n", length in decimal and counting itself. */
  #paxRecords(data: Uint8Array, into: Map<string, string>): Map<string, string> {
    let at = 0;
    while (at < data.length) {
      const blank = data.indexOf(0x20, at);
      const digits = blank < 0 ? "" : this.#text(data, at, blank - at);
      const length = /^\d{1,7}$/.test(digits) ? Number(digits) : 0;
      const end = at + length;
      if (length < digits.length + 3 || end > data.length || data[end - 1] !== 0x0a) {
        this.#refuse("has a damaged pax header");
      }
      const equals = data.indexOf(0x3d, blank);
      if (equals < 0 || equals >= end) this.#refuse("has a damaged pax header");
      into.set(this.#utf8(data.subarray(blank + 1, equals)), this.#utf8(data.subarray(equals + 1, end - 1)));
      at = end;
    }
    return into;
  }

  #paxNumber(value: string | undefined, what: string): number | undefined {
    if (value === undefined) return undefined;
    // mtime may have a fraction or a sign; sizes and ids may not.
    if (!(what === "mtime" ? /^-?\d{1,12}(\.\d+)?$/ : /^\d{1,15}$/).test(value)) {
      this.#refuse(`has a pax ${what} of ${show(value)}`);
    }
    return Math.max(0, Math.floor(Number(value)));
  }

  /** A numeric field: octal digits, or GNU's base-256 when the top bit is set. */
  #number(offset: number, length: number, what: string): number {
    const field = this.#header.subarray(offset, offset + length);
    const first = field[0] ?? 0;
    if ((first & 0x80) !== 0) {
      if (first !== 0x80) return this.#refuse(`has a negative ${what}`);
      let value = 0;
      for (const byte of field.subarray(1)) value = value * 256 + byte;
      if (!Number.isSafeInteger(value)) this.#refuse(`has a ${what} beyond all bounds`);
      return value;
    }
    const digits = this.#text(this.#header, offset, length).trim();
    if (digits === "") return 0;
    if (!/^[0-7]+$/.test(digits)) this.#refuse(`has a damaged ${what} in a tar header`);
    return parseInt(digits, 8);
  }

  /** The text of a field, up to its first NUL. */
  #text(bytes: Uint8Array, offset: number, length: number): string {
    const field = bytes.subarray(offset, offset + length);
    const end = field.indexOf(0);
    return this.#utf8(end < 0 ? field : field.subarray(0, end));
  }

  #utf8(bytes: Uint8Array): string {
    try {
      return UTF8.decode(bytes);
    } catch {
      return this.#refuse("has a name that is not UTF-8");
    }
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The sum of all bytes of the header, its own field counted as blanks. */
function checksumOk(block: Uint8Array): boolean {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : block[i] ?? 0;
  const field = String.fromCharCode(...block.subarray(148, 156));
  const digits = /^[ ]*([0-7]+)/.exec(field);
  return digits !== null && parseInt(digits[1] ?? "", 8) === sum;
}
