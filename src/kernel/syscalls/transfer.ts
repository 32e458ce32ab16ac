/** Moving bytes without passing guest memory: sendfile(2), splice(2), tee(2), vmsplice(2), copy_file_range(2). */
import { EAGAIN, EBADF, EINVAL, EISDIR, EPIPE, ERESTARTSYS, ESPIPE } from "../abi/errno.ts";
import { O_ACCMODE, O_APPEND, O_NONBLOCK, O_PATH, O_WRONLY, SPLICE_F_ALL, SPLICE_F_NONBLOCK } from "../abi/fcntl.ts";
import { IN_ACCESS, IN_MODIFY } from "../abi/inotify.ts";
import { SIGPIPE } from "../abi/signal.ts";
import { MAX_RW_COUNT } from "../abi/uio.ts";
import { dropPrivilegeBits } from "../fs/attributes.ts";
import type { OpenFile } from "../fs/file.ts";
import { notifyPath } from "../fs/notify.ts";
import { type Pipe, PipeFile } from "../ipc/pipe.ts";
import type { Task } from "../task/task.ts";
import type { Blocking, WaitQueue } from "../wait.ts";
import { AT_POSITION, limitWrite, readFileVector, readVector, writeFileVector } from "./read_write.ts";
import { row, type SyscallRow } from "./row.ts";

/** Bytes moved at once. */
const PIECE = 65536;
const buffer = new Uint8Array(PIECE);

/** One side of a transfer: where it goes on, counted here when the guest gave an offset. */
interface End {
  readonly file: OpenFile;
  /** Undefined: the file's own position. */
  offset: number | undefined;
}

/** A negative errno, or bytes moved in one step. */
type Step = (limit: number) => number;

function readEnd(task: Task, end: End, into: Uint8Array): number {
  return end.offset === undefined ? end.file.read(into, task) : end.file.pread(into, end.offset, task);
}

function writeEnd(task: Task, end: End, from: Uint8Array): number {
  if (end.file.inode.isRegular) {
    const allowed = limitWrite(task, end.file, from.length, end.offset ?? AT_POSITION);
    if (allowed < 0) return allowed;
    from = from.subarray(0, allowed);
    if (allowed > 0) dropPrivilegeBits(task, end.file.inode);
  }
  return end.offset === undefined ? end.file.write(from, task) : end.file.pwrite(from, end.offset, task);
}

/** Advances the offsets that the guest keeps. */
function advance(end: End, count: number): void {
  if (end.offset !== undefined && count > 0) end.offset += count;
}

/**
 * Repeats a step until `count` bytes are moved, one moves none, or an error comes.
 *
 * @param wait the queues to wait on while nothing at all could be moved; undefined does not wait
 * @param whole goes on waiting until all is moved; splice is content with something
 */
function transfer(
  count: number,
  step: Step,
  wait: readonly WaitQueue[] | undefined,
  whole: boolean,
  done: (moved: number) => void,
): number | Blocking {
  const result = runSteps(count, 0, step);
  if (result.error !== -EAGAIN || !wait || (result.moved > 0 && !whole)) return finish(result, done);
  return transferLater(count, result.moved, step, wait, whole, done);
}

function runSteps(count: number, moved: number, step: Step): { moved: number; error: number } {
  while (moved < count) {
    const now = step(Math.min(PIECE, count - moved));
    if (now < 0) return { moved, error: now };
    if (now === 0) break;
    moved += now;
  }
  return { moved, error: 0 };
}

function finish({ moved, error }: { moved: number; error: number }, done: (moved: number) => void): number {
  if (moved === 0) return error;
  done(moved);
  return moved;
}

function* transferLater(
  count: number,
  moved: number,
  step: Step,
  wait: readonly WaitQueue[],
  whole: boolean,
  done: (moved: number) => void,
): Blocking {
  for (;;) {
    const reason = yield { queues: wait };
    const result = runSteps(count, moved, step);
    moved = result.moved;
    if (result.error !== -EAGAIN || (moved > 0 && !whole)) return finish(result, done);
    if (reason === "signal") return finish({ moved, error: -ERESTARTSYS }, done);
  }
}

/** Tells the watchers and hands the offsets back. */
function settle(task: Task, from: End, fromVa: number, to: End, toVa: number): void {
  if (fromVa !== 0 && from.offset !== undefined) task.mm.writeU64(fromVa, BigInt(from.offset));
  if (toVa !== 0 && to.offset !== undefined) task.mm.writeU64(toVa, BigInt(to.offset));
  if (from.file.path) notifyPath(from.file.path, IN_ACCESS);
  if (to.file.path) notifyPath(to.file.path, IN_MODIFY);
}

