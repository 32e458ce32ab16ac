// With an argument: says "ready" and runs until somebody sets `done`; else ends at once.
// flags: -O0
#include <stdio.h>

volatile int done;
volatile unsigned long spins;

int main(int argc, char **argv)
{
	(void)argv;
	if (argc < 2)
		return 0;
	puts("ready");
	fflush(stdout);
	while (!done)
		spins++;
	puts("done");
	return 0;
}
