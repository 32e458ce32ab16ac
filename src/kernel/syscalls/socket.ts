/** The socket calls (socket(2) and what it names). */
import {
  EACCES,
  EAFNOSUPPORT,
  EAGAIN,
  EALREADY,
  ECONNABORTED,
  EINPROGRESS,
  EINTR,
  EINVAL,
  EMFILE,
  EOPNOTSUPP,
  EPERM,
  EPROTONOSUPPORT,
  ERANGE,
  ERESTARTSYS,
  ESOCKTNOSUPPORT,
} from "../abi/errno.ts";
import { O_NONBLOCK } from "../abi/fcntl.ts";
import { NETLINK_KOBJECT_UEVENT, NETLINK_ROUTE } from "../abi/netlink.ts";
import * as abi from "../abi/socket.ts";
import type { Network } from "../net/network.ts";
import { NetlinkSocket } from "../net/netlink_socket.ts";
import type { Socket } from "../net/socket.ts";
import { TcpSocket } from "../net/tcp_socket.ts";
import { UdpSocket } from "../net/udp_socket.ts";
import { UnixDatagramSocket } from "../net/unix_datagram.ts";
import { UnixStreamSocket } from "../net/unix_stream.ts";
import { ucredSeenFrom } from "../net/message.ts";
import type { Task } from "../task/task.ts";
import { type Blocking, waitOn } from "../wait.ts";
import { networkOf } from "./network.ts";
import { fdLimit, installFd } from "./new_fd.ts";
import { row, type SyscallRow } from "./row.ts";
import { readAddress, socketOf, writeAddress } from "./socket_arguments.ts";
import { rows as transfers } from "./socket_io.ts";

/** Longest option value that is read from the guest. */
const OPTION_MAX = 4096;

/** Makes a socket without a descriptor, or says why there is none of the kind. */
function make(task: Task, network: Network, domain: number, type: number, protocol: number): Socket | number {
  if (domain < 0 || domain >= abi.AF_MAX) return -EAFNOSUPPORT;
  if (type <= 0 || type > abi.SOCK_PACKET) return -EINVAL;
  switch (domain) {
    case abi.AF_UNIX:
      if (protocol !== 0 && protocol !== abi.AF_UNIX) return -EPROTONOSUPPORT;
      if (type === abi.SOCK_STREAM || type === abi.SOCK_SEQPACKET) return new UnixStreamSocket(network, type, task);
      // SOCK_RAW is taken for SOCK_DGRAM, as BSD does.
      if (type === abi.SOCK_DGRAM || type === abi.SOCK_RAW) return new UnixDatagramSocket(network, task);
      return -ESOCKTNOSUPPORT;
    case abi.AF_INET:
    case abi.AF_INET6:
      return makeInet(task, network, domain, type, protocol);
    case abi.AF_NETLINK:
      if (type !== abi.SOCK_RAW && type !== abi.SOCK_DGRAM) return -ESOCKTNOSUPPORT;
      if (protocol !== NETLINK_ROUTE && protocol !== NETLINK_KOBJECT_UEVENT) return -EPROTONOSUPPORT;
      return new NetlinkSocket(network, type, protocol, task);
    case abi.AF_PACKET:
      return task.uid === 0 ? -EAFNOSUPPORT : -EPERM;
    default:
      return -EAFNOSUPPORT;
  }
}

function makeInet(task: Task, network: Network, domain: number, type: number, protocol: number): Socket | number {
  if (protocol < 0 || protocol > 262) return -EINVAL;
  switch (type) {
    case abi.SOCK_STREAM:
      return protocol === 0 || protocol === abi.IPPROTO_TCP ? new TcpSocket(network, domain, task) : -EPROTONOSUPPORT;
    case abi.SOCK_DGRAM:
      if (protocol === 0 || protocol === abi.IPPROTO_UDP) {
        return new UdpSocket(network, domain, abi.IPPROTO_UDP, task);
      }
      if (protocol === abi.IPPROTO_UDPLITE) return new UdpSocket(network, domain, protocol, task);
      // Ping sockets are for the groups in net.ipv4.ping_group_range: none.
      if (protocol === (domain === abi.AF_INET ? abi.IPPROTO_ICMP : abi.IPPROTO_ICMPV6)) return -EACCES;
      return -EPROTONOSUPPORT;
    case abi.SOCK_RAW:
      return task.uid === 0 ? -EPROTONOSUPPORT : -EPERM;
    default:
      return -ESOCKTNOSUPPORT;
  }
}

function splitType(type: number): { kind: number; nonblock: boolean; cloexec: boolean } | undefined {
  if (type & ~(abi.SOCK_TYPE_MASK | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC)) return undefined;
  return {
    kind: type & abi.SOCK_TYPE_MASK,
    nonblock: (type & abi.SOCK_NONBLOCK) !== 0,
    cloexec: (type & abi.SOCK_CLOEXEC) !== 0,
  };
}

