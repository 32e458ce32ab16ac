// Single precision floating point, scalar and vector, with FPSR: NaNs, denormals, infinities, conversions (FPCR is 0).
#include "table.h"

static void part0(void)
{
	V("fadd s0, s1, s2");
	V("fsub s0, s1, s2");
	V("fmul s0, s1, s2");
	V("fdiv s0, s1, s2");
	V("fmax s0, s1, s2");
	V("fmin s0, s1, s2");
	V("fmaxnm s0, s1, s2");
	V("fminnm s0, s1, s2");
	V("fnmul s0, s1, s2");
	V("fmadd s0, s1, s2, s0");
	V("fmsub s0, s1, s2, s0");
	V("fnmadd s0, s1, s2, s0");
	V("fnmsub s0, s1, s2, s0");
	V("fabs s0, s1");
	V("fneg s0, s1");
	V("fsqrt s0, s1");
	V("frintn s0, s1");
	V("frintp s0, s1");
	V("frintm s0, s1");
	V("frintz s0, s1");
	V("frinta s0, s1");
	V("frintx s0, s1");
	V("frinti s0, s1");
	V("fmov s0, s1");
	V("frecpe s0, s1");
	V("frsqrte s0, s1");
	V("frecpx s0, s1");
	V("frecps s0, s1, s2");
	V("frsqrts s0, s1, s2");
	V("fmulx s0, s1, s2");
	V("fabd s0, s1, s2");
	V("facge s0, s1, s2");
	V("facgt s0, s1, s2");
	V("fcmeq s0, s1, s2");
	V("fcmge s0, s1, s2");
	V("fcmgt s0, s1, s2");
	V("fcmeq s0, s1, #0.0");
	V("fcmge s0, s1, #0.0");
	V("fcmgt s0, s1, #0.0");
	V("fcmle s0, s1, #0.0");
}

static void part1(void)
{
	V("fcmlt s0, s1, #0.0");
	V("fcmp s1, s2");
	V("fcmpe s1, s2");
	V("fcmp s1, #0.0");
	V("fcmpe s1, #0.0");
	V("fcmp s1, s2\n fccmp s2, s1, #5, ne");
	V("fcmp s1, s2\n fccmpe s2, s1, #5, lt");
	V("fcmp s1, s2\n fcsel s0, s1, s2, gt");
	V("fcvtns x9, s1");
	V("fcvtns w9, s1");
	V("fcvtns s0, s1");
	V("fcvtns v0.2s, v1.2s");
	V("fcvtns v0.4s, v1.4s");
	V("fcvtnu x9, s1");
	V("fcvtnu w9, s1");
	V("fcvtnu s0, s1");
	V("fcvtnu v0.2s, v1.2s");
	V("fcvtnu v0.4s, v1.4s");
	V("fcvtps x9, s1");
	V("fcvtps w9, s1");
	V("fcvtps s0, s1");
	V("fcvtps v0.2s, v1.2s");
	V("fcvtps v0.4s, v1.4s");
	V("fcvtpu x9, s1");
	V("fcvtpu w9, s1");
	V("fcvtpu s0, s1");
	V("fcvtpu v0.2s, v1.2s");
	V("fcvtpu v0.4s, v1.4s");
	V("fcvtms x9, s1");
	V("fcvtms w9, s1");
	V("fcvtms s0, s1");
	V("fcvtms v0.2s, v1.2s");
	V("fcvtms v0.4s, v1.4s");
	V("fcvtmu x9, s1");
	V("fcvtmu w9, s1");
	V("fcvtmu s0, s1");
	V("fcvtmu v0.2s, v1.2s");
	V("fcvtmu v0.4s, v1.4s");
	V("fcvtzs x9, s1");
	V("fcvtzs w9, s1");
}

