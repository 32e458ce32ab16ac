// Mutex kinds: recursive, error checking, trylock, timed, priority inheritance.
#include "../tap.h"
#include <pthread.h>
#include <time.h>

static pthread_mutex_t mutex;

static void *tries(void *argument)
{
	(void)argument;
	return (void *)(long)pthread_mutex_trylock(&mutex);
}

static void *times_out(void *argument)
{
	(void)argument;
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 10000000;
	if (until.tv_nsec >= 1000000000)
		until.tv_sec++, until.tv_nsec -= 1000000000;
	return (void *)(long)pthread_mutex_timedlock(&mutex, &until);
}

static void *locks(void *argument)
{
	pthread_mutex_lock(&mutex);
	*(int *)argument = 1;
	pthread_mutex_unlock(&mutex);
	return 0;
}

static long in_thread(void *(*function)(void *))
{
	pthread_t thread;
	void *result;
	pthread_create(&thread, 0, function, 0);
	pthread_join(thread, &result);
	return (long)result;
}

int main(void)
{
	pthread_mutexattr_t attributes;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&mutex, &attributes);
	is(pthread_mutex_lock(&mutex) | pthread_mutex_lock(&mutex), 0, "a recursive mutex locks twice");
	is(in_thread(tries), EBUSY, "others find it busy");
	pthread_mutex_unlock(&mutex);
	is(in_thread(tries), EBUSY, "still, after one unlock");
	is(in_thread(times_out), ETIMEDOUT, "timedlock gives up");
	pthread_mutex_unlock(&mutex);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&mutex, &attributes);
	pthread_mutex_lock(&mutex);
	is(pthread_mutex_lock(&mutex), EDEADLK, "an error checking mutex tells a deadlock");
	pthread_mutex_unlock(&mutex);
	is(pthread_mutex_unlock(&mutex), EPERM, "and an unlock by who does not hold it");
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_NORMAL);
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	is(pthread_mutex_init(&mutex, &attributes), 0, "a priority inheritance mutex");
	is(pthread_mutex_lock(&mutex), 0, "locks");
	is(in_thread(tries), EBUSY, "is busy for others");
	is(in_thread(times_out), ETIMEDOUT, "times out for others");
	int done_by_thread = 0;
	pthread_t thread;
	pthread_create(&thread, 0, locks, &done_by_thread);
	usleep(20000);
	is(done_by_thread, 0, "a thread waits for it");
	pthread_mutex_unlock(&mutex);
	pthread_join(thread, 0);
	is(done_by_thread, 1, "and gets it");
	return done();
}
