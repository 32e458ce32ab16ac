/**
 * Asynchronous I/O of the kernel (io_setup(2), io_submit(2), io_getevents(2), what libaio uses). Requests are served
 * when they are submitted, as Linux serves buffered I/O; only the results are fetched later.
 */
import { decodeIocb, encodeIoEvent, IO_EVENT_SIZE, type Iocb, IOCB_SIZE } from "../abi/aio.ts";
import * as aio from "../abi/aio.ts";
import { EAGAIN, EBADF, EINTR, EINVAL } from "../abi/errno.ts";
import { O_PATH } from "../abi/fcntl.ts";
import { EventFd } from "../ipc/eventfd.ts";
import type { OpenFile } from "../fs/file.ts";
import { map, munmap } from "../mm/map.ts";
import type { Mm } from "../mm/mm.ts";
import type { Task } from "../task/task.ts";
import { type Blocking, WaitQueue } from "../wait.ts";
import { readFile, readFileVector, readVector, writeFile, writeFileVector } from "./read_write.ts";
import { row, type SyscallRow } from "./row.ts";
import { deadlineFromTimespec } from "./timeouts.ts";

/** /proc/sys/fs/aio-max-nr, for one context. */
const MAX_EVENTS = 65536;

/** One event to be fetched: struct io_event. */
type Event = Uint8Array;

class AioContext {
  readonly wait: WaitQueue = new WaitQueue();
  readonly events: Event[] = [];
  /** Polls under way, by the address of their control block. */
  readonly polls = new Map<number, () => void>();

  constructor(readonly room: number) {}

  get full(): boolean {
    return this.events.length + this.polls.size >= this.room;
  }

  complete(iocb: Iocb, va: number, result: number, told: EventFd | undefined): void {
    this.events.push(encodeIoEvent(iocb.data, va, result));
    told?.signal();
    this.wait.wake();
  }
}

/** Contexts by id, which is an address of the process, as libaio looks for the event ring there. */
const contexts = new WeakMap<Mm, Map<number, AioContext>>();

function contextOf(task: Task, id: number): AioContext | undefined {
  return contexts.get(task.mm)?.get(id);
}

function ioSetup(task: Task, count: number, idVa: number): number {
  const { mm } = task;
  if (mm.readNumber(idVa) !== 0 || count <= 0) return -EINVAL;
  if (count > MAX_EVENTS) return -EAGAIN;
  // A page of zeros: no ring that user space could read, so libaio makes the calls.
  const id = map(mm, { address: 0, length: 4096, prot: 3, flags: 0 });
  if (id < 0) return id;
  let known = contexts.get(mm);
  if (!known) contexts.set(mm, known = new Map());
  known.set(id, new AioContext(count));
  mm.writeLong(idVa, id);
  return 0;
}

function ioDestroy(task: Task, id: number): number {
  const context = contextOf(task, id);
  if (!context) return -EINVAL;
  for (const stop of context.polls.values()) stop();
  contexts.get(task.mm)!.delete(id);
  munmap(task.mm, id, 4096);
  context.wait.wake();
  return 0;
}

/** Waits for POLL* events without a thread. */
function startPoll(context: AioContext, task: Task, file: OpenFile, iocb: Iocb, va: number, told?: EventFd): void {
  const wanted = iocb.buf & 0xffff, queue = file.pollQueue(task);
  const ready = () => file.poll(task) & (wanted | 0x18);
  if (ready() !== 0) return context.complete(iocb, va, ready(), told);
  file.references++;
  const watcher = {
    notify: () => {
      const events = ready();
      if (events === 0) return;
      stop();
      context.complete(iocb, va, events, told);
    },
  };
  const stop = () => {
    queue.unwatch(watcher);
    if (context.polls.delete(va)) file.unref();
  };
  context.polls.set(va, stop);
  queue.watch(watcher);
}

/** Serves one request: its result, which may be a wait, or undefined when it will complete by itself. */
function serve(task: Task, context: AioContext, iocb: Iocb, va: number, told?: EventFd): number | Blocking | undefined {
  const file = task.files.get(iocb.fd)!;
  const reads = iocb.opcode === aio.IOCB_CMD_PREAD || iocb.opcode === aio.IOCB_CMD_PREADV;
  switch (iocb.opcode) {
    case aio.IOCB_CMD_PREAD:
    case aio.IOCB_CMD_PWRITE:
    case aio.IOCB_CMD_PREADV:
    case aio.IOCB_CMD_PWRITEV: {
      if (reads ? !file.readable : !file.writable) return -EBADF;
      if (iocb.offset < 0) return -EINVAL;
      // Streams have no positions.
      const offset = file.inode.isRegular ? iocb.offset : -1;
      if (iocb.opcode === aio.IOCB_CMD_PREAD) return readFile(task, file, iocb.buf, iocb.nbytes, offset);
      if (iocb.opcode === aio.IOCB_CMD_PWRITE) return writeFile(task, file, iocb.buf, iocb.nbytes, offset);
      const vector = readVector(task, iocb.buf, iocb.nbytes);
      if (typeof vector === "number") return vector;
      return reads ? readFileVector(task, file, vector, offset) : writeFileVector(task, file, vector, offset);
    }
    case aio.IOCB_CMD_FSYNC:
    case aio.IOCB_CMD_FDSYNC:
      return file.sync();
    case aio.IOCB_CMD_POLL:
      startPoll(context, task, file, iocb, va, told);
      return undefined;
    default:
      return -EINVAL;
  }
}

