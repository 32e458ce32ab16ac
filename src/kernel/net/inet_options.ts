/** Options at SOL_IP and SOL_IPV6 (ip(7), ipv6(7)), as far as they mean something on a loopback interface. */
import { EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENODEV, ENOPROTOOPT, EPERM } from "../abi/errno.ts";
import * as abi from "../abi/socket.ts";
import { hexOf, type Ip, isAny, isLocal, isMulticast } from "./inet_address.ts";
import { LOOPBACK } from "./network.ts";
import { intOption, optionInt } from "./socket_options.ts";

/** Flags and small numbers that are kept and given back: name → default. */
const KEPT_IP: ReadonlyMap<number, number> = new Map([
  [abi.IP_TOS, 0],
  [abi.IP_TTL, 64],
  [abi.IP_RECVOPTS, 0],
  [abi.IP_RETOPTS, 0],
  [abi.IP_PKTINFO, 0],
  [abi.IP_MTU_DISCOVER, 1],
  [abi.IP_RECVERR, 0],
  [abi.IP_RECVTTL, 0],
  [abi.IP_RECVTOS, 0],
  [abi.IP_FREEBIND, 0],
  [abi.IP_RECVORIGDSTADDR, 0],
  [abi.IP_MINTTL, 0],
  [abi.IP_BIND_ADDRESS_NO_PORT, 0],
  [abi.IP_MULTICAST_TTL, 1],
  [abi.IP_MULTICAST_LOOP, 1],
  [abi.IP_MULTICAST_ALL, 1],
]);
const KEPT_IPV6: ReadonlyMap<number, number> = new Map([
  [abi.IPV6_UNICAST_HOPS, 64],
  [abi.IPV6_MULTICAST_HOPS, 1],
  [abi.IPV6_MULTICAST_LOOP, 1],
  [abi.IPV6_MTU_DISCOVER, 1],
  [abi.IPV6_RECVERR, 0],
  [abi.IPV6_V6ONLY, 0],
  [abi.IPV6_RECVPKTINFO, 0],
  [abi.IPV6_RECVHOPLIMIT, 0],
  [abi.IPV6_RECVTCLASS, 0],
  [abi.IPV6_TCLASS, 0],
  [abi.IPV6_DONTFRAG, 0],
]);
/** Options of which -1 means "back to the default", and 1…255 or 0…255 are values. */
const HOPS: ReadonlySet<number> = new Set([abi.IPV6_UNICAST_HOPS, abi.IPV6_MULTICAST_HOPS]);

export class InetOptions {
  readonly #ip = new Map<number, number>();
  readonly #ipv6 = new Map<number, number>();
  /** Interface index for outgoing multicast; 0 for none. */
  multicastInterface = 0;
  /** Groups joined. */
  readonly groups: Set<Ip> = new Set();

  constructor(readonly domain: number, readonly isStream: boolean) {}

  get v6Only(): boolean {
    return this.#ipv6.get(abi.IPV6_V6ONLY) === 1;
  }
  get freeBind(): boolean {
    return this.#ip.get(abi.IP_FREEBIND) === 1;
  }
  get multicastLoop(): boolean {
    return this.number(abi.SOL_IP, abi.IP_MULTICAST_LOOP) !== 0;
  }

