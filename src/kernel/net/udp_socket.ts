/** UDP and UDP-Lite over the loopback interface (udp(7), udplite(7)). */
import {
  EACCES,
  EAFNOSUPPORT,
  EAGAIN,
  ECONNREFUSED,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENOPROTOOPT,
  ENOTCONN,
  EOPNOTSUPP,
} from "../abi/errno.ts";
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
import {
  ANY4,
  ANY6,
  bytesOf,
  type Endpoint,
  formatSockaddr,
  hexOf,
  type InetSockaddr,
  isAny,
  isBroadcast,
  isLocal,
  isMulticast,
  isV4,
  parseSockaddr,
} from "./inet_address.ts";
import { InetSocket } from "./inet_socket.ts";
import type { Received, Sending } from "./message.ts";
import { LOOPBACK, type Network } from "./network.ts";
import type { PortTable } from "./port_table.ts";
import { familyOf } from "./socket.ts";
import { intOption, optionInt } from "./socket_options.ts";
import { timestampControl } from "./timestamp.ts";

/** What a datagram costs of the receive buffer besides its bytes (a kernel's sk_buff). */
const OVERHEAD = 768;
const MAX_PAYLOAD_4 = 65507;
const MAX_PAYLOAD_6 = 65527;

interface Datagram {
  readonly data: Uint8Array;
  readonly from: Endpoint;
  /** Address it was sent to. */
  readonly to: Endpoint;
  readonly ttl: number;
  readonly tos: number;
  /** CLOCK_REALTIME in ns, if the receiver wanted to know. */
  readonly stamp: bigint;
}

export class UdpSocket extends InetSocket {
  readonly #queue: Datagram[] = [];
  #queued = 0;
  #readShut = false;
  #writeShut = false;
  /** UDP_CORK and UDP-Lite's coverage options. */
  readonly #kept = new Map<number, number>();
  /** Datagrams that found no room, for /proc/net/udp. */
  drops = 0;

  constructor(
    network: Network,
    domain: number,
    protocol: number,
    owner: { readonly uid: number; readonly gid: number },
  ) {
    super(network, domain, abi.SOCK_DGRAM, protocol, owner);
  }

