/**
 * The kernel's clocks, over the host's. Monotonic time is a JS number of nanoseconds (exact for 104 days after
 * boot); real time needs a bigint.
 */

/** Where time comes from; tests bring their own. */
export interface Clock {
  /** CLOCK_MONOTONIC in whole nanoseconds. */
  monotonic(): number;
  /** CLOCK_REALTIME minus CLOCK_MONOTONIC, in nanoseconds. */
  readonly realtimeOffset: bigint;
}

/** The guest machine seems to have been up for a while: programs subtract intervals from the monotonic clock. */
const UPTIME_AT_START = 1000e9;

/** `performance.now()` has nanosecond digits in Deno and never steps. */
export class HostClock implements Clock {
  readonly #base: number;
  readonly realtimeOffset: bigint;

  constructor() {
    const now = performance.now();
    this.#base = UPTIME_AT_START - Math.round(now * 1e6);
    const realtime = BigInt(Math.round((performance.timeOrigin + now) * 1e3)) * 1000n;
    this.realtimeOffset = realtime - BigInt(UPTIME_AT_START);
  }

  monotonic(): number {
    return this.#base + Math.round(performance.now() * 1e6);
  }
}

/** CLOCK_REALTIME in nanoseconds since the epoch. */
export function realtime(clock: Clock): bigint {
  return clock.realtimeOffset + BigInt(clock.monotonic());
}
