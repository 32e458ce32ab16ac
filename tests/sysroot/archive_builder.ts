/** Builds small tar, ar and .deb archives for tests, honest ones and others. */
import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { PinnedPackage, Profile } from "../../src/sysroot/profile.ts";

/** One entry of a tar archive; what is not given is as in an honest file. */
export interface TarItem {
  readonly path: string;
  readonly type?: string;
  readonly content?: string | Uint8Array;
  /** What the header claims, when it is not the content's length. */
  readonly size?: number;
  readonly target?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
}

const encoder = new TextEncoder();

/** A tar archive with its end mark. */
export function tar(items: readonly TarItem[]): Uint8Array<ArrayBuffer> {
  return concat([...items.map(tarEntry), new Uint8Array(1024)]);
}

/** One header block, with data and padding. */
export function tarEntry(item: TarItem): Uint8Array<ArrayBuffer> {
  const content = typeof item.content === "string" ? encoder.encode(item.content) : item.content ?? new Uint8Array();
  const header = new Uint8Array(512);
  const put = (at: number, text: string) => header.set(encoder.encode(text), at);
  const octal = (at: number, length: number, value: number) =>
    put(at, value.toString(8).padStart(length - 1, "0").slice(-(length - 1)));
  put(0, item.path);
  octal(100, 8, item.mode ?? (item.type === "5" ? 0o755 : 0o644));
  octal(108, 8, item.uid ?? 0);
  octal(116, 8, item.gid ?? 0);
  octal(124, 12, item.size ?? content.length);
  octal(136, 12, item.mtime ?? 1_000_000_000);
  put(156, item.type ?? "0");
  put(157, item.target ?? "");
  put(257, "ustar\x0000");
  put(148, "        ");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return concat([header, content, new Uint8Array((512 - (content.length % 512)) % 512)]);
}

/** A pax record: its length, itself counted, a key and a value. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = encoder.encode(rest).length;
  while (`${length}${rest}`.length - rest.length + encoder.encode(rest).length !== length) length++;
  return `${length}${rest}`;
}

/** An ar archive. */
export function ar(members: readonly { readonly name: string; readonly data: Uint8Array }[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [encoder.encode("!<arch>\n")];
  for (const { name, data } of members) {
    const header = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}` +
      `${String(data.length).padEnd(10)}\`\n`;
    parts.push(encoder.encode(header), data);
    if (data.length % 2 === 1) parts.push(encoder.encode("\n"));
  }
  return concat(parts);
}

/** A Debian package that holds these entries. */
export function deb(items: readonly TarItem[], compression: "" | ".gz" | ".zst" = ".gz"): Uint8Array<ArrayBuffer> {
  return debOf(tar(items), compression);
}

/** A Debian package around a data archive. */
export function debOf(data: Uint8Array, compression: "" | ".gz" | ".zst" = ".gz"): Uint8Array<ArrayBuffer> {
  const packed = compression === ".gz" ? gzipSync(data) : compression === ".zst" ? zstdCompressSync(data) : data;
  return ar([
    { name: "debian-binary", data: encoder.encode("2.0\n") },
    { name: "control.tar.gz", data: gzipSync(tar([])) },
    { name: `data.tar${compression}`, data: packed },
  ]);
}

/** The pin of a package, as it lies at `pool/NAME.deb`. */
export function pin(name: string, bytes: Uint8Array): PinnedPackage {
  return { name, version: "1.0", path: `pool/${name}.deb`, size: bytes.length, sha256: sha256(bytes) };
}

/** A profile of these packages. Nobody listens where its snapshot is said to be. */
export function profileOf(packages: readonly PinnedPackage[], changes: Partial<Profile> = {}): Profile {
  return {
    name: "tiny",
    description: "A profile for tests",
    machine: "aarch64",
    suite: "bookworm",
    component: "main",
    snapshot: "http://localhost:1/",
    want: [],
    omit: [],
    exclude: [],
    directories: { "usr/bin": "755", "usr/lib": "755" },
    mergedLinks: { bin: "usr/bin", lib: "usr/lib" },
    links: {},
    files: {},
    packages,
    interpreters: [],
    libraries: {},
    ...changes,
  };
}

/** SHA-256 in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Bytes that do not compress, the same in every run. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let i = 0; i < length; i++) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** All parts in one array. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
