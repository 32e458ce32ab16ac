// Hard and symbolic links: link, symlink, readlink, counts, following, limits.
#include "../tap.h"
#include <fcntl.h>
#include <sys/stat.h>

int main(void)
{
	struct stat st, other;
	char buffer[256] = "";
	int fd = must(open("f", O_CREAT | O_RDWR, 0644));
	write(fd, "text", 4);
	is(link("f", "g"), 0, "link");
	stat("f", &st), stat("g", &other);
	is(st.st_ino, other.st_ino, "one inode");
	is(st.st_nlink, 2, "two links");
	fails(link("f", "g"), EEXIST, "link over a file");
	fails(link("none", "h"), ENOENT, "link to nothing");
	must(mkdir("d", 0755));
	fails(link("d", "e"), EPERM, "link to a directory");
	unlink("f");
	fstat(fd, &st);
	is(st.st_nlink, 1, "unlink counts down");
	is(symlink("g", "s"), 0, "symlink");
	is(readlink("s", buffer, sizeof buffer), 1, "readlink gives the length");
	is(buffer[0], 'g', "and the target, without NUL");
	is(readlink("s", buffer, 0) == -1 && errno == EINVAL, 1, "an empty buffer");
	lstat("s", &st);
	ok(S_ISLNK(st.st_mode) && st.st_size == 1, "lstat: a link, its size is its target's length");
	is(st.st_mode & 0777, 0777, "of mode 0777");
	stat("s", &st);
	ok(S_ISREG(st.st_mode) && st.st_size == 4, "stat: its target");
	fails(readlink("g", buffer, 256), EINVAL, "readlink of a file");
	fails(symlink("", "t"), ENOENT, "an empty target");
	is(symlink("../d", "d/up"), 0, "a relative one");
	ok(stat("d/up/up/up", &st) == 0 && S_ISDIR(st.st_mode), "relative to where it is");
	char name[16], target[16];
	must(symlink("g", "chain0"));
	for (int i = 1; i <= 45; i++) {
		sprintf(name, "chain%d", i), sprintf(target, "chain%d", i - 1);
		must(symlink(target, name));
	}
	is(stat("chain39", &st), 0, "forty links in a row");
	fails(stat("chain40", &st), ELOOP, "forty-one are too many");
	is(link("s", "s2"), 0, "a hard link to a symbolic one");
	lstat("s2", &st);
	ok(S_ISLNK(st.st_mode) && st.st_nlink == 2, "is a link itself");
	is(linkat(AT_FDCWD, "s", AT_FDCWD, "s3", AT_SYMLINK_FOLLOW), 0, "AT_SYMLINK_FOLLOW");
	lstat("s3", &st);
	ok(S_ISREG(st.st_mode), "links to the target");
	is(lchown("s", -1, getegid()), 0, "lchown");
	unlink("g");
	is(unlink("s"), 0, "unlink of a dangling link");
	return done();
}
