// read and write in all their forms: p, v, pv, at offsets, O_APPEND, zero length, on bad descriptors.
#include "../tap.h"
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

int main(void)
{
	char a[8] = "", b[8] = "";
	int fd = must(open("f", O_CREAT | O_RDWR | O_TRUNC, 0644));
	struct iovec out[3] = { { "one", 3 }, { "", 0 }, { "two", 3 } }, in[2] = { { a, 2 }, { b, 7 } };
	is(writev(fd, out, 3), 6, "writev");
	is(lseek(fd, 0, SEEK_SET), 0, "lseek");
	is(readv(fd, in, 2), 6, "readv");
	ok(strcmp(a, "on") == 0 && strcmp(b, "etwo") == 0, "fills one buffer after the other");
	is(pread(fd, a, 3, 3), 3, "pread");
	ok(memcmp(a, "two", 3) == 0, "at its offset");
	is(lseek(fd, 0, SEEK_CUR), 6, "leaves the offset alone");
	is(pwrite(fd, "TW", 2, 3), 2, "pwrite");
	is(preadv(fd, in, 2, 1), 5, "preadv");
	ok(memcmp(b, "TWo", 3) == 0, "reads what was written");
	is(pwritev(fd, out, 1, 10), 3, "pwritev behind the end");
	is(pread(fd, a, 1, 8), 1, "the gap");
	is(a[0], 0, "is zero");
	is(read(fd, a, 0), 0, "read of nothing");
	is(write(fd, a, 0), 0, "write of nothing");
	lseek(fd, 100, SEEK_SET);
	is(read(fd, a, 1), 0, "read behind the end");
	fails(pread(fd, a, 1, -1), EINVAL, "a negative offset");
	fails(readv(fd, in, -1), EINVAL, "a negative count");
	fails(readv(fd, in, 1025), EINVAL, "more than IOV_MAX");
	fails(read(999, a, 1), EBADF, "a bad descriptor");
	fails(write(-1, a, 1), EBADF, "-1");
	int fds[2];
	must(pipe(fds));
	fails(pread(fds[0], a, 1, 0), ESPIPE, "pread of a pipe");
	fails(lseek(fds[0], 0, SEEK_SET), ESPIPE, "lseek of a pipe");
	off_t offset = 0;
	is(sendfile(fds[1], fd, &offset, 6), 6, "sendfile to a pipe");
	is(offset, 6, "moves its offset");
	is(read(fds[0], a, 8), 6, "the bytes are there");
	lseek(fd, 0, SEEK_SET);
	is(sendfile(fds[1], fd, 0, 3), 3, "sendfile without offset");
	is(lseek(fd, 0, SEEK_CUR), 3, "moves the file's");
	int copy = must(open("copy", O_CREAT | O_RDWR | O_TRUNC, 0644));
	off_t from = 0;
	is(copy_file_range(fd, &from, copy, 0, 6, 0), 6, "copy_file_range");
	is(pread(copy, a, 8, 0), 6, "copies");
	ok(memcmp(a, "oneTWo", 6) == 0, "the bytes");
	int append = must(open("f", O_WRONLY | O_APPEND));
	is(pwrite(append, "z", 1, 0), 1, "pwrite with O_APPEND");
	is(lseek(append, 0, SEEK_END), 14, "appends all the same, as Linux does");
	is(preadv2(fd, in, 1, 0, 0), 2, "preadv2");
	fails(preadv2(fd, in, 1, 0, 0x8000), EOPNOTSUPP, "unknown flags");
	return done();
}
