/**
 * Extended attributes (xattr(7)): user.* and trusted.* on files in memory. Others (security.*, system.*) and other
 * file systems have none, and say so with EOPNOTSUPP.
 */
import { CAP_SYS_ADMIN } from "../abi/capability.ts";
import { E2BIG, EBADF, EEXIST, EINVAL, ENODATA, ENOSPC, EOPNOTSUPP, EPERM, ERANGE, EROFS } from "../abi/errno.ts";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, O_PATH } from "../abi/fcntl.ts";
import { IN_ATTRIB } from "../abi/inotify.ts";
import { S_ISVTX } from "../abi/stat.ts";
import { XATTR_CREATE, XATTR_LIST_MAX, XATTR_NAME_MAX, XATTR_REPLACE, XATTR_SIZE_MAX } from "../abi/xattr.ts";
import { isOwner, MAY_READ, MAY_WRITE, permission } from "../fs/access.ts";
import { toBytes } from "../fs/byte_string.ts";
import { notifyPath } from "../fs/notify.ts";
import type { Path } from "../fs/path.ts";
import { filePath } from "../fs/pseudo_inode.ts";
import type { Task } from "../task/task.ts";
import { row, type SyscallRow } from "./row.ts";
import { resolveAt } from "./user_path.ts";

/** Finds the file of one of the three forms: path, path without following, descriptor. */
type Find = (task: Task, what: number) => Path | number;

const byPath: Find = (task, va) => resolveAt(task, AT_FDCWD, va, 0);
const byLink: Find = (task, va) => resolveAt(task, AT_FDCWD, va, AT_SYMLINK_NOFOLLOW);
const byFd: Find = (task, fd) => {
  const file = task.files.get(fd | 0);
  return !file || (file.flags & O_PATH) !== 0 ? -EBADF : filePath(file);
};

/** The name at an address, or -ERANGE when it is empty or too long. */
function readName(task: Task, va: number): string | number {
  const name = task.mm.readString(va, XATTR_NAME_MAX + 1);
  return name.length === 0 || name.length > XATTR_NAME_MAX ? -ERANGE : name;
}

/** Whether the task may use this name on this file; 0 or a negative errno. */
function mayUse(task: Task, place: Path, name: string, want: number): number {
  const { inode } = place.dentry;
  if (want === MAY_WRITE && place.mount.readOnly) return -EROFS;
  if (name.startsWith("trusted.")) return task.capable(CAP_SYS_ADMIN) ? 0 : want === MAY_WRITE ? -EPERM : -ENODATA;
  if (!name.startsWith("user.") || name.length === 5) return -EOPNOTSUPP;
  // Only files and directories; in sticky directories only the owner writes (xattr(7)).
  if (!inode.isRegular && !inode.isDirectory) return want === MAY_WRITE ? -EPERM : -ENODATA;
  if (inode.isDirectory && (inode.mode & S_ISVTX) !== 0 && want === MAY_WRITE && !isOwner(task, inode)) return -EPERM;
  return permission(task, inode, want);
}

function set(find: Find, task: Task, what: number, nameVa: number, va: number, size: number, flags: number): number {
  if ((flags & ~(XATTR_CREATE | XATTR_REPLACE)) !== 0) return -EINVAL;
  const name = readName(task, nameVa);
  if (typeof name === "number") return name;
  if (size > XATTR_SIZE_MAX) return -E2BIG;
  const value = size > 0 ? task.mm.readBytes(va, size) : new Uint8Array(0);
  const place = find(task, what);
  if (typeof place === "number") return place;
  const denied = mayUse(task, place, name, MAY_WRITE);
  if (denied) return denied;
  const attributes = place.dentry.inode.extendedAttributes();
  if (!attributes) return -EOPNOTSUPP;
  const exists = attributes.has(name);
  if (exists && (flags & XATTR_CREATE) !== 0) return -EEXIST;
  if (!exists && (flags & XATTR_REPLACE) !== 0) return -ENODATA;
  if (listLength(attributes) + name.length + 1 > XATTR_LIST_MAX) return -ENOSPC;
  attributes.set(name, value);
  place.dentry.inode.touchChange();
  notifyPath(place, IN_ATTRIB);
  return 0;
}

function get(find: Find, task: Task, what: number, nameVa: number, va: number, size: number): number {
  const name = readName(task, nameVa);
  if (typeof name === "number") return name;
  const place = find(task, what);
  if (typeof place === "number") return place;
  const denied = mayUse(task, place, name, MAY_READ);
  if (denied) return denied;
  const attributes = place.dentry.inode.extendedAttributes();
  if (!attributes) return -EOPNOTSUPP;
  const value = attributes.get(name);
  if (!value) return -ENODATA;
  if (size === 0) return value.length;
  if (value.length > size) return -ERANGE;
  task.mm.writeBytes(va, value);
  return value.length;
}

function listLength(attributes: ReadonlyMap<string, Uint8Array>): number {
  let length = 0;
  for (const name of attributes.keys()) length += name.length + 1;
  return length;
}

function list(find: Find, task: Task, what: number, va: number, size: number): number {
  const place = find(task, what);
  if (typeof place === "number") return place;
  const attributes = place.dentry.inode.extendedAttributes();
  if (!attributes) return -EOPNOTSUPP;
  const privileged = task.capable(CAP_SYS_ADMIN);
  const names = [...attributes.keys()].filter((name) => privileged || !name.startsWith("trusted."));
  const bytes = toBytes(names.map((name) => name + "\0").join(""));
  if (size === 0) return bytes.length;
  if (bytes.length > size) return -ERANGE;
  task.mm.writeBytes(va, bytes);
  return bytes.length;
}

function remove(find: Find, task: Task, what: number, nameVa: number): number {
  const name = readName(task, nameVa);
  if (typeof name === "number") return name;
  const place = find(task, what);
  if (typeof place === "number") return place;
  const denied = mayUse(task, place, name, MAY_WRITE);
  if (denied) return denied;
  const attributes = place.dentry.inode.extendedAttributes();
  if (!attributes) return -EOPNOTSUPP;
  if (!attributes.delete(name)) return -ENODATA;
  place.dentry.inode.touchChange();
  notifyPath(place, IN_ATTRIB);
  return 0;
}

/** The three forms of a call, by the letter in front of its name. */
const FORMS: readonly [string, string, Find][] = [["", "path:path", byPath], ["l", "path:path", byLink], [
  "f",
  "fd:fd",
  byFd,
]];

export const rows: SyscallRow[] = FORMS.flatMap(([letter, first, find], i) => [
  row(
    5 + i,
    letter + "setxattr",
    first + " name:str value:buf:size size:size flags:flags:xattr",
    (task, a, b, c, d, e) => set(find, task, a, b, c, d, e),
  ),
  row(
    8 + i,
    letter + "getxattr",
    first + " name:str value:outbuf size:size",
    (task, a, b, c, d) => get(find, task, a, b, c, d),
  ),
  row(11 + i, letter + "listxattr", first + " list:outbuf size:size", (task, a, b, c) => list(find, task, a, b, c)),
  row(14 + i, letter + "removexattr", first + " name:str", (task, a, b) => remove(find, task, a, b)),
]);
