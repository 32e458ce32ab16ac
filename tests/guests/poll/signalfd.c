// signalfd(2): blocked signals as data.
#include "../tap.h"
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

int main(void)
{
	struct signalfd_siginfo info[2];
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1), sigaddset(&set, SIGRTMIN), sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, 0);
	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	ok(fd >= 0, "signalfd");
	is(sizeof info[0], 128, "128 bytes");
	fails(read(fd, info, sizeof info), EAGAIN, "nothing yet");
	kill(getpid(), SIGUSR1);
	struct pollfd poller = { fd, POLLIN, 0 };
	is(poll(&poller, 1, 1000), 1, "poll");
	is(read(fd, info, sizeof info), 128, "read");
	is(info[0].ssi_signo, SIGUSR1, "ssi_signo");
	is(info[0].ssi_pid, getpid(), "ssi_pid");
	is(info[0].ssi_code, SI_USER, "ssi_code");
	sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 5 });
	sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 6 });
	is(read(fd, info, sizeof info), 256, "two at once");
	ok(info[0].ssi_int == 5 && info[1].ssi_int == 6, "with values in order");
	pid_t pid = fork();
	if (pid == 0)
		_exit(9);
	poll(&poller, 1, 5000);
	read(fd, info, 128);
	is(info[0].ssi_signo, SIGCHLD, "SIGCHLD");
	is(info[0].ssi_status, 9, "ssi_status");
	is(info[0].ssi_pid, pid, "ssi_pid");
	waitpid(pid, 0, 0);
	sigdelset(&set, SIGUSR1);
	is(signalfd(fd, &set, 0), fd, "a new mask for the same descriptor");
	raise(SIGUSR1);
	fails(read(fd, info, 128), EAGAIN, "no longer includes it");
	fails(read(fd, info, 100), EINVAL, "too small a buffer");
	fails(signalfd(0, &set, 0), EINVAL, "not a signalfd");
	return done();
}
