/** Files: stat and its relatives, vectors of buffers, directory entries, sets of descriptors, terminals. */
import { O_CREAT, O_TMPFILE_BIT } from "../../../kernel/abi/fcntl.ts";
import { flagNames } from "../../../kernel/abi/flags.ts";
import { S_IFBLK, S_IFCHR, S_IFMT } from "../../../kernel/abi/stat.ts";
import * as termios from "../../../kernel/abi/termios.ts";
import { IOVEC_SIZE } from "../../../kernel/abi/uio.ts";
import type { Call } from "./call.ts";
import { type CustomTypes, typeNamed } from "./layout.ts";
import { descriptor, device, fileMode, permissions } from "./scalar.ts";
import { bufferAt, hex, pointer } from "./text.ts";

/** UTIME_NOW and UTIME_OMIT (utimensat(2)). */
const UTIME_NOW = 0x3fffffff, UTIME_OMIT = 0x3ffffffe;

/** ISO 8601 in a comment, as strace adds to points in time. */
export function dateComment(seconds: number, nanoseconds: number): string {
  if (!(Math.abs(seconds) < 8e12)) return "";
  const text = new Date(seconds * 1000).toISOString().replace(/\.000Z$/, "");
  const fraction = nanoseconds === 0 ? "" : "." + String(nanoseconds).padStart(9, "0");
  return ` /* ${text}${fraction}+0000 */`;
}

function timesText({ task: { mm } }: Call, at: number): string {
  const one = (at: number) => {
    const seconds = mm.readLong(at), nanoseconds = mm.readLong(at + 8);
    if (nanoseconds === UTIME_NOW) return "UTIME_NOW";
    if (nanoseconds === UTIME_OMIT) return "UTIME_OMIT";
    return `{tv_sec=${seconds}, tv_nsec=${nanoseconds}}${dateComment(seconds, nanoseconds)}`;
  };
  return `[${one(at)}, ${one(at + 16)}]`;
}

/** struct stat of arm64 (asm-generic/stat.h). */
function statText({ task: { mm }, style }: Call, at: number): string {
  const mode = mm.readU32(at + 16), type = mode & S_IFMT;
  const isDevice = type === S_IFCHR || type === S_IFBLK;
  const size = isDevice ? `st_rdev=${device(mm.readNumber(at + 32))}` : `st_size=${mm.readLong(at + 48)}`;
  if (style.abbreviate) return `{st_mode=${fileMode(mode)}, ${size}, ...}`;
  const time = (name: string, offset: number) => {
    const seconds = mm.readLong(at + offset), nanoseconds = mm.readLong(at + offset + 8);
    return `st_${name}=${seconds}${dateComment(seconds, nanoseconds)}, st_${name}_nsec=${nanoseconds}`;
  };
  return `{st_dev=${device(mm.readNumber(at))}, st_ino=${mm.readNumber(at + 8)}, st_mode=${fileMode(mode)}, ` +
    `st_nlink=${mm.readU32(at + 20)}, st_uid=${mm.readU32(at + 24)}, st_gid=${mm.readU32(at + 28)}, ` +
    `st_blksize=${mm.readI32(at + 56)}, st_blocks=${mm.readLong(at + 64)}, ${size}, ` +
    `${time("atime", 72)}, ${time("mtime", 88)}, ${time("ctime", 104)}}`;
}

function statxText({ task: { mm }, style }: Call, at: number): string {
  const attributes = flagNames("statx_attributes", mm.readU32(at + 8) | 0);
  const mask = `stx_mask=${flagNames("statx", mm.readU32(at) | 0)}`;
  const mode = `stx_mode=${fileMode(mm.readU16(at + 28))}`, size = `stx_size=${mm.readNumber(at + 40)}`;
  if (style.abbreviate) return `{${mask}, stx_attributes=${attributes}, ${mode}, ${size}, ...}`;
  const time = (name: string, offset: number) =>
    `stx_${name}={tv_sec=${mm.readLong(at + offset)}, tv_nsec=${mm.readU32(at + offset + 8)}}`;
  return `{${mask}, stx_blksize=${mm.readU32(at + 4)}, stx_attributes=${attributes}, stx_nlink=${
    mm.readU32(at + 16)
  }, ` +
    `stx_uid=${mm.readU32(at + 20)}, stx_gid=${mm.readU32(at + 24)}, ${mode}, stx_ino=${mm.readNumber(at + 32)}, ` +
    `${size}, stx_blocks=${mm.readNumber(at + 48)}, ` +
    `stx_attributes_mask=${flagNames("statx_attributes", mm.readU32(at + 56) | 0)}, ${time("atime", 64)}, ` +
    `${time("btime", 80)}, ${time("ctime", 96)}, ${time("mtime", 112)}, stx_rdev_major=${mm.readU32(at + 128)}, ` +
    `stx_rdev_minor=${mm.readU32(at + 132)}, stx_dev_major=${mm.readU32(at + 136)}, ` +
    `stx_dev_minor=${mm.readU32(at + 140)}, stx_mnt_id=${hex(mm.readNumber(at + 144))}}`;
}

