/** Calls that move bytes through sockets: send(2), recv(2), sendmsg(2), recvmsg(2) and their vectors. */
import { EINVAL } from "../abi/errno.ts";
import * as abi from "../abi/socket.ts";
import { NSEC_PER_SEC } from "../abi/time.ts";
import { dropRights, plainSending, Received, type Sending } from "../net/message.ts";
import type { Socket } from "../net/socket.ts";
import type { Task } from "../task/task.ts";
import type { Blocking } from "../wait.ts";
import { row, type SyscallRow } from "./row.ts";
import { readAddress, socketOf, writeAddress } from "./socket_arguments.ts";
import { type Header, readHeader, readSending, writeReceived } from "./socket_message.ts";
import { receive, send } from "./socket_transfer.ts";

function sendto(
  task: Task,
  fd: number,
  va: number,
  length: number,
  flags: number,
  addressVa: number,
  addressLength: number,
): number | Blocking {
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  const sending = plainSending(flags);
  if (addressVa !== 0) {
    const address = readAddress(task, addressVa, addressLength);
    if (typeof address === "number") return address;
    if (address.length > 0) sending.address = address;
  }
  return send(task, socket, [{ base: va, length }], sending);
}

function recvfrom(
  task: Task,
  fd: number,
  va: number,
  length: number,
  flags: number,
  addressVa: number,
  lengthVa: number,
): number | Blocking {
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  const received = new Received();
  const finish = (result: number): number => {
    dropRights(received.rights);
    received.rights = undefined;
    if (result < 0 || addressVa === 0) return result;
    return writeAddress(task, received.address ?? new Uint8Array(0), addressVa, lengthVa) || result;
  };
  const result = receive(task, socket, [{ base: va, length }], flags, received);
  return typeof result === "object" ? then(result, finish) : finish(Number(result));
}

/** Goes on when a wait is over. */
function* then(wait: Blocking, next: (result: number) => number): Blocking {
  return next(Number(yield* wait));
}

function sendHeader(task: Task, socket: Socket, header: Header, flags: number): number | Blocking {
  const sending = readSending(task, socket, header, flags);
  if (typeof sending === "number") return sending;
  return settleRights(socket, sending, () => send(task, socket, header.vector, sending));
}

/** Drops the descriptors of a send that failed, or that had no byte to go with. */
function settleRights(socket: Socket, sending: Sending, call: () => number | Blocking): number | Blocking {
  const { rights } = sending;
  const drop = (result: number): number => {
    const stayed = result < 0 || (result === 0 && socket.type === abi.SOCK_STREAM);
    if (stayed && rights !== undefined && sending.rights === rights) dropRights(rights);
    return result;
  };
  let result;
  try {
    result = call();
  } catch (error) {
    drop(-1);
    throw error;
  }
  return typeof result === "object" ? then(result, drop) : drop(Number(result));
}

function sendmsg(task: Task, fd: number, va: number, flags: number): number | Blocking {
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  const header = readHeader(task, va);
  return typeof header === "number" ? header : sendHeader(task, socket, header, flags);
}

function receiveHeader(task: Task, socket: Socket, header: Header, flags: number): number | Blocking {
  const received = new Received();
  const finish = (result: number): number => {
    if (result < 0) dropRights(received.rights);
    else writeReceived(task, header, received, flags);
    return result;
  };
  const result = receive(task, socket, header.vector, flags, received);
  return typeof result === "object" ? then(result, finish) : finish(Number(result));
}

function recvmsg(task: Task, fd: number, va: number, flags: number): number | Blocking {
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  const header = readHeader(task, va);
  return typeof header === "number" ? header : receiveHeader(task, socket, header, flags);
}

function sendmmsg(task: Task, fd: number, va: number, count: number, flags: number): number | Blocking {
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  return many(task, va, Math.min(count >>> 0, 1024), (header) => sendHeader(task, socket, header, flags));
}

function recvmmsg(
  task: Task,
  fd: number,
  va: number,
  count: number,
  flags: number,
  timeout: number,
): number | Blocking {
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  let deadline = Infinity;
  if (timeout !== 0) {
    const seconds = task.mm.readLong(timeout), nanoseconds = task.mm.readLong(timeout + 8);
    if (seconds < 0 || nanoseconds < 0 || nanoseconds >= NSEC_PER_SEC) return -EINVAL;
    deadline = task.kernel.clock.monotonic() + seconds * NSEC_PER_SEC + nanoseconds;
  }
  const pending = socket.takeError();
  if (pending !== 0) return -pending;
  let call = flags & ~abi.MSG_WAITFORONE;
  return many(task, va, Math.min(count >>> 0, 1024), (header) => receiveHeader(task, socket, header, call), () => {
    // The time is looked at between messages only: known as a bug, and kept (recvmmsg(2)).
    if (flags & abi.MSG_WAITFORONE) call |= abi.MSG_DONTWAIT;
    return task.kernel.clock.monotonic() < deadline;
  });
}

/** Does something with each of an array of struct mmsghdr until one fails; counts those that did not. */
function* many(
  task: Task,
  va: number,
  count: number,
  each: (header: Header) => number | Blocking,
  goOn: () => boolean = () => true,
): Blocking {
  let done = 0;
  while (done < count) {
    const at = va + done * abi.MMSGHDR_SIZE;
    const header = readHeader(task, at);
    const step = typeof header === "number" ? header : each(header);
    const result = typeof step === "object" ? Number(yield* step) : Number(step);
    if (result < 0) return done > 0 ? done : result;
    task.mm.writeU32(at + abi.MMSGHDR_LEN, result);
    done++;
    if (!goOn()) break;
  }
  return done;
}

export const rows: SyscallRow[] = [
  row(206, "sendto", "sockfd:fd buf:buf:len len:size flags:flags:msg dest_addr:struct:sockaddr addrlen:int", sendto),
  row(
    207,
    "recvfrom",
    "sockfd:fd buf:outbuf len:size flags:flags:msg src_addr:out:sockaddr addrlen:inout:socklen",
    recvfrom,
  ),
  row(211, "sendmsg", "sockfd:fd msg:struct:msghdr flags:flags:msg", sendmsg),
  row(212, "recvmsg", "sockfd:fd msg:inout:msghdr flags:flags:msg", recvmsg),
  row(
    243,
    "recvmmsg",
    "sockfd:fd msgvec:outarray:mmsghdr vlen:uint flags:flags:msg timeout:struct:timespec =by:recvmmsg",
    recvmmsg,
  ),
  row(269, "sendmmsg", "sockfd:fd msgvec:outarray:mmsghdr vlen:uint flags:flags:msg", sendmmsg),
];
