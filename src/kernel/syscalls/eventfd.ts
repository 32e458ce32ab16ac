/** eventfd2(2). */
import { EINVAL } from "../abi/errno.ts";
import { O_CLOEXEC, O_NONBLOCK } from "../abi/fcntl.ts";
import { EventFd } from "../ipc/eventfd.ts";
import type { Task } from "../task/task.ts";
import { installFd } from "./new_fd.ts";
import { row, type SyscallRow } from "./row.ts";

const EFD_SEMAPHORE = 1;

function eventfd2(task: Task, initial: number, flags: number): number {
  if (flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK)) return -EINVAL;
  const file = new EventFd(initial >>> 0, (flags & EFD_SEMAPHORE) !== 0, flags & O_NONBLOCK);
  return installFd(task, file, (flags & O_CLOEXEC) !== 0);
}

export const rows: SyscallRow[] = [
  row(19, "eventfd2", "initval:uint flags:flags:eventfd =fd", eventfd2),
];
