// Orphans: reparented to a subreaper (man 2 prctl, PR_SET_CHILD_SUBREAPER) and to init; PR_SET_PDEATHSIG.
// oracle: qemu-user does not know PR_SET_CHILD_SUBREAPER
#include "../tap.h"
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

int main(void)
{
	int status, fds[2];
	pid_t grandchild;
	must(pipe(fds));
	is(prctl(PR_SET_CHILD_SUBREAPER, 1), 0, "PR_SET_CHILD_SUBREAPER");
	pid_t pid = fork();
	if (pid == 0) {
		pid_t inner = fork();
		if (inner == 0) {
			while (getppid() == pid)
				usleep(1000);
			pause();
		}
		write(fds[1], &inner, sizeof inner);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	read(fds[0], &grandchild, sizeof grandchild);
	kill(grandchild, SIGTERM);
	is(waitpid(grandchild, &status, 0), grandchild, "the grandchild is now ours");
	is(WTERMSIG(status), SIGTERM, "with its status");
	pid = fork();
	if (pid == 0) {
		pid_t inner = fork();
		if (inner == 0) {
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			write(fds[1], &inner, 1);
			for (;;)
				pause();
		}
		char c;
		read(fds[0], &c, 1);
		write(fds[1], &inner, sizeof inner);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	read(fds[0], &grandchild, sizeof grandchild);
	is(waitpid(grandchild, &status, 0), grandchild, "the parent's death");
	is(WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGUSR1, "is PR_SET_PDEATHSIG's signal");
	int value = 0;
	prctl(PR_GET_CHILD_SUBREAPER, &value);
	is(value, 1, "PR_GET_CHILD_SUBREAPER");
	return done();
}
