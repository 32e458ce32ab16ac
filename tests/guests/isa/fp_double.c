// Double precision floating point, scalar and vector, with FPSR: NaNs, denormals, infinities, conversions (FPCR is 0).
#include "table.h"

static void part0(void)
{
	V("fadd d0, d1, d2");
	V("fsub d0, d1, d2");
	V("fmul d0, d1, d2");
	V("fdiv d0, d1, d2");
	V("fmax d0, d1, d2");
	V("fmin d0, d1, d2");
	V("fmaxnm d0, d1, d2");
	V("fminnm d0, d1, d2");
	V("fnmul d0, d1, d2");
	V("fmadd d0, d1, d2, d0");
	V("fmsub d0, d1, d2, d0");
	V("fnmadd d0, d1, d2, d0");
	V("fnmsub d0, d1, d2, d0");
	V("fabs d0, d1");
	V("fneg d0, d1");
	V("fsqrt d0, d1");
	V("frintn d0, d1");
	V("frintp d0, d1");
	V("frintm d0, d1");
	V("frintz d0, d1");
	V("frinta d0, d1");
	V("frintx d0, d1");
	V("frinti d0, d1");
	V("fmov d0, d1");
	V("frecpe d0, d1");
	V("frsqrte d0, d1");
	V("frecpx d0, d1");
	V("frecps d0, d1, d2");
	V("frsqrts d0, d1, d2");
	V("fmulx d0, d1, d2");
	V("fabd d0, d1, d2");
	V("facge d0, d1, d2");
	V("facgt d0, d1, d2");
	V("fcmeq d0, d1, d2");
	V("fcmge d0, d1, d2");
	V("fcmgt d0, d1, d2");
	V("fcmeq d0, d1, #0.0");
	V("fcmge d0, d1, #0.0");
	V("fcmgt d0, d1, #0.0");
	V("fcmle d0, d1, #0.0");
}

static void part1(void)
{
	V("fcmlt d0, d1, #0.0");
	V("fcmp d1, d2");
	V("fcmpe d1, d2");
	V("fcmp d1, #0.0");
	V("fcmpe d1, #0.0");
	V("fcmp d1, d2\n fccmp d2, d1, #5, ne");
	V("fcmp d1, d2\n fccmpe d2, d1, #5, lt");
	V("fcmp d1, d2\n fcsel d0, d1, d2, gt");
	V("fcvtns x9, d1");
	V("fcvtns w9, d1");
	V("fcvtns d0, d1");
	V("fcvtns v0.2d, v1.2d");
	V("fcvtnu x9, d1");
	V("fcvtnu w9, d1");
	V("fcvtnu d0, d1");
	V("fcvtnu v0.2d, v1.2d");
	V("fcvtps x9, d1");
	V("fcvtps w9, d1");
	V("fcvtps d0, d1");
	V("fcvtps v0.2d, v1.2d");
	V("fcvtpu x9, d1");
	V("fcvtpu w9, d1");
	V("fcvtpu d0, d1");
	V("fcvtpu v0.2d, v1.2d");
	V("fcvtms x9, d1");
	V("fcvtms w9, d1");
	V("fcvtms d0, d1");
	V("fcvtms v0.2d, v1.2d");
	V("fcvtmu x9, d1");
	V("fcvtmu w9, d1");
	V("fcvtmu d0, d1");
	V("fcvtmu v0.2d, v1.2d");
	V("fcvtzs x9, d1");
	V("fcvtzs w9, d1");
	V("fcvtzs d0, d1");
	V("fcvtzs v0.2d, v1.2d");
	V("fcvtzu x9, d1");
	V("fcvtzu w9, d1");
	V("fcvtzu d0, d1");
	V("fcvtzu v0.2d, v1.2d");
}

static void part2(void)
{
	V("fcvtas x9, d1");
	V("fcvtas w9, d1");
	V("fcvtas d0, d1");
	V("fcvtas v0.2d, v1.2d");
	V("fcvtau x9, d1");
	V("fcvtau w9, d1");
	V("fcvtau d0, d1");
	V("fcvtau v0.2d, v1.2d");
	V("fcvtzs x9, d1, #13");
	V("fcvtzs w9, d1, #31");
	V("fcvtzs x9, d1, #64");
	V("fcvtzs d0, d1, #11");
	V("fcvtzs v0.2d, v1.2d, #9");
	V("fcvtzu x9, d1, #13");
	V("fcvtzu w9, d1, #31");
	V("fcvtzu x9, d1, #64");
	V("fcvtzu d0, d1, #11");
	V("fcvtzu v0.2d, v1.2d, #9");
	V("scvtf d0, x9");
	V("scvtf d0, w9");
	V("scvtf d0, x9, #17");
	V("scvtf d0, w9, #32");
	V("scvtf d0, d1");
	V("scvtf d0, d1, #64");
	V("scvtf v0.2d, v1.2d");
	V("scvtf v0.2d, v1.2d, #7");
	V("ucvtf d0, x9");
	V("ucvtf d0, w9");
	V("ucvtf d0, x9, #17");
	V("ucvtf d0, w9, #32");
	V("ucvtf d0, d1");
	V("ucvtf d0, d1, #64");
	V("ucvtf v0.2d, v1.2d");
	V("ucvtf v0.2d, v1.2d, #7");
	V("fcvt s0, d1");
	V("fcvt h0, d1");
	V("fcvt d0, h1");
	V("fcvtn v0.2s, v1.2d");
	V("fcvtn2 v0.4s, v1.2d");
	V("fcvtxn v0.2s, v1.2d");
}

