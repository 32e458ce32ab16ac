/** Connected AF_UNIX sockets: SOCK_STREAM and SOCK_SEQPACKET (unix(7)). */
import { EAGAIN, ECONNREFUSED, ECONNRESET, EINVAL, EISCONN, EMSGSIZE, ENOTCONN, EOPNOTSUPP } from "../abi/errno.ts";
import * as abi from "../abi/socket.ts";
import {
  type FileContext,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from "../fs/file.ts";
import type { WaitQueue } from "../wait.ts";
import { dropRights, peerCredentials, type Received, type Sending, type Ucred } from "./message.ts";
import type { Network } from "./network.ts";
import { timestampControl } from "./timestamp.ts";
import { formatUnixAddress } from "./unix_address.ts";
import { MESSAGE_OVERHEAD, type UnixMessage, UnixSocket } from "./unix_socket.ts";

const READABLE = POLLIN | POLLRDNORM;
const WRITABLE = POLLOUT | POLLWRNORM | POLLWRBAND;
/** Largest piece of a stream that is queued as one (a kernel's SKB_MAX_ALLOC). */
const MAX_PIECE = 32768;

function sameSender(a: Ucred | undefined, b: Ucred | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.pid === b.pid && a.uid === b.uid && a.gid === b.gid);
}

export class UnixStreamSocket extends UnixSocket {
  #state: "unconnected" | "listening" | "connected" = "unconnected";
  #backlog = 0;
  readonly #accepted: UnixStreamSocket[] = [];
  /** Who listens: SO_PEERCRED of those who connect. */
  #listenCredentials: Ucred | undefined = undefined;
  #listenGroups: readonly number[] = [];
  /** The listener a connect found full. */
  #awaited: UnixStreamSocket | undefined = undefined;
  #peer: UnixStreamSocket | undefined = undefined;
  readonly #queue: UnixMessage[] = [];
  #queuedBytes = 0;
  #readShut = false;
  #writeShut = false;

  constructor(network: Network, type: number, owner: { readonly uid: number; readonly gid: number }) {
    super(network, type, owner);
  }

