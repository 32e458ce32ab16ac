// rename(2) and renameat2(2): replace, directories, NOREPLACE, EXCHANGE, errors.
#include "../tap.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void put(const char *name, const char *text)
{
	int fd = must(open(name, O_CREAT | O_WRONLY | O_TRUNC, 0644));
	write(fd, text, strlen(text));
	close(fd);
}

static char *get(const char *name)
{
	static char buffer[64];
	int fd = open(name, O_RDONLY);
	if (fd < 0)
		return "(none)";
	buffer[read(fd, buffer, 63)] = 0;
	close(fd);
	return buffer;
}

int main(void)
{
	struct stat st;
	put("a", "A");
	put("b", "B");
	is(rename("a", "c"), 0, "to a new name");
	is_str(get("c"), "A", "the content is there");
	fails(access("a", F_OK), ENOENT, "the old name is gone");
	is(rename("c", "b"), 0, "over another file");
	is_str(get("b"), "A", "which is replaced");
	is(rename("b", "b"), 0, "onto itself");
	is(link("b", "hard"), 0, "a hard link");
	is(rename("b", "hard"), 0, "between two links of one file");
	ok(access("b", F_OK) == 0 && access("hard", F_OK) == 0, "nothing happens");
	must(mkdir("d1", 0755)), must(mkdir("d2", 0755)), must(mkdir("d1/sub", 0755));
	put("d2/f", "F");
	fails(rename("d1", "d2"), ENOTEMPTY, "a directory over one that is not empty");
	fails(rename("d1", "b"), ENOTDIR, "a directory over a file");
	fails(rename("b", "d1"), EISDIR, "a file over a directory");
	fails(rename("d1", "d1/sub/x"), EINVAL, "a directory into itself");
	fails(rename("none", "x"), ENOENT, "nothing");
	unlink("d2/f");
	is(rename("d1", "d2"), 0, "a directory over an empty one");
	is(stat("d2/sub", &st), 0, "with what it holds");
	is(rename("b", "d2/sub/b"), 0, "into another directory");
	is_str(get("d2/sub/b"), "A", "the file is there");
	is(rename("d2/sub", "sub"), 0, "a directory into another");
	must(chdir("sub"));
	must(chdir(".."));
	ok(access("d2", F_OK) == 0, "its .. has changed");
	put("x", "X");
	put("y", "Y");
	fails(syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "y", RENAME_NOREPLACE), EEXIST, "RENAME_NOREPLACE");
	is(syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "z", RENAME_NOREPLACE), 0, "to a free name");
	is(syscall(SYS_renameat2, AT_FDCWD, "z", AT_FDCWD, "y", RENAME_EXCHANGE), 0, "RENAME_EXCHANGE");
	is_str(get("z"), "Y", "one is the other");
	is_str(get("y"), "X", "and the other the one");
	is(syscall(SYS_renameat2, AT_FDCWD, "z", AT_FDCWD, "sub", RENAME_EXCHANGE), 0, "a file with a directory");
	ok(stat("z", &st) == 0 && S_ISDIR(st.st_mode), "they changed places");
	fails(syscall(SYS_renameat2, AT_FDCWD, "y", AT_FDCWD, "none", RENAME_EXCHANGE), ENOENT, "with nothing");
	fails(syscall(SYS_renameat2, AT_FDCWD, "y", AT_FDCWD, "z", RENAME_EXCHANGE | RENAME_NOREPLACE), EINVAL, "both flags");
	fails(rename("y", "y/"), ENOTDIR, "a file to a name with a slash");
	must(symlink("y", "link"));
	is(rename("link", "link2"), 0, "a link");
	char target[8] = "";
	is(readlink("link2", target, 8), 1, "is renamed itself");
	return done();
}
