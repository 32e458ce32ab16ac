// Large reservations are possible: only touched pages count.
#include "../tap.h"
#include <sys/mman.h>

int main(void)
{
	size_t size = (size_t)1 << 31;
	char *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ok(p != MAP_FAILED, "2 GiB");
	for (size_t at = 0; at < size; at += size / 8)
		p[at] = 1;
	p[size - 1] = 1;
	ok(1, "touched here and there");
	char *none = mmap(0, (size_t)1 << 32, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ok(none != MAP_FAILED, "4 GiB without rights");
	is(munmap(none, (size_t)1 << 32), 0, "and back");
	char *heap = malloc(100 << 20);
	ok(heap, "malloc of 100 MiB");
	heap[50 << 20] = 1;
	free(heap);
	fails((long)mmap(0, (size_t)1 << 60, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM, "an absurd length");
	return done();
}
