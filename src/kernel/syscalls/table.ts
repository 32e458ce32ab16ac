/** All system calls: the rows of every file in this folder. */
import { rows as aio } from "./aio.ts";
import { rows as cred } from "./cred.ts";
import { rows as dir } from "./dir.ts";
import { rows as epoll } from "./epoll.ts";
import { rows as eventfd } from "./eventfd.ts";
import { rows as fd } from "./fd.ts";
import { rows as file } from "./file.ts";
import { rows as futex } from "./futex.ts";
import { rows as inotify } from "./inotify.ts";
import { rows as memfd } from "./memfd.ts";
import { rows as memory } from "./memory.ts";
import { rows as mount } from "./mount.ts";
import { rows as mqueue } from "./mqueue.ts";
import { rows as numa } from "./numa.ts";
import { rows as pipe } from "./pipe.ts";
import { rows as poll } from "./poll.ts";
import { rows as prctl } from "./prctl.ts";
import { rows as process } from "./process.ts";
import { rows as processVm } from "./process_vm.ts";
import { rows as ptrace } from "./ptrace.ts";
import { rows as resource } from "./resource.ts";
import { rows as sched } from "./sched.ts";
import { rows as seccomp } from "./seccomp.ts";
import { rows as signal } from "./signal.ts";
import { rows as signalfd } from "./signalfd.ts";
import { rows as socket } from "./socket.ts";
import { rows as stat } from "./stat.ts";
import { rows as system } from "./system.ts";
import { rows as sysvipc } from "./sysvipc.ts";
import { rows as time } from "./time.ts";
import { rows as timerfd } from "./timerfd.ts";
import { rows as transfer } from "./transfer.ts";
import { rows as xattr } from "./xattr.ts";
import type { SyscallRow } from "./row.ts";

/** Every row, in the order of numbers. */
export const SYSCALLS: readonly SyscallRow[] = [
  aio,
  cred,
  dir,
  epoll,
  eventfd,
  fd,
  file,
  futex,
  inotify,
  memfd,
  memory,
  mount,
  mqueue,
  numa,
  pipe,
  poll,
  prctl,
  process,
  processVm,
  ptrace,
  resource,
  sched,
  seccomp,
  signal,
  signalfd,
  socket,
  stat,
  system,
  sysvipc,
  time,
  timerfd,
  transfer,
  xattr,
].flat().sort((a, b) => a.nr - b.nr);
