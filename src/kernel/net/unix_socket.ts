/** What AF_UNIX sockets of all types share: names in the file system and abstract ones, and who is at the other end (unix(7)). */
import { EADDRINUSE, ECONNREFUSED, EEXIST, EINVAL, ENOPROTOOPT, EPROTOTYPE } from "../abi/errno.ts";
import { S_IFMT, S_IFSOCK } from "../abi/stat.ts";
import * as abi from "../abi/socket.ts";
import type { FileContext, OpenFile } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import { encodeUcred, type Received, senderCredentials, type Sending, type Ucred } from "./message.ts";
import type { Network } from "./network.ts";
import { Socket } from "./socket.ts";
import { formatUnixAddress, parseUnixAddress, type UnixName } from "./unix_address.ts";

/** A message in a queue, or a piece of a stream with the same origin. */
export interface UnixMessage {
  data: Uint8Array;
  /** Bytes of a stream piece that were read already. */
  offset: number;
  /** SCM_RIGHTS in flight. */
  rights: OpenFile[] | undefined;
  /** Who sent it, if either side wanted it known. */
  readonly credentials: Ucred | undefined;
  readonly from: UnixSocket;
  readonly fromName: UnixName | undefined;
  /** CLOCK_REALTIME in ns, if the receiver wanted to know. */
  readonly stamp: bigint;
}

/** A process that cannot be named: its pid here is 0, its ids those of nobody. */
const NOBODY: Ucred = { pid: 0, uid: 65534, gid: 65534 };

/** Storage a message takes besides its bytes (a kernel's sk_buff), in bytes. */
export const MESSAGE_OVERHEAD = 768;

export abstract class UnixSocket extends Socket {
  unixName: UnixName | undefined = undefined;
  /** The inode a path name is bound to. */
  #boundInode: Inode | undefined = undefined;
  /** SO_PEERCRED: of the other end when it connected or listened. */
  peerCredentials: Ucred | undefined = undefined;
  peerGroups: readonly number[] = [];
  /** Storage that messages sent from here take until they are read, in bytes. */
  protected inFlight = 0;

  constructor(network: Network, type: number, owner: { readonly uid: number; readonly gid: number }) {
    super(network, abi.AF_UNIX, type, 0, owner);
  }

  override bind(address: Uint8Array, context: FileContext): number {
    const name = parseUnixAddress(address);
    if (typeof name === "number") return name;
    if (name === "") return this.autobind();
    if (this.unixName !== undefined) return -EINVAL;
    if (name[0] === "\0") return this.#bindAbstract(name);
    const inode = this.network.host.createSocketFile(name, context);
    if (typeof inode === "number") return inode === -EEXIST ? -EADDRINUSE : inode;
    inode.attachment = this;
    this.#boundInode = inode;
    this.unixName = name;
    return 0;
  }

  #key(name: UnixName): string {
    return `${this.type}${name}`;
  }

  #bindAbstract(name: UnixName): number {
    const { abstractNames } = this.network, key = this.#key(name);
    if (abstractNames.has(key)) return -EADDRINUSE;
    abstractNames.set(key, this);
    this.unixName = name;
    return 0;
  }

  /** A name of the kernel's choice: bind without a name, and senders that must be known (SO_PASSCRED). */
  protected autobind(): number {
    for (let tries = 0; this.unixName === undefined; tries++) {
      if (tries > 0xfffff) return -EADDRINUSE;
      this.#bindAbstract("\0" + this.network.nextAutobindName());
    }
    return 0;
  }

  /** The socket that an address names. */
  protected find(address: Uint8Array, context: FileContext): UnixSocket | number {
    const name = parseUnixAddress(address);
    if (typeof name === "number") return name;
    if (name === "") return -ECONNREFUSED;
    if (name[0] === "\0") return this.network.abstractNames.get(this.#key(name)) ?? -ECONNREFUSED;
    const inode = this.network.host.findSocketFile(name, context);
    if (typeof inode === "number") return inode;
    if ((inode.mode & S_IFMT) !== S_IFSOCK) return -ECONNREFUSED;
    const { attachment } = inode;
    if (!(attachment instanceof UnixSocket) || attachment.network !== this.network) return -ECONNREFUSED;
    return attachment.type === this.type ? attachment : -EPROTOTYPE;
  }

  override name(): Uint8Array {
    return formatUnixAddress(this.unixName);
  }

  /** Packs a message for `receiver`. */
  protected pack(data: Uint8Array, sending: Sending, receiver: UnixSocket, context: FileContext): UnixMessage {
    const wanted = this.options.passCredentials || receiver.options.passCredentials;
    const { clock } = this.network.host;
    return {
      data: data.slice(),
      offset: 0,
      rights: sending.rights,
      credentials: sending.credentials ?? (wanted ? senderCredentials(context) : undefined),
      from: this,
      fromName: this.unixName,
      stamp: receiver.options.timestamp === 0 ? 0n : clock.realtimeOffset + BigInt(clock.monotonic()),
    };
  }

  /** Adds to `received` what a message carries besides bytes. A peek gives new references to descriptors. */
  protected unpack(message: UnixMessage, received: Received, peek: boolean): void {
    if (this.options.passCredentials) {
      received.control.push({
        level: abi.SOL_SOCKET,
        type: abi.SCM_CREDENTIALS,
        data: encodeUcred(message.credentials ?? NOBODY),
      });
    }
    if (message.rights === undefined) return;
    if (peek) {
      for (const file of message.rights) file.references++;
      received.rights = message.rights;
    } else {
      received.rights = message.rights;
      message.rights = undefined;
    }
  }

  /** A message of `bytes` sent from here was read or dropped. */
  abstract returned(bytes: number): void;

  protected override getSocketOption(name: number, context: FileContext): Uint8Array | number {
    if (this.peerCredentials === undefined) return super.getSocketOption(name, context);
    if (name === abi.SO_PEERCRED) return encodeUcred(this.peerCredentials);
    return name === abi.SO_PEERGROUPS ? new Uint8Array(new Uint32Array(this.peerGroups).buffer) : -ENOPROTOOPT;
  }

  override release(): void {
    super.release();
    const name = this.unixName;
    if (name === undefined) return;
    if (name[0] === "\0") this.network.abstractNames.delete(this.#key(name));
    if (this.#boundInode?.attachment === this) this.#boundInode.attachment = undefined;
  }
}
