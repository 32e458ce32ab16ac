// User namespaces: unshare(2), clone(2), /proc/self/{uid_map,gid_map,setgroups}, ids and capabilities inside.
// oracle: qemu-user hands them to the host, which may forbid them
#include "../tap.h"
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <linux/capability.h>

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	int n = write(fd, text, strlen(text)), error = errno;
	close(fd);
	return n < 0 ? -error : 0;
}

static const char *get(const char *path)
{
	static char text[256];
	int fd = open(path, O_RDONLY), n = read(fd, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = 0;
	close(fd);
	return text;
}

static int inside(void)
{
	struct stat st;
	char map[64];
	uid_t uid = getuid(), gid = getgid();
	int fd = open("before", O_CREAT | O_RDWR, 0600);
	close(fd);

	ok(unshare(CLONE_NEWUSER) == 0, "anybody may make a user namespace");
	ok(getuid() == 65534 && getegid() == 65534, "without a map ids are the overflow ids");
	ok(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) == 1, "the bounding set is full");
	ok(!strcmp(get("/proc/self/uid_map"), ""), "the map is empty");
	ok(setuid(0) == -1 && errno == EINVAL, "an id without a mapping is invalid");

	snprintf(map, sizeof map, "0 %d 1\n", gid);
	ok(put("/proc/self/gid_map", map) == -EPERM, "the group cannot be mapped while setgroups is allowed");
	ok(put("/proc/self/setgroups", "deny") == 0, "setgroups is denied");
	ok(put("/proc/self/gid_map", map) == 0, "then it can");
	ok(put("/proc/self/uid_map", "0 4242 1\n") == -EPERM, "another user cannot be mapped");
	snprintf(map, sizeof map, "0 %d 1\n", uid);
	ok(put("/proc/self/uid_map", map) == 0, "the own user can be mapped");
	ok(put("/proc/self/uid_map", map) == -EPERM, "once");
	ok(getuid() == 0 && geteuid() == 0 && getgid() == 0, "we are root inside");
	ok(setgroups(0, 0) == -1 && errno == EPERM, "setgroups is denied indeed");

	ok(stat("before", &st) == 0 && st.st_uid == 0 && st.st_gid == 0, "our file is root's inside");
	ok(stat("/proc/sys", &st) == 0 && st.st_uid == 65534, "root's file is nobody's inside");
	ok(chown("before", 0, 0) == 0, "a file can be given to a mapped id");
	ok(chown("before", 5, 0) == -1 && errno == EINVAL, "not to one without mapping");
	ok(sethostname("x", 1) == -1 && errno == EPERM, "capabilities do not count outside");
	ok(kill(getppid(), 0) == 0, "our own processes outside can be signalled");
	ok(unshare(CLONE_NEWUSER) == 0, "a namespace in the namespace");
	ok(put("/proc/self/uid_map", "7 0 1\n") == 0 && getuid() == 7, "maps the ids of its parent");
	return done();
}

int main(void)
{
	int status;
	pid_t child = fork();
	if (child == 0)
		_exit(inside());
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}
