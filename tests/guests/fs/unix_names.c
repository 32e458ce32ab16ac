// File names are bytes: everything but NUL and slash, up to 255 of them.
#include "../tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

int main(void)
{
	const char *names[] = { " ", "a b", "\n", "\x80\xff\xfe", "\xc3\xa4", "...", "-rf", "*", "\\", "\x01\x7f" };
	int count = sizeof names / sizeof *names, found = 0;
	char name[300];
	struct stat st;
	must(mkdir("d", 0755));
	must(chdir("d"));
	for (int i = 0; i < count; i++)
		close(must(open(names[i], O_CREAT | O_EXCL | O_RDWR, 0600)));
	DIR *dir = opendir(".");
	for (struct dirent *entry; (entry = readdir(dir));)
		for (int i = 0; i < count; i++)
			found += strcmp(entry->d_name, names[i]) == 0;
	is(found, count, "odd names are listed as they were made");
	int removed = 0;
	for (int i = 0; i < count; i++)
		removed += unlink(names[i]) == 0;
	is(removed, count, "and can be removed");
	memset(name, 'n', 255);
	name[255] = 0;
	close(open(name, O_CREAT | O_RDWR, 0600));
	is(stat(name, &st), 0, "a name of 255 bytes");
	name[255] = 'n', name[256] = 0;
	fails(open(name, O_CREAT | O_RDWR, 0600), ENAMETOOLONG, "256 are too many");
	static char path[5000];
	for (int i = 0; i < 4998; i += 2)
		path[i] = '.', path[i + 1] = '/';
	fails(stat(path, &st), ENAMETOOLONG, "a path of 5,000 bytes");
	path[4094] = 0;
	is(stat(path, &st), 0, "4,094 are fine");
	return done();
}
