// Working directory: chdir, fchdir, getcwd, a removed one, path walks with . and .. and many slashes.
#include "../tap.h"
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int main(void)
{
	char start[PATH_MAX], path[PATH_MAX], expected[2 * PATH_MAX];
	struct stat st;
	ok(getcwd(start, sizeof start), "getcwd");
	must(mkdir("a", 0755)), must(mkdir("a/b", 0755));
	is(chdir("a//.//b///"), 0, "dots and slashes");
	sprintf(expected, "%s/a/b", start);
	is_str(getcwd(path, sizeof path), expected, "getcwd is clean");
	is(chdir("../.."), 0, "up");
	is_str(getcwd(path, sizeof path), start, "and back");
	must(symlink("a/b", "link"));
	is(chdir("link"), 0, "through a link");
	is_str(getcwd(path, sizeof path), expected, "getcwd shows where it leads");
	is(chdir(".."), 0, ".. from there");
	sprintf(expected, "%s/a", start);
	is_str(getcwd(path, sizeof path), expected, "is the parent of the target");
	int fd = must(open("b", O_RDONLY | O_DIRECTORY));
	is(fchdir(fd), 0, "fchdir");
	is(rmdir("../b"), 0, "removing the working directory");
	fails((long)getcwd(path, sizeof path) == 0 ? -1 : 0, ENOENT, "getcwd fails");
	fails(open("x", O_CREAT | O_RDWR, 0600), ENOENT, "nothing can be created");
	is(stat(".", &st), 0, ". can be stated");
	is(chdir(".."), 0, ".. still leads up");
	fails(syscall(SYS_getcwd, path, 3), ERANGE, "a small buffer");
	fails(chdir("none"), ENOENT, "chdir to nothing");
	close(must(open("file", O_CREAT | O_RDWR, 0600)));
	fails(chdir("file"), ENOTDIR, "to a file");
	is(chdir("/../../.."), 0, "above the root");
	is_str(getcwd(path, sizeof path), "/", "is the root");
	is_str(realpath("/proc/self/../self/root/", path), "/", "realpath through /proc");
	return done();
}
