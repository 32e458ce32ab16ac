/** POSIX message queues (mq_overview(7)): named, ordered by priority, and announcing the arrival of a message. */
import { EAGAIN, EBUSY, EMSGSIZE } from "../abi/errno.ts";
import type { Siginfo } from "../abi/siginfo.ts";
import { S_IFREG } from "../abi/stat.ts";
import { MQUEUE_MAGIC } from "../abi/statfs.ts";
import { type FileContext, OpenFile, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import { seekTarget } from "../fs/memory_file.ts";
import { PseudoFs, PseudoInode } from "../fs/pseudo_inode.ts";
import { WaitQueue } from "../wait.ts";

const READABLE = POLLIN | POLLRDNORM;
const WRITABLE = POLLOUT | POLLWRNORM;
/** A queue of the largest default size counts this much besides its bytes, per message. */
const MESSAGE_OVERHEAD = 128;

/** Who is told when a message comes to an empty queue. */
export interface Notification {
  /** Whose registration it is: a process, and its table of descriptors. */
  readonly owner: object;
  readonly table: object;
  /** As the queue's file shows it: SIGEV_*, the signal for SIGEV_SIGNAL, and whose it is. */
  readonly kind: number;
  readonly signal: number;
  readonly pid: number;
  /** Called once, when the message comes; `sender` is whose. */
  notify(sender: { readonly pid: number; readonly uid: number }): void;
  /** The registration ends without a message. */
  removed?(): void;
}

/** The file system that holds queues. */
const mqueueFs = new PseudoFs("mqueue", MQUEUE_MAGIC);

export interface MqueueMessage {
  readonly priority: number;
  readonly data: Uint8Array;
}

export class Mqueue {
  /** Highest priority first, then oldest first. */
  readonly messages: MqueueMessage[] = [];
  bytes = 0;
  readonly wait: WaitQueue = new WaitQueue();
  readonly inode: Inode;
  notification: Notification | undefined = undefined;
  /** Receivers that wait: a message for them is not announced. */
  receivers = 0;

  constructor(
    readonly name: string,
    readonly maxMessages: number,
    readonly messageSize: number,
    mode: number,
    owner: { readonly uid: number; readonly gid: number },
  ) {
    this.inode = new PseudoInode(mqueueFs, S_IFREG | mode, owner.uid, owner.gid, `/${name}`);
  }

  /** What the queue takes of RLIMIT_MSGQUEUE, in bytes. */
  get cost(): number {
    return this.maxMessages * (this.messageSize + MESSAGE_OVERHEAD);
  }

  send(message: MqueueMessage, sender: { readonly pid: number; readonly uid: number }): number {
    if (message.data.length > this.messageSize) return -EMSGSIZE;
    if (this.messages.length >= this.maxMessages) return -EAGAIN;
    const wasEmpty = this.messages.length === 0;
    let at = this.messages.length;
    while (at > 0 && this.messages[at - 1]!.priority < message.priority) at--;
    this.messages.splice(at, 0, message);
    this.bytes += message.data.length;
    if (wasEmpty && this.receivers === 0 && this.notification !== undefined) {
      const { notification } = this;
      this.notification = undefined;
      notification.notify(sender);
    }
    this.wait.wake(Infinity, READABLE);
    return 0;
  }

  /** Takes the first message, or says `-EMSGSIZE` when the buffer could not hold the largest. */
  receive(max: number): MqueueMessage | number {
    if (max < this.messageSize) return -EMSGSIZE;
    const message = this.messages.shift();
    if (message === undefined) return -EAGAIN;
    this.bytes -= message.data.length;
    this.wait.wake(Infinity, WRITABLE);
    return message;
  }

  /** mq_notify: registers, or with undefined takes back the registration of `owner`. */
  register(notification: Notification | undefined, owner: object): number {
    if (notification !== undefined) {
      if (this.notification !== undefined) return -EBUSY;
      this.notification = notification;
      return 0;
    }
    if (this.notification?.owner === owner) {
      this.notification.removed?.();
      this.notification = undefined;
    }
    return 0;
  }
}

/** Bytes that a queue's file is said to have (FILENT_SIZE). */
const STATUS_SIZE = 80;

/** An open queue. */
export class MqueueFile extends OpenFile {
  override readonly wait: WaitQueue;

  constructor(flags: number, readonly queue: Mqueue) {
    super(flags, queue.inode);
    this.wait = queue.wait;
  }

  /** A line about the queue, as a file under /dev/mqueue reads. */
  override read(into: Uint8Array, context: FileContext): number {
    const count = this.pread(into, this.position, context);
    if (count > 0) this.position += count;
    return count;
  }
  override pread(into: Uint8Array, offset: number, _context: FileContext): number {
    const { bytes: size, notification } = this.queue, { kind = 0, signal = 0, pid = 0 } = notification ?? {};
    const field = (name: string, value: number, width: number) => `${name}:${String(value).padEnd(width)}`;
    const fields = [
      field("QSIZE", size, 10),
      field("NOTIFY", kind, 5),
      field("SIGNO", signal, 5),
      field("NOTIFY_PID", pid, 6),
    ];
    const text = new TextEncoder().encode(fields.join(" ") + "\n");
    const bytes = text.subarray(offset, offset + into.length);
    into.set(bytes);
    return bytes.length;
  }

  override seek(offset: number, whence: number): number {
    const target = seekTarget(this.position, STATUS_SIZE, offset, whence);
    if (target >= 0) this.position = target;
    return target;
  }

  /** Whoever closes a queue is told of nothing more. */
  override flush(table: object): void {
    const { notification } = this.queue;
    if (notification?.table === table) this.queue.register(undefined, notification.owner);
  }

  override poll(): number {
    const { messages, maxMessages } = this.queue;
    return (messages.length > 0 ? READABLE : 0) | (messages.length < maxMessages ? WRITABLE : 0);
  }
}

/** The siginfo of a SIGEV_SIGNAL notification. */
export function notificationSiginfo(
  signo: number,
  code: number,
  value: bigint,
  sender: { readonly pid: number; readonly uid: number },
): Siginfo {
  return { signo, code, value, pid: sender.pid, uid: sender.uid };
}
