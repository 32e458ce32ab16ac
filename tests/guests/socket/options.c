// Socket options: buffers, timeouts, errors, what is refused.
#include "../tap.h"
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

int main(void)
{
	int pair[2], value = 0, fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t length = sizeof value;
	char c;
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	value = 20000;
	is(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof value), 0, "SO_RCVBUF");
	getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &length);
	is(value, 40000, "is doubled");
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &length);
	is(value, AF_INET, "SO_DOMAIN");
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &length);
	is(value, IPPROTO_TCP, "SO_PROTOCOL");
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length);
	is(value, 0, "SO_ERROR");
	value = 1;
	is(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof value), 0, "SO_KEEPALIVE");
	value = 0;
	getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &length);
	is(value, 1, "is set");
	struct timeval time = { 0, 30000 };
	is(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time), 0, "SO_RCVTIMEO");
	struct timespec start, end;
	clock_gettime(CLOCK_MONOTONIC, &start);
	fails(read(pair[0], &c, 1), EAGAIN, "a read gives up");
	clock_gettime(CLOCK_MONOTONIC, &end);
	ok((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 >= 25, "after its time");
	must(setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
	static char block[65536];
	long sent = 0, n;
	while ((n = write(pair[0], block, sizeof block)) > 0)
		sent += n;
	is(errno, EAGAIN, "a write gives up when the buffer is full");
	ok(sent >= 65536 && sent < 64 << 20, "which is bounded");
	fails(setsockopt(fd, SOL_SOCKET, 9999, &value, sizeof value), ENOPROTOOPT, "unknown option");
	fails(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, 1), EINVAL, "too short a value");
	fails(getsockopt(fd, 9999, 1, &value, &length), EOPNOTSUPP, "unknown level");
	fails(setsockopt(0, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof value), ENOTSOCK, "not a socket");
	return done();
}
