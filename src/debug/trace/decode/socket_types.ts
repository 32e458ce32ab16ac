/** Sockets: addresses, messages with their control data, options. */
import { flagNames } from "../../../kernel/abi/flags.ts";
import * as abi from "../../../kernel/abi/socket.ts";
import { type Call, failed } from "./call.ts";
import { iovecText } from "./file_types.ts";
import { type CustomTypes, typeNamed } from "./layout.ts";
import { descriptor } from "./scalar.ts";
import { socketAddress } from "./socket_address.ts";
import { bufferAt, pointer } from "./text.ts";

function addressAt({ task: { mm }, style }: Call, at: number, length: number): string {
  if (!(length >= 0 && length <= abi.SOCKADDR_STORAGE_SIZE)) return pointer(at);
  return socketAddress(mm.readBytes(at, length), style.hexStrings);
}

/** An address argument: its length is the next one, or what that points to. */
function sockaddrText(call: Call, at: number, index: number): string {
  const { args, task: { mm }, before } = call, next = args[index + 1]!;
  if (!call.row?.args[index]?.format.startsWith("out:")) return addressAt(call, at, next);
  if (next === 0) return pointer(at);
  const room = Number(before[index + 1] ?? 0), length = mm.readI32(next);
  // A stream socket's recvfrom leaves the length at 0: there is no address.
  return length <= 0 ? pointer(at) : addressAt(call, at, Math.min(room, length));
}

/** The name of an option of a level. */
export function optionName(level: number, name: number): string {
  const sets: Readonly<Record<number, string>> = {
    [abi.SOL_SOCKET]: "so_socket",
    [abi.SOL_IP]: "so_ip",
    [abi.SOL_IPV6]: "so_ipv6",
    [abi.SOL_TCP]: "so_tcp",
    [abi.SOL_UDP]: "so_udp",
    [abi.SOL_NETLINK]: "so_netlink",
  };
  const set = sets[level];
  return set === undefined ? String(name) : flagNames(set, name);
}

const OPTION_TYPES: Readonly<Record<number, string>> = {
  [abi.SO_LINGER]: "linger",
  [abi.SO_PEERCRED]: "ucred",
  [abi.SO_RCVTIMEO_OLD]: "timeval",
  [abi.SO_SNDTIMEO_OLD]: "timeval",
  [abi.SO_RCVTIMEO_NEW]: "timeval",
  [abi.SO_SNDTIMEO_NEW]: "timeval",
};

function optionText(call: Call, at: number, index: number): string {
  const { args, task: { mm }, style } = call;
  const length = call.name === "getsockopt" ? mm.readI32(args[4]!) : args[4]!;
  const type = args[1] === abi.SOL_SOCKET ? OPTION_TYPES[args[2]!] : undefined;
  if (type !== undefined && length >= typeNamed(type).size) return typeNamed(type).show(call, at, index);
  return length === 4 ? `[${mm.readI32(at)}]` : bufferAt(mm, at, Math.max(0, length), style);
}

function controlText(call: Call, at: number, length: number): string {
  const { task: { mm }, style } = call, parts: string[] = [];
  for (let offset = 0; offset + abi.CMSG_HEADER_SIZE <= length;) {
    const size = mm.readNumber(at + offset);
    const level = mm.readI32(at + offset + 8), type = mm.readI32(at + offset + 12);
    const isSocket = level === abi.SOL_SOCKET;
    const head = `{cmsg_len=${size}, cmsg_level=${flagNames("socket_level", level)}, cmsg_type=${
      isSocket ? flagNames("cmsg", type) : String(type)
    }`;
    const data = at + offset + abi.CMSG_HEADER_SIZE;
    const bytes = Math.min(size, length - offset) - abi.CMSG_HEADER_SIZE;
    if (bytes < 0) {
      parts.push(head + "}");
      break;
    }
    let text: string;
    if (isSocket && type === abi.SCM_RIGHTS) {
      const fds = Array.from({ length: Math.min(bytes >> 2, style.limit) }, (_, n) => mm.readI32(data + 4 * n));
      text = `[${fds.map((fd) => descriptor(call, fd)).join(", ")}]`;
    } else if (isSocket && type === abi.SCM_CREDENTIALS && bytes >= abi.UCRED_SIZE) {
      text = typeNamed("ucred").show(call, data, 0);
    } else text = bufferAt(mm, data, bytes, style);
    parts.push(`${head}, cmsg_data=${text}}`);
    // One that claims to be longer than what there is is the last.
    if (size > length - offset) break;
    offset += abi.cmsgSpace(size - abi.CMSG_HEADER_SIZE);
  }
  return `[${parts.join(", ")}]`;
}

/** A message's header. @param bytes of its buffers that count @param room what msg_namelen was before */
function messageText(call: Call, at: number, bytes: number, room?: number): string {
  const { task: { mm } } = call, H = abi.MSGHDR;
  const name = mm.readNumber(at + H.name), length = mm.readI32(at + H.namelen);
  const shown = room === undefined ? length : Math.min(room, length);
  const address = name === 0 ? "NULL" : shown > 0 ? addressAt(call, name, shown) : pointer(name);
  const nameLength = room === undefined || room === length ? String(length) : `${room} => ${length}`;
  const count = mm.readNumber(at + H.iovlen), iov = mm.readNumber(at + H.iov);
  const vector = iov === 0 ? "NULL" : iovecText(call, iov, count, bytes);
  const control = mm.readNumber(at + H.control), controlLength = mm.readNumber(at + H.controllen);
  const controls = control === 0 || controlLength === 0
    ? ""
    : `msg_control=${controlText(call, control, Math.min(controlLength, 4096))}, `;
  return `{msg_name=${address}, msg_namelen=${nameLength}, msg_iov=${vector}, msg_iovlen=${count}, ${controls}` +
    `msg_controllen=${controlLength}, msg_flags=${flagNames("msg", mm.readI32(at + H.flags))}}`;
}

function manyText(call: Call, at: number): string {
  const { task: { mm } } = call;
  const receives = call.name === "recvmmsg";
  const length = mm.readU32(at + abi.MMSGHDR_LEN);
  return `{msg_hdr=${messageText(call, at, receives ? length : Infinity)}, msg_len=${length}}`;
}

export const socketTypes: CustomTypes = {
  sockaddr: { size: 16, show: sockaddrText },
  socklen: {
    size: 4,
    keep: ({ task }, at) => task.mm.readI32(at),
    show: ({ task }, at) => `[${task.mm.readI32(at)}]`,
    onFailure: true,
    late: (call, at, index) => {
      const kept = call.before[index], now = call.task.mm.readI32(at);
      return kept === now || failed(call) ? `[${kept ?? now}]` : `[${kept} => ${now}]`;
    },
  },
  sockopt: { size: 4, show: optionText },
  msghdr: {
    size: abi.MSGHDR.size,
    keep: ({ task }, at) => task.mm.readI32(at + abi.MSGHDR.namelen),
    show: (call, at) => messageText(call, at, Infinity),
    onFailure: true,
    late: (call, at, index) =>
      failed(call)
        ? `{msg_namelen=${call.before[index]}}`
        : messageText(call, at, call.result ?? 0, Number(call.before[index])),
  },
  mmsghdr: { size: abi.MMSGHDR_SIZE, show: manyText },
};
