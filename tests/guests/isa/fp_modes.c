// Floating point under every rounding mode, with flush-to-zero and default NaN (Arm ARM C5.2.8, FPCR).
#include "table.h"

static void part0(void)
{
	V("fadd s0, s1, s2");
	V("fsub s0, s1, s2");
	V("fmul s0, s1, s2");
	V("fdiv s0, s1, s2");
	V("fmax s0, s1, s2");
	V("fminnm s0, s1, s2");
	V("fmadd s0, s1, s2, s0");
	V("fsqrt s0, s1");
	V("frinti s0, s1");
	V("frintx s0, s1");
	V("fcvtzs x9, s1");
	V("fcvtns x9, s1");
	V("scvtf s0, x9");
	V("ucvtf s0, w9");
	V("fcmp s1, s2");
	V("fcvt d0, s1");
	V("fcvt h0, s1");
	V("fadd v0.4s, v1.4s, v2.4s");
	V("fmul v0.4s, v1.4s, v2.4s");
	V("fmla v0.4s, v1.4s, v2.4s");
	V("fmaxp v0.4s, v1.4s, v2.4s");
	V("fcmge v0.4s, v1.4s, v2.4s");
	V("frecpe v0.4s, v1.4s");
	V("fsqrt v0.4s, v1.4s");
	V("fadd d0, d1, d2");
	V("fsub d0, d1, d2");
	V("fmul d0, d1, d2");
	V("fdiv d0, d1, d2");
	V("fmax d0, d1, d2");
	V("fminnm d0, d1, d2");
	V("fmadd d0, d1, d2, d0");
	V("fsqrt d0, d1");
	V("frinti d0, d1");
	V("frintx d0, d1");
	V("fcvtzs x9, d1");
	V("fcvtns x9, d1");
	V("scvtf d0, x9");
	V("ucvtf d0, w9");
	V("fcmp d1, d2");
	V("fcvt s0, d1");
}

static void part1(void)
{
	V("fcvt h0, d1");
	V("fadd v0.2d, v1.2d, v2.2d");
	V("fmul v0.2d, v1.2d, v2.2d");
	V("fmla v0.2d, v1.2d, v2.2d");
	V("fmaxp v0.2d, v1.2d, v2.2d");
	V("fcmge v0.2d, v1.2d, v2.2d");
	V("frecpe v0.2d, v1.2d");
	V("fsqrt v0.2d, v1.2d");
}

int main(int argc, char **argv)
{
	wanted = argc > 1 ? argv[1] : 0;
	double_operands();
	static const u64 modes[] = { 0x00400000, 0x00800000, 0x00c00000, 0x01000000, 0x02000000, 0x03c00000 };
	for (unsigned m = 0; m < sizeof modes / sizeof *modes; m++) {
		control = modes[m];
		printf("FPCR %08lx\n", control);
	part0();
	part1();
	}
	return 0;
}
