// mprotect(2) and the exact SIGSEGV for each broken right: si_addr and si_code.
#include "../tap.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

static sigjmp_buf back;
static volatile siginfo_t last;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	last = *info;
	siglongjmp(back, 1);
}

#define FAULTS(access, address, code, what)                                                        \
	do {                                                                                       \
		if (sigsetjmp(back, 1) == 0) {                                                     \
			access;                                                                    \
			ok(0, what " (no signal)");                                                \
		} else {                                                                           \
			is((long)last.si_addr, (long)(address), what ": si_addr");                 \
			is(last.si_code, code, what ": si_code");                                  \
		}                                                                                  \
	} while (0)

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigaction(SIGSEGV, &action, 0);
	volatile char *p = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	p[100] = 1;
	is(mprotect((void *)p, 4096, PROT_READ), 0, "read only");
	is(p[100], 1, "reading still works");
	FAULTS(p[100] = 2, p + 100, SEGV_ACCERR, "write to a read-only page");
	is(mprotect((void *)p, 4096, PROT_NONE), 0, "no rights");
	FAULTS((void)p[7], p + 7, SEGV_ACCERR, "read of a PROT_NONE page");
	FAULTS(p[8] = 1, p + 8, SEGV_ACCERR, "write to a PROT_NONE page");
	is(mprotect((void *)p, 4096, PROT_READ | PROT_WRITE), 0, "all rights again");
	is(p[100], 1, "the content survived");
	munmap((void *)(p + 4096), 4096);
	FAULTS((void)p[4096 + 9], p + 4096 + 9, SEGV_MAPERR, "read of an unmapped page");
	FAULTS(p[4096 + 10] = 1, p + 4096 + 10, SEGV_MAPERR, "write to an unmapped page");
	FAULTS(*(volatile char *)0 = 1, 0, SEGV_MAPERR, "write to NULL");
	FAULTS((void)*(volatile int *)16, 16, SEGV_MAPERR, "read near NULL");
	void (*noexec)(void) = (void (*)(void))(p + 8);
	FAULTS(noexec(), p + 8, SEGV_ACCERR, "jump into a page without PROT_EXEC");
	void (*nowhere)(void) = (void (*)(void))(p + 4096 + 16);
	FAULTS(nowhere(), p + 4096 + 16, SEGV_MAPERR, "jump to an unmapped page");
	volatile long *edge = (volatile long *)(p + 4096 - 4);
	FAULTS((void)*edge, p + 4096, SEGV_MAPERR, "an access across the edge names the first byte that is not there");
	fails(mprotect((void *)(p + 1), 10, PROT_READ), EINVAL, "unaligned");
	fails(mprotect((void *)p, 3 * 4096, PROT_READ), ENOMEM, "over a hole");
	is(p[100], 1, "what lay before the hole has changed, and can be read");
	return done();
}
