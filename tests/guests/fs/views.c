// All views of a file agree: descriptors, mappings and names, whoever made which first, and whatever took a name over.
#include "../tap.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE 4096

static void put(const char *path, const char *text)
{
	int fd = must(open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644));
	must(write(fd, text, strlen(text)));
	close(fd);
}

static char *map(int fd, int prot, int flags)
{
	char *at = mmap(0, PAGE, prot, flags, fd, 0);
	if (at == MAP_FAILED)
		must(-1);
	return at;
}

/* The folder seen through a read-only layer too: who opens a file there gets what the bind has by now. */
static void look_through(const char *layer, const char *folder)
{
	char path[256], text[64] = "";
	snprintf(path, sizeof path, "%s/%s/seen", layer, folder);
	put("seen", "0123");
	int fd = must(open("seen", O_RDWR));
	char *at = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	for (int i = 0; i < 3; i++) {
		at[0] = 'A' + i;
		int layered = must(open(path, O_RDONLY));
		must(read(layered, text, 4));
		is(text[0], 'A' + i, "what a mapping stored is read from the layer");
		char *below = map(layered, PROT_READ, MAP_PRIVATE);
		is(below[0], 'A' + i, "and mapped");
		munmap(below, PAGE);
		close(layered);
	}
	must(pwrite(fd, "longer", 6, 0));
	struct stat st;
	must(stat(path, &st));
	is(st.st_size, 6, "what was written is seen in the layer");
	must(unlink("seen"));
	is(access(path, F_OK), -1, "and what was removed");
}

/* A file on a disk: Linux's tmpfs keeps what was stored behind the end. */
static void store_behind_the_end(void)
{
	char text[64];
	for (int by_write = 0; by_write < 2; by_write++) {
		put("tail", "12345");
		int fd = must(open("tail", O_RDWR));
		char *at = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
		at[4] = 'V';
		at[100] = 'T';
		must(pread(fd, text, 5, 0));
		is(text[4], 'V', "a store before the end is read");
		must(by_write ? pwrite(fd, "end", 3, 300) : ftruncate(fd, 303));
		is(at[100], 0, "a store behind the end is gone from the mapping when the file grows over it");
		must(pread(fd, text, 1, 100));
		is(text[0], 0, "and never was in the file");
		at[100] = 'U';
		is(msync(at, PAGE, MS_SYNC), 0, "msync");
		must(pread(fd, text, 1, 100));
		is(text[0], 'U', "a store before the new end is read");
		munmap(at, PAGE);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	char folder[] = "viewsXXXXXX", text[64];
	struct stat st;
	if (!mkdtemp(folder))
		must(-1);
	must(chdir(folder));

	/* What git does to its config. */
	int good = 1;
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "%0*d", 10 + i % 3, i);
		put("config.lock", text);
		must(rename("config.lock", "config"));
		int fd = must(open("config", O_RDONLY));
		char *at = map(fd, PROT_READ, MAP_PRIVATE);
		good &= strcmp(at, text) == 0;
		munmap(at, PAGE);
		close(fd);
	}
	ok(good, "a mapping shows the file that was renamed to the name last");

	/* Equal sizes, one after the other, by names and inode numbers that come back. */
	good = 1;
	for (int i = 0; i < 50; i++) {
		snprintf(text, sizeof text, "content %03d", i);
		put("same", text);
		int fd = must(open("same", O_RDONLY));
		char *at = map(fd, PROT_READ, MAP_SHARED);
		good &= strcmp(at, text) == 0;
		munmap(at, PAGE);
		close(fd);
		if (i % 3 == 0)
			must(unlink("same"));
	}
	ok(good, "a mapping shows a file that was rewritten at once with the same size");

	/* Mapped while nobody writes. */
	put("late", "before");
	int reader = must(open("late", O_RDONLY));
	volatile char *shared = map(reader, PROT_READ, MAP_SHARED);
	volatile char *touched = map(reader, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	volatile char *private = map(reader, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	is(shared[0] + touched[0] + private[0], 3 * 'b', "mapped before anybody writes");
	touched[5] = 'E';
	int writer = must(open("late", O_RDWR));
	must(pwrite(writer, "BEHIND", 6, 0));
	is(shared[0], 'B', "a writer that comes later is seen in a shared mapping");
	is(private[1], 'E', "and in a private one that was only read");
	is(touched[0], 'b', "but not in one that was stored to");
	char *other = map(writer, PROT_READ | PROT_WRITE, MAP_SHARED);
	memcpy(other, "stored", 6);
	is(shared[2], 'o', "a store through a writable mapping is seen in a read-only one");
	must(pread(reader, text, 6, 0));
	ok(memcmp(text, "stored", 6) == 0, "and by read");
	must(truncate("late", 3));
	is(shared[3], 0, "what is cut off by name is gone from mappings");
	must(ftruncate(writer, 6));
	is(shared[3], 0, "and does not come back");

	/* A file without a name. */
	put("gone", "old file");
	int fd = must(open("gone", O_RDWR));
	put("new", "new file");
	must(rename("new", "gone"));
	char *at = map(fd, PROT_READ, MAP_SHARED);
	ok(memcmp(at, "old file", 8) == 0, "a file that lost its name is mapped by its descriptor");
	must(fstat(fd, &st));
	is(st.st_nlink, 0, "it has no link");
	is(ftruncate(fd, 100), 0, "it can be cut");
	is(pwrite(fd, "more", 4, 8), 4, "and written");
	ok(memcmp(at, "old filemore", 12) == 0, "which the mapping shows");
	must(fstat(fd, &st));
	is(st.st_size, 100, "and fstat");
	must(stat("gone", &st));
	is(st.st_size, 8, "the file that has the name now is another one");

	/* Several names. */
	put("one", "x");
	must(link("one", "two"));
	fd = must(open("two", O_RDWR));
	must(unlink("two"));
	is(fchmod(fd, 0600), 0, "fchmod by a descriptor whose name was removed");
	must(stat("one", &st));
	is(st.st_mode & 0777, 0600, "changes the file");
	must(write(fd, "yz", 2));
	must(stat("one", &st));
	is(st.st_size, 2, "a write is seen by its other name");

	/* A mode that its maker alone can write through. */
	fd = open("object", O_CREAT | O_EXCL | O_RDWR, 0444);
	ok(fd >= 0, "a file made read-only opens for its maker");
	is(write(fd, "data", 4), 4, "and takes a write");
	is(ftruncate(fd, 2), 0, "and a truncation");
	is_str((snprintf(text, sizeof text, "%d", (int)lseek(fd, 0, SEEK_END)), text), "2", "which its size shows");
	/* With a layer over the folder, which then is on a disk. */
	if (argc > 1) {
		look_through(argv[1], folder);
		store_behind_the_end();
	}
	return done();
}
