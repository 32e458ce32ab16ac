/** Directory entry types and struct linux_dirent64 (getdents64(2)). */
import { S_IFMT } from "./stat.ts";

export const DT_UNKNOWN = 0, DT_FIFO = 1, DT_CHR = 2, DT_DIR = 4, DT_BLK = 6, DT_REG = 8, DT_LNK = 10, DT_SOCK = 12;

/** The d_type of a mode: its type bits, shifted. */
export function direntType(mode: number): number {
  return (mode & S_IFMT) >> 12;
}

/** Bytes of a record: fixed part, name, NUL, rounded up to 8. */
export function direntSize(nameLength: number): number {
  return (19 + nameLength + 1 + 7) & ~7;
}

/** Writes one record at `at`; the caller has checked the room. The name is a byte string. */
export function putDirent(
  bytes: Uint8Array,
  at: number,
  ino: number,
  nextOffset: number,
  type: number,
  name: string,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const size = direntSize(name.length);
  view.setBigUint64(0, BigInt(ino), true);
  view.setBigInt64(8, BigInt(nextOffset), true);
  view.setUint16(16, size, true);
  view.setUint8(18, type);
  for (let i = 0; i < name.length; i++) bytes[at + 19 + i] = name.charCodeAt(i);
  bytes.fill(0, at + 19 + name.length, at + size);
}
