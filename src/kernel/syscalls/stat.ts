/** Attributes of files and file systems: the stat family, statx, statfs, access, chmod, chown, utimensat, readlinkat. */
import { EACCES, EBADF, EFAULT, EINVAL, ENOENT, EOPNOTSUPP, EPERM, EROFS } from "../abi/errno.ts";
import { CAP_FULL_SET } from "../abi/capability.ts";
import {
  AT_EACCESS,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_NO_AUTOMOUNT,
  AT_STATX_SYNC_TYPE,
  AT_SYMLINK_NOFOLLOW,
  O_PATH,
} from "../abi/fcntl.ts";
import { MS_NODEV, MS_NOEXEC, MS_NOSUID } from "../abi/mount.ts";
import { encodeStat, encodeStatx, STATX__RESERVED, STATX_ATTR_MOUNT_ROOT } from "../abi/stat.ts";
import { encodeStatFs, ST_NODEV, ST_NOEXEC, ST_NOSUID, ST_RDONLY, ST_RELATIME } from "../abi/statfs.ts";
import { type Actor, MAY_EXEC, MAY_WRITE, permission } from "../fs/access.ts";
import { changeMode, changeOwner, changeTimes } from "../fs/attributes.ts";
import { toBytes } from "../fs/byte_string.ts";
import { fileTime } from "../fs/file_time.ts";
import type { OpenFile } from "../fs/file.ts";
import { byPath } from "../fs/host_changes.ts";
import type { Path } from "../fs/path.ts";
import { filePath } from "../fs/pseudo_inode.ts";
import { IDENTITY } from "../task/id_map.ts";
import type { Task } from "../task/task.ts";
import { INITIAL_USER_NAMESPACE, isCapable } from "../task/user_namespace.ts";
import { row, type SyscallRow } from "./row.ts";
import { readPath, resolveAt, resolvePath } from "./user_path.ts";

/** Bits that the *at calls of this file take. */
const AT_KNOWN = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH;

/** Owners by the names they have in the thread's user namespace. */
function seenBy<S extends { readonly uid: number; readonly gid: number }>(task: Task, stat: S): S {
  const { uids, gids } = task.credentials.userNamespace;
  return uids === IDENTITY && gids === IDENTITY
    ? stat
    : { ...stat, uid: uids.show(stat.uid), gid: gids.show(stat.gid) };
}

/** As changeOwner, for ids as the thread's user namespace knows them. */
function changeOwnerFrom(task: Task, place: Path, uid: number, gid: number): number {
  const { uids, gids } = task.credentials.userNamespace;
  const owner = uid === -1 ? -1 : uids.toKernel(uid >>> 0), group = gid === -1 ? -1 : gids.toKernel(gid >>> 0);
  return owner === undefined || group === undefined ? -EINVAL : changeOwner(task, place, owner, group);
}

function newfstatat(task: Task, dirfd: number, va: number, buf: number, flags: number): number {
  if ((flags & ~(AT_KNOWN | AT_STATX_SYNC_TYPE)) !== 0) return -EINVAL;
  const place = resolveAt(task, dirfd, va, flags);
  if (typeof place === "number") return place;
  task.mm.writeBytes(buf, encodeStat(seenBy(task, place.dentry.inode.stat())));
  return 0;
}

function fstat(task: Task, fd: number, buf: number): number {
  const file = task.files.get(fd);
  if (!file) return -EBADF;
  task.mm.writeBytes(buf, encodeStat(seenBy(task, file.inode.stat())));
  return 0;
}

function statx(task: Task, dirfd: number, va: number, flags: number, mask: number, buf: number): number {
  if ((flags & ~(AT_KNOWN | AT_STATX_SYNC_TYPE)) !== 0) return -EINVAL;
  if ((flags & AT_STATX_SYNC_TYPE) === AT_STATX_SYNC_TYPE || (mask & STATX__RESERVED) !== 0) return -EINVAL;
  const place = resolveAt(task, dirfd, va, flags);
  if (typeof place === "number") return place;
  const { mount, dentry } = place;
  const attributes = dentry === mount.root ? STATX_ATTR_MOUNT_ROOT : 0;
  task.mm.writeBytes(buf, encodeStatx(seenBy(task, dentry.inode.stat()), mount.id, attributes));
  return 0;
}

