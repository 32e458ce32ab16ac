// A fault while its signal is blocked or ignored kills all the same (man 2 sigprocmask).
#include "../tap.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void handler(int signal)
{
	(void)signal;
	*(volatile int *)8 = 1;
}

static int status_of(int mode)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit none = { 0, 0 };
		setrlimit(RLIMIT_CORE, &none);
		sigset_t set;
		sigemptyset(&set);
		sigaddset(&set, SIGSEGV);
		if (mode == 0)
			sigprocmask(SIG_BLOCK, &set, 0);
		if (mode == 1)
			signal(SIGSEGV, SIG_IGN);
		if (mode == 2)
			signal(SIGSEGV, handler);
		*(volatile int *)4 = 1;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

int main(void)
{
	const char *names[] = { "a blocked SIGSEGV kills", "an ignored one kills", "a fault in its handler kills" };
	for (int mode = 0; mode < 3; mode++) {
		int status = status_of(mode);
		ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, names[mode]);
	}
	return done();
}
