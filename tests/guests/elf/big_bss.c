// A bss of 512 MiB costs nothing until it is touched, and reads as zero.
#include "../tap.h"

static char big[512 << 20];

int main(void)
{
	long sum = 0;
	for (long i = 0; i < (long)sizeof big; i += 16 << 20)
		sum += big[i];
	is(sum, 0, "untouched pages read as zero");
	big[sizeof big - 1] = 7;
	is(big[sizeof big - 1], 7, "the last byte can be written");
	return done();
}
