// oracle: qemu-user 7.2 emulates other fields than Linux 6.1 and shows the host's /proc/cpuinfo
//
// What a program can learn about its processor agrees with itself: every field of the identification registers as Linux
// 6.1 emulates them, AT_HWCAP, AT_HWCAP2 and /proc/cpuinfo (Documentation/arm64/elf_hwcaps.rst, cpu-feature-registers.rst).
#include "../tap.h"
#include <setjmp.h>
#include <signal.h>
#include <sys/auxv.h>
#include <ucontext.h>

#ifdef __aarch64__
#define READ(name)                                                                                 \
	({                                                                                         \
		unsigned long value_;                                                              \
		asm volatile("mrs %0, " name : "=r"(value_));                                      \
		value_;                                                                            \
	})

enum { PFR0, PFR1, ISAR0, ISAR1, ISAR2, MMFR0, MMFR1, MMFR2, DFR0, REGISTERS };
static const char *const names[] = {"ID_AA64PFR0", "ID_AA64PFR1", "ID_AA64ISAR0", "ID_AA64ISAR1", "ID_AA64ISAR2",
				    "ID_AA64MMFR0", "ID_AA64MMFR1", "ID_AA64MMFR2", "ID_AA64DFR0"};
/* What is there whatever the features are. */
static const unsigned long hidden[REGISTERS] = {[PFR0] = 0x11, [MMFR0] = 0x111ff000000, [DFR0] = 6};

static const struct {
	const char *cpuinfo;
	int bit; /* from 64 on of AT_HWCAP2 */
	int reg, shift;
	unsigned least;
} features[] = {
	{"fp", 0, PFR0, 16, 0}, {"asimd", 1, PFR0, 20, 0}, {"aes", 3, ISAR0, 4, 1}, {"pmull", 4, ISAR0, 4, 2},
	{"sha1", 5, ISAR0, 8, 1}, {"sha2", 6, ISAR0, 12, 1}, {"crc32", 7, ISAR0, 16, 1}, {"atomics", 8, ISAR0, 20, 2},
	{"fphp", 9, PFR0, 16, 1}, {"asimdhp", 10, PFR0, 20, 1}, {"asimdrdm", 12, ISAR0, 28, 1},
	{"jscvt", 13, ISAR1, 12, 1}, {"fcma", 14, ISAR1, 16, 1}, {"lrcpc", 15, ISAR1, 20, 1}, {"dcpop", 16, ISAR1, 0, 1},
	{"sha3", 17, ISAR0, 32, 1}, {"sm3", 18, ISAR0, 36, 1}, {"sm4", 19, ISAR0, 40, 1}, {"asimddp", 20, ISAR0, 44, 1},
	{"sha512", 21, ISAR0, 12, 2}, {"sve", 22, PFR0, 32, 1}, {"asimdfhm", 23, ISAR0, 48, 1}, {"dit", 24, PFR0, 48, 1},
	{"uscat", 25, MMFR2, 32, 1}, {"ilrcpc", 26, ISAR1, 20, 2}, {"flagm", 27, ISAR0, 52, 1}, {"ssbs", 28, PFR1, 4, 2},
	{"sb", 29, ISAR1, 36, 1}, {"dcpodp", 64, ISAR1, 0, 2}, {"flagm2", 71, ISAR0, 52, 2}, {"frint", 72, ISAR1, 32, 1},
	{"i8mm", 77, ISAR1, 52, 1}, {"bf16", 78, ISAR1, 44, 1}, {"dgh", 79, ISAR1, 48, 1}, {"rng", 80, ISAR0, 60, 1},
	{"bti", 81, PFR1, 0, 1}, {"mte", 82, PFR1, 8, 2}, {"ecv", 83, MMFR0, 60, 1}, {"afp", 84, MMFR1, 44, 1},
	{"rpres", 85, ISAR2, 4, 1}, {"wfxt", 95, ISAR2, 0, 2},
};
#define FEATURES (sizeof features / sizeof *features)

static unsigned long registers[REGISTERS];

/* Fields of PFR0 are signed: 15 is none at all. */
static int has(int i)
{
	unsigned field = registers[features[i].reg] >> features[i].shift & 15;
	return field != 15 && field >= features[i].least;
}

static sigjmp_buf back;
static void on_sigill(int sig)
{
	siglongjmp(back, sig);
}
#define IS_UNDEFINED(instruction)                                                                  \
	ok(sigsetjmp(back, 1) ? 1 : ({ asm volatile(instruction : : : "x0"); 0; }), instruction " is undefined")

static unsigned long frame_pstate;
static void on_trap(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info;
	mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
	frame_pstate = m->pstate;
	m->pstate ^= 1 << 24 | 1 << 12;
	m->pc += 4;
}

