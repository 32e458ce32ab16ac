// pthread_create, join, detach, return values, attributes, many threads.
// variants: static dynamic musl-static musl-dynamic
#include "../tap.h"
#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void *add(void *argument)
{
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&mutex);
		counter += (long)argument;
		pthread_mutex_unlock(&mutex);
	}
	return argument;
}

static void *size_of_stack(void *argument)
{
	(void)argument;
	char frame[200000];
	memset(frame, 1, sizeof frame);
	return (void *)(long)frame[100];
}

int main(void)
{
	pthread_t threads[32];
	void *result;
	long sum = 0;
	for (long i = 0; i < 32; i++)
		must(-(pthread_create(&threads[i], 0, add, (void *)i) != 0));
	for (int i = 0; i < 32; i++) {
		pthread_join(threads[i], &result);
		sum += (long)result;
	}
	is(sum, 496, "thirty-two return values");
	is(counter, 496000, "a counter under a mutex");
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 * 1024);
	is(pthread_create(&threads[0], &attributes, size_of_stack, 0), 0, "a stack of 256 KiB");
	pthread_join(threads[0], &result);
	is((long)result, 1, "can be used");
	for (int i = 0; i < 300; i++) {
		must(-(pthread_create(&threads[0], 0, add, 0) != 0));
		pthread_join(threads[0], 0);
	}
	ok(1, "three hundred threads one after the other");
	ok(pthread_equal(pthread_self(), pthread_self()), "pthread_self");
	return done();
}
