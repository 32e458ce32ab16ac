// fork(2): children run, and an alarm comes, while their parent does nothing but fork.
#include "../tap.h"
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

static volatile sig_atomic_t rang;

static void on_alarm(int signal)
{
	(void)signal;
	rang = 1;
}

int main(void)
{
	signal(SIGALRM, on_alarm);
	struct itimerval soon = { .it_value = { .tv_usec = 20000 } };
	setitimer(ITIMER_REAL, &soon, 0);
	int forked = 0, reaped = 0, early = 0;
	while (!rang && forked < 20000) {
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		if (child < 0)
			break;
		forked++;
		while (waitpid(-1, 0, WNOHANG) > 0)
			reaped++, early++;
	}
	ok(rang, "the alarm came");
	while (wait(0) > 0)
		reaped++;
	is(reaped, forked, "all are reaped");
	ok(forked < 100 || early > 0, "some of them meanwhile");
	return done();
}
