/** AF_NETLINK (netlink(7)): NETLINK_ROUTE answers questions about the loopback, NETLINK_KOBJECT_UEVENT never has news. */
import { EADDRINUSE, EAGAIN, ECONNREFUSED, EINVAL, ENOPROTOOPT, EOPNOTSUPP, EPERM } from "../abi/errno.ts";
import * as nl from "../abi/netlink.ts";
import * as abi from "../abi/socket.ts";
import { type FileContext, POLLERR, POLLIN, POLLOUT, POLLRDNORM, POLLWRBAND, POLLWRNORM } from "../fs/file.ts";
import { encodeUcred, type Received, type Sending } from "./message.ts";
import type { Network } from "./network.ts";
import { answerRoute, errorMessage } from "./rtnetlink.ts";
import { Socket } from "./socket.ts";
import { intOption, optionInt } from "./socket_options.ts";

/** Options that are set, and change nothing here. */
const KEPT: ReadonlySet<number> = new Set([
  abi.NETLINK_PKTINFO,
  abi.NETLINK_BROADCAST_ERROR,
  abi.NETLINK_NO_ENOBUFS,
  abi.NETLINK_CAP_ACK,
  abi.NETLINK_EXT_ACK,
  abi.NETLINK_GET_STRICT_CHK,
]);

export class NetlinkSocket extends Socket {
  /** nl_pid: the process id for the first socket of a process, else a number of its own; 0: not bound. */
  port = 0;
  groups = 0;
  readonly #queue: Uint8Array[] = [];
  readonly #kept = new Map<number, number>();

  constructor(network: Network, type: number, protocol: number, owner: { readonly uid: number; readonly gid: number }) {
    super(network, abi.AF_NETLINK, type, protocol, owner);
  }

  override get indivisible(): boolean {
    return true;
  }

  override bind(address: Uint8Array, context: FileContext): number {
    if (address.length < abi.SOCKADDR_NL_SIZE) return -EINVAL;
    const view = new DataView(address.buffer, address.byteOffset, address.length);
    if (view.getUint16(0, true) !== abi.AF_NETLINK) return -EINVAL;
    const port = view.getUint32(4, true), groups = view.getUint32(8, true);
    if (this.port !== 0 && port !== 0 && port !== this.port) return -EINVAL;
    if (groups !== 0 && this.protocol !== nl.NETLINK_ROUTE && this.protocol !== nl.NETLINK_KOBJECT_UEVENT) {
      return -EPERM;
    }
    if (this.port === 0) {
      const error = port === 0 ? this.#autobind(context) : this.#claim(port);
      if (error) return error;
    }
    this.groups = groups;
    return 0;
  }

