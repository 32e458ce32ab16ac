// O_TMPFILE and files that are unlinked while open; linkat gives the first a name.
#include "../tap.h"
#include <fcntl.h>
#include <sys/stat.h>

int main(void)
{
	struct stat st;
	char path[64], buffer[8] = "";
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);
	if (fd < 0 && errno == EOPNOTSUPP)
		fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	ok(fd >= 0, "O_TMPFILE");
	fstat(fd, &st);
	is(st.st_nlink, 0, "no name");
	is(write(fd, "data", 4), 4, "write");
	sprintf(path, "/proc/self/fd/%d", fd);
	is(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW), 0, "linkat through /proc");
	is(stat("named", &st), 0, "it has a name now");
	is(st.st_size, 4, "with its content");
	is(st.st_nlink, 1, "one link");
	fails(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL, "O_TMPFILE needs write access");
	close(fd);
	fd = must(open("named", O_RDWR));
	is(unlink("named"), 0, "unlink");
	fails(stat("named", &st), ENOENT, "the name is gone");
	is(fstat(fd, &st), 0, "the file is not");
	is(st.st_nlink, 0, "without links");
	is(pread(fd, buffer, 4, 0), 4, "and can be read");
	is_str(buffer, "data", "its content");
	sprintf(path, "/proc/self/fd/%d", fd);
	char link[256] = "";
	readlink(path, link, sizeof link - 1);
	ok(strlen(link) > 10 && strcmp(link + strlen(link) - 10, " (deleted)") == 0, "/proc/self/fd says (deleted)");
	int again = open(path, O_RDONLY);
	ok(again >= 0, "it can be opened again through /proc");
	is(read(again, buffer, 8), 4, "from its start");
	return done();
}
