/**
 * TCP over the loopback interface (tcp(7)): two sockets joined by two byte queues. There is no wire, so there are no
 * packets, windows or timers; what remains is what programs can see: states, resets, urgent data, back-pressure.
 *
 * The queue of a direction belongs to the receiver. It stands for the receiver's buffer and the sender's, so that
 * what is beyond the receive buffer counts as not yet sent.
 */
import {
  EADDRINUSE,
  EAFNOSUPPORT,
  EAGAIN,
  EALREADY,
  ECONNABORTED,
  ECONNREFUSED,
  ECONNRESET,
  EINPROGRESS,
  EINVAL,
  EISCONN,
  ENETUNREACH,
  ENOTCONN,
  EOPNOTSUPP,
  EPIPE,
} from "../abi/errno.ts";
import { SIGURG } from "../abi/signal.ts";
import * as abi from "../abi/socket.ts";
import {
  type FileContext,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLPRI,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRNORM,
} from "../fs/file.ts";
import { ByteQueue } from "./byte_queue.ts";
import { type Endpoint, formatSockaddr, isMulticast, parseSockaddr } from "./inet_address.ts";
import { InetSocket } from "./inet_socket.ts";
import type { Received, Sending } from "./message.ts";
import type { Network } from "./network.ts";
import { familyOf } from "./socket.ts";
import { TcpOptions } from "./tcp_options.ts";
import { UrgentMark } from "./urgent_mark.ts";

const READABLE = POLLIN | POLLRDNORM;
const WRITABLE = POLLOUT | POLLWRNORM;
const EVERYTHING = READABLE | WRITABLE | POLLHUP | POLLERR | POLLRDHUP | POLLPRI;

/** Where Linux's automatic buffers end up on a loopback connection, in bytes. */
const AUTO_SEND_BUFFER = 2_626_560;
const DEFAULT_SEND_BUFFER = 16384;
const DEFAULT_RECEIVE_BUFFER = 131072;

type State = "closed" | "listening" | "connecting" | "connected";

export class TcpSocket extends InetSocket {
  #state: State = "closed";
  readonly tcp: TcpOptions = new TcpOptions();

  // Listening
  #backlog = 0;
  /** Connections not yet accepted. */
  readonly #accepted: TcpSocket[] = [];
  /** Sockets whose connection finds no room in the queue. */
  readonly #waiting = new Set<TcpSocket>();

  // Connecting
  #listener: TcpSocket | undefined = undefined;
  /** A connect has begun and its success has not been reported. */
  #connectUnreported = false;

  // Connected
  #peer: TcpSocket | undefined = undefined;
  readonly #queue = new ByteQueue();
  /** The other side sends no more; this side said so; this side reads no more. */
  #finReceived = false;
  #finSent = false;
  #readShut = false;
  /** The other side is gone: what is sent comes back as a reset. */
  #peerGone = false;
  /** The connection is over on both sides, in order or not. */
  #done = false;
  /** A sender found no room: its wake-up is due when there is. */
  #noSpace = false;

  readonly #urgent = new UrgentMark(this.#queue);

  constructor(network: Network, domain: number, owner: { readonly uid: number; readonly gid: number }) {
    super(network, domain, abi.SOCK_STREAM, abi.IPPROTO_TCP, owner);
    this.options.sendBuffer = DEFAULT_SEND_BUFFER;
    this.options.receiveBuffer = DEFAULT_RECEIVE_BUFFER;
  }

  override get listening(): boolean {
    return this.#state === "listening";
  }

  protected override claimPort(port: number): number {
    return this.network.tcp.claim(this, port);
  }
  protected override releasePort(): void {
    this.network.tcp.remove(this, this.localPort);
    this.localPort = 0;
  }

  // Connections

