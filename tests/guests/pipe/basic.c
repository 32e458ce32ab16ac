// pipe(2): data, end of file, EPIPE with SIGPIPE, atomic writes, O_NONBLOCK, capacity.
#include "../tap.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

static volatile int caught;
static void handler(int signal) { caught = signal; }

int main(void)
{
	static char large[200000], buffer[200000];
	int fds[2], bytes, status;
	is(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0, "pipe2");
	fails(read(fds[0], buffer, 1), EAGAIN, "empty");
	is(write(fds[1], "hello", 5), 5, "write");
	ioctl(fds[0], FIONREAD, &bytes);
	is(bytes, 5, "FIONREAD");
	is(read(fds[0], buffer, 2), 2, "a part");
	is(read(fds[0], buffer, 100), 3, "the rest");
	is(fcntl(fds[1], F_GETPIPE_SZ), 65536, "capacity");
	is(write(fds[1], large, 100000), 65536, "a large write fills it");
	fails(write(fds[1], "x", 1), EAGAIN, "full");
	struct pollfd poller = { fds[1], POLLOUT, 0 };
	is(poll(&poller, 1, 0), 0, "not writable");
	read(fds[0], buffer, 65536);
	is(poll(&poller, 1, 0), 1, "writable again");
	is(write(fds[1], large, 65536 - 100), 65536 - 100, "nearly full");
	fails(write(fds[1], large, 4096), EAGAIN, "4,096 bytes go as a whole or not at all");
	is(fcntl(fds[1], F_SETPIPE_SZ, 100000), 131072, "F_SETPIPE_SZ rounds up to a power of two");
	fails(fcntl(fds[1], F_SETPIPE_SZ, 4096), EBUSY, "not below what is in it");
	close(fds[0]);
	signal(SIGPIPE, handler);
	fails(write(fds[1], "x", 1), EPIPE, "nobody reads");
	is(caught, SIGPIPE, "SIGPIPE");
	poll(&poller, 1, 0);
	ok(poller.revents & POLLERR, "POLLERR");
	close(fds[1]);
	must(pipe(fds));
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		for (int i = 0; i < 200000; i++)
			large[i] = i * 7;
		_exit(write(fds[1], large, 200000) == 200000 ? 3 : 4);
	}
	close(fds[1]);
	int total = 0, n;
	while ((n = read(fds[0], buffer + total, 5000)) > 0)
		total += n;
	is(n, 0, "end of file when all writers are gone");
	is(total, 200000, "a blocking write delivers all");
	int right = 1;
	for (int i = 0; i < 200000; i++)
		right &= buffer[i] == (char)(i * 7);
	ok(right, "in order");
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 3, "and returns its length");
	poller = (struct pollfd){ fds[0], POLLIN, 0 };
	poll(&poller, 1, 0);
	is(poller.revents, POLLHUP, "POLLHUP");
	fails(write(fds[0], "x", 1), EBADF, "the reading end cannot write");
	return done();
}
