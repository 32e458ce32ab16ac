/**
 * What all sockets have in common (socket(2)). No packet ever leaves the kernel: sockets of one {@link Network} find
 * each other by address and hand bytes over directly.
 *
 * As with every open file nothing here blocks: `-EAGAIN` means "wait on {@link OpenFile.wait} and try again".
 */
import { EINVAL, EISCONN, ENODATA, ENOPROTOOPT, ENOTCONN, ENOTTY, EOPNOTSUPP, EPIPE } from "../abi/errno.ts";
import { F_OWNER_PGRP, F_OWNER_PID, O_RDWR } from "../abi/fcntl.ts";
import * as ioctls from "../abi/ioctl.ts";
import { SIGPIPE } from "../abi/signal.ts";
import * as abi from "../abi/socket.ts";
import { type FileContext, OpenFile } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import { socketInode } from "../fs/pseudo_inode.ts";
import type { WaitQueue } from "../wait.ts";
import { encodeUcred, plainSending, Received, type Sending } from "./message.ts";
import type { Network } from "./network.ts";
import { interfaceIoctl } from "./interface_ioctl.ts";
import { intOption, SocketOptions } from "./socket_options.ts";

export abstract class Socket extends OpenFile {
  readonly options: SocketOptions = new SocketOptions();
  /** The error to be reported by the next operation or SO_ERROR; 0 for none. */
  protected pendingError = 0;

  /** @param owner who made it: the ids that stat shows. */
  constructor(
    readonly network: Network,
    readonly domain: number,
    readonly type: number,
    readonly protocol: number,
    owner: { readonly uid: number; readonly gid: number },
    inode: Inode = socketInode(owner.uid, owner.gid),
  ) {
    super(O_RDWR, inode);
    network.sockets.add(this);
  }

  override get indivisible(): boolean {
    return this.type !== abi.SOCK_STREAM;
  }

  /** Takes the pending error: a positive errno, 0 for none. */
  takeError(): number {
    const error = this.pendingError;
    this.pendingError = 0;
    return error;
  }

  bind(_address: Uint8Array, _context: FileContext): number {
    return -EOPNOTSUPP;
  }
  listen(_backlog: number, _context: FileContext): number {
    return -EOPNOTSUPP;
  }
  /** Takes the next connection; `-EAGAIN` if there is none. */
  accept(): Socket | number {
    return -EOPNOTSUPP;
  }
  /**
   * Starts to connect. `-EINPROGRESS` and `-EALREADY`: under way, ask {@link connectResult} when
   * {@link connectQueue} wakes.
   */
  connect(_address: Uint8Array, _context: FileContext): number {
    return -EOPNOTSUPP;
  }
  /** How a connect under way came out: 0, a negative errno, `-EAGAIN` while it goes on. */
  connectResult(_context: FileContext): number {
    return -EISCONN;
  }
  /** Where a blocked connect waits. */
  connectQueue(): WaitQueue {
    return this.wait;
  }
  shutdown(_how: number): number {
    return -EOPNOTSUPP;
  }
  /** Own address, as sockaddr. */
  abstract name(): Uint8Array;
  /** The other side's address. */
  peerName(): Uint8Array | number {
    return -ENOTCONN;
  }

  /** Sends what fits of a stream, or one message. Copies the bytes. */
  abstract send(data: Uint8Array, sending: Sending, context: FileContext): number;
  /** Receives into `into`; what else there is goes to `received`. `flags` are MSG_*. */
  abstract receive(into: Uint8Array, flags: number, received: Received, context: FileContext): number;

  override read(into: Uint8Array, context: FileContext): number {
    const received = new Received();
    const result = this.receive(into, 0, received, context);
    // Without a control buffer, descriptors that came along are lost (unix(7)).
    if (received.rights) { for (const file of received.rights) file.unref(); }
    return result;
  }
  override write(from: Uint8Array, context: FileContext): number {
    return this.send(from, plainSending(0), context);
  }

  /** SIGPIPE unless MSG_NOSIGNAL, and `-EPIPE`. */
  protected broken(flags: number, context: FileContext): number {
    if ((flags & abi.MSG_NOSIGNAL) === 0) context.raise(SIGPIPE);
    return -EPIPE;
  }

