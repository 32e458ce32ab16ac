// /proc/self/maps shows mappings with rights, offset and name, and merges what is alike.
// oracle: qemu-user invents /proc/self/maps
#include "../tap.h"
#include <fcntl.h>
#include <sys/mman.h>

static char text[200000];

static char *line_of(void *address)
{
	static char found[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	while (fgets(found, sizeof found, maps)) {
		sscanf(found, "%lx-%lx", &start, &end);
		if (start <= (unsigned long)address && (unsigned long)address < end) {
			fclose(maps);
			return found;
		}
	}
	fclose(maps);
	return strcpy(found, "none");
}

int main(void)
{
	int local;
	char *line = line_of(&local);
	ok(strstr(line, "[stack]") && strstr(line, " rw-p "), "the stack is named");
	line = line_of((void *)main);
	ok(strstr(line, " r-xp "), "code is read and execute");
	char exe[256] = "";
	readlink("/proc/self/exe", exe, sizeof exe - 1);
	ok(strstr(line, exe), "and named after the program");
	void *heap = sbrk(4096);
	ok(strstr(line_of(heap), "[heap]"), "the heap is named");
	char *p = mmap(0, 4 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(p + 4096, 4096, PROT_READ | PROT_WRITE);
	unsigned long start, end;
	sscanf(line_of(p + 4096), "%lx-%lx", &start, &end);
	ok(start == (unsigned long)p + 4096 && end == start + 4096, "mprotect splits a mapping");
	ok(strstr(line_of(p + 4096), " rw-p "), "with its own rights");
	mprotect(p + 4096, 4096, PROT_READ);
	ok(strstr(line_of(p + 4096), " r--p "), "and merges again when they are alike");
	int fd = open("/tmp/maps file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ftruncate(fd, 3 * 4096);
	void *file = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 2 * 4096);
	line = line_of(file);
	ok(strstr(line, " r--s 00002000 "), "a shared file mapping shows its offset");
	ok(strstr(line, "/tmp/maps file\n"), "and its name");
	unlink("/tmp/maps file");
	ok(strstr(line_of(file), "/tmp/maps file (deleted)"), "a deleted file is shown so");
	FILE *maps = fopen("/proc/self/maps", "r");
	size_t got = fread(text, 1, sizeof text - 1, maps);
	ok(got > 0, "the whole can be read");
	unsigned long previous = 0;
	int sorted = 1;
	for (char *at = text; *at; at = strchr(at, '\n') + 1) {
		sscanf(at, "%lx-%lx", &start, &end);
		sorted &= start >= previous && end > start;
		previous = end;
	}
	ok(sorted, "lines are sorted and do not overlap");
	return done();
}
