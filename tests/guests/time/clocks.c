// Clocks: gettime, getres, order between them, CPU time, what cannot be set.
// variants: static musl-static
#include "../tap.h"
#include <pthread.h>
#include <sys/time.h>
#include <time.h>

static long long ns(clockid_t clock)
{
	struct timespec now;
	must(clock_gettime(clock, &now));
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static volatile long sink;
static void *work(void *argument)
{
	for (long i = 0; i < 3000000; i++)
		sink += i;
	*(long long *)argument = ns(CLOCK_THREAD_CPUTIME_ID);
	return 0;
}

int main(void)
{
	struct timespec resolution;
	clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
			       CLOCK_MONOTONIC_COARSE, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_TAI };
	int steady = 1, fine = 1;
	for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
		long long first = ns(clocks[i]), second = ns(clocks[i]);
		steady &= second >= first;
		fine &= clock_getres(clocks[i], &resolution) == 0 && resolution.tv_sec == 0 && resolution.tv_nsec >= 1;
	}
	ok(steady, "no clock goes back");
	ok(fine, "every clock has a resolution");
	ok(ns(CLOCK_REALTIME) > 1600000000LL * 1000000000, "this is after 2020");
	struct timeval tv;
	long long before = ns(CLOCK_REALTIME) / 1000;
	gettimeofday(&tv, 0);
	long long now = tv.tv_sec * 1000000LL + tv.tv_usec;
	ok(now >= before && now < before + 1000000, "gettimeofday agrees");
	ok(llabs(time(0) - (long long)tv.tv_sec) <= 1, "so does time");
	long long thread_time = 0, process = ns(CLOCK_PROCESS_CPUTIME_ID);
	pthread_t thread;
	pthread_create(&thread, 0, work, &thread_time);
	pthread_join(thread, 0);
	ok(thread_time > 0, "a thread's CPU time");
	ok(ns(CLOCK_PROCESS_CPUTIME_ID) - process >= thread_time / 2, "is part of the process's");
	ok(ns(CLOCK_THREAD_CPUTIME_ID) < ns(CLOCK_PROCESS_CPUTIME_ID), "and not of this thread's");
	process = ns(CLOCK_PROCESS_CPUTIME_ID);
	usleep(100000);
	ok(ns(CLOCK_PROCESS_CPUTIME_ID) - process < 80000000, "sleeping takes no CPU time");
	fails(clock_gettime(999, &resolution), EINVAL, "unknown clock");
	fails(clock_getres(999, &resolution), EINVAL, "its resolution");
	is(clock_getres(CLOCK_MONOTONIC, 0), 0, "clock_getres without a place");
	struct timespec zero = { 0, 0 };
	if (geteuid() != 0)
		fails(clock_settime(CLOCK_REALTIME, &zero), EPERM, "only root sets the time");
	fails(clock_settime(CLOCK_MONOTONIC, &zero), EINVAL, "nobody sets CLOCK_MONOTONIC");
	clockid_t clock;
	is(clock_getcpuclockid(0, &clock), 0, "clock_getcpuclockid");
	ok(ns(clock) > 0, "can be read");
	return done();
}
