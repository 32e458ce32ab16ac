/** struct msghdr and its control messages, from and to guest memory (sendmsg(2), recvmsg(2), cmsg(3)). */
import { CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN } from "../abi/capability.ts";
import { EBADF, EINVAL, EMSGSIZE, ENOBUFS, EPERM } from "../abi/errno.ts";
import { O_PATH } from "../abi/fcntl.ts";
import {
  AF_NETLINK,
  AF_UNIX,
  CMSG_HEADER_SIZE,
  cmsgSpace,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSGHDR,
  SCM_CREDENTIALS,
  SCM_MAX_FD,
  SCM_RIGHTS,
  SOCKADDR_STORAGE_SIZE,
  SOL_SOCKET,
  UCRED_SIZE,
} from "../abi/socket.ts";
import { UIO_MAXIOV } from "../abi/uio.ts";
import type { OpenFile } from "../fs/file.ts";
import type { Iovec } from "../mm/guest_memory.ts";
import {
  type ControlMessage,
  dropRights,
  type Received,
  type Sending,
  type Ucred,
  ucredSeenFrom,
} from "../net/message.ts";
import type { Socket } from "../net/socket.ts";
import type { Task } from "../task/task.ts";
import { installFd } from "./new_fd.ts";

/** net.core.optmem_max: most control bytes of one send. */
const OPTMEM_MAX = 20480;

/** A msghdr taken apart. */
export interface Header {
  readonly va: number;
  readonly name: number;
  readonly nameLength: number;
  readonly vector: Iovec[];
  readonly control: number;
  readonly controlLength: number;
}

/** Reads a struct msghdr, or returns a negative errno. */
export function readHeader(task: Task, va: number): Header | number {
  const { mm } = task;
  const name = mm.readNumber(va + MSGHDR.name);
  let nameLength = mm.readI32(va + MSGHDR.namelen);
  const count = mm.readNumber(va + MSGHDR.iovlen);
  const controlLength = mm.readNumber(va + MSGHDR.controllen);
  if (name === 0) nameLength = 0;
  if (nameLength < 0) return -EINVAL;
  if (count > UIO_MAXIOV) return -EMSGSIZE;
  if (controlLength > 0x7fffffff) return -ENOBUFS;
  const vector = mm.readIovec(mm.readNumber(va + MSGHDR.iov), count);
  if (typeof vector === "number") return vector;
  return {
    va,
    name,
    nameLength: Math.min(nameLength, SOCKADDR_STORAGE_SIZE),
    vector,
    control: mm.readNumber(va + MSGHDR.control),
    controlLength,
  };
}

/** Collects what a send carries besides bytes. References to descriptors are new ones. */
export function readSending(task: Task, socket: Socket, header: Header, flags: number): Sending | number {
  const sending: Sending = {
    flags,
    address: header.nameLength > 0 ? task.mm.readBytes(header.name, header.nameLength) : undefined,
    rights: undefined,
    credentials: undefined,
    control: [],
  };
  if (header.controlLength === 0) return sending;
  if (header.controlLength > OPTMEM_MAX) return -ENOBUFS;
  const bytes = task.mm.readBytes(header.control, header.controlLength).slice();
  const messages = splitControl(bytes);
  if (typeof messages === "number") return messages;
  const local = socket.domain === AF_UNIX || socket.domain === AF_NETLINK;
  const control: ControlMessage[] = [];
  for (const message of messages) {
    if (message.level !== SOL_SOCKET) {
      control.push(message);
      continue;
    }
    // Other families ignore these two (net/core/sock.c: __sock_cmsg_send).
    const error = local ? takeLocal(task, socket, message, sending) : isLocal(message.type) ? 0 : -EINVAL;
    if (error) {
      dropRights(sending.rights);
      return error;
    }
  }
  sending.control = control;
  return sending;
}

function isLocal(type: number): boolean {
  return type === SCM_RIGHTS || type === SCM_CREDENTIALS;
}

/** Splits a control buffer. */
function splitControl(bytes: Uint8Array): ControlMessage[] | number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const messages: ControlMessage[] = [];
  for (let at = 0; at + CMSG_HEADER_SIZE <= bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    if (length < CMSG_HEADER_SIZE || at + length > bytes.length) return -EINVAL;
    messages.push({
      level: view.getInt32(at + 8, true),
      type: view.getInt32(at + 12, true),
      data: bytes.subarray(at + CMSG_HEADER_SIZE, at + length),
    });
    at += (length + 7) & ~7;
  }
  return messages;
}

