/**
 * What is due when: a binary heap of deadlines on CLOCK_MONOTONIC. Waits with a timeout, interval timers, POSIX
 * timers and timerfd all hang here; the kernel's loop fires what is due.
 */

/** One deadline. Inert once fired or cancelled. */
export interface Timer {
  /** CLOCK_MONOTONIC in ns. */
  readonly deadline: number;
  /** Whether it still hangs in the heap. */
  readonly armed: boolean;
}

class Entry implements Timer {
  index = -1;
  constructor(readonly deadline: number, readonly sequence: number, readonly fire: () => void) {}
  get armed(): boolean {
    return this.index >= 0;
  }
}

/** Timers ordered by deadline; equal deadlines fire in the order they were added. */
export class TimerHeap {
  #heap: Entry[] = [];
  #sequence = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest deadline, Infinity if there is none. */
  get next(): number {
    return this.#heap[0]?.deadline ?? Infinity;
  }

  /** Calls `fire` once when CLOCK_MONOTONIC has reached `deadline` (ns). */
  add(deadline: number, fire: () => void): Timer {
    const entry = new Entry(deadline, this.#sequence++, fire);
    entry.index = this.#heap.length;
    this.#heap.push(entry);
    this.#up(entry);
    return entry;
  }

  /** Takes a timer out; one that is not armed is left alone. */
  cancel(timer: Timer | undefined): void {
    if (!(timer instanceof Entry) || timer.index < 0) return;
    this.#remove(timer);
  }

  /** Fires everything due at `now` (ns); returns how many. Timers added meanwhile wait for the next call. */
  fire(now: number): number {
    const limit = this.#sequence;
    let fired = 0;
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.deadline > now || first.sequence >= limit) return fired;
      this.#remove(first);
      fired++;
      first.fire();
    }
  }

  clear(): void {
    for (const entry of this.#heap) entry.index = -1;
    this.#heap.length = 0;
  }

  #remove(entry: Entry): void {
    const heap = this.#heap, last = heap.pop()!;
    const index = entry.index;
    entry.index = -1;
    if (last === entry) return;
    heap[index] = last;
    last.index = index;
    this.#up(last);
    this.#down(last);
  }

  #before(a: Entry, b: Entry): boolean {
    return a.deadline < b.deadline || (a.deadline === b.deadline && a.sequence < b.sequence);
  }

  #up(entry: Entry): void {
    const heap = this.#heap;
    let index = entry.index;
    while (index > 0) {
      const above = (index - 1) >> 1, parent = heap[above]!;
      if (!this.#before(entry, parent)) break;
      heap[index] = parent;
      parent.index = index;
      index = above;
    }
    heap[index] = entry;
    entry.index = index;
  }

  #down(entry: Entry): void {
    const heap = this.#heap;
    let index = entry.index;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const least = right < heap.length && this.#before(heap[right]!, heap[left]!) ? right : left;
      const child = heap[least]!;
      if (!this.#before(child, entry)) break;
      heap[index] = child;
      child.index = index;
      index = least;
    }
    heap[index] = entry;
    entry.index = index;
  }
}
