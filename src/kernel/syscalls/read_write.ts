/**
 * Moving bytes between guest memory and open files: what read, write and their kin share.
 *
 * Files get views of guest memory, so a transfer is one copy. What is one message (a datagram, an atomic pipe write)
 * goes through a buffer when it lies in several pieces. Files never wait; the waiting is here.
 */
import { EAGAIN, EFAULT, EFBIG, EINVAL, ERESTARTSYS } from "../abi/errno.ts";
import { O_APPEND, O_NONBLOCK } from "../abi/fcntl.ts";
import { IN_ACCESS, IN_MODIFY } from "../abi/inotify.ts";
import { RLIMIT_FSIZE } from "../abi/resource.ts";
import { SIGXFSZ } from "../abi/signal.ts";
import { MAX_RW_COUNT } from "../abi/uio.ts";
import { dropPrivilegeBits } from "../fs/attributes.ts";
import type { OpenFile } from "../fs/file.ts";
import { notifyPath } from "../fs/notify.ts";
import type { Iovec } from "../mm/guest_memory.ts";
import { UserFault } from "../mm/user_fault.ts";
import type { Task } from "../task/task.ts";
import { type Blocking, waitOn } from "../wait.ts";

/** The offset that means "at the file's own position". */
export const AT_POSITION = -1;
/** Most bytes that go through a buffer at once. */
const BOUNCE_MAX = 1 << 20;
const NOTHING = new Uint8Array(0);

function readInto(task: Task, file: OpenFile, into: Uint8Array, offset: number): number {
  return offset < 0 ? file.read(into, task) : file.pread(into, offset, task);
}

function writeFrom(task: Task, file: OpenFile, from: Uint8Array, offset: number): number {
  return offset < 0 ? file.write(from, task) : file.pwrite(from, offset, task);
}

/** One attempt to read `count` bytes into guest memory. */
function readOnce(task: Task, file: OpenFile, va: number, count: number, offset: number): number {
  if (count === 0) return readInto(task, file, NOTHING, offset);
  const { mm } = task;
  const view = mm.view(va, count, "write");
  if (view.length === count) return readInto(task, file, view, offset);
  if (file.indivisible) return readThroughBuffer(task, file, [{ base: va, length: count }], count, offset);
  let done = readInto(task, file, view, offset);
  if (done !== view.length) return done;
  while (done < count) {
    const next = mm.tryView(va + done, count - done, "write");
    if (!next) break;
    const length = next.length;
    const got = readInto(task, file, next, offset < 0 ? offset : offset + done);
    if (got <= 0) break;
    done += got;
    if (got < length) break;
  }
  return done;
}

/** One attempt to fill several ranges. */
function readVectorOnce(task: Task, file: OpenFile, vector: readonly Iovec[], offset: number): number {
  const total = totalLength(vector);
  if (vector.length === 1) return readOnce(task, file, vector[0]!.base, total, offset);
  if (file.indivisible || total === 0) return readThroughBuffer(task, file, vector, total, offset);
  let done = 0;
  for (const { base, length } of vector) {
    const want = Math.min(length, total - done);
    if (want === 0) continue;
    const got = orFault(() => readOnce(task, file, base, want, offset < 0 ? offset : offset + done));
    if (got < 0) return done > 0 ? done : got;
    done += got;
    if (got < want) break;
  }
  return done;
}

function readThroughBuffer(
  task: Task,
  file: OpenFile,
  vector: readonly Iovec[],
  total: number,
  offset: number,
): number {
  const buffer = new Uint8Array(Math.min(total, BOUNCE_MAX));
  const count = readInto(task, file, buffer, offset);
  let done = 0;
  for (const { base, length } of vector) {
    if (done >= count) break;
    const piece = Math.min(length, count - done);
    task.mm.writeBytes(base, buffer.subarray(done, done + piece));
    done += piece;
  }
  return count;
}

/** One attempt to write `count` bytes of guest memory. */
function writeOnce(task: Task, file: OpenFile, va: number, count: number, offset: number): number {
  if (count === 0) return writeFrom(task, file, NOTHING, offset);
  const { mm } = task;
  const view = mm.view(va, count, "read");
  if (view.length === count) return writeFrom(task, file, view, offset);
  if (file.indivisible) return writeThroughBuffer(task, file, [{ base: va, length: count }], count, offset);
  let done = writeFrom(task, file, view, offset);
  if (done !== view.length) return done;
  while (done < count) {
    const next = mm.tryView(va + done, count - done, "read");
    if (!next) break;
    const length = next.length;
    const put = writeFrom(task, file, next, offset < 0 ? offset : offset + done);
    if (put <= 0) break;
    done += put;
    if (put < length) break;
  }
  return done;
}

