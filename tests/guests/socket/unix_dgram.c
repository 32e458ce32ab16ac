// AF_UNIX datagrams and SOCK_SEQPACKET: boundaries, truncation, peers.
#include "../tap.h"
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(void)
{
	int pair[2];
	char buffer[16];
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	write(pair[0], "one", 3), write(pair[0], "two two", 7), write(pair[0], "", 0);
	is(read(pair[1], buffer, 16), 3, "one message");
	is(read(pair[1], buffer, 3), 3, "the next, cut");
	is(read(pair[1], buffer, 16), 0, "an empty one");
	fails(recv(pair[1], buffer, 16, MSG_DONTWAIT), EAGAIN, "none");
	write(pair[0], "long message", 12);
	is(recv(pair[1], buffer, 2, MSG_TRUNC), 12, "MSG_TRUNC gives the real length");
	static char large[1 << 20];
	fails(send(pair[0], large, sizeof large, 0), EMSGSIZE, "too large a message");
	struct sockaddr_un a = { AF_UNIX, "a" }, b = { AF_UNIX, "b" }, from;
	int one = socket(AF_UNIX, SOCK_DGRAM, 0), two = socket(AF_UNIX, SOCK_DGRAM, 0);
	must(bind(one, (void *)&a, sizeof a)), must(bind(two, (void *)&b, sizeof b));
	is(sendto(one, "hi", 2, 0, (void *)&b, sizeof b), 2, "sendto");
	socklen_t length = sizeof from;
	is(recvfrom(two, buffer, 16, 0, (void *)&from, &length), 2, "recvfrom");
	is_str(from.sun_path, "a", "names the sender");
	fails(send(one, "x", 1, 0), ENOTCONN, "not connected");
	is(connect(one, (void *)&b, sizeof b), 0, "connect");
	is(send(one, "x", 1, 0), 1, "then send");
	close(two);
	fails(send(one, "x", 1, 0), ECONNREFUSED, "to one that is gone");
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	write(pair[0], "one", 3), write(pair[0], "two", 3);
	is(read(pair[1], buffer, 16), 3, "SEQPACKET keeps boundaries");
	struct iovec vector = { buffer, 2 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	is(recvmsg(pair[1], &message, 0), 2, "cuts");
	ok(message.msg_flags & MSG_TRUNC, "and says so");
	close(pair[0]);
	is(read(pair[1], buffer, 16), 0, "and ends");
	return done();
}
