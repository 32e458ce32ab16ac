// timer_create(2): signals with values, none, threads, overruns, absolute times, deletion.
// flags: -lrt
#include "../tap.h"
#include <pthread.h>
#include <signal.h>
#include <time.h>

static volatile siginfo_t last;
static volatile int count, thread_count;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	last = *info;
	count++;
}

static void in_thread(union sigval value)
{
	__atomic_fetch_add(&thread_count, value.sival_int, __ATOMIC_SEQ_CST);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigaction(SIGRTMIN, &action, 0);
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 77 };
	struct itimerspec spec = { { 0, 0 }, { 0, 10000000 } }, now;
	timer_t timer;
	is(timer_create(CLOCK_MONOTONIC, &event, &timer), 0, "timer_create");
	is(timer_settime(timer, 0, &spec, 0), 0, "timer_settime");
	while (count < 1)
		usleep(1000);
	is(last.si_code, SI_TIMER, "si_code");
	is(last.si_value.sival_int, 77, "the value");
	is(last.si_overrun, 0, "no overrun");
	timer_gettime(timer, &now);
	is(now.it_value.tv_sec + now.it_value.tv_nsec, 0, "it is disarmed afterwards");
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, 0);
	spec.it_interval.tv_nsec = 5000000, spec.it_value.tv_nsec = 5000000;
	timer_settime(timer, 0, &spec, 0);
	usleep(60000);
	count = 0;
	sigprocmask(SIG_UNBLOCK, &set, 0);
	ok(count >= 1 && last.si_overrun >= 5, "missed ticks are overruns");
	ok(timer_getoverrun(timer) >= 0, "timer_getoverrun");
	is(timer_delete(timer), 0, "timer_delete");
	usleep(10000);
	count = 0;
	usleep(30000);
	is(count, 0, "ends it");
	event = (struct sigevent){ .sigev_notify = SIGEV_NONE };
	timer_create(CLOCK_REALTIME, &event, &timer);
	clock_gettime(CLOCK_REALTIME, &spec.it_value);
	spec.it_value.tv_sec += 100;
	spec.it_interval = (struct timespec){ 0, 0 };
	is(timer_settime(timer, TIMER_ABSTIME, &spec, 0), 0, "an absolute time, without notification");
	timer_gettime(timer, &now);
	ok(now.it_value.tv_sec >= 98 && now.it_value.tv_sec <= 100, "can be asked for the rest");
	timer_delete(timer);
	event = (struct sigevent){ .sigev_notify = SIGEV_THREAD, .sigev_notify_function = in_thread, .sigev_value.sival_int = 5 };
	is(timer_create(CLOCK_MONOTONIC, &event, &timer), 0, "SIGEV_THREAD");
	spec.it_value = (struct timespec){ 0, 5000000 };
	timer_settime(timer, 0, &spec, 0);
	for (int i = 0; i < 2000 && thread_count == 0; i++)
		usleep(1000);
	is(thread_count, 5, "runs the function");
	timer_delete(timer);
	fails(timer_create(999, 0, &timer), EINVAL, "unknown clock");
	return done();
}