/** SCM_RIGHTS and SCM_CREDENTIALS of a local socket. */
function takeLocal(task: Task, socket: Socket, { type, data }: ControlMessage, sending: Sending): number {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  if (type === SCM_RIGHTS && socket.domain === AF_UNIX) {
    const count = data.length >> 2;
    if (count + (sending.rights?.length ?? 0) > SCM_MAX_FD) return -EINVAL;
    const files: OpenFile[] = sending.rights ?? [];
    for (let i = 0; i < count; i++) {
      const file = task.files.get(view.getInt32(4 * i, true));
      if (!file || (file.flags & O_PATH) !== 0) {
        sending.rights = files;
        return -EBADF;
      }
      file.references++;
      files.push(file);
    }
    sending.rights = files.length > 0 ? files : undefined;
    return 0;
  }
  if (type === SCM_CREDENTIALS) {
    if (data.length !== UCRED_SIZE) return -EINVAL;
    const { uids, gids } = task.credentials.userNamespace;
    const uid = uids.toKernel(view.getUint32(4, true)), gid = gids.toKernel(view.getUint32(8, true));
    if (uid === undefined || gid === undefined) return -EINVAL;
    const claim = { pid: view.getInt32(0, true), uid, gid };
    if (!mayClaim(task, claim)) return -EPERM;
    sending.credentials = claim;
    return 0;
  }
  return -EINVAL;
}

/** Whether the caller may say it is this (unix(7), SCM_CREDENTIALS). */
function mayClaim(task: Task, claim: Ucred): boolean {
  const { uid, euid, suid, gid, egid, sgid } = task.credentials;
  return (claim.pid === task.pid || task.capable(CAP_SYS_ADMIN)) &&
    (claim.uid === uid || claim.uid === euid || claim.uid === suid || task.capableInside(CAP_SETUID)) &&
    (claim.gid === gid || claim.gid === egid || claim.gid === sgid || task.capableInside(CAP_SETGID));
}

/** Writes control messages into a receiver's buffer, as far as it goes. */
class ControlWriter {
  written = 0;
  truncated = false;

  constructor(readonly task: Task, readonly va: number, readonly length: number) {}

  put(level: number, type: number, data: Uint8Array): void {
    const room = this.length - this.written;
    if (room < CMSG_HEADER_SIZE) {
      this.truncated = true;
      return;
    }
    const full = CMSG_HEADER_SIZE + data.length, size = Math.min(full, room);
    if (size < full) this.truncated = true;
    const { mm } = this.task, at = this.va + this.written;
    mm.writeU64(at, BigInt(size));
    mm.writeU32(at + 8, level);
    mm.writeU32(at + 12, type);
    if (size > CMSG_HEADER_SIZE) mm.writeBytes(at + CMSG_HEADER_SIZE, data.subarray(0, size - CMSG_HEADER_SIZE));
    this.written += Math.min(cmsgSpace(data.length), room);
  }

  /** Installs as many descriptors as there is room for; the others are dropped. */
  putRights(files: readonly OpenFile[], cloexec: boolean): void {
    const room = Math.floor((this.length - this.written - CMSG_HEADER_SIZE) / 4);
    const fds: number[] = [];
    for (const file of files) {
      if (fds.length < room && !this.truncated) {
        const fd = installFd(this.task, file, cloexec);
        if (fd >= 0) {
          fds.push(fd);
          continue;
        }
        // installFd has dropped it.
        this.truncated = true;
        continue;
      }
      this.truncated = true;
      file.unref();
    }
    if (fds.length > 0) this.put(SOL_SOCKET, SCM_RIGHTS, new Uint8Array(new Int32Array(fds).buffer));
  }
}

/** Fills in a receiver's msghdr. */
export function writeReceived(task: Task, header: Header, received: Received, flags: number): void {
  const { mm } = task, { va } = header;
  let rights = received.rights;
  try {
    if (header.name !== 0) {
      const address = received.address ?? new Uint8Array(0);
      if (address.length > 0) mm.writeBytes(header.name, address.subarray(0, header.nameLength));
      mm.writeU32(va + MSGHDR.namelen, address.length);
    }
    const writer = new ControlWriter(task, header.control, header.control === 0 ? 0 : header.controlLength);
    for (const { level, type, data } of received.control) {
      const isUcred = level === SOL_SOCKET && type === SCM_CREDENTIALS;
      writer.put(level, type, isUcred ? ucredSeenFrom(task.credentials.userNamespace, data) : data);
    }
    if (rights !== undefined) {
      const files = rights;
      rights = undefined;
      writer.putRights(files, (flags & MSG_CMSG_CLOEXEC) !== 0);
    }
    mm.writeU32(
      va + MSGHDR.flags,
      received.flags | (flags & MSG_CMSG_CLOEXEC) | (writer.truncated ? MSG_CTRUNC : 0),
    );
    mm.writeU64(va + MSGHDR.controllen, BigInt(writer.written));
  } finally {
    dropRights(rights);
  }
}