/** Reads the offset a call was given a pointer to; undefined for a null pointer. */
function readOffset(task: Task, va: number): number | undefined {
  return va === 0 ? undefined : task.mm.readLong(va);
}

/** From a file with positions to anything: only what could be written is taken. */
function copyStep(task: Task, from: End, to: End): Step {
  return (limit) => {
    const start = from.offset ?? from.file.position;
    const count = from.file.pread(buffer.subarray(0, limit), start, task);
    if (count <= 0) return count;
    const written = writeEnd(task, to, buffer.subarray(0, count));
    if (written <= 0) return written;
    if (from.offset === undefined) from.file.position = start + written;
    advance(from, written);
    advance(to, written);
    return written;
  };
}

function sendfile(task: Task, outFd: number, inFd: number, offsetVa: number, count: number): number | Blocking {
  const offset = readOffset(task, offsetVa);
  const source = task.files.get(inFd), target = task.files.get(outFd);
  if (!source?.readable || !target?.writable) return -EBADF;
  if (offset !== undefined && offset < 0) return -EINVAL;
  if ((target.flags & O_APPEND) !== 0) return -EINVAL;
  if (source.inode.isDirectory) return count === 0 ? 0 : -EINVAL;
  // What has no positions cannot be a source (sendfile(2): it must support mmap-like operations).
  const probe = source.pread(buffer.subarray(0, 0), 0, task);
  if (probe < 0) return offset !== undefined && probe === -ESPIPE ? -ESPIPE : -EINVAL;
  const from: End = { file: source, offset }, to: End = { file: target, offset: undefined };
  const wait = (target.flags & O_NONBLOCK) === 0 ? [target.pollQueue(task)] : undefined;
  return transfer(
    Math.min(count, MAX_RW_COUNT),
    copyStep(task, from, to),
    wait,
    true,
    () => settle(task, from, offsetVa, to, 0),
  );
}

/** Takes from a pipe what `put` accepts. */
function fromPipe(pipe: Pipe, limit: number, put: (bytes: Uint8Array) => number): number {
  const count = pipe.peek(buffer.subarray(0, limit), 0);
  if (count === 0) return pipe.writers === 0 ? 0 : -EAGAIN;
  const written = put(buffer.subarray(0, count));
  if (written > 0) pipe.skip(written);
  return written;
}

/** Puts into a pipe what `get` gives, never more than fits. */
function intoPipe(task: Task, pipe: Pipe, limit: number, get: (into: Uint8Array) => number): number {
  if (pipe.readers === 0) {
    task.raise(SIGPIPE);
    return -EPIPE;
  }
  const room = Math.min(limit, pipe.room);
  if (room === 0) return -EAGAIN;
  const count = get(buffer.subarray(0, room));
  return count > 0 ? pipe.push(buffer.subarray(0, count)) : count;
}

function splice(
  task: Task,
  inFd: number,
  inVa: number,
  outFd: number,
  outVa: number,
  length: number,
  flags: number,
): number | Blocking {
  if ((flags & ~SPLICE_F_ALL) !== 0) return -EINVAL;
  if (length === 0) return 0;
  const source = task.files.get(inFd), target = task.files.get(outFd);
  if (!source?.readable || !target?.writable) return -EBADF;
  const fromIsPipe = source instanceof PipeFile, toIsPipe = target instanceof PipeFile;
  if (!fromIsPipe && !toIsPipe) return -EINVAL;
  if ((fromIsPipe && inVa !== 0) || (toIsPipe && outVa !== 0)) return -ESPIPE;
  if (fromIsPipe && toIsPipe && source.pipe === target.pipe) return -EINVAL;
  if (source.inode.isDirectory || target.inode.isDirectory) return -EINVAL;
  if (!toIsPipe && (target.flags & O_APPEND) !== 0) return -EINVAL;
  const from: End = { file: source, offset: readOffset(task, inVa) };
  const to: End = { file: target, offset: readOffset(task, outVa) };
  if ((from.offset ?? 0) < 0 || (to.offset ?? 0) < 0) return -EINVAL;
  const step: Step = (limit) => {
    if (fromIsPipe && toIsPipe) {
      if (target.pipe.readers === 0) {
        task.raise(SIGPIPE);
        return -EPIPE;
      }
      const room = Math.min(limit, target.pipe.room);
      return room === 0 ? -EAGAIN : fromPipe(source.pipe, room, (bytes) => target.pipe.push(bytes));
    }
    const count = fromIsPipe
      ? fromPipe(source.pipe, limit, (bytes) => writeEnd(task, to, bytes))
      : intoPipe(task, (target as PipeFile).pipe, limit, (into) => readEnd(task, from, into));
    advance(from, count);
    advance(to, count);
    return count;
  };
  const nonblocking = (flags & SPLICE_F_NONBLOCK) !== 0 || ((source.flags | target.flags) & O_NONBLOCK) !== 0;
  const wait = nonblocking ? undefined : [source.pollQueue(task), target.pollQueue(task)];
  return transfer(
    Math.min(length, MAX_RW_COUNT),
    step,
    wait,
    false,
    () => settle(task, from, inVa, to, outVa),
  );
}