function writeThroughBuffer(
  task: Task,
  file: OpenFile,
  vector: readonly Iovec[],
  total: number,
  offset: number,
): number {
  const buffer = new Uint8Array(Math.min(total, BOUNCE_MAX));
  let filled = 0;
  for (const { base, length } of vector) {
    const end = Math.min(buffer.length, filled + length), start = filled;
    while (filled < end) {
      const view = filled === 0 ? task.mm.view(base, end, "read") : task.mm.tryView(
        base + filled - start,
        end - filled,
        "read",
      );
      if (!view) return writeFrom(task, file, buffer.subarray(0, filled), offset);
      buffer.set(view, filled);
      filled += view.length;
    }
  }
  return writeFrom(task, file, buffer, offset);
}

/** The bytes of a vector, up to the most that one call moves. */
function totalLength(vector: readonly Iovec[]): number {
  let total = 0;
  for (const { length } of vector) total += length;
  return Math.min(total, MAX_RW_COUNT);
}

/** What is left of a vector after `done` bytes. */
function advance(vector: readonly Iovec[], done: number): Iovec[] {
  const rest: Iovec[] = [];
  for (const { base, length } of vector) {
    if (done >= length) {
      done -= length;
      continue;
    }
    rest.push({ base: base + done, length: length - done });
    done = 0;
  }
  return rest;
}

function* readLater(task: Task, file: OpenFile, vector: readonly Iovec[], offset: number): Blocking {
  // Another thread may close the descriptor meanwhile.
  file.references++;
  try {
    const wait = waitOn(file.pollQueue(task), task.kernel.clock, file.readTimeout);
    for (;;) {
      const reason = yield wait;
      const count = readVectorOnce(task, file, vector, offset);
      if (count !== -EAGAIN || reason === "timeout") return accessed(file, count);
      if (reason === "signal") return -ERESTARTSYS;
    }
  } finally {
    file.unref();
  }
}

function accessed(file: OpenFile, count: number): number {
  if (count > 0 && file.path !== undefined) notifyPath(file.path, IN_ACCESS);
  return count;
}

/** read(2) and pread(2) into one range. The access mode was checked. */
export function readFile(task: Task, file: OpenFile, va: number, count: number, offset: number): number | Blocking {
  if (count > MAX_RW_COUNT) count = MAX_RW_COUNT;
  const done = readOnce(task, file, va, count, offset);
  if (done !== -EAGAIN || (file.flags & O_NONBLOCK) !== 0) return accessed(file, done);
  return readLater(task, file, [{ base: va, length: count }], offset);
}

/** readv(2) and preadv(2). @param wait false for RWF_NOWAIT */
export function readFileVector(
  task: Task,
  file: OpenFile,
  vector: readonly Iovec[],
  offset: number,
  wait = true,
): number | Blocking {
  // Nothing is read before the file is asked whether it can be, unlike by read(2) (fs/read_write.c: vfs_readv).
  if (file.inode.isDirectory && totalLength(vector) === 0) return 0;
  const done = readVectorOnce(task, file, vector, offset);
  if (done !== -EAGAIN || !wait || (file.flags & O_NONBLOCK) !== 0) return accessed(file, done);
  return readLater(task, file, vector, offset);
}

/** A bad address as a result: what was moved before it counts (readv(2)). */
function orFault(transfer: () => number): number {
  try {
    return transfer();
  } catch (error) {
    if (error instanceof UserFault) return -EFAULT;
    throw error;
  }
}

/** One attempt to write several ranges. */
function writeVectorOnce(task: Task, file: OpenFile, vector: readonly Iovec[], total: number, offset: number): number {
  if (vector.length === 1) return writeOnce(task, file, vector[0]!.base, total, offset);
  if (file.indivisible || total === 0) return writeThroughBuffer(task, file, vector, total, offset);
  let done = 0;
  for (const { base, length } of vector) {
    const want = Math.min(length, total - done);
    if (want === 0) continue;
    const put = orFault(() => writeOnce(task, file, base, want, offset < 0 ? offset : offset + done));
    if (put < 0) return done > 0 ? done : put;
    done += put;
    if (put < want) break;
  }
  return done;
}

