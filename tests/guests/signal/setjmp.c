// sigsetjmp and siglongjmp out of a handler restore the mask, many times over.
// variants: static musl-static
#include "../tap.h"
#include <setjmp.h>
#include <signal.h>

static sigjmp_buf back;

static void handler(int signal)
{
	siglongjmp(back, signal);
}

int main(void)
{
	volatile int rounds = 0, right = 0;
	struct sigaction action = { .sa_handler = handler };
	sigaction(SIGUSR1, &action, 0);
	while (rounds < 1000) {
		int signal = sigsetjmp(back, 1);
		if (signal == 0)
			raise(SIGUSR1);
		else
			rounds++, right += signal == SIGUSR1;
	}
	is(right, 1000, "a thousand jumps out of a handler");
	sigset_t now;
	sigprocmask(SIG_BLOCK, 0, &now);
	is(sigismember(&now, SIGUSR1), 0, "the mask is as before");
	return done();
}