static void part2(void)
{
	V("fcvtzs s0, s1");
	V("fcvtzs v0.2s, v1.2s");
	V("fcvtzs v0.4s, v1.4s");
	V("fcvtzu x9, s1");
	V("fcvtzu w9, s1");
	V("fcvtzu s0, s1");
	V("fcvtzu v0.2s, v1.2s");
	V("fcvtzu v0.4s, v1.4s");
	V("fcvtas x9, s1");
	V("fcvtas w9, s1");
	V("fcvtas s0, s1");
	V("fcvtas v0.2s, v1.2s");
	V("fcvtas v0.4s, v1.4s");
	V("fcvtau x9, s1");
	V("fcvtau w9, s1");
	V("fcvtau s0, s1");
	V("fcvtau v0.2s, v1.2s");
	V("fcvtau v0.4s, v1.4s");
	V("fcvtzs x9, s1, #13");
	V("fcvtzs w9, s1, #31");
	V("fcvtzs x9, s1, #64");
	V("fcvtzs s0, s1, #11");
	V("fcvtzs v0.2s, v1.2s, #9");
	V("fcvtzs v0.4s, v1.4s, #9");
	V("fcvtzu x9, s1, #13");
	V("fcvtzu w9, s1, #31");
	V("fcvtzu x9, s1, #64");
	V("fcvtzu s0, s1, #11");
	V("fcvtzu v0.2s, v1.2s, #9");
	V("fcvtzu v0.4s, v1.4s, #9");
	V("scvtf s0, x9");
	V("scvtf s0, w9");
	V("scvtf s0, x9, #17");
	V("scvtf s0, w9, #32");
	V("scvtf s0, s1");
	V("scvtf s0, s1, #32");
	V("scvtf v0.2s, v1.2s");
	V("scvtf v0.2s, v1.2s, #7");
	V("scvtf v0.4s, v1.4s");
	V("scvtf v0.4s, v1.4s, #7");
}

static void part3(void)
{
	V("ucvtf s0, x9");
	V("ucvtf s0, w9");
	V("ucvtf s0, x9, #17");
	V("ucvtf s0, w9, #32");
	V("ucvtf s0, s1");
	V("ucvtf s0, s1, #32");
	V("ucvtf v0.2s, v1.2s");
	V("ucvtf v0.2s, v1.2s, #7");
	V("ucvtf v0.4s, v1.4s");
	V("ucvtf v0.4s, v1.4s, #7");
	V("fcvt d0, s1");
	V("fcvt h0, s1");
	V("fcvt s0, h1");
	V("fcvtl v0.4s, v1.4h");
	V("fcvtl2 v0.4s, v1.8h");
	V("fcvtn v0.4h, v1.4s");
	V("fcvtn2 v0.8h, v1.4s");
	V("fcvtl v0.2d, v1.2s");
	V("fcvtl2 v0.2d, v1.4s");
	V("fadd v0.2s, v1.2s, v2.2s");
	V("fadd v0.4s, v1.4s, v2.4s");
	V("fsub v0.2s, v1.2s, v2.2s");
	V("fsub v0.4s, v1.4s, v2.4s");
	V("fmul v0.2s, v1.2s, v2.2s");
	V("fmul v0.4s, v1.4s, v2.4s");
	V("fdiv v0.2s, v1.2s, v2.2s");
	V("fdiv v0.4s, v1.4s, v2.4s");
	V("fmax v0.2s, v1.2s, v2.2s");
	V("fmax v0.4s, v1.4s, v2.4s");
	V("fmin v0.2s, v1.2s, v2.2s");
	V("fmin v0.4s, v1.4s, v2.4s");
	V("fmaxnm v0.2s, v1.2s, v2.2s");
	V("fmaxnm v0.4s, v1.4s, v2.4s");
	V("fminnm v0.2s, v1.2s, v2.2s");
	V("fminnm v0.4s, v1.4s, v2.4s");
	V("fmla v0.2s, v1.2s, v2.2s");
	V("fmla v0.4s, v1.4s, v2.4s");
	V("fmls v0.2s, v1.2s, v2.2s");
	V("fmls v0.4s, v1.4s, v2.4s");
	V("faddp v0.2s, v1.2s, v2.2s");
}