/** Goes on writing until all is written, an error or a signal comes (write(2), pipe(7)). */
function* writeLater(task: Task, file: OpenFile, vector: readonly Iovec[], total: number, offset: number): Blocking {
  file.references++;
  let done = 0, rest = vector;
  try {
    const wait = waitOn(file.pollQueue(task), task.kernel.clock, file.writeTimeout);
    for (;;) {
      const count = writeVectorOnce(task, file, rest, total - done, offset < 0 ? offset : offset + done);
      if (count > 0) {
        done += count;
        if (done >= total) return modified(file, done);
        rest = advance(rest, count);
        continue;
      }
      if (count !== -EAGAIN) return modified(file, done > 0 ? done : count);
      const reason = yield wait;
      if (reason === "timeout") return modified(file, done > 0 ? done : -EAGAIN);
      if (reason === "signal") return modified(file, done > 0 ? done : -ERESTARTSYS);
    }
  } finally {
    file.unref();
  }
}

function modified(file: OpenFile, count: number): number {
  if (count > 0 && file.path !== undefined) notifyPath(file.path, IN_MODIFY);
  return count;
}

/**
 * How much of a write to a regular file RLIMIT_FSIZE lets through; -EFBIG, with SIGXFSZ, at the limit.
 *
 * @param offset where it goes, or {@link AT_POSITION}
 */
export function limitWrite(task: Task, file: OpenFile, count: number, offset: number): number {
  const limit = task.process.rlimits[RLIMIT_FSIZE]?.[0] ?? Infinity;
  if (limit === Infinity || count === 0) return count;
  const start = (file.flags & O_APPEND) !== 0 ? file.inode.size : offset < 0 ? file.position : offset;
  if (start >= limit) {
    task.raise(SIGXFSZ);
    return -EFBIG;
  }
  return Math.min(count, limit - start);
}

/** write(2) and pwrite(2) of one range. The access mode was checked. */
export function writeFile(task: Task, file: OpenFile, va: number, count: number, offset: number): number | Blocking {
  if (count > MAX_RW_COUNT) count = MAX_RW_COUNT;
  if (file.inode.isRegular) {
    count = limitWrite(task, file, count, offset);
    if (count < 0) return count;
    if (count > 0) dropPrivilegeBits(task, file.inode);
  }
  const done = writeOnce(task, file, va, count, offset);
  if ((file.flags & O_NONBLOCK) !== 0 || done === count || (done < 0 && done !== -EAGAIN) || file.inode.isRegular) {
    return modified(file, done);
  }
  return writeRest(task, file, [{ base: va, length: count }], count, done, offset);
}

/** writev(2) and pwritev(2). */
export function writeFileVector(
  task: Task,
  file: OpenFile,
  vector: readonly Iovec[],
  offset: number,
  wait = true,
): number | Blocking {
  let total = totalLength(vector);
  if (file.inode.isRegular) {
    total = limitWrite(task, file, total, offset);
    if (total < 0) return total;
    if (total > 0) dropPrivilegeBits(task, file.inode);
  }
  const done = writeVectorOnce(task, file, vector, total, offset);
  const stays = !wait || (file.flags & O_NONBLOCK) !== 0 || file.inode.isRegular;
  if (stays || done === total || (done < 0 && done !== -EAGAIN)) return modified(file, done);
  return writeRest(task, file, vector, total, done, offset);
}

/** After a first attempt that took some, or nothing, of a write that waits. */
function writeRest(
  task: Task,
  file: OpenFile,
  vector: readonly Iovec[],
  total: number,
  done: number,
  offset: number,
): number | Blocking {
  if (done <= 0) return done === 0 ? 0 : writeLater(task, file, vector, total, offset);
  const rest = writeLater(task, file, advance(vector, done), total - done, offset < 0 ? offset : offset + done);
  return addTo(rest, done);
}

/** The result of the rest of a write, with what went before; an error after a first part is that part's success. */
function* addTo(rest: Blocking, done: number): Blocking {
  const more = Number(yield* rest);
  return more < 0 ? done : done + more;
}

/** The iovecs of a vectored call, or a negative errno. */
export function readVector(task: Task, va: number, count: number): Iovec[] | number {
  if (count < 0) return -EINVAL;
  return task.mm.readIovec(va, count);
}
