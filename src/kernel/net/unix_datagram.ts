/** AF_UNIX SOCK_DGRAM (unix(7)): reliable, in order, and with a short queue that makes senders wait. */
import { EAGAIN, ECONNREFUSED, ECONNRESET, EMSGSIZE, ENOTCONN, EOPNOTSUPP, EPERM } from "../abi/errno.ts";
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
import { dropRights, type Received, type Sending } from "./message.ts";
import type { Network } from "./network.ts";
import { familyOf } from "./socket.ts";
import { timestampControl } from "./timestamp.ts";
import { formatUnixAddress } from "./unix_address.ts";
import { MESSAGE_OVERHEAD, type UnixMessage, UnixSocket } from "./unix_socket.ts";

const WRITABLE = POLLOUT | POLLWRNORM | POLLWRBAND;
/** Messages a queue holds beyond the first (net.unix.max_dgram_qlen). */
const MAX_QUEUE = 10;

export class UnixDatagramSocket extends UnixSocket {
  #peer: UnixDatagramSocket | undefined = undefined;
  /** Sockets connected to this one, or waiting for its queue: told when it moves or goes. */
  readonly #senders = new Set<UnixDatagramSocket>();
  readonly #queue: UnixMessage[] = [];
  #dead = false;
  #readShut = false;
  #writeShut = false;

  constructor(network: Network, owner: { readonly uid: number; readonly gid: number }) {
    super(network, abi.SOCK_DGRAM, owner);
  }

  static pair(a: UnixDatagramSocket, b: UnixDatagramSocket): void {
    a.#setPeer(b);
    b.#setPeer(a);
  }

  #setPeer(peer: UnixDatagramSocket | undefined): void {
    const old = this.#peer;
    if (old !== undefined && old !== peer) {
      old.#senders.delete(this);
      // Messages of a peer that went elsewhere are no longer wanted on either side (unix_dgram_disconnected).
      if (this.#queue.length > 0) {
        this.#purge();
        if (old.#peer === this) old.pendingError = ECONNRESET;
      }
    }
    this.#peer = peer;
    if (peer !== undefined) peer.#senders.add(this);
  }

