// SCM_RIGHTS and SCM_CREDENTIALS: descriptors and identities travel with messages.
#include "../tap.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static int send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof fd)] = { 0 };
	struct iovec vector = { "f", 1 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(header), &fd, sizeof fd);
	return sendmsg(socket, &message, 0);
}

static int flags_seen;

static int receive_fd(int socket, int flags, size_t room)
{
	char control[CMSG_SPACE(64)] = { 0 }, byte;
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room };
	int fd = -1;
	if (recvmsg(socket, &message, flags) != 1)
		return -2;
	flags_seen = message.msg_flags;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof fd);
	return fd;
}

int main(void)
{
	int pair[2], status;
	char buffer[16] = "";
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	int file = must(open("f", O_CREAT | O_RDWR | O_TRUNC, 0600));
	pid_t pid = fork();
	if (pid == 0) {
		int fd = receive_fd(pair[1], MSG_CMSG_CLOEXEC, CMSG_SPACE(4));
		int right = fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC);
		right &= write(fd, "from the child", 14) == 14;
		_exit(right);
	}
	is(send_fd(pair[0], file), 1, "sending a descriptor");
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 1, "the child writes through it");
	is(lseek(file, 0, SEEK_CUR), 14, "it is the same open file");
	int fds[2];
	must(pipe(fds));
	send_fd(pair[0], fds[0]);
	close(fds[0]);
	is(write(fds[1], "x", 1), 1, "a descriptor on its way keeps its file open");
	int received = receive_fd(pair[1], 0, CMSG_SPACE(4));
	is(read(received, buffer, 1), 1, "and arrives");
	send_fd(pair[0], file);
	is(receive_fd(pair[1], 0, 4), -1, "without room for it");
	ok(flags_seen & MSG_CTRUNC, "MSG_CTRUNC");
	send_fd(pair[0], file);
	send_fd(pair[0], file);
	is(read(pair[1], buffer, 16), 1, "a read stops at each message with descriptors");
	is(read(pair[1], buffer, 16), 1, "and drops them");
	fails(send_fd(pair[0], 999), EBADF, "a bad descriptor");
	int on = 1;
	must(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
	write(pair[0], "c", 1);
	char control[256], byte;
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	is(recvmsg(pair[1], &message, 0), 1, "SO_PASSCRED");
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	ok(header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS, "adds SCM_CREDENTIALS");
	struct ucred credentials = { 0 };
	if (header)
		memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
	ok(credentials.pid == getpid() && credentials.uid == geteuid(), "of the sender");
	return done();
}
