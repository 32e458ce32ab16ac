/** Names and places: mkdirat(2), unlinkat(2), renameat2(2), linkat(2), symlinkat(2), mknodat(2), chdir(2), chroot(2), getcwd(2), umask(2). */
import { CAP_SYS_CHROOT } from "../abi/capability.ts";
import { EBADF, EINVAL, ENAMETOOLONG, ENOENT, ENOTDIR, EPERM, ERANGE } from "../abi/errno.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  PATH_MAX,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  RENAME_WHITEOUT,
} from "../abi/fcntl.ts";
import { MAY_EXEC, permission } from "../fs/access.ts";
import { toBytes } from "../fs/byte_string.ts";
import {
  makeDirectory,
  makeLink,
  makeNode,
  makeSymlink,
  mayLinkByDescriptor,
  removeDirectory,
  rename,
  unlink,
} from "../fs/names.ts";
import { type Path, pathName } from "../fs/path.ts";
import type { Task } from "../task/task.ts";
import { row, type SyscallRow } from "./row.ts";
import { basePlace, readPath, resolveAt, resolvePath } from "./user_path.ts";

/** Reads a path and finds where it starts. */
function readPlace(task: Task, dirfd: number, va: number): { path: string; base: Path } | number {
  const path = readPath(task, va);
  if (typeof path === "number") return path;
  if (path === "") return -ENOENT;
  const base = basePlace(task, dirfd, path);
  return typeof base === "number" ? base : { path, base };
}

function mkdirat(task: Task, dirfd: number, va: number, mode: number): number {
  const place = readPlace(task, dirfd, va);
  return typeof place === "number" ? place : makeDirectory(task, place.base, place.path, mode);
}

function mknodat(task: Task, dirfd: number, va: number, mode: number, dev: number): number {
  const place = readPlace(task, dirfd, va);
  return typeof place === "number" ? place : makeNode(task, place.base, place.path, mode & 0xffff, dev >>> 0);
}

function unlinkat(task: Task, dirfd: number, va: number, flags: number): number {
  if ((flags & ~AT_REMOVEDIR) !== 0) return -EINVAL;
  const place = readPlace(task, dirfd, va);
  if (typeof place === "number") return place;
  return (flags & AT_REMOVEDIR) !== 0
    ? removeDirectory(task, place.base, place.path)
    : unlink(task, place.base, place.path);
}

function symlinkat(task: Task, targetVa: number, dirfd: number, va: number): number {
  const target = readPath(task, targetVa);
  if (typeof target === "number") return target;
  const place = readPlace(task, dirfd, va);
  return typeof place === "number" ? place : makeSymlink(task, target, place.base, place.path);
}

function linkat(task: Task, oldDirfd: number, oldVa: number, newDirfd: number, newVa: number, flags: number): number {
  if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  // Without CAP_DAC_READ_SEARCH the way from a descriptor to a name is /proc/self/fd (open(2), O_TMPFILE).
  if ((flags & AT_EMPTY_PATH) !== 0 && !mayLinkByDescriptor(task)) return -ENOENT;
  const old = readPath(task, oldVa);
  if (typeof old === "number") return old;
  const follow = (flags & AT_SYMLINK_FOLLOW) !== 0 ? 0 : AT_SYMLINK_NOFOLLOW;
  const from = resolvePath(task, oldDirfd, old, (flags & AT_EMPTY_PATH) | follow);
  if (typeof from === "number") return from;
  const place = readPlace(task, newDirfd, newVa);
  return typeof place === "number" ? place : makeLink(task, from, place.base, place.path);
}

function renameat2(
  task: Task,
  oldDirfd: number,
  oldVa: number,
  newDirfd: number,
  newVa: number,
  flags: number,
): number {
  if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) !== 0) return -EINVAL;
  if ((flags & RENAME_EXCHANGE) !== 0 && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)) !== 0) return -EINVAL;
  // Whiteouts are of use to overlayfs alone, and there is none for guests to make.
  if ((flags & RENAME_WHITEOUT) !== 0) return -EINVAL;
  const from = readPlace(task, oldDirfd, oldVa);
  if (typeof from === "number") return from;
  const to = readPlace(task, newDirfd, newVa);
  return typeof to === "number" ? to : rename(task, from.base, from.path, to.base, to.path, flags);
}

function getcwd(task: Task, buf: number, size: number): number {
  const { cwd, root } = task.fs;
  if (cwd.dentry.deleted) return -ENOENT;
  const name = pathName(cwd, root) ?? "(unreachable)" + (pathName(cwd, undefined) ?? "/");
  const length = name.length + 1;
  if (length > PATH_MAX) return -ENAMETOOLONG;
  if (size < length) return -ERANGE;
  const bytes = new Uint8Array(length);
  bytes.set(toBytes(name));
  task.mm.writeBytes(buf, bytes);
  return length;
}

function enter(task: Task, place: Path): number {
  if (!place.dentry.inode.isDirectory) return -ENOTDIR;
  const denied = permission(task, place.dentry.inode, MAY_EXEC);
  if (denied) return denied;
  task.fs.cwd = place;
  return 0;
}

function chdir(task: Task, va: number): number {
  const place = resolveAt(task, AT_FDCWD, va, 0);
  return typeof place === "number" ? place : enter(task, place);
}

function fchdir(task: Task, fd: number): number {
  const file = task.files.get(fd);
  if (!file) return -EBADF;
  return file.path ? enter(task, file.path) : -ENOTDIR;
}

function chroot(task: Task, va: number): number {
  const place = resolveAt(task, AT_FDCWD, va, 0);
  if (typeof place === "number") return place;
  const { inode } = place.dentry;
  if (!inode.isDirectory) return -ENOTDIR;
  const denied = permission(task, inode, MAY_EXEC);
  if (denied) return denied;
  if (!task.capableInside(CAP_SYS_CHROOT)) return -EPERM;
  task.fs.root = place;
  return 0;
}

function umask(task: Task, mask: number): number {
  const before = task.fs.umask;
  task.fs.umask = mask & 0o777;
  return before;
}

export const rows: SyscallRow[] = [
  row(17, "getcwd", "buf:outbuf_z size:size", getcwd),
  row(33, "mknodat", "dirfd:dirfd path:path mode:filemode dev:int:dev", mknodat),
  row(34, "mkdirat", "dirfd:dirfd path:path mode:mode", mkdirat),
  row(35, "unlinkat", "dirfd:dirfd path:path flags:flags:at_remove", unlinkat),
  row(36, "symlinkat", "target:str newdirfd:dirfd linkpath:path", symlinkat),
  row(37, "linkat", "olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path flags:flags:at", linkat),
  row(
    38,
    "renameat",
    "olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path",
    (task, a, b, c, d) => renameat2(task, a, b, c, d, 0),
  ),
  row(49, "chdir", "path:path", chdir),
  row(50, "fchdir", "fd:fd", fchdir),
  row(51, "chroot", "path:path", chroot),
  row(166, "umask", "mask:mode =octal", umask),
  row(276, "renameat2", "olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path flags:flags:rename", renameat2),
];
