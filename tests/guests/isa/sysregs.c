// System registers and operations that EL0 may use: TPIDR_EL0, counters, CTR, DCZID, DC ZVA, cache maintenance, and
// identification registers as Linux emulates them (Documentation/arm64/cpu-feature-registers).
#include "../tap.h"
#include <sys/auxv.h>

#ifdef __aarch64__
#define READ(name)                                                                                 \
	({                                                                                         \
		unsigned long value_;                                                              \
		asm volatile("mrs %0, " name : "=r"(value_));                                      \
		value_;                                                                            \
	})

int main(void)
{
	unsigned long pointer = READ("tpidr_el0");
	ok(pointer == (unsigned long)__builtin_thread_pointer(), "TPIDR_EL0 is the thread pointer");
	unsigned long other;
	asm volatile("msr tpidr_el0, %1\n mrs %0, tpidr_el0\n msr tpidr_el0, %2" : "=&r"(other) : "r"(0x1234L), "r"(pointer));
	is(other, 0x1234, "and can be written");
	unsigned long frequency = READ("cntfrq_el0");
	ok(frequency >= 1000000 && frequency <= 10000000000, "CNTFRQ_EL0 is plausible");
	unsigned long first = READ("cntvct_el0"), second = READ("cntvct_el0");
	ok(second >= first, "CNTVCT_EL0 does not go back");
	usleep(20000);
	unsigned long third = READ("cntvct_el0");
	ok(third - second >= frequency / 50 - frequency / 1000, "and counts with its frequency");
	unsigned long cache = READ("ctr_el0");
	unsigned data = 4 << ((cache >> 16) & 15), code = 4 << (cache & 15);
	ok(data >= 16 && data <= 2048 && code >= 16 && code <= 2048, "CTR_EL0 has cache lines");
	unsigned long zero = READ("dczid_el0");
	if (zero & 16) {
		skip("DC ZVA", "prohibited");
	} else {
		unsigned size = 4 << (zero & 15);
		static unsigned char block[4096] __attribute__((aligned(2048)));
		memset(block, 1, sizeof block);
		asm volatile("dc zva, %0" : : "r"(block + size + 3) : "memory");
		ok(block[size - 1] == 1 && block[2 * size] == 1, "DC ZVA leaves its neighbours");
		int sum = 0;
		for (unsigned i = 0; i < size; i++)
			sum += block[size + i];
		is(sum, 0, "and zeroes its block");
		static unsigned long line;
		asm volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb\n dc cvac, %0\n dc civac, %0" : : "r"(&line));
		ok(1, "cache maintenance by address");
	}
	unsigned long flags;
	asm volatile("cmp xzr, xzr\n mrs %0, nzcv" : "=r"(flags) : : "cc");
	is(flags, 0x60000000, "NZCV after comparing equals");
	asm volatile("msr nzcv, %1\n mrs %0, nzcv" : "=r"(flags) : "r"(0x90000000L) : "cc");
	is(flags, 0x90000000, "and as written");
	asm volatile("msr fpcr, %1\n mrs %0, fpcr\n msr fpcr, xzr" : "=r"(flags) : "r"(0x03c00000L));
	is(flags, 0x03c00000, "FPCR");
	asm volatile("msr fpsr, %1\n mrs %0, fpsr\n msr fpsr, xzr" : "=r"(flags) : "r"(0x0800009fL));
	is(flags, 0x0800009f, "FPSR");
	asm volatile("mrs %0, tpidrro_el0" : "=r"(flags));
	ok(1, "TPIDRRO_EL0 can be read");
	if (getauxval(AT_HWCAP) & (1 << 11) /* HWCAP_CPUID */) {
		unsigned long features = READ("id_aa64pfr0_el1");
		ok((features >> 16 & 15) != 15 && (features >> 20 & 15) != 15, "ID_AA64PFR0_EL1 has FP and AdvSIMD");
		is(!!(READ("id_aa64isar0_el1") >> 16 & 15), !!(getauxval(AT_HWCAP) & 1 << 7), "ID_AA64ISAR0_EL1 agrees on CRC32");
		is((READ("id_aa64isar0_el1") >> 20 & 15) >= 2, !!(getauxval(AT_HWCAP) & 1 << 8), "and on atomics");
		(void)READ("midr_el1"), (void)READ("mpidr_el1"), (void)READ("revidr_el1");
		ok(1, "MIDR_EL1, MPIDR_EL1 and REVIDR_EL1 can be read");
	} else {
		skip("identification registers", "HWCAP_CPUID is not announced");
	}
	return done();
}
#else
int main(void)
{
	skip("system registers", "aarch64 only");
	return done();
}
#endif
