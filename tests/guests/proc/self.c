// /proc/self: exe, cwd, root, cmdline, environ, comm, status, stat, limits, fd, fdinfo, task.
// oracle: qemu-user shows itself in /proc
#include "../tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static char text[65536];

static int slurp(const char *path)
{
	int fd = open(path, O_RDONLY), length = 0, n;
	if (fd < 0)
		return -1;
	while ((n = read(fd, text + length, sizeof text - 1 - length)) > 0)
		length += n;
	text[length] = 0;
	close(fd);
	return length;
}

static char *field(const char *name)
{
	static char line[256];
	char *at = strstr(text, name);
	if (!at)
		return "";
	sscanf(at + strlen(name), " %255[^\n]", line);
	return line;
}

/* Says when it has its name, and waits to be let go. */
static int named[2], go[2];
static void *waits(void *argument)
{
	prctl(PR_SET_NAME, "second");
	write(named[1], "x", 1);
	read(go[0], text, 1);
	return argument;
}

int main(int argc, char **argv)
{
	char link[PATH_MAX] = "", cwd[PATH_MAX], path[64];
	(void)argc;
	ok(readlink("/proc/self/exe", link, sizeof link - 1) > 0 && link[0] == '/', "exe is an absolute path");
	ok(access(link, X_OK) == 0, "of this program");
	memset(link, 0, sizeof link);
	readlink("/proc/self/cwd", link, sizeof link - 1);
	is_str(link, getcwd(cwd, sizeof cwd), "cwd");
	memset(link, 0, sizeof link);
	readlink("/proc/self/root", link, sizeof link - 1);
	is_str(link, "/", "root");
	int length = slurp("/proc/self/cmdline");
	is(length, strlen(argv[0]) + 1, "cmdline holds argv with NULs");
	is_str(text, argv[0], "argv[0]");
	length = slurp("/proc/self/environ");
	ok(length > 0 && memmem(text, length, "PATH=", 5), "environ");
	slurp("/proc/self/comm");
	is_str(text, "self\n", "comm");
	prctl(PR_SET_NAME, "renamed");
	slurp("/proc/self/comm");
	is_str(text, "renamed\n", "follows PR_SET_NAME");
	slurp("/proc/self/status");
	is_str(field("Name:"), "renamed", "status: Name");
	is(atoi(field("\nPid:")), getpid(), "status: Pid");
	is(atoi(field("\nPPid:")), getppid(), "status: PPid");
	is(atoi(field("\nUid:")), getuid(), "status: Uid");
	is(atoi(field("\nThreads:")), 1, "status: Threads");
	ok(atoi(field("\nVmRSS:")) > 0, "status: VmRSS");
	ok(strlen(field("\nSigCgt:")) == 16, "status: SigCgt");
	slurp("/proc/self/stat");
	int pid = 0, parent = 0;
	char comm[32] = "", state = 0;
	sscanf(text, "%d (%31[^)]) %c %d", &pid, comm, &state, &parent);
	ok(pid == getpid() && parent == getppid() && state == 'R' && strcmp(comm, "renamed") == 0, "stat");
	slurp("/proc/self/limits");
	ok(strstr(text, "Max open files"), "limits");
	slurp("/proc/self/statm");
	long size = 0, resident = 0;
	ok(sscanf(text, "%ld %ld", &size, &resident) == 2 && size >= resident && resident > 0, "statm");
	int fd = must(open("/dev/null", O_RDWR | O_CLOEXEC));
	sprintf(path, "/proc/self/fd/%d", fd);
	memset(link, 0, sizeof link);
	readlink(path, link, sizeof link - 1);
	is_str(link, "/dev/null", "fd shows the file");
	struct stat st;
	lstat(path, &st);
	is(st.st_mode & 0700, 0700, "and its access in the link's mode");
	sprintf(path, "/proc/self/fdinfo/%d", fd);
	slurp(path);
	ok(strstr(text, "pos:\t0\n") && strstr(text, "flags:\t02") && strstr(text, "mnt_id:"), "fdinfo");
	DIR *dir = opendir("/proc/self/fd");
	int seen = 0;
	for (struct dirent *entry; (entry = readdir(dir));)
		seen |= atoi(entry->d_name) == fd && entry->d_name[0] != '.';
	ok(seen, "fd lists it");
	closedir(dir);
	pthread_t thread;
	must(pipe(named));
	must(pipe(go));
	pthread_create(&thread, 0, waits, 0);
	must(read(named[0], text, 1));
	dir = opendir("/proc/self/task");
	int tasks = 0, second = 0;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.') {
			tasks++;
			if (atoi(entry->d_name) != getpid())
				second = atoi(entry->d_name);
		}
	is(tasks, 2, "task lists threads");
	sprintf(path, "/proc/self/task/%d/comm", second);
	slurp(path);
	is_str(text, "second\n", "each with its name");
	sprintf(path, "/proc/%d/status", getpid());
	slurp(path);
	is(atoi(field("\nThreads:")), 2, "Threads counts them");
	write(go[1], "x", 1);
	pthread_join(thread, 0);
	fails(open("/proc/self/none", O_RDONLY), ENOENT, "no such file");
	fails(open("/proc/4194999/stat", O_RDONLY), ENOENT, "no such process");
	if (geteuid() != 0)
		fails(open("/proc/self/status", O_WRONLY), EACCES, "read only");
	ok(readlink("/proc/thread-self", link, sizeof link) > 0, "thread-self");
	return done();
}
