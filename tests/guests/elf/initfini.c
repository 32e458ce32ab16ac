// Constructors run before main by priority, destructors and atexit handlers after it in reverse.
// variants: static dynamic musl-static musl-dynamic
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor(102))) static void second(void) { puts("constructor 102"); }
__attribute__((constructor(101))) static void first(void) { puts("constructor 101"); }
__attribute__((destructor(101))) static void last(void) { puts("destructor 101"); }
__attribute__((destructor(102))) static void before_last(void) { puts("destructor 102"); }
static void exit1(void) { puts("atexit 1"); }
static void exit2(void) { puts("atexit 2"); }

int main(void)
{
	atexit(exit1);
	atexit(exit2);
	puts("main");
	return 0;
}
