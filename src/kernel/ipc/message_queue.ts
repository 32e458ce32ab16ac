/** System V message queues (msgop(2), msgctl(2)). */
import { E2BIG, EAGAIN, EIDRM, ENOMSG } from "../abi/errno.ts";
import { MSG_COPY, MSG_EXCEPT, MSG_NOERROR, MSGMNB, MSQID_DS } from "../abi/ipc.ts";
import type { Credentials } from "../task/credentials.ts";
import { WaitQueue } from "../wait.ts";
import { IpcObject } from "./sysv_registry.ts";

export interface QueuedMessage {
  /** All 64 bits of it: programs put pointers there. */
  readonly type: bigint;
  readonly data: Uint8Array;
}

export class MessageQueue extends IpcObject {
  readonly messages: QueuedMessage[] = [];
  /** Bytes queued, and how many may be. */
  bytes = 0;
  maxBytes = MSGMNB;
  stime = 0;
  rtime = 0;
  ctime: number;
  lastSender = 0;
  lastReceiver = 0;
  /** Woken when a message comes or goes, and when the queue does. */
  readonly wait: WaitQueue = new WaitQueue();

  constructor(key: number, mode: number, creator: Credentials, now: number) {
    super(key, mode, creator);
    this.ctime = now;
  }

  /** Queues a message: 0, `-EAGAIN` when there is no room, `-EIDRM`. */
  send(message: QueuedMessage, pid: number, now: number): number {
    if (this.removed) return -EIDRM;
    if (message.data.length + this.bytes > this.maxBytes || this.messages.length + 1 > this.maxBytes) return -EAGAIN;
    this.messages.push(message);
    this.bytes += message.data.length;
    this.lastSender = pid;
    this.stime = now;
    this.wait.wake();
    return 0;
  }

  /**
   * Takes the first message of a kind; `-ENOMSG` if there is none.
   *
   * @param type 0: any; positive: this one (or any other, with MSG_EXCEPT); negative: the lowest up to its absolute
   * value. With MSG_COPY it is a position, and the message stays.
   */
  receive(type: bigint, max: number, flags: number, pid: number, now: number): QueuedMessage | number {
    if (this.removed) return -EIDRM;
    const index = this.#find(type, flags);
    const message = this.messages[index];
    if (message === undefined) return -ENOMSG;
    if (message.data.length > max && (flags & MSG_NOERROR) === 0) return -E2BIG;
    if (flags & MSG_COPY) return message;
    this.messages.splice(index, 1);
    this.bytes -= message.data.length;
    this.lastReceiver = pid;
    this.rtime = now;
    this.wait.wake();
    return message;
  }

  #find(type: bigint, flags: number): number {
    const { messages } = this;
    if (flags & MSG_COPY) return Number(type);
    if (type === 0n) return messages.length > 0 ? 0 : -1;
    if (type > 0n) return messages.findIndex((message) => (message.type === type) === ((flags & MSG_EXCEPT) === 0));
    let best = -1;
    messages.forEach((message, index) => {
      if (message.type <= -type && (best < 0 || message.type < messages[best]!.type)) best = index;
    });
    return best;
  }

  /** struct msqid64_ds */
  encode(): Uint8Array {
    const bytes = new Uint8Array(MSQID_DS.size), view = new DataView(bytes.buffer);
    this.encodePerm(view);
    const long = (at: number, value: number) => view.setBigInt64(at, BigInt(value), true);
    long(MSQID_DS.stime, this.stime);
    long(MSQID_DS.rtime, this.rtime);
    long(MSQID_DS.ctime, this.ctime);
    long(MSQID_DS.cbytes, this.bytes);
    long(MSQID_DS.qnum, this.messages.length);
    long(MSQID_DS.qbytes, this.maxBytes);
    view.setInt32(MSQID_DS.lspid, this.lastSender, true);
    view.setInt32(MSQID_DS.lrpid, this.lastReceiver, true);
    return bytes;
  }
}
