/** inotify(7): queues of events from the guest's own changes. */
import { EAGAIN, EEXIST, EINVAL, ENOSPC, ENOTTY } from "../abi/errno.ts";
import {
  IN_ALL_EVENTS,
  IN_DELETE_SELF,
  IN_IGNORED,
  IN_MASK_ADD,
  IN_MASK_CREATE,
  IN_ONESHOT,
  IN_Q_OVERFLOW,
  inotifyEventSize,
  putInotifyEvent,
} from "../abi/inotify.ts";
import { FIONREAD } from "../abi/ioctl.ts";
import { innerDev } from "../abi/stat.ts";
import { type FileContext, OpenFile, POLLIN, POLLRDNORM } from "./file.ts";
import type { Inode, InodeWatches } from "./inode.ts";
import { anonInode } from "./pseudo_inode.ts";
import { unwatchInode, watchInode } from "./watch_list.ts";

/** /proc/sys/fs/inotify */
export const MAX_QUEUED_EVENTS = 16384, MAX_USER_WATCHES = 65536, MAX_USER_INSTANCES = 128;

interface Event {
  readonly wd: number;
  readonly mask: number;
  readonly cookie: number;
  readonly name: string;
}

class Watch implements InodeWatches {
  constructor(readonly wd: number, readonly inode: Inode, readonly instance: InotifyFile, public mask: number) {}

  notify(mask: number, cookie: number, name: string): void {
    this.instance.event(this, mask, cookie, name);
  }
}

/** An inotify instance. */
export class InotifyFile extends OpenFile {
  readonly #watches = new Map<number, Watch>();
  readonly #byInode = new Map<Inode, Watch>();
  #events: Event[] = [];
  #lastWd = 0;

  /** @param flags O_NONBLOCK or 0 */
  constructor(flags: number) {
    super(flags, anonInode("inotify"));
  }

  override get indivisible(): boolean {
    return true;
  }

  /** Watches an inode, or changes what is watched; returns the watch descriptor. */
  add(inode: Inode, mask: number): number {
    const known = this.#byInode.get(inode);
    const bits = (mask & (IN_ALL_EVENTS | IN_ONESHOT)) >>> 0;
    if (known) {
      if ((mask & IN_MASK_CREATE) !== 0) return -EEXIST;
      known.mask = ((mask & IN_MASK_ADD) !== 0 ? known.mask | bits : bits) >>> 0;
      return known.wd;
    }
    if (this.#watches.size >= MAX_USER_WATCHES) return -ENOSPC;
    const watch = new Watch(++this.#lastWd, inode, this, bits);
    this.#watches.set(watch.wd, watch);
    this.#byInode.set(inode, watch);
    watchInode(inode, watch);
    return watch.wd;
  }

  override fdInfo(): string[] {
    const hex = (value: number) => value.toString(16);
    return [...this.#watches.values()].map(({ wd, inode, mask }) => {
      const { ino, dev } = inode.stat();
      return `inotify wd:${hex(wd)} ino:${hex(ino)} sdev:${hex(innerDev(dev))} mask:${hex(mask)} ignored_mask:0 `;
    });
  }

  /** inotify_rm_watch(2). */
  removeWatch(wd: number): number {
    const watch = this.#watches.get(wd);
    if (!watch) return -EINVAL;
    this.#drop(watch);
    return 0;
  }

  /** The watch ends, and its reader hears of it. */
  #drop(watch: Watch): void {
    this.#forget(watch);
    this.#push({ wd: watch.wd, mask: IN_IGNORED, cookie: 0, name: "" });
  }

  #forget(watch: Watch): void {
    this.#watches.delete(watch.wd);
    this.#byInode.delete(watch.inode);
    unwatchInode(watch.inode, watch);
  }

  event(watch: Watch, mask: number, cookie: number, name: string): void {
    if ((mask & watch.mask & IN_ALL_EVENTS) !== 0) {
      this.#push({ wd: watch.wd, mask: mask >>> 0, cookie, name });
      if ((watch.mask & IN_ONESHOT) !== 0) return this.#drop(watch);
    }
    if ((mask & IN_DELETE_SELF) !== 0) this.#drop(watch);
  }

  #push(event: Event): void {
    const last = this.#events.at(-1);
    // An event equal to the one before is not told twice.
    if (
      last && last.wd === event.wd && last.mask === event.mask && last.cookie === event.cookie &&
      last.name === event.name
    ) return;
    if (this.#events.length >= MAX_QUEUED_EVENTS) {
      if (last?.mask === IN_Q_OVERFLOW) return;
      event = { wd: -1, mask: IN_Q_OVERFLOW, cookie: 0, name: "" };
    }
    this.#events.push(event);
    this.wait.wake(Infinity, POLLIN | POLLRDNORM);
  }

  override read(into: Uint8Array, _context: FileContext): number {
    if (this.#events.length === 0) return -EAGAIN;
    let used = 0, taken = 0;
    for (const { wd, mask, cookie, name } of this.#events) {
      const size = inotifyEventSize(name);
      if (used + size > into.length) break;
      putInotifyEvent(into, used, wd, mask, cookie, name);
      used += size;
      taken++;
    }
    if (taken === 0) return -EINVAL;
    this.#events = this.#events.slice(taken);
    return used;
  }

  override poll(): number {
    return this.#events.length > 0 ? POLLIN | POLLRDNORM : 0;
  }

  override ioctl(request: number, argument: number, context: FileContext): number {
    if (request !== FIONREAD) return -ENOTTY;
    let bytes = 0;
    for (const event of this.#events) bytes += inotifyEventSize(event.name);
    context.memory.writeU32(argument, bytes);
    return 0;
  }

  override release(): void {
    for (const watch of [...this.#watches.values()]) this.#forget(watch);
  }
}
