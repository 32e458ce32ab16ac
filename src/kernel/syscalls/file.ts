/** Opening, closing, reading, writing and positioning: open(2), read(2), write(2), lseek(2) and their relatives. */
import {
  E2BIG,
  EAGAIN,
  EBADF,
  EFBIG,
  EINVAL,
  EISDIR,
  EMFILE,
  ENODEV,
  ENOTDIR,
  EOPNOTSUPP,
  EROFS,
  ESPIPE,
  ETXTBSY,
} from "../abi/errno.ts";
import * as fcntl from "../abi/fcntl.ts";
import { IN_MODIFY } from "../abi/inotify.ts";
import { RLIMIT_FSIZE } from "../abi/resource.ts";
import { SIGXFSZ } from "../abi/signal.ts";
import { MAY_WRITE, permission } from "../fs/access.ts";
import { dropPrivilegeBits } from "../fs/attributes.ts";
import { DirectoryFile } from "../fs/directory_file.ts";
import type { OpenFile } from "../fs/file.ts";
import { byPath } from "../fs/host_changes.ts";
import type { Inode } from "../fs/inode.ts";
import { notifyPath } from "../fs/notify.ts";
import { open } from "../fs/open.ts";
import type { Path } from "../fs/path.ts";
import { isShared, unshare } from "../task/sharing.ts";
import type { Task } from "../task/task.ts";
import type { Blocking, Wait, Wake } from "../wait.ts";
import { fdLimit, installFd } from "./new_fd.ts";
import { row, type SyscallRow } from "./row.ts";
import { isZeroBehind } from "./user_struct.ts";
import { AT_POSITION, readFile, readFileVector, readVector, writeFile, writeFileVector } from "./read_write.ts";
import { basePlace, readPath, resolveAt } from "./user_path.ts";

/** An open file with content, or -EBADF: O_PATH descriptors are none here. */
function contentFile(task: Task, fd: number): OpenFile | number {
  const file = task.files.get(fd);
  return !file || (file.flags & fcntl.O_PATH) !== 0 ? -EBADF : file;
}

// Opening and closing.

function doOpen(
  task: Task,
  dirfd: number,
  path: string,
  flags: number,
  mode: number,
  resolve: number,
): number | Blocking {
  if (!task.files.hasRoom(fdLimit(task))) return -EMFILE;
  const scoped = (resolve & (fcntl.RESOLVE_IN_ROOT | fcntl.RESOLVE_BENEATH)) !== 0;
  const base = basePlace(task, dirfd, scoped ? "." : path);
  if (typeof base === "number") return base;
  const cloexec = (flags & fcntl.O_CLOEXEC) !== 0;
  const file = open(task, base, path, flags & ~fcntl.O_CLOEXEC, mode, resolve);
  if (typeof file === "number") return file;
  return "next" in file ? openLater(task, file, cloexec) : installFd(task, file, cloexec);
}

function* openLater(
  task: Task,
  opening: Generator<Wait, OpenFile | number, Wake>,
  cloexec: boolean,
): Blocking {
  const file = yield* opening;
  return typeof file === "number" ? file : installFd(task, file, cloexec);
}

function openat(task: Task, dirfd: number, pathVa: number, flags: number, mode: number): number | Blocking {
  const path = readPath(task, pathVa);
  if (typeof path === "number") return path;
  flags &= fcntl.O_VALID;
  // O_PATH ignores all but three flags (open(2)).
  if (flags & fcntl.O_PATH) flags &= fcntl.O_PATH | fcntl.O_DIRECTORY | fcntl.O_NOFOLLOW | fcntl.O_CLOEXEC;
  return doOpen(task, dirfd, path, flags, mode, 0);
}