  override listen(backlog: number): number {
    if (this.#state === "connecting" || this.#state === "connected") return -EINVAL;
    this.#backlog = Math.min(backlog >>> 0, abi.SOMAXCONN);
    if (this.#state === "listening") return 0;
    const bound = this.autobind();
    if (bound < 0) return bound;
    this.#state = "listening";
    // Two sockets may share a port by SO_REUSEADDR, but only one may listen.
    if (this.network.tcp.conflicts(this, this.localPort)) {
      this.#state = "closed";
      return -EADDRINUSE;
    }
    return 0;
  }

  override accept(): TcpSocket | number {
    if (this.#state !== "listening") return -EINVAL;
    const socket = this.#accepted.shift();
    if (socket === undefined) return -EAGAIN;
    this.#admitWaiting();
    return socket;
  }

  /** Linux lets one more in than the backlog says. */
  get #full(): boolean {
    return this.#accepted.length > this.#backlog;
  }

  #admitWaiting(): void {
    for (const client of this.#waiting) {
      if (this.#full) return;
      this.#waiting.delete(client);
      this.#establish(client);
    }
  }

  /** Joins a client to a new socket in the accept queue. */
  #establish(client: TcpSocket): void {
    const server = new TcpSocket(this.network, this.domain, { uid: this.ownerUid, gid: this.inode.gid });
    server.options.inherit(this.options);
    server.inet.inherit(this.inet);
    server.tcp.inherit(this.tcp);
    server.localIp = client.remote!.ip;
    server.localPort = this.localPort;
    server.remote = { ip: client.localIp, port: client.localPort };
    this.network.tcp.add(server, server.localPort);
    server.#join(client);
    client.#join(server);
    this.#accepted.push(server);
    this.wait.wake(Infinity, READABLE);
    client.wait.wake(Infinity, WRITABLE);
  }

  #join(peer: TcpSocket): void {
    this.#peer = peer;
    this.#state = "connected";
    this.#listener = undefined;
    if (!this.options.sendBufferLocked) this.options.sendBuffer = AUTO_SEND_BUFFER;
  }

