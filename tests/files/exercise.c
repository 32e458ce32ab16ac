/*
 * Random operations on files, the same ones for the same seed, and a line for each with what came of it. Run on
 * Linux it says what is right; run under elftap it must say the same.
 *
 *     exercise fill DIR                  makes the files that are there before
 *     exercise run DIR SEED COUNT WHAT   WHAT: letters of what this file system can do
 *                                        (x exchange, h holes, f modes of fallocate, t O_TMPFILE, i directories
 *                                        that tell the inode numbers of hard links, - nothing)
 *
 * What may differ between file systems is not in the lines: sizes and link counts of directories, blocks, inode
 * numbers (but which of them are equal is), the order of directories, times (but those just set are).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define SLOTS 10
#define MAPS 8
#define BIG 90000

static const char *const NAMES[] = {
	"a", "b", "c", "e", "f0", "f1", "f2", "f3", "f4", "f5", "h1", "h2", "d0", "d1", "d0/a", "d0/b", "d0/d2",
	"d0/d2/c", "d1/a", "d1/h", "l0", "l1", "d1/l", "pd", "pd/x", "pd/y", "pd/q", "ls", "no/such", "a/b", "d0/../a",
	"./b", "f3/", "d0/", "l1/", "pd/.", "f4", "f5", "f4", "f5", "h1", "h2", "a", "b", "c", "e",
};
static const char *const TARGETS[] = { "a", "f4", "d0", "d0/a", "../f5", "l0", "l1", "h2", "pd/x", "nowhere", ".", ".." };
#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

static uint64_t state;
static const char *features;
static int slots[SLOTS];
static unsigned char bytes[BIG];

/* A mapping; `fd` keeps the file, to know where it ends. */
static struct map {
	unsigned char *at;
	size_t pages;
	off_t offset;
	int prot, shared, fd;
} maps[MAPS];

/* Lines, kept until they are many: a call for each would be another test. */
static char lines[1 << 16];
static size_t filled;

static void flush(void)
{
	for (size_t done = 0; done < filled;) {
		ssize_t n = write(1, lines + done, filled - done);
		if (n <= 0)
			_exit(99);
		done += (size_t)n;
	}
	filled = 0;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;
	if (sizeof lines - filled < 1024)
		flush();
	va_start(args, format);
	filled += (size_t)vsnprintf(lines + filled, 1024, format, args);
	va_end(args);
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled". */
static uint32_t any(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)(state * 2685821657736338717ull >> 32);
}

static int below(int limit)
{
	return (int)(any() % (uint32_t)limit);
}

static int chance(int in)
{
	return below(in) == 0;
}

static int can(char what)
{
	return strchr(features, what) != NULL;
}

static uint32_t hash(const void *data, size_t length)
{
	const unsigned char *at = data;
	uint32_t sum = 2166136261u;
	for (size_t i = 0; i < length; i++)
		sum = (sum ^ at[i]) * 16777619u;
	return sum;
}

static const char *name(void)
{
	return NAMES[below(COUNT(NAMES))];
}

/* A length or an offset: nothing, little, about a page, about a chunk of 64 KiB, anything. */
static int length(void)
{
	switch (below(8)) {
	case 0:
		return 0;
	case 1:
	case 2:
		return below(100);
	case 3:
		return PAGE * below(5);
	case 4:
		return PAGE * below(5) + below(3) + PAGE - 1;
	case 5:
		return 65536 + below(9) - 4;
	default:
		return below(20000);
	}
}

static void pattern(size_t count)
{
	uint32_t seed = any();
	for (size_t i = 0; i < count; i++) {
		seed = seed * 1664525u + 1013904223u;
		bytes[i] = (unsigned char)(seed >> 24);
	}
}

static long result(long value)
{
	return value < 0 ? -errno : value;
}

