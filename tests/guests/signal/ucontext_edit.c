// A handler changes registers in its context and the program goes on with them: general, floating point, pc, sp, flags.
#include "../tap.h"
#include <signal.h>
#include <ucontext.h>

#ifdef __aarch64__
#include <asm/sigcontext.h>

static struct fpsimd_context *fpsimd(ucontext_t *uc)
{
	struct _aarch64_ctx *head = (void *)uc->uc_mcontext.__reserved;
	while (head->magic && head->magic != FPSIMD_MAGIC)
		head = (void *)((char *)head + head->size);
	return head->magic ? (void *)head : 0;
}

static volatile int has_fpsimd, sp_aligned;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	ucontext_t *uc = context;
	uc->uc_mcontext.regs[5] = 0x1122334455667788;
	uc->uc_mcontext.pstate |= 0x40000000; /* Z */
	struct fpsimd_context *fp = fpsimd(uc);
	has_fpsimd = fp && fp->head.size == sizeof *fp;
	sp_aligned = uc->uc_mcontext.sp % 16 == 0;
	if (fp) {
		fp->vregs[3] = ((__uint128_t)0xaabb << 64) | 0xccdd;
		fp->fpcr = 0;
	}
	uc->uc_mcontext.pc += 4;
	/* Whatever the handler leaves in registers is not the program's. */
	asm volatile("mov x9, #99\n movi v4.16b, #99" ::: "x9", "v4");
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigaction(SIGTRAP, &action, 0);
	unsigned long x5, x9, low, high, v4, flag;
	asm volatile("mov x9, #17\n movi v4.2d, #0\n mov x5, #0\n movi v3.2d, #0\n cmp x9, #0\n"
		     "brk #1\n"
		     "cset %5, eq\n mov %0, x5\n mov %1, x9\n umov %2, v3.d[0]\n umov %3, v3.d[1]\n umov %4, v4.d[0]\n"
		     : "=&r"(x5), "=&r"(x9), "=&r"(low), "=&r"(high), "=&r"(v4), "=&r"(flag)
		     :
		     : "x5", "x9", "v3", "v4", "cc", "memory");
	is(x5, 0x1122334455667788, "x5 is what the handler wrote");
	is(low, 0xccdd, "v3 low");
	is(high, 0xaabb, "v3 high");
	is(x9, 17, "x9 is restored");
	is(v4, 0, "v4 is restored");
	is(flag, 1, "the Z flag is what the handler wrote");
	ok(has_fpsimd, "the frame has an fpsimd_context of 528 bytes");
	ok(sp_aligned, "sp is aligned");
	return done();
}
#else
int main(void)
{
	skip("aarch64 context", "aarch64 only");
	return done();
}
#endif