static void part3(void)
{
	V("fcvtxn2 v0.4s, v1.2d");
	V("fcvtxn s0, d1");
	V("fadd v0.2d, v1.2d, v2.2d");
	V("fsub v0.2d, v1.2d, v2.2d");
	V("fmul v0.2d, v1.2d, v2.2d");
	V("fdiv v0.2d, v1.2d, v2.2d");
	V("fmax v0.2d, v1.2d, v2.2d");
	V("fmin v0.2d, v1.2d, v2.2d");
	V("fmaxnm v0.2d, v1.2d, v2.2d");
	V("fminnm v0.2d, v1.2d, v2.2d");
	V("fmla v0.2d, v1.2d, v2.2d");
	V("fmls v0.2d, v1.2d, v2.2d");
	V("faddp v0.2d, v1.2d, v2.2d");
	V("fmaxp v0.2d, v1.2d, v2.2d");
	V("fminp v0.2d, v1.2d, v2.2d");
	V("fmaxnmp v0.2d, v1.2d, v2.2d");
	V("fminnmp v0.2d, v1.2d, v2.2d");
	V("fabd v0.2d, v1.2d, v2.2d");
	V("fmulx v0.2d, v1.2d, v2.2d");
	V("frecps v0.2d, v1.2d, v2.2d");
	V("frsqrts v0.2d, v1.2d, v2.2d");
	V("facge v0.2d, v1.2d, v2.2d");
	V("facgt v0.2d, v1.2d, v2.2d");
	V("fcmeq v0.2d, v1.2d, v2.2d");
	V("fcmge v0.2d, v1.2d, v2.2d");
	V("fcmgt v0.2d, v1.2d, v2.2d");
	V("fabs v0.2d, v1.2d");
	V("fneg v0.2d, v1.2d");
	V("fsqrt v0.2d, v1.2d");
	V("frintn v0.2d, v1.2d");
	V("frintp v0.2d, v1.2d");
	V("frintm v0.2d, v1.2d");
	V("frintz v0.2d, v1.2d");
	V("frinta v0.2d, v1.2d");
	V("frintx v0.2d, v1.2d");
	V("frinti v0.2d, v1.2d");
	V("frecpe v0.2d, v1.2d");
	V("frsqrte v0.2d, v1.2d");
	V("fcmeq v0.2d, v1.2d, #0.0");
	V("fcmge v0.2d, v1.2d, #0.0");
}

static void part4(void)
{
	V("fcmgt v0.2d, v1.2d, #0.0");
	V("fcmle v0.2d, v1.2d, #0.0");
	V("fcmlt v0.2d, v1.2d, #0.0");
	V("fmla d0, d1, v2.d[1]");
	V("fmla v0.2d, v1.2d, v2.d[1]");
	V("fmls d0, d1, v2.d[1]");
	V("fmls v0.2d, v1.2d, v2.d[1]");
	V("fmul d0, d1, v2.d[1]");
	V("fmul v0.2d, v1.2d, v2.d[1]");
	V("fmulx d0, d1, v2.d[1]");
	V("fmulx v0.2d, v1.2d, v2.d[1]");
	V("faddp d0, v1.2d");
	V("fmaxp d0, v1.2d");
	V("fminp d0, v1.2d");
	V("fmaxnmp d0, v1.2d");
	V("fminnmp d0, v1.2d");
	V("fmov d0, x9");
	V("fmov x9, d1");
	V("fmov v0.d[1], x9");
	V("fmov x9, v1.d[1]");
	V("fmov d0, #-1.9375");
	V("fmov v0.2d, #0.125");
}

int main(int argc, char **argv)
{
	wanted = argc > 1 ? argv[1] : 0;
	double_operands();
	part0();
	part1();
	part2();
	part3();
	part4();
	return 0;
}
