/** epoll_create1, epoll_ctl, epoll_pwait, epoll_pwait2 (epoll(7)). */
import {
  EP_MAX_EVENTS,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLL_EVENT_DATA,
  EPOLL_EVENT_SIZE,
  EPOLLWAKEUP,
} from "../abi/epoll.ts";
import { EBADF, EINTR, EINVAL, EPERM } from "../abi/errno.ts";
import { Epoll, isPollable } from "../ipc/epoll.ts";
import type { Task } from "../task/task.ts";
import type { Blocking } from "../wait.ts";
import { installFd } from "./new_fd.ts";
import { row, type SyscallRow } from "./row.ts";
import { deadlineFromMilliseconds, deadlineFromTimespec } from "./timeouts.ts";

function create(task: Task, flags: number): number {
  if (flags & ~EPOLL_CLOEXEC) return -EINVAL;
  return installFd(task, new Epoll(0), (flags & EPOLL_CLOEXEC) !== 0);
}

function ctl(task: Task, epfd: number, op: number, fd: number, event: number): number {
  let events = 0, low = 0, high = 0;
  if (op !== EPOLL_CTL_DEL) {
    // The kernel does not support system suspend, so EPOLLWAKEUP is dropped as without CAP_BLOCK_SUSPEND.
    events = task.mm.readI32(event) & ~EPOLLWAKEUP;
    low = task.mm.readU32(event + EPOLL_EVENT_DATA);
    high = task.mm.readU32(event + EPOLL_EVENT_DATA + 4);
  }
  const epoll = task.files.get(epfd), file = task.files.get(fd);
  if (!epoll || !file) return -EBADF;
  if (!isPollable(file)) return -EPERM;
  if (epoll === file || !(epoll instanceof Epoll)) return -EINVAL;
  switch (op) {
    case EPOLL_CTL_ADD:
      return epoll.add(fd, file, events, low, high, task);
    case EPOLL_CTL_MOD:
      return epoll.modify(fd, file, events, low, high, task);
    case EPOLL_CTL_DEL:
      return epoll.remove(fd, file);
    default:
      return -EINVAL;
  }
}

/** Events on their way to the guest; longer when a call hands out more. */
let batch = new Uint32Array(256 * EPOLL_EVENT_SIZE / 4);

function toBatch(index: number, ready: number, low: number, high: number): void {
  const at = index * EPOLL_EVENT_SIZE / 4;
  if (at === batch.length) {
    const longer = new Uint32Array(2 * at);
    longer.set(batch);
    batch = longer;
  }
  batch[at] = ready;
  batch[at + 2] = low;
  batch[at + 3] = high;
}

/** One look at the ready list. */
function collect(task: Task, epoll: Epoll, events: number, max: number): number {
  const count = epoll.collect(max, task, toBatch);
  if (count > 0) task.mm.writeBytes(events, new Uint8Array(batch.buffer, 0, count * EPOLL_EVENT_SIZE));
  return count;
}

function wait(
  task: Task,
  epfd: number,
  events: number,
  max: number,
  deadline: number,
  sigmask: number,
  sigsetsize: number,
): number | Blocking {
  let mask: bigint | undefined;
  if (sigmask !== 0) {
    if (sigsetsize !== 8) return -EINVAL;
    mask = task.mm.readU64(sigmask);
  }
  if (max <= 0 || max > EP_MAX_EVENTS) return -EINVAL;
  const epoll = task.files.get(epfd);
  if (!epoll) return -EBADF;
  if (!(epoll instanceof Epoll)) return -EINVAL;
  if (mask !== undefined) task.useTemporaryMask(mask);
  const count = collect(task, epoll, events, max);
  if (count !== 0 || deadline === 0) return count;
  return waitForEvents(task, epoll, events, max, deadline);
}

function* waitForEvents(task: Task, epoll: Epoll, events: number, max: number, deadline: number): Blocking {
  const queues = [epoll.wait];
  epoll.references++;
  try {
    for (;;) {
      const reason = yield { queues, deadline };
      const count = collect(task, epoll, events, max);
      if (count !== 0) return count;
      if (reason === "timeout") return 0;
      // Never restarted, whatever SA_RESTART says (signal(7)).
      if (reason === "signal") return -EINTR;
    }
  } finally {
    epoll.unref();
  }
}

function pwait(
  task: Task,
  epfd: number,
  events: number,
  max: number,
  timeout: number,
  sigmask: number,
  sigsetsize: number,
): number | Blocking {
  return wait(task, epfd, events, max, deadlineFromMilliseconds(task, timeout), sigmask, sigsetsize);
}

function pwait2(
  task: Task,
  epfd: number,
  events: number,
  max: number,
  timeout: number,
  sigmask: number,
  sigsetsize: number,
): number | Blocking {
  const deadline = timeout === 0 ? Infinity : deadlineFromTimespec(task, timeout);
  if (deadline < 0) return deadline;
  return wait(task, epfd, events, max, deadline, sigmask, sigsetsize);
}

export const rows: SyscallRow[] = [
  row(20, "epoll_create1", "flags:flags:epoll_create =fd", create),
  row(21, "epoll_ctl", "epfd:fd op:flags:epoll_op fd:fd event:arg:epoll_ctl_event", ctl),
  row(
    22,
    "epoll_pwait",
    "epfd:fd events:outarray:epoll_event maxevents:int timeout:int sigmask:struct:sigset sigsetsize:size",
    pwait,
  ),
  row(
    441,
    "epoll_pwait2",
    "epfd:fd events:outarray:epoll_event maxevents:int timeout:struct:timespec sigmask:struct:sigset sigsetsize:size",
    pwait2,
  ),
];
