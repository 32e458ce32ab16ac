// getrlimit(2), prlimit(2) and limits that bite: open files, file size, core.
#include "../tap.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static volatile int caught;
static void handler(int signal) { caught = signal; }

int main(void)
{
	struct rlimit limit, old;
	is(getrlimit(RLIMIT_NOFILE, &limit), 0, "getrlimit");
	limit.rlim_cur = 20;
	is(prlimit(0, RLIMIT_NOFILE, &limit, &old), 0, "prlimit");
	getrlimit(RLIMIT_NOFILE, &limit);
	is(limit.rlim_cur, 20, "it is set");
	int last = -1, fd;
	while ((fd = dup(0)) >= 0)
		last = fd;
	is(errno, EMFILE, "too many open files");
	is(last, 19, "the last one is below the limit");
	fails(dup2(0, 20), EBADF, "dup2 beyond it");
	fails(fcntl(0, F_DUPFD, 20), EINVAL, "F_DUPFD beyond it");
	fails(pipe((int[2]){ 0 }), EMFILE, "pipe");
	for (fd = 3; fd < 20; fd++)
		close(fd);
	limit.rlim_cur = limit.rlim_max + 1;
	fails(setrlimit(RLIMIT_NOFILE, &limit), limit.rlim_cur ? EINVAL : EINVAL, "soft above hard");
	fails(setrlimit(99, &old), EINVAL, "unknown resource");
	struct rlimit size = { 1000, 1000 };
	signal(SIGXFSZ, handler);
	setrlimit(RLIMIT_FSIZE, &size);
	static char buffer[2000];
	fd = must(open("/tmp", O_TMPFILE | O_RDWR, 0600));
	is(write(fd, buffer, 2000), 1000, "write stops at RLIMIT_FSIZE");
	fails(write(fd, buffer, 1), EFBIG, "and then fails");
	is(caught, SIGXFSZ, "with SIGXFSZ");
	fails(ftruncate(fd, 2000), EFBIG, "ftruncate too");
	pid_t pid = fork();
	int status;
	if (pid == 0) {
		getrlimit(RLIMIT_FSIZE, &limit);
		_exit(limit.rlim_cur == 1000);
	}
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 1, "children inherit limits");
	if (getuid() != 0) {
		size.rlim_max = 2000;
		fails(setrlimit(RLIMIT_FSIZE, &size), EPERM, "a hard limit cannot be raised");
	} else {
		skip("a hard limit cannot be raised", "root may");
	}
	is(getpriority(PRIO_PROCESS, 0), 0, "getpriority");
	is(setpriority(PRIO_PROCESS, 0, 5), 0, "setpriority");
	is(getpriority(PRIO_PROCESS, 0), 5, "is set");
	return done();
}
