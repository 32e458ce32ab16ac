// abort(3) ends with SIGABRT.
// exit: 134
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	puts("before");
	fflush(stdout);
	abort();
}