/* A descriptor: one that is open, if any is. */
static int slot(void)
{
	int at = below(SLOTS);
	for (int i = 0; i < SLOTS - 1 && slots[at] < 0; i++)
		at = (at + 1) % SLOTS;
	return slots[at];
}

/* Puts a descriptor away; the one that was there is closed. */
static void keep(int fd)
{
	int at = below(SLOTS);
	if (fd < 0)
		return;
	if (slots[at] >= 0)
		close(slots[at]);
	slots[at] = fd;
}

static void say_stat(long failed, const struct stat *st)
{
	if (failed) {
		say(" %ld", result(failed));
		return;
	}
	say(" mode %o", st->st_mode);
	if (!S_ISDIR(st->st_mode))
		say(" size %ld nlink %ld", (long)st->st_size, (long)st->st_nlink);
}

/* Flags have numbers of their own on every architecture. */
static const struct {
	int flag;
	char letter;
} FLAGS[] = {
	{ O_CREAT, 'c' },     { O_EXCL, 'x' },	{ O_TRUNC, 't' },     { O_APPEND, 'a' }, { O_DIRECTORY, 'd' },
	{ O_NOFOLLOW, 'n' },  { O_NONBLOCK, 'b' }, { O_PATH, 'p' },
};

static void say_flags(int flags)
{
	say(" %c", "rwm?"[flags & O_ACCMODE]);
	for (int i = 0; i < COUNT(FLAGS); i++)
		if (flags & FLAGS[i].flag)
			say("%c", FLAGS[i].letter);
}

static const int MODES[] = { 0644, 0600, 0444, 0200, 0755, 0, 04755, 0666 };

static void do_open(void)
{
	const char *path = name();
	int flags = below(3), mode = MODES[below(COUNT(MODES))];
	if (chance(2))
		flags |= O_CREAT;
	if (chance(8))
		flags |= O_EXCL & -!!(flags & O_CREAT);
	if (chance(5))
		flags |= O_TRUNC & -((flags & O_ACCMODE) != O_RDONLY);
	if (chance(5))
		flags |= O_APPEND;
	if (chance(12))
		flags |= O_NOFOLLOW;
	if (chance(12))
		flags |= O_NONBLOCK;
	if (chance(12))
		flags = O_RDONLY | O_DIRECTORY;
	if (chance(25))
		flags = O_PATH;
	say("open %s", path);
	say_flags(flags);
	int fd = open(path, flags, mode);
	say(" %o = %ld", mode, result(fd));
	keep(fd);
}

static void do_tmpfile(void)
{
	const char *path = chance(2) ? "d0" : ".", *to = name();
	int fd = can('t') ? open(path, O_TMPFILE | O_RDWR, 0600) : -1;
	if (fd < 0)
		return;
	pattern(100);
	say("tmpfile %s = %d, write %ld", path, fd, result(write(fd, bytes, 100)));
	if (chance(2)) {
		char link[64];
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		say(", link %s = %ld", to, result(linkat(AT_FDCWD, link, AT_FDCWD, to, AT_SYMLINK_FOLLOW)));
	}
	keep(fd);
}

static void do_close(void)
{
	int at = below(SLOTS);
	say("close %d = %ld", slots[at], result(close(slots[at])));
	slots[at] = -1;
}

static void do_read(void)
{
	int fd = slot(), how = below(4), count = length(), offset = length();
	long got = 0;
	memset(bytes, 0xee, sizeof bytes);
	struct iovec vector[3] = { { bytes, (size_t)count / 3 }, { bytes + 30000, 0 }, { bytes + 30000, (size_t)count / 2 } };
	if (how == 0)
		got = read(fd, bytes, (size_t)count);
	else if (how == 1)
		got = pread(fd, bytes, (size_t)count, offset);
	else if (how == 2)
		got = readv(fd, vector, 3);
	else
		got = preadv(fd, vector, 3, offset);
	say("read%d %d %d @%d = %ld %08x", how, fd, count, offset, result(got), hash(bytes, sizeof bytes));
}

