/** Paths and directory descriptors as system calls get them. */
import { EBADF, ENAMETOOLONG, ENOENT, ENOTDIR } from "../abi/errno.ts";
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, PATH_MAX } from "../abi/fcntl.ts";
import type { Path } from "../fs/path.ts";
import { walkTo } from "../fs/path_walk.ts";
import { filePath } from "../fs/pseudo_inode.ts";
import type { Actor } from "../fs/access.ts";
import type { Task } from "../task/task.ts";

/** The path at an address (a byte string), or -ENAMETOOLONG. */
export function readPath(task: Task, va: number): string | number {
  const path = task.mm.readString(va, PATH_MAX);
  task.process.recentCalls.keepPath(task.callSequence, path);
  return path.length >= PATH_MAX ? -ENAMETOOLONG : path;
}

/** Where a path starts: the descriptor counts for relative paths only. */
export function basePlace(task: Task, dirfd: number, path: string): Path | number {
  if (path.charCodeAt(0) === 0x2f) return task.fs.root;
  if (dirfd === AT_FDCWD) return task.fs.cwd;
  const file = task.files.get(dirfd);
  if (!file) return -EBADF;
  if (path === "") return filePath(file);
  return file.inode.isDirectory ? filePath(file) : -ENOTDIR;
}

/**
 * The place that (dirfd, path, AT_* flags) names.
 *
 * @param actor whose rights count; the task's by default
 */
export function resolvePath(
  task: Task,
  dirfd: number,
  path: string,
  flags: number,
  actor: Actor = task,
): Path | number {
  const base = basePlace(task, dirfd, path);
  if (typeof base === "number") return base;
  if (path === "") return (flags & AT_EMPTY_PATH) !== 0 ? base : -ENOENT;
  return walkTo(actor, base, path, (flags & AT_SYMLINK_NOFOLLOW) === 0);
}

/** {@link resolvePath} with the path still in guest memory. */
export function resolveAt(task: Task, dirfd: number, va: number, flags: number): Path | number {
  const path = readPath(task, va);
  return typeof path === "number" ? path : resolvePath(task, dirfd, path, flags);
}
