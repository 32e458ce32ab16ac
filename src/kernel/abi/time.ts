/** Clock and timer constants and layouts (linux/time.h, asm-generic/siginfo.h `sigevent`; clock_gettime(2), timer_create(2)). */

export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_PROCESS_CPUTIME_ID = 2;
export const CLOCK_THREAD_CPUTIME_ID = 3;
export const CLOCK_MONOTONIC_RAW = 4;
export const CLOCK_REALTIME_COARSE = 5;
export const CLOCK_MONOTONIC_COARSE = 6;
export const CLOCK_BOOTTIME = 7;
export const CLOCK_REALTIME_ALARM = 8;
export const CLOCK_BOOTTIME_ALARM = 9;
export const CLOCK_TAI = 11;

export const TIMER_ABSTIME = 1;

export const ITIMER_REAL = 0;
export const ITIMER_VIRTUAL = 1;
export const ITIMER_PROF = 2;

export const SIGEV_SIGNAL = 0;
export const SIGEV_NONE = 1;
export const SIGEV_THREAD = 2;
export const SIGEV_THREAD_ID = 4;

export const NSEC_PER_SEC = 1e9;
/** Clock ticks per second of times(2) and /proc (AT_CLKTCK). */
export const CLK_TCK = 100;
/** Resolution of the coarse clocks: one jiffy of a 250 Hz kernel, in ns. */
export const COARSE_RESOLUTION = 4_000_000;
