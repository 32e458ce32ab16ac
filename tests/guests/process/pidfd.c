// pidfd_open(2), pidfd_send_signal(2), waitid(P_PIDFD).
// oracle: qemu-user 7.2 lacks parts of it
#include "../tap.h"
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int main(void)
{
	siginfo_t info;
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	int fd = syscall(SYS_pidfd_open, pid, 0);
	ok(fd >= 0, "pidfd_open");
	struct pollfd poller = { fd, POLLIN, 0 };
	is(poll(&poller, 1, 0), 0, "not readable while it lives");
	is(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0), 0, "signal 0");
	is(syscall(SYS_pidfd_send_signal, fd, SIGTERM, 0, 0), 0, "SIGTERM");
	is(poll(&poller, 1, 5000), 1, "readable when it has ended");
	is(waitid(3 /* P_PIDFD */, fd, &info, WEXITED), 0, "waitid(P_PIDFD)");
	is(info.si_status, SIGTERM, "its status");
	is(info.si_pid, pid, "its pid");
	fails(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0), ESRCH, "afterwards it is gone");
	fails(syscall(SYS_pidfd_open, pid, 0), ESRCH, "a pid that is no more");
	fails(syscall(SYS_pidfd_open, getpid(), 0x8000), EINVAL, "unknown flags");
	fails(syscall(SYS_pidfd_send_signal, 0, 0, 0, 0), EBADF, "not a pidfd");
	return done();
}
