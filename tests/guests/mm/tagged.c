// The top byte of an address is ignored by loads, stores and branches (TBI), and removed from si_addr; the highest
// addresses fault like any other.
// oracle: qemu-user leaves the tag in si_addr
#include "../tap.h"
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>

static sigjmp_buf back;
static volatile uintptr_t where;
static volatile int code;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	where = (uintptr_t)info->si_addr;
	code = info->si_code;
	siglongjmp(back, 1);
}

static void touch(uintptr_t address)
{
	where = 1;
	if (!sigsetjmp(back, 1))
		(void)*(volatile char *)address;
}

static int answer(void)
{
	return 42;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigaction(SIGSEGV, &action, NULL);
	static long value = 7;
	uintptr_t tag = (uintptr_t)0x5a << 56;

	ok(*(volatile long *)((uintptr_t)&value | tag) == 7, "a load ignores the tag");
	*(volatile long *)((uintptr_t)&value | tag) = 8;
	ok(value == 8, "a store ignores the tag");
	int (*volatile call)(void) = (int (*)(void))((uintptr_t)answer | tag);
	ok(call() == 42, "a branch ignores the tag");

	touch((uintptr_t)16 | tag);
	ok(where == 16 && code == SEGV_MAPERR, "si_addr of a tagged null pointer has no tag");
	touch(UINTPTR_MAX);
	ok(where != 1 && code == SEGV_MAPERR, "the highest address faults");
	return done();
}
