// SA_RESTART: which calls go on after a handler and which fail with EINTR (man 7 signal).
#include "../tap.h"
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static volatile int count, wake = -1;

static void handler(int signal)
{
	(void)signal;
	if (++count == 2 && wake >= 0)
		write(wake, "x", 1);
}

static void ticks(int on)
{
	struct itimerval timer = { { 0, on ? 20000 : 0 }, { 0, on ? 20000 : 0 } };
	count = 0;
	setitimer(ITIMER_REAL, &timer, 0);
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	int fds[2], status;
	char byte;
	must(pipe(fds));
	sigaction(SIGALRM, &action, 0);
	wake = fds[1];
	ticks(1);
	is(read(fds[0], &byte, 1), 1, "read goes on with SA_RESTART");
	ok(count >= 2, "the handler ran meanwhile");
	wake = -1;
	ticks(1);
	fails(poll(0, 0, 5000), EINTR, "poll fails with EINTR in spite of SA_RESTART");
	ticks(1);
	fails(select(0, 0, 0, 0, 0), EINTR, "select");
	ticks(1);
	int epfd = epoll_create1(0);
	struct epoll_event event;
	fails(epoll_wait(epfd, &event, 1, 5000), EINTR, "epoll_wait");
	ticks(1);
	struct timespec time = { 5, 0 }, left = { 9, 9 };
	fails(nanosleep(&time, &left), EINTR, "nanosleep");
	ok(left.tv_sec == 4, "nanosleep says how much is left");
	ticks(1);
	fails(pause(), EINTR, "pause");
	ticks(0);
	pid_t pid = fork();
	if (pid == 0) {
		usleep(100000);
		_exit(3);
	}
	ticks(1);
	is(waitpid(pid, &status, 0), pid, "waitpid goes on");
	ok(count >= 2, "with handlers meanwhile");
	action.sa_flags = 0;
	sigaction(SIGALRM, &action, 0);
	ticks(1);
	fails(read(fds[0], &byte, 1), EINTR, "without SA_RESTART read fails with EINTR");
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	fails(waitpid(pid, &status, 0), EINTR, "waitpid too");
	ticks(0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	signal(SIGALRM, SIG_IGN);
	struct itimerval once = { { 0, 0 }, { 0, 10000 } };
	setitimer(ITIMER_REAL, &once, 0);
	struct timespec start, end;
	clock_gettime(CLOCK_MONOTONIC, &start);
	time = (struct timespec){ 0, 100000000 };
	is(nanosleep(&time, 0), 0, "an ignored signal does not wake nanosleep");
	clock_gettime(CLOCK_MONOTONIC, &end);
	ok((end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec >= 100000000, "nor shorten it");
	return done();
}