function writeStatFs(task: Task, { mount, dentry }: Path, buf: number): number {
  const { sb } = dentry.inode;
  let flags = ST_RELATIME;
  if (mount.readOnly) flags |= ST_RDONLY;
  if ((mount.flags & MS_NOSUID) !== 0) flags |= ST_NOSUID;
  if ((mount.flags & MS_NODEV) !== 0) flags |= ST_NODEV;
  if ((mount.flags & MS_NOEXEC) !== 0) flags |= ST_NOEXEC;
  task.mm.writeBytes(buf, encodeStatFs(sb.statfs(), sb.dev, flags));
  return 0;
}

function statfs(task: Task, va: number, buf: number): number {
  const place = resolveAt(task, AT_FDCWD, va, 0);
  return typeof place === "number" ? place : writeStatFs(task, place, buf);
}

function fstatfs(task: Task, fd: number, buf: number): number {
  const file = task.files.get(fd);
  return file ? writeStatFs(task, filePath(file), buf) : -EBADF;
}

/** The same thread with its real ids: access(2) asks what they may do. */
function realActor(task: Task): Actor {
  const { credentials, fs } = task;
  if (credentials.uid === credentials.fsuid && credentials.gid === credentials.fsgid) return task;
  const { userNamespace } = credentials;
  const effective = credentials.uid === userNamespace.uids.toKernel(0) ? CAP_FULL_SET : 0n;
  const real = { credentials: { ...credentials, euid: credentials.uid }, capabilities: { effective } };
  return {
    credentials: { ...credentials, fsuid: credentials.uid, fsgid: credentials.gid },
    fs,
    capable: (capability, over = INITIAL_USER_NAMESPACE) => isCapable(real, over, capability),
  };
}

