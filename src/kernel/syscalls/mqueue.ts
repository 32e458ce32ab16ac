/** POSIX message queues (mq_open(3) and its relatives; mq_overview(7)). */
import { CAP_SYS_RESOURCE } from "../abi/capability.ts";
import {
  EACCES,
  EAGAIN,
  EBADF,
  EEXIST,
  EINVAL,
  EMFILE,
  EMSGSIZE,
  ENAMETOOLONG,
  ENOENT,
  ENOSPC,
  ERESTARTSYS,
  ETIMEDOUT,
} from "../abi/errno.ts";
import { NAME_MAX, O_ACCMODE, O_CREAT, O_EXCL, O_NONBLOCK, O_RDWR } from "../abi/fcntl.ts";
import * as abi from "../abi/mqueue.ts";
import { RLIMIT_MSGQUEUE } from "../abi/resource.ts";
import { SI_MESGQ, SIGRTMAX } from "../abi/signal.ts";
import { NSEC_PER_SEC, SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD } from "../abi/time.ts";
import { MAY_READ, MAY_WRITE, permission } from "../fs/access.ts";
import { Mqueue, MqueueFile, notificationSiginfo } from "../ipc/mqueue.ts";
import type { Kernel } from "../kernel.ts";
import { NetlinkSocket } from "../net/netlink_socket.ts";
import { sendToProcess } from "../task/send_signal.ts";
import type { Task } from "../task/task.ts";
import type { Blocking } from "../wait.ts";
import { installFd } from "./new_fd.ts";
import { row, type SyscallRow } from "./row.ts";

const queuesOf = (kernel: Kernel): Map<string, Mqueue> => kernel.part(Mqueue, () => new Map<string, Mqueue>());

/** The name of a queue, without the slash that the C library takes off. */
function readName(task: Task, va: number): string | number {
  const name = task.mm.readString(va, 4096);
  if (name === "") return -ENOENT;
  if (name.length > NAME_MAX) return -ENAMETOOLONG;
  return name.includes("/") || name === "." || name === ".." ? -EACCES : name;
}

function open(task: Task, nameVa: number, flags: number, mode: number, attributes: number): number {
  const name = readName(task, nameVa);
  if (typeof name === "number") return name;
  let maxMessages = abi.MQ_DEFAULT_MSG, messageSize = abi.MQ_DEFAULT_MSGSIZE;
  const given = attributes !== 0 && (flags & O_CREAT) !== 0;
  if (given) {
    maxMessages = task.mm.readLong(attributes + 8);
    messageSize = task.mm.readLong(attributes + 16);
  }
  const queues = queuesOf(task.kernel);
  let queue = queues.get(name);
  if (queue !== undefined) {
    if ((flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL)) return -EEXIST;
    const access = flags & O_ACCMODE;
    if (access === O_ACCMODE) return -EINVAL;
    const wanted = access === O_RDWR ? MAY_READ | MAY_WRITE : access === 0 ? MAY_READ : MAY_WRITE;
    const denied = permission(task, queue.inode, wanted);
    if (denied) return denied;
  } else {
    if ((flags & O_CREAT) === 0) return -ENOENT;
    const made = create(task, name, mode, maxMessages, messageSize, given);
    if (typeof made === "number") return made;
    queue = made;
    queues.set(name, queue);
  }
  const file = new MqueueFile(flags & (O_ACCMODE | O_NONBLOCK), queue);
  // Always closed by execve, whatever the flags say (mq_open(3)).
  return installFd(task, file, true);
}