  override connect(address: Uint8Array): number {
    const family = familyOf(address);
    if (family < 0) return family;
    if (family === abi.AF_UNSPEC) return this.#disconnect();
    if (this.#state === "connecting") return -EALREADY;
    if (this.#state === "connected") {
      if (!this.#connectUnreported) return -EISCONN;
      this.#connectUnreported = false;
      return 0;
    }
    if (this.#state === "listening") return -EISCONN;
    if (this.#connectUnreported) {
      // The failure of an earlier attempt is told once.
      this.#connectUnreported = false;
      return -(this.takeError() || ECONNABORTED);
    }
    const parsed = parseSockaddr(address, this.domain);
    if (typeof parsed === "number") return parsed;
    if (family !== this.domain && this.domain === abi.AF_INET) return -EAFNOSUPPORT;
    const route = this.route(parsed);
    if (typeof route === "number") return route;
    if (isMulticast(route.to.ip)) return -ENETUNREACH;
    const bound = this.autobind();
    if (bound < 0) return bound;
    this.localIp = route.source;
    this.remote = route.to;
    this.#reopen();
    this.#connectUnreported = true;
    this.#state = "connecting";
    const listener = this.#findListener(route.to);
    if (listener === undefined) {
      this.#fail(ECONNREFUSED);
    } else if (listener.#full) {
      this.#listener = listener;
      listener.#waiting.add(this);
    } else {
      listener.#establish(this);
    }
    return -EINPROGRESS;
  }

  #findListener(to: Endpoint): TcpSocket | undefined {
    const listeners = this.network.tcp.match(to, (socket) => socket.#state === "listening");
    // SO_REUSEPORT spreads connections over its group.
    return listeners[this.localPort % Math.max(1, listeners.length)];
  }

  override connectResult(): number {
    if (this.#state === "connecting") return -EAGAIN;
    this.#connectUnreported = false;
    return this.#state === "connected" ? 0 : -(this.takeError() || ECONNABORTED);
  }

  /** A socket that was connected before starts from nothing. */
  #reopen(): void {
    this.#queue.clear();
    this.#finReceived =
      this.#finSent =
      this.#readShut =
      this.#peerGone =
      this.#done =
        false;
    this.#urgent.clear();
  }

  /** connect with AF_UNSPEC, and shutdown of a socket that listens or connects. */
  #disconnect(): number {
    if (this.#state === "listening") this.#stopListening();
    else if (this.#state === "connected") this.#sendReset();
    if (this.#listener) this.#listener.#waiting.delete(this);
    this.#listener = undefined;
    this.#state = "closed";
    this.remote = undefined;
    this.#connectUnreported = false;
    this.pendingError = 0;
    this.#reopen();
    this.wait.wake(Infinity, EVERYTHING);
    return 0;
  }

  /** The connection attempt failed. */
  #fail(error: number): void {
    this.#state = "closed";
    this.#listener = undefined;
    this.remote = undefined;
    this.pendingError = error;
    this.#done = true;
    this.#finReceived = this.#finSent = true;
    this.wait.wake(Infinity, EVERYTHING);
  }

  #stopListening(): void {
    this.#state = "closed";
    for (const client of this.#waiting) client.#fail(ECONNREFUSED);
    this.#waiting.clear();
    // Nobody will accept these: their clients see a reset.
    for (const socket of this.#accepted.splice(0)) {
      socket.#sendReset();
      socket.unref();
    }
  }

  // Ends

  override shutdown(how: number): number {
    if (this.#state === "listening") {
      if (how !== abi.SHUT_WR) this.#disconnect();
      return 0;
    }
    if (this.#state === "connecting") return this.#disconnect();
    if (this.#state !== "connected" || this.#done) return -ENOTCONN;
    if (how !== abi.SHUT_WR) this.#readShut = true;
    if (how !== abi.SHUT_RD) this.#sendFin();
    this.wait.wake(Infinity, EVERYTHING);
    return 0;
  }

  #sendFin(): void {
    if (this.#finSent) return;
    this.#finSent = true;
    const peer = this.#peer;
    if (peer === undefined) return;
    peer.#finReceived = true;
    if (peer.#finSent) this.#done = peer.#done = true;
    peer.wait.wake(Infinity, READABLE | POLLRDHUP | (peer.#done ? POLLHUP : 0));
  }

  /** Ends the connection at once: the other side gets ECONNRESET, or EPIPE if it has seen the end already. */
  #sendReset(): void {
    const peer = this.#peer;
    this.#done = true;
    if (peer === undefined || peer.#done) return;
    peer.#reset(peer.#finReceived ? EPIPE : ECONNRESET);
  }

  #reset(error: number): void {
    this.pendingError = error;
    this.#finSent = true;
    this.#done = true;
    this.#peerGone = true;
    // ECONNRESET comes before the end of file, EPIPE leaves it (net/ipv4/tcp_input.c: tcp_reset).
    this.#finReceived = true;
    this.wait.wake(Infinity, EVERYTHING);
  }

  override release(): void {
    if (this.#state === "listening") this.#stopListening();
    if (this.#listener) this.#listener.#waiting.delete(this);
    if (this.#state === "connected") {
      // Closing with unread data, or with a linger time of zero, is a reset (RFC 2525, 2.17).
      if (!this.#done && (this.#queue.length > 0 || this.options.linger === 0)) this.#sendReset();
      else this.#sendFin();
      if (this.#peer) {
        this.#peer.#peerGone = true;
        this.#peer.#peer = undefined;
        this.#peer.wait.wake(Infinity, WRITABLE);
      }
      this.#peer = undefined;
    }
    this.#state = "closed";
    super.release();
  }

  // Bytes

  get #receiveCapacity(): number {
    return this.options.receiveBuffer;
  }
  get #sendCapacity(): number {
    return this.options.sendBuffer;
  }
  /** Bytes that wait on this side because the other side's buffer is full. */
  protected override unsent(): number {
    const peer = this.#peer;
    return peer === undefined ? 0 : Math.max(0, peer.#queue.length - peer.#receiveCapacity);
  }
  protected override unread(): number {
    return Math.min(this.#queue.length, this.#receiveCapacity);
  }
  /** Half as much is free as is taken (net/core/stream.c: sk_stream_is_writeable). */
  get #writable(): boolean {
    const queued = this.unsent();
    return this.#sendCapacity - queued >= queued / 2;
  }

  override send(data: Uint8Array, sending: Sending, context: FileContext): number {
    if ((sending.flags & abi.MSG_FASTOPEN) !== 0 && sending.address !== undefined) {
      const error = this.#connectToSend(sending);
      if (error) return error;
    }
    if (this.pendingError !== 0) {
      const error = this.takeError();
      return error === EPIPE ? this.broken(sending.flags, context) : -error;
    }
    if (this.#state === "connecting") return -EAGAIN;
    if (this.#state !== "connected" || this.#finSent) return this.broken(sending.flags, context);
    if (data.length === 0) return 0;
    const peer = this.#peer;
    if (peer === undefined || this.#peerGone) {
      // Accepted, and answered with a reset because nobody has the other end any more.
      this.#reset(this.#finReceived ? EPIPE : ECONNRESET);
      return data.length;
    }
    const room = this.#sendCapacity + peer.#receiveCapacity - peer.#queue.length;
    if (room <= 0) {
      this.#noSpace = true;
      return -EAGAIN;
    }
    const bytes = Math.min(room, data.length);
    if (bytes < data.length) this.#noSpace = true;
    peer.#take(bytes === data.length ? data : data.subarray(0, bytes), (sending.flags & abi.MSG_OOB) !== 0);
    this.network.traffic.count(bytes);
    return bytes;
  }

  /** MSG_FASTOPEN: connects first. The address is done with then (net/ipv4/tcp.c: tcp_sendmsg_fastopen). */
  #connectToSend(sending: Sending): number {
    const address = sending.address!;
    sending.address = undefined;
    if (familyOf(address) === abi.AF_UNSPEC) return -EOPNOTSUPP;
    const begun = this.connect(address);
    if (begun !== -EINPROGRESS) return begun;
    const outcome = this.connectResult();
    // A listener that is full: it waits, as for room.
    return outcome === -EAGAIN ? 0 : outcome;
  }

  /** Bytes arrive. */
  #take(data: Uint8Array, urgent: boolean): void {
    if (!urgent) {
      this.#queue.push(data);
      this.wait.wake(Infinity, READABLE | POLLPRI);
      return;
    }
    this.#urgent.arrive(data, this.options.oobInline);
    this.wait.wake(Infinity, READABLE | POLLPRI);
    this.network.host.signalOwner(this, SIGURG);
  }

  override receive(into: Uint8Array, flags: number, received: Received, _context: FileContext): number {
    if (this.#state === "listening") return -ENOTCONN;
    if (flags & abi.MSG_OOB) return this.#receiveUrgent(into, flags, received);
    if (flags & abi.MSG_ERRQUEUE) return -EAGAIN;
    const peek = (flags & abi.MSG_PEEK) !== 0;
    if (this.#urgent.reached && !peek) this.#urgent.pass(this.options.oobInline);
    const limit = this.#urgent.limit(into.length);
    if (this.#queue.length > 0) {
      const wanted = limit === into.length ? into : into.subarray(0, limit);
      if (peek) return this.#queue.peek(wanted, 0);
      let bytes: number;
      if (flags & abi.MSG_TRUNC) this.#queue.skip(bytes = Math.min(limit, this.#queue.length));
      else bytes = this.#queue.pull(wanted);
      this.#urgent.advance(bytes);
      this.#madeRoom();
      return bytes;
    }
    if (into.length === 0) return 0;
    if (this.pendingError !== 0 && this.pendingError !== EPIPE) return -this.takeError();
    if (this.#finReceived || this.#readShut) return 0;
    if (this.#state === "closed") return -ENOTCONN;
    return -EAGAIN;
  }

  #receiveUrgent(into: Uint8Array, flags: number, received: Received): number {
    if (this.options.oobInline || !this.#urgent.pending) return -EINVAL;
    if (into.length === 0) {
      received.flags |= abi.MSG_TRUNC;
      return 0;
    }
    received.flags |= abi.MSG_OOB;
    into[0] = this.#urgent.take((flags & abi.MSG_PEEK) !== 0);
    return 1;
  }

  protected override atMark(): boolean {
    return this.#urgent.reached;
  }

  /** The receiver took bytes: a sender that found no room may go on. */
  #madeRoom(): void {
    const peer = this.#peer;
    if (peer === undefined || !peer.#noSpace || !peer.#writable) return;
    peer.#noSpace = false;
    peer.wait.wake(Infinity, WRITABLE);
  }

  override poll(): number {
    if (this.#state === "listening") return this.#accepted.length > 0 ? READABLE : 0;
    const closed = this.#state === "closed";
    let events = 0;
    const noMoreIn = this.#finReceived || this.#readShut;
    if (closed || this.#done || (noMoreIn && this.#finSent)) events |= POLLHUP;
    if (noMoreIn) events |= READABLE | POLLRDHUP;
    if (this.#state !== "connecting") {
      if (this.#queue.length >= this.options.receiveLowWater) events |= READABLE;
      if (this.#finSent || closed || this.#writable) events |= WRITABLE;
      else this.#noSpace = true;
      if (this.#urgent.pending) events |= POLLPRI;
    }
    if (this.pendingError !== 0) events |= POLLERR;
    return events;
  }

  override peerName(): Uint8Array | number {
    if (this.#state !== "connected" || this.remote === undefined || this.#done) return -ENOTCONN;
    return formatSockaddr(this.remote, this.domain);
  }

  /** TCP_* state for TCP_INFO and /proc/net/tcp. */
  get tcpState(): number {
    switch (this.#state) {
      case "listening":
        return abi.TCP_LISTEN;
      case "connecting":
        return abi.TCP_SYN_SENT;
      case "connected":
        if (this.#done) return abi.TCP_CLOSE;
        if (this.#finSent) return abi.TCP_FIN_WAIT2;
        return this.#finReceived ? abi.TCP_CLOSE_WAIT : abi.TCP_ESTABLISHED;
      default:
        return abi.TCP_CLOSE;
    }
  }
  /** tx_queue and rx_queue of /proc/net/tcp; a listener shows its accept queue. */
  get queues(): { transmit: number; receive: number } {
    return this.listening
      ? { transmit: this.#backlog, receive: this.#accepted.length }
      : { transmit: this.unsent(), receive: this.unread() };
  }

  protected override setProtocolOption(
    level: number,
    name: number,
    value: Uint8Array,
    context: FileContext,
  ): number {
    return level === abi.SOL_TCP ? this.tcp.set(name, value) : super.setProtocolOption(level, name, value, context);
  }
  protected override getProtocolOption(level: number, name: number): Uint8Array | number {
    return level === abi.SOL_TCP
      ? this.tcp.get(name, this.tcpState, this.unsent(), this.#backlog)
      : super.getProtocolOption(level, name);
  }
}
