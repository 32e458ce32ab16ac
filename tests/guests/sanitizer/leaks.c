// The leak sanitizer, which stops all threads by ptrace to look at their registers, finds a leak and nothing else.
// variants: dynamic
// flags: -fsanitize=address -g
// oracle: qemu-user has no ptrace
#include "../tap.h"
#include <pthread.h>

int __lsan_do_recoverable_leak_check(void);

const char *__asan_default_options(void)
{
	return "symbolize=0";
}

static void *kept;
static pthread_barrier_t begun, over;

/* Holds memory by its stack and by nothing else, while others look. */
static void *holder(void *argument)
{
	(void)argument;
	void *volatile mine = malloc(33);
	pthread_barrier_wait(&begun);
	pthread_barrier_wait(&over);
	free(mine);
	return 0;
}

__attribute__((noinline)) static void leak(void)
{
	volatile char *volatile lost = malloc(100);
	lost[0] = 1;
	lost = 0;
}

/* Overwrites what calls before have left on the stack. */
__attribute__((noinline)) static void scrub(void)
{
	volatile char there[4096];
	for (unsigned i = 0; i < sizeof there; i++)
		there[i] = 0;
}

int main(void)
{
	pthread_t threads[3];
	pthread_barrier_init(&begun, 0, 4);
	pthread_barrier_init(&over, 0, 4);
	kept = malloc(50);
	for (int i = 0; i < 3; i++)
		pthread_create(threads + i, 0, holder, 0);
	pthread_barrier_wait(&begun);
	leak();
	scrub();
	/* A look takes seconds on arm64, where it goes through all addresses that the allocator might use: one is enough. */
	FILE *report = tmpfile();
	int console = dup(2);
	dup2(fileno(report), 2);
	int leaks = __lsan_do_recoverable_leak_check();
	dup2(console, 2);
	is(leaks, 1, "there are leaks");
	char text[8192] = "";
	rewind(report);
	fread(text, 1, sizeof text - 1, report);
	ok(strstr(text, "Direct leak of 100 byte(s) in 1 object(s)"), "what leaked");
	ok(strstr(text, "SUMMARY: AddressSanitizer: 100 byte(s) leaked in 1 allocation(s)."), "and nothing else");
	pthread_barrier_wait(&over);
	for (int i = 0; i < 3; i++)
		is(pthread_join(threads[i], 0), 0, "the thread goes on");
	_exit(done());
}
