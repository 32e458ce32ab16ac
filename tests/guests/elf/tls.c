// Thread-local storage: initialised, zeroed and aligned, one copy per thread.
// variants: static dynamic static-pie musl-static musl-dynamic
#include "../tap.h"
#include <pthread.h>
#include <stdint.h>

static __thread int counter = 41;
static __thread char zeroed[5000];
static __thread char aligned[64] __attribute__((aligned(64)));

static void *other(void *result)
{
	long fine = counter == 41 && zeroed[4999] == 0 && (uintptr_t)aligned % 64 == 0;
	counter = 1;
	zeroed[4999] = 1;
	*(long *)result = fine;
	return &counter;
}

int main(void)
{
	pthread_t thread;
	long fine = 0;
	void *address;
	is(counter, 41, "the initial value is there");
	counter++;
	pthread_create(&thread, 0, other, &fine);
	pthread_join(thread, &address);
	ok(fine, "a thread starts with the initial values, aligned");
	is(counter, 42, "its changes stay in its own copy");
	ok(address != &counter, "addresses differ");
	is((uintptr_t)aligned % 64, 0, "alignment in the first thread");
	return done();
}