function create(
  task: Task,
  name: string,
  mode: number,
  maxMessages: number,
  messageSize: number,
  given: boolean,
): Mqueue | number {
  if (given) {
    const privileged = task.capable(CAP_SYS_RESOURCE);
    if (maxMessages <= 0 || messageSize <= 0) return -EINVAL;
    if (maxMessages > (privileged ? abi.HARD_MSGMAX : abi.MQ_MSG_MAX)) return -EINVAL;
    if (messageSize > (privileged ? abi.HARD_MSGSIZEMAX : abi.MQ_MSGSIZE_MAX)) return -EINVAL;
  }
  const queues = queuesOf(task.kernel);
  if (queues.size >= abi.MQ_QUEUES_MAX && !task.capable(CAP_SYS_RESOURCE)) return -ENOSPC;
  const queue = new Mqueue(name, maxMessages, messageSize, mode & ~task.fs.umask & 0o777, task);
  let used = queue.cost;
  for (const other of queues.values()) if (other.inode.uid === task.uid) used += other.cost;
  return used > (task.process.rlimits[RLIMIT_MSGQUEUE]?.[0] ?? Infinity) ? -EMFILE : queue;
}

function unlink(task: Task, nameVa: number): number {
  const name = readName(task, nameVa);
  if (typeof name === "number") return name;
  const queues = queuesOf(task.kernel), queue = queues.get(name);
  if (queue === undefined) return -ENOENT;
  // The directory is sticky: only the owner takes names away.
  if (task.credentials.fsuid !== queue.inode.uid && task.credentials.fsuid !== 0) return -EACCES;
  queues.delete(name);
  return 0;
}

function fileOf(task: Task, fd: number): MqueueFile | number {
  const file = task.files.get(fd);
  return file instanceof MqueueFile ? file : -EBADF;
}

/** The deadline that a time on CLOCK_REALTIME gives; for ever without one. */
function deadlineOf(task: Task, va: number): number {
  if (va === 0) return Infinity;
  const seconds = task.mm.readLong(va), nanoseconds = task.mm.readLong(va + 8);
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= NSEC_PER_SEC) return -EINVAL;
  return Math.max(0, seconds * NSEC_PER_SEC + nanoseconds - Number(task.kernel.clock.realtimeOffset));
}

/** Tries until it works, the deadline passes or a signal comes. */
function* retry(task: Task, file: MqueueFile, deadline: number, receiver: boolean, attempt: () => number): Blocking {
  file.references++;
  if (receiver) file.queue.receivers++;
  try {
    for (;;) {
      if (deadline <= task.kernel.clock.monotonic()) return -ETIMEDOUT;
      const reason = yield { queues: [file.queue.wait], deadline };
      const result = attempt();
      if (result !== -EAGAIN) return result;
      if (reason === "timeout") return -ETIMEDOUT;
      if (reason === "signal") return -ERESTARTSYS;
    }
  } finally {
    if (receiver) file.queue.receivers--;
    file.unref();
  }
}

function timedsend(
  task: Task,
  fd: number,
  va: number,
  length: number,
  priority: number,
  timeout: number,
): number | Blocking {
  if (priority >>> 0 >= abi.MQ_PRIO_MAX) return -EINVAL;
  const deadline = deadlineOf(task, timeout);
  if (deadline < 0) return deadline;
  const file = fileOf(task, fd);
  if (typeof file === "number") return file;
  if (!file.writable) return -EBADF;
  if (length > file.queue.messageSize) return -EMSGSIZE;
  const data = length === 0 ? new Uint8Array(0) : task.mm.readBytes(va, length).slice();
  const attempt = () => file.queue.send({ priority: priority >>> 0, data }, task);
  const result = attempt();
  if (result !== -EAGAIN || file.flags & O_NONBLOCK) return result;
  return retry(task, file, deadline, false, attempt);
}

function timedreceive(
  task: Task,
  fd: number,
  va: number,
  length: number,
  priorityVa: number,
  timeout: number,
): number | Blocking {
  const deadline = deadlineOf(task, timeout);
  if (deadline < 0) return deadline;
  const file = fileOf(task, fd);
  if (typeof file === "number") return file;
  if (!file.readable) return -EBADF;
  const attempt = (): number => {
    const message = file.queue.receive(length);
    if (typeof message === "number") return message;
    if (message.data.length > 0) task.mm.writeBytes(va, message.data);
    if (priorityVa !== 0) task.mm.writeU32(priorityVa, message.priority);
    return message.data.length;
  };
  const result = attempt();
  if (result !== -EAGAIN || file.flags & O_NONBLOCK) return result;
  return retry(task, file, deadline, true, attempt);
}