  get #table(): PortTable<UdpSocket> {
    return this.protocol === abi.IPPROTO_UDPLITE ? this.network.udpLite : this.network.udp;
  }
  protected override claimPort(port: number): number {
    return this.#table.claim(this, port);
  }
  protected override releasePort(): void {
    this.#table.remove(this, this.localPort);
    this.localPort = 0;
  }

  override connect(address: Uint8Array): number {
    const family = familyOf(address);
    if (family < 0) return family;
    if (family === abi.AF_UNSPEC) return this.#disconnect();
    const parsed = parseSockaddr(address, this.domain);
    if (typeof parsed === "number") return parsed;
    const bound = this.autobind();
    if (bound < 0) return bound;
    const route = this.route(parsed);
    if (typeof route === "number") return route;
    if (isBroadcast(route.to.ip) && !this.options.broadcast) return -EACCES;
    this.localIp = route.source;
    this.remote = route.to;
    return 0;
  }

  #disconnect(): number {
    this.remote = undefined;
    // The address goes back to any; the port stays (it was bound, or the program sees it as such).
    this.localIp = this.domain === abi.AF_INET ? ANY4 : ANY6;
    return 0;
  }

  override shutdown(how: number): number {
    if (how !== abi.SHUT_WR) this.#readShut = true;
    if (how !== abi.SHUT_RD) this.#writeShut = true;
    this.wait.wake();
    // Linux does it also to an unconnected socket, but says so.
    return this.remote === undefined ? -ENOTCONN : 0;
  }

  override peerName(): Uint8Array | number {
    return this.remote === undefined ? -ENOTCONN : formatSockaddr(this.remote, this.domain);
  }

  override send(data: Uint8Array, sending: Sending, context: FileContext): number {
    if (sending.flags & abi.MSG_OOB) return -EOPNOTSUPP;
    if (this.#writeShut) return this.broken(sending.flags, context);
    let to: InetSockaddr;
    if (sending.address !== undefined) {
      const parsed = parseSockaddr(sending.address, this.domain, true);
      if (typeof parsed === "number") {
        return parsed === -EAFNOSUPPORT && familyOf(sending.address) === abi.AF_UNSPEC ? -EINVAL : parsed;
      }
      if (parsed.port === 0) return -EINVAL;
      to = parsed;
    } else {
      if (this.remote === undefined) return -EDESTADDRREQ;
      to = { ...this.remote, scope: 0 };
    }
    if (data.length > (isV4(to.ip) ? MAX_PAYLOAD_4 : MAX_PAYLOAD_6)) return -EMSGSIZE;
    if (this.pendingError !== 0) return -this.takeError();
    const route = this.route(to);
    if (typeof route === "number") return route;
    if (isBroadcast(route.to.ip) && !this.options.broadcast) return -EACCES;
    let source = route.source;
    let ttl = isV4(route.to.ip)
      ? this.inet.number(abi.SOL_IP, abi.IP_TTL)
      : this.inet.number(abi.SOL_IPV6, abi.IPV6_UNICAST_HOPS);
    for (const { level, type, data: value } of sending.control) {
      if (level === abi.SOL_IP && type === abi.IP_PKTINFO && value.length >= 12) {
        const wanted = hexOf(value.subarray(4, 8));
        if (!isAny(wanted)) {
          if (!isLocal(wanted)) return -EINVAL;
          source = wanted;
        }
      } else if (level === abi.SOL_IPV6 && type === abi.IPV6_PKTINFO && value.length >= 20) {
        const wanted = hexOf(value.subarray(0, 16));
        if (!isAny(wanted)) {
          if (!isLocal(wanted)) return -EINVAL;
          source = wanted;
        }
      } else if (
        (level === abi.SOL_IP && type === abi.IP_TTL) || (level === abi.SOL_IPV6 && type === abi.IPV6_HOPLIMIT)
      ) {
        if (value.length < 4) return -EINVAL;
        ttl = optionInt(value);
      } else if (level !== abi.SOL_IP && level !== abi.SOL_IPV6) {
        continue;
      } else if (type !== abi.IP_TOS && type !== abi.IPV6_TCLASS) {
        return -EINVAL;
      }
    }
    const bound = this.autobind();
    if (bound < 0) return bound;
    this.#deliver(data, { ip: source, port: this.localPort }, route.to, ttl);
    return data.length;
  }

  #deliver(data: Uint8Array, from: Endpoint, to: Endpoint, ttl: number): void {
    this.network.traffic.count(data.length);
    const group = isMulticast(to.ip), many = group || isBroadcast(to.ip);
    const tos = isV4(to.ip)
      ? this.inet.number(abi.SOL_IP, abi.IP_TOS)
      : this.inet.number(abi.SOL_IPV6, abi.IPV6_TCLASS);
    if (many) {
      for (const socket of [...this.#table.holders(to.port) ?? []]) {
        if (isV4(socket.localIp) !== isV4(to.ip) && !isAny(socket.localIp)) continue;
        if (!isAny(socket.localIp) && socket.localIp !== to.ip) continue;
        if (group && !socket.inet.groups.has(to.ip)) continue;
        if (socket.#accepts(from)) socket.#enqueue(data, from, to, ttl, tos);
      }
      return;
    }
    const all = this.#table.match(to, (socket) => socket.#accepts(from));
    // A connected socket is a better match than one that takes from anybody.
    const connected = all.filter((socket) => socket.remote !== undefined);
    const candidates = connected.length > 0 ? connected : all;
    // The last one bound gets it, except in a SO_REUSEPORT group, over which senders are spread.
    const spread = candidates.length > 1 && candidates.every((socket) => socket.reusePort);
    const receiver = candidates[spread ? from.port % candidates.length : candidates.length - 1];
    if (receiver !== undefined) {
      receiver.#enqueue(data, from, to, ttl, tos);
    } else if (this.remote !== undefined) {
      // The port unreachable message comes back to a connected sender.
      this.pendingError = ECONNREFUSED;
      this.wait.wake(Infinity, POLLERR);
    }
  }

  #accepts(from: Endpoint): boolean {
    return this.remote === undefined || (this.remote.ip === from.ip && this.remote.port === from.port);
  }

  #enqueue(data: Uint8Array, from: Endpoint, to: Endpoint, ttl: number, tos: number): void {
    if (this.#queued > this.options.receiveBuffer) {
      this.drops++;
      return;
    }
    this.#queued += data.length + OVERHEAD;
    const { clock } = this.network.host;
    const stamp = this.options.timestamp === 0 ? 0n : clock.realtimeOffset + BigInt(clock.monotonic());
    this.#queue.push({ data: data.slice(), from, to, ttl, tos, stamp });
    this.wait.wake(Infinity, POLLIN | POLLRDNORM);
  }

  override receive(into: Uint8Array, flags: number, received: Received, _context: FileContext): number {
    if (flags & abi.MSG_ERRQUEUE) return -EAGAIN;
    if (this.pendingError !== 0) return -this.takeError();
    const datagram = this.#queue[0];
    if (datagram === undefined) return this.#readShut ? 0 : -EAGAIN;
    const { data } = datagram;
    const bytes = Math.min(into.length, data.length);
    into.set(bytes === data.length ? data : data.subarray(0, bytes));
    if (bytes < data.length) received.flags |= abi.MSG_TRUNC;
    received.address = formatSockaddr(datagram.from, this.domain);
    this.#addControl(datagram, received);
    if ((flags & abi.MSG_PEEK) === 0) {
      this.#queue.shift();
      this.#queued -= data.length + OVERHEAD;
    }
    return flags & abi.MSG_TRUNC ? data.length : bytes;
  }

  #addControl(datagram: Datagram, received: Received): void {
    const { control } = received;
    if (this.options.timestamp !== 0) control.push(timestampControl(datagram.stamp, this.options.timestamp));
    const { ip } = datagram.to;
    if (isV4(ip)) {
      if (this.inet.number(abi.SOL_IP, abi.IP_PKTINFO)) {
        // struct in_pktinfo: interface index, local address, destination address.
        const data = new Uint8Array(12);
        data[0] = LOOPBACK.index;
        data.set(bytesOf(ip), 4);
        data.set(bytesOf(ip), 8);
        control.push({ level: abi.SOL_IP, type: abi.IP_PKTINFO, data });
      }
      if (this.inet.number(abi.SOL_IP, abi.IP_RECVTTL)) {
        control.push({ level: abi.SOL_IP, type: abi.IP_TTL, data: intOption(datagram.ttl) });
      }
      if (this.inet.number(abi.SOL_IP, abi.IP_RECVTOS)) {
        control.push({ level: abi.SOL_IP, type: abi.IP_TOS, data: new Uint8Array([datagram.tos]) });
      }
      if (this.inet.number(abi.SOL_IP, abi.IP_RECVORIGDSTADDR)) {
        control.push({
          level: abi.SOL_IP,
          type: abi.IP_RECVORIGDSTADDR,
          data: formatSockaddr(datagram.to, abi.AF_INET),
        });
      }
    }
    if (this.domain !== abi.AF_INET6) return;
    if (this.inet.number(abi.SOL_IPV6, abi.IPV6_RECVPKTINFO)) {
      // struct in6_pktinfo: destination address, interface index.
      const data = new Uint8Array(20);
      data.set(formatSockaddr(datagram.to, abi.AF_INET6).subarray(8, 24));
      data[16] = LOOPBACK.index;
      control.push({ level: abi.SOL_IPV6, type: abi.IPV6_PKTINFO, data });
    }
    if (this.inet.number(abi.SOL_IPV6, abi.IPV6_RECVHOPLIMIT)) {
      control.push({ level: abi.SOL_IPV6, type: abi.IPV6_HOPLIMIT, data: intOption(datagram.ttl) });
    }
    if (this.inet.number(abi.SOL_IPV6, abi.IPV6_RECVTCLASS)) {
      control.push({ level: abi.SOL_IPV6, type: abi.IPV6_TCLASS, data: intOption(datagram.tos) });
    }
  }

  override poll(): number {
    let events = POLLOUT | POLLWRNORM | POLLWRBAND;
    if (this.#queue.length > 0) events |= POLLIN | POLLRDNORM;
    if (this.#readShut) events |= POLLIN | POLLRDNORM | POLLRDHUP;
    if (this.#readShut && this.#writeShut) events |= POLLHUP;
    if (this.pendingError !== 0) events |= POLLERR;
    return events;
  }

  /** FIONREAD is the size of the next datagram (udp(7)). */
  protected override unread(): number {
    return this.#queue[0]?.data.length ?? 0;
  }
  /** Bytes in the receive buffer, for /proc/net/udp. */
  get queuedBytes(): number {
    return this.#queued;
  }

  protected override setProtocolOption(
    level: number,
    name: number,
    value: Uint8Array,
    context: FileContext,
  ): number {
    if (level === abi.SOL_UDP || (level === abi.SOL_UDPLITE && this.protocol === abi.IPPROTO_UDPLITE)) {
      const lite = level === abi.SOL_UDPLITE && (name === abi.UDPLITE_SEND_CSCOV || name === abi.UDPLITE_RECV_CSCOV);
      // UDP_CORK would hold bytes back, which nothing here does.
      if (!lite) return -ENOPROTOOPT;
      if (value.length < 4) return -EINVAL;
      const int = optionInt(value);
      this.#kept.set(name, int === 0 ? 0 : Math.min(Math.max(int, 8), 65535));
      return 0;
    }
    return super.setProtocolOption(level, name, value, context);
  }
  protected override getProtocolOption(level: number, name: number): Uint8Array | number {
    if (level === abi.SOL_UDP || level === abi.SOL_UDPLITE) {
      if (name === abi.UDP_CORK) return intOption(0);
      const lite = name === abi.UDPLITE_SEND_CSCOV || name === abi.UDPLITE_RECV_CSCOV;
      return lite && this.protocol === abi.IPPROTO_UDPLITE ? intOption(this.#kept.get(name) ?? 0) : -ENOPROTOOPT;
    }
    return super.getProtocolOption(level, name);
  }
}
