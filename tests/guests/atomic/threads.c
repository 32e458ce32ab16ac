// Atomics of C11 between threads, all sizes; compiled for LL/SC, for LSE, and with the C library's choice at run time.
// flags: -Wno-unused-parameter
#include "../tap.h"
#include <pthread.h>
#include <stdatomic.h>

static _Atomic unsigned char a8;
static _Atomic unsigned short a16;
static _Atomic unsigned a32;
static _Atomic unsigned long a64, cas_count, swaps;
static atomic_flag flag = ATOMIC_FLAG_INIT;
static long plain;

static void *work(void *argument)
{
	for (int i = 0; i < 2000; i++) {
		atomic_fetch_add(&a8, 1);
		atomic_fetch_add(&a16, 3);
		atomic_fetch_sub(&a32, 5);
		atomic_fetch_add_explicit(&a64, 7, memory_order_relaxed);
		unsigned long old = atomic_load(&cas_count);
		while (!atomic_compare_exchange_weak(&cas_count, &old, old + 1))
			;
		while (atomic_flag_test_and_set_explicit(&flag, memory_order_acquire))
			sched_yield();
		plain++;
		atomic_flag_clear_explicit(&flag, memory_order_release);
		atomic_fetch_xor(&swaps, 1UL << (i & 63));
	}
	return argument;
}

int main(void)
{
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], 0, work, 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], 0);
	is(a8, (unsigned char)8000, "8 bits");
	is(a16, (unsigned short)24000, "16 bits");
	is(a32, (unsigned)-40000, "32 bits");
	is(a64, 56000, "64 bits");
	is(cas_count, 8000, "compare and exchange");
	is(plain, 8000, "a spin lock");
	is(swaps, 0, "exclusive or");
	return done();
}
