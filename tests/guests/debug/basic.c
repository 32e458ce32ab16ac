// The ground of the debugger tests: calls, a loop, a global, a library function.
// variants: static dynamic musl-static musl-dynamic
// flags: -O0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int global = 1;
struct point { int x, y; } origin = { 3, 4 };

__attribute__((noinline)) int add(int a, int b)
{
	int sum = a + b;
	global = sum;
	return sum;
}

int main(void)
{
	int total = 0;
	for (int i = 0; i < 5; i++)
		total = add(total, i);
	char *copy = strdup("hello");
	printf("%s %d\n", copy, total);
	free(copy);
	return 0;
}
