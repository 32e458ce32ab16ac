// TCP on loopback: listen, connect, data both ways, names, half close, reset, options, refused.
#include "../tap.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

static int server;
static unsigned short port;

static void *echoes(void *argument)
{
	char buffer[4096];
	int fd = accept(server, 0, 0), n;
	long total = 0;
	while ((n = read(fd, buffer, sizeof buffer)) > 0) {
		write(fd, buffer, n);
		total += n;
	}
	close(fd);
	*(long *)argument = total;
	return 0;
}

static int connected(void)
{
	struct sockaddr_in address = { AF_INET, htons(port), { htonl(INADDR_LOOPBACK) }, { 0 } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return connect(fd, (void *)&address, sizeof address) == 0 ? fd : -1;
}

int main(void)
{
	struct sockaddr_in address = { AF_INET, 0, { htonl(INADDR_LOOPBACK) }, { 0 } }, peer;
	socklen_t length = sizeof address;
	int on = 1, value;
	char buffer[4096];
	signal(SIGPIPE, SIG_IGN);
	server = socket(AF_INET, SOCK_STREAM, 0);
	ok(server >= 0, "socket");
	is(setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0, "SO_REUSEADDR");
	is(bind(server, (void *)&address, sizeof address), 0, "bind to any port");
	is(listen(server, 16), 0, "listen");
	getsockname(server, (void *)&address, &length);
	port = ntohs(address.sin_port);
	ok(port > 1023, "getsockname tells the port");
	pthread_t thread;
	long total = 0;
	pthread_create(&thread, 0, echoes, &total);
	int client = connected();
	ok(client >= 0, "connect");
	is(write(client, "ping", 4), 4, "write");
	is(recv(client, buffer, 4, MSG_WAITALL), 4, "the echo");
	length = sizeof peer;
	getpeername(client, (void *)&peer, &length);
	is(ntohs(peer.sin_port), port, "getpeername");
	length = sizeof value;
	is(getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &value, &length), 0, "TCP_NODELAY can be asked for");
	is(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0, "and set");
	static char block[100000];
	for (int i = 0; i < 100000; i++)
		block[i] = i * 13;
	int right = 1, sent = 0, received = 0;
	fcntl(client, F_SETFL, O_NONBLOCK);
	while (received < 1000000) {
		struct pollfd poller = { client, POLLIN | (sent < 1000000 ? POLLOUT : 0), 0 };
		poll(&poller, 1, 5000);
		if (poller.revents & POLLOUT) {
			int n = write(client, block + sent % 100000, 100000 - sent % 100000);
			if (n > 0)
				sent += n;
		}
		if (poller.revents & POLLIN) {
			int n = read(client, buffer, sizeof buffer);
			for (int i = 0; i < n; i++)
				right &= buffer[i] == block[(received + i) % 100000];
			received += n;
		}
	}
	ok(right, "a megabyte there and back");
	is(shutdown(client, SHUT_WR), 0, "half close");
	struct pollfd poller = { client, POLLIN, 0 };
	poll(&poller, 1, 5000);
	is(read(client, buffer, 1), 0, "the server ends too");
	pthread_join(thread, 0);
	is(total, 1000004, "having seen all");
	fails(write(client, "x", 1), EPIPE, "EPIPE after shutdown");
	close(client);
	client = connected();
	int accepted = accept(server, 0, 0);
	write(client, "unread", 6);
	poller = (struct pollfd){ accepted, POLLIN, 0 };
	poll(&poller, 1, 5000);
	close(accepted);
	poller = (struct pollfd){ client, POLLIN, 0 };
	poll(&poller, 1, 5000);
	fails(read(client, buffer, 1), ECONNRESET, "closing with unread data resets");
	close(client);
	client = connected();
	accepted = accept(server, 0, 0);
	struct linger linger = { 1, 0 };
	setsockopt(accepted, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(accepted);
	poller.fd = client;
	poll(&poller, 1, 5000);
	fails(read(client, buffer, 1), ECONNRESET, "SO_LINGER of 0 resets");
	close(client);
	client = socket(AF_INET, SOCK_STREAM, 0);
	is(sendto(client, "fast", 4, MSG_FASTOPEN, (void *)&address, sizeof address), 4, "MSG_FASTOPEN connects and sends");
	accepted = accept(server, 0, 0);
	is(read(accepted, buffer, 4), 4, "both arrive");
	fails(sendto(client, "again", 5, MSG_FASTOPEN, (void *)&address, sizeof address), EISCONN, "once");
	close(accepted);
	close(client);
	int second = socket(AF_INET, SOCK_STREAM, 0);
	fails(bind(second, (void *)&address, sizeof address), EADDRINUSE, "a port in use");
	close(server);
	is(connected(), -1, "nobody listens any more");
	is(errno, ECONNREFUSED, "ECONNREFUSED");
	int nonblocking = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	value = connect(nonblocking, (void *)&address, sizeof address) == -1 ? errno : 0;
	ok(value == EINPROGRESS || value == ECONNREFUSED, "a non-blocking connect");
	if (value == EINPROGRESS) {
		poller = (struct pollfd){ nonblocking, POLLOUT, 0 };
		poll(&poller, 1, 5000);
		length = sizeof value;
		getsockopt(nonblocking, SOL_SOCKET, SO_ERROR, &value, &length);
	}
	is(value, ECONNREFUSED, "is refused too");
	fails(send(second, "x", 1, MSG_NOSIGNAL), EPIPE, "send without connection");
	fails(recv(second, buffer, 1, 0), ENOTCONN, "recv without connection");
	fails(socket(AF_INET, SOCK_STREAM, 200), EPROTONOSUPPORT, "unknown protocol");
	fails(socket(123, SOCK_STREAM, 0), EAFNOSUPPORT, "unknown family");
	return done();
}