  #taken(port: number): boolean {
    for (const socket of this.network.sockets) {
      if (socket instanceof NetlinkSocket && socket.protocol === this.protocol && socket.port === port) return true;
    }
    return false;
  }

  #claim(port: number): number {
    if (this.#taken(port)) return -EADDRINUSE;
    this.port = port;
    return 0;
  }

  #autobind(context: FileContext): number {
    let port = context.pid;
    while (this.#taken(port)) port = port === context.pid ? 0xfffff000 : port - 1;
    this.port = port;
    return 0;
  }

  override connect(address: Uint8Array, context: FileContext): number {
    if (address.length < 2) return -EINVAL;
    const view = new DataView(address.buffer, address.byteOffset, address.length);
    const family = view.getUint16(0, true);
    if (family === abi.AF_UNSPEC) return 0;
    if (family !== abi.AF_NETLINK || address.length < abi.SOCKADDR_NL_SIZE) return -EINVAL;
    // Anything but the kernel would be another process's socket.
    if (view.getUint32(4, true) !== 0) return -ECONNREFUSED;
    return this.port === 0 ? this.#autobind(context) : 0;
  }

  override name(): Uint8Array {
    return sockaddr(this.port, this.groups);
  }
  override peerName(): Uint8Array {
    return sockaddr(0, 0);
  }

  override send(data: Uint8Array, sending: Sending, context: FileContext): number {
    if (sending.flags & abi.MSG_OOB) return -EOPNOTSUPP;
    if (sending.address !== undefined) {
      if (sending.address.length < abi.SOCKADDR_NL_SIZE) return -EINVAL;
      const view = new DataView(sending.address.buffer, sending.address.byteOffset, sending.address.length);
      if (view.getUint16(0, true) !== abi.AF_NETLINK) return -EINVAL;
      if (view.getUint32(8, true) !== 0 && context.uid !== 0) return -EPERM;
      if (view.getUint32(4, true) !== 0) return -ECONNREFUSED;
    }
    if (this.port === 0) this.#autobind(context);
    if (this.protocol !== nl.NETLINK_ROUTE) return -ECONNREFUSED;
    const request = data.slice();
    const view = new DataView(request.buffer);
    for (let at = 0; at + nl.NLMSG_HEADER_SIZE <= request.length;) {
      const length = view.getUint32(at, true);
      if (length < nl.NLMSG_HEADER_SIZE || at + length > request.length) break;
      this.#serve(request.slice(at, at + length), context);
      at += (length + 3) & ~3;
    }
    return data.length;
  }

  #serve(message: Uint8Array, context: FileContext): void {
    const view = new DataView(message.buffer);
    const type = view.getUint16(4, true), flags = view.getUint16(6, true);
    if ((flags & nl.NLM_F_REQUEST) === 0) return;
    if (type < nl.NLMSG_MIN_TYPE) {
      if (flags & nl.NLM_F_ACK) this.#queue.push(errorMessage(0, message, this.port));
    } else {
      this.#queue.push(...answerRoute(message, this.port, this.network, context.uid));
    }
    this.wait.wake(Infinity, POLLIN | POLLRDNORM);
  }

  /** Queues a datagram from the kernel. */
  deliver(data: Uint8Array): void {
    this.#queue.push(data);
    this.wait.wake(Infinity, POLLIN | POLLRDNORM);
  }

  override receive(into: Uint8Array, flags: number, received: Received, _context: FileContext): number {
    if (flags & abi.MSG_OOB) return -EOPNOTSUPP;
    if (this.pendingError !== 0) return -this.takeError();
    const data = this.#queue[0];
    if (data === undefined) return -EAGAIN;
    const bytes = Math.min(into.length, data.length);
    into.set(data.subarray(0, bytes));
    if (bytes < data.length) received.flags |= abi.MSG_TRUNC;
    received.address = sockaddr(0, 0);
    if (this.options.passCredentials) {
      received.control.push({
        level: abi.SOL_SOCKET,
        type: abi.SCM_CREDENTIALS,
        data: encodeUcred({ pid: 0, uid: 0, gid: 0 }),
      });
    }
    if ((flags & abi.MSG_PEEK) === 0) this.#queue.shift();
    return flags & abi.MSG_TRUNC ? data.length : bytes;
  }

  override poll(): number {
    let events = POLLOUT | POLLWRNORM | POLLWRBAND;
    if (this.#queue.length > 0) events |= POLLIN | POLLRDNORM;
    if (this.pendingError !== 0) events |= POLLERR;
    return events;
  }

  protected override unread(): number {
    return this.#queue[0]?.length ?? 0;
  }

  protected override setProtocolOption(level: number, name: number, value: Uint8Array): number {
    if (level !== abi.SOL_NETLINK) return -ENOPROTOOPT;
    if (value.length < 4) return -EINVAL;
    const int = optionInt(value);
    switch (name) {
      case abi.NETLINK_ADD_MEMBERSHIP:
      case abi.NETLINK_DROP_MEMBERSHIP:
        if (int < 1 || int > 36) return -EINVAL;
        // Groups of news: nothing about the loopback ever changes.
        if (int <= 32) {
          if (name === abi.NETLINK_ADD_MEMBERSHIP) this.groups |= 1 << (int - 1);
          else this.groups &= ~(1 << (int - 1));
        }
        return 0;
      case abi.NETLINK_LISTEN_ALL_NSID:
        return -EPERM;
      default:
        if (!KEPT.has(name)) return -ENOPROTOOPT;
        this.#kept.set(name, int ? 1 : 0);
        return 0;
    }
  }
  protected override getProtocolOption(level: number, name: number): Uint8Array | number {
    if (level !== abi.SOL_NETLINK || (!KEPT.has(name) && name !== abi.NETLINK_LISTEN_ALL_NSID)) return -ENOPROTOOPT;
    return intOption(this.#kept.get(name) ?? 0);
  }
}

/** struct sockaddr_nl */
function sockaddr(port: number, groups: number): Uint8Array {
  const bytes = new Uint8Array(abi.SOCKADDR_NL_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, abi.AF_NETLINK, true);
  view.setUint32(4, port, true);
  view.setUint32(8, groups, true);
  return bytes;
}
