/** Looking through guest memory for a debugger. */
import { readForced } from "../../kernel/mm/forced_access.ts";
import type { Mm } from "../../kernel/mm/mm.ts";

/** Bytes looked at together by {@link searchMemory}. */
const SEARCH_PART = 1 << 16;

/** The first address in a range where a pattern is; undefined where there is none, null where memory ends first. */
export function searchMemory(mm: Mm, va: number, length: number, pattern: Uint8Array): number | undefined | null {
  if (pattern.length === 0) return undefined;
  for (let at = 0; at + pattern.length <= length;) {
    const part = Math.min(length - at, SEARCH_PART + pattern.length - 1);
    const bytes = readForced(mm, va + at, part);
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
