// Process groups and sessions: setpgid, setsid, getsid and what they refuse.
#include "../tap.h"
#include <signal.h>
#include <sys/wait.h>

int main(void)
{
	int status, fds[2];
	must(pipe(fds));
	pid_t pid = fork();
	if (pid == 0) {
		int right = getpgrp() == getpgid(getppid());
		right += 2 * (getsid(0) == getsid(getppid()));
		right += 4 * (setsid() == getpid());
		right += 8 * (getpgrp() == getpid() && getsid(0) == getpid());
		right += 16 * (setsid() == -1 && errno == EPERM);
		right += 32 * (setpgid(0, 0) == -1 && errno == EPERM);
		_exit(right);
	}
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status) & 3, 3, "a child is in its parent's group and session");
	is(WEXITSTATUS(status) & 12, 12, "setsid makes a session and a group");
	is(WEXITSTATUS(status) & 16, 16, "a group leader cannot make another session");
	is(WEXITSTATUS(status) & 32, 32, "a session leader cannot change its group");
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	is(setpgid(pid, pid), 0, "a parent makes a group of its child");
	is(getpgid(pid), pid, "as getpgid shows");
	pid_t member = fork();
	if (member == 0)
		for (;;)
			pause();
	is(setpgid(member, pid), 0, "another child joins it");
	fails(setpgid(member, 1 << 22), EPERM, "no such group");
	fails(setpgid(member, -1), EINVAL, "a negative group");
	fails(setpgid(1 << 22, 0), ESRCH, "no such process");
	kill(-pid, SIGKILL);
	is(wait(0) > 0 && wait(0) > 0, 1, "one signal ends both");
	fails(getpgid(1 << 22), ESRCH, "getpgid of nobody");
	fails(getsid(1 << 22), ESRCH, "getsid of nobody");
	is(getpgid(0), getpgrp(), "0 is oneself");
	return done();
}