static void do_write(void)
{
	int fd = slot(), how = below(4), count = length(), offset = length();
	long got = 0;
	pattern((size_t)count);
	struct iovec vector[3] = { { bytes, (size_t)count / 3 }, { bytes, 0 }, { bytes + count / 3, (size_t)(count - count / 3) } };
	if (how == 0)
		got = write(fd, bytes, (size_t)count);
	else if (how == 1)
		got = pwrite(fd, bytes, (size_t)count, offset);
	else if (how == 2)
		got = writev(fd, vector, 3);
	else
		got = pwritev(fd, vector, 3, offset);
	say("write%d %d %d @%d = %ld", how, fd, count, offset, result(got));
}

static void do_seek(void)
{
	int fd = slot(), whence = below(can('h') ? 5 : 3), offset = length() - (chance(4) ? 5000 : 0);
	struct stat st;
	/* Positions in directories are the file system's own. */
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return;
	say("lseek %d %d %d = %ld", fd, offset, whence, result(lseek(fd, offset, whence)));
}

static void do_truncate(void)
{
	const char *path = name();
	int fd = slot(), size = length();
	if (chance(2))
		say("truncate %s %d = %ld", path, size, result(truncate(path, size)));
	else
		say("ftruncate %d %d = %ld", fd, size, result(ftruncate(fd, size)));
}

static void do_fallocate(void)
{
	int fd = slot(), offset = length(), size = length(), mode = 0, which = below(3);
	if (can('f') && which == 1)
		mode = FALLOC_FL_KEEP_SIZE;
	if (can('f') && which == 2)
		mode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
	say("fallocate %d %d %d %d = %ld", fd, mode, offset, size, result(fallocate(fd, mode, offset, size)));
}

static void do_rename(void)
{
	const char *from = name(), *to = name();
	unsigned flags = (unsigned)below(4);
	if (flags == 3 || (flags == RENAME_EXCHANGE && !can('x')))
		flags = 0;
	say("rename %s %s %u = %ld", from, to, flags, result(renameat2(AT_FDCWD, from, AT_FDCWD, to, flags)));
}

static void do_names(void)
{
	const char *path = name(), *to = name(), *target = TARGETS[below(COUNT(TARGETS))];
	char text[256];
	long got;
	switch (below(7)) {
	case 0:
		say("link %s %s = %ld", path, to, result(link(path, to)));
		break;
	case 1:
	case 2:
		say("unlink %s = %ld", path, result(unlink(path)));
		break;
	case 3:
		say("symlink %s %s = %ld", target, path, result(symlink(target, path)));
		break;
	case 4:
		got = readlink(path, text, sizeof text);
		say("readlink %s = %ld %.*s", path, result(got), got < 0 ? 0 : (int)got, text);
		break;
	case 5:
		say("mkdir %s = %ld", path, result(mkdir(path, 0755)));
		break;
	default:
		say("rmdir %s = %ld", path, result(rmdir(path)));
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void do_list(void)
{
	static const char *const DIRECTORIES[] = { ".", "d0", "d1", "pd", "d0/d2", "l0", "l1" };
	const char *path = DIRECTORIES[below(COUNT(DIRECTORIES))];
	char *names[64];
	int count = 0;
	DIR *dir = opendir(path);
	say("list %s", path);
	if (!dir) {
		say(" = %d", -errno);
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir)) && count < 64;) {
		struct stat st = { 0 };
		fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW);
		int right = entry->d_type == (st.st_mode >> 12 & 15) && entry->d_ino == st.st_ino;
		if (strcmp(entry->d_name, "..") == 0 || (st.st_nlink > 1 && !can('i')))
			right = 1;
		names[count] = malloc(300);
		snprintf(names[count++], 300, " %s:%d%s", entry->d_name, entry->d_type, right ? "" : "?");
	}
	closedir(dir);
	qsort(names, (size_t)count, sizeof *names, by_name);
	for (int i = 0; i < count; i++) {
		say("%s", names[i]);
		free(names[i]);
	}
}

