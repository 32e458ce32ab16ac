// truncate(2), ftruncate, fallocate, holes with SEEK_HOLE and SEEK_DATA.
#include "../tap.h"
#include <fcntl.h>
#include <sys/stat.h>

#define MIB (1 << 20)

int main(void)
{
	struct stat st;
	char c = 'x';
	int fd = must(open("/tmp", O_TMPFILE | O_RDWR, 0600));
	is(ftruncate(fd, 10L * MIB), 0, "grow");
	fstat(fd, &st);
	is(st.st_size, 10L * MIB, "size");
	ok(st.st_blocks < 100, "no blocks");
	is(pwrite(fd, &c, 1, 4 * MIB), 1, "one byte in the middle");
	is(pread(fd, &c, 1, 5 * MIB), 1, "a hole can be read");
	is(c, 0, "as zero");
	long data = lseek(fd, 0, SEEK_DATA), hole = lseek(fd, 4 * MIB, SEEK_HOLE);
	ok(data <= 4 * MIB, "SEEK_DATA comes before the data");
	ok(hole > 4 * MIB && hole <= 10L * MIB, "SEEK_HOLE behind it");
	fails(lseek(fd, 10L * MIB, SEEK_DATA), ENXIO, "SEEK_DATA at the end");
	is(ftruncate(fd, 3), 0, "shrink");
	is(pread(fd, &c, 1, 3), 0, "end of file");
	is(ftruncate(fd, 5 * MIB), 0, "grow again");
	is(pread(fd, &c, 1, 4 * MIB), 1, "what was cut");
	is(c, 0, "is zero");
	fails(ftruncate(fd, -1), EINVAL, "a negative length");
	int ro = must(open("/proc/self/exe", O_RDONLY));
	fails(ftruncate(ro, 0), EINVAL, "a descriptor that is not writable");
	int result = fallocate(fd, 0, 0, 8 * MIB);
	if (result == -1 && errno == EOPNOTSUPP) {
		skip("fallocate", "not on this file system");
	} else {
		is(result, 0, "fallocate");
		fstat(fd, &st);
		is(st.st_size, 8 * MIB, "grows the file");
		is(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 9 * MIB), 0, "FALLOC_FL_KEEP_SIZE");
		fstat(fd, &st);
		is(st.st_size, 8 * MIB, "does not");
		c = 'y';
		pwrite(fd, &c, 1, MIB + 10);
		is(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, MIB, 4096), 0, "FALLOC_FL_PUNCH_HOLE");
		pread(fd, &c, 1, MIB + 10);
		is(c, 0, "zeroes");
		fails(fallocate(fd, 0, 0, 0), EINVAL, "of no length");
	}
	fails(truncate("/tmp/no such file", 0), ENOENT, "truncate of nothing");
	fails(truncate("/tmp", 0), EISDIR, "of a directory");
	is(lseek(fd, 100L << 30, SEEK_SET), 100L << 30, "lseek far behind the end");
	fails(lseek(fd, -1, SEEK_SET), EINVAL, "to a negative offset");
	fails(lseek(fd, 0, 99), EINVAL, "unknown whence");
	return done();
}
