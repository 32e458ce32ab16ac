// Parsing of numbers, as tests of small functions do it.
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int main(void)
{
	char *end;
	assert(strtol("42", &end, 10) == 42 && *end == 0);
	assert(strtol("0x2a", &end, 16) == 42);
	assert(strtol("-1x", &end, 10) == -1 && *end == 'x');
	errno = 0;
	assert(strtoul("99999999999999999999", &end, 10) == ~0ul && errno == ERANGE);
	return 0;
}
