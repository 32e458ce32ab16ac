// proc(5): coredump_filter is written, read back and inherited; get_mempolicy(2): a mask for the nodes there are.
// oracle: qemu-user shows the host's process, and has no get_mempolicy
#include "../tap.h"
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int set(const char *text)
{
	int fd = open("/proc/self/coredump_filter", O_WRONLY);
	int count = write(fd, text, strlen(text));
	close(fd);
	return count;
}

static int shows(const char *want)
{
	char text[32] = "";
	int fd = open("/proc/self/coredump_filter", O_RDONLY);
	read(fd, text, sizeof text - 1);
	close(fd);
	return strcmp(text, want) == 0;
}

int main(void)
{
	ok(shows("00000033\n"), "as Linux begins");
	is(set("0x7f\n"), 5, "written");
	ok(shows("0000007f\n"), "read back");
	is(set("0xffff"), 6, "more bits than there are");
	ok(shows("000001ff\n"), "those that there are");
	fails(set("much"), EINVAL, "no number");
	fails(set(" 7"), EINVAL, "a space before it");
	is(set("010"), 3, "octal");
	ok(shows("00000008\n"), "8");
	is(set("+511"), 4, "a sign");
	int status;
	if (fork() == 0)
		_exit(shows("000001ff\n") ? 7 : 1);
	wait(&status);
	is(WEXITSTATUS(status), 7, "inherited");

	int mode = -1;
	unsigned long nodes = 0;
	is(syscall(SYS_get_mempolicy, &mode, &nodes, 64, 0, 0), 0, "a mask of 64 nodes");
	is(mode, 0, "MPOL_DEFAULT");
	fails(syscall(SYS_get_mempolicy, &mode, &nodes, 0, 0, 0), EINVAL, "a mask of none");
	return done();
}
