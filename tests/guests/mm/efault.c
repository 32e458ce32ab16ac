// System calls check the memory they are given: EFAULT, and partial results where a part could be done.
#include "../tap.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

int main(void)
{
	char *p = mmap(0, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(p + 4096, 4096);
	int fds[2];
	must(pipe(fds));
	fails(write(fds[1], p + 4096, 1), EFAULT, "write from nowhere");
	is(write(fds[1], p + 4000, 96), 96, "write up to the edge");
	fails(read(fds[0], p + 4096, 1), EFAULT, "read to nowhere");
	is(read(fds[0], p, 200), 96, "the bytes are still there");
	strcpy(p + 4092, "abc");
	fails(open(p + 4092, O_RDONLY), ENOENT, "a path that ends at the edge");
	memset(p + 4092, 'a', 4);
	fails(open(p + 4092, O_RDONLY), EFAULT, "a path that runs over it");
	fails(open((char *)8, O_RDONLY), EFAULT, "a path at a small address");
	struct stat *st = (struct stat *)(p + 4096 - 8);
	fails(fstat(0, st), EFAULT, "a structure across the edge");
	fails(pipe((int *)(p + 4092)), EFAULT, "pipe");
	mprotect(p, 4096, PROT_READ);
	must(write(fds[1], "x", 1));
	fails(read(fds[0], p, 1), EFAULT, "read into a read-only page");
	struct iovec vector[2] = { { "ab", 2 }, { (void *)8, 2 } };
	int file = must(open("/tmp", O_TMPFILE | O_RDWR, 0600));
	is(writev(file, vector, 2), 2, "writev to a file stops where memory ends");
	fails(readv(fds[0], (void *)8, 1), EFAULT, "a bad iovec");
	fails(nanosleep((void *)8, 0), EFAULT, "nanosleep");
	return done();
}
