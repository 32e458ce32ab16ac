// Descriptors: dup, dup2, dup3, F_DUPFD, close-on-exec, lowest free number, close_range.
#include "../tap.h"
#include <fcntl.h>
#include <sys/syscall.h>

int main(void)
{
	int fd = must(open("/dev/null", O_RDWR));
	int low = dup(fd);
	is(low, fd + 1, "dup takes the lowest free number");
	close(fd);
	is(dup(low), fd, "which a close gives back");
	is(dup2(fd, 50), 50, "dup2");
	is(dup2(50, 50), 50, "onto itself");
	fails(dup3(50, 50, 0), EINVAL, "dup3 refuses that");
	is(dup3(fd, 51, O_CLOEXEC), 51, "dup3");
	is(fcntl(51, F_GETFD), FD_CLOEXEC, "with O_CLOEXEC");
	is(fcntl(50, F_GETFD), 0, "dup2 clears it");
	is(fcntl(fd, F_DUPFD, 60), 60, "F_DUPFD");
	is(fcntl(fd, F_DUPFD, 60), 61, "the next free one");
	is(fcntl(fd, F_DUPFD_CLOEXEC, 60), 62, "F_DUPFD_CLOEXEC");
	is(fcntl(62, F_GETFD), FD_CLOEXEC, "is close-on-exec");
	fails(dup(999), EBADF, "dup of a bad descriptor");
	fails(dup2(fd, -1), EBADF, "dup2 to -1");
	fails(dup3(fd, 70, 1), EINVAL, "dup3 with unknown flags");
	fails(close(999), EBADF, "close of a bad descriptor");
	is(fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND), 0, "F_SETFL");
	is(fcntl(50, F_GETFL) & (O_NONBLOCK | O_APPEND | O_ACCMODE), O_NONBLOCK | O_APPEND | O_RDWR, "is shared by duplicates");
	is(fcntl(fd, F_SETFD, FD_CLOEXEC), 0, "F_SETFD");
	is(fcntl(50, F_GETFD), 0, "is not");
	fails(fcntl(fd, 12345), EINVAL, "unknown command");
	long result = syscall(SYS_close_range, 60, ~0U, 0);
	if (result == -1 && errno == ENOSYS) {
		skip("close_range", "not known here");
	} else {
		is(result, 0, "close_range");
		fails(fcntl(61, F_GETFD), EBADF, "closes all from there");
		is(fcntl(51, F_GETFD), FD_CLOEXEC, "and none below");
		is(syscall(SYS_close_range, 50, 51, 4 /* CLOSE_RANGE_CLOEXEC */), 0, "CLOSE_RANGE_CLOEXEC");
		is(fcntl(50, F_GETFD), FD_CLOEXEC, "only marks");
	}
	return done();
}
