/**
 * Moving bytes between guest memory and sockets: the loops behind send(2) and recv(2) with all their flags.
 *
 * Streams move piece by piece, straight from and to guest memory. What is a message goes in one piece, through a
 * buffer if it lies in several.
 */
import { EAGAIN, EINTR, EMSGSIZE, ERESTARTSYS } from "../abi/errno.ts";
import { O_NONBLOCK } from "../abi/fcntl.ts";
import { MSG_DONTWAIT, MSG_OOB, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, SOCK_STREAM } from "../abi/socket.ts";
import { MAX_RW_COUNT } from "../abi/uio.ts";
import { POLLRDHUP } from "../fs/file.ts";
import type { Iovec } from "../mm/guest_memory.ts";
import { Received, type Sending } from "../net/message.ts";
import type { Socket } from "../net/socket.ts";
import type { Task } from "../task/task.ts";
import { type Blocking, waitOn } from "../wait.ts";

/** No socket takes or gives a longer message. */
const MESSAGE_MAX = 1 << 20;
/** Bytes of a stream that move between two looks at the world. */
const STREAM_PIECE = 1 << 20;
const NOTHING = new Uint8Array(0);

export function totalLength(vector: readonly Iovec[]): number {
  let total = 0;
  for (const { length } of vector) total += length;
  return Math.min(total, MAX_RW_COUNT);
}

function mayWait(socket: Socket, flags: number): boolean {
  return (flags & MSG_DONTWAIT) === 0 && (socket.flags & O_NONBLOCK) === 0;
}

/** What a signal makes of a wait: with a timeout it cannot simply start again (signal(7)). */
function interrupted(timeout: number | undefined): number {
  return timeout === undefined ? -ERESTARTSYS : -EINTR;
}

/** A position in a vector of ranges. */
class Cursor {
  #index = 0;
  #offset = 0;
  done = 0;
  constructor(readonly vector: readonly Iovec[], readonly total: number) {}