static void do_stat(void)
{
	const char *path = name();
	int fd = slot();
	struct stat st, other;
	switch (below(4)) {
	case 0:
		say("stat %s", path);
		say_stat(stat(path, &st), &st);
		break;
	case 1:
		say("lstat %s", path);
		say_stat(lstat(path, &st), &st);
		break;
	case 2:
		say("fstat %d", fd);
		say_stat(fstat(fd, &st), &st);
		break;
	default:
		say("same %s %d", path, fd);
		if (stat(path, &st) == 0 && fstat(fd, &other) == 0)
			say(" %d", st.st_ino == other.st_ino && st.st_dev == other.st_dev);
	}
}

static void do_mode(void)
{
	const char *path = name();
	int fd = slot(), mode = MODES[below(COUNT(MODES))];
	struct timespec times[2] = { { 1000000 + below(1000000), 0 }, { 1000000 + below(1000000), 0 } };
	struct stat st;
	switch (below(6)) {
	case 0:
		/* Directories stay open to all that follows. */
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			mode = 0755;
		say("chmod %s %o = %ld", path, mode, result(chmod(path, (mode_t)mode)));
		break;
	case 1:
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			mode = 0755;
		say("fchmod %d %o = %ld", fd, mode, result(fchmod(fd, (mode_t)mode)));
		break;
	case 2:
	case 3:
		mode = below(8);
		say("access %s %d = %ld", path, mode, result(access(path, mode)));
		break;
	case 4:
		say("utimensat %s = %ld", path, result(utimensat(AT_FDCWD, path, times, 0)));
		if (stat(path, &st) == 0 && st.st_mtime < 3000000)
			say(" %ld", (long)st.st_mtime);
		break;
	default:
		say("futimens %d = %ld", fd, result(futimens(fd, times)));
		if (fstat(fd, &st) == 0 && st.st_mtime < 3000000)
			say(" %ld", (long)st.st_mtime);
	}
}

static void do_descriptor(void)
{
	int fd = slot(), flags = below(2) * O_APPEND | below(2) * O_NONBLOCK, at = below(SLOTS);
	int got;
	switch (below(4)) {
	case 0:
		got = dup(fd);
		say("dup %d = %ld", fd, result(got));
		keep(got);
		break;
	case 1:
		if (slots[at] < 0)
			break;
		say("dup2 %d %d = %ld", fd, slots[at], result(dup2(fd, slots[at])));
		break;
	case 2:
		got = fcntl(fd, F_GETFL);
		say("getfl %d =", fd);
		if (got < 0)
			say(" %d", -errno);
		else
			say_flags(got & ~O_TRUNC);
		break;
	default:
		say("setfl %d", fd);
		say_flags(flags);
		say(" = %ld", result(fcntl(fd, F_SETFL, flags)));
	}
}

static void do_copy(void)
{
	int in = slot(), out = slot(), count = length(), how = below(3);
	off_t from = length(), to = length(), *fromp = chance(2) ? &from : NULL, *top = chance(2) ? &to : NULL;
	struct stat source, target;
	long got;
	/* What a pipe holds of a file that it is written to is undefined. */
	if (how > 0 && fstat(in, &source) == 0 && fstat(out, &target) == 0 && source.st_ino == target.st_ino)
		return;
	if (how == 0) {
		got = copy_file_range(in, fromp, out, top, (size_t)count, 0);
		say("copy_file_range %d %d %d = %ld, %ld %ld", in, out, count, result(got), (long)from, (long)to);
	} else if (how == 1) {
		got = sendfile(out, in, fromp, (size_t)count);
		say("sendfile %d %d %d = %ld, %ld", in, out, count, result(got), (long)from);
	} else {
		int ends[2];
		long in_pipe;
		if (pipe(ends) < 0)
			return;
		count %= 60000;
		in_pipe = splice(in, fromp, ends[1], NULL, (size_t)count, SPLICE_F_NONBLOCK);
		say("splice %d %d = %ld, %ld", in, count, result(in_pipe), (long)from);
		if (in_pipe > 0) {
			got = splice(ends[0], NULL, out, top, (size_t)in_pipe, SPLICE_F_NONBLOCK);
			say(", %ld %ld", result(got), (long)to);
		}
		close(ends[0]);
		close(ends[1]);
	}
}

