/** timerfd(2): a timer whose expirations are read as a count. */
import { EAGAIN, EINVAL, ENOTTY } from "../abi/errno.ts";
import { O_RDWR } from "../abi/fcntl.ts";
import { CLOCK_REALTIME, CLOCK_REALTIME_ALARM, NSEC_PER_SEC, TIMER_ABSTIME } from "../abi/time.ts";
import { type FileContext, OpenFile, POLLIN } from "../fs/file.ts";
import { anonInode } from "../fs/pseudo_inode.ts";
import type { Clock } from "../time/clock.ts";
import type { Timer, TimerHeap } from "../time/timer_heap.ts";

/** Sets the number of expirations (timerfd's TFD_IOC_SET_TICKS, _IOW('T', 0, u64)). */
const TFD_IOC_SET_TICKS = 0x40085400;

/** What a timer needs of the kernel. */
export interface TimerSource {
  readonly clock: Clock;
  readonly timers: TimerHeap;
}

/** Nanoseconds: first expiration from now (0: disarmed) and interval (0: once). */
export interface TimerSetting {
  readonly value: number;
  readonly interval: number;
}

export class TimerFd extends OpenFile {
  readonly #source: TimerSource;
  #timer: Timer | undefined;
  /** Next expiration on CLOCK_MONOTONIC; 0 when disarmed. */
  #due = 0;
  #interval = 0;
  #ticks = 0n;
  /** Of the last setting. */
  #setFlags = 0;

  /** @param clockId CLOCK_*; CLOCK_REALTIME counts from the epoch, the others from boot. */
  constructor(source: TimerSource, readonly clockId: number, flags: number) {
    super(O_RDWR | flags, anonInode("[timerfd]"));
    this.#source = source;
  }

  override get indivisible(): boolean {
    return true;
  }

  /** Time left and interval. */
  get(): TimerSetting {
    if (this.#due === 0) return { value: 0, interval: this.#interval };
    return { value: Math.max(1, this.#due - this.#source.clock.monotonic()), interval: this.#interval };
  }

  override fdInfo(): string[] {
    const { value, interval } = this.get();
    const pair = (ns: number) => `(${Math.floor(ns / NSEC_PER_SEC)}, ${Math.floor(ns % NSEC_PER_SEC)})`;
    return [
      `clockid: ${this.clockId}`,
      `ticks: ${this.#ticks}`,
      `settime flags: 0${this.#setFlags.toString(8)}`,
      `it_value: ${pair(value)}`,
      `it_interval: ${pair(interval)}`,
    ];
  }

  /**
   * Arms the timer, or disarms it when `value` is 0; forgets expirations not read.
   *
   * @param absolute TFD_TIMER_ABSTIME: `value` is a time on the timer's clock
   * @returns the setting before
   */
  set(value: number, interval: number, absolute: boolean): TimerSetting {
    const before = this.get(), { clock, timers } = this.#source;
    timers.cancel(this.#timer);
    this.#timer = undefined;
    this.#ticks = 0n;
    this.#interval = interval;
    this.#setFlags = absolute ? TIMER_ABSTIME : 0;
    this.#due = 0;
    if (value === 0) return before;
    const now = clock.monotonic();
    let due = now + value;
    if (absolute) {
      const isReal = this.clockId === CLOCK_REALTIME || this.clockId === CLOCK_REALTIME_ALARM;
      due = isReal ? value - Number(clock.realtimeOffset) : value;
    }
    this.#due = Math.max(1, due);
    this.#arm();
    return before;
  }

  #arm(): void {
    this.#timer = this.#source.timers.add(this.#due, () => this.#expire());
  }

  #expire(): void {
    this.#timer = undefined;
    this.#ticks++;
    if (this.#interval === 0) {
      this.#due = 0;
    } else {
      // Expirations that the loop was late for count at once: one wake-up, not a storm.
      const late = this.#source.clock.monotonic() - this.#due;
      const missed = late > 0 ? Math.floor(late / this.#interval) : 0;
      this.#ticks += BigInt(missed);
      this.#due += (missed + 1) * this.#interval;
      this.#arm();
    }
    this.wait.wake(Infinity, POLLIN);
  }

  override read(into: Uint8Array, _context: FileContext): number {
    if (into.length < 8) return -EINVAL;
    if (this.#ticks === 0n) return -EAGAIN;
    new DataView(into.buffer, into.byteOffset).setBigUint64(0, this.#ticks, true);
    this.#ticks = 0n;
    return 8;
  }

  override write(_from: Uint8Array, _context: FileContext): number {
    return -EINVAL;
  }

  override poll(): number {
    return this.#ticks > 0n ? POLLIN : 0;
  }

  override ioctl(request: number, argument: number, context: FileContext): number {
    if (request !== TFD_IOC_SET_TICKS) return -ENOTTY;
    const ticks = context.memory.readU64(argument);
    if (ticks === 0n) return -EINVAL;
    this.#ticks = ticks;
    this.wait.wake(Infinity, POLLIN);
    return 0;
  }

  override release(): void {
    this.#source.timers.cancel(this.#timer);
    this.#timer = undefined;
  }
}
