// futex(2): WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAKE_OP, BITSET, timeouts and errors.
#include "../tap.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>

static int word, other;

static long futex(int *address, int operation, int value, const void *timeout, int *second, int third)
{
	return syscall(SYS_futex, address, operation, value, timeout, second, third);
}

static void *waiter(void *argument)
{
	return (void *)futex(&word, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0) + (argument != 0);
}

static pthread_t start(void)
{
	pthread_t thread;
	pthread_create(&thread, 0, waiter, 0);
	return thread;
}

int main(void)
{
	pthread_t threads[4];
	struct timespec time = { 0, 20000000 };
	fails(futex(&word, FUTEX_WAIT_PRIVATE, 1, 0, 0, 0), EAGAIN, "the value is not as expected");
	fails(futex(&word, FUTEX_WAIT_PRIVATE, 0, &time, 0, 0), ETIMEDOUT, "a timeout");
	is(futex(&word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0), 0, "nobody to wake");
	for (int i = 0; i < 4; i++)
		threads[i] = start();
	usleep(50000);
	is(futex(&word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0), 1, "wake one");
	fails(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1L, &other, 9), EAGAIN, "CMP_REQUEUE compares");
	is(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1L, &other, 0), 2, "wakes one and moves one");
	is(futex(&other, FUTEX_WAKE_PRIVATE, 9, 0, 0, 0), 1, "the moved one waits on the other word");
	is(futex(&word, FUTEX_WAKE_PRIVATE, 9, 0, 0, 0), 1, "one remains");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], 0);
	threads[0] = start();
	usleep(30000);
	int change = FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 0);
	is(futex(&other, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1L, &other, change), 0, "WAKE_OP changes a word");
	is(other, 5, "by adding");
	int set = FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_EQ, 0);
	is(futex(&other, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1L, &word, set), 1, "and wakes on the second if it compares");
	pthread_join(threads[0], 0);
	threads[0] = start();
	usleep(30000);
	is(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, 0, 0, 2), 1, "a plain waiter matches any bitset");
	pthread_join(threads[0], 0);
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	fails(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &now, 0, 1), ETIMEDOUT, "WAIT_BITSET's time is absolute");
	clock_gettime(CLOCK_REALTIME, &now);
	fails(futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &now, 0, 1), ETIMEDOUT, "on either clock");
	fails(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, 0, 0, 0), EINVAL, "an empty bitset");
	fails(futex((int *)((char *)&word + 1), FUTEX_WAIT_PRIVATE, 0, 0, 0, 0), EINVAL, "unaligned");
	fails(futex((int *)8, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0), EFAULT, "unmapped");
	time.tv_nsec = 1000000000;
	fails(futex(&word, FUTEX_WAIT_PRIVATE, 0, &time, 0, 0), EINVAL, "a bad time");
	fails(futex(&word, 99, 0, 0, 0, 0), ENOSYS, "unknown operation");
	return done();
}
