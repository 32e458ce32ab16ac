/* Sieve of Eratosthenes over bytes: stores with a stride, counted loops. */
#include <stdio.h>
#include <string.h>

enum { SIZE = 1 << 20 };
static unsigned char composite[SIZE];

int main(void)
{
	long sum = 0;
	for (int round = 0; round < 270; round++) {
		memset(composite, 0, sizeof composite);
		for (long i = 2; i < SIZE; i++) {
			if (composite[i])
				continue;
			sum += i ^ round;
			for (long j = i * i; j < SIZE; j += i)
				composite[j] = 1;
		}
	}
	printf("%ld\n", sum);
}
