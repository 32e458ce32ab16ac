// IPv6 loopback and dual-stack sockets.
#include "../tap.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

int main(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT }, peer;
	socklen_t length = sizeof any;
	int server = socket(AF_INET6, SOCK_STREAM, 0), off = 0;
	if (server < 0) {
		skip("IPv6", "not available here");
		return done();
	}
	setsockopt(server, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	is(bind(server, (void *)&any, sizeof any), 0, "bind to ::");
	listen(server, 4);
	getsockname(server, (void *)&any, &length);
	struct sockaddr_in v4 = { AF_INET, any.sin6_port, { htonl(INADDR_LOOPBACK) }, { 0 } };
	int client = socket(AF_INET, SOCK_STREAM, 0);
	is(connect(client, (void *)&v4, sizeof v4), 0, "IPv4 connects to it");
	length = sizeof peer;
	int accepted = accept(server, (void *)&peer, &length);
	ok(accepted >= 0 && IN6_IS_ADDR_V4MAPPED(&peer.sin6_addr), "from a mapped address");
	struct sockaddr_in6 loopback = { .sin6_family = AF_INET6, .sin6_port = any.sin6_port, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int six = socket(AF_INET6, SOCK_STREAM, 0);
	if (connect(six, (void *)&loopback, sizeof loopback) == -1) {
		skip("::1", "this host has no IPv6 loopback");
		return done();
	}
	length = sizeof peer;
	accepted = accept(server, (void *)&peer, &length);
	ok(IN6_IS_ADDR_LOOPBACK(&peer.sin6_addr), "::1 connects from ::1");
	char text[64];
	is_str(inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof text), "::1", "inet_ntop");
	write(six, "x", 1);
	is(read(accepted, text, 10), 1, "data");
	return done();
}
