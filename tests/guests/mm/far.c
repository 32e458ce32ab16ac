// mmap(2): memory at addresses that a program chooses far above all others, as sanitizers do for their shadow.
// oracle: qemu-user ignores MAP_FIXED_NOREPLACE
// variants: static dynamic
#include "../tap.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define FAR ((char *)0x1000000000)
#define FARTHER ((char *)0x400000000000)
#define MiB (1l << 20)
#define GiB (1l << 30)

static sigjmp_buf back;
static siginfo_t caught;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)context;
	caught = *info;
	siglongjmp(back, signal);
}

/* The signal that a load from an address raises; 0 for none. */
static int load(volatile char *at)
{
	int signal = sigsetjmp(back, 1);
	if (signal == 0)
		(void)*at;
	return signal;
}

static void *fixed(void *at, long length, int prot, int flags)
{
	return mmap(at, length, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | flags, -1, 0);
}

static int lists(const void *address)
{
	char line[256], want[32];
	int found = 0;
	snprintf(want, sizeof want, "%lx-", (long)address);
	FILE *maps = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof line, maps))
		found |= strncmp(line, want, strlen(want)) == 0;
	fclose(maps);
	return found;
}

/* A loop that is worth to be translated. */
static unsigned long sum(const unsigned *from, long count)
{
	unsigned long all = 0;
	for (int pass = 0; pass < 40; pass++)
		for (long i = 0; i < count; i++)
			all += from[i];
	return all;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigaction(SIGSEGV, &action, 0);
	sigaction(SIGBUS, &action, 0);

	is(load(FAR), SIGSEGV, "nothing is there at first");
	is((long)caught.si_addr, (long)FAR, "at that address");

	ok(fixed(FAR, 8 * GiB, PROT_READ | PROT_WRITE, MAP_NORESERVE) == FAR, "eight gigabytes");
	is(FAR[5 * GiB], 0, "zeros");
	ok(lists(FAR), "/proc/self/maps has them");
	strcpy(FAR + 100, "far");
	ok(memcmp(FAR + 100, "far", 4) == 0, "what was written is read");
	FAR[256 * MiB - 1] = 1, FAR[256 * MiB] = 2;
	unsigned short pair;
	memcpy(&pair, FAR + 256 * MiB - 1, 2);
	is(pair, 0x0201, "an access over a multiple of 256 MiB");
	*(volatile unsigned long *)(FAR + 4096 - 3) = 0x8877665544332211;
	is(FAR[4096 - 3], 0x11, "an access over the end of a page");
	is((unsigned char)FAR[4096 + 4], 0x88, "and its last byte");
	is(*(volatile unsigned long *)(FAR + 4096 - 3), 0x8877665544332211, "and all of it");
	is(__atomic_add_fetch((long *)(FAR + 512), 5, __ATOMIC_SEQ_CST), 5, "an atomic access");
	long expected = 5;
	ok(__atomic_compare_exchange_n((long *)(FAR + 512), &expected, 6, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST),
	   "an exchange");
	memset(FAR + 8192, 0x5a, 100000);
	is(FAR[8192 + 99999], 0x5a, "memset, which may clear cache lines");
	unsigned *numbers = (unsigned *)(FAR + MiB);
	for (int i = 0; i < 5000; i++)
		numbers[i] = i;
	is(sum(numbers, 5000), 40ul * 4999 * 5000 / 2, "a hot loop");

	fails((long)fixed(FAR + GiB, 4096, PROT_READ, 0), EEXIST, "MAP_FIXED_NOREPLACE sees them");
	is(mprotect(FAR + 8192, 4096, PROT_READ), 0, "mprotect");
	is(FAR[8192], 0x5a, "leaves the content");
	int to[2];
	pipe(to);
	is(write(to[1], FAR + 100, 4), 4, "write(2) from there");
	is(read(to[0], FAR + 200, 4), 4, "read(2) to there");
	ok(memcmp(FAR + 200, "far", 4) == 0, "arrives");
	write(to[1], "x", 1);
	fails(read(to[0], FAR + 8192, 1), EFAULT, "read(2) to what may not be written");

	pid_t child = fork();
	if (child == 0) {
		FAR[100] = 'F';
		_exit(FAR[101] == 'a' && FAR[5 * GiB] == 0 ? 7 : 1);
	}
	int status;
	waitpid(child, &status, 0);
	is(WEXITSTATUS(status), 7, "a child has a copy");
	is(FAR[100], 'f', "of its own");

	is(madvise(FAR, 4096, MADV_DONTNEED), 0, "MADV_DONTNEED");
	is(FAR[100], 0, "gives zeros");
	char *grows = FARTHER + GiB;
	ok(fixed(grows, 4096, PROT_READ | PROT_WRITE, 0) == grows, "a page farther away");
	strcpy(grows, "grows");
	ok(mremap(grows, 4096, MiB, 0) == grows, "grows where it is");
	is(grows[MiB - 1], 0, "by zeros");
	ok(mremap(grows, MiB, 4096, 0) == grows && strcmp(grows, "grows") == 0, "and shrinks");
	is(load(grows + 4096), SIGSEGV, "to a page");
	strcpy(FAR + 2 * GiB, "moves");
	char *near = mremap(FAR + 2 * GiB, 4096, 8192, MREMAP_MAYMOVE);
	ok(near != MAP_FAILED && strcmp(near, "moves") == 0, "mremap takes the content along");
	is(load(FAR + 2 * GiB), SIGSEGV, "and leaves nothing");
	is(munmap(FAR, 8 * GiB), 0, "munmap");
	is(load(FAR + 100), SIGSEGV, "ends it");
	ok(!lists(FAR), "and it is in /proc/self/maps no longer");

	int *shared = mmap(FARTHER, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ok(shared == (int *)FARTHER, "shared memory at 64 TiB");
	child = fork();
	if (child == 0) {
		*shared = 42;
		_exit(0);
	}
	waitpid(child, 0, 0);
	is(*shared, 42, "is shared");
	char *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok(low != MAP_FAILED && *low == 0, "others are mapped as before");
	return done();
}