  get #isStream(): boolean {
    return this.type === abi.SOCK_STREAM;
  }
  override get listening(): boolean {
    return this.#state === "listening";
  }
  /** SS_* of /proc/net/unix. */
  get connected(): boolean {
    return this.#state === "connected";
  }

  /** Joins two sockets (socketpair, and connect). */
  static pair(a: UnixStreamSocket, b: UnixStreamSocket): void {
    a.#peer = b;
    b.#peer = a;
    a.#state = b.#state = "connected";
  }

  override listen(backlog: number, context: FileContext): number {
    if (this.#state === "connected" || this.unixName === undefined) return -EINVAL;
    this.#backlog = Math.min(backlog >>> 0, abi.SOMAXCONN);
    this.#state = "listening";
    this.#listenCredentials = peerCredentials(context);
    this.#listenGroups = context.credentials?.groups ?? [];
    // A larger backlog lets waiting connects in.
    this.wait.wake(Infinity, WRITABLE);
    return 0;
  }

  override connect(address: Uint8Array, context: FileContext): number {
    if (this.#state === "connected") return -EISCONN;
    if (this.#state === "listening") return -EINVAL;
    if (this.options.passCredentials) {
      const bound = this.autobind();
      if (bound < 0) return bound;
    }
    const listener = this.find(address, context);
    if (typeof listener === "number") return listener;
    if (!(listener instanceof UnixStreamSocket) || !listener.listening || listener.#readShut) return -ECONNREFUSED;
    if (listener.#accepted.length > listener.#backlog) {
      this.#awaited = listener;
      return -EAGAIN;
    }
    this.#awaited = undefined;
    const server = new UnixStreamSocket(this.network, this.type, { uid: listener.inode.uid, gid: listener.inode.gid });
    server.options.inherit(listener.options);
    server.unixName = undefined;
    server.#inheritedName = listener.unixName;
    server.peerCredentials = peerCredentials(context);
    server.peerGroups = context.credentials?.groups ?? [];
    this.peerCredentials = listener.#listenCredentials;
    this.peerGroups = listener.#listenGroups;
    UnixStreamSocket.pair(this, server);
    listener.#accepted.push(server);
    listener.wait.wake(Infinity, READABLE);
    return 0;
  }

  /** An accepted socket shows its listener's name without holding it. */
  #inheritedName: string | undefined = undefined;

  override name(): Uint8Array {
    return formatUnixAddress(this.unixName ?? this.#inheritedName);
  }
  get shownName(): string | undefined {
    return this.unixName ?? this.#inheritedName;
  }

  override connectQueue(): WaitQueue {
    return this.#awaited?.wait ?? this.wait;
  }

  override accept(): UnixStreamSocket | number {
    if (this.#state !== "listening" || this.#readShut) return -EINVAL;
    const socket = this.#accepted.shift();
    if (socket === undefined) return -EAGAIN;
    this.wait.wake(Infinity, WRITABLE);
    return socket;
  }

  override peerName(): Uint8Array | number {
    if (this.#state !== "connected") return -ENOTCONN;
    return formatUnixAddress(this.#peer?.shownName);
  }

  override shutdown(how: number): number {
    const read = how !== abi.SHUT_WR, write = how !== abi.SHUT_RD;
    this.#readShut ||= read;
    this.#writeShut ||= write;
    const peer = this.#peer;
    if (peer !== undefined) {
      // The other side of a shutdown: it cannot write what is not read, nor read what is not written.
      peer.#readShut ||= write;
      peer.#writeShut ||= read;
      peer.wait.wake(Infinity, READABLE | WRITABLE | POLLHUP | POLLRDHUP);
    }
    this.wait.wake(Infinity, READABLE | WRITABLE | POLLHUP | POLLRDHUP);
    return 0;
  }

  override send(data: Uint8Array, sending: Sending, context: FileContext): number {
    if (sending.flags & abi.MSG_OOB) return -EOPNOTSUPP;
    if (sending.address !== undefined && this.#isStream) {
      return this.#state === "connected" ? -EISCONN : -EOPNOTSUPP;
    }
    if (this.#state !== "connected") return -ENOTCONN;
    const peer = this.#peer;
    if (this.#writeShut || peer === undefined || peer.#readShut) return this.broken(sending.flags, context);
    if (!this.#isStream) {
      if (data.length > this.options.sendBuffer - 32) return -EMSGSIZE;
      if (this.inFlight !== 0 && this.inFlight + data.length > this.options.sendBuffer) return -EAGAIN;
      peer.#enqueue(this.pack(data, sending, peer, context));
      this.inFlight += data.length + MESSAGE_OVERHEAD;
      return data.length;
    }
    let done = 0;
    const limit = Math.min(MAX_PIECE, (this.options.sendBuffer >> 1) - 64);
    while (done < data.length) {
      if (this.inFlight >= this.options.sendBuffer) break;
      const piece = data.subarray(done, done + limit);
      peer.#enqueue(this.pack(piece, sending, peer, context));
      sending.rights = undefined;
      this.inFlight += piece.length + MESSAGE_OVERHEAD;
      done += piece.length;
    }
    return done > 0 || data.length === 0 ? done : -EAGAIN;
  }

  #enqueue(message: UnixMessage): void {
    this.#queue.push(message);
    this.#queuedBytes += message.data.length;
    this.wait.wake(Infinity, READABLE);
  }

  override returned(bytes: number): void {
    const { sendBuffer } = this.options, before = this.inFlight;
    this.inFlight = Math.max(0, before - bytes - MESSAGE_OVERHEAD);
    // Woken when three quarters are free: a writer then has something to do (net/unix: unix_writable).
    if (before * 4 > sendBuffer && this.inFlight * 4 <= sendBuffer) this.wait.wake(Infinity, WRITABLE);
  }

  override receive(into: Uint8Array, flags: number, received: Received, _context: FileContext): number {
    if (flags & abi.MSG_OOB) return -EOPNOTSUPP;
    if (this.#state !== "connected") return this.#isStream ? -EINVAL : -ENOTCONN;
    if (this.#queue.length === 0) {
      if (this.pendingError !== 0) return -this.takeError();
      return this.#readShut ? 0 : -EAGAIN;
    }
    const peek = (flags & abi.MSG_PEEK) !== 0;
    return this.#isStream
      ? this.#receiveStream(into, peek, received)
      : this.#receiveMessage(into, flags, peek, received);
  }

  #receiveMessage(into: Uint8Array, flags: number, peek: boolean, received: Received): number {
    const message = this.#queue[0]!, { data } = message;
    const bytes = Math.min(into.length, data.length);
    into.set(data.subarray(0, bytes));
    if (bytes < data.length) received.flags |= abi.MSG_TRUNC;
    received.flags |= abi.MSG_EOR;
    this.unpack(message, received, peek);
    if (this.options.timestamp !== 0) {
      received.control.push(timestampControl(message.stamp, this.options.timestamp));
    }
    if (!peek) this.#dropFirst();
    return flags & abi.MSG_TRUNC ? data.length : bytes;
  }

  /** Takes pieces of one sender; descriptors end a read, so that they stay with their bytes. */
  #receiveStream(into: Uint8Array, peek: boolean, received: Received): number {
    const first = this.#queue[0]!;
    let done = 0, index = 0;
    received.address = first.fromName === undefined ? undefined : formatUnixAddress(first.fromName);
    while (done < into.length) {
      const message = this.#queue[index];
      if (message === undefined) break;
      if (
        message !== first && this.options.passCredentials && !sameSender(message.credentials, first.credentials)
      ) break;
      const left = message.data.length - message.offset;
      const bytes = Math.min(left, into.length - done);
      into.set(
        bytes === message.data.length ? message.data : message.data.subarray(message.offset, message.offset + bytes),
        done,
      );
      done += bytes;
      const carried = message.rights !== undefined;
      if (message === first) this.unpack(message, received, peek);
      else if (carried) {
        if (peek) { for (const file of message.rights!) file.references++; }
        received.rights = message.rights;
        if (!peek) message.rights = undefined;
      }
      if (peek) {
        index++;
      } else if (bytes === left) {
        this.#dropFirst();
      } else {
        message.offset += bytes;
        this.#queuedBytes -= bytes;
      }
      if (carried) break;
    }
    return done;
  }

  #dropFirst(): void {
    const message = this.#queue.shift()!;
    this.#queuedBytes -= message.data.length - message.offset;
    (message.from as UnixStreamSocket).returned(message.data.length);
  }

  override poll(): number {
    let events = 0;
    if (this.pendingError !== 0) events |= POLLERR;
    if (this.#readShut && this.#writeShut) events |= POLLHUP;
    if (this.#readShut) events |= POLLRDHUP | READABLE;
    if (this.#queue.length > 0 || this.#accepted.length > 0) events |= READABLE;
    if (this.#state === "unconnected") events |= POLLHUP;
    if (this.#state !== "listening" && this.inFlight * 4 <= this.options.sendBuffer) events |= WRITABLE;
    return events;
  }

  protected override unread(): number {
    return this.#isStream ? this.#queuedBytes : this.#queue[0]?.data.length ?? 0;
  }
  protected override unsent(): number {
    return this.inFlight;
  }

  override release(): void {
    super.release();
    const unread = this.#queue.length > 0, wasListening = this.listening;
    // The other end goes on knowing whom it was connected to (getpeername).
    const peer = this.#peer;
    this.#readShut = this.#writeShut = true;
    if (peer !== undefined) {
      peer.#readShut = peer.#writeShut = true;
      if (unread) peer.pendingError = ECONNRESET;
      peer.wait.wake(Infinity, READABLE | WRITABLE | POLLHUP | POLLRDHUP | POLLERR);
    }
    for (const message of this.#queue.splice(0)) {
      dropRights(message.rights);
      (message.from as UnixStreamSocket).returned(message.data.length);
    }
    if (!wasListening) return;
    this.#state = "unconnected";
    for (const socket of this.#accepted.splice(0)) {
      // Nobody will ever read from these: their clients see a reset.
      const client = socket.#peer;
      if (client) client.pendingError = ECONNRESET;
      socket.unref();
    }
    this.wait.wake();
  }
}