/** struct sigevent: value at 0, signal number at 8, kind at 12. */
function notify(task: Task, fd: number, va: number): number {
  const kind = va === 0 ? undefined : task.mm.readI32(va + 12);
  const signo = va === 0 ? 0 : task.mm.readI32(va + 8);
  if (kind !== undefined && kind !== SIGEV_NONE && kind !== SIGEV_SIGNAL && kind !== SIGEV_THREAD) return -EINVAL;
  if (kind === SIGEV_SIGNAL && (signo < 0 || signo > SIGRTMAX)) return -EINVAL;
  const { process } = task;
  if (kind === SIGEV_THREAD) return notifyThread(task, fd, va, signo);
  const file = fileOf(task, fd);
  if (typeof file === "number") return file;
  if (kind === undefined) return file.queue.register(undefined, process);
  const value = task.mm.readU64(va);
  return file.queue.register({
    owner: process,
    table: task.files,
    kind,
    signal: kind === SIGEV_SIGNAL ? signo : 0,
    pid: process.pid,
    notify: (sender) => {
      if (kind === SIGEV_SIGNAL && signo !== 0) {
        sendToProcess(process, notificationSiginfo(signo, SI_MESGQ, value, sender));
      }
    },
  }, process);
}

/** SIGEV_THREAD: the C library waits on a netlink socket for its cookie (mq_notify in the kernel's ipc/mqueue.c). */
function notifyThread(task: Task, fd: number, va: number, socketFd: number): number {
  const cookie = task.mm.readBytes(Number(task.mm.readU64(va)), abi.NOTIFY_COOKIE_LEN).slice();
  const socket = task.files.get(socketFd);
  if (!(socket instanceof NetlinkSocket)) return -EBADF;
  const file = fileOf(task, fd);
  if (typeof file === "number") return file;
  const tell = (state: number) => {
    cookie[abi.NOTIFY_COOKIE_LEN - 1] = state;
    socket.deliver(cookie.slice());
  };
  // NOTIFY_WOKENUP, NOTIFY_REMOVED
  return file.queue.register({
    owner: task.process,
    table: task.files,
    kind: SIGEV_THREAD,
    signal: 0,
    pid: task.process.pid,
    notify: () => tell(1),
    removed: () => tell(2),
  }, task.process);
}

function getsetattr(task: Task, fd: number, newVa: number, oldVa: number): number {
  // Only O_NONBLOCK can be changed.
  const wanted = newVa === 0 ? undefined : task.mm.readLong(newVa);
  if (wanted !== undefined && (wanted & ~O_NONBLOCK) !== 0) return -EINVAL;
  const file = fileOf(task, fd);
  if (typeof file === "number") return file;
  const { queue } = file, before = file.flags & O_NONBLOCK;
  if (wanted !== undefined) file.flags = (file.flags & ~O_NONBLOCK) | wanted;
  if (oldVa !== 0) {
    const fields = new BigInt64Array(abi.MQ_ATTR_SIZE / 8);
    [before, queue.maxMessages, queue.messageSize, queue.messages.length].forEach((n, i) => fields[i] = BigInt(n));
    task.mm.writeBytes(oldVa, new Uint8Array(fields.buffer));
  }
  return 0;
}

export const rows: SyscallRow[] = [
  row(180, "mq_open", "name:str oflag:flags:open mode:int:open_mode attr:arg:mq_open_attr =fd", open),
  row(181, "mq_unlink", "name:str", unlink),
  row(
    182,
    "mq_timedsend",
    "mqdes:fd msg_ptr:buf:msg_len msg_len:size msg_prio:uint abs_timeout:struct:timespec",
    timedsend,
  ),
  row(
    183,
    "mq_timedreceive",
    "mqdes:fd msg_ptr:outbuf msg_len:size msg_prio:out:u32 abs_timeout:struct:timespec",
    timedreceive,
  ),
  row(184, "mq_notify", "mqdes:fd sevp:struct:sigevent", notify),
  row(185, "mq_getsetattr", "mqdes:fd newattr:struct:mq_attr oldattr:out:mq_attr", getsetattr),
];