static sigjmp_buf back;
static volatile int caught;

static void handler(int signal)
{
	caught = signal;
	siglongjmp(back, 1);
}

/* The hash of a page, or the signal that looking at it gives. */
static void say_page(const unsigned char *page)
{
	if (sigsetjmp(back, 1))
		say(" %s", caught == SIGBUS ? "bus" : "segv");
	else
		say(" %08x", hash(page, PAGE));
}

static void do_map(void)
{
	struct map *map = &maps[below(MAPS)];
	int fd = slot(), shared = below(2), prot = below(4), pages = 1 + below(4);
	off_t offset = (off_t)PAGE * (chance(2) ? 0 : below(20));
	if (map->at) {
		munmap(map->at, map->pages * PAGE);
		close(map->fd);
		map->at = NULL;
	}
	void *at = mmap(NULL, (size_t)pages * PAGE, prot, shared ? MAP_SHARED : MAP_PRIVATE, fd, offset);
	say("mmap %d %s prot %d pages %d @%ld = %d", fd, shared ? "shared" : "private", prot, pages, (long)offset,
	    at == MAP_FAILED ? -errno : 0);
	if (at != MAP_FAILED)
		*map = (struct map){ at, (size_t)pages, offset, prot, shared, dup(fd) };
}

static struct map *some_map(void)
{
	int first = below(MAPS);
	for (int i = 0; i < MAPS; i++)
		if (maps[(first + i) % MAPS].at)
			return &maps[(first + i) % MAPS];
	return NULL;
}

/* Where to store: inside the file, or in a page that is wholly behind it. What lies between is nobody's. */
static unsigned char *storable(struct map *map, int page, int at)
{
	struct stat st;
	long left;
	if (fstat(map->fd, &st) < 0)
		return NULL;
	left = (long)st.st_size - (long)map->offset - (long)page * PAGE;
	if (left > 0 && at >= left)
		at = (int)left - 1;
	return map->at + page * PAGE + at;
}

static void do_touch(void)
{
	struct map *map = some_map();
	int what = below(12), at = below(PAGE), value = below(256), protection = below(4);
	if (!map)
		return;
	int page = below((int)map->pages), number = (int)(map - maps);
	unsigned char *place;
	switch (what) {
	default:
		say("load %d %d", number, page);
		say_page(map->at + page * PAGE);
		break;
	case 5:
	case 6:
	case 7:
		place = storable(map, page, at);
		if (!place)
			break;
		say("store %d +%ld", number, (long)(place - map->at));
		if (sigsetjmp(back, 1))
			say(" %s", caught == SIGBUS ? "bus" : "segv");
		else
			*(volatile unsigned char *)place = (unsigned char)value;
		break;
	case 8:
		say("msync %d = %ld", number, result(msync(map->at, map->pages * PAGE, chance(2) ? MS_SYNC : MS_ASYNC)));
		break;
	case 9:
		say("mprotect %d %d = %ld", number, protection, result(mprotect(map->at, map->pages * PAGE, protection)));
		break;
	case 10:
		if (map->pages > 1 && value & 1) {
			say("munmap %d page = %ld", number, result(munmap(map->at, PAGE)));
			map->at += PAGE;
			map->pages--;
			map->offset += PAGE;
			break;
		}
		say("munmap %d = %ld", number, result(munmap(map->at, map->pages * PAGE)));
		close(map->fd);
		map->at = NULL;
		break;
	case 11:
		say("madvise %d = %ld", number, result(madvise(map->at, map->pages * PAGE, MADV_DONTNEED)));
	}
}

