/**
 * epoll(7).
 *
 * Every watched file has an item that listens on the file's wait queue. A wake-up that concerns the item puts it on
 * the ready list; a wait looks only at that list. Whether an item is really ready is asked when it is reported:
 * level-triggered items then go back to the end of the list, edge-triggered ones wait for the next wake-up.
 */
import { EEXIST, EINVAL, ELOOP, ENOENT } from "../abi/errno.ts";
import { EP_MAX_NESTS, EPOLLET, EPOLLEXCLUSIVE, EPOLLONESHOT, EPOLLWAKEUP } from "../abi/epoll.ts";
import { O_RDWR } from "../abi/fcntl.ts";
import { innerDev } from "../abi/stat.ts";
import { type FileContext, OpenFile, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM } from "../fs/file.ts";
import { anonInode } from "../fs/pseudo_inode.ts";
import type { WaitQueue, Watcher } from "../wait.ts";

/** Bits of the event mask that are no events. */
const PRIVATE_BITS = EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;
/** What may stand next to EPOLLEXCLUSIVE (epoll_ctl(2)). */
const EXCLUSIVE_OK = POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;

/** One watched descriptor (Linux: `struct epitem`). */
class Item implements Watcher {
  ready = false;
  /** The queue it listens on; a signalfd's depends on who added it. */
  readonly queue: WaitQueue;

  constructor(
    readonly epoll: Epoll,
    readonly fd: number,
    readonly file: OpenFile,
    public events: number,
    /** The caller's 64 bits. */
    public dataLow: number,
    public dataHigh: number,
    queue: WaitQueue,
  ) {
    this.queue = queue;
    queue.watch(this);
    (file.epollItems ??= new Set()).add(this);
  }

  notify(events: number): void {
    // A one-shot item that has been reported has no events left: only EPOLL_CTL_MOD brings it back.
    const wanted = this.events & ~PRIVATE_BITS;
    if (wanted === 0 || (events !== 0 && (events & wanted) === 0)) return;
    this.epoll.markReady(this);
  }

  /** Events that are there and were asked for. */
  poll(context: FileContext | undefined): number {
    const wanted = this.events & ~PRIVATE_BITS;
    return wanted === 0 ? 0 : this.file.poll(context) & wanted;
  }

  /** The file is gone, or was taken out. */
  detach(): void {
    this.queue.unwatch(this);
    this.file.epollItems?.delete(this);
    this.epoll.forget(this);
  }
}

/** Receives one ready event. */
export type EventSink = (index: number, events: number, dataLow: number, dataHigh: number) => void;

export class Epoll extends OpenFile {
  /** Items by descriptor; a descriptor number can stand for several files over time (closed while dup'ed). */
  readonly #items = new Map<number, Item[]>();
  /** The ready list, in order. */
  readonly #ready = new Set<Item>();

  constructor(flags: number) {
    super(O_RDWR | flags, anonInode("[eventpoll]"));
  }

