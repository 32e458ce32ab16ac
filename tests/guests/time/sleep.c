// nanosleep and clock_nanosleep: relative, absolute, interrupted, bad arguments.
#include "../tap.h"
#include <signal.h>
#include <sys/time.h>
#include <time.h>

static void handler(int signal) { (void)signal; }

static long long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(void)
{
	struct timespec time = { 0, 30000000 }, left = { 7, 7 };
	long long start = now();
	is(nanosleep(&time, &left), 0, "nanosleep");
	ok(now() - start >= 30000000, "not too short");
	ok(now() - start < 2000000000, "nor much too long");
	is(left.tv_sec, 7, "the rest is untouched");
	start = now();
	long long until = start + 30000000;
	time = (struct timespec){ until / 1000000000, until % 1000000000 };
	is(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, 0), 0, "absolute");
	ok(now() >= until, "not too early");
	start = now();
	is(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, 0), 0, "a time that is past");
	ok(now() - start < 20000000, "does not sleep");
	signal(SIGALRM, handler);
	struct itimerval timer = { { 0, 0 }, { 0, 20000 } };
	setitimer(ITIMER_REAL, &timer, 0);
	time = (struct timespec){ 10, 0 };
	is(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &left), EINTR, "a handler interrupts");
	ok(left.tv_sec == 9 && left.tv_nsec > 0, "with what is left");
	setitimer(ITIMER_REAL, &timer, 0);
	left.tv_sec = 7;
	until = now() + 10000000000;
	time = (struct timespec){ until / 1000000000, until % 1000000000 };
	is(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, &left), EINTR, "an absolute one too");
	is(left.tv_sec, 7, "which leaves nothing");
	time = (struct timespec){ 0, 1000000000 };
	fails(nanosleep(&time, 0), EINVAL, "too many nanoseconds");
	time = (struct timespec){ -1, 0 };
	fails(nanosleep(&time, 0), EINVAL, "negative seconds");
	time = (struct timespec){ 0, 0 };
	is(nanosleep(&time, 0), 0, "nothing at all");
	is(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &time, 0), EINVAL, "CLOCK_THREAD_CPUTIME_ID");
	is(clock_nanosleep(999, 0, &time, 0), EINVAL, "unknown clock");
	start = now();
	for (int i = 0; i < 20; i++)
		usleep(1000);
	ok(now() - start >= 20000000, "twenty short ones");
	ok(now() - start < 1000000000, "are not long");
	return done();
}