  override connect(address: Uint8Array, context: FileContext): number {
    if (familyOf(address) === abi.AF_UNSPEC) {
      this.#setPeer(undefined);
      return 0;
    }
    if (this.options.passCredentials) {
      const bound = this.autobind();
      if (bound < 0) return bound;
    }
    const other = this.find(address, context);
    if (typeof other === "number") return other;
    if (!(other instanceof UnixDatagramSocket) || other.#dead) return -ECONNREFUSED;
    if (!this.#maySend(other)) return -EPERM;
    this.#setPeer(other);
    this.wait.wake(Infinity, WRITABLE);
    return 0;
  }

  /** A connected socket takes from its peer only. */
  #maySend(to: UnixDatagramSocket): boolean {
    return to.#peer === undefined || to.#peer === this;
  }

  override peerName(): Uint8Array | number {
    return this.#peer === undefined ? -ENOTCONN : formatUnixAddress(this.#peer.unixName);
  }

  override shutdown(how: number): number {
    if (how !== abi.SHUT_WR) this.#readShut = true;
    if (how !== abi.SHUT_RD) this.#writeShut = true;
    this.wait.wake();
    for (const sender of this.#senders) sender.wait.wake();
    return 0;
  }

  get #full(): boolean {
    return this.#queue.length > MAX_QUEUE;
  }

  override send(data: Uint8Array, sending: Sending, context: FileContext): number {
    if (sending.flags & abi.MSG_OOB) return -EOPNOTSUPP;
    let to: UnixDatagramSocket;
    if (sending.address !== undefined) {
      const found = this.find(sending.address, context);
      if (typeof found === "number") return found;
      if (!(found instanceof UnixDatagramSocket)) return -ECONNREFUSED;
      to = found;
    } else {
      if (this.pendingError !== 0) return -this.takeError();
      if (this.#peer === undefined) return -ENOTCONN;
      to = this.#peer;
    }
    if (this.options.passCredentials) {
      const bound = this.autobind();
      if (bound < 0) return bound;
    }
    if (data.length > this.options.sendBuffer - 32) return -EMSGSIZE;
    if (this.#writeShut) return this.broken(sending.flags, context);
    if (to.#dead) {
      if (to === this.#peer) this.#setPeer(undefined);
      return -ECONNREFUSED;
    }
    if (!this.#maySend(to)) return -EPERM;
    if (to.#readShut) return this.broken(sending.flags, context);
    if (this.inFlight !== 0 && this.inFlight + data.length > this.options.sendBuffer) return -EAGAIN;
    // Two sockets connected to each other are limited by the send buffer alone.
    if (to.#peer !== this && to.#full) {
      to.#senders.add(this);
      return -EAGAIN;
    }
    to.#queue.push(this.pack(data, sending, to, context));
    this.inFlight += data.length + MESSAGE_OVERHEAD;
    to.wait.wake(Infinity, POLLIN | POLLRDNORM);
    return data.length;
  }

  override returned(bytes: number): void {
    this.inFlight = Math.max(0, this.inFlight - bytes - MESSAGE_OVERHEAD);
    this.wait.wake(Infinity, WRITABLE);
  }

  override receive(into: Uint8Array, flags: number, received: Received, _context: FileContext): number {
    if (flags & abi.MSG_OOB) return -EOPNOTSUPP;
    if (this.pendingError !== 0) return -this.takeError();
    const message = this.#queue[0];
    if (message === undefined) return this.#readShut ? 0 : -EAGAIN;
    const { data } = message, peek = (flags & abi.MSG_PEEK) !== 0;
    const bytes = Math.min(into.length, data.length);
    into.set(bytes === data.length ? data : data.subarray(0, bytes));
    if (bytes < data.length) received.flags |= abi.MSG_TRUNC;
    // A sender without a name has no address at all, not an empty one.
    received.address = message.fromName === undefined ? new Uint8Array(0) : formatUnixAddress(message.fromName);
    this.unpack(message, received, peek);
    if (this.options.timestamp !== 0) {
      received.control.push(timestampControl(message.stamp, this.options.timestamp));
    }
    if (!peek) {
      const wasFull = this.#full;
      this.#queue.shift();
      message.from.returned(data.length);
      if (wasFull) this.#tellSenders();
    }
    return flags & abi.MSG_TRUNC ? data.length : bytes;
  }

  #tellSenders(): void {
    for (const sender of this.#senders) {
      if (sender.#peer !== this) this.#senders.delete(sender);
      sender.wait.wake(Infinity, WRITABLE);
    }
  }

  #purge(): void {
    for (const message of this.#queue.splice(0)) {
      dropRights(message.rights);
      message.from.returned(message.data.length);
    }
  }

  override poll(): number {
    let events = 0;
    if (this.pendingError !== 0) events |= POLLERR;
    if (this.#readShut && this.#writeShut) events |= POLLHUP;
    if (this.#readShut) events |= POLLRDHUP | POLLIN | POLLRDNORM;
    if (this.#queue.length > 0) events |= POLLIN | POLLRDNORM;
    const peer = this.#peer;
    const blocked = peer !== undefined && peer.#peer !== this && peer.#full;
    if (!blocked && this.inFlight * 4 <= this.options.sendBuffer) events |= WRITABLE;
    return events;
  }

  protected override unread(): number {
    return this.#queue[0]?.data.length ?? 0;
  }
  protected override unsent(): number {
    return this.inFlight;
  }

  override release(): void {
    super.release();
    this.#dead = true;
    const peer = this.#peer;
    this.#peer = undefined;
    if (peer !== undefined) peer.#senders.delete(this);
    this.#purge();
    for (const sender of this.#senders) {
      sender.wait.wake(Infinity, WRITABLE | POLLERR);
    }
    this.#senders.clear();
  }
}
