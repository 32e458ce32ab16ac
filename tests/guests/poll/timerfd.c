// timerfd_create(2): one shot, interval, absolute, reading back, poll.
#include "../tap.h"
#include <poll.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>

int main(void)
{
	uint64_t ticks = 0;
	struct itimerspec spec = { { 0, 0 }, { 0, 20000000 } }, now;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	ok(fd >= 0, "timerfd_create");
	fails(read(fd, &ticks, 8), EAGAIN, "not armed");
	is(timerfd_settime(fd, 0, &spec, 0), 0, "one shot");
	fails(read(fd, &ticks, 8), EAGAIN, "not yet");
	struct pollfd poller = { fd, POLLIN, 0 };
	is(poll(&poller, 1, 5000), 1, "poll waits for it");
	is(read(fd, &ticks, 8), 8, "read");
	is(ticks, 1, "one tick");
	fails(read(fd, &ticks, 8), EAGAIN, "once");
	spec = (struct itimerspec){ { 0, 5000000 }, { 0, 5000000 } };
	timerfd_settime(fd, 0, &spec, 0);
	usleep(40000);
	read(fd, &ticks, 8);
	ok(ticks >= 7, "an interval counts what was missed");
	timerfd_gettime(fd, &now);
	ok(now.it_interval.tv_nsec == 5000000 && now.it_value.tv_nsec <= 5000000, "gettime");
	spec = (struct itimerspec){ { 0, 0 }, { 0, 0 } };
	timerfd_settime(fd, 0, &spec, &now);
	is(now.it_interval.tv_nsec, 5000000, "settime gives the old one");
	usleep(10000);
	fails(read(fd, &ticks, 8), EAGAIN, "zero disarms");
	clock_gettime(CLOCK_MONOTONIC, &spec.it_value);
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, 0);
	is(poll(&poller, 1, 1000), 1, "an absolute time that is past is at once");
	fails(read(fd, &ticks, 4), EINVAL, "eight bytes at least");
	spec.it_value.tv_nsec = 1000000000;
	fails(timerfd_settime(fd, 0, &spec, 0), EINVAL, "a bad time");
	fails(timerfd_create(99, 0), EINVAL, "unknown clock");
	fails(timerfd_settime(0, 0, &now, 0), EINVAL, "not a timerfd");
	int blocking = timerfd_create(CLOCK_REALTIME, 0);
	spec = (struct itimerspec){ { 0, 0 }, { 0, 10000000 } };
	timerfd_settime(blocking, 0, &spec, 0);
	is(read(blocking, &ticks, 8), 8, "a read waits");
	return done();
}
