// The C library's mathematics, bit for bit: what a wrong rounding anywhere would change.
// variants: static
#include <complex.h>
#include <math.h>
#include <stdio.h>

int main(void)
{
	double values[] = { 0.0, -0.0, 0.1, 0.5, 1.0, 1.5, 2.718281828459045, 3.0, 10.0, 100.25, -0.3, -7.5, 1e-10, 1e10, 1e300 };
	for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
		double x = values[i];
		printf("%a sin %a cos %a tan %a\n", x, sin(x), cos(x), tan(x));
		printf("  exp %a log %a pow %a cbrt %a\n", exp(fmin(x, 600)), log(fabs(x) + 1), pow(fabs(x), 0.37), cbrt(x));
		printf("  atan %a sinh %a tanh %a erf %a tgamma %a\n", atan(x), sinh(fmin(x, 600)), tanh(x), erf(x), tgamma(fmin(fabs(x), 100) + 0.5));
		printf("  floor %a ceil %a trunc %a round %a fmod %a remainder %a\n", floor(x), ceil(x), trunc(x), round(x), fmod(x, 0.7), remainder(x, 0.7));
		printf("  float %a %a %a\n", sinf((float)x), expf(fminf((float)x, 80)), powf(fabsf((float)x), 0.3f));
		printf("  hypot %a fma %a nextafter %a logb %a\n", hypot(x, 3), fma(x, x, -x), nextafter(x, 1e301), logb(x + 1));
	}
	long double third = 1.0L / 3;
	printf("long double %.30Lf %La %Lg\n", third, third * third, sqrtl(2));
	double complex z = cexp(1 + 2 * I);
	printf("complex %a %a\n", creal(z), cimag(z));
	printf("special %g %g %g %d %d\n", INFINITY, -INFINITY, fabs(NAN), isnan(NAN), signbit(-0.0) != 0);
	return 0;
}
