// Barriers, read-write locks, spin locks, semaphores, once, keys with destructors.
// variants: static dynamic musl-static
#include "../tap.h"
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_spinlock_t spin;
static pthread_key_t key;
static sem_t semaphore;
static int serial, once_count, phases[4], phase_wrong, destroyed, spun;

static void initialise(void) { once_count++; }
static void destroy(void *value) { __atomic_fetch_add(&destroyed, (int)(long)value, __ATOMIC_SEQ_CST); }

static void *worker(void *argument)
{
	(void)argument;
	pthread_once(&once, initialise);
	pthread_setspecific(key, (void *)3);
	for (int phase = 0; phase < 4; phase++) {
		__atomic_fetch_add(&phases[phase], 1, __ATOMIC_SEQ_CST);
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			__atomic_fetch_add(&serial, 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&phases[phase], __ATOMIC_SEQ_CST) != 5)
			phase_wrong = 1;
	}
	for (int i = 0; i < 200; i++) {
		pthread_spin_lock(&spin);
		spun++;
		pthread_spin_unlock(&spin);
	}
	return 0;
}

static void *tries(void *argument)
{
	int result = argument ? pthread_rwlock_trywrlock(&rwlock) : pthread_rwlock_tryrdlock(&rwlock);
	if (result == 0)
		pthread_rwlock_unlock(&rwlock);
	return (void *)(long)result;
}

static long try_in_thread(void *mode)
{
	pthread_t thread;
	void *result;
	pthread_create(&thread, 0, tries, mode);
	pthread_join(thread, &result);
	return (long)result;
}

static void *posts(void *argument)
{
	usleep(10000);
	sem_post(&semaphore);
	return argument;
}

int main(void)
{
	pthread_t threads[5];
	pthread_barrier_init(&barrier, 0, 5);
	pthread_spin_init(&spin, 0);
	pthread_key_create(&key, destroy);
	for (int i = 0; i < 5; i++)
		pthread_create(&threads[i], 0, worker, 0);
	for (int i = 0; i < 5; i++)
		pthread_join(threads[i], 0);
	is(serial, 4, "a barrier picks one thread per phase");
	is(phase_wrong, 0, "and nobody passes early");
	is(once_count, 1, "pthread_once");
	is(destroyed, 15, "key destructors");
	is(spun, 1000, "spin lock");
	pthread_rwlock_rdlock(&rwlock);
	is(try_in_thread(0), 0, "two readers");
	is(try_in_thread((void *)1), EBUSY, "no writer beside a reader");
	pthread_rwlock_unlock(&rwlock);
	pthread_rwlock_wrlock(&rwlock);
	is(try_in_thread(0), EBUSY, "no reader beside a writer");
	pthread_rwlock_unlock(&rwlock);
	sem_init(&semaphore, 0, 1);
	is(sem_wait(&semaphore), 0, "sem_wait");
	fails(sem_trywait(&semaphore), EAGAIN, "sem_trywait");
	struct timespec past = { 0, 0 };
	fails(sem_timedwait(&semaphore, &past), ETIMEDOUT, "sem_timedwait");
	pthread_create(&threads[0], 0, posts, 0);
	is(sem_wait(&semaphore), 0, "a post wakes");
	pthread_join(threads[0], 0);
	return done();
}
