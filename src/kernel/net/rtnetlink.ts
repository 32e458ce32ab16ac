/** What NETLINK_ROUTE says about the one interface there is (rtnetlink(7)): links, addresses, routes. */
import * as nl from "../abi/netlink.ts";
import { AF_INET, AF_INET6, AF_UNSPEC } from "../abi/socket.ts";
import { EINVAL, ENETUNREACH, ENODEV, EOPNOTSUPP, EPERM } from "../abi/errno.ts";
import { bytesOf, hexOf, isLocal, LOOPBACK4, LOOPBACK6 } from "./inet_address.ts";
import { LOOPBACK_FLAGS, LOOPBACK_HARDWARE } from "./interface_ioctl.ts";
import { LOOPBACK, type Network } from "./network.ts";

/** IFF_LOWER_UP, only visible to netlink. */
const LOWER_UP = 0x10000;
/** IF_OPER_UNKNOWN */
const OPERSTATE_UNKNOWN = 0;

/** Bytes of a message under construction. */
class Builder {
  readonly #bytes: number[] = [];
  u8(...values: number[]): this {
    for (const value of values) this.#bytes.push(value & 0xff);
    return this;
  }
  u16(value: number): this {
    return this.u8(value, value >> 8);
  }
  u32(value: number): this {
    return this.u8(value, value >> 8, value >> 16, value >>> 24);
  }
  /** A route attribute: length, type, payload, padding. */
  attribute(type: number, payload: Uint8Array | number[]): this {
    this.u16(4 + payload.length).u16(type).u8(...payload);
    while (this.#bytes.length % 4) this.u8(0);
    return this;
  }
  attribute32(type: number, value: number): this {
    return this.attribute(type, new Uint8Array(new Uint32Array([value]).buffer));
  }
  text(type: number, value: string): this {
    return this.attribute(type, new TextEncoder().encode(value + "\0"));
  }
  /** The message with its header. */
  message(type: number, flags: number, sequence: number, port: number): Uint8Array {
    const bytes = new Uint8Array(nl.NLMSG_HEADER_SIZE + this.#bytes.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, bytes.length, true);
    view.setUint16(4, type, true);
    view.setUint16(6, flags, true);
    view.setUint32(8, sequence, true);
    view.setUint32(12, port, true);
    bytes.set(this.#bytes, nl.NLMSG_HEADER_SIZE);
    return bytes;
  }
}

/** struct ifinfomsg and attributes. */
function link(network: Network): Builder {
  const { packets, bytes } = network.traffic;
  const stats64 = new BigUint64Array(25), stats = new Uint32Array(24);
  stats64[0] = stats64[1] = BigInt(packets);
  stats64[2] = stats64[3] = BigInt(bytes);
  stats[0] = stats[1] = packets;
  stats[2] = stats[3] = bytes;
  return new Builder()
    .u8(AF_UNSPEC, 0).u16(LOOPBACK_HARDWARE).u32(LOOPBACK.index).u32(LOOPBACK_FLAGS | LOWER_UP).u32(0)
    .text(nl.IFLA_IFNAME, LOOPBACK.name)
    .attribute32(nl.IFLA_TXQLEN, 1000)
    .attribute(nl.IFLA_OPERSTATE, [OPERSTATE_UNKNOWN])
    .attribute(nl.IFLA_LINKMODE, [0])
    .attribute32(nl.IFLA_MTU, LOOPBACK.mtu)
    .attribute32(nl.IFLA_GROUP, 0)
    .attribute32(nl.IFLA_PROMISCUITY, 0)
    .attribute32(nl.IFLA_NUM_TX_QUEUES, 1)
    .attribute32(nl.IFLA_NUM_RX_QUEUES, 1)
    .attribute(nl.IFLA_CARRIER, [1])
    .text(nl.IFLA_QDISC, "noqueue")
    .attribute(nl.IFLA_ADDRESS, [0, 0, 0, 0, 0, 0])
    .attribute(nl.IFLA_BROADCAST, [0, 0, 0, 0, 0, 0])
    .attribute(nl.IFLA_STATS64, new Uint8Array(stats64.buffer))
    .attribute(nl.IFLA_STATS, new Uint8Array(stats.buffer));
}

/** struct ifaddrmsg and attributes. */
function address(family: number): Builder {
  const bytes = bytesOf(family === AF_INET ? LOOPBACK4 : LOOPBACK6);
  const message = new Builder()
    .u8(family, family === AF_INET ? 8 : 128, nl.IFA_F_PERMANENT, nl.RT_SCOPE_HOST).u32(LOOPBACK.index)
    .attribute(nl.IFA_ADDRESS, bytes);
  if (family === AF_INET) message.attribute(nl.IFA_LOCAL, bytes).text(nl.IFA_LABEL, LOOPBACK.name);
  const forever = 0xffffffff;
  return message
    .attribute32(nl.IFA_FLAGS, nl.IFA_F_PERMANENT)
    .attribute(nl.IFA_CACHEINFO, new Uint8Array(new Uint32Array([forever, forever, 0, 0]).buffer));
}

/** struct rtmsg and attributes, of the local table. */
function route(family: number, destination: string, prefix: number, type: number): Builder {
  const scope = family === AF_INET6
    ? nl.RT_SCOPE_UNIVERSE
    : type === nl.RTN_BROADCAST
    ? nl.RT_SCOPE_LINK
    : nl.RT_SCOPE_HOST;
  const message = new Builder()
    .u8(family, prefix, 0, 0, nl.RT_TABLE_LOCAL, nl.RTPROT_KERNEL, scope, type).u32(0)
    .attribute32(nl.RTA_TABLE, nl.RT_TABLE_LOCAL)
    .attribute(nl.RTA_DST, bytesOf(destination));
  if (family === AF_INET) message.attribute(nl.RTA_PREFSRC, bytesOf(LOOPBACK4));
  else message.attribute32(nl.RTA_PRIORITY, 0);
  return message.attribute32(nl.RTA_OIF, LOOPBACK.index);
}

function routes(family: number): Builder[] {
  return family === AF_INET
    ? [
      route(family, "7f000000", 8, nl.RTN_LOCAL),
      route(family, LOOPBACK4, 32, nl.RTN_LOCAL),
      route(family, "7fffffff", 32, nl.RTN_BROADCAST),
    ]
    : [route(family, LOOPBACK6, 128, nl.RTN_LOCAL)];
}

/** NLMSG_ERROR: the errno (0 acknowledges) and the header of the request. */
export function errorMessage(errno: number, request: Uint8Array, port: number): Uint8Array {
  const view = new DataView(request.buffer, request.byteOffset);
  return new Builder().u32(-errno).u8(...request.subarray(0, nl.NLMSG_HEADER_SIZE))
    .message(nl.NLMSG_ERROR, 0, view.getUint32(8, true), port);
}

/**
 * Answers one request of NETLINK_ROUTE.
 *
 * @param request the whole message, header included
 * @returns datagrams to send back, in order
 */
export function answerRoute(request: Uint8Array, port: number, network: Network, uid: number): Uint8Array[] {
  const view = new DataView(request.buffer, request.byteOffset, request.length);
  const type = view.getUint16(4, true), flags = view.getUint16(6, true), sequence = view.getUint32(8, true);
  const family = request[nl.NLMSG_HEADER_SIZE] ?? AF_UNSPEC;
  const fail = (errno: number) => [errorMessage(errno, request, port)];
  // The kinds of a message type: new, delete, get, set; only "get" is for everybody.
  if (type > nl.RTM_MAX) return fail(EOPNOTSUPP);
  if ((type - nl.NLMSG_MIN_TYPE) % 4 !== 2) return fail(uid === 0 ? EOPNOTSUPP : EPERM);
  const dump = (flags & nl.NLM_F_DUMP) !== 0;
  let kind: number, bodies: Builder[];
  switch (type) {
    case nl.RTM_GETLINK: {
      if (!dump && !namesLoopback(request)) return fail(ENODEV);
      kind = nl.RTM_NEWLINK;
      bodies = [link(network)];
      break;
    }
    case nl.RTM_GETADDR:
      if (!dump) return fail(EOPNOTSUPP);
      kind = nl.RTM_NEWADDR;
      bodies = [AF_INET, AF_INET6].filter((f) => family === AF_UNSPEC || family === f).map(address);
      break;
    case nl.RTM_GETROUTE:
      kind = nl.RTM_NEWROUTE;
      if (dump) {
        bodies = [AF_INET, AF_INET6].filter((f) => family === AF_UNSPEC || family === f).flatMap(routes);
      } else {
        const destination = findAttribute(request, nl.NLMSG_HEADER_SIZE + 12, nl.RTA_DST);
        if (!destination || (destination.length !== 4 && destination.length !== 16)) return fail(EINVAL);
        const ip = hexOf(destination);
        if (!isLocal(ip)) return fail(ENETUNREACH);
        bodies = [route(destination.length === 4 ? AF_INET : AF_INET6, ip, ip.length * 4, nl.RTN_LOCAL)];
      }
      break;
    case nl.RTM_GETNEIGH:
    case nl.RTM_GETRULE:
      if (!dump) return fail(EOPNOTSUPP);
      kind = 0;
      bodies = [];
      break;
    default:
      return fail(EOPNOTSUPP);
  }
  if (!dump) {
    const replies = bodies.map((body) => body.message(kind, 0, sequence, port));
    if (flags & nl.NLM_F_ACK) replies.push(errorMessage(0, request, port));
    return replies;
  }
  const parts = bodies.map((body) => body.message(kind, nl.NLM_F_MULTI, sequence, port));
  const done = new Builder().u32(0).message(nl.NLMSG_DONE, nl.NLM_F_MULTI, sequence, port);
  const datagram = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    datagram.set(part, at);
    at += part.length;
  }
  return parts.length > 0 ? [datagram, done] : [done];
}

/** Whether a request for one link is about the loopback, by index or name. */
function namesLoopback(request: Uint8Array): boolean {
  const view = new DataView(request.buffer, request.byteOffset, request.length);
  if (request.length < nl.NLMSG_HEADER_SIZE + 16) return false;
  const index = view.getInt32(nl.NLMSG_HEADER_SIZE + 4, true);
  if (index !== 0) return index === LOOPBACK.index;
  const name = findAttribute(request, nl.NLMSG_HEADER_SIZE + 16, nl.IFLA_IFNAME);
  return name !== undefined && new TextDecoder().decode(name).replace(/\0.*$/s, "") === LOOPBACK.name;
}

/** The payload of the first attribute of a type. */
function findAttribute(message: Uint8Array, start: number, type: number): Uint8Array | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  for (let at = start; at + 4 <= message.length;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > message.length) return undefined;
    if ((view.getUint16(at + 2, true) & 0x3fff) === type) return message.subarray(at + 4, at + length);
    at += (length + 3) & ~3;
  }
  return undefined;
}
