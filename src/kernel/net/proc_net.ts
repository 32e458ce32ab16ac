/** The text of /proc/net/* (proc(5)): what netstat, ss, ifconfig and their like read. */
import { bytesOf, type Endpoint, formatSockaddr, isV4 } from "./inet_address.ts";
import { InetSocket } from "./inet_socket.ts";
import type { Network } from "./network.ts";
import { NetlinkSocket } from "./netlink_socket.ts";
import { TcpSocket } from "./tcp_socket.ts";
import { UdpSocket } from "./udp_socket.ts";
import { UnixSocket } from "./unix_socket.ts";
import { UnixStreamSocket } from "./unix_stream.ts";
import * as abi from "../abi/socket.ts";

const hex = (value: number, digits: number) => (value >>> 0).toString(16).toUpperCase().padStart(digits, "0");

/** Address and port as the kernel prints them: the address in 32-bit words of the machine's byte order. */
function place(endpoint: Endpoint, domain: number): string {
  const sockaddr = formatSockaddr(endpoint, domain);
  const bytes = domain === abi.AF_INET ? bytesOf(endpoint.ip) : sockaddr.subarray(8, 24);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) text += hex(view.getUint32(at, true), 8);
  return `${text}:${hex(endpoint.port, 4)}`;
}

/** One line of tcp, tcp6, udp, udp6. */
function inetLine(
  index: number,
  socket: InetSocket,
  state: number,
  transmit: number,
  receive: number,
  tail: string,
): string {
  const any = isV4(socket.localIp) ? "00000000" : "0".repeat(32);
  const local = place({ ip: socket.localIp, port: socket.localPort }, socket.domain);
  const remote = place(socket.remote ?? { ip: any, port: 0 }, socket.domain);
  return `${String(index).padStart(4)}: ${local} ${remote} ${hex(state, 2)} ${hex(transmit, 8)}:${hex(receive, 8)} ` +
    `00:00000000 00000000 ${String(socket.ownerUid).padStart(5)}        0 ${socket.inode.ino} ${socket.references} ` +
    `0000000000000000${tail}\n`;
}

function tcp(network: Network, domain: number): string {
  let text = domain === abi.AF_INET
    ? "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n"
    : "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
  let index = 0;
  for (const socket of network.sockets) {
    if (!(socket instanceof TcpSocket) || socket.domain !== domain || socket.tcpState === abi.TCP_CLOSE) continue;
    const { transmit, receive } = socket.queues;
    text += inetLine(index++, socket, socket.tcpState, transmit, receive, " 100 0 0 10 0");
  }
  return text;
}

function udp(network: Network, domain: number, protocol: number): string {
  let text = domain === abi.AF_INET
    ? "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops             \n"
    : "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n";
  for (const socket of network.sockets) {
    if (!(socket instanceof UdpSocket) || socket.domain !== domain || socket.protocol !== protocol) continue;
    if (socket.localPort === 0) continue;
    const state = socket.remote === undefined ? abi.TCP_CLOSE : abi.TCP_ESTABLISHED;
    text += inetLine(socket.localPort, socket, state, 0, socket.queuedBytes, ` ${socket.drops}`);
  }
  return text;
}

function unix(network: Network): string {
  let text = "Num       RefCount Protocol Flags    Type St Inode Path\n";
  for (const socket of network.sockets) {
    if (!(socket instanceof UnixSocket)) continue;
    const stream = socket instanceof UnixStreamSocket ? socket : undefined;
    // SO_ACCEPTCON; SS_UNCONNECTED or SS_CONNECTED.
    const flags = socket.listening ? 0x10000 : 0, state = stream?.connected ? 3 : 1;
    const name = stream?.shownName ?? socket.unixName;
    const path = name === undefined ? "" : " " + name.replaceAll("\0", "@");
    text += `0000000000000000: ${hex(socket.references + 1, 8)} 00000000 ${hex(flags, 8)} ${hex(socket.type, 4)} ` +
      `${hex(state, 2)} ${String(socket.inode.ino).padStart(5)}${path}\n`;
  }
  return text;
}

function netlink(network: Network): string {
  let text = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n";
  for (const socket of network.sockets) {
    if (!(socket instanceof NetlinkSocket)) continue;
    text += `0000000000000000 ${String(socket.protocol).padEnd(3)} ${String(socket.port).padEnd(10)} ` +
      `${hex(socket.groups, 8).toLowerCase()} 0        0        0     2        0        ${socket.inode.ino}\n`;
  }
  return text;
}

function device({ traffic: { packets, bytes } }: Network): string {
  const half = (fields: number[], widths: number[]) =>
    fields.map((field, i) => String(field).padStart(widths[i]!)).join(" ");
  return "Inter-|   Receive                                                |  Transmit\n" +
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n" +
    `    lo: ${half([bytes, packets, 0, 0, 0, 0, 0, 0], [7, 7, 4, 4, 4, 5, 10, 9])} ` +
    `${half([bytes, packets, 0, 0, 0, 0, 0, 0], [8, 7, 4, 4, 4, 5, 7, 10])}\n`;
}

function sockstat(network: Network): string {
  let used = 0, tcpCount = 0, udpCount = 0;
  for (const socket of network.sockets) {
    used++;
    if (socket instanceof TcpSocket && socket.domain === abi.AF_INET) tcpCount++;
    if (socket instanceof UdpSocket && socket.domain === abi.AF_INET) udpCount++;
  }
  return `sockets: used ${used}\nTCP: inuse ${tcpCount} orphan 0 tw 0 alloc ${tcpCount} mem 0\n` +
    `UDP: inuse ${udpCount} mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n`;
}

const FILES: Readonly<Record<string, (network: Network) => string>> = {
  tcp: (network) => tcp(network, abi.AF_INET),
  tcp6: (network) => tcp(network, abi.AF_INET6),
  udp: (network) => udp(network, abi.AF_INET, abi.IPPROTO_UDP),
  udp6: (network) => udp(network, abi.AF_INET6, abi.IPPROTO_UDP),
  udplite: (network) => udp(network, abi.AF_INET, abi.IPPROTO_UDPLITE),
  udplite6: (network) => udp(network, abi.AF_INET6, abi.IPPROTO_UDPLITE),
  raw: () =>
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n",
  unix,
  netlink,
  dev: device,
  sockstat,
  if_inet6: () => "00000000000000000000000000000001 01 80 10 80       lo\n",
  route: () => "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT".padEnd(127) + "\n",
  ipv6_route: () =>
    "00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 " +
    "00000000 00000002 00000000 80200001       lo\n",
  arp: () => "IP address       HW type     Flags       HW address            Mask     Device\n",
  packet: () => "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n",
  igmp: () =>
    "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n" +
    "1\tlo        :     1      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n",
  protocols: () =>
    "protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re sp bi br ha uh gp em\n",
};

/** Names in /proc/net. */
export const PROC_NET_NAMES: readonly string[] = Object.keys(FILES);

/** The content of /proc/net/NAME; undefined if there is no such file. */
export function procNetText(network: Network, name: string): string | undefined {
  return Object.hasOwn(FILES, name) ? FILES[name]!(network) : undefined;
}
