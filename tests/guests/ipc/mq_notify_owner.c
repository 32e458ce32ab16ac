// mq_notify(3): the registration ends with the owner's close; mq_open(3): the descriptor is closed by execve.
// oracle: qemu-user has no mq_notify
#include "../tap.h"
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/wait.h>

int main(void)
{
	struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 8 };
	mqd_t queue = mq_open("/owner", O_CREAT | O_RDWR, 0600, &attributes);
	is(fcntl(queue, F_GETFD), FD_CLOEXEC, "close-on-exec, whatever the flags");
	mqd_t second = mq_open("/owner", O_RDWR);
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	is(mq_notify(second, &event), 0, "registered");
	fails(mq_notify(queue, &event), EBUSY, "one at a time");
	mq_close(second);
	is(mq_notify(queue, &event), 0, "free again when a descriptor is closed");
	mq_notify(queue, 0);
	if (fork() == 0) {
		mq_notify(queue, &event);
		_exit(0);
	}
	wait(0);
	event.sigev_notify = SIGEV_SIGNAL, event.sigev_signo = SIGUSR1;
	is(mq_notify(queue, &event), 0, "and when its owner ends");
	char text[200], want[200];
	snprintf(want, sizeof want, "QSIZE:%-10d NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", 0, SIGEV_SIGNAL, SIGUSR1, getpid());
	for (int i = 0; i < 2; i++) {
		is(lseek(queue, 0, SEEK_SET), 0, "lseek");
		ssize_t length = read(queue, text, sizeof text - 1);
		text[length < 0 ? 0 : length] = 0;
		ok(strcmp(text, want) == 0, "the file says who is told");
	}
	fails(mq_open("/.", O_CREAT | O_RDWR, 0600, 0), EACCES, "no queue of this name");
	return done();
}
