/** Signals sent but not yet taken, of a thread or of a whole process (Linux: `struct sigpending`). */
import type { Siginfo } from "../abi/siginfo.ts";
import { lowestSignal, signalBit, SIGRTMIN, SYNCHRONOUS } from "../abi/signal.ts";

/** A standard signal is pending at most once; real-time signals queue in order of arrival (signal(7)). */
export class PendingSignals {
  /** Pending signals. */
  set = 0n;
  #queue: Siginfo[] = [];

  /** Number of queued signals, what RLIMIT_SIGPENDING counts. */
  get size(): number {
    return this.#queue.length;
  }

  /** Those with a siginfo, in order of arrival. */
  get queued(): readonly Siginfo[] {
    return this.#queue;
  }

  has(signal: number): boolean {
    return (this.set & signalBit(signal)) !== 0n;
  }

  /** Queues a signal; a standard one that is pending already is dropped (false). */
  add(info: Siginfo): boolean {
    const bit = signalBit(info.signo);
    if (info.signo < SIGRTMIN && (this.set & bit) !== 0n) return false;
    this.set |= bit;
    this.#queue.push(info);
    return true;
  }

  /** Queues a timer's signal, which does not fall to a pending one of the same number (timer_create(2)). */
  addAlways(info: Siginfo): void {
    this.set |= signalBit(info.signo);
    this.#queue.push(info);
  }

  /** Takes a queued signal back (timer_delete). */
  withdraw(info: Siginfo): void {
    const index = this.#queue.indexOf(info);
    if (index < 0) return;
    this.#queue.splice(index, 1);
    if (!this.#queue.some((other) => other.signo === info.signo)) this.set &= ~signalBit(info.signo);
  }

  /** Marks a signal pending without its siginfo, as a kernel does for a real-time signal past RLIMIT_SIGPENDING. */
  addBare(signal: number): void {
    this.set |= signalBit(signal);
  }

  /** Takes the signal of `allowed` that comes first: synchronous ones, then the lowest number, then the oldest. */
  take(allowed: bigint): Siginfo | undefined {
    let candidates = this.set & allowed;
    if (candidates === 0n) return undefined;
    if ((candidates & SYNCHRONOUS) !== 0n) candidates &= SYNCHRONOUS;
    const signal = lowestSignal(candidates);
    const queue = this.#queue;
    let found: Siginfo | undefined, more = false;
    for (let i = 0; i < queue.length; i++) {
      const info = queue[i]!;
      if (info.signo !== signal) continue;
      if (found) {
        more = true;
        break;
      }
      found = info;
      queue.splice(i--, 1);
    }
    if (!more) this.set &= ~signalBit(signal);
    return found ?? { signo: signal, code: 0, pid: 0, uid: 0 };
  }

  /** Drops all pending signals of a set. */
  discard(set: bigint): void {
    if ((this.set & set) === 0n) return;
    this.set &= ~set;
    this.#queue = this.#queue.filter((info) => (signalBit(info.signo) & set) === 0n);
  }
}
