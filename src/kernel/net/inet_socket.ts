/** What TCP and UDP sockets of both families share: names, binding, and the options of IP itself (ip(7), ipv6(7)). */
import {
  EACCES,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EINVAL,
  ENETUNREACH,
  ENOPROTOOPT,
  ENOTCONN,
  EOPNOTSUPP,
} from "../abi/errno.ts";
import * as abi from "../abi/socket.ts";
import type { FileContext } from "../fs/file.ts";
import {
  ANY4,
  ANY6,
  type Endpoint,
  formatSockaddr,
  type InetSockaddr,
  type Ip,
  isAny,
  isBroadcast,
  isLinkLocal,
  isLocal,
  isMulticast,
  isV4,
  LOOPBACK4,
  LOOPBACK6,
  parseSockaddr,
} from "./inet_address.ts";
import { InetOptions } from "./inet_options.ts";
import { LOOPBACK, type Network } from "./network.ts";
import type { PortHolder } from "./port_table.ts";
import { familyOf, Socket } from "./socket.ts";
import { intOption } from "./socket_options.ts";

/** First port that anybody may bind (net.ipv4.ip_unprivileged_port_start). */
const FIRST_UNPRIVILEGED_PORT = 1024;

export abstract class InetSocket extends Socket implements PortHolder {
  localIp: Ip;
  /** 0: not bound. */
  localPort = 0;
  remote: Endpoint | undefined = undefined;
  readonly ownerUid: number;
  readonly inet: InetOptions;

  constructor(
    network: Network,
    domain: number,
    type: number,
    protocol: number,
    owner: { readonly uid: number; readonly gid: number },
  ) {
    super(network, domain, type, protocol, owner);
    this.ownerUid = owner.uid;
    this.localIp = domain === abi.AF_INET ? ANY4 : ANY6;
    this.inet = new InetOptions(domain, type === abi.SOCK_STREAM);
  }

  get v6Only(): boolean {
    return this.inet.v6Only;
  }
  get reuseAddress(): boolean {
    return this.options.reuseAddress;
  }
  get reusePort(): boolean {
    return this.options.reusePort;
  }

  /** Takes a port of the protocol's table for `localIp`; a negative errno or the port. */
  protected abstract claimPort(port: number): number;
  protected abstract releasePort(): void;

  override bind(address: Uint8Array, context: FileContext): number {
    const parsed = this.parseBind(address);
    if (typeof parsed === "number") return parsed;
    const { ip, port } = parsed;
    if (!isAny(ip) && !isLocal(ip) && !isMulticast(ip) && !isBroadcast(ip) && !this.inet.freeBind) {
      return -EADDRNOTAVAIL;
    }
    if (!isV4(ip) && isLinkLocal(ip)) return parsed.scope === 0 ? -EINVAL : -EADDRNOTAVAIL;
    if (port !== 0 && port < FIRST_UNPRIVILEGED_PORT && context.uid !== 0) return -EACCES;
    if (this.localPort !== 0 || this.remote !== undefined) return -EINVAL;
    const before = this.localIp;
    this.localIp = ip;
    const claimed = this.claimPort(port);
    if (claimed < 0) {
      this.localIp = before;
      return claimed;
    }
    this.localPort = claimed;
    return 0;
  }

  private parseBind(address: Uint8Array): InetSockaddr | number {
    const parsed = parseSockaddr(address, this.domain, true);
    if (typeof parsed === "number") return parsed;
    const family = familyOf(address);
    if (this.domain === abi.AF_INET) {
      // bind takes AF_UNSPEC for the sake of old programs, but only with INADDR_ANY.
      return family === abi.AF_UNSPEC && parsed.ip !== ANY4 ? -EAFNOSUPPORT : parsed;
    }
    if (family !== abi.AF_INET6) return -EAFNOSUPPORT;
    if (isV4(parsed.ip) && this.inet.v6Only) return -EINVAL;
    return parsed;
  }

  /** Binds to an ephemeral port if need be. */
  protected autobind(): number {
    if (this.localPort !== 0) return 0;
    const port = this.claimPort(0);
    if (port < 0) return port;
    this.localPort = port;
    return 0;
  }

  /**
   * Where something sent to this address goes: "any" means this host, and there is nothing but this host.
   *
   * @returns the destination with the source address a connection gets, or a negative errno
   */
  protected route(to: InetSockaddr): { to: Endpoint; source: Ip } | number {
    let { ip } = to;
    if (isV4(ip) && this.domain === abi.AF_INET6 && this.inet.v6Only) return -ENETUNREACH;
    if (!isV4(ip) && isV4(this.localIp)) return -ENETUNREACH;
    if (isAny(ip)) ip = isV4(ip) || (isV4(this.localIp) && this.domain === abi.AF_INET6) ? LOOPBACK4 : LOOPBACK6;
    // An IPv6 socket bound to a real IPv6 address cannot reach IPv4.
    if (isV4(ip) && !isV4(this.localIp) && !isAny(this.localIp)) return -ENETUNREACH;
    const viaLoopback = isMulticast(ip) &&
      (this.inet.multicastInterface === LOOPBACK.index || to.scope === LOOPBACK.index || isLocal(this.localIp));
    if (!isLocal(ip) && !viaLoopback && ip !== "7fffffff") {
      return isLinkLocal(ip) && to.scope === 0 ? -EINVAL : -ENETUNREACH;
    }
    const source = isAny(this.localIp) ? (isV4(ip) ? LOOPBACK4 : LOOPBACK6) : this.localIp;
    return { to: { ip, port: to.port }, source };
  }

  override name(): Uint8Array {
    return formatSockaddr({ ip: this.localIp, port: this.localPort }, this.domain);
  }

  protected override setProtocolOption(
    level: number,
    name: number,
    value: Uint8Array,
    context: FileContext,
  ): number {
    if (level === abi.SOL_IPV6 && name === abi.IPV6_V6ONLY && this.localPort !== 0) return -EINVAL;
    if (level === abi.SOL_IP || level === abi.SOL_IPV6) {
      return this.inet.set(level, name, value, context.uid === 0);
    }
    return -ENOPROTOOPT;
  }

  protected override getProtocolOption(level: number, name: number): Uint8Array | number {
    if (level === abi.SOL_IP || level === abi.SOL_IPV6) {
      if ((level === abi.SOL_IP && name === abi.IP_MTU) || (level === abi.SOL_IPV6 && name === abi.IPV6_MTU)) {
        return this.remote === undefined ? -ENOTCONN : intOption(LOOPBACK.mtu);
      }
      return this.inet.get(level, name);
    }
    // ip_getsockopt has its own opinion of unknown levels.
    return this.domain === abi.AF_INET ? -EOPNOTSUPP : -ENOPROTOOPT;
  }

  override release(): void {
    super.release();
    if (this.localPort !== 0) this.releasePort();
  }
}
