// One operation many times: argv[1] says which, argv[2] how often, argv[3] with how many pages. What the engine did for
// it is counted from outside (inside_counts.ts).
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static void fork_and_wait(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		exit(1);
}

#define THREADS 3

static int rounds;

// Floating point, so that registers have to follow the thread wherever it runs.
static void *compute(void *result)
{
	double x = 1;
	for (int i = 0; i < rounds * 1000; i++)
		x = x * 1.0000001 + 0.5 / x;
	*(double *)result = x;
	return NULL;
}

static int compute_in_threads(void)
{
	pthread_t threads[THREADS];
	double results[THREADS];
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, compute, &results[i]))
			return 1;
	for (int i = 0; i < THREADS; i++)
		if (pthread_join(threads[i], NULL))
			return 1;
	double alone;
	(void)compute(&alone);
	for (int i = 0; i < THREADS; i++)
		if (results[i] != alone)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	int times = rounds = atoi(argv[2]);
	if (!strcmp(argv[1], "threads"))
		return compute_in_threads();
	size_t size = (size_t)atoi(argv[3]) * PAGE;
	char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return 1;
	for (int i = 0; i < times; i++) {
		// Mapped, writable and in use each time.
		for (size_t at = 0; at < size; at += PAGE)
			((volatile char *)pages)[at] = (char)i;
		if (!strcmp(argv[1], "getppid"))
			(void)getppid();
		else if (!strcmp(argv[1], "fork"))
			fork_and_wait();
		else if (mprotect(pages, size, PROT_READ) || mprotect(pages, size, PROT_READ | PROT_WRITE))
			return 1;
	}
	return 0;
}
