/*
 * Small workloads for the benchmark. Runs the one it is told for about the given number of milliseconds and prints
 * how many units of work it did and in how many nanoseconds. A unit is an instruction for `loop`, else what its
 * name says.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* Eight instructions a turn: arithmetic, logic, a shift, a compare, a branch. */
static long loop(void)
{
	long turns = 1000000;
	asm volatile("mov x9, %0\n mov x10, #1\n mov x11, #7\n"
		     "1: add x10, x10, x9\n eor x11, x11, x10\n lsr x12, x11, #3\n add x11, x11, x12\n"
		     "and x12, x11, #0xff\n orr x10, x10, x12\n subs x9, x9, #1\n b.ne 1b"
		     :
		     : "r"(turns)
		     : "x9", "x10", "x11", "x12", "cc");
	return 8 * turns;
}

static volatile long sink;

static long sieve(void)
{
	static char composite[200000];
	long primes = 0;
	memset(composite, 0, sizeof composite);
	for (long i = 2; i < (long)sizeof composite; i++) {
		if (composite[i])
			continue;
		primes++;
		for (long j = i * i; j < (long)sizeof composite; j += i)
			composite[j] = 1;
	}
	sink = primes;
	return sizeof composite;
}

static long fib(long n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static long calls(void)
{
	sink = fib(22);
	return 57313;
}

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static long hash(void)
{
	static uint32_t block[16384];
	uint32_t a = 1, b = 2, c = 3, d = 4;
	for (int i = 0; i < 16384; i++) {
		uint32_t f = (b & c) | (~b & d), next = rotate(a + f + block[i] + 0x5a827999, 7) + b;
		a = d, d = c, c = rotate(b, 30), b = next;
		block[i] ^= next;
	}
	sink = a + b + c + d;
	return sizeof block;
}

static int compare(const void *a, const void *b) { return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b); }

static long sort(void)
{
	static int numbers[20000];
	uint32_t state = 12345;
	for (int i = 0; i < 20000; i++)
		numbers[i] = state = state * 1664525 + 1013904223;
	qsort(numbers, 20000, sizeof *numbers, compare);
	return 20000;
}

static long floating(void)
{
	double x = 0, y = 0, vx = 1, vy = 0.5;
	for (int i = 0; i < 100000; i++) {
		double r2 = x * x + y * y + 0.1, f = -1 / (r2 * __builtin_sqrt(r2));
		vx += f * x * 0.01, vy += f * y * 0.01;
		x += vx * 0.01, y += vy * 0.01;
	}
	sink = x * 1e6;
	return 100000;
}

static long strings(void)
{
	static char from[65536], to[65536];
	memset(from, 'x', sizeof from - 1);
	for (int i = 0; i < 16; i++) {
		memcpy(to, from, sizeof to);
		sink = strlen(to) + (memchr(to, 'y', sizeof to) != 0);
	}
	return 16 * sizeof to;
}

static long syscalls(void)
{
	for (int i = 0; i < 10000; i++)
		syscall(SYS_getppid);
	return 10000;
}

static long forks(void)
{
	for (int i = 0; i < 5; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		waitpid(pid, 0, 0);
	}
	return 5;
}

static long pipes(void)
{
	static char buffer[65536];
	int fds[2];
	pipe(fds);
	for (int i = 0; i < 64; i++) {
		write(fds[1], buffer, sizeof buffer);
		read(fds[0], buffer, sizeof buffer);
	}
	close(fds[0]), close(fds[1]);
	return 64 * sizeof buffer;
}

static long faults(void)
{
	long size = 16 << 20;
	char *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (long i = 0; i < size; i += 4096)
		p[i] = 1;
	munmap(p, size);
	return size / 4096;
}

static const struct {
	const char *name;
	long (*run)(void);
} kernels[] = { { "loop", loop },       { "sieve", sieve },     { "calls", calls },	 { "hash", hash },
		{ "sort", sort },       { "floating", floating }, { "strings", strings }, { "syscalls", syscalls },
		{ "forks", forks },     { "pipes", pipes },     { "faults", faults } };

int main(int argc, char **argv)
{
	for (unsigned i = 0; argc > 2 && i < sizeof kernels / sizeof *kernels; i++) {
		if (strcmp(argv[1], kernels[i].name))
			continue;
		long long units = 0, limit = atoll(argv[2]) * 1000000, start = now(), end;
		do {
			units += kernels[i].run();
			end = now();
		} while (end - start < limit);
		printf("%lld %lld\n", units, end - start);
		return 0;
	}
	return 2;
}