function socket(task: Task, domain: number, type: number, protocol: number): number {
  const split = splitType(type);
  if (!split) return -EINVAL;
  const made = make(task, networkOf(task.kernel), domain, split.kind, protocol);
  if (typeof made === "number") return made;
  if (split.nonblock) made.flags |= O_NONBLOCK;
  return installFd(task, made, split.cloexec);
}

function socketpair(task: Task, domain: number, type: number, protocol: number, fds: number): number {
  const split = splitType(type);
  if (!split) return -EINVAL;
  const network = networkOf(task.kernel);
  const a = make(task, network, domain, split.kind, protocol);
  if (typeof a === "number") return a;
  const b = make(task, network, domain, split.kind, protocol);
  if (typeof b === "number") return b;
  const { euid: uid, egid: gid, groups } = task.credentials;
  if (a instanceof UnixStreamSocket && b instanceof UnixStreamSocket) UnixStreamSocket.pair(a, b);
  else if (a instanceof UnixDatagramSocket && b instanceof UnixDatagramSocket) UnixDatagramSocket.pair(a, b);
  else {
    a.unref();
    b.unref();
    return -EOPNOTSUPP;
  }
  for (const end of [a, b]) {
    end.peerCredentials = { pid: task.pid, uid, gid };
    end.peerGroups = groups;
    if (split.nonblock) end.flags |= O_NONBLOCK;
  }
  const first = installFd(task, a, split.cloexec);
  if (first < 0) {
    b.unref();
    return first;
  }
  const second = installFd(task, b, split.cloexec);
  if (second < 0) {
    task.files.close(first);
    return second;
  }
  try {
    task.mm.writeU32(fds, first);
    task.mm.writeU32(fds + 4, second);
  } catch (error) {
    task.files.close(first);
    task.files.close(second);
    throw error;
  }
  return 0;
}

function bind(task: Task, fd: number, va: number, length: number): number {
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  const address = readAddress(task, va, length);
  return typeof address === "number" ? address : socket.bind(address, task);
}

function listen(task: Task, fd: number, backlog: number): number {
  const socket = socketOf(task, fd);
  return typeof socket === "number" ? socket : socket.listen(backlog, task);
}

function accept4(task: Task, fd: number, va: number, lengthVa: number, flags: number): number | Blocking {
  if (flags & ~(abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC)) return -EINVAL;
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  // A descriptor first: a connection must not be lost for want of one.
  if (!task.files.hasRoom(fdLimit(task))) return -EMFILE;
  const accepted = socket.accept();
  if (accepted === -EAGAIN && (socket.flags & O_NONBLOCK) === 0) {
    return acceptLater(task, socket, va, lengthVa, flags);
  }
  return typeof accepted === "number" ? accepted : handOut(task, accepted, va, lengthVa, flags);
}

function* acceptLater(task: Task, socket: Socket, va: number, lengthVa: number, flags: number): Blocking {
  socket.references++;
  try {
    const timeout = socket.readTimeout, wait = waitOn(socket.wait, task.kernel.clock, timeout);
    for (;;) {
      const reason = yield wait;
      const accepted = socket.accept();
      if (typeof accepted !== "number") return handOut(task, accepted, va, lengthVa, flags);
      if (accepted !== -EAGAIN || reason === "timeout") return accepted;
      if (reason === "signal") return timeout === undefined ? -ERESTARTSYS : -EINTR;
    }
  } finally {
    socket.unref();
  }
}

function handOut(task: Task, accepted: Socket, va: number, lengthVa: number, flags: number): number {
  if (flags & abi.SOCK_NONBLOCK) accepted.flags |= O_NONBLOCK;
  if (va !== 0) {
    const peer = accepted.peerName();
    const error = typeof peer === "number" ? -ECONNABORTED : tryWriteAddress(task, accepted, peer, va, lengthVa);
    if (error) {
      accepted.unref();
      return error;
    }
  }
  return installFd(task, accepted, (flags & abi.SOCK_CLOEXEC) !== 0);
}

/** A bad pointer closes the connection again. */
function tryWriteAddress(task: Task, accepted: Socket, peer: Uint8Array, va: number, lengthVa: number): number {
  try {
    return writeAddress(task, peer, va, lengthVa);
  } catch (error) {
    accepted.unref();
    throw error;
  }
}

function accept(task: Task, fd: number, va: number, lengthVa: number): number | Blocking {
  return accept4(task, fd, va, lengthVa, 0);
}

