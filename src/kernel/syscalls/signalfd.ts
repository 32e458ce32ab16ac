/** signalfd4(2). */
import { EBADF, EINVAL } from "../abi/errno.ts";
import { O_CLOEXEC, O_NONBLOCK } from "../abi/fcntl.ts";
import { UNBLOCKABLE } from "../abi/signal.ts";
import { SignalFd } from "../ipc/signalfd.ts";
import type { FileContext } from "../fs/file.ts";
import { takeSignal } from "../task/deliver_signal.ts";
import { recalcSignalPending } from "../task/send_signal.ts";
import type { Task } from "../task/task.ts";
import { installFd } from "./new_fd.ts";
import { row, type SyscallRow } from "./row.ts";

/** Every caller of a file operation is a thread. */
function take(context: FileContext, mask: bigint) {
  const task = context as Task;
  const info = takeSignal(task, mask);
  recalcSignalPending(task);
  return info;
}

function signalfd4(task: Task, fd: number, maskVa: number, size: number, flags: number): number {
  if (size !== 8 || flags & ~(O_CLOEXEC | O_NONBLOCK)) return -EINVAL;
  const mask = task.mm.readU64(maskVa) & ~UNBLOCKABLE;
  if (fd === -1) return installFd(task, new SignalFd(mask, flags & O_NONBLOCK, take), (flags & O_CLOEXEC) !== 0);
  const file = task.files.get(fd);
  if (!file) return -EBADF;
  if (!(file instanceof SignalFd)) return -EINVAL;
  file.mask = mask;
  task.process.signalWait.wake();
  return fd;
}

export const rows: SyscallRow[] = [
  row(74, "signalfd4", "fd:fd mask:struct:sigset size:size flags:flags:signalfd =fd", signalfd4),
];
