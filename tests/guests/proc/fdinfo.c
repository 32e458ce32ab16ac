// /proc/PID/fdinfo: what descriptors of each kind tell of themselves; /proc/PID/fd of a process that has changed its ids.
// oracle: qemu-user gives the host's descriptors
#include "../tap.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

static char text[1024];

static const char *info(int fd)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	int file = open(path, O_RDONLY);
	ssize_t length = read(file, text, sizeof text - 1);
	text[length > 0 ? length : 0] = 0;
	close(file);
	return text;
}

static int tells(int fd, const char *line)
{
	if (strstr(info(fd), line))
		return 1;
	say("# %s", text);
	return 0;
}

int main(void)
{
	int counter = eventfd(0x17, 0);
	ok(tells(counter, "\neventfd-count:               17\n"), "an eventfd's count");
	int poll = epoll_create1(0);
	struct epoll_event event = { EPOLLIN | EPOLLET, { .u64 = 0x1234 } };
	epoll_ctl(poll, EPOLL_CTL_ADD, counter, &event);
	char line[128];
	snprintf(line, sizeof line, "\ntfd: %8d events: 80000019 data:             1234  pos:0 ino:", counter);
	ok(tells(poll, line), "what an epoll watches");
	int timer = timerfd_create(CLOCK_MONOTONIC, 0);
	struct itimerspec later = { { 3, 5 }, { 1000, 0 } };
	timerfd_settime(timer, 0, &later, 0);
	ok(tells(timer, "\nclockid: 1\nticks: 0\nsettime flags: 00\nit_value: (999, "), "a timerfd's setting");
	ok(tells(timer, "\nit_interval: (3, 5)\n"), "and interval");
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGINT);
	ok(tells(signalfd(-1, &set, 0), "\nsigmask:\t0000000000000202\n"), "a signalfd's signals");
	int watch = inotify_init();
	inotify_add_watch(watch, "/", IN_CREATE | IN_DELETE);
	ok(tells(watch, "\ninotify wd:1 ino:"), "an inotify's watch");
	ok(strstr(text, " mask:300 ignored_mask:0 ") != 0, "and its mask");

	char name[] = "fdinfo-XXXXXX";
	int file = mkstemp(name);
	unlink(name);
	flock(file, LOCK_EX);
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 10 };
	fcntl(file, F_SETLK, &lock);
	snprintf(line, sizeof line, "\nlock:\t1: FLOCK  ADVISORY  WRITE %d ", getpid());
	ok(tells(file, line), "a lock on a file");
	snprintf(line, sizeof line, "\nlock:\t2: POSIX  ADVISORY  READ %d ", getpid());
	ok(tells(file, line) && strstr(text, " 5 14\n"), "and on bytes of it");
	snprintf(line, sizeof line, "\nflags:\t0%o\n", fcntl(file, F_GETFL));
	ok(tells(file, line), "flags are those of F_GETFL");
	fcntl(file, F_SETFD, FD_CLOEXEC);
	snprintf(line, sizeof line, "\nflags:\t0%o\n", fcntl(file, F_GETFL) | O_CLOEXEC);
	ok(tells(file, line), "and close-on-exec");

	pid_t child = fork();
	if (child == 0)
		_exit(0);
	int process = syscall(SYS_pidfd_open, child, 0);
	snprintf(line, sizeof line, "\nPid:\t%d\nNSpid:\t%d\n", child, child);
	ok(tells(process, line), "a pidfd's process");
	waitpid(child, 0, 0);
	ok(tells(process, "\nPid:\t-1\n"), "which is no more");

	child = fork();
	if (child == 0) {
		if (geteuid() == 0 && (setresgid(1, 1, 1) || setresuid(1, 1, 1)))
			_exit(1);
		char path[64];
		snprintf(path, sizeof path, "/proc/self/fd/%d", counter);
		if (open("/proc/self/fd", O_RDONLY) < 0 || readlink(path, text, 10) < 0 || !tells(counter, "eventfd"))
			_exit(2);
		_exit(0);
	}
	int status;
	waitpid(child, &status, 0);
	is(status, 0, "one's own descriptors are one's own with other ids too");
	return done();
}
