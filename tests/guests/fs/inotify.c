// inotify(7): events of a directory and a file, cookies of a rename, masks, removal.
#include "../tap.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static int fd;
static char buffer[4096] __attribute__((aligned(8)));
static int length, at;

static struct inotify_event *next(void)
{
	static struct inotify_event none;
	if (at >= length) {
		length = read(fd, buffer, sizeof buffer);
		at = 0;
		if (length <= 0)
			return &none;
	}
	struct inotify_event *event = (void *)(buffer + at);
	at += sizeof *event + event->len;
	return event;
}

static void expect(unsigned mask, const char *name, const char *what)
{
	struct inotify_event *event = next();
	const char *got = event->len ? event->name : "";
	if (!ok(event->mask == mask && strcmp(got, name) == 0, what))
		say("# got mask 0x%x name \"%s\", want 0x%x \"%s\"", event->mask, got, mask, name);
}

int main(void)
{
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	ok(fd >= 0, "inotify_init1");
	must(mkdir("d", 0755));
	int wd = inotify_add_watch(fd, "d", IN_ALL_EVENTS & ~(IN_ACCESS | IN_OPEN | IN_CLOSE_NOWRITE));
	ok(wd > 0, "a watch");
	fails(read(fd, buffer, sizeof buffer), EAGAIN, "nothing yet");
	int file = must(open("d/f", O_CREAT | O_WRONLY, 0600));
	expect(IN_CREATE, "f", "create");
	write(file, "x", 1);
	expect(IN_MODIFY, "f", "modify");
	close(file);
	expect(IN_CLOSE_WRITE, "f", "close after writing");
	chmod("d/f", 0644);
	expect(IN_ATTRIB, "f", "attributes");
	rename("d/f", "d/g");
	struct inotify_event from = *next(), *to = next();
	ok(from.mask == IN_MOVED_FROM && to->mask == IN_MOVED_TO, "a rename is two events");
	ok(from.cookie && from.cookie == to->cookie, "with one cookie");
	rename("d/g", "g");
	expect(IN_MOVED_FROM, "g", "moved away");
	rename("g", "d/g");
	expect(IN_MOVED_TO, "g", "moved in");
	mkdir("d/sub", 0755);
	expect(IN_CREATE | IN_ISDIR, "sub", "a directory");
	rmdir("d/sub");
	expect(IN_DELETE | IN_ISDIR, "sub", "removed");
	unlink("d/g");
	expect(IN_DELETE, "g", "delete");
	close(open("d/h", O_CREAT | O_WRONLY, 0600));
	int bytes = 0;
	struct pollfd poller = { fd, POLLIN, 0 };
	is(poll(&poller, 1, 1000), 1, "poll");
	ioctl(fd, FIONREAD, &bytes);
	is(bytes, 2 * (sizeof(struct inotify_event) + 16), "FIONREAD counts both events");
	fails(read(fd, buffer, 10), EINVAL, "too small a buffer");
	next(), next();
	is(inotify_add_watch(fd, "d", IN_DELETE), wd, "the same directory is the same watch");
	close(open("d/i", O_CREAT | O_WRONLY, 0600));
	unlink("d/h");
	expect(IN_DELETE, "h", "with its new mask");
	unlink("d/i");
	next();
	is(inotify_rm_watch(fd, wd), 0, "inotify_rm_watch");
	expect(IN_IGNORED, "", "ends with IN_IGNORED");
	fails(inotify_rm_watch(fd, wd), EINVAL, "once");
	int self = inotify_add_watch(fd, "d", IN_DELETE_SELF);
	rmdir("d");
	expect(IN_DELETE_SELF, "", "the directory itself");
	expect(IN_IGNORED, "", "takes its watch along");
	fails(inotify_rm_watch(fd, self), EINVAL, "which is gone");
	mkdir("d", 0700);
	for (int directory = 0; directory < 2; directory++) {
		const char *name = directory ? "d" : "f";
		close(open("f", O_CREAT | O_WRONLY, 0600));
		int file = open(name, directory ? O_RDONLY | O_DIRECTORY : O_RDONLY);
		inotify_add_watch(fd, name, IN_DELETE_SELF);
		is(directory ? rmdir(name) : unlink(name), 0, directory ? "a directory that is open" : "a file that is open");
		fails(read(fd, buffer, sizeof buffer), EAGAIN, "is still there");
		close(file);
		expect(IN_DELETE_SELF, "", "until it is closed");
		expect(IN_IGNORED, "", "for the last time");
	}
	fails(inotify_add_watch(fd, "none", IN_CREATE), ENOENT, "a watch of nothing");
	fails(inotify_add_watch(fd, ".", 0), EINVAL, "an empty mask");
	fails(inotify_add_watch(0, ".", IN_CREATE), EINVAL, "not an inotify descriptor");
	return done();
}
