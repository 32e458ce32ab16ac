/** A network for tests: names of sockets live in a map, owner signals are collected. */
import { EADDRINUSE, ENOENT } from "../abi/errno.ts";
import { AF_INET, AF_INET6 } from "../abi/socket.ts";
import type { OpenFile } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import { socketInode } from "../fs/pseudo_inode.ts";
import { formatSockaddr } from "./inet_address.ts";
import { Network, type NetworkHost } from "./network.ts";
import { formatUnixAddress } from "./unix_address.ts";

export class FakeHost implements NetworkHost {
  readonly files = new Map<string, Inode>();
  readonly signals: [OpenFile, number][] = [];
  readonly clock = { monotonic: () => 5_000_000_000, realtimeOffset: 1_000_000_000_000n };

  createSocketFile(path: string): Inode | number {
    if (this.files.has(path)) return -EADDRINUSE;
    const inode = socketInode(0, 0);
    this.files.set(path, inode);
    return inode;
  }
  findSocketFile(path: string): Inode | number {
    return this.files.get(path) ?? -ENOENT;
  }
  signalOwner(file: OpenFile, signal: number): void {
    this.signals.push([file, signal]);
  }
}

export function fakeNetwork(): { network: Network; host: FakeHost } {
  const host = new FakeHost();
  return { network: new Network(host), host };
}

/** sockaddr_in of 127.0.0.N:port; 0 is any address. */
export function address4(port: number, last = 1): Uint8Array {
  return formatSockaddr({ ip: last === 0 ? "00000000" : `7f0000${last.toString(16).padStart(2, "0")}`, port }, AF_INET);
}

/** sockaddr_in6 of ::N:port. */
export function address6(port: number, last = 1): Uint8Array {
  return formatSockaddr({ ip: last.toString(16).padStart(32, "0"), port }, AF_INET6);
}

/** sockaddr_un of a name; abstract ones begin with NUL. */
export function addressUnix(name: string): Uint8Array {
  return formatUnixAddress(name);
}

export function portOf(sockaddr: Uint8Array | number): number {
  if (typeof sockaddr === "number") return sockaddr;
  return sockaddr[2]! << 8 | sockaddr[3]!;
}
