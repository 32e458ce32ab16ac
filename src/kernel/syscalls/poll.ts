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

/** The array of a ppoll, read once: descriptors, what is asked of each, and what was found. */
class PollSet {
  readonly files: (OpenFile | undefined)[] = [];
  readonly #entries: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(readonly task: Task, readonly va: number, readonly count: number) {
    this.#bytes = new Uint8Array(count * POLLFD_SIZE);
    this.#entries = new Int32Array(this.#bytes.buffer);
    if (count > 0) task.mm.readInto(va, this.#bytes);
    for (let i = 0; i < count; i++) {
      const fd = this.#entries[2 * i]!;
      this.files.push(fd < 0 ? undefined : task.files.get(fd));
    }
  }

  /** One look at every entry, writing revents; the number of entries with events. */
  look(): number {
    const { task, files } = this, entries = this.#entries;
    let ready = 0;
    for (let i = 0; i < files.length; i++) {
      const file = files[i], asked = entries[2 * i + 1]! & 0xffff;
      let revents = 0;
      if (file !== undefined) revents = file.poll(task) & (asked | POLLERR | POLLHUP | POLLNVAL);
      else if (entries[2 * i]! >= 0) revents = POLLNVAL;
      if (revents !== 0) ready++;
      entries[2 * i + 1] = asked | revents << 16;
    }
    if (this.count > 0) this.#write();
    return ready;
  }

  /** Writes what was found and nothing else: another thread may change the rest while this one waits. */
  #write(): void {
    const { va, count } = this, { mm } = this.task, bytes = this.#bytes;
    const view = mm.view(va, bytes.length, "write");
    if (view.length === bytes.length) {
      for (let at = 6; at < bytes.length; at += POLLFD_SIZE) {
        view[at] = bytes[at]!;
        view[at + 1] = bytes[at + 1]!;
      }
      return;
    }
    for (let i = 0; i < count; i++) mm.writeU16(va + i * POLLFD_SIZE + 6, this.#entries[2 * i + 1]! >>> 16);
  }
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
  const set = new PollSet(task, fds, nfds);
  const ready = set.look();
  if (ready !== 0 || deadline === 0) {
    writeRemaining(task, timeout, deadline);
    return ready;
  }
  const present = new Set<OpenFile>();
  for (const file of set.files) if (file !== undefined) present.add(file);
  return finish(task, timeout, deadline, waitReady(task, present, deadline, () => set.look()));
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
  if (ready !== 0 || deadline === 0) {
    write(ready);
    return ready;
  }
  return waitAndWrite(task, new Set(watched.map(([, file]) => file)), deadline, look, write);
}

function* waitAndWrite(
  task: Task,
  files: Iterable<OpenFile>,
  deadline: number,
  look: () => number,
  write: (result: number | bigint) => void,
): Blocking {
  const result = yield* waitReady(task, files, deadline, look);
  write(result);
  return result;
}

export const rows: SyscallRow[] = [
  row(
    72,
    "pselect6",
    "nfds:int readfds:struct:fd_set writefds:struct:fd_set exceptfds:struct:fd_set timeout:struct:timespec sigmask:struct:sigset_arg =by:select",
    pselect6,
  ),
  row(
    73,
    "ppoll",
    "fds:arg:pollfds nfds:uint timeout:struct:timespec sigmask:struct:sigset sigsetsize:size =by:poll",
    ppoll,
  ),
];