/* A child shares offsets and shared mappings, and has private ones of its own. */
static void do_fork(void)
{
	int fd = slot(), count = below(200), value = below(256), status = 0;
	struct map *map = some_map();
	unsigned char *place = map ? storable(map, 0, 7) : NULL;
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return;
	flush();
	pid_t child = fork();
	if (child == 0) {
		int sum = (int)read(fd, bytes, (size_t)count);
		sum += (int)write(fd, bytes, (size_t)count);
		if (place) {
			if (sigsetjmp(back, 1))
				sum += caught;
			else {
				sum += *(volatile unsigned char *)place;
				*(volatile unsigned char *)place = (unsigned char)value;
			}
		}
		_exit(sum & 127);
	}
	waitpid(child, &status, 0);
	say("fork %d %d: %d, at %ld", fd, count, status >> 8, result(lseek(fd, 0, SEEK_CUR)));
	if (map)
		say_page(map->at);
}

/* What git does to its config: written as another file and renamed, again and again, and mapped each time. */
static void do_replace(void)
{
	int rounds = 1 + below(4), size = chance(2) ? 100 : length();
	const char *path = chance(2) ? "d1/r" : "r";
	for (int i = 0; i < rounds; i++) {
		int fd = open("r.lock", O_CREAT | O_EXCL | O_RDWR, 0444);
		pattern((size_t)size);
		say("%sreplace %s = %d %ld", i ? "; " : "", path, fd, result(write(fd, bytes, (size_t)size)));
		if (chance(3))
			say(" chmod %ld", result(fchmod(fd, 0644)));
		close(fd);
		say(" rename %ld", result(rename("r.lock", path)));
		unlink("r.lock");
		fd = open(path, O_RDONLY);
		void *at = mmap(NULL, size ? (size_t)size : 1, PROT_READ, chance(2) ? MAP_PRIVATE : MAP_SHARED, fd, 0);
		if (at != MAP_FAILED) {
			if (size)
				say(" %08x", hash(at, (size_t)size));
			munmap(at, size ? (size_t)size : 1);
		}
		keep(fd);
	}
}

/* Many files of one size and one time, whose inode numbers come back. */
static void do_churn(void)
{
	uint32_t sum = 0;
	int rounds = 2 + below(10);
	for (int i = 0; i < rounds; i++) {
		int fd = open("churn", O_CREAT | O_TRUNC | O_RDWR, 0600);
		pattern(64);
		if (write(fd, bytes, 64) != 64)
			sum++;
		unsigned char *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
		if (at != MAP_FAILED) {
			sum = sum * 31 + (memcmp(at, bytes, 64) == 0);
			munmap(at, PAGE);
		}
		close(fd);
		if (chance(2))
			unlink("churn");
	}
	say("churn %d = %u", rounds, sum);
}

static void do_sync(void)
{
	int fd = slot();
	if (chance(2))
		say("fsync %d = %ld", fd, result(fsync(fd)));
	else
		say("fdatasync %d = %ld", fd, result(fdatasync(fd)));
}

