// Mount and UTS namespaces: unshare(2), mount(2), pivot_root(2), setns(2), in a user namespace of one's own.
// oracle: qemu-user hands them to the host, which may forbid them
#include "../tap.h"
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);
	if (fd < 0)
		return -errno;
	int n = write(fd, text, strlen(text)), error = errno;
	close(fd);
	return n < 0 ? -error : 0;
}

static int exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* Whether /proc/self/mounts has a place. */
static int is_mounted(const char *place)
{
	char line[512], key[256];
	snprintf(key, sizeof key, " %s ", place);
	FILE *file = fopen("/proc/self/mounts", "r");
	int found = 0;
	while (file && fgets(line, sizeof line, file))
		found |= strstr(line, key) != 0;
	if (file)
		fclose(file);
	return found;
}

static char base[128], name[4][160];
static int counts[2];

static const char *in(int slot, const char *rest)
{
	snprintf(name[slot], sizeof name[slot], "%s/%s", base, rest);
	return name[slot];
}

static void become_root(int flags)
{
	char map[64];
	uid_t uid = getuid();
	gid_t gid = getgid();
	is(unshare(CLONE_NEWUSER | flags), 0, "namespaces of one's own");
	put("/proc/self/setgroups", "deny");
	snprintf(map, sizeof map, "0 %d 1\n", gid);
	put("/proc/self/gid_map", map);
	snprintf(map, sizeof map, "0 %d 1\n", uid);
	put("/proc/self/uid_map", map);
}

static void test_pivot(void)
{
	is(mount("tmpfs", in(0, "new"), "tmpfs", 0, 0), 0, "a root to be");
	mkdir(in(0, "new/old"), 0755);
	mkdir(in(0, "new/proc"), 0755);
	is(mount("/proc", in(0, "new/proc"), 0, MS_BIND | MS_REC, 0), 0, "with /proc");
	put(in(0, "new/here"), "x");
	fails(syscall(SYS_pivot_root, in(0, "new/old"), in(1, "new/old")), EINVAL, "not where nothing is mounted");
	is(syscall(SYS_pivot_root, in(0, "new"), in(1, "new/old")), 0, "pivot_root");
	ok(exists("/here"), "it is the root");
	ok(exists("/old/proc/self"), "the old one is below it");
	chdir("/");
	is(umount2("/old", MNT_DETACH), 0, "it goes");
	ok(!exists("/old/proc"), "and is gone");
	ok(exists("/proc/self/stat"), "what was bound stays");

	mkdir("/next", 0755);
	is(mount("tmpfs", "/next", "tmpfs", 0, 0), 0, "another root to be");
	chdir("/next");
	put("there", "x");
	is(syscall(SYS_pivot_root, ".", "."), 0, "pivot_root to where one is, the old one on top");
	is(umount2(".", MNT_DETACH), 0, "which goes");
	ok(exists("/there") && !exists("/here"), "the new one is the root");
}

/* A file of /proc can be covered, a directory that is moved out of a bind leads nowhere. */
static void test_places(void)
{
	char text[8] = "";
	is(mount(in(0, "tmp/file"), "/proc/version", 0, MS_BIND, 0), 0, "a file over one of /proc");
	int fd = open("/proc/version", O_RDONLY);
	read(fd, text, sizeof text - 1);
	close(fd);
	is_str(text, "x", "is seen there");
	is(umount("/proc/version"), 0, "and goes");
	fd = open("/proc/version", O_RDONLY);
	read(fd, text, sizeof text - 1);
	close(fd);
	ok(text[0] == 'L', "what is below comes back");

	mkdir(in(0, "tmp/a"), 0755), mkdir(in(0, "tmp/a/b"), 0755), mkdir(in(0, "tmp/a/b/c"), 0755), mkdir(in(0, "tmp/m"), 0755);
	is(mount(in(0, "tmp/a/b"), in(1, "tmp/m"), 0, MS_BIND, 0), 0, "a bind of a directory");
	chdir(in(0, "tmp/m/c"));
	is(rename(in(0, "tmp/a/b/c"), in(1, "tmp/c")), 0, "one in it is moved out of it");
	fails(chdir(".."), ENOENT, "and leads nowhere");
	fails(access("../file", F_OK), ENOENT, "by no name");
	chdir("/");
	umount(in(0, "tmp/m"));
}

/* What a namespace with more rights has covered stays so; its own mounts are not changed from elsewhere. */
static int grandchild(void)
{
	char outside[64];
	int root = open(in(0, "tmp"), O_PATH | O_DIRECTORY);
	become_root(CLONE_NEWNS);
	fails(umount2(in(0, "tmp/cover"), MNT_DETACH), EINVAL, "a cover stays");
	is(mount(in(0, "tmp"), in(1, "bound"), 0, MS_BIND | MS_REC, 0), 0, "it is bound with what it covers");
	fails(umount2(in(0, "bound/cover"), MNT_DETACH), EINVAL, "and stays there too");
	chdir(in(0, "bound"));
	is(umount2(in(0, "bound"), MNT_DETACH), 0, "the bind is let go");
	ok(!exists("cover/secret"), "the cover still covers");
	snprintf(outside, sizeof outside, "/proc/self/fd/%d", root);
	fails(umount2(outside, MNT_DETACH), EINVAL, "another namespace's mount is not taken away");
	fails(mount(0, outside, 0, MS_BIND | MS_REMOUNT | MS_RDONLY, 0), EINVAL, "nor changed");
	write(counts[1], &tap_count, sizeof tap_count);
	_exit(tap_failed);
}

