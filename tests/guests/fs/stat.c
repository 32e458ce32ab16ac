// stat family and statx(2): fields, flags, times of change.
#include "../tap.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <time.h>

int main(void)
{
	struct stat st, later;
	struct statx stx;
	int fd = must(open("f", O_CREAT | O_RDWR, 0640));
	write(fd, "12345", 5);
	is(fstat(fd, &st), 0, "fstat");
	is(st.st_mode, S_IFREG | 0640, "mode");
	is(st.st_size, 5, "size");
	ok(st.st_blksize >= 512, "block size");
	is(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS | STATX_BTIME, &stx), 0, "statx");
	is(stx.stx_size, 5, "its size");
	is(stx.stx_ino, st.st_ino, "its inode");
	is(stx.stx_mode, st.st_mode, "its mode");
	is(stx.stx_mtime.tv_sec, st.st_mtim.tv_sec, "its time");
	is(makedev(stx.stx_dev_major, stx.stx_dev_minor), st.st_dev, "its device");
	ok((stx.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS, "its mask");
	is(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &stx), 0, "AT_EMPTY_PATH");
	fails(statx(AT_FDCWD, "", 0, STATX_SIZE, &stx), ENOENT, "an empty path without it");
	fails(statx(AT_FDCWD, "f", 0x40000000, STATX_SIZE, &stx), EINVAL, "unknown flags");
	must(symlink("f", "link"));
	is(fstatat(AT_FDCWD, "link", &st, AT_SYMLINK_NOFOLLOW), 0, "fstatat");
	ok(S_ISLNK(st.st_mode), "AT_SYMLINK_NOFOLLOW");
	is(stat("/dev/null", &st), 0, "/dev/null");
	ok(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3), "is character device 1:3");
	struct timespec before, times[2] = { { 1000, 5 }, { 2000, 999999999 } };
	fstat(fd, &st);
	usleep(20000);
	is(write(fd, "6", 1), 1, "a write");
	fstat(fd, &later);
	ok(later.st_mtim.tv_sec > st.st_mtim.tv_sec || later.st_mtim.tv_nsec > st.st_mtim.tv_nsec, "moves mtime");
	before = later.st_ctim;
	usleep(20000);
	is(chmod("f", 0600), 0, "chmod");
	stat("f", &st);
	ok(st.st_ctim.tv_sec > before.tv_sec || st.st_ctim.tv_nsec > before.tv_nsec, "moves ctime");
	is(st.st_mtim.tv_nsec, later.st_mtim.tv_nsec, "not mtime");
	is(utimensat(AT_FDCWD, "f", times, 0), 0, "utimensat");
	stat("f", &st);
	is(st.st_atim.tv_sec, 1000, "atime");
	is(st.st_atim.tv_nsec, 5, "in nanoseconds");
	is(st.st_mtim.tv_nsec, 999999999, "mtime too");
	times[0].tv_nsec = UTIME_OMIT, times[1].tv_nsec = UTIME_NOW;
	is(futimens(fd, times), 0, "UTIME_OMIT and UTIME_NOW");
	stat("f", &st);
	is(st.st_atim.tv_sec, 1000, "leave one");
	ok(st.st_mtim.tv_sec >= before.tv_sec, "and set the other to now");
	times[0].tv_nsec = 1000000000;
	fails(futimens(fd, times), EINVAL, "a bad time");
	struct statfs fs;
	is(statfs(".", &fs), 0, "statfs");
	ok(fs.f_bsize > 0 && fs.f_blocks > 0 && fs.f_namelen == 255, "has plausible fields");
	struct stat directory;
	stat(".", &directory);
	usleep(20000);
	close(must(open("new", O_CREAT | O_RDWR, 0600)));
	stat(".", &st);
	ok(st.st_mtim.tv_sec > directory.st_mtim.tv_sec || st.st_mtim.tv_nsec > directory.st_mtim.tv_nsec,
	   "a new name moves the directory's mtime");
	return done();
}
