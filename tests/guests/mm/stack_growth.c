// The stack grows as it is used, up to RLIMIT_STACK; running over it is SIGSEGV, handled on an alternate stack.
#include "../tap.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>

static sigjmp_buf back;

static void handler(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

__attribute__((noinline)) static int deep(int n)
{
	volatile char frame[4096];
	frame[0] = n;
	frame[4095] = n;
	return n == 0 ? 0 : deep(n - 1) + (frame[0] == frame[4095]);
}

int main(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_STACK, &limit);
	ok(limit.rlim_cur >= 8 << 20, "8 MiB of stack at least");
	is(deep(1000), 1000, "4 MiB are used as needed");
	static char alternate[65536];
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof alternate };
	must(sigaltstack(&stack, 0));
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	sigaction(SIGSEGV, &action, 0);
	if (limit.rlim_cur > 64 << 20) {
		skip("stack overflow", "the limit is too high");
	} else if (sigsetjmp(back, 1) == 0) {
		deep(1 << 20);
		ok(0, "stack overflow is SIGSEGV");
	} else {
		ok(1, "stack overflow is SIGSEGV");
	}
	is(deep(100), 100, "and life goes on");
	return done();
}
