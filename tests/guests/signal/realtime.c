// Real-time signals queue, keep their order and their values; RLIMIT_SIGPENDING bounds them.
#include "../tap.h"
#include <signal.h>
#include <sys/resource.h>

static volatile int values[64], count;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	values[count++ & 63] = info->si_value.sival_int;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigset_t set;
	sigaction(SIGRTMIN, &action, 0);
	sigaction(SIGRTMIN + 1, &action, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGRTMIN + 1);
	sigfillset(&action.sa_mask);
	sigaction(SIGRTMIN, &action, 0);
	sigaction(SIGRTMIN + 1, &action, 0);
	sigprocmask(SIG_BLOCK, &set, 0);
	for (int i = 0; i < 5; i++) {
		sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 10 + i });
		sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i });
	}
	sigprocmask(SIG_UNBLOCK, &set, 0);
	is(count, 10, "all ten arrive");
	int sorted = 1;
	for (int i = 0; i < 10; i++)
		sorted &= values[i] == (i < 5 ? i : 5 + i);
	ok(sorted, "lower number first, each in order");
	sigprocmask(SIG_BLOCK, &set, 0);
	struct rlimit limit = { 3, 3 };
	setrlimit(RLIMIT_SIGPENDING, &limit);
	int sent = 0;
	while (sent < 100 && sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = sent }) == 0)
		sent++;
	ok(sent <= 3, "RLIMIT_SIGPENDING bounds the queue");
	is(errno, EAGAIN, "with EAGAIN");
	struct timespec zero = { 0, 0 };
	siginfo_t info;
	is(sigtimedwait(&set, &info, &zero), SIGRTMIN, "sigtimedwait takes one");
	is(info.si_value.sival_int, 0, "the first");
	is(info.si_code, SI_QUEUE, "with its si_code");
	while (sigtimedwait(&set, &info, &zero) > 0)
		;
	is(errno, EAGAIN, "sigtimedwait on an empty queue is EAGAIN");
	ok(SIGRTMAX - SIGRTMIN >= 28, "enough real-time signals");
	return done();
}
