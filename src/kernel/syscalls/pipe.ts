/** pipe2(2). */
import { EINVAL } from "../abi/errno.ts";
import { O_CLOEXEC, O_DIRECT, O_NONBLOCK } from "../abi/fcntl.ts";
import { PipeInode } from "../fs/pseudo_inode.ts";
import { openFifo } from "../ipc/fifo.ts";
import { createPipe } from "../ipc/pipe.ts";
import type { Task } from "../task/task.ts";
import { installFd } from "./new_fd.ts";
import { row, type SyscallRow } from "./row.ts";

function pipe2(task: Task, fds: number, flags: number): number {
  if (flags & ~(O_CLOEXEC | O_DIRECT | O_NONBLOCK)) return -EINVAL;
  const inode = new PipeInode(task.uid, task.gid);
  inode.reopen = openFifo;
  const [readEnd, writeEnd] = createPipe(inode, flags & ~O_CLOEXEC);
  const cloexec = (flags & O_CLOEXEC) !== 0;
  const readFd = installFd(task, readEnd, cloexec);
  if (readFd < 0) {
    writeEnd.unref();
    return readFd;
  }
  const writeFd = installFd(task, writeEnd, cloexec);
  if (writeFd < 0) {
    task.files.close(readFd);
    return writeFd;
  }
  try {
    task.mm.writeU32(fds, readFd);
    task.mm.writeU32(fds + 4, writeFd);
  } catch (error) {
    // man 2 pipe: on failure there are no new descriptors.
    task.files.close(readFd);
    task.files.close(writeFd);
    throw error;
  }
  return 0;
}

export const rows: SyscallRow[] = [
  row(59, "pipe2", "fds:out:fdpair flags:flags:open_bits", pipe2),
];
