// exit(3): the status is the low byte.
// exit: 7
#include <stdlib.h>

int main(void)
{
	exit(256 + 7);
}
