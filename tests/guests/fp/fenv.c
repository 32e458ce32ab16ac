// Floating point environment: exception flags and rounding modes through the C library.
// flags: -frounding-math -fno-builtin
#include "../tap.h"
#include <fenv.h>
#include <float.h>
#include <math.h>

static volatile double one = 1, three = 3, zero = 0, large = DBL_MAX, small = DBL_MIN;

static int raised(double value)
{
	(void)value;
	return fetestexcept(FE_ALL_EXCEPT);
}

#define RAISES(expression, flags, what)                                                            \
	do {                                                                                       \
		feclearexcept(FE_ALL_EXCEPT);                                                      \
		volatile double value_ = expression;                                               \
		is(raised(value_), flags, what);                                                   \
	} while (0)

int main(void)
{
	RAISES(one + one, 0, "exact addition");
	RAISES(one / three, FE_INEXACT, "a third is inexact");
	RAISES(one / zero, FE_DIVBYZERO, "division by zero");
	RAISES(zero / zero, FE_INVALID, "invalid");
	RAISES(sqrt(-one), FE_INVALID, "root of a negative number");
	RAISES(large * large, FE_OVERFLOW | FE_INEXACT, "overflow");
	RAISES(small / three, FE_UNDERFLOW | FE_INEXACT, "underflow");
	RAISES((long)large ? 1.0 : 2.0, FE_INVALID, "a conversion that does not fit");
	int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };
	long want[] = { 2, 3, 2, 2 }, negative[] = { -2, -2, -3, -2 };
	double thirds[4];
	for (int i = 0; i < 4; i++) {
		is(fesetround(modes[i]), 0, "fesetround");
		is(fegetround(), modes[i], "fegetround");
		volatile double x = 2.5, y = -2.5;
		is(lrint(x), want[i], "lrint");
		is((long)rint(y), negative[i], "rint");
		thirds[i] = one / three;
	}
	fesetround(FE_TONEAREST);
	ok(thirds[1] > thirds[2], "up is more than down");
	ok(thirds[3] == thirds[2], "zero is down for positives");
	ok(thirds[0] == thirds[1] || thirds[0] == thirds[2], "nearest is one of them");
	fenv_t environment;
	feraiseexcept(FE_INEXACT);
	is(feholdexcept(&environment), 0, "feholdexcept");
	is(fetestexcept(FE_ALL_EXCEPT), 0, "clears");
	feraiseexcept(FE_OVERFLOW);
	feupdateenv(&environment);
	is(fetestexcept(FE_INEXACT | FE_OVERFLOW), FE_INEXACT | FE_OVERFLOW, "feupdateenv merges");
	return done();
}