static void check_pstate(void)
{
	unsigned long value;
	asm volatile("msr s3_3_c4_c2_5, %1\n mrs %0, s3_3_c4_c2_5" : "=r"(value) : "r"(-1L));
	is(value, 1 << 24, "DIT is one bit");
	asm volatile(".inst 0xd503405f\n mrs %0, s3_3_c4_c2_5" : "=r"(value)); /* msr dit, #0 */
	is(value, 0, "and can be cleared by an immediate");
	asm volatile("mrs %0, s3_3_c4_c2_6" : "=r"(value));
	is(value, 1 << 12, "SSBS is set at the start of a program");
	asm volatile(".inst 0xd503403f\n mrs %0, s3_3_c4_c2_6" : "=r"(value)); /* msr ssbs, #0 */
	is(value, 0, "and can be cleared by an immediate");
	asm volatile("msr s3_3_c4_c2_6, %1\n mrs %0, s3_3_c4_c2_6" : "=r"(value) : "r"(-1L));
	is(value, 1 << 12, "SSBS is one bit");
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
	sigaction(SIGTRAP, &action, NULL);
	asm volatile("cmp xzr, xzr\n brk #0" : : : "cc");
	is(frame_pstate, 0x60001000, "a signal frame has PSTATE with SSBS, without DIT");
	asm volatile("mrs %0, s3_3_c4_c2_5" : "=r"(value));
	is(value, 1 << 24, "DIT comes back from the frame");
	asm volatile("mrs %0, s3_3_c4_c2_6" : "=r"(value));
	is(value, 0, "and SSBS");
}

int main(void)
{
	static char cpuinfo[65536];
	FILE *file = fopen("/proc/cpuinfo", "r");
	if (!file || fread(cpuinfo, 1, sizeof cpuinfo - 1, file) == 0)
		return 1;
	unsigned long hwcap = getauxval(AT_HWCAP), hwcap2 = getauxval(AT_HWCAP2);
	if (!(hwcap & 1 << 11 /* HWCAP_CPUID */)) {
		skip("identification registers", "HWCAP_CPUID is not announced");
		return done();
	}
	registers[PFR0] = READ("id_aa64pfr0_el1"), registers[PFR1] = READ("id_aa64pfr1_el1");
	registers[ISAR0] = READ("id_aa64isar0_el1"), registers[ISAR1] = READ("id_aa64isar1_el1");
	registers[ISAR2] = READ("s3_0_c0_c6_2"), registers[MMFR0] = READ("id_aa64mmfr0_el1");
	registers[MMFR1] = READ("id_aa64mmfr1_el1"), registers[MMFR2] = READ("id_aa64mmfr2_el1");
	registers[DFR0] = READ("id_aa64dfr0_el1");

	char line[1024] = "";
	sscanf(strstr(cpuinfo, "Features\t:"), "Features\t: %1023[^\n]", line);
	size_t known = 0, listed = 1;
	for (const char *at = line; *at; at++)
		listed += *at == ' ';
	unsigned long visible[REGISTERS] = {0};
	for (size_t i = 0; i < FEATURES; i++) {
		int announced = features[i].bit < 64 ? hwcap >> features[i].bit & 1 : hwcap2 >> (features[i].bit - 64) & 1;
		char padded[1100], word[32];
		snprintf(padded, sizeof padded, " %s ", line);
		snprintf(word, sizeof word, " %s ", features[i].cpuinfo);
		int shown = strstr(padded, word) != NULL;
		known += shown;
		visible[features[i].reg] |= 15ul << features[i].shift;
		char what[128];
		snprintf(what, sizeof what, "%s: register, HWCAP and cpuinfo agree", features[i].cpuinfo);
		ok(has(i) == announced && announced == shown, what);
	}
	/* cpuid itself, and the event stream of the generic timer, have no field. */
	is(listed, known + 1 + (hwcap >> 2 & 1), "cpuinfo has no other features");
	for (int i = 0; i < REGISTERS; i++) {
		char what[128];
		snprintf(what, sizeof what, "%s: all other fields are what Linux shows for hidden ones", names[i]);
		is(registers[i] & ~visible[i], hidden[i], what);
	}
	is(READ("id_aa64dfr1_el1") | READ("s3_0_c0_c4_4") | READ("s3_0_c0_c4_5") | READ("s3_0_c0_c2_0") | READ("s3_0_c0_c7_7"), 0,
	   "other registers of the space read as zero");

	unsigned long midr = READ("midr_el1");
	char want[256];
	snprintf(want, sizeof want,
		 "CPU implementer\t: 0x%02lx\nCPU architecture: 8\nCPU variant\t: 0x%lx\nCPU part\t: 0x%03lx\nCPU revision\t: %lu\n",
		 midr >> 24 & 255, midr >> 20 & 15, midr >> 4 & 4095, midr & 15);
	ok(strstr(cpuinfo, want) != NULL, "cpuinfo has the fields of MIDR_EL1");
	is(midr >> 16 & 15, 15, "whose architecture says that the other registers tell");
	is(READ("mpidr_el1"), 0x80000000, "MPIDR_EL1 has only its bit that is one");
	is(READ("revidr_el1"), 0, "REVIDR_EL1 is zero");

	signal(SIGILL, on_sigill);
	IS_UNDEFINED("mrs x0, s3_0_c0_c1_0");
	IS_UNDEFINED("mrs x0, s3_0_c0_c0_1");
	IS_UNDEFINED("mrs x0, s3_0_c0_c8_0");
	IS_UNDEFINED("mrs x0, s3_0_c1_c0_0");
	IS_UNDEFINED("mrs x0, s3_1_c0_c0_1");
	IS_UNDEFINED("msr s3_0_c0_c4_0, x0");
	signal(SIGILL, SIG_DFL);
	if (hwcap & 1 << 24 && hwcap & 1 << 28)
		check_pstate();
	else
		skip("DIT and SSBS", "not announced");
	return done();
}
#else
int main(void)
{
	skip("identification", "aarch64 only");
	return done();
}
#endif
