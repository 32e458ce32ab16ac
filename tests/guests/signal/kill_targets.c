// kill(2): whom it reaches - a process, a group, everyone in it - and what it refuses.
#include "../tap.h"
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int main(void)
{
	int status;
	pid_t first = fork();
	if (first == 0) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	setpgid(first, first);
	pid_t second = fork();
	if (second == 0)
		for (;;)
			pause();
	setpgid(second, first);
	is(getpgid(second), first, "two children in one group");
	is(kill(first, 0), 0, "signal 0 only asks");
	is(kill(-first, SIGTERM), 0, "to the group");
	waitpid(first, &status, 0);
	is(WTERMSIG(status), SIGTERM, "reaches the first");
	waitpid(second, &status, 0);
	is(WTERMSIG(status), SIGTERM, "and the second");
	fails(kill(first, 0), ESRCH, "both are gone");
	fails(kill(-first, 0), ESRCH, "so is the group");
	fails(kill(getpid(), 65), EINVAL, "no signal 65");
	fails(kill(getpid(), -1), EINVAL, "no signal -1");
	fails(syscall(SYS_tgkill, getpid(), getpid() + 100000, 0), ESRCH, "tgkill of an unknown thread");
	fails(syscall(SYS_tgkill, 0, getpid(), 0), EINVAL, "tgkill of group 0");
	is(syscall(SYS_tkill, getpid(), 0), 0, "tkill of oneself");
	pid_t zombie = fork();
	if (zombie == 0)
		_exit(0);
	siginfo_t info;
	waitid(P_PID, zombie, &info, WEXITED | WNOWAIT);
	is(kill(zombie, SIGKILL), 0, "a zombie can be sent signals");
	waitpid(zombie, &status, 0);
	ok(WIFEXITED(status), "without effect");
	return done();
}
