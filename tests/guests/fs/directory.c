// Directories: mkdir, rmdir, getdents, seekdir, nlink, reading while changing.
#include "../tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int main(void)
{
	struct stat st;
	char name[32];
	must(mkdir("d", 0755));
	stat("d", &st);
	is(st.st_mode, S_IFDIR | 0755, "mode");
	for (int i = 0; i < 500; i++) {
		sprintf(name, "d/file%03d", i);
		close(must(open(name, O_CREAT | O_WRONLY, 0644)));
	}
	must(mkdir("d/sub", 0755));
	must(symlink("x", "d/link"));
	DIR *dir = opendir("d");
	struct dirent *entry;
	int files = 0, dots = 0, types = 1, inodes = 1;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			dots++;
		else
			files++;
		if (strcmp(entry->d_name, "sub") == 0)
			types &= entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
		if (strcmp(entry->d_name, "link") == 0)
			types &= entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
		if (strcmp(entry->d_name, "file100") == 0) {
			lstat("d/file100", &st);
			inodes &= entry->d_ino == st.st_ino;
		}
	}
	is(files, 502, "every entry once");
	is(dots, 2, ". and ..");
	ok(types, "types");
	ok(inodes, "inode numbers agree with stat");
	rewinddir(dir);
	int again = 0;
	long place = 0;
	char at_place[256] = "";
	while ((entry = readdir(dir))) {
		if (++again == 100)
			place = telldir(dir);
		if (again == 101)
			strcpy(at_place, entry->d_name);
	}
	is(again, 504, "rewinddir starts over");
	seekdir(dir, place);
	entry = readdir(dir);
	ok(entry && strcmp(entry->d_name, at_place) == 0, "seekdir goes back to a place");
	rewinddir(dir);
	int removed = 0, failed = 0;
	while ((entry = readdir(dir)))
		if (strncmp(entry->d_name, "file", 4) == 0) {
			sprintf(name, "d/%s", entry->d_name);
			failed |= unlink(name);
			removed++;
		}
	closedir(dir);
	is(removed, 500, "removing while reading misses none");
	is(failed, 0, "nor shows one twice");
	fails(rmdir("d"), ENOTEMPTY, "rmdir of a directory that is not empty");
	fails(rmdir("d/link"), ENOTDIR, "rmdir of a link");
	fails(unlink("d/sub"), EISDIR, "unlink of a directory");
	fails(rmdir("d/sub/."), EINVAL, "rmdir of .");
	fails(rmdir("d/sub/.."), ENOTEMPTY, "rmdir of ..");
	is(rmdir("d/sub/"), 0, "rmdir with a trailing slash");
	unlink("d/link");
	int fd = must(open("d", O_RDONLY));
	is(rmdir("d"), 0, "rmdir while open");
	char buffer[1000];
	fails(syscall(SYS_getdents64, fd, buffer, sizeof buffer), ENOENT, "a removed directory cannot be read");
	fails(openat(fd, "x", O_CREAT | O_RDWR, 0600), ENOENT, "nothing can be made in it");
	must(mkdir("e", 0755));
	fd = open("e", O_RDONLY);
	fails(syscall(SYS_getdents64, fd, buffer, 10), EINVAL, "too small a buffer");
	fails(syscall(SYS_getdents64, 0, buffer, 1000), ENOTDIR, "getdents of a file");
	fails(read(fd, buffer, 1), EISDIR, "read of a directory");
	fails(mkdir("e", 0755), EEXIST, "mkdir of what is there");
	fails(mkdir("none/x", 0755), ENOENT, "mkdir below nothing");
	is(mkdir("e/../slash/", 0755), 0, "mkdir with dots and a trailing slash");
	return done();
}
