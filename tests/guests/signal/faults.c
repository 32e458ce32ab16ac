// Signals of the processor: si_addr and si_code, pc in the context, and going on behind the instruction.
// oracle: qemu-user gives ILL_ILLOPN; Linux ILL_ILLOPC (arch/arm64/kernel/traps.c, do_undefinstr)
#include "../tap.h"
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

#ifdef __aarch64__
static volatile siginfo_t last;
static volatile unsigned long last_pc, last_fault;
/* Where to go on, if not behind the instruction. */
static unsigned long resume;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	ucontext_t *uc = context;
	last = *info;
	last_pc = uc->uc_mcontext.pc;
	last_fault = uc->uc_mcontext.fault_address;
	uc->uc_mcontext.pc = resume ? resume : uc->uc_mcontext.pc + 4;
	resume = 0;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	unsigned long at;
	sigaction(SIGILL, &action, 0);
	sigaction(SIGTRAP, &action, 0);
	sigaction(SIGSEGV, &action, 0);
	sigaction(SIGBUS, &action, 0);
	asm volatile("adr %0, 1f\n1: udf #0" : "=r"(at));
	is(last.si_signo, SIGILL, "udf is SIGILL");
	is(last.si_code, ILL_ILLOPC, "ILL_ILLOPC");
	is((long)last.si_addr, at, "si_addr is the instruction");
	is(last_pc, at, "so is pc");
	asm volatile("adr %0, 1f\n1: brk #7" : "=r"(at));
	is(last.si_signo, SIGTRAP, "brk is SIGTRAP");
	is(last.si_code, TRAP_BRKPT, "TRAP_BRKPT");
	is((long)last.si_addr, at, "si_addr is the instruction");
	unsigned long value = 77;
	asm volatile("adr %0, 1f\n1: ldr %1, [%2]" : "=&r"(at), "+r"(value) : "r"(0x18));
	is(last.si_signo, SIGSEGV, "a load near NULL is SIGSEGV");
	is(last.si_code, SEGV_MAPERR, "SEGV_MAPERR");
	is((long)last.si_addr, 0x18, "si_addr is the address");
	is(last_fault, 0x18, "fault_address too");
	is(last_pc, at, "pc is the load");
	is(value, 77, "the register is unchanged");
	static char buffer[64] __attribute__((aligned(64)));
	unsigned long base = (unsigned long)buffer + 8;
	asm volatile("adr %0, 1f\n1: ldr %1, [%2], #8" : "=&r"(at), "+r"(value), "+r"(base));
	is(base, (unsigned long)buffer + 16, "post-index moves the base");
	unsigned long nowhere = 0x20;
	asm volatile("ldr %0, [%1], #8" : "+r"(value), "+r"(nowhere));
	is(nowhere, 0x20, "but not when the load faults");
	nowhere = 0x20;
	asm volatile("stp %0, %0, [%1, #-16]!" : "+r"(value), "+r"(nowhere));
	is(nowhere, 0x20, "nor does pre-index when the store faults");
	is((long)last.si_addr, 0x10, "whose address is the indexed one");
	int result = 9;
	asm volatile("ldxr w1, [%1]" : "+r"(result) : "r"(buffer + 2) : "x1");
	is(last.si_signo, SIGBUS, "a misaligned exclusive load is SIGBUS");
	is(last.si_code, BUS_ADRALN, "BUS_ADRALN");
	unsigned long target = (unsigned long)main + 2;
	asm volatile("adr %0, 1f\nstr %0, %1\nbr %2\n1:" : "=&r"(at), "=m"(resume) : "r"(target | 0x5aUL << 56));
	is(last.si_signo, SIGBUS, "a branch to a misaligned address is SIGBUS");
	is(last.si_code, BUS_ADRALN, "BUS_ADRALN");
	is((long)last.si_addr, target, "si_addr is the address without its tag");
	is(last_pc, target, "so is pc");
	return done();
}
#else
int main(void)
{
	skip("processor faults", "aarch64 only");
	return done();
}
#endif
