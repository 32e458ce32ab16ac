// poll, ppoll, select, pselect: readiness, timeouts, masks, bad descriptors.
#include "../tap.h"
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <time.h>

static volatile int caught;
static void handler(int signal) { caught = signal; }

int main(void)
{
	int a[2], b[2];
	must(pipe(a)), must(pipe(b));
	struct pollfd fds[4] = { { a[0], POLLIN, 0 }, { b[0], POLLIN, 0 }, { a[1], POLLOUT, 0 }, { -5, POLLIN, 9 } };
	is(poll(fds, 2, 0), 0, "nothing is ready");
	is(poll(fds, 4, -1), 1, "one is");
	is(fds[2].revents, POLLOUT, "the writable one");
	is(fds[3].revents, 0, "a negative descriptor is ignored");
	write(b[1], "x", 1);
	is(poll(fds, 4, 1000), 2, "two are");
	is(fds[1].revents, POLLIN, "the readable one too");
	fds[3].fd = 999;
	is(poll(fds + 3, 1, 1000), 1, "a bad one is ready");
	is(fds[3].revents, POLLNVAL, "with POLLNVAL");
	struct timespec start, end;
	clock_gettime(CLOCK_MONOTONIC, &start);
	is(poll(fds, 1, 30), 0, "a timeout");
	clock_gettime(CLOCK_MONOTONIC, &end);
	ok((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 >= 29, "not too short");
	is(poll(0, 0, 10), 0, "of nothing");
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	signal(SIGUSR1, handler);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	struct timespec time = { 5, 0 };
	is(caught, 0, "a signal is blocked");
	fails(ppoll(fds, 1, &time, &old), EINTR, "ppoll unblocks it while it waits");
	is(caught, SIGUSR1, "its handler runs");
	sigprocmask(SIG_BLOCK, 0, &old);
	is(sigismember(&old, SIGUSR1), 1, "and the mask is back");
	fd_set reads, writes;
	FD_ZERO(&reads);
	FD_ZERO(&writes);
	FD_SET(a[0], &reads), FD_SET(b[0], &reads), FD_SET(a[1], &writes);
	struct timeval tv = { 1, 0 };
	is(select(100, &reads, &writes, 0, &tv), 2, "select");
	ok(!FD_ISSET(a[0], &reads) && FD_ISSET(b[0], &reads) && FD_ISSET(a[1], &writes), "marks what is ready");
	FD_ZERO(&reads);
	FD_SET(a[0], &reads);
	tv = (struct timeval){ 0, 20000 };
	is(select(a[0] + 1, &reads, 0, 0, &tv), 0, "a timeout");
	ok(!FD_ISSET(a[0], &reads), "clears the set");
	is(tv.tv_sec + tv.tv_usec, 0, "and the time");
	FD_ZERO(&reads);
	FD_SET(40, &reads);
	tv = (struct timeval){ 0, 0 };
	fails(select(41, &reads, 0, 0, &tv), EBADF, "a descriptor that is not open");
	fails(select(-1, 0, 0, 0, &tv), EINVAL, "a negative count");
	sigemptyset(&old);
	raise(SIGUSR1);
	caught = 0;
	fails(pselect(0, 0, 0, 0, &time, &old), EINTR, "pselect");
	is(caught, SIGUSR1, "with its mask");
	close(a[1]);
	poll(fds, 1, 0);
	is(fds[0].revents, POLLHUP, "POLLHUP is always reported");
	fails(poll(fds, 1UL << 31, 0), EINVAL, "too many");
	return done();
}