/** What makes a request invalid before it starts. */
function check(task: Task, iocb: Iocb): number {
  if (!iocb.valid || (iocb.flags & ~(aio.IOCB_FLAG_RESFD | aio.IOCB_FLAG_IOPRIO)) !== 0) return -EINVAL;
  if (iocb.opcode > aio.IOCB_CMD_PWRITEV || iocb.opcode === 4 || iocb.opcode === aio.IOCB_CMD_NOOP) return -EINVAL;
  const file = task.files.get(iocb.fd);
  if (!file || (file.flags & O_PATH) !== 0) return -EBADF;
  const told = (iocb.flags & aio.IOCB_FLAG_RESFD) !== 0;
  return told && !(task.files.get(iocb.resultFd) instanceof EventFd) ? -EBADF : 0;
}

function* ioSubmit(task: Task, id: number, count: number, iocbs: number): Blocking {
  const context = contextOf(task, id);
  if (!context || count < 0) return -EINVAL;
  let submitted = 0;
  for (; submitted < Math.min(count, MAX_EVENTS); submitted++) {
    const va = task.mm.readNumber(iocbs + 8 * submitted);
    const iocb = decodeIocb(task.mm.readBytes(va, IOCB_SIZE));
    const error = context.full ? -EAGAIN : check(task, iocb);
    if (error) return submitted || error;
    const told = (iocb.flags & aio.IOCB_FLAG_RESFD) !== 0 ? task.files.get(iocb.resultFd) as EventFd : undefined;
    const started = serve(task, context, iocb, va, told);
    if (started === undefined) continue;
    let result = typeof started === "number" ? started : Number(yield* started);
    // A restart would serve the request again: the request itself was interrupted.
    if (result <= -512) result = -EINTR;
    context.complete(iocb, va, result, told);
  }
  return submitted;
}

function ioCancel(task: Task, id: number, va: number): number {
  const context = contextOf(task, id);
  if (!context) return -EINVAL;
  const stop = context.polls.get(va);
  // What was submitted is done, except polls.
  if (!stop) return -EINVAL;
  stop();
  context.complete(decodeIocb(task.mm.readBytes(va, IOCB_SIZE)), va, 0, undefined);
  return 0;
}

function* ioGetevents(task: Task, id: number, least: number, most: number, events: number, timeout: number): Blocking {
  const context = contextOf(task, id);
  if (!context || least < 0 || most < 0 || least > most) return -EINVAL;
  const deadline = timeout === 0 ? Infinity : deadlineFromTimespec(task, timeout);
  if (deadline < 0) return deadline;
  let taken = 0;
  for (;;) {
    while (taken < most && context.events.length > 0) {
      task.mm.writeBytes(events + taken * IO_EVENT_SIZE, context.events[0]!);
      context.events.shift();
      taken++;
    }
    if (taken >= least || contextOf(task, id) !== context) return taken;
    const reason = yield { queues: [context.wait], deadline };
    if (reason === "timeout" || (reason === "signal" && taken > 0)) return taken;
    if (reason === "signal") return -EINTR;
  }
}

/** io_getevents with a signal mask: struct __aio_sigset is a pointer to the mask and its size. */
function ioPgetevents(
  task: Task,
  id: number,
  least: number,
  most: number,
  events: number,
  timeout: number,
  set: number,
): number | Blocking {
  const mask = set === 0 ? 0 : task.mm.readNumber(set);
  if (mask !== 0) {
    if (task.mm.readNumber(set + 8) !== 8) return -EINVAL;
    task.useTemporaryMask(task.mm.readU64(mask));
  }
  return ioGetevents(task, id, least, most, events, timeout);
}

export const rows: SyscallRow[] = [
  row(0, "io_setup", "nr_events:uint ctx_idp:out:hexlong", ioSetup),
  row(1, "io_destroy", "ctx_id:ptr", ioDestroy),
  row(2, "io_submit", "ctx_id:ptr nr:long iocbpp:array:iocbptr:nr", ioSubmit, "requests are served at once"),
  row(3, "io_cancel", "ctx_id:ptr iocb:struct:iocb result:out:io_event", ioCancel, "only polls can be cancelled"),
  row(
    4,
    "io_getevents",
    "ctx_id:ptr min_nr:long nr:long events:outarray:io_event timeout:struct:timespec",
    ioGetevents,
  ),
  row(
    292,
    "io_pgetevents",
    "ctx_id:ptr min_nr:long nr:long events:outarray:io_event timeout:struct:timespec usig:struct:sigset_arg",
    ioPgetevents,
  ),
];
