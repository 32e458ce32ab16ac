// getaddrinfo, gethostname, getifaddrs, if_nametoindex: names without a network (needs no name service).
// variants: dynamic musl-static
#include "../tap.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

int main(void)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *result;
	char text[64];
	is(getaddrinfo("127.0.0.1", "80", &hints, &result), 0, "getaddrinfo of a number");
	struct sockaddr_in *address = (void *)result->ai_addr;
	is(ntohs(address->sin_port), 80, "its port");
	is(address->sin_addr.s_addr, htonl(INADDR_LOOPBACK), "its address");
	freeaddrinfo(result);
	ok(gethostname(text, sizeof text) == 0 && text[0], "gethostname");
	struct ifaddrs *interfaces;
	is(getifaddrs(&interfaces), 0, "getifaddrs");
	int loopback = 0;
	for (struct ifaddrs *each = interfaces; each; each = each->ifa_next)
		if (each->ifa_addr && each->ifa_addr->sa_family == AF_INET && strcmp(each->ifa_name, "lo") == 0) {
			address = (void *)each->ifa_addr;
			loopback = address->sin_addr.s_addr == htonl(INADDR_LOOPBACK) && (each->ifa_flags & IFF_LOOPBACK);
		}
	ok(loopback, "lo has 127.0.0.1");
	ok(if_nametoindex("lo") > 0, "if_nametoindex");
	is(if_nametoindex("none"), 0, "of nothing");
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	is(ioctl(fd, SIOCGIFFLAGS, &request), 0, "SIOCGIFFLAGS");
	ok(request.ifr_flags & IFF_UP, "lo is up");
	return done();
}
