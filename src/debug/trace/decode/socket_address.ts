/** Socket addresses: struct sockaddr of every family the kernel has (ip(7), ipv6(7), unix(7), netlink(7)). */
import { flagNames } from "../../../kernel/abi/flags.ts";
import { AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, SOCKADDR_IN6_MIN_SIZE } from "../../../kernel/abi/socket.ts";
import { hex, type HexStrings, quote } from "./text.ts";

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** `127.0.0.1` */
export function ipv4(bytes: Uint8Array): string {
  return bytes.subarray(0, 4).join(".");
}

/** `fe80::1`: the longest run of zero groups is left out (RFC 5952). */
export function ipv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, n) => bytes[2 * n]! << 8 | bytes[2 * n + 1]!);
  // An IPv4 address in it is shown as one (inet_ntop(3)).
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return "::ffff:" + ipv4(bytes.subarray(12));
  }
  let best = 0, length = 1;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > length) [best, length] = [start, end - start];
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  return length < 2 ? text(groups) : `${text(groups.slice(0, best))}::${text(groups.slice(best + length))}`;
}

/** `{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}` */
export function socketAddress(bytes: Uint8Array, hexed: HexStrings = 0): string {
  if (bytes.length < 2) return quote(latin1(bytes), false, hexed);
  const data = view(bytes), family = data.getUint16(0, true);
  const head = `sa_family=${flagNames("domain", family)}`;
  if (family === AF_UNIX) {
    const path = bytes.subarray(2);
    if (path.length === 0) return `{${head}}`;
    // An abstract name begins with a NUL and has its length; others end at one (unix(7)).
    if (path[0] === 0) return `{${head}, sun_path=@${quote(latin1(path.subarray(1)), false, hexed)}}`;
    const end = path.indexOf(0);
    return `{${head}, sun_path=${quote(latin1(end < 0 ? path : path.subarray(0, end)), false, hexed)}}`;
  }
  if (family === AF_INET && bytes.length >= 8) {
    return `{${head}, sin_port=htons(${data.getUint16(2)}), sin_addr=inet_addr("${ipv4(bytes.subarray(4))}")}`;
  }
  if (family === AF_INET6 && bytes.length >= SOCKADDR_IN6_MIN_SIZE) {
    const scope = bytes.length >= 28 ? data.getUint32(24, true) : 0;
    // Interface 1 is the only one there is.
    const interfaceName = scope === 1 ? 'if_nametoindex("lo")' : String(scope);
    return `{${head}, sin6_port=htons(${data.getUint16(2)}), sin6_flowinfo=htonl(${data.getUint32(4)}), ` +
      `inet_pton(AF_INET6, "${ipv6(bytes.subarray(8))}", &sin6_addr), sin6_scope_id=${interfaceName}}`;
  }
  if (family === AF_NETLINK && bytes.length >= 12) {
    const groups = data.getUint32(8, true);
    return `{${head}, nl_pid=${data.getUint32(4, true)}, nl_groups=${groups === 0 ? "00000000" : hex(groups)}}`;
  }
  return `{${head}, sa_data=${quote(latin1(bytes.subarray(2)), false, hexed)}}`;
}

/** `127.0.0.1:80`, `[::1]:80`, a path; undefined for an address that is not bound. */
export function endpoint(bytes: Uint8Array): string | undefined {
  if (bytes.length < 2) return undefined;
  const data = view(bytes), family = data.getUint16(0, true);
  if (family === AF_INET && bytes.length >= 8) {
    const port = data.getUint16(2);
    return port === 0 ? undefined : `${ipv4(bytes.subarray(4))}:${port}`;
  }
  if (family === AF_INET6 && bytes.length >= SOCKADDR_IN6_MIN_SIZE) {
    const port = data.getUint16(2);
    return port === 0 ? undefined : `[${ipv6(bytes.subarray(8))}]:${port}`;
  }
  if (family === AF_UNIX && bytes.length > 2) {
    const path = latin1(bytes.subarray(2));
    return path.startsWith("\0") ? "@" + path.slice(1) : path.replace(/\0.*$/s, "");
  }
  return undefined;
}
