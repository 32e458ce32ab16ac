// timer_create(2): a timer on another process's CPU clock, which goes on while its owner sleeps.
#include "../tap.h"
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static volatile sig_atomic_t came;

static void on_signal(int signal)
{
	came = signal;
}

int main(void)
{
	pid_t child = fork();
	if (child == 0)
		for (;;)
			;
	signal(SIGUSR1, on_signal);
	clockid_t clock;
	is(clock_getcpuclockid(child, &clock), 0, "the child's clock");
	timer_t timer;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	is(timer_create(clock, &event, &timer), 0, "a timer on it");
	struct itimerspec setting = { .it_value = { .tv_nsec = 50000000 } };
	is(timer_settime(timer, 0, &setting, 0), 0, "set");
	struct timespec time = { .tv_sec = 20 };
	is(nanosleep(&time, 0), -1, "its owner does not sleep to the end");
	is(came, SIGUSR1, "as it gets the signal");
	clock_gettime(clock, &time);
	ok(time.tv_sec > 0 || time.tv_nsec >= 50000000, "not before the child has computed for so long");
	is(timer_settime(timer, 0, &setting, 0), 0, "set again");
	is(timer_delete(timer), 0, "and deleted");
	kill(child, SIGKILL);
	waitpid(child, 0, 0);
	fails(clock_gettime(clock, &time), EINVAL, "nobody is there to be measured");
	return done();
}
