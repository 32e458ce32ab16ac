// clone3(2) and clone(2): flags, exit signal, TID storing, pidfd, what is refused.
// oracle: qemu-user has no clone3
#include "../tap.h"
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct args {
	unsigned long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static long clone3(struct args *args, size_t size) { return syscall(SYS_clone3, args, size); }

static volatile int caught;
static void handler(int signal) { caught = signal; }

static int function(void *argument)
{
	*(int *)argument = 8;
	return 4;
}

int main(void)
{
	int status, pidfd = -1;
	pid_t parent_tid = 0, child_tid = 0;
	struct args args = { .flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | 0x1000 /* CLONE_PIDFD */,
			     .pidfd = (long)&pidfd,
			     .parent_tid = (long)&parent_tid,
			     .child_tid = (long)&child_tid,
			     .exit_signal = SIGUSR1 };
	signal(SIGUSR1, handler);
	long pid = clone3(&args, sizeof args);
	if (pid == 0)
		_exit(child_tid == getpid() ? 11 : 12);
	ok(pid > 0, "clone3");
	is(parent_tid, pid, "CLONE_PARENT_SETTID");
	is(child_tid, 0, "CLONE_CHILD_SETTID is in the child's memory only");
	ok(pidfd >= 0, "CLONE_PIDFD");
	struct pollfd poller = { pidfd, POLLIN, 0 };
	while (poll(&poller, 1, 5000) == -1)
		;
	is(poller.revents, POLLIN, "a pidfd is readable when the process has ended");
	is(caught, SIGUSR1, "the exit signal is as asked");
	fails(waitpid(pid, &status, 0), ECHILD, "such a child is not waited for by default");
	is(waitpid(pid, &status, __WALL), pid, "but with __WALL");
	is(WEXITSTATUS(status), 11, "and CLONE_CHILD_SETTID stored its TID");
	struct args small = { .exit_signal = SIGCHLD };
	fails(clone3(&small, 8), EINVAL, "too small a structure");
	struct {
		struct args args;
		long more;
	} large = { .args = { .exit_signal = SIGCHLD }, .more = 1 };
	fails(clone3((void *)&large, sizeof large), E2BIG, "a larger one with something unknown");
	large.more = 0;
	pid = clone3((void *)&large, sizeof large);
	if (pid == 0)
		_exit(1);
	is(waitpid(pid, &status, 0), pid, "a larger one with zeros is fine");
	struct args bad = { .flags = CLONE_THREAD };
	fails(clone3(&bad, sizeof bad), EINVAL, "CLONE_THREAD without CLONE_SIGHAND");
	bad.flags = CLONE_SIGHAND;
	fails(clone3(&bad, sizeof bad), EINVAL, "CLONE_SIGHAND without CLONE_VM");
	bad = (struct args){ .exit_signal = 65 };
	fails(clone3(&bad, sizeof bad), EINVAL, "no signal 65");
	bad = (struct args){ .exit_signal = SIGCHLD, .stack = 4096 };
	fails(clone3(&bad, sizeof bad), EINVAL, "a stack without size");
	static char stack[65536] __attribute__((aligned(16)));
	int value = 0;
	pid = clone(function, stack + sizeof stack, CLONE_VM | SIGCHLD, &value);
	is(waitpid(pid, &status, 0), pid, "clone with CLONE_VM");
	is(value, 8, "shares memory");
	is(WEXITSTATUS(status), 4, "and returns its function's value");
	return done();
}
