// Conversion between text and floating point, both ways, correctly rounded.
#include "../tap.h"
#include <float.h>
#include <math.h>

int main(void)
{
	char text[400];
	int wrong = 0;
	unsigned long state = 88172645463325252;
	for (int i = 0; i < 20000; i++) {
		state ^= state << 13, state ^= state >> 7, state ^= state << 17;
		double value, back;
		memcpy(&value, &state, 8);
		if (!isfinite(value))
			continue;
		snprintf(text, sizeof text, "%.17g", value);
		back = strtod(text, 0);
		wrong += memcmp(&value, &back, 8) != 0;
	}
	is(wrong, 0, "17 digits give back every double");
	snprintf(text, sizeof text, "%.60f", 0.1);
	is_str(text, "0.100000000000000005551115123125782702118158340454101562500000", "all digits of 0.1");
	snprintf(text, sizeof text, "%.0f %.0f %.0f", 0.5, 1.5, 2.5);
	is_str(text, "0 2 2", "halves round to even");
	snprintf(text, sizeof text, "%e %g %g", DBL_MAX, DBL_MIN, DBL_TRUE_MIN);
	is_str(text, "1.797693e+308 2.22507e-308 4.94066e-324", "borders");
	is(strtod("1e400", 0) == HUGE_VAL, 1, "overflow");
	is(strtod("0x1.8p1", 0) == 3.0, 1, "hexadecimal");
	ok(strtof("16777217", 0) == 16777216.0f, "float rounding");
	ok(strtold("0.1", 0) != 0.1, "long double has more");
	return done();
}
