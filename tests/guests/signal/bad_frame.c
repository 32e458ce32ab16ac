// rt_sigreturn(2) with a frame that cannot be: SIGSEGV. A stack pointer where no frame fits: SIGSEGV too.
// oracle: qemu-user reports the first signal instead
#include "../tap.h"
#include <signal.h>
#include <sys/wait.h>

#ifdef __aarch64__
#include <ucontext.h>
static void spoil(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	ucontext_t *uc = context;
	memset(uc->uc_mcontext.__reserved, 0x55, 64);
}

static int ending(int mode)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		if (mode == 0) {
			struct sigaction action = { .sa_sigaction = spoil, .sa_flags = SA_SIGINFO };
			sigaction(SIGUSR1, &action, 0);
			raise(SIGUSR1);
		} else if (mode == 1) {
			asm volatile("mov sp, %0\n mov x8, #139\n svc #0" : : "r"(0x1000L) : "x8");
		} else {
			struct sigaction action = { .sa_sigaction = spoil, .sa_flags = SA_SIGINFO };
			sigaction(SIGTRAP, &action, 0);
			asm volatile("mov sp, %0\n brk #0" : : "r"(0x1000L));
		}
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int main(void)
{
	is(ending(0), SIGSEGV, "a spoilt record list");
	is(ending(1), SIGSEGV, "no frame at sp");
	is(ending(2), SIGSEGV, "no room for a frame at sp");
	return done();
}
#else
int main(void)
{
	skip("aarch64 frame", "aarch64 only");
	return done();
}
#endif
