// Masks and pending signals: sigprocmask, sigpending, sigsuspend, sa_mask, SA_NODEFER, SA_RESETHAND.
#include "../tap.h"
#include <signal.h>

static volatile int count, depth, deepest, usr2_pending;
static volatile char order[16];

static void counting(int signal)
{
	(void)signal;
	count++;
}

static void nesting(int signal)
{
	if (++depth > deepest)
		deepest = depth;
	if (count++ < 3)
		raise(signal);
	sigset_t pending;
	sigpending(&pending);
	usr2_pending = sigismember(&pending, SIGUSR2);
	depth--;
}

static void ordering(int signal)
{
	order[count++] = signal;
}

int main(void)
{
	struct sigaction action = { .sa_handler = counting }, old;
	sigset_t set, previous, pending;
	sigaction(SIGUSR1, &action, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	is(sigprocmask(SIG_BLOCK, &set, &previous), 0, "block");
	is(sigismember(&previous, SIGUSR1), 0, "it was not blocked before");
	raise(SIGUSR1), raise(SIGUSR1), raise(SIGUSR1);
	is(count, 0, "blocked signals wait");
	sigpending(&pending);
	is(sigismember(&pending, SIGUSR1), 1, "and are pending");
	sigprocmask(SIG_UNBLOCK, &set, 0);
	is(count, 1, "standard signals do not queue");
	sigprocmask(SIG_BLOCK, &set, 0);
	raise(SIGUSR1);
	sigemptyset(&set);
	fails(sigsuspend(&set), EINTR, "sigsuspend ends with EINTR");
	is(count, 2, "after the handler");
	sigprocmask(SIG_BLOCK, 0, &previous);
	is(sigismember(&previous, SIGUSR1), 1, "and the old mask is back");
	sigprocmask(SIG_SETMASK, &set, 0);
	action.sa_handler = nesting;
	sigaction(SIGUSR1, &action, 0);
	count = 0;
	raise(SIGUSR1);
	is(deepest, 1, "a handler is not interrupted by its own signal");
	is(count, 4, "which comes afterwards");
	action.sa_flags = SA_NODEFER;
	sigaction(SIGUSR1, &action, 0);
	count = deepest = 0;
	raise(SIGUSR1);
	is(deepest, 4, "with SA_NODEFER it is");
	action.sa_flags = 0;
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &action, 0);
	signal(SIGUSR2, counting);
	sigset_t both;
	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGUSR2);
	sigprocmask(SIG_BLOCK, &both, 0);
	raise(SIGUSR1);
	raise(SIGUSR2);
	count = 5;
	sigprocmask(SIG_UNBLOCK, &both, 0);
	is(usr2_pending, 1, "sa_mask holds others back");
	action.sa_handler = counting;
	action.sa_flags = SA_RESETHAND;
	sigaction(SIGUSR1, &action, 0);
	raise(SIGUSR1);
	sigaction(SIGUSR1, 0, &old);
	ok(old.sa_handler == SIG_DFL, "SA_RESETHAND leaves SIG_DFL");
	fails(sigaction(SIGKILL, &action, 0), EINVAL, "SIGKILL cannot be caught");
	fails(sigaction(SIGSTOP, &action, 0), EINVAL, "SIGSTOP neither");
	fails(sigaction(65, &action, 0), EINVAL, "no signal 65");
	is(sigaction(SIGKILL, 0, &old), 0, "asking about SIGKILL is fine");
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, 0);
	sigprocmask(SIG_SETMASK, 0, &previous);
	is(sigismember(&previous, SIGKILL) + sigismember(&previous, SIGSTOP), 0, "SIGKILL and SIGSTOP are never blocked");
	/* All at once: standard signals first, lowest number first, as the stack of frames shows backwards. */
	action = (struct sigaction){ .sa_handler = ordering };
	sigfillset(&action.sa_mask);
	int signals[] = { SIGRTMIN + 1, SIGUSR2, SIGHUP, SIGRTMIN, SIGUSR1 };
	for (int i = 0; i < 5; i++) {
		sigaction(signals[i], &action, 0);
		raise(signals[i]);
	}
	count = 0;
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, 0);
	is(count, 5, "five pending signals are delivered together");
	ok(order[0] == SIGHUP && order[1] == SIGUSR1 && order[2] == SIGUSR2 && order[3] == SIGRTMIN, "lowest first");
	return done();
}