function openat2(task: Task, dirfd: number, pathVa: number, how: number, size: number): number | Blocking {
  if (size < fcntl.OPEN_HOW_SIZE) return -EINVAL;
  if (size > 4096) return -E2BIG;
  const { mm } = task;
  if (!isZeroBehind(mm, how, fcntl.OPEN_HOW_SIZE, size)) return -E2BIG;
  const flags = mm.readU64(how), mode = mm.readU64(how + 8), resolve = mm.readNumber(how + 16);
  if ((flags & ~BigInt(fcntl.O_VALID)) !== 0n || resolve > fcntl.RESOLVE_VALID) return -EINVAL;
  const plain = Number(flags);
  const makes = (plain & (fcntl.O_CREAT | fcntl.O_TMPFILE_BIT)) !== 0;
  if (makes ? (mode & ~0o7777n) !== 0n : mode !== 0n) return -EINVAL;
  const onlyPath = fcntl.O_PATH | fcntl.O_DIRECTORY | fcntl.O_NOFOLLOW | fcntl.O_CLOEXEC;
  if ((plain & fcntl.O_PATH) !== 0 && (plain & ~onlyPath) !== 0) return -EINVAL;
  const both = fcntl.RESOLVE_BENEATH | fcntl.RESOLVE_IN_ROOT;
  if ((resolve & both) === both) return -EINVAL;
  if ((resolve & fcntl.RESOLVE_CACHED) !== 0) {
    // Nothing here can promise not to look at the host; changing things never comes from a cache.
    if ((plain & (fcntl.O_TRUNC | fcntl.O_CREAT | fcntl.O_TMPFILE_BIT)) !== 0) return -EAGAIN;
  }
  const path = readPath(task, pathVa);
  if (typeof path === "number") return path;
  return doOpen(task, dirfd, path, plain, Number(mode), resolve);
}

function close(task: Task, fd: number): number {
  return task.files.close(fd);
}

function closeRange(task: Task, first: number, last: number, flags: number): number {
  if ((flags & ~(fcntl.CLOSE_RANGE_UNSHARE | fcntl.CLOSE_RANGE_CLOEXEC)) !== 0) return -EINVAL;
  const from = first >>> 0, to = last >>> 0;
  if (from > to) return -EINVAL;
  if ((flags & fcntl.CLOSE_RANGE_UNSHARE) !== 0 && isShared(task.files)) {
    const own = task.files.clone();
    unshare(task.files);
    task.files = own;
  }
  task.files.closeRange(from, to, (flags & fcntl.CLOSE_RANGE_CLOEXEC) !== 0);
  return 0;
}

// Reading and writing.

function read(task: Task, fd: number, buf: number, count: number): number | Blocking {
  const file = task.files.get(fd);
  if (!file || !file.readable) return -EBADF;
  return readFile(task, file, buf, count, AT_POSITION);
}

function write(task: Task, fd: number, buf: number, count: number): number | Blocking {
  const file = task.files.get(fd);
  if (!file || !file.writable) return -EBADF;
  return writeFile(task, file, buf, count, AT_POSITION);
}

function pread64(task: Task, fd: number, buf: number, count: number, offset: number): number | Blocking {
  if (offset < 0) return -EINVAL;
  const file = task.files.get(fd);
  if (!file || !file.readable) return -EBADF;
  return readFile(task, file, buf, count, offset);
}

function pwrite64(task: Task, fd: number, buf: number, count: number, offset: number): number | Blocking {
  if (offset < 0) return -EINVAL;
  const file = task.files.get(fd);
  if (!file || !file.writable) return -EBADF;
  return writeFile(task, file, buf, count, offset);
}

function readVectored(task: Task, fd: number, va: number, count: number, offset: number, flags: number) {
  const file = task.files.get(fd);
  if (!file || !file.readable) return -EBADF;
  const vector = readVector(task, va, count);
  if (typeof vector === "number") return vector;
  return readFileVector(task, file, vector, offset, (flags & fcntl.RWF_NOWAIT) === 0);
}

function writeVectored(task: Task, fd: number, va: number, count: number, offset: number, flags: number) {
  const file = task.files.get(fd);
  if (!file || !file.writable) return -EBADF;
  const vector = readVector(task, va, count);
  if (typeof vector === "number") return vector;
  if ((flags & fcntl.RWF_APPEND) !== 0 && (file.flags & fcntl.O_APPEND) === 0) {
    file.flags |= fcntl.O_APPEND;
    try {
      return writeFileVector(task, file, vector, offset, false);
    } finally {
      file.flags &= ~fcntl.O_APPEND;
    }
  }
  return writeFileVector(task, file, vector, offset, (flags & fcntl.RWF_NOWAIT) === 0);
}

function preadv(task: Task, fd: number, va: number, count: number, offset: number): number | Blocking {
  return offset < 0 ? -EINVAL : readVectored(task, fd, va, count, offset, 0);
}

function pwritev(task: Task, fd: number, va: number, count: number, offset: number): number | Blocking {
  return offset < 0 ? -EINVAL : writeVectored(task, fd, va, count, offset, 0);
}

/** The flags of preadv2 and pwritev2 on this kernel; -1 as the offset is the position. */
function checkVectored(offset: number, flags: number): number {
  if ((flags & ~fcntl.RWF_VALID) !== 0) return -EOPNOTSUPP;
  return offset < -1 ? -EINVAL : 0;
}

