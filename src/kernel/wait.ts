/**
 * How guest threads wait. A system call that cannot finish is a generator: it yields what it waits for and is
 * resumed with the reason it was woken. The scheduler is the only one that resumes.
 */
import type { Clock } from "./time/clock.ts";

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

/** A wait that starts now. @param timeout nanoseconds that it may last; undefined: without end */
export function waitOn(queue: WaitQueue, clock: Clock, timeout: number | undefined): Wait {
  const queues = [queue];
  return timeout === undefined ? { queues } : { queues, deadline: clock.monotonic() + timeout };
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
  /** The first waiter, if it came when there was none: most are alone. */
  #first: Waiter | undefined;
  /** Those behind it. Made when needed: every open file has a queue, and few are ever waited on by several. */
  #others: Set<Waiter> | undefined;
  #watchers: Set<Watcher> | undefined;

  get size(): number {
    return (this.#first === undefined ? 0 : 1) + (this.#others?.size ?? 0);
  }

  add(waiter: Waiter): void {
    if (this.#first === waiter) return;
    if (this.#first === undefined && !this.#others?.size) this.#first = waiter;
    else (this.#others ??= new Set()).add(waiter);
  }

  delete(waiter: Waiter): void {
    if (this.#first === waiter) this.#first = undefined;
    else this.#others?.delete(waiter);
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
    const first = this.#first, others = this.#others;
    let woken = 0;
    if (first !== undefined && count > 0) {
      this.#first = undefined;
      woken = 1;
      first.wake();
    }
    if (others === undefined || others.size === 0) return woken;
    for (const waiter of others) {
      if (woken >= count) break;
      others.delete(waiter);
      woken++;
      waiter.wake();
    }
    return woken;
  }
}
