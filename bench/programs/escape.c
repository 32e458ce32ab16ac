/* How soon points of the plane escape, and which numbers are below a limit: comparisons of doubles decide every branch. */
#include <stdio.h>

enum { SIZE = 640, LIMIT = 200, VALUES = 1000 };

static int escape(double re, double im)
{
	double x = 0, y = 0;
	int pass = 0;
	for (; pass < LIMIT && x * x + y * y <= 4; pass++) {
		double next = x * x - y * y + re;
		y = 2 * x * y + im;
		x = next;
	}
	return pass;
}

int main(void)
{
	static double values[VALUES];
	long passes = 0, below = 0;
	double most = -1;
	for (int row = 0; row < SIZE; row++)
		for (int column = 0; column < SIZE; column++)
			passes += escape(2.0 * column / SIZE - 1.5, 2.0 * row / SIZE - 1.0);
	for (int i = 0; i < VALUES; i++)
		values[i] = i * 7919 % VALUES * 1.5;
	for (int round = 0; round < 50000; round++) {
		for (int i = 0; i < VALUES; i++) {
			if (values[i] > most)
				most = values[i];
			if (values[i] < round % 1500)
				below++;
		}
	}
	printf("%ld %ld %g\n", passes, below, most);
}
