// The smallest program of C: starts, prints, exits.
// variants: static static-pie dynamic dynamic-nopie musl-static musl-dynamic
#include <stdio.h>

int main(void)
{
	puts("hello, world");
	return 0;
}
