/* What the sanitizers have to find, in a library like the shim: else their silence about the shim means nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

__attribute__((visibility("default"))) int32_t read_behind(uint32_t size)
{
	uint8_t *bytes = malloc(size);
	if (!bytes)
		return 0;
	memset(bytes, 1, size);
	volatile uint8_t *behind = bytes + size;
	int32_t value = *behind;
	free(bytes);
	return value;
}

__attribute__((visibility("default"))) int32_t overflow(int32_t value)
{
	return value + 1;
}