  /** Takes over from a listener. */
  inherit(from: InetOptions): void {
    for (const [name, value] of from.#ip) this.#ip.set(name, value);
    for (const [name, value] of from.#ipv6) this.#ipv6.set(name, value);
  }

  /** The value of a kept option. */
  number(level: number, name: number): number {
    return level === abi.SOL_IP
      ? this.#ip.get(name) ?? KEPT_IP.get(name) ?? 0
      : this.#ipv6.get(name) ?? KEPT_IPV6.get(name) ?? 0;
  }

  /** setsockopt; `root` is CAP_NET_ADMIN. */
  set(level: number, name: number, value: Uint8Array, root: boolean): number {
    if (level === abi.SOL_IPV6) return this.domain === abi.AF_INET6 ? this.#setIpv6(name, value) : -ENOPROTOOPT;
    switch (name) {
      case abi.IP_ADD_MEMBERSHIP:
      case abi.IP_DROP_MEMBERSHIP:
        return this.#membership4(name === abi.IP_ADD_MEMBERSHIP, value);
      case abi.IP_MULTICAST_IF:
        return this.#setInterface4(value);
      case abi.IP_TRANSPARENT:
        return root ? -ENOPROTOOPT : -EPERM;
      case abi.IP_OPTIONS:
        return value.length === 0 ? 0 : -EINVAL;
      case abi.MCAST_JOIN_GROUP:
      case abi.MCAST_LEAVE_GROUP:
        return this.#groupRequest(name === abi.MCAST_JOIN_GROUP, value);
    }
    if (!KEPT_IP.has(name)) return -ENOPROTOOPT;
    if (value.length === 0) return -EINVAL;
    // IP options may be one byte long (net/ipv4/ip_sockglue.c).
    const int = value.length >= 4 ? optionInt(value) : value[0]!;
    switch (name) {
      case abi.IP_TTL:
        if (int !== -1 && (int < 1 || int > 255)) return -EINVAL;
        this.#ip.set(name, int === -1 ? 64 : int);
        return 0;
      case abi.IP_MULTICAST_TTL:
        if (int < -1 || int > 255) return -EINVAL;
        this.#ip.set(name, int === -1 ? 1 : int);
        return 0;
      case abi.IP_MTU_DISCOVER:
        if (int < 0 || int > 5) return -EINVAL;
        this.#ip.set(name, int);
        return 0;
      case abi.IP_MINTTL:
        if (int < 0 || int > 255) return -EINVAL;
        this.#ip.set(name, int);
        return 0;
      case abi.IP_TOS:
        this.#ip.set(name, int & 0xff);
        return 0;
      default:
        this.#ip.set(name, int !== 0 ? 1 : 0);
        return 0;
    }
  }

  #setIpv6(name: number, value: Uint8Array): number {
    switch (name) {
      case abi.IPV6_ADD_MEMBERSHIP:
      case abi.IPV6_DROP_MEMBERSHIP: {
        if (value.length < 20) return -EINVAL;
        return this.#join(
          hexOf(value.subarray(0, 16)),
          optionInt(value.subarray(16)),
          name === abi.IPV6_ADD_MEMBERSHIP,
        );
      }
      case abi.IPV6_MULTICAST_IF: {
        if (value.length < 4) return -EINVAL;
        const index = optionInt(value);
        if (index !== 0 && index !== LOOPBACK.index) return -ENODEV;
        this.multicastInterface = index;
        return 0;
      }
      case abi.MCAST_JOIN_GROUP:
      case abi.MCAST_LEAVE_GROUP:
        return this.#groupRequest(name === abi.MCAST_JOIN_GROUP, value);
    }
    if (!KEPT_IPV6.has(name)) return -ENOPROTOOPT;
    if (value.length < 4) return -EINVAL;
    const int = optionInt(value);
    if (HOPS.has(name)) {
      if (int < -1 || int > 255) return -EINVAL;
      this.#ipv6.set(name, int === -1 ? KEPT_IPV6.get(name)! : int);
    } else if (name === abi.IPV6_TCLASS) {
      if (int < -1 || int > 255) return -EINVAL;
      this.#ipv6.set(name, Math.max(0, int));
    } else if (name === abi.IPV6_MTU_DISCOVER) {
      if (int < 0 || int > 5) return -EINVAL;
      this.#ipv6.set(name, int);
    } else {
      this.#ipv6.set(name, int !== 0 ? 1 : 0);
    }
    return 0;
  }

  /** struct ip_mreq (group, interface address) or ip_mreqn (and an index). */
  #membership4(join: boolean, value: Uint8Array): number {
    if (value.length < 8) return -EINVAL;
    const address = hexOf(value.subarray(4, 8));
    let index = value.length >= 12 ? optionInt(value.subarray(8)) : 0;
    if (index === 0 && isLocal(address)) index = LOOPBACK.index;
    return this.#join(hexOf(value.subarray(0, 4)), index, join);
  }

  /** struct group_req: u32 interface, sockaddr_storage at 8. */
  #groupRequest(join: boolean, value: Uint8Array): number {
    if (value.length < 8 + abi.SOCKADDR_STORAGE_SIZE) return -EINVAL;
    const family = value[8]! | value[9]! << 8;
    if (family !== this.domain) return -EADDRNOTAVAIL;
    const ip = family === abi.AF_INET ? hexOf(value.subarray(12, 16)) : hexOf(value.subarray(16, 32));
    return this.#join(ip, optionInt(value), join);
  }

  #join(group: Ip, index: number, join: boolean): number {
    if (!isMulticast(group)) return -EINVAL;
    // Without an interface the route decides, and there is no multicast route.
    if (index !== LOOPBACK.index) return -ENODEV;
    if (join) {
      if (this.groups.has(group)) return -EADDRINUSE;
      this.groups.add(group);
      return 0;
    }
    return this.groups.delete(group) ? 0 : -EADDRNOTAVAIL;
  }

  /** struct in_addr, ip_mreq or ip_mreqn. */
  #setInterface4(value: Uint8Array): number {
    if (value.length < 4) return -EINVAL;
    const ip = value.length >= 8 ? hexOf(value.subarray(4, 8)) : hexOf(value.subarray(0, 4));
    const index = value.length >= 12 ? optionInt(value.subarray(8)) : 0;
    if (index === 0 && isAny(ip)) {
      this.multicastInterface = 0;
      return 0;
    }
    if (index !== 0 ? index !== LOOPBACK.index : !isLocal(ip)) return -EADDRNOTAVAIL;
    this.multicastInterface = LOOPBACK.index;
    return 0;
  }

  get(level: number, name: number): Uint8Array | number {
    if (level === abi.SOL_IPV6) {
      if (this.domain !== abi.AF_INET6) return -ENOPROTOOPT;
      if (name === abi.IPV6_MULTICAST_IF) return intOption(this.multicastInterface);
      return KEPT_IPV6.has(name) ? intOption(this.number(level, name)) : -ENOPROTOOPT;
    }
    if (name === abi.IP_MULTICAST_IF) {
      const bytes = new Uint8Array(4);
      if (this.multicastInterface === LOOPBACK.index) bytes.set([127, 0, 0, 1]);
      return bytes;
    }
    // What came with packets: of a stream there is none (net/ipv4/ip_sockglue.c: do_ip_getsockopt).
    if (name === abi.IP_OPTIONS || (name === abi.IP_PKTOPTIONS && this.isStream)) return new Uint8Array(0);
    return KEPT_IP.has(name) ? intOption(this.number(level, name)) : -ENOPROTOOPT;
  }
}
