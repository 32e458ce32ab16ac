/** memfd_create(2): files in memory without a name. */
import { EINVAL, ENOENT, ENOSPC } from "../abi/errno.ts";
import * as fcntl from "../abi/fcntl.ts";
import { S_IFREG } from "../abi/stat.ts";
import { MemoryFile } from "../fs/memory_file.ts";
import { attachPlace } from "../fs/open.ts";
import { OpenFile } from "../fs/file.ts";
import type { Task } from "../task/task.ts";
import { installFd } from "./new_fd.ts";
import { row, type SyscallRow } from "./row.ts";

/** Longest name: NAME_MAX without the prefix. */
const NAME_LENGTH = 249;

function memfdCreate(task: Task, va: number, flags: number): number {
  const known = fcntl.MFD_CLOEXEC | fcntl.MFD_ALLOW_SEALING | fcntl.MFD_HUGETLB | -(1 << fcntl.MFD_HUGE_SHIFT);
  const huge = (flags & fcntl.MFD_HUGETLB) !== 0;
  if ((flags & ~known) !== 0 || (!huge && flags >>> fcntl.MFD_HUGE_SHIFT !== 0)) return -EINVAL;
  const name = task.mm.readString(va, NAME_LENGTH + 1);
  if (name.length > NAME_LENGTH) return -EINVAL;
  // There are no huge pages to be had.
  if (huge) return -ENOENT;
  const { memfds } = task.fs.namespace;
  const inode = memfds.root.inode.tmpfile(S_IFREG | 0o777, task.uid, task.gid);
  if (!(inode instanceof MemoryFile)) return -ENOSPC;
  if ((flags & fcntl.MFD_ALLOW_SEALING) !== 0) inode.seals = 0;
  const file = inode.open(fcntl.O_RDWR | fcntl.O_LARGEFILE);
  if (!(file instanceof OpenFile)) return -ENOSPC;
  attachPlace(file, { mount: memfds, dentry: memfds.root.nameless(inode, `memfd:${name}`) });
  return installFd(task, file, (flags & fcntl.MFD_CLOEXEC) !== 0);
}

export const rows: SyscallRow[] = [
  row(279, "memfd_create", "name:str flags:flags:memfd =fd", memfdCreate),
];
