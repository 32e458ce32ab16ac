/** POSIX timers (timer_create(2), kernel/time/posix-timers.c) on the clocks of the wall; on CPU clocks see `cpu_timers.ts`. */
import type { Siginfo } from "../abi/siginfo.ts";
import { SI_TIMER } from "../abi/signal.ts";
import { SIGEV_NONE, SIGEV_THREAD_ID } from "../abi/time.ts";
import type { Process } from "../task/process.ts";
import { sendFromTimer } from "../task/send_signal.ts";
import type { Task } from "../task/task.ts";
import type { Timer } from "./timer_heap.ts";

/** Most expirations counted at once (DELAYTIMER_MAX). */
const DELAYTIMER_MAX = 0x7fffffff;

/** What a timer does when it expires (`struct sigevent`). */
export interface TimerEvent {
  /** SIGEV_* */
  readonly notify: number;
  readonly signal: number;
  readonly value: bigint;
  /** SIGEV_THREAD_ID */
  readonly thread: Task | undefined;
}

export class PosixTimer {
  /** When it is due, on the clock it runs on (CLOCK_MONOTONIC, or CPU time); Infinity when disarmed. ns. */
  due = Infinity;
  interval = 0;
  /** Expirations missed before the last signal was taken. */
  overrun = 0;
  #timer: Timer | undefined;
  /** The signal sent and not yet taken. */
  #sent: Siginfo | undefined;

  /**
   * @param now the clock it runs on
   * @param measured whose CPU time it runs on; undefined: it runs on the wall clock
   */
  constructor(
    readonly process: Process,
    readonly id: number,
    readonly clockId: number,
    readonly event: TimerEvent,
    readonly now: () => number,
    readonly measured: Process | undefined,
  ) {}

  /** Its signal is sent and not yet taken. */
  get waiting(): boolean {
    return this.#sent !== undefined;
  }

  /** Arms or, with Infinity, disarms. */
  set(due: number, interval: number): void {
    this.#withdraw();
    this.overrun = 0;
    this.due = due;
    this.interval = interval;
    this.#arm();
  }

  delete(): void {
    this.set(Infinity, 0);
    this.process.posixTimers.delete(this.id);
    this.measured?.cpuTimers.delete(this);
  }

  /** Time left in ns; 0 when disarmed. A timer that is due but waits for its signal to be taken has 1 left, as on Linux. */
  remaining(): number {
    if (this.due === Infinity) return 0;
    const now = this.now();
    if (this.due > now) return this.due - now;
    if (this.interval === 0 && this.event.notify === SIGEV_NONE) return 0;
    if (this.interval === 0) return this.#sent || this.due <= now ? 0 : 1;
    return this.interval - (now - this.due) % this.interval;
  }

  #withdraw(): void {
    this.process.kernel.timers.cancel(this.#timer);
    if (this.#sent) (this.event.thread ?? this.process).pending.withdraw(this.#sent);
    this.#sent = undefined;
  }

  #arm(): void {
    const { kernel } = this.process;
    if (this.due === Infinity) return;
    if (this.measured) {
      this.measured.cpuTimers.add(this);
      kernel.cpuTimersChanged(this.measured);
    } else this.#timer = kernel.timers.add(this.due, () => this.expire());
  }

  /** The time has come. */
  expire(): void {
    const { event, process } = this;
    if (event.notify === SIGEV_NONE) {
      if (this.interval === 0) return;
      this.#forward();
      return;
    }
    if (event.notify === SIGEV_THREAD_ID && event.thread?.state === "dead") return;
    const info: Siginfo = { signo: event.signal, code: SI_TIMER, timerId: this.id, value: event.value, overrun: 0 };
    this.#sent = info;
    if (sendFromTimer(process, event.thread, info)) {
      if (this.interval === 0) this.due = Infinity;
      return;
    }
    // Nobody will take it: a periodic timer goes on by itself.
    this.#sent = undefined;
    if (this.interval === 0) this.due = Infinity;
    else this.#forward();
  }

  /** Moves on by whole intervals past now; returns how many were passed beyond the first. */
  #forward(): number {
    const missed = Math.max(0, Math.floor((this.now() - this.due) / this.interval));
    this.due += (missed + 1) * this.interval;
    this.#arm();
    return missed;
  }

  /** Its signal is being taken: counts what was missed and starts the next period. */
  taken(info: Siginfo): void {
    if (this.#sent !== info) return;
    this.#sent = undefined;
    if (this.interval === 0) return;
    this.overrun = Math.min(this.#forward(), DELAYTIMER_MAX);
    info.overrun = this.overrun;
  }
}

/** A timer's signal is being taken. */
export function rearm(process: Process, info: Siginfo): void {
  process.posixTimers.get(info.timerId!)?.taken(info);
}
