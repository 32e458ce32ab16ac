// Named pipes: open waits for the other side, O_NONBLOCK rules, O_RDWR.
#include "../tap.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

int main(void)
{
	char buffer[16] = "";
	int status;
	is(mkfifo("fifo", 0600), 0, "mkfifo");
	fails(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO, "no reader: ENXIO");
	int reader = open("fifo", O_RDONLY | O_NONBLOCK);
	ok(reader >= 0, "a non-blocking reader opens at once");
	is(read(reader, buffer, 1), 0, "end of file without writer");
	int writer = open("fifo", O_WRONLY | O_NONBLOCK);
	ok(writer >= 0, "now a writer can");
	fails(read(reader, buffer, 1), EAGAIN, "nothing yet");
	close(writer), close(reader);
	pid_t pid = fork();
	if (pid == 0) {
		usleep(20000);
		int fd = open("fifo", O_WRONLY);
		write(fd, "hello", 5);
		_exit(0);
	}
	reader = open("fifo", O_RDONLY);
	ok(reader >= 0, "a blocking reader waits for a writer");
	is(read(reader, buffer, 16), 5, "and reads");
	waitpid(pid, &status, 0);
	is(read(reader, buffer, 16), 0, "to the end");
	int both = open("fifo", O_RDWR);
	ok(both >= 0, "O_RDWR never waits");
	write(both, "x", 1);
	is(read(reader, buffer, 1), 1, "and is a writer");
	struct stat st;
	fstat(both, &st);
	ok(S_ISFIFO(st.st_mode), "fstat");
	unlink("fifo");
	is(write(both, "y", 1), 1, "it lives on without a name");
	return done();
}
