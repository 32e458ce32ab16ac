// setitimer and alarm: real, virtual and profiling time, intervals, reading back.
#include "../tap.h"
#include <signal.h>
#include <sys/time.h>

static volatile int counts[65];
static void handler(int signal) { counts[signal]++; }

int main(void)
{
	struct itimerval timer = { { 0, 10000 }, { 0, 10000 } }, old;
	signal(SIGALRM, handler), signal(SIGVTALRM, handler), signal(SIGPROF, handler);
	is(setitimer(ITIMER_REAL, &timer, 0), 0, "ITIMER_REAL");
	while (counts[SIGALRM] < 5)
		pause();
	ok(1, "ticks");
	is(getitimer(ITIMER_REAL, &old), 0, "getitimer");
	ok(old.it_interval.tv_usec == 10000 && old.it_value.tv_sec == 0, "shows interval and rest");
	timer = (struct itimerval){ { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_REAL, &timer, &old);
	is(old.it_interval.tv_usec, 10000, "setting gives the old one");
	int before = counts[SIGALRM];
	usleep(40000);
	is(counts[SIGALRM], before, "zero stops it");
	timer = (struct itimerval){ { 0, 0 }, { 0, 20000 } };
	setitimer(ITIMER_VIRTUAL, &timer, 0);
	setitimer(ITIMER_PROF, &timer, 0);
	usleep(50000);
	is(counts[SIGVTALRM] + counts[SIGPROF], 0, "CPU timers do not run while one sleeps");
	while (counts[SIGVTALRM] == 0 || counts[SIGPROF] == 0)
		;
	ok(1, "but while one works");
	is(counts[SIGVTALRM] + counts[SIGPROF], 2, "once");
	is(alarm(100), 0, "alarm");
	ok(alarm(0) >= 99, "gives the rest");
	timer.it_value.tv_usec = 1000000;
	fails(setitimer(ITIMER_REAL, &timer, 0), EINVAL, "too many microseconds");
	fails(setitimer(7, &timer, 0), EINVAL, "unknown timer");
	return done();
}
