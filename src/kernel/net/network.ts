/**
 * A network of its own for one kernel (Linux: a network namespace): the loopback interface, the ports and abstract
 * names in use. Nothing here reaches the host.
 */
import type { FileContext, OpenFile } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import type { Clock } from "../time/clock.ts";
import { PortTable } from "./port_table.ts";
import type { Socket } from "./socket.ts";
import type { TcpSocket } from "./tcp_socket.ts";
import type { UdpSocket } from "./udp_socket.ts";
import type { UnixSocket } from "./unix_socket.ts";

/** The one interface there is. */
export const LOOPBACK = { name: "lo", index: 1, mtu: 65536 } as const;

/** What the network needs of the rest of the kernel. */
export interface NetworkHost {
  readonly clock: Clock;
  /** Makes the socket file of a bind to a path; the inode or a negative errno. */
  createSocketFile(path: string, context: FileContext): Inode | number;
  /** The socket file at a path that the caller may write to; a negative errno if there is none. */
  findSocketFile(path: string, context: FileContext): Inode | number;
  /** Sends a signal to the owner of a file (F_SETOWN): SIGURG. */
  signalOwner(file: OpenFile, signal: number): void;
}

/** Traffic of the loopback interface, for /proc/net/dev. */
export class Traffic {
  packets = 0;
  bytes = 0;
  count(bytes: number): void {
    this.packets++;
    this.bytes += bytes;
  }
}

export class Network {
  readonly tcp: PortTable<TcpSocket> = new PortTable(true);
  readonly udp: PortTable<UdpSocket> = new PortTable(false);
  readonly udpLite: PortTable<UdpSocket> = new PortTable(false);
  /** Abstract names of AF_UNIX by socket type and name (latin-1). */
  readonly abstractNames: Map<string, UnixSocket> = new Map();
  /** Every socket there is, for /proc/net. */
  readonly sockets: Set<Socket> = new Set();
  readonly traffic: Traffic = new Traffic();
  #nextAutobind = 0;

  constructor(readonly host: NetworkHost) {}

  /** The next name of an autobind: five hexadecimal digits (unix(7)). */
  nextAutobindName(): string {
    const name = this.#nextAutobind;
    this.#nextAutobind = (name + 1) & 0xfffff;
    return name.toString(16).padStart(5, "0");
  }
}
