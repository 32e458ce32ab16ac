/** Guest memory as a debugger reads and writes it: whatever the guest's rights, without a trace in its accounts. */
import { forceView } from "../../kernel/mm/fault.ts";
import type { Mm } from "../../kernel/mm/mm.ts";

/** A copy of the bytes from `va` on, as far as they can be read; undefined where not even the first can. */
export function readMemory(mm: Mm, va: number, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const view = mm.users > 0 ? forceView(mm, va + done, length - done, "read") : undefined;
    if (view === undefined) break;
    bytes.set(view, done);
    done += view.length;
  }
  return done === 0 && length > 0 ? undefined : bytes.subarray(0, done);
}

/** Writes bytes; false where they could not all be written. Code that was there is forgotten. */
export function writeMemory(mm: Mm, va: number, bytes: Uint8Array): boolean {
  let done = 0;
  while (done < bytes.length) {
    const view = mm.users > 0 ? forceView(mm, va + done, bytes.length - done, "write") : undefined;
    if (view === undefined) return false;
    view.set(bytes.subarray(done, done + view.length));
    mm.space.invalidateCode(va + done, view.length);
    done += view.length;
  }
  return true;
}

/** Bytes looked at together by {@link searchMemory}. */
const SEARCH_PART = 1 << 16;

/** The first address in a range where a pattern is; undefined where there is none, null where memory ends first. */
export function searchMemory(mm: Mm, va: number, length: number, pattern: Uint8Array): number | undefined | null {
  if (pattern.length === 0) return undefined;
  for (let at = 0; at + pattern.length <= length;) {
    const part = Math.min(length - at, SEARCH_PART + pattern.length - 1);
    const bytes = readMemory(mm, va + at, part);
    if (bytes === undefined || bytes.length < pattern.length) return null;
    for (let from = bytes.indexOf(pattern[0]!); from >= 0; from = bytes.indexOf(pattern[0]!, from + 1)) {
      if (from + pattern.length > bytes.length) break;
      if (pattern.every((byte, i) => bytes[from + i] === byte)) return va + at + from;
    }
    if (bytes.length < part) return null;
    at += SEARCH_PART;
  }
  return undefined;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? crc << 1 ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** The CRC of `qCRC` (GDB manual, "General Query Packets"): polynomial 0x04c11db7, most significant bit first. */
export function crc32(bytes: Uint8Array, from = 0xffffffff): number {
  let crc = from;
  for (const byte of bytes) crc = (crc << 8 ^ CRC_TABLE[(crc >>> 24 ^ byte) & 0xff]!) >>> 0;
  return crc;
}
