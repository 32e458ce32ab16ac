/* What the address sanitizer says of faults that children commit, each of its own kind. */
#include "../tap.h"
#include <pthread.h>
#include <sys/wait.h>

/* Names of functions take long; leaks have a test of their own, as qemu-user cannot look for them. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0:symbolize=0";
}

/* Volatile, so that the compiler leaves every access as it is. */
static volatile int index_ = 10;
static volatile char global[10];
typedef volatile char *volatile Bytes;

static void heap(void) { Bytes p = malloc(10); p[index_] = 1; }
static void stack(void) { char array[10]; Bytes p = array; p[index_] = 1; }
static void globals(void) { global[index_] = 1; }
static void freed(void) { Bytes p = malloc(10); free((void *)p); p[1] = 1; }
static void twice(void) { Bytes p = malloc(10); free((void *)p); free((void *)p); }
static void null(void) { *(volatile int *)8 = 1; }
static void nothing(void) { Bytes p = malloc(10); p[index_ - 1] = 1; free((void *)p); }

/* Runs it in a child; whether that ended with a report that contains the words. */
static int reports(void (*fault)(void), const char *words, int status)
{
	static char text[65536];
	int to[2], ended, length = 0, count;
	pipe(to);
	pid_t child = fork();
	if (child == 0) {
		dup2(to[1], 2);
		close(to[0]);
		fault();
		_exit(0);
	}
	close(to[1]);
	while ((count = read(to[0], text + length, sizeof text - 1 - length)) > 0)
		length += count;
	text[length] = 0;
	close(to[0]);
	waitpid(child, &ended, 0);
	return WIFEXITED(ended) && WEXITSTATUS(ended) == status && strstr(text, words) != 0;
}

static void *in_a_thread(void *argument)
{
	(void)argument;
	char array[1000];
	memset(array, 1, sizeof array);
	char *p = malloc(1000);
	memcpy(p, array, 1000);
	long last = p[999];
	free(p);
	return (void *)last;
}

int main(void)
{
	ok(reports(nothing, "", 0), "nothing");
	ok(reports(heap, "heap-buffer-overflow", 1), "heap");
	ok(reports(stack, "stack-buffer-overflow", 1), "stack");
	ok(reports(globals, "global-buffer-overflow", 1), "globals");
	ok(reports(freed, "heap-use-after-free", 1), "freed");
	ok(reports(twice, "attempting double-free", 1), "twice");
	ok(reports(null, "SEGV on unknown address 0x000000000008", 1), "null");
	pthread_t threads[3];
	long sum = 0;
	for (int i = 0; i < 3; i++)
		pthread_create(threads + i, 0, in_a_thread, 0);
	for (int i = 0; i < 3; i++) {
		void *result;
		pthread_join(threads[i], &result);
		sum += (long)result;
	}
	is(sum, 3, "threads");
	return done();
}