function connect(task: Task, fd: number, va: number, length: number): number | Blocking {
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  const address = readAddress(task, va, length);
  if (typeof address === "number") return address;
  const result = socket.connect(address, task);
  const underWay = result === -EINPROGRESS || result === -EALREADY;
  if ((!underWay && result !== -EAGAIN) || (socket.flags & O_NONBLOCK) !== 0) return result;
  if (underWay) {
    const outcome = socket.connectResult(task);
    if (outcome !== -EAGAIN) return outcome;
  }
  return connectLater(task, socket, address, underWay);
}

/** @param underWay the socket goes on by itself; else there was no room, and it has to try again */
function* connectLater(task: Task, socket: Socket, address: Uint8Array, underWay: boolean): Blocking {
  socket.references++;
  try {
    const timeout = socket.writeTimeout;
    const limit = timeout === undefined ? {} : { deadline: task.kernel.clock.monotonic() + timeout };
    for (;;) {
      const reason = yield { queues: [socket.connectQueue()], ...limit };
      const result = underWay ? socket.connectResult(task) : socket.connect(address, task);
      if (result !== -EAGAIN) return result;
      if (reason === "timeout") return underWay ? -EINPROGRESS : -EAGAIN;
      if (reason === "signal") return timeout === undefined ? -ERESTARTSYS : -EINTR;
    }
  } finally {
    socket.unref();
  }
}

function getsockname(task: Task, fd: number, va: number, lengthVa: number): number {
  const socket = socketOf(task, fd);
  return typeof socket === "number" ? socket : writeAddress(task, socket.name(), va, lengthVa);
}

function getpeername(task: Task, fd: number, va: number, lengthVa: number): number {
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  const name = socket.peerName();
  return typeof name === "number" ? name : writeAddress(task, name, va, lengthVa);
}

function shutdown(task: Task, fd: number, how: number): number {
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  return how < abi.SHUT_RD || how > abi.SHUT_RDWR ? -EINVAL : socket.shutdown(how);
}

function setsockopt(task: Task, fd: number, level: number, name: number, va: number, length: number): number {
  if (length < 0) return -EINVAL;
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  if (length > OPTION_MAX) return -EINVAL;
  const value = length === 0 ? new Uint8Array(0) : task.mm.readBytes(va, length).slice();
  return socket.setOption(level, name, value, task);
}

function getsockopt(task: Task, fd: number, level: number, name: number, va: number, lengthVa: number): number {
  const socket = socketOf(task, fd);
  if (typeof socket === "number") return socket;
  const room = task.mm.readI32(lengthVa);
  if (room < 0) return -EINVAL;
  const value = socket.getOption(level, name, task);
  if (typeof value === "number") return value;
  // Netlink does not cut (net/netlink/af_netlink.c: netlink_getsockopt).
  if (level === abi.SOL_NETLINK && room < value.length) return -EINVAL;
  if (level === abi.SOL_SOCKET && name === abi.SO_PEERGROUPS && room < value.length) {
    task.mm.writeU32(lengthVa, value.length);
    return -ERANGE;
  }
  const isUcred = level === abi.SOL_SOCKET && name === abi.SO_PEERCRED;
  const shown = isUcred ? ucredSeenFrom(task.credentials.userNamespace, value) : value;
  const length = Math.min(room, shown.length);
  if (length > 0) task.mm.writeBytes(va, shown.subarray(0, length));
  task.mm.writeU32(lengthVa, length);
  return 0;
}

export const rows: SyscallRow[] = [
  row(198, "socket", "domain:flags:domain type:flags:socktype protocol:int:protocol =fd", socket),
  row(199, "socketpair", "domain:flags:domain type:flags:socktype protocol:int:protocol sv:out:fdpair", socketpair),
  row(200, "bind", "sockfd:fd addr:struct:sockaddr addrlen:int", bind),
  row(201, "listen", "sockfd:fd backlog:int", listen),
  row(202, "accept", "sockfd:fd addr:out:sockaddr addrlen:inout:socklen =fd", accept),
  row(203, "connect", "sockfd:fd addr:struct:sockaddr addrlen:int", connect),
  row(204, "getsockname", "sockfd:fd addr:out:sockaddr addrlen:inout:socklen", getsockname),
  row(205, "getpeername", "sockfd:fd addr:out:sockaddr addrlen:inout:socklen", getpeername),
  row(
    208,
    "setsockopt",
    "sockfd:fd level:flags:socket_level optname:int:sockopt optval:struct:sockopt optlen:int",
    setsockopt,
  ),
  row(
    209,
    "getsockopt",
    "sockfd:fd level:flags:socket_level optname:int:sockopt optval:out:sockopt optlen:inout:socklen",
    getsockopt,
  ),
  row(210, "shutdown", "sockfd:fd how:flags:shutdown", shutdown),
  row(242, "accept4", "sockfd:fd addr:out:sockaddr addrlen:inout:socklen flags:flags:sock_bits =fd", accept4),
  ...transfers,
];