  /** setsockopt at any level. */
  setOption(level: number, name: number, value: Uint8Array, context: FileContext): number {
    if (level !== abi.SOL_SOCKET) return this.setProtocolOption(level, name, value, context);
    const result = this.options.set(name, value, context.uid === 0);
    this.readTimeout = this.options.receiveTimeout;
    this.writeTimeout = this.options.sendTimeout;
    if (result === 0) this.optionsChanged(name);
    return result;
  }
  /** An option at SOL_SOCKET has a new value. */
  protected optionsChanged(_name: number): void {}

  protected setProtocolOption(_level: number, _name: number, _value: Uint8Array, _context: FileContext): number {
    return -EOPNOTSUPP;
  }
  protected getProtocolOption(_level: number, _name: number): Uint8Array | number {
    return -EOPNOTSUPP;
  }

  /** getsockopt at any level: the value, which the caller cuts to size. */
  getOption(level: number, name: number, context: FileContext): Uint8Array | number {
    if (level !== abi.SOL_SOCKET) return this.getProtocolOption(level, name);
    switch (name) {
      case abi.SO_TYPE:
        return intOption(this.type);
      case abi.SO_DOMAIN:
        return intOption(this.domain);
      case abi.SO_PROTOCOL:
        return intOption(this.protocol);
      case abi.SO_ERROR:
        return intOption(this.takeError());
      case abi.SO_ACCEPTCONN:
        return intOption(this.listening ? 1 : 0);
      case abi.SO_COOKIE:
        return new Uint8Array(new BigUint64Array([BigInt(this.inode.ino)]).buffer);
      default:
        return this.options.get(name) ?? this.getSocketOption(name, context);
    }
  }
  /** Options at SOL_SOCKET that only some families have. */
  protected getSocketOption(name: number, _context: FileContext): Uint8Array | number {
    // Nobody: pid 0, uid and gid -1.
    if (name === abi.SO_PEERCRED) return encodeUcred({ pid: 0, uid: -1, gid: -1 });
    return name === abi.SO_PEERGROUPS ? -ENODATA : -ENOPROTOOPT;
  }

  get listening(): boolean {
    return false;
  }
  /** Bytes to read now (SIOCINQ). */
  protected unread(): number {
    return 0;
  }
  /** Bytes sent but not yet taken by the other side (SIOCOUTQ). */
  protected unsent(): number {
    return 0;
  }
  /** The next byte read is the urgent one. */
  protected atMark(): boolean {
    return false;
  }

  override ioctl(request: number, argument: number, context: FileContext): number {
    const { memory } = context;
    switch (request) {
      case ioctls.SIOCINQ:
        if (this.listening) return -EINVAL;
        memory.writeU32(argument, this.unread());
        return 0;
      case ioctls.SIOCOUTQ:
        if (this.listening) return -EINVAL;
        memory.writeU32(argument, this.unsent());
        return 0;
      case ioctls.SIOCATMARK:
        if (this.type !== abi.SOCK_STREAM || this.domain === abi.AF_UNIX) return -ENOTTY;
        memory.writeU32(argument, this.atMark() ? 1 : 0);
        return 0;
      case ioctls.FIOSETOWN:
      case ioctls.SIOCSPGRP: {
        const id = memory.readU32(argument) | 0;
        this.owner = { type: id < 0 ? F_OWNER_PGRP : F_OWNER_PID, id: Math.abs(id) };
        return 0;
      }
      case ioctls.FIOGETOWN:
      case ioctls.SIOCGPGRP:
        memory.writeU32(argument, this.owner.type === F_OWNER_PGRP ? -this.owner.id : this.owner.id);
        return 0;
      default:
        return interfaceIoctl(request, argument, context);
    }
  }

  override release(): void {
    this.network.sockets.delete(this);
  }
}

/** The address family of a sockaddr, `-EINVAL` if there is none. */
export function familyOf(address: Uint8Array): number {
  return address.length < 2 ? -EINVAL : address[0]! | address[1]! << 8;
}
