/**
 * Who waits on which futex (kernel/futex/). A futex is known by the memory it lies in: private ones by address
 * space and address, shared ones by the page frame, whatever address each process sees it at (futex(2)).
 */
import type { Frame } from "../../engine/engine.ts";
import { PAGE_SIZE } from "../../engine/engine.ts";
import type { Mm } from "../mm/mm.ts";
import { UserFault } from "../mm/user_fault.ts";
import { WaitQueue } from "../wait.ts";
import type { Task } from "./task.ts";

/** Where a futex lies. */
interface Key {
  readonly space: Mm | Frame;
  readonly offset: number;
}

/** One thread waiting on one futex. */
export class FutexWaiter {
  readonly queue = new WaitQueue();
  readonly queues = [this.queue];
  /** Taken off by a waker. */
  woken = false;
  bucket: FutexBucket | undefined;
  /** FUTEX_WAIT_REQUEUE_PI: address of the PI futex it may be moved to. */
  requeueTo = 0;
  /** Address of the PI futex it waits to own. */
  piAddress = 0;

  constructor(readonly task: Task, readonly bitset: number) {}

  /** No longer waits; what a waker took off stays off. */
  leave(): void {
    this.bucket?.remove(this);
  }
}

/** The waiters of one futex, first come first. */
export class FutexBucket {
  readonly waiters: Set<FutexWaiter> = new Set();
  /** The owner of a PI futex with waiters. */
  owner: Task | undefined;

  constructor(private readonly home: Map<number, FutexBucket>, private readonly offset: number) {}

  add(waiter: FutexWaiter): void {
    if (this.waiters.size === 0) this.home.set(this.offset, this);
    waiter.bucket = this;
    this.waiters.add(waiter);
  }

  remove(waiter: FutexWaiter): void {
    waiter.bucket = undefined;
    this.waiters.delete(waiter);
    if (this.waiters.size === 0) this.home.delete(this.offset);
  }

  /** Wakes up to `count` waiters whose bit set meets `bitset`. */
  wake(count: number, bitset: number): number {
    let woken = 0;
    for (const waiter of this.waiters) {
      if (woken >= count) break;
      if ((waiter.bitset & bitset) === 0) continue;
      this.remove(waiter);
      waiter.woken = true;
      waiter.queue.wake();
      woken++;
    }
    return woken;
  }
}

/** All futexes with waiters. */
export class FutexTable {
  readonly #homes = new WeakMap<object, Map<number, FutexBucket>>();

  /** @throws {UserFault} where a shared futex has no memory */
  #key(mm: Mm, address: number, shared: boolean): Key {
    if (shared) {
      const vma = mm.vmas.find(address);
      if (!vma) throw new UserFault(address);
      if (vma.shared && vma.object) {
        const frame = vma.object.frame(Math.floor(vma.pageIndex(address)));
        if (!frame) throw new UserFault(address);
        return { space: frame, offset: address % PAGE_SIZE };
      }
    }
    return { space: mm, offset: address };
  }

  /** The bucket of a futex, made if there is none: it is kept only while someone waits. */
  bucket(mm: Mm, address: number, shared: boolean): FutexBucket {
    const { space, offset } = this.#key(mm, address, shared);
    let home = this.#homes.get(space);
    if (!home) this.#homes.set(space, home = new Map());
    return home.get(offset) ?? new FutexBucket(home, offset);
  }

  /** The bucket if someone waits there. */
  find(mm: Mm, address: number, shared: boolean): FutexBucket | undefined {
    const { space, offset } = this.#key(mm, address, shared);
    return this.#homes.get(space)?.get(offset);
  }

  /** CLONE_CHILD_CLEARTID: wakes as FUTEX_WAKE without FUTEX_PRIVATE_FLAG does. */
  wake(task: Task, address: number, count: number): number {
    return this.find(task.mm, address, true)?.wake(count, -1) ?? 0;
  }

  /** Wakes waiters that came with or without FUTEX_PRIVATE_FLAG: robust lists do not say which. */
  wakeAnywhere(task: Task, address: number, count: number): number {
    return this.wake(task, address, count) || (this.find(task.mm, address, false)?.wake(count, -1) ?? 0);
  }
}
