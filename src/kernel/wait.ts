/**
 * How guest threads wait. A system call that cannot finish is a generator: it yields what it waits for and is
 * resumed with the reason it was woken. The scheduler is the only one that resumes.
 */

/** Why a waiting call goes on: something happened on a queue, its deadline passed, or a signal is pending. */
export type Wake = "event" | "timeout" | "signal";

/** What a call waits for. */
export interface Wait {
  readonly queues: readonly WaitQueue[];
  /** CLOCK_MONOTONIC in nanoseconds at which the wait ends with "timeout". */
  readonly deadline?: number;
  /** False only for the few waits that signals do not end (vfork's parent). Default true. */
  readonly interruptible?: boolean;
}

/** A system call in progress. It returns the result: a value, or a negative errno. */
export type Blocking = Generator<Wait, number | bigint, Wake>;

/** Someone on a queue. */
export interface Waiter {
  /** Called at most once per `WaitQueue.add`; the waiter is off the queue by then. */
  wake(): void;
}

/** Someone who stays on a queue and hears of every wake-up: an epoll item. */
export interface Watcher {
  /** @param events POLL* bits that may have become true; 0 when the waker does not say. */
  notify(events: number): void;
}

/** Waiters in the order of their arrival. Wake-ups may be spurious: a waiter looks again. */
export class WaitQueue {
  /** Made when first waited on: every open file has a queue, and few are ever waited on. */
  #waiters: Set<Waiter> | undefined;
  #watchers: Set<Watcher> | undefined;

  get size(): number {
    return this.#waiters?.size ?? 0;
  }

  add(waiter: Waiter): void {
    (this.#waiters ??= new Set()).add(waiter);
  }

  delete(waiter: Waiter): void {
    this.#waiters?.delete(waiter);
  }

  /** Adds someone who is told of every wake-up until {@link unwatch}. */
  watch(watcher: Watcher): void {
    (this.#watchers ??= new Set()).add(watcher);
  }

  unwatch(watcher: Watcher): void {
    this.#watchers?.delete(watcher);
  }

  /**
   * Wakes the first `count` waiters (all by default) and tells every watcher; returns how many waiters there were.
   *
   * @param events what became true, as POLL* bits, where the caller knows: edge-triggered epoll reports only wake-ups
   * that concern the events it was asked for (epoll(7)).
   */
  wake(count = Infinity, events = 0): number {
    if (this.#watchers !== undefined) {
      for (const watcher of this.#watchers) watcher.notify(events);
    }
    if (this.#waiters === undefined || this.#waiters.size === 0) return 0;
    let woken = 0;
    for (const waiter of this.#waiters) {
      if (woken >= count) break;
      this.#waiters.delete(waiter);
      woken++;
      waiter.wake();
    }
    return woken;
  }
}
