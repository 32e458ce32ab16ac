// UDP on loopback: datagrams, connected sockets, ICMP errors, truncation, sendmmsg.
#include "../tap.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int main(void)
{
	struct sockaddr_in a = { AF_INET, 0, { htonl(INADDR_LOOPBACK) }, { 0 } }, b = a, from;
	socklen_t length = sizeof a;
	char buffer[64];
	int one = socket(AF_INET, SOCK_DGRAM, 0), two = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	must(bind(one, (void *)&a, sizeof a)), must(bind(two, (void *)&b, sizeof b));
	getsockname(one, (void *)&a, &length), getsockname(two, (void *)&b, &length);
	ok(a.sin_port && b.sin_port && a.sin_port != b.sin_port, "two ports");
	is(sendto(one, "hello", 5, 0, (void *)&b, sizeof b), 5, "sendto");
	length = sizeof from;
	is(recvfrom(two, buffer, 64, 0, (void *)&from, &length), 5, "recvfrom");
	is(from.sin_port, a.sin_port, "from the other");
	fails(recv(two, buffer, 64, 0), EAGAIN, "no more");
	fails(send(one, "x", 1, 0), EDESTADDRREQ, "no destination");
	is(connect(one, (void *)&b, sizeof b), 0, "connect");
	is(send(one, "", 0, 0), 0, "an empty datagram");
	is(recv(two, buffer, 64, 0), 0, "arrives");
	send(one, "123456789", 9, 0);
	int bytes;
	ioctl(two, FIONREAD, &bytes);
	is(bytes, 9, "FIONREAD");
	is(recv(two, buffer, 4, MSG_TRUNC), 9, "cut, with its real length");
	struct iovec vectors[2] = { { "m1", 2 }, { "m2!", 3 } };
	struct mmsghdr messages[2] = { { { .msg_iov = vectors, .msg_iovlen = 1 }, 0 },
				       { { .msg_iov = vectors + 1, .msg_iovlen = 1 }, 0 } };
	is(sendmmsg(one, messages, 2, 0), 2, "sendmmsg");
	is(messages[1].msg_len, 3, "with lengths");
	char room[2][8];
	struct iovec into[2] = { { room[0], 8 }, { room[1], 8 } };
	messages[0].msg_hdr.msg_iov = into, messages[1].msg_hdr.msg_iov = into + 1;
	is(recvmmsg(two, messages, 2, 0, 0), 2, "recvmmsg");
	is(messages[1].msg_len, 3, "in order");
	int stranger = socket(AF_INET, SOCK_DGRAM, 0);
	sendto(stranger, "x", 1, 0, (void *)&a, sizeof a);
	struct pollfd poller = { one, POLLIN, 0 };
	is(poll(&poller, 1, 20), 0, "a connected socket hears only its peer");
	close(two);
	is(send(one, "x", 1, 0), 1, "to a port that is closed");
	poller.events = POLLIN;
	poll(&poller, 1, 1000);
	fails(recv(one, buffer, 1, MSG_DONTWAIT), ECONNREFUSED, "the next call says so");
	struct sockaddr_in none = { .sin_family = AF_UNSPEC };
	is(connect(one, (void *)&none, sizeof none), 0, "disconnect");
	static char large[70000];
	fails(sendto(one, large, 70000, 0, (void *)&a, sizeof a), EMSGSIZE, "too large");
	return done();
}