function faccessat2(task: Task, dirfd: number, va: number, mode: number, flags: number): number {
  if ((mode & ~7) !== 0 || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  const path = readPath(task, va);
  if (typeof path === "number") return path;
  const actor = (flags & AT_EACCESS) !== 0 ? task : realActor(task);
  const place = resolvePath(task, dirfd, path, flags, actor);
  if (typeof place === "number") return place;
  if (mode === 0) return 0;
  const { mount, dentry: { inode } } = place;
  if ((mode & MAY_EXEC) !== 0 && inode.isRegular && mount.noExec) return -EACCES;
  const denied = permission(actor, inode, mode);
  if (denied) return denied;
  const onDisk = inode.isRegular || inode.isDirectory || inode.isSymlink;
  return (mode & MAY_WRITE) !== 0 && mount.readOnly && onDisk ? -EROFS : 0;
}

function readlinkat(task: Task, dirfd: number, va: number, buf: number, size: number): number {
  if (size <= 0) return -EINVAL;
  const path = readPath(task, va);
  if (typeof path === "number") return path;
  const place = resolvePath(task, dirfd, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
  if (typeof place === "number") return place;
  const { inode } = place.dentry;
  if (!inode.isSymlink) return path === "" ? -ENOENT : -EINVAL;
  const target = inode.readlink(task);
  if (typeof target === "number") return target;
  const bytes = toBytes(target.slice(0, size));
  task.mm.writeBytes(buf, bytes);
  return bytes.length;
}

/** The place behind a descriptor that may be changed: not O_PATH. */
function changeable(task: Task, fd: number): Path | number {
  const file: OpenFile | undefined = task.files.get(fd);
  return !file || (file.flags & O_PATH) !== 0 ? -EBADF : filePath(file);
}

/** Changes what a path leads to. */
function changeAt(task: Task, dirfd: number, va: number, flags: number, change: (place: Path) => number): number {
  return byPath(() => {
    const place = resolveAt(task, dirfd, va, flags);
    return typeof place === "number" ? place : change(place);
  });
}

function fchmod(task: Task, fd: number, mode: number): number {
  const place = changeable(task, fd);
  return typeof place === "number" ? place : changeMode(task, place, mode);
}

function fchmodat(task: Task, dirfd: number, va: number, mode: number): number {
  return changeAt(task, dirfd, va, 0, (place) => changeMode(task, place, mode));
}

function fchown(task: Task, fd: number, uid: number, gid: number): number {
  const place = changeable(task, fd);
  return typeof place === "number" ? place : changeOwnerFrom(task, place, uid, gid);
}

function fchownat(task: Task, dirfd: number, va: number, uid: number, gid: number, flags: number): number {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  return changeAt(task, dirfd, va, flags, (place) => changeOwnerFrom(task, place, uid, gid));
}

const UTIME_NOW = (1 << 30) - 1, UTIME_OMIT = (1 << 30) - 2;

/** One struct timespec of utimensat: nanoseconds, undefined to keep the time, or a negative errno. */
function readTime(task: Task, va: number): bigint | undefined | number {
  const nsec = task.mm.readLong(va + 8);
  if (nsec === UTIME_OMIT) return undefined;
  if (nsec === UTIME_NOW) return fileTime();
  if (nsec < 0 || nsec > 999_999_999) return -EINVAL;
  return task.mm.readI64(va) * 1_000_000_000n + BigInt(nsec);
}

function utimensat(task: Task, dirfd: number, va: number, times: number, flags: number): number {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  let atime: bigint | undefined | number = undefined, mtime: bigint | undefined | number = undefined;
  let now = true;
  if (times === 0) atime = mtime = fileTime();
  else {
    now = task.mm.readLong(times + 8) === UTIME_NOW && task.mm.readLong(times + 24) === UTIME_NOW;
    atime = readTime(task, times);
    mtime = readTime(task, times + 16);
    if (typeof atime === "number") return atime;
    if (typeof mtime === "number") return mtime;
    if (atime === undefined && mtime === undefined) return 0;
  }
  const [toAtime, toMtime] = [atime, mtime];
  const change = (place: Path) => changeTimes(task, place, toAtime, toMtime, now);
  if (va !== 0) return changeAt(task, dirfd, va, flags, change);
  // futimens: the descriptor itself. AT_FDCWD names none.
  if (dirfd === AT_FDCWD) return -EFAULT;
  if (flags !== 0) return -EINVAL;
  const place = changeable(task, dirfd);
  return typeof place === "number" ? place : change(place);
}

export const rows: SyscallRow[] = [
  row(43, "statfs", "path:path buf:out:statfs", statfs),
  row(44, "fstatfs", "fd:fd buf:out:statfs", fstatfs),
  row(
    48,
    "faccessat",
    "dirfd:dirfd path:path mode:flags:access",
    (task, dirfd, path, mode) => faccessat2(task, dirfd, path, mode, 0),
  ),
  row(52, "fchmod", "fd:fd mode:mode", fchmod),
  row(53, "fchmodat", "dirfd:dirfd path:path mode:mode", fchmodat),
  row(54, "fchownat", "dirfd:dirfd path:path owner:uid group:gid flags:flags:at", fchownat),
  row(55, "fchown", "fd:fd owner:uid group:gid", fchown),
  row(78, "readlinkat", "dirfd:dirfd path:path buf:outbuf bufsiz:int", readlinkat),
  row(79, "newfstatat", "dirfd:dirfd path:path statbuf:out:stat flags:flags:at", newfstatat),
  row(80, "fstat", "fd:fd statbuf:out:stat", fstat),
  row(88, "utimensat", "dirfd:dirfd path:path times:struct:utimes flags:flags:at", utimensat),
  row(
    264,
    "name_to_handle_at",
    "dirfd:dirfd path:path handle:ptr mount_id:ptr flags:flags:at",
    () => -EOPNOTSUPP,
    "no file system has handles: EOPNOTSUPP",
  ),
  row(265, "open_by_handle_at", "mount_fd:fd handle:ptr flags:flags:open =fd", () => -EPERM, "always EPERM"),
  row(291, "statx", "dirfd:dirfd path:path flags:flags:at_statx mask:flags:statx buf:out:statx", statx),
  row(439, "faccessat2", "dirfd:dirfd path:path mode:flags:access flags:flags:at_access", faccessat2),
];
