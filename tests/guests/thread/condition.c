// Condition variables: a bounded queue between producers and consumers, timed waits on both clocks.
// variants: static musl-static
#include "../tap.h"
#include <pthread.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static int queue[8], length, produced, finished;
static long total;

static void *producer(void *argument)
{
	(void)argument;
	for (int i = 1; i <= 500; i++) {
		pthread_mutex_lock(&mutex);
		while (length == 8)
			pthread_cond_wait(&not_full, &mutex);
		queue[length++] = i;
		produced++;
		pthread_cond_signal(&not_empty);
		pthread_mutex_unlock(&mutex);
	}
	return 0;
}

static void *consumer(void *argument)
{
	(void)argument;
	for (;;) {
		pthread_mutex_lock(&mutex);
		while (length == 0 && !finished)
			pthread_cond_wait(&not_empty, &mutex);
		if (length == 0) {
			pthread_mutex_unlock(&mutex);
			return 0;
		}
		total += queue[--length];
		pthread_cond_signal(&not_full);
		pthread_mutex_unlock(&mutex);
	}
}

int main(void)
{
	pthread_t producers[3], consumers[3];
	for (int i = 0; i < 3; i++) {
		pthread_create(&consumers[i], 0, consumer, 0);
		pthread_create(&producers[i], 0, producer, 0);
	}
	for (int i = 0; i < 3; i++)
		pthread_join(producers[i], 0);
	pthread_mutex_lock(&mutex);
	finished = 1;
	pthread_cond_broadcast(&not_empty);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < 3; i++)
		pthread_join(consumers[i], 0);
	is(produced, 1500, "all produced");
	is(total, 3 * 500 * 501 / 2, "all consumed once");
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 20000000;
	if (until.tv_nsec >= 1000000000)
		until.tv_sec++, until.tv_nsec -= 1000000000;
	pthread_mutex_lock(&mutex);
	is(pthread_cond_timedwait(&not_empty, &mutex, &until), ETIMEDOUT, "a timed wait ends");
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	ok(now.tv_sec > until.tv_sec || (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec), "not too early");
	pthread_condattr_t attributes;
	pthread_cond_t monotonic;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&monotonic, &attributes);
	clock_gettime(CLOCK_MONOTONIC, &until);
	is(pthread_cond_timedwait(&monotonic, &mutex, &until), ETIMEDOUT, "on the monotonic clock too");
	return done();
}
