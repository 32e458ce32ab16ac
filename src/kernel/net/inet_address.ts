/**
 * Internet addresses (ip(7), ipv6(7)).
 *
 * An address is a string of hexadecimal digits, 8 for IPv4 and 32 for IPv6: comparable, usable as a key, and in the
 * byte order of the wire. Inside the network an IPv4-mapped IPv6 address is the IPv4 address.
 */
import { EAFNOSUPPORT, EINVAL } from "../abi/errno.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  SOCKADDR_IN6_MIN_SIZE,
  SOCKADDR_IN6_SIZE,
  SOCKADDR_IN_SIZE,
} from "../abi/socket.ts";

/** Hex digits of an address. */
export type Ip = string;

export interface Endpoint {
  readonly ip: Ip;
  readonly port: number;
}

export const ANY4: Ip = "00000000";
export const LOOPBACK4: Ip = "7f000001";
export const ANY6: Ip = "0".repeat(32);
export const LOOPBACK6: Ip = "0".repeat(31) + "1";
const MAPPED = "0".repeat(20) + "ffff";

export function isV4(ip: Ip): boolean {
  return ip.length === 8;
}
export function isAny(ip: Ip): boolean {
  return ip === ANY4 || ip === ANY6;
}
/** Addresses of the loopback interface: 127.0.0.0/8 and ::1. */
export function isLocal(ip: Ip): boolean {
  return isV4(ip) ? ip.startsWith("7f") : ip === LOOPBACK6;
}
export function isMulticast(ip: Ip): boolean {
  return isV4(ip) ? ip[0] === "e" : ip.startsWith("ff");
}
/** 255.255.255.255 and the broadcast address of the loopback network. */
export function isBroadcast(ip: Ip): boolean {
  return ip === "ffffffff" || ip === "7fffffff";
}
/** fe80::/10 */
export function isLinkLocal(ip: Ip): boolean {
  return !isV4(ip) && ip.startsWith("fe") && "89ab".includes(ip[2]!);
}

export function hexOf(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex;
}
export function bytesOf(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The IPv4 address inside a mapped one, others as they are. */
export function unmap(ip: Ip): Ip {
  return ip.length === 32 && ip.startsWith(MAPPED) ? ip.slice(24) : ip;
}

/** A sockaddr_in or sockaddr_in6 taken apart. */
export interface InetSockaddr extends Endpoint {
  /** Interface index of an IPv6 address with a scope; 0 for none. */
  readonly scope: number;
}

/**
 * Reads a sockaddr for a socket of this domain.
 *
 * @param unspecIsInet AF_UNSPEC counts as the domain's own family, as for sendto
 */
export function parseSockaddr(bytes: Uint8Array, domain: number, unspecIsInet = false): InetSockaddr | number {
  if (bytes.length < 2) return -EINVAL;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const family = view.getUint16(0, true);
  if (family === AF_INET || (family === AF_UNSPEC && unspecIsInet && domain === AF_INET)) {
    if (bytes.length < SOCKADDR_IN_SIZE) return -EINVAL;
    return { ip: hexOf(bytes.subarray(4, 8)), port: view.getUint16(2), scope: 0 };
  }
  if (family === AF_INET6 && domain === AF_INET6) {
    if (bytes.length < SOCKADDR_IN6_MIN_SIZE) return -EINVAL;
    const scope = bytes.length >= SOCKADDR_IN6_SIZE ? view.getUint32(24, true) : 0;
    return { ip: unmap(hexOf(bytes.subarray(8, 24))), port: view.getUint16(2), scope };
  }
  if (bytes.length < (domain === AF_INET ? SOCKADDR_IN_SIZE : SOCKADDR_IN6_MIN_SIZE)) return -EINVAL;
  return -EAFNOSUPPORT;
}

/** A sockaddr for a socket of this domain: IPv6 sockets see IPv4 addresses mapped. */
export function formatSockaddr(endpoint: Endpoint, domain: number): Uint8Array {
  const { ip, port } = endpoint;
  const bytes = new Uint8Array(domain === AF_INET ? SOCKADDR_IN_SIZE : SOCKADDR_IN6_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, domain, true);
  view.setUint16(2, port);
  if (domain === AF_INET) bytes.set(bytesOf(ip), 4);
  else bytes.set(bytesOf(isV4(ip) ? (ip === ANY4 ? ANY6 : MAPPED + ip) : ip), 8);
  return bytes;
}
