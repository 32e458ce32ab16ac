// fork(2): two processes with the same descriptors and offsets, but their own memory, pending signals and timers.
#include "../tap.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

int main(void)
{
	int status, fd = must(open("/tmp", O_TMPFILE | O_RDWR, 0600));
	write(fd, "0123456789", 10);
	lseek(fd, 2, SEEK_SET);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, 0);
	raise(SIGUSR1);
	alarm(100);
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		char c;
		sigset_t pending;
		sigpending(&pending);
		int right = read(fd, &c, 1) == 1 && c == '2';
		right += 2 * (getppid() == parent && getpid() != parent);
		right += 4 * !sigismember(&pending, SIGUSR1);
		right += 8 * (alarm(0) == 0);
		sigprocmask(SIG_BLOCK, 0, &pending);
		right += 16 * sigismember(&pending, SIGUSR1);
		_exit(right);
	}
	ok(pid > 0, "the parent gets the child's pid");
	is(waitpid(pid, &status, 0), pid, "and waits for it");
	is(WEXITSTATUS(status) & 1, 1, "descriptors are shared");
	is(WEXITSTATUS(status) & 2, 2, "pids are right");
	is(WEXITSTATUS(status) & 4, 4, "pending signals are not inherited");
	is(WEXITSTATUS(status) & 8, 8, "alarms are not inherited");
	is(WEXITSTATUS(status) & 16, 16, "the signal mask is");
	is(lseek(fd, 0, SEEK_CUR), 3, "the offset moved for the parent too");
	ok(alarm(0) > 90, "the parent's alarm is still set");
	for (int i = 0; i < 50; i++)
		if (fork() == 0)
			_exit(i);
	int sum = 0;
	while (wait(&status) > 0)
		sum += WEXITSTATUS(status);
	is(sum, 1225, "fifty children");
	fails(wait(&status), ECHILD, "then there are none");
	return done();
}