  #find(fd: number, file: OpenFile): Item | undefined {
    return this.#items.get(fd)?.find((item) => item.file === file);
  }

  override fdInfo(): string[] {
    const hex = (value: number | bigint) => value.toString(16);
    return [...this.#items.values()].flat().map(({ fd, file, events, dataLow, dataHigh }) => {
      const data = BigInt(dataHigh >>> 0) << 32n | BigInt(dataLow >>> 0), { ino, dev } = file.inode.stat();
      return `tfd: ${String(fd).padStart(8)} events: ${hex(events >>> 0).padStart(8)} data: ${
        hex(data).padStart(16)
      } ` +
        ` pos:${file.position} ino:${hex(ino)} sdev:${hex(innerDev(dev))}`;
    });
  }

  /** EPOLL_CTL_ADD. `context` is the caller's. */
  add(
    fd: number,
    file: OpenFile,
    events: number,
    dataLow: number,
    dataHigh: number,
    context: FileContext,
  ): number {
    if (events & EPOLLEXCLUSIVE) {
      if (events & ~EXCLUSIVE_OK || file instanceof Epoll) return -EINVAL;
    }
    if (file instanceof Epoll && (file.#reaches(this) || file.#depthBelow() + this.#depthAbove() > EP_MAX_NESTS)) {
      return -ELOOP;
    }
    if (this.#find(fd, file)) return -EEXIST;
    const item = new Item(this, fd, file, events | POLLERR | POLLHUP, dataLow, dataHigh, file.pollQueue(context));
    const items = this.#items.get(fd);
    if (items) items.push(item);
    else this.#items.set(fd, [item]);
    if (item.poll(context) !== 0) this.markReady(item);
    return 0;
  }

  /** EPOLL_CTL_MOD. */
  modify(
    fd: number,
    file: OpenFile,
    events: number,
    dataLow: number,
    dataHigh: number,
    context: FileContext,
  ): number {
    const item = this.#find(fd, file);
    if (!item) return -ENOENT;
    if (item.events & EPOLLEXCLUSIVE || events & EPOLLEXCLUSIVE) return -EINVAL;
    item.events = events | POLLERR | POLLHUP;
    item.dataLow = dataLow;
    item.dataHigh = dataHigh;
    if (item.poll(context) !== 0) this.markReady(item);
    return 0;
  }

  /** EPOLL_CTL_DEL. */
  remove(fd: number, file: OpenFile): number {
    const item = this.#find(fd, file);
    if (!item) return -ENOENT;
    item.detach();
    return 0;
  }

  /** Puts an item on the ready list and wakes who waits. */
  markReady(item: Item): void {
    if (!item.ready) {
      item.ready = true;
      this.#ready.add(item);
    }
    this.wait.wake(Infinity, POLLIN | POLLRDNORM);
  }

  /** Takes an item out of every list. */
  forget(item: Item): void {
    this.#ready.delete(item);
    const items = this.#items.get(item.fd)?.filter((other) => other !== item);
    if (items === undefined || items.length === 0) this.#items.delete(item.fd);
    else this.#items.set(item.fd, items);
  }

  /** Hands at most `max` ready events to `sink`; returns how many. */
  collect(max: number, context: FileContext, sink: EventSink): number {
    // Every item that is on the list now is looked at once; those that go back come after them.
    let left = this.#ready.size, count = 0;
    for (const item of this.#ready) {
      if (left-- === 0 || count === max) break;
      this.#ready.delete(item);
      item.ready = false;
      const events = item.poll(context);
      if (events === 0) continue;
      sink(count++, events, item.dataLow, item.dataHigh);
      if (item.events & EPOLLONESHOT) {
        item.events &= PRIVATE_BITS;
      } else if (!(item.events & EPOLLET)) {
        item.ready = true;
        this.#ready.add(item);
      }
    }
    return count;
  }

  override poll(context?: FileContext): number {
    for (const item of this.#ready) {
      if (item.poll(context) !== 0) return POLLIN | POLLRDNORM;
      item.ready = false;
      this.#ready.delete(item);
    }
    return 0;
  }

  override release(): void {
    for (const items of [...this.#items.values()]) for (const item of items) item.detach();
  }

  *#watchedEpolls(): Generator<Epoll> {
    for (const items of this.#items.values()) for (const { file } of items) if (file instanceof Epoll) yield file;
  }

  /** Whether this file watches `target`, directly or through others. */
  #reaches(target: Epoll): boolean {
    if (this === target) return true;
    for (const epoll of this.#watchedEpolls()) if (epoll.#reaches(target)) return true;
    return false;
  }

  /** Length of the longest chain of epoll files from here down. */
  #depthBelow(): number {
    let depth = 0;
    for (const epoll of this.#watchedEpolls()) depth = Math.max(depth, epoll.#depthBelow());
    return depth + 1;
  }

  /** Length of the longest chain of epoll files that watch this one. */
  #depthAbove(): number {
    let depth = 0;
    for (const item of this.epollItems ?? []) {
      if (item instanceof Item) depth = Math.max(depth, item.epoll.#depthAbove() + 1);
    }
    return depth;
  }
}

/** Whether a file can be watched: those without a poll of their own (regular files, directories, /dev/null) cannot. */
export function isPollable(file: OpenFile): boolean {
  return file.poll !== OpenFile.prototype.poll;
}
