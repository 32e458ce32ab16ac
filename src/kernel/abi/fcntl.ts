/** Constants and structures of open(2), fcntl(2), *at(2), fallocate(2), flock(2): arm64 values (octal as in asm/fcntl.h). */

export const O_RDONLY = 0o0, O_WRONLY = 0o1, O_RDWR = 0o2, O_ACCMODE = 0o3;
export const O_CREAT = 0o100, O_EXCL = 0o200, O_NOCTTY = 0o400, O_TRUNC = 0o1000, O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000, O_DSYNC = 0o10000, O_ASYNC = 0o20000;
// arm64 swaps these four against the generic values.
export const O_DIRECTORY = 0o40000, O_NOFOLLOW = 0o100000, O_DIRECT = 0o200000, O_LARGEFILE = 0o400000;
export const O_NOATIME = 0o1000000, O_CLOEXEC = 0o2000000, O_SYNC = 0o4010000, O_PATH = 0o10000000;
/** The bit of its own; O_TMPFILE as programs pass it includes O_DIRECTORY. */
export const O_TMPFILE_BIT = 0o20000000;
export const O_TMPFILE = O_TMPFILE_BIT | O_DIRECTORY;
/** Every flag open(2) knows; open ignores others, openat2 refuses them. */
export const O_VALID = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_DSYNC | O_ASYNC |
  O_DIRECTORY | O_NOFOLLOW | O_DIRECT | O_LARGEFILE | O_NOATIME | O_CLOEXEC | O_SYNC | O_PATH | O_TMPFILE_BIT;
/** Flags that F_SETFL may change (fcntl(2)). */
export const O_SETTABLE = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME;
/** Internal: opened by execve to be run, not for reading or writing by the guest. */
export const FMODE_EXEC = 0o40;

export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100, AT_EACCESS = 0x200, AT_REMOVEDIR = 0x200, AT_SYMLINK_FOLLOW = 0x400;
export const AT_NO_AUTOMOUNT = 0x800, AT_EMPTY_PATH = 0x1000, AT_STATX_SYNC_TYPE = 0x6000, AT_RECURSIVE = 0x8000;

/** access(2) modes. */
export const F_OK = 0, X_OK = 1, W_OK = 2, R_OK = 4;

export const SEEK_SET = 0, SEEK_CUR = 1, SEEK_END = 2, SEEK_DATA = 3, SEEK_HOLE = 4;

export const F_DUPFD = 0, F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4, F_GETLK = 5, F_SETLK = 6, F_SETLKW = 7;
export const F_SETOWN = 8, F_GETOWN = 9, F_SETSIG = 10, F_GETSIG = 11, F_SETOWN_EX = 15, F_GETOWN_EX = 16;
export const F_GETOWNER_UIDS = 17, F_OFD_GETLK = 36, F_OFD_SETLK = 37, F_OFD_SETLKW = 38;
export const F_SETLEASE = 1024, F_GETLEASE = 1025, F_NOTIFY = 1026, F_DUPFD_CLOEXEC = 1030, F_SETPIPE_SZ = 1031;
export const F_GETPIPE_SZ = 1032, F_ADD_SEALS = 1033, F_GET_SEALS = 1034;
export const F_GET_RW_HINT = 1035, F_SET_RW_HINT = 1036, F_GET_FILE_RW_HINT = 1037, F_SET_FILE_RW_HINT = 1038;
export const FD_CLOEXEC = 1;
/** Events of F_NOTIFY. */
export const DN_ACCESS = 1, DN_MODIFY = 2, DN_CREATE = 4, DN_DELETE = 8, DN_RENAME = 16, DN_ATTRIB = 32;
export const DN_MULTISHOT = -0x80000000;

export const F_SEAL_SEAL = 1, F_SEAL_SHRINK = 2, F_SEAL_GROW = 4, F_SEAL_WRITE = 8, F_SEAL_FUTURE_WRITE = 16;
export const F_ALL_SEALS = 31;

export const MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, MFD_HUGETLB = 4;
/** log2 of the huge page size, above this bit. */
export const MFD_HUGE_SHIFT = 26;

export const F_RDLCK = 0, F_WRLCK = 1, F_UNLCK = 2;
export const F_OWNER_TID = 0, F_OWNER_PID = 1, F_OWNER_PGRP = 2;
export const LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8;

export const RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2, RENAME_WHITEOUT = 4;

export const FALLOC_FL_KEEP_SIZE = 1, FALLOC_FL_PUNCH_HOLE = 2, FALLOC_FL_COLLAPSE_RANGE = 8;
export const FALLOC_FL_ZERO_RANGE = 16, FALLOC_FL_INSERT_RANGE = 32, FALLOC_FL_UNSHARE_RANGE = 64;

export const RESOLVE_NO_XDEV = 1, RESOLVE_NO_MAGICLINKS = 2, RESOLVE_NO_SYMLINKS = 4, RESOLVE_BENEATH = 8;
export const RESOLVE_IN_ROOT = 16, RESOLVE_CACHED = 32, RESOLVE_VALID = 63;
/** sizeof(struct open_how), version 0. */
export const OPEN_HOW_SIZE = 24;

export const RWF_HIPRI = 1, RWF_DSYNC = 2, RWF_SYNC = 4, RWF_NOWAIT = 8, RWF_APPEND = 16, RWF_VALID = 31;

export const CLOSE_RANGE_UNSHARE = 2, CLOSE_RANGE_CLOEXEC = 4;

export const POSIX_FADV_NOREUSE = 5;

export const SPLICE_F_MOVE = 1, SPLICE_F_NONBLOCK = 2, SPLICE_F_MORE = 4, SPLICE_F_GIFT = 8, SPLICE_F_ALL = 15;

export const SYNC_FILE_RANGE_VALID = 7;

/** Longest path including its NUL, and longest component. */
export const PATH_MAX = 4096, NAME_MAX = 255;
/** Symbolic links followed in one walk before ELOOP (path_resolution(7)). */
export const MAXSYMLINKS = 40;
/** Largest offset: results stay exact in a JS number. */
export const MAX_OFFSET = Number.MAX_SAFE_INTEGER;

/** struct flock of a 64-bit ABI, 32 bytes. */
export interface Flock {
  type: number;
  whence: number;
  start: number;
  length: number;
  pid: number;
}

export const FLOCK_SIZE = 32;

export function decodeFlock(bytes: Uint8Array): Flock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, FLOCK_SIZE);
  return {
    type: view.getInt16(0, true),
    whence: view.getInt16(2, true),
    start: Number(view.getBigInt64(8, true)),
    length: Number(view.getBigInt64(16, true)),
    pid: view.getInt32(24, true),
  };
}

export function encodeFlock(flock: Flock): Uint8Array {
  const bytes = new Uint8Array(FLOCK_SIZE);
  const view = new DataView(bytes.buffer);
  view.setInt16(0, flock.type, true);
  view.setInt16(2, flock.whence, true);
  view.setBigInt64(8, BigInt(flock.start), true);
  view.setBigInt64(16, BigInt(flock.length), true);
  view.setInt32(24, flock.pid, true);
  return bytes;
}