/** An iovec with its bytes. @param bytes how many of them count: the result of a read */
export function iovecText({ task: { mm }, style }: Call, at: number, count: number, bytes = Infinity): string {
  const parts: string[] = [];
  let left = bytes;
  for (let index = 0; index < count; index++) {
    if (index === style.limit) {
      parts.push("...");
      break;
    }
    const base = mm.readNumber(at + index * IOVEC_SIZE), length = mm.readNumber(at + index * IOVEC_SIZE + 8);
    const size = Math.min(length, left);
    left -= size;
    const text = base === 0 && length === 0 ? "NULL" : bufferAt(mm, base, size, style);
    parts.push(`{iov_base=${text}, iov_len=${length}}`);
  }
  return `[${parts.join(", ")}]`;
}

/** Addresses and lengths alone: what a failed read would have filled. */
function emptyIovec({ task: { mm } }: Call, at: number, count: number): string {
  const part = (n: number) =>
    `{iov_base=${pointer(mm.readNumber(at + n * IOVEC_SIZE))}, iov_len=${mm.readNumber(at + n * IOVEC_SIZE + 8)}}`;
  return `[${Array.from({ length: Math.min(count, 32) }, (_, n) => part(n)).join(", ")}${count > 32 ? ", ..." : ""}]`;
}

/** Descriptors below `count` that are in a set. */
export function fdSetText(call: Call, at: number, count: number): string {
  const list: string[] = [];
  for (let fd = 0; fd < Math.min(count, 1024); fd++) {
    if (call.task.mm.readU8(at + (fd >> 3)) & 1 << (fd & 7)) list.push(descriptor(call, fd));
  }
  return `[${list.join(" ")}]`;
}

function direntCount({ task: { mm }, result = 0 }: Call, at: number): number {
  let count = 0;
  for (let offset = 0; offset < result; count++) {
    const size = mm.readU16(at + offset + 16);
    if (size === 0) break;
    offset += size;
  }
  return count;
}

function termiosText({ task: { mm }, style }: Call, at: number): string {
  const oflag = mm.readU32(at + 4), cflag = mm.readU32(at + 8);
  const delays = termios.OUTPUT_DELAYS.map(([mask, step, name]) => name + (oflag & mask) / step);
  const delayBits = termios.OUTPUT_DELAYS.reduce((bits, [mask]) => bits | mask, 0);
  const output = oflag & ~delayBits ? "|" + flagNames("tty_o", oflag & ~delayBits) : "";
  const code = cflag & termios.CBAUD;
  const rate = code < 16 ? termios.BAUD_RATES[code] : termios.EXTENDED_BAUD_RATES[(code & 0xf) - 1];
  const baud = code === termios.BOTHER ? "BOTHER" : `B${rate ?? 0}`;
  const size = "CS" + (5 + ((cflag & termios.CSIZE) >> 4));
  const other = cflag & ~(termios.CBAUD | termios.CSIZE);
  const control = other ? "|" + flagNames("tty_c", other) : "";
  const text = `{c_iflag=${flagNames("tty_i", mm.readI32(at))}, c_oflag=${delays.join("|")}${output}, ` +
    `c_cflag=${baud}|${size}${control}, c_lflag=${flagNames("tty_l", mm.readI32(at + 12))}`;
  if (style.abbreviate) return text + ", ...}";
  const cc = Array.from({ length: termios.NCCS }, (_, n) => hex(mm.readU8(at + termios.TERMIOS_CC + n)));
  return `${text}, c_line=${mm.readU8(at + termios.TERMIOS_LINE)}, c_cc=[${cc.join(", ")}]}`;
}

export const fileTypes: CustomTypes = {
  stat: { size: 128, show: statText },
  statx: { size: 256, show: statxText },
  utimes: { size: 32, show: timesText },
  open_how: {
    size: 24,
    show: ({ task: { mm } }, at) => {
      const flags = mm.readNumber(at), mode = mm.readNumber(at + 8), resolve = mm.readNumber(at + 16);
      const wantsMode = (flags & (O_CREAT | O_TMPFILE_BIT)) !== 0 || mode !== 0;
      return `{flags=${flagNames("open", flags | 0)}${wantsMode ? `, mode=${permissions(mode)}` : ""}, ` +
        `resolve=${flagNames("resolve", resolve | 0)}}`;
    },
  },
  iovec: {
    size: 16,
    onFailure: true,
    show: (call, at, index) => {
      const count = call.args[index + 1] ?? 0;
      // What readv fills in is as long as its result; writev's is given.
      const reads = call.row?.args[index]?.format.startsWith("out:");
      if (reads && (call.result ?? -1) < 0) return emptyIovec(call, at, count);
      return iovecText(call, at, count, reads ? call.result : Infinity);
    },
  },
  dirents: { size: 1, show: (call, at) => `${pointer(at)} /* ${direntCount(call, at)} entries */` },
  fdpair: {
    size: 8,
    show: (call, at) =>
      `[${descriptor(call, call.task.mm.readI32(at))}, ${descriptor(call, call.task.mm.readI32(at + 4))}]`,
  },
  fd_set: { size: 128, show: (call, at) => fdSetText(call, at, call.args[0]!) },
  epoll_data: {
    size: 8,
    show: ({ task }, at) => `{u32=${task.mm.readU32(at)}, u64=${task.mm.readU64(at)}}`,
  },
  iocbptr: {
    size: 8,
    show: (call, at, index) => typeNamed("iocb").show(call, call.task.mm.readNumber(at), index),
  },
  termios: { size: 36, show: termiosText },
};
