/** File types, mode bits, device numbers, struct stat (arm64: asm-generic/stat.h) and struct statx. */

export const S_IFMT = 0o170000, S_IFSOCK = 0o140000, S_IFLNK = 0o120000, S_IFREG = 0o100000, S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000, S_IFCHR = 0o020000, S_IFIFO = 0o010000;
export const S_ISUID = 0o4000, S_ISGID = 0o2000, S_ISVTX = 0o1000, S_IXGRP = 0o010;
/** Permission bits and the three special bits. */
export const S_IALLUGO = 0o7777;

/** Packs a device number as st_dev and st_rdev carry it. */
export function makedev(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 0x100 + ((minor >>> 8) & 0xfff) * 0x100000;
}

/** As the kernel writes a device inside: the major number above 20 bits. */
export function innerDev(dev: number): number {
  return major(dev) * 2 ** 20 + minor(dev);
}

export function major(dev: number): number {
  return (dev >>> 8) & 0xfff;
}

export function minor(dev: number): number {
  return (dev & 0xff) | ((dev >>> 12) & 0xfff00);
}

/** What stat(2) reports. Times in nanoseconds since the epoch; blocks in units of 512 bytes. */
export interface Stat {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly size: number;
  readonly blksize: number;
  readonly blocks: number;
  readonly atime: bigint;
  readonly mtime: bigint;
  readonly ctime: bigint;
  readonly btime: bigint;
}

export const STAT_SIZE = 128, STATX_SIZE = 256;

const NS = 1_000_000_000n;

/** Floored seconds and the remaining nanoseconds, which are never negative (times before 1970 too). */
function seconds(ns: bigint): bigint {
  const quotient = ns / NS;
  return ns < 0n && quotient * NS !== ns ? quotient - 1n : quotient;
}

function putTime(view: DataView, at: number, ns: bigint, nsecBytes: 4 | 8): void {
  const sec = seconds(ns);
  view.setBigInt64(at, sec, true);
  const nsec = Number(ns - sec * NS);
  if (nsecBytes === 8) view.setBigInt64(at + 8, BigInt(nsec), true);
  else view.setUint32(at + 8, nsec, true);
}

const statBytes = new Uint8Array(STAT_SIZE);
const statView = new DataView(statBytes.buffer);

/** struct stat. The result is reused by the next call. */
export function encodeStat(stat: Stat): Uint8Array {
  const view = statView;
  statBytes.fill(0);
  view.setUint32(0, stat.dev, true);
  view.setBigUint64(8, BigInt(stat.ino), true);
  view.setUint32(16, stat.mode, true);
  view.setUint32(20, stat.nlink, true);
  view.setUint32(24, stat.uid, true);
  view.setUint32(28, stat.gid, true);
  view.setUint32(32, stat.rdev, true);
  view.setBigInt64(48, BigInt(stat.size), true);
  view.setInt32(56, stat.blksize, true);
  view.setBigInt64(64, BigInt(stat.blocks), true);
  putTime(view, 72, stat.atime, 8);
  putTime(view, 88, stat.mtime, 8);
  putTime(view, 104, stat.ctime, 8);
  return statBytes;
}

export const STATX_BASIC_STATS = 0x7ff, STATX_BTIME = 0x800, STATX_MNT_ID = 0x1000, STATX__RESERVED = 0x80000000;
export const STATX_ATTR_IMMUTABLE = 0x10, STATX_ATTR_APPEND = 0x20, STATX_ATTR_MOUNT_ROOT = 0x2000;

/** struct statx. */
export function encodeStatx(stat: Stat, mountId: number, attributes: number): Uint8Array {
  const bytes = new Uint8Array(STATX_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, true);
  view.setUint32(4, stat.blksize, true);
  view.setBigUint64(8, BigInt(attributes), true);
  view.setUint32(16, stat.nlink, true);
  view.setUint32(20, stat.uid, true);
  view.setUint32(24, stat.gid, true);
  view.setUint16(28, stat.mode, true);
  view.setBigUint64(32, BigInt(stat.ino), true);
  view.setBigUint64(40, BigInt(stat.size), true);
  view.setBigUint64(48, BigInt(stat.blocks), true);
  view.setBigUint64(56, BigInt(STATX_ATTR_MOUNT_ROOT | STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND), true);
  putTime(view, 64, stat.atime, 4);
  putTime(view, 80, stat.btime, 4);
  putTime(view, 96, stat.ctime, 4);
  putTime(view, 112, stat.mtime, 4);
  view.setUint32(128, major(stat.rdev), true);
  view.setUint32(132, minor(stat.rdev), true);
  view.setUint32(136, major(stat.dev), true);
  view.setUint32(140, minor(stat.dev), true);
  view.setBigUint64(144, BigInt(mountId), true);
  return bytes;
}
