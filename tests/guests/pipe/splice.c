// splice(2), tee(2), vmsplice(2).
#include "../tap.h"
#include <fcntl.h>
#include <sys/uio.h>

int main(void)
{
	int a[2], b[2];
	char buffer[16] = "";
	must(pipe(a)), must(pipe(b));
	int fd = must(open("f", O_CREAT | O_RDWR | O_TRUNC, 0600));
	write(fd, "0123456789", 10);
	off_t offset = 2;
	is(splice(fd, &offset, a[1], 0, 5, 0), 5, "from a file into a pipe");
	is(offset, 7, "moves the offset");
	is(tee(a[0], b[1], 3, 0), 3, "tee");
	is(read(b[0], buffer, 16), 3, "copies");
	ok(memcmp(buffer, "234", 3) == 0, "the bytes");
	is(splice(a[0], 0, b[1], 0, 100, 0), 5, "between pipes, and tee took nothing away");
	lseek(fd, 0, SEEK_END);
	is(splice(b[0], 0, fd, 0, 100, 0), 5, "into a file");
	pread(fd, buffer, 16, 0);
	ok(memcmp(buffer, "012345678923456", 15) == 0, "at its offset");
	struct iovec vector = { "vm", 2 };
	is(vmsplice(a[1], &vector, 1, 0), 2, "vmsplice");
	read(a[0], buffer, 16);
	ok(memcmp(buffer, "vm", 2) == 0, "gives memory to a pipe");
	fails(splice(a[0], 0, b[1], 0, 1, SPLICE_F_NONBLOCK), EAGAIN, "SPLICE_F_NONBLOCK");
	fails(splice(fd, 0, fd, 0, 1, 0), EINVAL, "one side must be a pipe");
	fails(splice(a[0], &offset, b[1], 0, 1, 0), ESPIPE, "a pipe has no offset");
	fails(tee(fd, a[1], 1, 0), EINVAL, "tee wants pipes");
	close(a[1]);
	is(splice(a[0], 0, fd, 0, 100, 0), 0, "end of file");
	return done();
}
