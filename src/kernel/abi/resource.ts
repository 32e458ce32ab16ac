/** getrlimit(2), getrusage(2) and getpriority(2) constants (asm-generic/resource.h, linux/resource.h). */

export const RLIMIT_CPU = 0;
export const RLIMIT_FSIZE = 1;
export const RLIMIT_DATA = 2;
export const RLIMIT_STACK = 3;
export const RLIMIT_CORE = 4;
export const RLIMIT_RSS = 5;
export const RLIMIT_NPROC = 6;
export const RLIMIT_NOFILE = 7;
export const RLIMIT_MEMLOCK = 8;
export const RLIMIT_AS = 9;
export const RLIMIT_LOCKS = 10;
export const RLIMIT_SIGPENDING = 11;
export const RLIMIT_MSGQUEUE = 12;
export const RLIMIT_NICE = 13;
export const RLIMIT_RTPRIO = 14;
export const RLIMIT_RTTIME = 15;
export const RLIM_NLIMITS = 16;

/** The limits a login on a Debian machine of this size has: [soft, hard]. Infinity is RLIM_INFINITY. */
export function defaultLimits(): [number, number][] {
  const limits: [number, number][] = Array.from({ length: RLIM_NLIMITS }, () => [Infinity, Infinity]);
  limits[RLIMIT_STACK] = [8 << 20, Infinity];
  limits[RLIMIT_CORE] = [0, Infinity];
  limits[RLIMIT_NPROC] = [15_000, 15_000];
  limits[RLIMIT_NOFILE] = [1024, 4096];
  limits[RLIMIT_MEMLOCK] = [8 << 20, 8 << 20];
  limits[RLIMIT_SIGPENDING] = [15_000, 15_000];
  limits[RLIMIT_MSGQUEUE] = [819_200, 819_200];
  limits[RLIMIT_NICE] = [0, 0];
  limits[RLIMIT_RTPRIO] = [0, 0];
  return limits;
}

export const RUSAGE_SELF = 0;
export const RUSAGE_CHILDREN = -1;
export const RUSAGE_THREAD = 1;

export const PRIO_PROCESS = 0;
export const PRIO_PGRP = 1;
export const PRIO_USER = 2;