  /** The next range that lies in one piece, at most `max` bytes. */
  view(task: Task, access: "read" | "write", max: number): Uint8Array {
    for (;;) {
      const range = this.vector[this.#index];
      if (range === undefined || this.done >= this.total) return NOTHING;
      const left = Math.min(range.length - this.#offset, this.total - this.done, max);
      if (left > 0) return task.mm.view(range.base + this.#offset, left, access);
      this.#index++;
      this.#offset = 0;
    }
  }
  advance(bytes: number): void {
    this.#offset += bytes;
    this.done += bytes;
  }
}

/** The bytes of a whole message: a view of guest memory, or a copy. */
function gather(task: Task, vector: readonly Iovec[], total: number): Uint8Array {
  if (total === 0) return NOTHING;
  const filled = vector.filter(({ length }) => length > 0);
  if (filled.length === 1) {
    const view = task.mm.view(filled[0]!.base, total, "read");
    if (view.length === total) return view;
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const { base, length } of filled) {
    const piece = Math.min(length, total - at);
    if (piece > 0) task.mm.readInto(base, bytes.subarray(at, at + piece));
    at += piece;
  }
  return bytes;
}

/** One send call. What `sending` carries is the socket's when it has taken the first byte. */
export function send(task: Task, socket: Socket, vector: readonly Iovec[], sending: Sending): number | Blocking {
  const total = totalLength(vector);
  if (socket.type !== SOCK_STREAM || (sending.flags & MSG_OOB) !== 0 || total === 0) {
    if (total > MESSAGE_MAX) return -EMSGSIZE;
    const result = socket.send(gather(task, vector, total), sending, task);
    if (result !== -EAGAIN || !mayWait(socket, sending.flags)) return result;
    return sendLater(task, socket, () => socket.send(gather(task, vector, total), sending, task));
  }
  const cursor = new Cursor(vector, total);
  const step = () => sendSome(task, socket, cursor, sending);
  const result = step();
  if (result !== -EAGAIN) return result;
  if (!mayWait(socket, sending.flags)) return cursor.done > 0 ? cursor.done : -EAGAIN;
  return sendLater(task, socket, step, cursor);
}

/** Sends until all is sent or the socket is full (`-EAGAIN`). */
function sendSome(task: Task, socket: Socket, cursor: Cursor, sending: Sending): number {
  for (;;) {
    const piece = cursor.view(task, "read", STREAM_PIECE), wanted = piece.length;
    const result = socket.send(piece, sending, task);
    if (result < 0) return result !== -EAGAIN && cursor.done > 0 ? cursor.done : result;
    // Whatever came along is on its way with the first byte.
    sending.rights = undefined;
    sending.address = undefined;
    cursor.advance(result);
    if (cursor.done >= cursor.total) return cursor.done;
    if (result < wanted) return -EAGAIN;
  }
}

function* sendLater(task: Task, socket: Socket, step: () => number, cursor?: Cursor): Blocking {
  socket.references++;
  try {
    const timeout = socket.writeTimeout, wait = waitOn(socket.wait, task.kernel.clock, timeout);
    for (;;) {
      const reason = yield wait;
      const result = step();
      if (result !== -EAGAIN) return result;
      const done = cursor?.done ?? 0;
      if (reason === "timeout") return done > 0 ? done : -EAGAIN;
      if (reason === "signal") return done > 0 ? done : interrupted(timeout);
    }
  } finally {
    socket.unref();
  }
}

/** One receive call; `received` is filled when it ends well. */
export function receive(
  task: Task,
  socket: Socket,
  vector: readonly Iovec[],
  flags: number,
  received: Received,
): number | Blocking {
  const total = totalLength(vector);
  if (socket.type !== SOCK_STREAM || (flags & (MSG_PEEK | MSG_OOB | MSG_TRUNC)) !== 0) {
    const wants = socket.type === SOCK_STREAM && (flags & MSG_WAITALL) !== 0 ? total : 1;
    const step = () => receiveMessage(task, socket, vector, total, flags, received, wants);
    const result = step();
    if (result !== -EAGAIN || !mayWait(socket, flags) || (flags & MSG_OOB) !== 0) return result;
    return receiveLater(task, socket, step);
  }
  const cursor = new Cursor(vector, total);
  const target = (flags & MSG_WAITALL) !== 0 ? total : Math.min(total, socket.options.receiveLowWater);
  const step = () => receiveSome(task, socket, cursor, flags, received, target);
  const result = step();
  if (result !== -EAGAIN) return result;
  if (!mayWait(socket, flags)) return cursor.done > 0 ? cursor.done : -EAGAIN;
  return receiveLater(task, socket, step, cursor);
}

/** One message, or a look at a stream; `-EAGAIN` if a look finds less than it wants. */
function receiveMessage(
  task: Task,
  socket: Socket,
  vector: readonly Iovec[],
  total: number,
  flags: number,
  received: Received,
  wants: number,
): number {
  const filled = vector.filter(({ length }) => length > 0);
  const only = filled.length === 1 ? task.mm.view(filled[0]!.base, total, "write") : NOTHING;
  const direct = only.length === total;
  const buffer = direct ? only : new Uint8Array(Math.min(total, MESSAGE_MAX));
  const result = socket.receive(buffer, flags, received, task);
  if (result > 0 && result < wants && (flags & MSG_DONTWAIT) === 0 && (socket.poll() & POLLRDHUP) === 0) return -EAGAIN;
  if (result <= 0 || direct) return result;
  let at = 0;
  const count = Math.min(result, buffer.length);
  for (const { base, length } of filled) {
    if (at >= count) break;
    const piece = Math.min(length, count - at);
    task.mm.writeBytes(base, buffer.subarray(at, at + piece));
    at += piece;
  }
  return result;
}

/** Receives until all is there, the stream ends, or nothing more comes: `-EAGAIN` below `target` bytes. */
function receiveSome(
  task: Task,
  socket: Socket,
  cursor: Cursor,
  flags: number,
  received: Received,
  target: number,
): number {
  for (;;) {
    const piece = cursor.view(task, "write", STREAM_PIECE), wanted = piece.length;
    const result = socket.receive(piece, flags, received, task);
    if (result <= 0) {
      if (result !== -EAGAIN || cursor.done >= target) return cursor.done > 0 ? cursor.done : result;
      return -EAGAIN;
    }
    cursor.advance(result);
    if (cursor.done >= cursor.total || received.rights !== undefined) return cursor.done;
    if (result < wanted && cursor.done >= target) return cursor.done;
  }
}

function* receiveLater(task: Task, socket: Socket, step: () => number, cursor?: Cursor): Blocking {
  socket.references++;
  try {
    const timeout = socket.readTimeout, wait = waitOn(socket.wait, task.kernel.clock, timeout);
    for (;;) {
      const reason = yield wait;
      const result = step();
      if (result !== -EAGAIN) return result;
      const done = cursor?.done ?? 0;
      if (reason === "timeout") return done > 0 ? done : -EAGAIN;
      if (reason === "signal") return done > 0 ? done : interrupted(timeout);
    }
  } finally {
    socket.unref();
  }
}
