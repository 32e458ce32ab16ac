// open(2): flags, modes, errors.
#include "../tap.h"
#include <fcntl.h>
#include <sys/stat.h>

int main(void)
{
	struct stat st;
	char buffer[16];
	umask(022);
	must(mkdir("d", 0777));
	int fd = open("d/f", O_CREAT | O_EXCL | O_WRONLY, 0666);
	ok(fd >= 0, "O_CREAT | O_EXCL");
	is(fstat(fd, &st), 0, "fstat");
	is(st.st_mode, S_IFREG | 0644, "mode is cut by umask");
	is(st.st_size, 0, "empty");
	is(st.st_nlink, 1, "one link");
	is(st.st_uid, geteuid(), "owned by the user");
	is(write(fd, "hello", 5), 5, "write");
	fails(read(fd, buffer, 1), EBADF, "write only");
	close(fd);
	fails(open("d/f", O_CREAT | O_EXCL | O_WRONLY, 0666), EEXIST, "O_EXCL on a file that is there");
	fd = open("d/f", O_WRONLY | O_APPEND);
	is(write(fd, " world", 6), 6, "O_APPEND");
	is(lseek(fd, 0, SEEK_CUR), 11, "the offset is behind what was written");
	lseek(fd, 0, SEEK_SET);
	write(fd, "!", 1);
	fstat(fd, &st);
	is(st.st_size, 12, "every write goes to the end");
	close(fd);
	fd = open("d/f", O_RDWR | O_TRUNC);
	fstat(fd, &st);
	is(st.st_size, 0, "O_TRUNC");
	is(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR, "F_GETFL shows the access mode");
	close(fd);
	fails(open("d/none", O_RDONLY), ENOENT, "no such file");
	fails(open("none/f", O_CREAT | O_RDWR, 0666), ENOENT, "no such directory");
	fails(open("d/f/g", O_RDONLY), ENOTDIR, "a file as directory");
	fails(open("d", O_WRONLY), EISDIR, "writing a directory");
	fails(open("d/", O_CREAT | O_RDWR, 0666), EISDIR, "creating with a trailing slash");
	fails(open("d/f/", O_RDONLY), ENOTDIR, "a file with a trailing slash");
	fails(open("d/f", O_RDONLY | O_DIRECTORY), ENOTDIR, "O_DIRECTORY on a file");
	fails(open("", O_RDONLY), ENOENT, "an empty path");
	char longer[300];
	memset(longer, 'a', 299);
	longer[299] = 0;
	fails(open(longer, O_RDONLY), ENAMETOOLONG, "a name of 299 bytes");
	must(symlink("f", "d/link"));
	fails(open("d/link", O_RDONLY | O_NOFOLLOW), ELOOP, "O_NOFOLLOW on a link");
	fd = open("d/link", O_PATH | O_NOFOLLOW);
	fstat(fd, &st);
	ok(S_ISLNK(st.st_mode), "O_PATH | O_NOFOLLOW opens the link itself");
	fails(read(fd, buffer, 1), EBADF, "which cannot be read");
	close(fd);
	must(symlink("dangling-target", "d/dangling"));
	fails(open("d/dangling", O_RDONLY), ENOENT, "a dangling link");
	fails(open("d/dangling", O_CREAT | O_EXCL | O_RDWR, 0666), EEXIST, "O_EXCL does not follow it");
	fd = open("d/dangling", O_CREAT | O_RDWR, 0666);
	ok(fd >= 0 && stat("d/dangling-target", &st) == 0, "O_CREAT does");
	close(fd);
	must(symlink("loop", "d/loop"));
	fails(open("d/loop", O_RDONLY), ELOOP, "a link to itself");
	int dir = open("d", O_RDONLY | O_DIRECTORY);
	fd = openat(dir, "f", O_RDONLY);
	ok(fd >= 0, "openat");
	fails(openat(fd, "f", O_RDONLY), ENOTDIR, "openat with a file");
	fails(openat(999, "f", O_RDONLY), EBADF, "openat with a bad descriptor");
	ok(openat(999, "/dev/null", O_RDONLY) >= 0, "which an absolute path does not need");
	if (geteuid() != 0) {
		chmod("d/f", 0200);
		fails(open("d/f", O_RDONLY), EACCES, "no permission to read");
		chmod("d", 0600);
		fails(open("d/f", O_WRONLY), EACCES, "no permission to search");
		chmod("d", 0500);
		fails(open("d/new", O_CREAT | O_RDWR, 0666), EACCES, "no permission to create");
		chmod("d", 0700);
	}
	fd = open("d/zero", O_CREAT | O_RDWR, 0000);
	ok(fd >= 0, "a new file's mode does not bind its creator");
	is(write(fd, "x", 1), 1, "who can write it");
	return done();
}
