// sigwaitinfo(2) and sigtimedwait(2): taking blocked signals without handlers.
#include "../tap.h"
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static void *sender(void *argument)
{
	usleep(20000);
	kill(getpid(), SIGUSR2);
	return argument;
}

static void handler(int signal) { (void)signal; }

int main(void)
{
	sigset_t set;
	siginfo_t info;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, 0);
	raise(SIGUSR1);
	is(sigwaitinfo(&set, &info), SIGUSR1, "one that is pending comes at once");
	is(info.si_pid, getpid(), "with its siginfo");
	struct timespec time = { 0, 30000000 };
	fails(sigtimedwait(&set, &info, &time), EAGAIN, "none within the time");
	pthread_t thread;
	pthread_create(&thread, 0, sender, 0);
	is(sigwaitinfo(&set, &info), SIGUSR2, "waiting for one that comes");
	is(info.si_pid, getpid(), "from this process");
	pthread_join(thread, 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(4);
	is(sigwaitinfo(&set, &info), SIGCHLD, "SIGCHLD, although its default is to be ignored");
	is(info.si_status, 4, "with the status");
	waitpid(pid, 0, 0);
	int number;
	raise(SIGUSR1);
	is(sigwait(&set, &number), 0, "sigwait");
	is(number, SIGUSR1, "gives the number");
	signal(SIGALRM, handler);
	ualarm(20000, 0);
	fails(sigwaitinfo(&set, &info), EINTR, "another signal's handler interrupts");
	time.tv_nsec = 2000000000;
	fails(sigtimedwait(&set, &info, &time), EINVAL, "bad time");
	return done();
}