function preadv2(
  task: Task,
  fd: number,
  va: number,
  count: number,
  offset: number,
  _high: number,
  flags: number,
): number | Blocking {
  if ((flags & fcntl.RWF_APPEND) !== 0) return -EOPNOTSUPP;
  return checkVectored(offset, flags) || readVectored(task, fd, va, count, offset, flags);
}

function pwritev2(
  task: Task,
  fd: number,
  va: number,
  count: number,
  offset: number,
  _high: number,
  flags: number,
): number | Blocking {
  return checkVectored(offset, flags) || writeVectored(task, fd, va, count, offset, flags);
}

function lseek(task: Task, fd: number, offset: number, whence: number): number {
  const file = contentFile(task, fd);
  if (typeof file === "number") return file;
  return whence < 0 || whence > fcntl.SEEK_HOLE ? -EINVAL : file.seek(offset, whence);
}

// Length and storage.

/** Sets a length on behalf of a guest; `place` is undefined for files without a name. */
function truncateTo(task: Task, inode: Inode, place: Path | undefined, length: number): number {
  if (length > inode.size && length > (task.process.rlimits[RLIMIT_FSIZE]?.[0] ?? Infinity)) {
    task.raise(SIGXFSZ);
    return -EFBIG;
  }
  dropPrivilegeBits(task, inode);
  const error = inode.truncate(length);
  if (!error && place) notifyPath(place, IN_MODIFY);
  return error;
}

function truncate(task: Task, pathVa: number, length: number): number {
  if (length < 0) return -EINVAL;
  return byPath(() => {
    const place = resolveAt(task, fcntl.AT_FDCWD, pathVa, 0);
    if (typeof place === "number") return place;
    const { inode } = place.dentry;
    if (inode.isDirectory) return -EISDIR;
    if (!inode.isRegular) return -EINVAL;
    if (place.mount.readOnly) return -EROFS;
    const denied = permission(task, inode, MAY_WRITE);
    if (denied) return denied;
    if (inode.deniers > 0) return -ETXTBSY;
    return truncateTo(task, inode, place, length);
  });
}

function ftruncate(task: Task, fd: number, length: number): number {
  if (length < 0) return -EINVAL;
  const file = contentFile(task, fd);
  if (typeof file === "number") return file;
  if (!file.writable || !file.inode.isRegular) return -EINVAL;
  return truncateTo(task, file.inode, file.path, length);
}

const FALLOC_KNOWN = fcntl.FALLOC_FL_KEEP_SIZE | fcntl.FALLOC_FL_PUNCH_HOLE | fcntl.FALLOC_FL_COLLAPSE_RANGE |
  fcntl.FALLOC_FL_ZERO_RANGE | fcntl.FALLOC_FL_INSERT_RANGE | fcntl.FALLOC_FL_UNSHARE_RANGE;

function fallocate(task: Task, fd: number, mode: number, offset: number, length: number): number {
  const file = contentFile(task, fd);
  if (typeof file === "number") return file;
  if (offset < 0 || length <= 0) return -EINVAL;
  if ((mode & ~FALLOC_KNOWN) !== 0) return -EOPNOTSUPP;
  if ((mode & fcntl.FALLOC_FL_PUNCH_HOLE) !== 0 && (mode & fcntl.FALLOC_FL_KEEP_SIZE) === 0) return -EOPNOTSUPP;
  if (!file.writable) return -EBADF;
  const { inode } = file;
  if (inode.isFifo) return -ESPIPE;
  if (inode.isDirectory) return -EISDIR;
  if (!inode.isRegular) return -ENODEV;
  if (offset + length > fcntl.MAX_OFFSET) return -EFBIG;
  const keeps = (mode & fcntl.FALLOC_FL_KEEP_SIZE) !== 0;
  if (!keeps && offset + length > (task.process.rlimits[RLIMIT_FSIZE]?.[0] ?? Infinity)) {
    task.raise(SIGXFSZ);
    return -EFBIG;
  }
  const error = inode.fallocate(mode, offset, length);
  if (!error) dropPrivilegeBits(task, inode);
  if (!error && file.path) notifyPath(file.path, IN_MODIFY);
  return error;
}

// Reaching the disk, and hints.

function fsync(task: Task, fd: number): number {
  const file = contentFile(task, fd);
  return typeof file === "number" ? file : file.sync();
}

