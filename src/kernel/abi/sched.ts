/** Scheduling policies and `struct sched_attr` (linux/sched.h, linux/sched/types.h; sched(7)). */

export const SCHED_OTHER = 0;
export const SCHED_FIFO = 1;
export const SCHED_RR = 2;
export const SCHED_BATCH = 3;
export const SCHED_IDLE = 5;
export const SCHED_DEADLINE = 6;
export const SCHED_RESET_ON_FORK = 0x40000000;
export const SCHED_ATTR_SIZE_VER0 = 48;
export const SCHED_ATTR_SIZE = 56;
