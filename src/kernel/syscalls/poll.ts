/** ppoll and pselect6: poll(2) and select(2) of arm64. */
import { EBADF, EINVAL, ENOMEM, ERESTARTNOHAND } from "../abi/errno.ts";
import { POLLFD_SIZE } from "../abi/poll.ts";
import { RLIMIT_NOFILE } from "../abi/resource.ts";
import {
  type OpenFile,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDBAND,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from "../fs/file.ts";
import type { Task } from "../task/task.ts";
import type { Blocking, WaitQueue } from "../wait.ts";
import { row, type SyscallRow } from "./row.ts";
import { deadlineFromTimespec, writeRemaining } from "./timeouts.ts";

/** Applies the mask of ppoll and pselect6; a negative errno if it is none. */
function applyMask(task: Task, sigmask: number, sigsetsize: number): number {
  if (sigmask === 0) return 0;
  if (sigsetsize !== 8) return -EINVAL;
  task.useTemporaryMask(task.mm.readU64(sigmask));
  return 0;
}

/** Holds files against another thread closing their descriptors while this one waits. */
function hold(files: Iterable<OpenFile>): OpenFile[] {
  const held: OpenFile[] = [];
  for (const file of files) {
    file.references++;
    held.push(file);
  }
  return held;
}

/**
 * Looks until `look` finds something, the deadline passes or a signal comes.
 *
 * @param look returns the number of ready descriptors
 */
function* waitReady(task: Task, files: Iterable<OpenFile>, deadline: number, look: () => number): Blocking {
  const held = hold(files);
  const queues: WaitQueue[] = held.map((file) => file.pollQueue(task));
  try {
    for (;;) {
      const reason = yield { queues, deadline };
      const ready = look();
      if (ready !== 0) return ready;
      if (reason === "timeout") return 0;
      if (reason === "signal") return -ERESTARTNOHAND;
    }
  } finally {
    for (const file of held) file.unref();
  }
}

/** One look at every entry, writing revents; the number of entries that have some. */
function lookPoll(task: Task, fds: number, entries: Int32Array, files: readonly (OpenFile | undefined)[]): number {
  const { mm } = task;
  let ready = 0;
  for (let i = 0; i < files.length; i++) {
    let revents = 0;
    if (entries[2 * i]! >= 0) {
      const file = files[i];
      revents = file === undefined
        ? POLLNVAL
        : file.poll(task) & ((entries[2 * i + 1]! & 0xffff) | POLLERR | POLLHUP | POLLNVAL);
      if (revents !== 0) ready++;
    }
    mm.writeU16(fds + i * POLLFD_SIZE + 6, revents);
  }
  return ready;
}

function ppoll(
  task: Task,
  fds: number,
  nfds: number,
  timeout: number,
  sigmask: number,
  sigsetsize: number,
): number | Blocking {
  let deadline = Infinity;
  if (timeout !== 0) {
    deadline = deadlineFromTimespec(task, timeout);
    if (deadline < 0) return deadline;
  }
  const error = applyMask(task, sigmask, sigsetsize);
  if (error) return error;
  nfds >>>= 0; // unsigned int
  if (nfds > (task.process.rlimits[RLIMIT_NOFILE]?.[0] ?? 1024)) return -EINVAL;
  // A copy: the guest may change its array meanwhile, and the kernel reads it once.
  const bytes = nfds === 0 ? new Uint8Array(0) : task.mm.readBytes(fds, nfds * POLLFD_SIZE);
  const entries = new Int32Array(bytes.slice().buffer);
  const files: (OpenFile | undefined)[] = [];
  const present = new Set<OpenFile>();
  for (let i = 0; i < nfds; i++) {
    const fd = entries[2 * i]!, file = fd < 0 ? undefined : task.files.get(fd);
    files.push(file);
    if (file) present.add(file);
  }
  const look = () => lookPoll(task, fds, entries, files);
  const ready = look();
  if (ready !== 0 || (timeout !== 0 && deadline <= task.kernel.clock.monotonic())) {
    writeRemaining(task, timeout, deadline);
    return ready;
  }
  return finish(task, timeout, deadline, waitReady(task, present, deadline, look));
}

/** Writes back the time left when the wait is over. */
function* finish(task: Task, timeout: number, deadline: number, wait: Blocking): Blocking {
  const result = yield* wait;
  writeRemaining(task, timeout, deadline);
  return result;
}

// What select's three sets stand for (fs/select.c).
const SELECT_IN = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR | POLLNVAL;
const SELECT_OUT = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR | POLLNVAL;
const SELECT_EXCEPT = POLLPRI | POLLNVAL;

/** One of select's sets; absent sets are empty and not written. */
class FdSet {
  readonly #va: number;
  readonly #asked: Uint8Array;
  readonly #found: Uint8Array;

  constructor(task: Task, va: number, bytes: number) {
    this.#va = va;
    this.#asked = va === 0 ? new Uint8Array(bytes) : task.mm.readBytes(va, bytes);
    this.#found = new Uint8Array(bytes);
  }
  has(fd: number): boolean {
    return (this.#asked[fd >> 3]! >> (fd & 7) & 1) !== 0;
  }
  find(fd: number): void {
    this.#found[fd >> 3]! |= 1 << (fd & 7);
  }
  write(task: Task): void {
    if (this.#va !== 0) task.mm.writeBytes(this.#va, this.#found);
  }
}

function pselect6(
  task: Task,
  nfds: number,
  readfds: number,
  writefds: number,
  exceptfds: number,
  timeout: number,
  sigmaskArgument: number,
): number | Blocking {
  let deadline = Infinity;
  if (timeout !== 0) {
    deadline = deadlineFromTimespec(task, timeout);
    if (deadline < 0) return deadline;
  }
  if (sigmaskArgument !== 0) {
    // The sixth argument points at a pointer and a size (select(2), "C library/kernel differences").
    const error = applyMask(task, task.mm.readNumber(sigmaskArgument), task.mm.readNumber(sigmaskArgument + 8));
    if (error) return error;
  }
  if (nfds < 0) return -EINVAL;
  // Descriptors beyond the table are ignored, as in Linux, rather than an error.
  const count = Math.min(nfds, task.files.capacity);
  if (count > 1 << 20) return -ENOMEM;
  const size = Math.ceil(count / 64) * 8;
  const reads = new FdSet(task, readfds, size), writes = new FdSet(task, writefds, size);
  const excepts = new FdSet(task, exceptfds, size);
  const watched: [number, OpenFile][] = [];
  for (let fd = 0; fd < count; fd++) {
    if (!reads.has(fd) && !writes.has(fd) && !excepts.has(fd)) continue;
    const file = task.files.get(fd);
    if (!file) return -EBADF;
    watched.push([fd, file]);
  }
  const look = () => {
    let ready = 0;
    for (const [fd, file] of watched) {
      const events = file.poll(task);
      if (events & SELECT_IN && reads.has(fd)) {
        reads.find(fd);
        ready++;
      }
      if (events & SELECT_OUT && writes.has(fd)) {
        writes.find(fd);
        ready++;
      }
      if (events & SELECT_EXCEPT && excepts.has(fd)) {
        excepts.find(fd);
        ready++;
      }
    }
    return ready;
  };
  const write = (result: number | bigint) => {
    writeRemaining(task, timeout, deadline);
    // On an error the sets stay as they were.
    if (result < 0) return;
    reads.write(task);
    writes.write(task);
    excepts.write(task);
  };
  const ready = look();
  if (ready !== 0 || (timeout !== 0 && deadline <= task.kernel.clock.monotonic())) {
    write(ready);
    return ready;
  }
  return (function* (): Blocking {
    const result = yield* waitReady(task, new Set(watched.map(([, file]) => file)), deadline, look);
    write(result);
    return result;
  })();
}

export const rows: SyscallRow[] = [
  row(
    72,
    "pselect6",
    "nfds:int readfds:ptr writefds:ptr exceptfds:ptr timeout:struct:timespec sigmask:ptr",
    pselect6,
  ),
  row(73, "ppoll", "fds:ptr nfds:uint timeout:struct:timespec sigmask:struct:sigset sigsetsize:size", ppoll),
];
