/* macOS's clocks: what shim.c uses, declared anew. */
#ifndef ELFTAP_TIME_H
#define ELFTAP_TIME_H
struct timespec {
	long tv_sec;
	long tv_nsec;
};
typedef unsigned clockid_t;
#define CLOCK_MONOTONIC 6
int clock_gettime(clockid_t, struct timespec *);
int nanosleep(const struct timespec *, struct timespec *);
#endif