function syncFs(task: Task, fd: number): number {
  const file = contentFile(task, fd);
  return typeof file === "number" ? file : file.inode.sb.sync();
}

function sync(task: Task): number {
  task.fs.root.mount.sb.sync();
  for (const [, file] of task.files.descriptors()) if ((file.flags & fcntl.O_PATH) === 0) file.inode.sync();
  return 0;
}

function syncFileRange(task: Task, fd: number, offset: number, length: number, flags: number): number {
  const file = contentFile(task, fd);
  if (typeof file === "number") return file;
  if ((flags & ~fcntl.SYNC_FILE_RANGE_VALID) !== 0 || offset < 0 || length < 0) return -EINVAL;
  if (!file.inode.isRegular && !file.inode.isDirectory) return -ESPIPE;
  return file.sync();
}

function fadvise64(task: Task, fd: number, _offset: number, length: number, advice: number): number {
  const file = contentFile(task, fd);
  if (typeof file === "number") return file;
  if (file.inode.isFifo) return -ESPIPE;
  return length < 0 || advice < 0 || advice > fcntl.POSIX_FADV_NOREUSE ? -EINVAL : 0;
}

function readahead(task: Task, fd: number): number {
  const file = contentFile(task, fd);
  if (typeof file === "number") return file;
  if (!file.readable) return -EBADF;
  return file.inode.isRegular ? 0 : -EINVAL;
}

/** Records on their way to the guest. */
const entries = new Uint8Array(65536);

function getdents64(task: Task, fd: number, buf: number, count: number): number {
  const file = contentFile(task, fd);
  if (typeof file === "number") return file;
  if (!(file instanceof DirectoryFile)) return -ENOTDIR;
  const bytes = count >>> 0 < entries.length ? entries.subarray(0, count >>> 0) : entries;
  const used = file.readEntries(bytes, task);
  if (used > 0) task.mm.writeBytes(buf, bytes.subarray(0, used));
  return used;
}

export const rows: SyscallRow[] = [
  row(45, "truncate", "path:path length:off", truncate),
  row(46, "ftruncate", "fd:fd length:off", ftruncate),
  row(47, "fallocate", "fd:fd mode:flags:fallocate offset:off len:off", fallocate),
  row(56, "openat", "dirfd:dirfd path:path flags:flags:open mode:int:open_mode =fd", openat),
  row(57, "close", "fd:fd", close),
  row(61, "getdents64", "fd:fd dirp:out:dirents count:uint", getdents64),
  row(62, "lseek", "fd:fd offset:off whence:flags:seek", lseek),
  row(63, "read", "fd:fd buf:outbuf count:size", read),
  row(64, "write", "fd:fd buf:buf:count count:size", write),
  row(
    65,
    "readv",
    "fd:fd iov:out:iovec iovcnt:int",
    (task, fd, iov, count) => readVectored(task, fd, iov, count, AT_POSITION, 0),
  ),
  row(
    66,
    "writev",
    "fd:fd iov:struct:iovec iovcnt:int",
    (task, fd, iov, count) => writeVectored(task, fd, iov, count, AT_POSITION, 0),
  ),
  row(67, "pread64", "fd:fd buf:outbuf count:size offset:off", pread64),
  row(68, "pwrite64", "fd:fd buf:buf:count count:size offset:off", pwrite64),
  row(69, "preadv", "fd:fd iov:out:iovec iovcnt:int offset:off", preadv),
  row(70, "pwritev", "fd:fd iov:struct:iovec iovcnt:int offset:off", pwritev),
  row(81, "sync", "", sync),
  row(82, "fsync", "fd:fd", fsync),
  row(83, "fdatasync", "fd:fd", fsync),
  row(84, "sync_file_range", "fd:fd offset:off nbytes:off flags:flags:sync_file_range", syncFileRange),
  row(213, "readahead", "fd:fd offset:off count:size", readahead),
  row(223, "fadvise64", "fd:fd offset:off len:off advice:flags:fadvise", fadvise64),
  row(267, "syncfs", "fd:fd", syncFs),
  row(286, "preadv2", "fd:fd iov:out:iovec iovcnt:int offset:off high:arg:nothing flags:flags:rwf", preadv2),
  row(287, "pwritev2", "fd:fd iov:struct:iovec iovcnt:int offset:off high:arg:nothing flags:flags:rwf", pwritev2),
  row(436, "close_range", "first:uint last:uint flags:flags:close_range", closeRange),
  row(437, "openat2", "dirfd:dirfd path:path how:struct:open_how size:size =fd", openat2),
];
