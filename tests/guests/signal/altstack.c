// sigaltstack(2): handlers with SA_ONSTACK run there, nested ones stay, errors, SS_AUTODISARM.
// oracle: qemu-user does not know SS_AUTODISARM
#include "../tap.h"
#include <signal.h>
#include <stdint.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif
static char memory[65536];
static volatile int inside, nested_inside, change_failed;
static volatile unsigned flags_inside;
static stack_t replacement;

static int on_it(void *p) { return (char *)p >= memory && (char *)p < memory + sizeof memory; }

static void nested(int signal)
{
	int local;
	(void)signal;
	nested_inside = on_it(&local);
}

static void handler(int signal)
{
	int local;
	stack_t now;
	(void)signal;
	inside = on_it(&local);
	sigaltstack(0, &now);
	flags_inside = now.ss_flags;
	change_failed = sigaltstack(&replacement, 0) == -1 ? errno : 0;
	raise(SIGUSR2);
}

int main(void)
{
	stack_t stack = { .ss_sp = memory, .ss_size = sizeof memory }, old;
	static char other[65536];
	replacement = (stack_t){ .ss_sp = other, .ss_size = sizeof other };
	is(sigaltstack(0, &old), 0, "asking");
	is(old.ss_flags, SS_DISABLE, "none at first");
	is(sigaltstack(&stack, 0), 0, "set");
	sigaltstack(0, &old);
	ok(old.ss_sp == memory && old.ss_size == sizeof memory && old.ss_flags == 0, "read back");
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	sigaction(SIGUSR1, &action, 0);
	action.sa_handler = nested;
	sigaction(SIGUSR2, &action, 0);
	raise(SIGUSR1);
	ok(inside, "the handler runs on it");
	ok(nested_inside, "a nested handler too");
	is(flags_inside, SS_ONSTACK, "SS_ONSTACK is shown");
	is(change_failed, EPERM, "it cannot be changed meanwhile");
	sigaltstack(0, &old);
	is(old.ss_flags, 0, "afterwards it can be used again");
	action.sa_flags = 0;
	action.sa_handler = handler;
	sigaction(SIGUSR1, &action, 0);
	inside = 1;
	replacement = stack;
	raise(SIGUSR1);
	ok(!inside, "without SA_ONSTACK the ordinary stack is used");
	stack_t small = { .ss_sp = memory, .ss_size = 100 };
	fails(sigaltstack(&small, 0), ENOMEM, "too small");
	stack_t bad = { .ss_sp = memory, .ss_size = sizeof memory, .ss_flags = 0x1234 };
	fails(sigaltstack(&bad, 0), EINVAL, "unknown flags");
	stack_t autodisarm = { .ss_sp = memory, .ss_size = sizeof memory, .ss_flags = SS_AUTODISARM };
	is(sigaltstack(&autodisarm, 0), 0, "SS_AUTODISARM");
	action.sa_flags = SA_ONSTACK;
	sigaction(SIGUSR1, &action, 0);
	replacement = (stack_t){ .ss_flags = SS_DISABLE };
	raise(SIGUSR1);
	is(change_failed, 0, "it is disarmed while the handler runs");
	sigaltstack(0, &old);
	ok(old.ss_sp == memory && (unsigned)old.ss_flags == SS_AUTODISARM, "and armed again afterwards");
	stack_t off = { .ss_flags = SS_DISABLE };
	is(sigaltstack(&off, 0), 0, "disable");
	sigaltstack(0, &old);
	is(old.ss_flags, SS_DISABLE, "disabled");
	return done();
}
