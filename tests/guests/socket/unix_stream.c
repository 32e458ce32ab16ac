// AF_UNIX streams: socketpair, bind, listen, connect, accept, names, credentials, shutdown, abstract names.
#include "../tap.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

int main(void)
{
	int pair[2];
	char buffer[64];
	struct stat st;
	signal(SIGPIPE, SIG_IGN);
	is(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0, "socketpair");
	is(write(pair[0], "hello", 5), 5, "write");
	int bytes;
	ioctl(pair[1], FIONREAD, &bytes);
	is(bytes, 5, "FIONREAD");
	is(recv(pair[1], buffer, 64, MSG_PEEK), 5, "MSG_PEEK");
	is(recv(pair[1], buffer, 2, 0), 2, "a part");
	is(read(pair[1], buffer, 64), 3, "the rest");
	fails(recv(pair[1], buffer, 1, MSG_DONTWAIT), EAGAIN, "MSG_DONTWAIT");
	is(shutdown(pair[0], SHUT_WR), 0, "shutdown");
	is(read(pair[1], buffer, 1), 0, "end of file");
	is(write(pair[1], "back", 4), 4, "the other direction is open");
	is(read(pair[0], buffer, 64), 4, "as ever");
	fails(write(pair[0], "x", 1), EPIPE, "EPIPE after SHUT_WR");
	close(pair[0]);
	fails(send(pair[1], "x", 1, MSG_NOSIGNAL), EPIPE, "EPIPE when the other is gone");
	struct sockaddr_un name = { AF_UNIX, "socket" }, peer;
	socklen_t length = sizeof name;
	int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	fails(connect(client, (void *)&name, length), ENOENT, "no such name");
	is(bind(server, (void *)&name, length), 0, "bind");
	is(stat("socket", &st), 0, "makes a name");
	ok(S_ISSOCK(st.st_mode), "of a socket");
	fails(open("socket", O_RDWR), ENXIO, "which cannot be opened");
	fails(connect(client, (void *)&name, length), ECONNREFUSED, "nobody listens");
	is(listen(server, 1), 0, "listen");
	is(connect(client, (void *)&name, length), 0, "connect does not wait for accept");
	write(client, "early", 5);
	struct pollfd poller = { server, POLLIN, 0 };
	is(poll(&poller, 1, 0), 1, "poll shows a connection");
	length = sizeof peer;
	int accepted = accept4(server, (void *)&peer, &length, SOCK_CLOEXEC);
	ok(accepted >= 0, "accept4");
	is(length, offsetof(struct sockaddr_un, sun_path), "a client has no name");
	is(read(accepted, buffer, 64), 5, "what was sent before accept");
	length = sizeof peer;
	getpeername(client, (void *)&peer, &length);
	is_str(peer.sun_path, "socket", "getpeername");
	struct ucred credentials;
	length = sizeof credentials;
	is(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &credentials, &length), 0, "SO_PEERCRED");
	ok(credentials.pid == getpid() && credentials.uid == geteuid() && credentials.gid == getegid(), "is this process");
	int value;
	length = sizeof value;
	getsockopt(server, SOL_SOCKET, SO_ACCEPTCONN, &value, &length);
	is(value, 1, "SO_ACCEPTCONN");
	getsockopt(server, SOL_SOCKET, SO_TYPE, &value, &length);
	is(value, SOCK_STREAM, "SO_TYPE");
	int others[4];
	for (int i = 0; i < 3; i++) {
		others[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		length = sizeof name;
		value = connect(others[i], (void *)&name, length) == 0 ? 0 : errno;
		if (i == 2)
			is(value, EAGAIN, "a full backlog");
	}
	close(server);
	fails(connect(others[2], (void *)&name, length), ECONNREFUSED, "a closed server");
	fails(bind(others[2], (void *)&name, length), EADDRINUSE, "its name stays");
	struct sockaddr_un abstract = { AF_UNIX, "\0guest-abstract" };
	length = offsetof(struct sockaddr_un, sun_path) + 15;
	server = socket(AF_UNIX, SOCK_STREAM, 0);
	is(bind(server, (void *)&abstract, length), 0, "an abstract name");
	listen(server, 5);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	is(connect(client, (void *)&abstract, length), 0, "connects");
	close(server);
	server = socket(AF_UNIX, SOCK_STREAM, 0);
	is(bind(server, (void *)&abstract, length), 0, "and is free when closed");
	int automatic = socket(AF_UNIX, SOCK_STREAM, 0);
	is(bind(automatic, (void *)&abstract, sizeof(sa_family_t)), 0, "autobind");
	length = sizeof peer;
	getsockname(automatic, (void *)&peer, &length);
	is(length, offsetof(struct sockaddr_un, sun_path) + 6, "gives an abstract name of five digits");
	fails(accept(client, 0, 0), EINVAL, "accept without listen");
	fails(listen(0, 1), ENOTSOCK, "not a socket");
	return done();
}
