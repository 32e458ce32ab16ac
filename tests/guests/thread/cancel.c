// Cancellation: at a blocking call, not while disabled, with cleanup handlers.
// variants: static dynamic musl-static
#include "../tap.h"
#include <pthread.h>

static int cleaned, fds[2];
static volatile int ready;

static void cleanup(void *argument) { cleaned += (int)(long)argument; }

static void *reads(void *argument)
{
	char c;
	pthread_cleanup_push(cleanup, (void *)1);
	pthread_cleanup_push(cleanup, (void *)10);
	ready = 1;
	read(fds[0], &c, 1);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return argument;
}

static void *disabled(void *argument)
{
	(void)argument;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, 0);
	ready = 1;
	usleep(30000);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, 0);
	cleaned = 100;
	pthread_testcancel();
	cleaned = 1000;
	return 0;
}

int main(void)
{
	pthread_t thread;
	void *result;
	must(pipe(fds));
	pthread_create(&thread, 0, reads, 0);
	while (!ready)
		usleep(1000);
	is(pthread_cancel(thread), 0, "cancel a thread that reads");
	pthread_join(thread, &result);
	ok(result == PTHREAD_CANCELED, "it ends as cancelled");
	is(cleaned, 11, "with its cleanup handlers");
	ready = 0;
	pthread_create(&thread, 0, disabled, 0);
	while (!ready)
		usleep(1000);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	ok(result == PTHREAD_CANCELED, "one that had it disabled ends later");
	is(cleaned, 100, "at the next cancellation point");
	return done();
}
