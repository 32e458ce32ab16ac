// eventfd(2): counter, semaphore mode, limits, waiting.
#include "../tap.h"
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>

static void *adds(void *argument)
{
	uint64_t value = 7;
	usleep(20000);
	write(*(int *)argument, &value, 8);
	return 0;
}

int main(void)
{
	uint64_t value = 0;
	int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
	is(read(fd, &value, 8), 8, "read");
	is(value, 3, "the initial value");
	fails(read(fd, &value, 8), EAGAIN, "then it is zero");
	value = 5;
	write(fd, &value, 8), write(fd, &value, 8);
	read(fd, &value, 8);
	is(value, 10, "writes add up");
	value = UINT64_MAX;
	fails(write(fd, &value, 8), EINVAL, "the largest number is refused");
	value = UINT64_MAX - 1;
	is(write(fd, &value, 8), 8, "one less is the most");
	value = 1;
	fails(write(fd, &value, 8), EAGAIN, "no more fits");
	struct pollfd poller = { fd, POLLIN | POLLOUT, 0 };
	poll(&poller, 1, 0);
	is(poller.revents, POLLIN, "readable, not writable");
	fails(read(fd, &value, 4), EINVAL, "eight bytes at least");
	int semaphore = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	read(semaphore, &value, 8);
	is(value, 1, "a semaphore gives one");
	is(read(semaphore, &value, 8), 8, "and another");
	fails(read(semaphore, &value, 8), EAGAIN, "then none");
	int blocking = eventfd(0, 0);
	pthread_t thread;
	pthread_create(&thread, 0, adds, &blocking);
	is(read(blocking, &value, 8), 8, "a read waits");
	is(value, 7, "for a write");
	pthread_join(thread, 0);
	fails(eventfd(0, 0x100), EINVAL, "unknown flags");
	return done();
}
