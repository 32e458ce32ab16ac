// POSIX message queues: priorities, limits, notification, timeouts.
// flags: -lrt
// oracle: qemu-user has no mq_notify
#include "../tap.h"
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <time.h>

static volatile int value;
static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	value = info->si_value.sival_int;
}

int main(void)
{
	struct mq_attr attributes = { .mq_maxmsg = 3, .mq_msgsize = 32 }, now;
	char buffer[64];
	unsigned priority;
	mq_unlink("/guest-queue");
	mqd_t queue = mq_open("/guest-queue", O_CREAT | O_RDWR, 0600, &attributes);
	if (queue == -1 && errno == ENOSYS) {
		skip("POSIX message queues", "this kernel has none");
		return done();
	}
	ok(queue >= 0, "mq_open");
	is(mq_send(queue, "low", 3, 1), 0, "mq_send");
	is(mq_send(queue, "high", 4, 9), 0, "with a higher priority");
	is(mq_send(queue, "low2", 4, 1), 0, "and another");
	struct timespec past = { 0, 0 };
	fails(mq_timedsend(queue, "x", 1, 0, &past), ETIMEDOUT, "full");
	mq_getattr(queue, &now);
	is(now.mq_curmsgs, 3, "mq_getattr");
	is(mq_receive(queue, buffer, 64, &priority), 4, "mq_receive");
	ok(memcmp(buffer, "high", 4) == 0 && priority == 9, "the highest first");
	is(mq_receive(queue, buffer, 64, &priority), 3, "then by age");
	mq_receive(queue, buffer, 64, 0);
	fails(mq_timedreceive(queue, buffer, 64, 0, &past), ETIMEDOUT, "empty");
	fails(mq_receive(queue, buffer, 10, 0), EMSGSIZE, "too little room");
	fails(mq_send(queue, buffer, 40, 0), EMSGSIZE, "too large");
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigaction(SIGUSR1, &action, 0);
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 33 };
	is(mq_notify(queue, &event), 0, "mq_notify");
	fails(mq_notify(queue, &event), EBUSY, "once");
	mq_send(queue, "n", 1, 0);
	is(value, 33, "a signal with its value");
	is(mq_unlink("/guest-queue"), 0, "mq_unlink");
	fails(mq_open("/guest-queue", O_RDWR), ENOENT, "gone");
	return done();
}
