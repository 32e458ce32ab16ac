/** inotify_init1(2), inotify_add_watch(2), inotify_rm_watch(2). */
import { EBADF, EINVAL, ENOTDIR } from "../abi/errno.ts";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "../abi/fcntl.ts";
import * as abi from "../abi/inotify.ts";
import { MAY_READ, permission } from "../fs/access.ts";
import { InotifyFile } from "../fs/inotify.ts";
import type { Task } from "../task/task.ts";
import { installFd } from "./new_fd.ts";
import { row, type SyscallRow } from "./row.ts";
import { resolveAt } from "./user_path.ts";

const OPTIONS = abi.IN_ONLYDIR | abi.IN_DONT_FOLLOW | abi.IN_EXCL_UNLINK | abi.IN_MASK_CREATE | abi.IN_MASK_ADD |
  abi.IN_ISDIR | abi.IN_ONESHOT;

function init(task: Task, flags: number): number {
  if ((flags & ~(abi.IN_NONBLOCK | abi.IN_CLOEXEC)) !== 0) return -EINVAL;
  return installFd(task, new InotifyFile(flags & abi.IN_NONBLOCK), (flags & abi.IN_CLOEXEC) !== 0);
}

function addWatch(task: Task, fd: number, va: number, mask: number): number {
  if ((mask & ~(abi.IN_ALL_EVENTS | abi.IN_UNMOUNT | abi.IN_Q_OVERFLOW | abi.IN_IGNORED | OPTIONS)) !== 0) {
    return -EINVAL;
  }
  if ((mask & (abi.IN_ALL_EVENTS | OPTIONS)) === 0) return -EINVAL;
  const both = abi.IN_MASK_ADD | abi.IN_MASK_CREATE;
  const file = task.files.get(fd);
  if (!file) return -EBADF;
  if ((mask & both) === both || !(file instanceof InotifyFile)) return -EINVAL;
  const place = resolveAt(task, AT_FDCWD, va, (mask & abi.IN_DONT_FOLLOW) !== 0 ? AT_SYMLINK_NOFOLLOW : 0);
  if (typeof place === "number") return place;
  const { inode } = place.dentry;
  if ((mask & abi.IN_ONLYDIR) !== 0 && !inode.isDirectory) return -ENOTDIR;
  return permission(task, inode, MAY_READ) || file.add(inode, mask);
}

function removeWatch(task: Task, fd: number, wd: number): number {
  const file = task.files.get(fd);
  if (!file) return -EBADF;
  return file instanceof InotifyFile ? file.removeWatch(wd) : -EINVAL;
}

export const rows: SyscallRow[] = [
  row(26, "inotify_init1", "flags:flags:inotify_init =fd", init),
  row(27, "inotify_add_watch", "fd:fd path:path mask:flags:inotify", addWatch),
  row(28, "inotify_rm_watch", "fd:fd wd:int", removeWatch),
];
