/**
 * The clock of inode times. Linux stamps inodes with the time of the last tick, not the exact time; so do we, with a
 * tick of one millisecond: writing in a loop then allocates nothing, and a stamp is never later than
 * `clock_gettime(CLOCK_REALTIME)`.
 */

/** Asked once: a guest begins with some hundred inodes, and Deno's answer takes longer than the addition. */
const ORIGIN = performance.timeOrigin;

let tick = 0;
let stamp = 0n;

/** Nanoseconds since the epoch, in whole milliseconds. */
export function fileTime(): bigint {
  const now = Math.floor(ORIGIN + performance.now());
  if (now !== tick) {
    tick = now;
    stamp = BigInt(now) * 1_000_000n;
  }
  return stamp;
}
