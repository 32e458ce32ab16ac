// vfork(2): the child runs in the parent's memory, and the parent waits until it has exited or called execve.
// oracle: qemu-user makes it a fork
#include "../tap.h"
#include <sys/wait.h>

static volatile int shared;

int main(int argc, char **argv)
{
	int status;
	if (argc > 1) {
		usleep(50000);
		return 9;
	}
	pid_t pid = vfork();
	if (pid == 0) {
		usleep(20000);
		shared = 5;
		_exit(3);
	}
	is(shared, 5, "the child's store is there when vfork returns");
	is(waitpid(pid, &status, 0), pid, "waitpid");
	is(WEXITSTATUS(status), 3, "its status");
	pid = vfork();
	if (pid == 0) {
		execl("/proc/self/exe", argv[0], "child", NULL);
		_exit(127);
	}
	is(waitpid(pid, &status, WNOHANG), 0, "after execve the parent goes on before the child ends");
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 9, "the new program's status");
	pid = vfork();
	if (pid == 0) {
		execl("/no/such/program", "x", NULL);
		shared = errno;
		_exit(127);
	}
	is(shared, ENOENT, "a failed execve leaves the child in the parent's memory");
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 127, "and it exits");
	return done();
}
