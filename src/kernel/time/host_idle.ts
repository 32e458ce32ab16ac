/**
 * Waiting on the host: for the next timer, for input and whatever else arrives through the host's event loop.
 *
 * Deno's `setTimeout` is late by a millisecond or two (measured: 2.2 ms for 1 ms), so the last stretch before a
 * deadline is slept with `Atomics.wait`, in steps short enough for input not to notice.
 */
import type { Clock } from "./clock.ts";

/** Before a deadline nearer than this (ns), `setTimeout` is not used. */
const TIMEOUT_MARGIN = 2.5e6;
/** Longest sleep that keeps the event loop waiting, ms. */
const NAP = 1;
/** A deadline nearer than this (ns) is spun for. */
const SPIN = 60e3;
/** Longest `setTimeout`, ms; also what keeps the event loop alive while only input can wake us. */
const LONGEST = 60_000;

/**
 * Between turns that serve everybody (ns). A message to oneself overtakes those of others: measured on a busy machine,
 * a guest that computed without end was stopped after up to 2.4 s with such messages alone, after 0.1 s with a timer
 * in between. A timer costs a millisecond or two; that of `setTimeout` loads Node's timers first, 12 ms of each run.
 */
const FULL_TURN_INTERVAL = 60e6;

export class HostIdle {
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #awaken: (() => void) | undefined;
  #channel: MessageChannel | undefined;
  #visited: (() => void) | undefined;
  #fullTurn: number;

  constructor(private readonly clock: Clock) {
    this.#fullTurn = clock.monotonic();
  }

  /** Something may have changed: a wait that is under way looks again. */
  wake(): void {
    const awaken = this.#awaken;
    this.#awaken = undefined;
    awaken?.();
  }

  /**
   * One turn of the host's event loop (about 11 µs). A message to oneself, mostly: `setImmediate` would turn it in 3 µs,
   * but loads Node's timers first, which takes longer than most test programs run.
   *
   * @param isAwaited whether something is to come by a message: the turn serves everybody then
   */
  async visitHost(isAwaited = false): Promise<void> {
    // Open, its port keeps the event loop alive, which a wait does not.
    const { port2 } = this.#channel ??= this.#open();
    const now = this.clock.monotonic();
    if (isAwaited || now - this.#fullTurn > FULL_TURN_INTERVAL) {
      this.#fullTurn = now;
      await Atomics.waitAsync(this.#cell, 0, 0, 1).value;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#visited = resolve;
      port2.postMessage(null);
    });
  }
  #open(): MessageChannel {
    const channel = new MessageChannel();
    channel.port1.onmessage = this.#turned();
    return channel;
  }
  /** Made by a function, so that it dies with the guest: see docs/ARCHITECTURE.md, "What dies with a guest". */
  #turned(): () => void {
    return () => this.#visited?.();
  }

  /** The run is over: nothing waits any more. */
  close(): void {
    this.#channel?.port1.close();
    this.#channel = undefined;
  }

  /** Waits until `ready` says so; it is asked whenever something may have changed. @param deadline CLOCK_MONOTONIC ns */
  async until(deadline: () => number, ready: () => boolean): Promise<void> {
    for (;;) {
      if (ready()) return;
      const left = deadline() - this.clock.monotonic();
      if (left <= SPIN) {
        await this.visitHost();
        continue;
      }
      if (left < TIMEOUT_MARGIN) {
        await this.visitHost();
        if (ready()) return;
        const rest = (deadline() - this.clock.monotonic() - SPIN) / 1e6;
        if (rest > 0) Atomics.wait(this.#cell, 0, 0, Math.min(rest, NAP));
        continue;
      }
      await this.#sleep(Math.min(LONGEST, (left - TIMEOUT_MARGIN) / 1e6));
    }
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, milliseconds);
      const wake = () => done();
      this.#awaken = wake;
      function done() {
        clearTimeout(timer);
        resolve();
      }
    });
  }
}
