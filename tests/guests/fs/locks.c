// Locks: flock(2), POSIX record locks with deadlock detection, open file description locks.
#include "../tap.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

static int lock(int fd, int command, int type, off_t start, off_t length)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
	return fcntl(fd, command, &l);
}

static int in_child(int (*function)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(function());
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int fd;

static int try_posix(void)
{
	return lock(fd, F_SETLK, F_WRLCK, 5, 1) == 0 ? 0 : errno;
}

static int try_flock(void)
{
	int other = open("f", O_RDWR);
	return flock(other, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
}

static int who(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	fcntl(fd, F_GETLK, &l);
	return l.l_type == F_WRLCK && l.l_pid == getppid() && l.l_start == 0 && l.l_len == 10;
}

static int waits(void)
{
	return lock(fd, F_SETLKW, F_WRLCK, 0, 1) == 0 ? 5 : errno;
}

int main(void)
{
	fd = must(open("f", O_CREAT | O_RDWR, 0600));
	is(lock(fd, F_SETLK, F_WRLCK, 0, 10), 0, "a write lock");
	is(in_child(try_posix), EAGAIN, "another process cannot have it");
	is(in_child(who), 1, "but can ask who holds it");
	is(lock(fd, F_SETLK, F_UNLCK, 4, 3), 0, "unlocking a part");
	is(in_child(try_posix), 0, "splits it");
	is(lock(fd, F_SETLK, F_RDLCK, 0, 0), 0, "to the end of the file");
	close(open("f", O_RDWR));
	is(in_child(try_posix), 0, "closing any descriptor of the file drops all");
	lock(fd, F_SETLK, F_WRLCK, 0, 1);
	pid_t pid = fork();
	int status;
	if (pid == 0)
		_exit(waits());
	usleep(30000);
	is(waitpid(pid, &status, WNOHANG), 0, "F_SETLKW waits");
	lock(fd, F_SETLK, F_UNLCK, 0, 1);
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 5, "and gets it");
	int ready[2];
	must(pipe(ready));
	lock(fd, F_SETLK, F_WRLCK, 0, 1);
	pid = fork();
	if (pid == 0) {
		lock(fd, F_SETLK, F_WRLCK, 1, 1);
		write(ready[1], "x", 1);
		_exit(waits());
	}
	char c;
	read(ready[0], &c, 1);
	usleep(30000);
	fails(lock(fd, F_SETLKW, F_WRLCK, 1, 1), EDEADLK, "a deadlock is told");
	lock(fd, F_SETLK, F_UNLCK, 0, 1);
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 5, "the other goes on");
	is(flock(fd, LOCK_EX), 0, "flock");
	is(in_child(try_flock), EWOULDBLOCK, "belongs to the open file");
	int duplicate = dup(fd);
	is(flock(duplicate, LOCK_SH), 0, "a duplicate is the same");
	is(in_child(try_flock), EWOULDBLOCK, "shared excludes exclusive");
	flock(duplicate, LOCK_UN);
	is(in_child(try_flock), 0, "unlocking through the duplicate");
	int second = must(open("f", O_RDWR));
	is(lock(fd, F_OFD_SETLK, F_WRLCK, 20, 5), 0, "an open file description lock");
	fails(lock(second, F_OFD_SETLK, F_WRLCK, 20, 1), EAGAIN, "excludes another of the same process");
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 20, .l_len = 1 };
	fcntl(second, F_OFD_GETLK, &l);
	is(l.l_pid, -1, "and has no process");
	int read_only = must(open("f", O_RDONLY));
	fails(lock(read_only, F_SETLK, F_WRLCK, 50, 1), EBADF, "a write lock needs a writable descriptor");
	fails(lock(fd, F_SETLK, 99, 0, 1), EINVAL, "unknown type");
	return done();
}
