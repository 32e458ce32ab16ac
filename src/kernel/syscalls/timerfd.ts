/** timerfd_create, timerfd_settime, timerfd_gettime (timerfd_create(2)). */
import { CAP_WAKE_ALARM } from "../abi/capability.ts";
import { EBADF, EINVAL, EPERM } from "../abi/errno.ts";
import { O_CLOEXEC, O_NONBLOCK } from "../abi/fcntl.ts";
import {
  CLOCK_BOOTTIME,
  CLOCK_BOOTTIME_ALARM,
  CLOCK_MONOTONIC,
  CLOCK_REALTIME,
  CLOCK_REALTIME_ALARM,
  NSEC_PER_SEC,
  TIMER_ABSTIME,
} from "../abi/time.ts";
import { TimerFd, type TimerSetting } from "../ipc/timerfd.ts";
import type { Task } from "../task/task.ts";
import { installFd } from "./new_fd.ts";
import { row, type SyscallRow } from "./row.ts";

const TFD_TIMER_ABSTIME = TIMER_ABSTIME;
/** Reads end with ECANCELED when the real-time clock is set: it never is. */
const TFD_TIMER_CANCEL_ON_SET = 2;
/** Latest time a timer takes, in seconds: what is beyond never comes. */
const MAX_SECONDS = 2 ** 33;

function create(task: Task, clockId: number, flags: number): number {
  if (flags & ~(O_CLOEXEC | O_NONBLOCK)) return -EINVAL;
  switch (clockId) {
    case CLOCK_MONOTONIC:
    case CLOCK_REALTIME:
    case CLOCK_BOOTTIME:
      break;
    case CLOCK_REALTIME_ALARM:
    case CLOCK_BOOTTIME_ALARM:
      if (!task.capable(CAP_WAKE_ALARM)) return -EPERM;
      break;
    default:
      return -EINVAL;
  }
  const file = new TimerFd(task.kernel, clockId, flags & O_NONBLOCK);
  return installFd(task, file, (flags & O_CLOEXEC) !== 0);
}

/** A struct timespec in ns; negative when it is not valid. */
function readTimespec(task: Task, va: number): number {
  const seconds = task.mm.readLong(va), nanoseconds = task.mm.readLong(va + 8);
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= NSEC_PER_SEC) return -1;
  return Math.min(seconds, MAX_SECONDS) * NSEC_PER_SEC + nanoseconds;
}

function writeSetting(task: Task, va: number, setting: TimerSetting): void {
  let at = va;
  for (const ns of [setting.interval, setting.value]) {
    task.mm.writeLong(at, Math.floor(ns / NSEC_PER_SEC));
    task.mm.writeLong(at + 8, Math.floor(ns % NSEC_PER_SEC));
    at += 16;
  }
}

function settime(task: Task, fd: number, flags: number, newValue: number, oldValue: number): number {
  const interval = readTimespec(task, newValue), value = readTimespec(task, newValue + 16);
  if (interval < 0 || value < 0 || flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) return -EINVAL;
  const file = task.files.get(fd);
  if (!file) return -EBADF;
  if (!(file instanceof TimerFd)) return -EINVAL;
  const before = file.set(value, interval, (flags & TFD_TIMER_ABSTIME) !== 0);
  if (oldValue !== 0) writeSetting(task, oldValue, before);
  return 0;
}

function gettime(task: Task, fd: number, value: number): number {
  const file = task.files.get(fd);
  if (!file) return -EBADF;
  if (!(file instanceof TimerFd)) return -EINVAL;
  writeSetting(task, value, file.get());
  return 0;
}

export const rows: SyscallRow[] = [
  row(85, "timerfd_create", "clockid:flags:clockid flags:flags:timerfd =fd", create),
  row(
    86,
    "timerfd_settime",
    "fd:fd flags:flags:timerfd_settime new_value:struct:itimerspec old_value:out:itimerspec",
    settime,
  ),
  row(87, "timerfd_gettime", "fd:fd value:out:itimerspec", gettime),
];
