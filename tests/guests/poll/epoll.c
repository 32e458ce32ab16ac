// epoll(7): level, edge, one-shot, modification, removal by close, nesting, waiting with masks and timeouts.
#include "../tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static int epfd;
static struct epoll_event events[8];

static int wait_now(void) { return epoll_wait(epfd, events, 8, 0); }

static int add(int fd, unsigned flags)
{
	struct epoll_event event = { .events = flags, .data.u64 = 0x1234500000000 + fd };
	return epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event);
}

static void *writes(void *argument)
{
	usleep(20000);
	write((int)(long)argument, "x", 1);
	return 0;
}

int main(void)
{
	int a[2], b[2];
	char c[16];
	must(pipe(a)), must(pipe(b));
	epfd = epoll_create1(EPOLL_CLOEXEC);
	ok(epfd >= 0, "epoll_create1");
	is(add(a[0], EPOLLIN), 0, "add");
	is(wait_now(), 0, "nothing is ready");
	write(a[1], "xy", 2);
	is(wait_now(), 1, "ready");
	is(events[0].events, EPOLLIN, "for reading");
	is(events[0].data.u64, 0x1234500000000 + a[0], "with its data");
	is(wait_now(), 1, "still, by level");
	read(a[0], c, 2);
	is(wait_now(), 0, "until it is read");
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	is(epoll_ctl(epfd, EPOLL_CTL_MOD, a[0], &event), 0, "by edge");
	write(a[1], "x", 1);
	is(wait_now(), 1, "reported");
	is(wait_now(), 0, "once");
	write(a[1], "x", 1);
	is(wait_now(), 1, "and again with the next write");
	event.events = EPOLLIN | EPOLLONESHOT;
	epoll_ctl(epfd, EPOLL_CTL_MOD, a[0], &event);
	is(wait_now(), 1, "one shot");
	write(a[1], "x", 1);
	is(wait_now(), 0, "is silent afterwards");
	epoll_ctl(epfd, EPOLL_CTL_MOD, a[0], &event);
	is(wait_now(), 1, "until armed again");
	fails(add(a[0], EPOLLIN), EEXIST, "twice");
	is(epoll_ctl(epfd, EPOLL_CTL_DEL, a[0], 0), 0, "delete");
	fails(epoll_ctl(epfd, EPOLL_CTL_DEL, a[0], 0), ENOENT, "once");
	fails(epoll_ctl(epfd, EPOLL_CTL_MOD, a[0], &event), ENOENT, "modify what is not there");
	fails(add(999, EPOLLIN), EBADF, "a bad descriptor");
	int file = open("f", O_CREAT | O_RDWR, 0600);
	fails(add(file, EPOLLIN), EPERM, "a file");
	fails(add(epfd, EPOLLIN), EINVAL, "itself");
	fails(epoll_ctl(0, EPOLL_CTL_ADD, a[0], &event), EINVAL, "on something else");
	fails(epoll_wait(epfd, events, 0, 0), EINVAL, "no room for events");
	add(b[0], EPOLLIN);
	int duplicate = dup(b[0]);
	close(b[0]);
	write(b[1], "x", 1);
	is(wait_now(), 1, "a closed descriptor is watched while a duplicate is open");
	close(duplicate);
	is(wait_now(), 0, "and then no more");
	add(a[1], EPOLLOUT | EPOLLET);
	is(wait_now(), 1, "writable");
	is(events[0].events, EPOLLOUT, "EPOLLOUT");
	epoll_ctl(epfd, EPOLL_CTL_DEL, a[1], 0);
	while (fcntl(a[0], F_SETFL, O_NONBLOCK), read(a[0], c, 16) > 0)
		;
	add(a[0], EPOLLIN);
	pthread_t thread;
	pthread_create(&thread, 0, writes, (void *)(long)a[1]);
	is(epoll_wait(epfd, events, 8, 5000), 1, "waiting for a write");
	pthread_join(thread, 0);
	int outer = epoll_create1(0);
	event = (struct epoll_event){ .events = EPOLLIN, .data.fd = epfd };
	is(epoll_ctl(outer, EPOLL_CTL_ADD, epfd, &event), 0, "an epoll in an epoll");
	is(epoll_wait(outer, events, 8, 0), 1, "is ready as its inner one");
	struct epoll_event loop = { .events = EPOLLIN };
	fails(epoll_ctl(epfd, EPOLL_CTL_ADD, outer, &loop), ELOOP, "not in a circle");
	read(a[0], c, 16);
	is(epoll_wait(outer, events, 8, 0), 0, "and no more");
	close(a[1]);
	is(wait_now(), 1, "a hang-up");
	is(events[0].events, EPOLLHUP, "EPOLLHUP without asking");
	int many = epoll_create1(0), count = 0;
	for (; count < 600; count++) {
		struct epoll_event each = { .events = EPOLLIN, .data.fd = count };
		int fd = eventfd(1, 0);
		if (fd < 0 || epoll_ctl(many, EPOLL_CTL_ADD, fd, &each) != 0)
			break;
	}
	static struct epoll_event all[1000];
	is(epoll_wait(many, all, 1000, 0), count, "all that is ready at once, as far as there is room");
	is(all[count - 1].data.fd, count - 1, "each with its data");
	return done();
}