function tee(task: Task, inFd: number, outFd: number, length: number, flags: number): number | Blocking {
  if ((flags & ~SPLICE_F_ALL) !== 0) return -EINVAL;
  if (length === 0) return 0;
  const source = task.files.get(inFd), target = task.files.get(outFd);
  if (!source?.readable || !target?.writable) return -EBADF;
  if (!(source instanceof PipeFile) || !(target instanceof PipeFile) || source.pipe === target.pipe) return -EINVAL;
  let copied = 0;
  const step: Step = (limit) =>
    intoPipe(task, target.pipe, limit, (into) => {
      const count = source.pipe.peek(into, copied);
      if (count === 0) return copied > 0 || source.pipe.writers === 0 ? 0 : -EAGAIN;
      copied += count;
      return count;
    });
  const nonblocking = (flags & SPLICE_F_NONBLOCK) !== 0 || ((source.flags | target.flags) & O_NONBLOCK) !== 0;
  const wait = nonblocking ? undefined : [source.pipe.wait, target.pipe.wait];
  return transfer(Math.min(length, MAX_RW_COUNT), step, wait, false, () => {});
}

/** The pages are copied, not lent: allowed, as vmsplice(2) promises nothing about later changes of them. */
function vmsplice(task: Task, fd: number, iov: number, count: number, flags: number): number | Blocking {
  if ((flags & ~SPLICE_F_ALL) !== 0) return -EINVAL;
  const file = task.files.get(fd);
  if (!file) return -EBADF;
  if (!(file instanceof PipeFile)) return -EBADF;
  const vector = readVector(task, iov, count);
  if (typeof vector === "number") return vector;
  const wait = (flags & SPLICE_F_NONBLOCK) === 0;
  return (file.flags & O_ACCMODE) === O_WRONLY
    ? writeFileVector(task, file, vector, AT_POSITION, wait)
    : readFileVector(task, file, vector, AT_POSITION, wait);
}

function copyFileRange(
  task: Task,
  inFd: number,
  inVa: number,
  outFd: number,
  outVa: number,
  length: number,
  flags: number,
): number | Blocking {
  const source = task.files.get(inFd), target = task.files.get(outFd);
  if (!source || !target || ((source.flags | target.flags) & O_PATH) !== 0) return -EBADF;
  if (flags !== 0) return -EINVAL;
  if (source.inode.isDirectory || target.inode.isDirectory) return -EISDIR;
  if (!source.inode.isRegular || !target.inode.isRegular) return -EINVAL;
  if (!source.readable || !target.writable || (target.flags & O_APPEND) !== 0) return -EBADF;
  const from: End = { file: source, offset: readOffset(task, inVa) };
  const to: End = { file: target, offset: readOffset(task, outVa) };
  const start = from.offset ?? source.position, put = to.offset ?? target.position;
  if (start < 0 || put < 0) return -EINVAL;
  const count = Math.min(length, MAX_RW_COUNT, Math.max(0, source.inode.stat().size - start));
  if (source.inode === target.inode && start < put + count && put < start + count) return -EINVAL;
  return transfer(
    count,
    copyStep(task, from, to),
    undefined,
    true,
    () => settle(task, from, inVa, to, outVa),
  );
}

export const rows: SyscallRow[] = [
  row(71, "sendfile", "out_fd:fd in_fd:fd offset:inout:i64 count:size", sendfile),
  row(75, "vmsplice", "fd:fd iov:struct:iovec nr_segs:ulong flags:flags:splice", vmsplice),
  row(76, "splice", "fd_in:fd off_in:inout:i64 fd_out:fd off_out:inout:i64 len:size flags:flags:splice", splice),
  row(77, "tee", "fd_in:fd fd_out:fd len:size flags:flags:splice", tee),
  row(
    285,
    "copy_file_range",
    "fd_in:fd off_in:inout:i64 fd_out:fd off_out:inout:i64 len:size flags:xint",
    copyFileRange,
  ),
];