static void test_covers(void)
{
	int status;
	mkdir(in(0, "tmp/cover"), 0755);
	put(in(0, "tmp/cover/secret"), "x");
	is(mount("tmpfs", in(0, "tmp/cover"), "tmpfs", 0, 0), 0, "a cover");
	pid_t pid = fork();
	if (pid == 0)
		grandchild();
	read(counts[0], &tap_count, sizeof tap_count);
	waitpid(pid, &status, 0);
	is(status, 0, "in a namespace with fewer rights");
	umount(in(0, "tmp/cover"));
}

static int child(int ready, int go)
{
	char byte;
	struct utsname machine;
	char before[256];
	gethostname(before, sizeof before);
	become_root(CLONE_NEWNS | CLONE_NEWUTS);
	is(sethostname("inside", 6), 0, "the machine has a name of its own");
	uname(&machine);
	is_str(machine.nodename, "inside", "which uname tells");
	is(mount("none", "/", 0, MS_REC | MS_PRIVATE, 0), 0, "changes stay here");
	is(mount("tmpfs", in(0, "tmp"), "tmpfs", 0, "mode=755"), 0, "a tmpfs");
	struct stat st;
	stat(in(0, "tmp"), &st);
	is(st.st_uid, 0, "is root's");
	is(st.st_mode & 07777, 0755, "with the mode asked for");
	is(put(in(0, "tmp/file"), "x"), 0, "and can be written to");
	ok(is_mounted(in(0, "tmp")), "it is among the mounts");
	write(ready, "x", 1);
	read(go, &byte, 1);
	is(mount(in(0, "tmp"), in(1, "bound"), 0, MS_BIND, 0), 0, "a bind");
	ok(exists(in(0, "bound/file")), "shows the same");
	is(mount(0, in(0, "bound"), 0, MS_BIND | MS_REMOUNT | MS_RDONLY, 0), 0, "made read-only");
	is(put(in(0, "bound/other"), "x"), -EROFS, "is read-only");
	is(put(in(0, "tmp/other"), "x"), 0, "alone");
	mkdir(in(0, "tmp/inner"), 0755);
	is(mount("tmpfs", in(0, "tmp/inner"), "tmpfs", 0, 0), 0, "one inside");
	put(in(0, "tmp/inner/deep"), "x");
	umount(in(0, "bound"));
	is(mount(in(0, "tmp"), in(1, "bound"), 0, MS_BIND, 0), 0, "a bind of one");
	ok(!exists(in(0, "bound/inner/deep")), "shows one");
	umount(in(0, "bound"));
	is(mount(in(0, "tmp"), in(1, "bound"), 0, MS_BIND | MS_REC, 0), 0, "a bind of all");
	ok(exists(in(0, "bound/inner/deep")), "shows all");
	fails(umount(in(0, "bound")), EBUSY, "which is in use");
	is(umount2(in(0, "bound"), MNT_DETACH), 0, "until it is let go");
	fails(umount("/proc"), EINVAL, "what was mounted before stays");
	test_places();
	test_covers();
	test_pivot();
	write(ready, &tap_count, sizeof tap_count);
	return tap_failed;
}

int main(void)
{
	int ready[2], go[2];
	char byte, before[256], after[256];
	pipe(ready);
	pipe(go);
	pipe(counts);
	snprintf(base, sizeof base, "/tmp/mounts-%d", getpid());
	mkdir(base, 0777);
	mkdir(in(0, "tmp"), 0777);
	mkdir(in(0, "bound"), 0777);
	mkdir(in(0, "new"), 0777);
	gethostname(before, sizeof before);
	pid_t pid = fork();
	if (pid == 0)
		_exit(child(ready[1], go[0]));
	read(ready[0], &byte, 1);
	gethostname(after, sizeof after);
	int same = strcmp(before, after) == 0, hidden = !exists(in(0, "tmp/file")) && !is_mounted(in(1, "tmp"));
	char link[64], theirs[64] = "", ours[64] = "";
	snprintf(link, sizeof link, "/proc/%d/ns/mnt", pid);
	readlink(link, theirs, sizeof theirs - 1);
	readlink("/proc/self/ns/mnt", ours, sizeof ours - 1);
	int space = open(link, O_RDONLY), entered = -1;
	if (geteuid() == 0) {
		pid_t visitor = fork();
		if (visitor == 0)
			_exit(setns(space, CLONE_NEWNS) == 0 && exists(in(0, "tmp/file")) ? 0 : 1);
		waitpid(visitor, &entered, 0);
	} else entered = 0;
	write(go[1], "x", 1);
	int status;
	waitpid(pid, &status, 0);
	read(ready[0], &tap_count, sizeof tap_count);
	is(status, 0, "inside");
	ok(same, "the name outside is as before");
	ok(hidden, "nothing is mounted outside");
	ok(strcmp(theirs, ours) != 0 && strncmp(theirs, "mnt:[", 5) == 0, "two namespaces have two numbers");
	is(entered, 0, "another process may enter, with the right");
	ok(!exists(in(0, "tmp/file")), "all of it is gone");
	rmdir(in(0, "tmp")), rmdir(in(0, "bound")), rmdir(in(0, "new")), rmdir(base);
	return done();
}