/* All that is to be seen, whatever was done to it. */
static void do_everything(void)
{
	static const char *const ALL[] = { "a", "b", "c", "e", "f3", "f4", "f5", "h1", "h2", "d0/a", "d1/a", "pd/x", "r" };
	say("all");
	for (int i = 0; i < COUNT(ALL); i++) {
		struct stat st;
		int fd = open(ALL[i], O_RDONLY | O_NONBLOCK);
		if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
			say(" -");
		} else {
			long got = read(fd, bytes, sizeof bytes);
			uint32_t sum = hash(bytes, got > 0 ? (size_t)got : 0);
			void *at = mmap(NULL, sizeof bytes, PROT_READ, MAP_PRIVATE, fd, 0);
			say(" %ld:%08x%s", got, sum, at != MAP_FAILED && got > 0 && hash(at, (size_t)got) == sum ? "" : "!");
			if (at != MAP_FAILED)
				munmap(at, sizeof bytes);
		}
		if (fd >= 0)
			close(fd);
	}
	for (int i = 0; i < MAPS; i++)
		for (size_t page = 0; maps[i].at && page < maps[i].pages; page++)
			say_page(maps[i].at + page * PAGE);
}

static void (*const OPERATIONS[])(void) = {
	do_open,     do_open,  do_open,	 do_open,  do_close, do_read,  do_read,	 do_write,	do_write,      do_seek,
	do_truncate, do_rename, do_names, do_names, do_names, do_list, do_stat,	 do_stat,	do_mode,       do_descriptor,
	do_copy,     do_map,   do_map,	 do_touch, do_touch, do_touch, do_fork,	 do_fallocate,	do_replace,    do_churn,
	do_sync,     do_tmpfile,
};

static void must(long value, const char *what)
{
	if (value >= 0)
		return;
	perror(what);
	exit(98);
}

static void make(const char *path, int size)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0644);
	must(fd, path);
	pattern((size_t)size);
	must(write(fd, bytes, (size_t)size) - size, path);
	close(fd);
}

static void fill(void)
{
	static const int SIZES[] = { 0, 1, PAGE - 1, PAGE, 70000, 81920 };
	state = 88172645463325252ull;
	for (int i = 0; i < COUNT(SIZES); i++) {
		char path[] = { 'f', (char)('0' + i), 0 };
		make(path, SIZES[i]);
	}
	make("h1", 5000);
	must(link("h1", "h2"), "h2");
	must(mkdir("d0", 0755), "d0");
	must(mkdir("d1", 0755), "d1");
	must(mkdir("pd", 0755), "pd");
	must(link("h1", "d1/h"), "d1/h");
	make("pd/x", 300);
	make("pd/y", PAGE * 3);
	must(symlink("f4", "l0"), "l0");
	must(symlink("pd", "l1"), "l1");
	must(symlink("nowhere", "ls"), "ls");
}

/* The folder to work in may have to be made, as in a fresh /tmp. */
static void enter(const char *path)
{
	char part[256];
	for (const char *at = path + 1; (at = strchr(at, '/')); at++) {
		snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
		mkdir(part, 0755);
	}
	mkdir(path, 0755);
	must(chdir(path), path);
}

int main(int argc, char **argv)
{
	/* What was inherited would take numbers of descriptors. */
	for (int fd = 3; fd < 100; fd++)
		close(fd);
	umask(022);
	if (argc < 3) {
		fprintf(stderr, "exercise fill DIR | run DIR SEED COUNT WHAT\n");
		return 97;
	}
	enter(argv[2]);
	if (strcmp(argv[1], "fill") == 0) {
		fill();
		return 0;
	}
	if (access("f0", F_OK) < 0)
		fill();
	if (argc < 6)
		return 97;
	state = strtoull(argv[3], NULL, 10) * 0x9e3779b97f4a7c15ull + 1;
	features = argv[5];
	for (int i = 0; i < SLOTS; i++)
		slots[i] = -1;
	signal(SIGBUS, handler);
	signal(SIGSEGV, handler);
	for (int i = 0, count = atoi(argv[4]); i < count; i++) {
		size_t before = filled;
		say("%d ", i);
		size_t start = filled;
		if (i % 50 == 49)
			do_everything();
		else
			OPERATIONS[below(COUNT(OPERATIONS))]();
		/* What came to nothing has no line, but for fork, which has written the number. */
		if (filled == start && start > before)
			filled = before;
		else
			say("\n");
	}
	flush();
	return 0;
}
