/** The interface ioctls of netdevice(7), for the one interface there is. Any socket answers them. */
import { EADDRNOTAVAIL, EFAULT, EINVAL, ENODEV, ENOTTY, EPERM } from "../abi/errno.ts";
import * as ioctls from "../abi/ioctl.ts";
import { AF_INET } from "../abi/socket.ts";
import type { FileContext } from "../fs/file.ts";
import { LOOPBACK } from "./network.ts";

/** struct ifreq: a name of 16 bytes, then a union of 24. */
const IFREQ_SIZE = 40;
const IFNAMSIZ = 16;
/** IFF_UP | IFF_LOOPBACK | IFF_RUNNING */
export const LOOPBACK_FLAGS = 0x49;
/** ARPHRD_LOOPBACK */
export const LOOPBACK_HARDWARE = 772;

function sockaddrIn(a: number, b: number, c: number, d: number): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes[0] = AF_INET;
  bytes.set([a, b, c, d], 4);
  return bytes;
}

function int(value: number): Uint8Array {
  return new Uint8Array(new Int32Array([value]).buffer);
}

/** The union part of the answer about an interface, by request. */
function answer(request: number): Uint8Array | number {
  switch (request) {
    case ioctls.SIOCGIFFLAGS:
      return new Uint8Array(new Int16Array([LOOPBACK_FLAGS]).buffer);
    case ioctls.SIOCGIFADDR:
      return sockaddrIn(127, 0, 0, 1);
    case ioctls.SIOCGIFNETMASK:
      return sockaddrIn(255, 0, 0, 0);
    case ioctls.SIOCGIFDSTADDR:
      return sockaddrIn(127, 0, 0, 1);
    case ioctls.SIOCGIFBRDADDR:
      return sockaddrIn(0, 0, 0, 0);
    case ioctls.SIOCGIFINDEX:
      return int(LOOPBACK.index);
    case ioctls.SIOCGIFMTU:
      return int(LOOPBACK.mtu);
    case ioctls.SIOCGIFMETRIC:
      return int(0);
    case ioctls.SIOCGIFTXQLEN:
      return int(1000);
    case ioctls.SIOCGIFHWADDR: {
      const bytes = new Uint8Array(16);
      bytes[0] = LOOPBACK_HARDWARE & 0xff;
      bytes[1] = LOOPBACK_HARDWARE >> 8;
      return bytes;
    }
    case ioctls.SIOCGIFMAP:
      return new Uint8Array(24);
    default:
      return -ENOTTY;
  }
}

export function interfaceIoctl(request: number, argument: number, context: FileContext): number {
  const { memory } = context;
  if (request === ioctls.SIOCGIFCONF) return listInterfaces(argument, context);
  if (request === ioctls.SIOCGIFNAME) {
    const index = memory.readU32(argument + IFNAMSIZ);
    if (index !== LOOPBACK.index) return -ENODEV;
    memory.writeBytes(argument, nameBytes());
    return 0;
  }
  if (request === ioctls.SIOCSIFFLAGS) return context.uid === 0 ? -EINVAL : -EPERM;
  const result = answer(request);
  if (typeof result === "number") return result;
  const name = memory.readBytes(argument, IFNAMSIZ);
  const end = name.indexOf(0), text = new TextDecoder().decode(name.subarray(0, end < 0 ? IFNAMSIZ - 1 : end));
  // Aliases (lo:1) name the interface's further addresses: there are none.
  if (text.split(":")[0] !== LOOPBACK.name) return -ENODEV;
  if (text.includes(":") && request !== ioctls.SIOCGIFINDEX) return -EADDRNOTAVAIL;
  memory.writeBytes(argument + IFNAMSIZ, result);
  return 0;
}

function nameBytes(): Uint8Array {
  const bytes = new Uint8Array(IFNAMSIZ);
  new TextEncoder().encodeInto(LOOPBACK.name, bytes);
  return bytes;
}

/** struct ifconf: int length, pointer at 8 (null: only the length is wanted). */
function listInterfaces(argument: number, { memory }: FileContext): number {
  const room = memory.readU32(argument) | 0, buffer = Number(memory.readU64(argument + 8));
  if (buffer === 0) {
    memory.writeU32(argument, IFREQ_SIZE);
    return 0;
  }
  if (room < 0) return -EFAULT;
  if (room < IFREQ_SIZE) {
    memory.writeU32(argument, 0);
    return 0;
  }
  const entry = new Uint8Array(IFREQ_SIZE);
  entry.set(nameBytes());
  entry.set(sockaddrIn(127, 0, 0, 1), IFNAMSIZ);
  memory.writeBytes(buffer, entry);
  memory.writeU32(argument, IFREQ_SIZE);
  return 0;
}