static void part4(void)
{
	V("faddp v0.4s, v1.4s, v2.4s");
	V("fmaxp v0.2s, v1.2s, v2.2s");
	V("fmaxp v0.4s, v1.4s, v2.4s");
	V("fminp v0.2s, v1.2s, v2.2s");
	V("fminp v0.4s, v1.4s, v2.4s");
	V("fmaxnmp v0.2s, v1.2s, v2.2s");
	V("fmaxnmp v0.4s, v1.4s, v2.4s");
	V("fminnmp v0.2s, v1.2s, v2.2s");
	V("fminnmp v0.4s, v1.4s, v2.4s");
	V("fabd v0.2s, v1.2s, v2.2s");
	V("fabd v0.4s, v1.4s, v2.4s");
	V("fmulx v0.2s, v1.2s, v2.2s");
	V("fmulx v0.4s, v1.4s, v2.4s");
	V("frecps v0.2s, v1.2s, v2.2s");
	V("frecps v0.4s, v1.4s, v2.4s");
	V("frsqrts v0.2s, v1.2s, v2.2s");
	V("frsqrts v0.4s, v1.4s, v2.4s");
	V("facge v0.2s, v1.2s, v2.2s");
	V("facge v0.4s, v1.4s, v2.4s");
	V("facgt v0.2s, v1.2s, v2.2s");
	V("facgt v0.4s, v1.4s, v2.4s");
	V("fcmeq v0.2s, v1.2s, v2.2s");
	V("fcmeq v0.4s, v1.4s, v2.4s");
	V("fcmge v0.2s, v1.2s, v2.2s");
	V("fcmge v0.4s, v1.4s, v2.4s");
	V("fcmgt v0.2s, v1.2s, v2.2s");
	V("fcmgt v0.4s, v1.4s, v2.4s");
	V("fabs v0.2s, v1.2s");
	V("fabs v0.4s, v1.4s");
	V("fneg v0.2s, v1.2s");
	V("fneg v0.4s, v1.4s");
	V("fsqrt v0.2s, v1.2s");
	V("fsqrt v0.4s, v1.4s");
	V("frintn v0.2s, v1.2s");
	V("frintn v0.4s, v1.4s");
	V("frintp v0.2s, v1.2s");
	V("frintp v0.4s, v1.4s");
	V("frintm v0.2s, v1.2s");
	V("frintm v0.4s, v1.4s");
	V("frintz v0.2s, v1.2s");
}

static void part5(void)
{
	V("frintz v0.4s, v1.4s");
	V("frinta v0.2s, v1.2s");
	V("frinta v0.4s, v1.4s");
	V("frintx v0.2s, v1.2s");
	V("frintx v0.4s, v1.4s");
	V("frinti v0.2s, v1.2s");
	V("frinti v0.4s, v1.4s");
	V("frecpe v0.2s, v1.2s");
	V("frecpe v0.4s, v1.4s");
	V("frsqrte v0.2s, v1.2s");
	V("frsqrte v0.4s, v1.4s");
	V("fcmeq v0.2s, v1.2s, #0.0");
	V("fcmeq v0.4s, v1.4s, #0.0");
	V("fcmge v0.2s, v1.2s, #0.0");
	V("fcmge v0.4s, v1.4s, #0.0");
	V("fcmgt v0.2s, v1.2s, #0.0");
	V("fcmgt v0.4s, v1.4s, #0.0");
	V("fcmle v0.2s, v1.2s, #0.0");
	V("fcmle v0.4s, v1.4s, #0.0");
	V("fcmlt v0.2s, v1.2s, #0.0");
	V("fcmlt v0.4s, v1.4s, #0.0");
	V("fmla s0, s1, v2.s[1]");
	V("fmla v0.2s, v1.2s, v2.s[1]");
	V("fmla v0.4s, v1.4s, v2.s[1]");
	V("fmls s0, s1, v2.s[1]");
	V("fmls v0.2s, v1.2s, v2.s[1]");
	V("fmls v0.4s, v1.4s, v2.s[1]");
	V("fmul s0, s1, v2.s[1]");
	V("fmul v0.2s, v1.2s, v2.s[1]");
	V("fmul v0.4s, v1.4s, v2.s[1]");
	V("fmulx s0, s1, v2.s[1]");
	V("fmulx v0.2s, v1.2s, v2.s[1]");
	V("fmulx v0.4s, v1.4s, v2.s[1]");
	V("faddp s0, v1.2s");
	V("fmaxp s0, v1.2s");
	V("fminp s0, v1.2s");
	V("fmaxnmp s0, v1.2s");
	V("fminnmp s0, v1.2s");
	V("fmaxv s0, v1.4s");
	V("fminv s0, v1.4s");
}

static void part6(void)
{
	V("fmaxnmv s0, v1.4s");
	V("fminnmv s0, v1.4s");
	V("fmov s0, w9");
	V("fmov w9, s1");
	V("fmov s0, #-1.9375");
	V("fmov v0.2s, #31.0");
	V("fmov v0.4s, #0.125");
}

int main(int argc, char **argv)
{
	wanted = argc > 1 ? argv[1] : 0;
	single_operands();
	part0();
	part1();
	part2();
	part3();
	part4();
	part5();
	part6();
	return 0;
}
