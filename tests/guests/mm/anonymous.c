// mmap(2): anonymous memory is zero, page aligned, and gone after munmap.
#include "../tap.h"
#include <sys/mman.h>

int main(void)
{
	char *p = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok(p != MAP_FAILED, "mmap");
	is((long)p % 4096, 0, "page aligned");
	int sum = 0;
	for (int i = 0; i < 3 * 4096; i++)
		sum |= p[i];
	is(sum, 0, "zeroed");
	p[0] = 1, p[4096] = 2, p[8192] = 3;
	is(munmap(p + 4096, 4096), 0, "a hole in the middle");
	is(p[0] + p[8192], 4, "the pages beside it are untouched");
	unsigned char vec[3];
	fails(mincore(p, 3 * 4096, vec), ENOMEM, "mincore sees the hole");
	char *again = mmap(p + 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ok(again == p + 4096 && *again == 0, "MAP_FIXED fills it with zeros");
	is(munmap(p, 3 * 4096), 0, "munmap over several mappings");
	is(munmap(p, 3 * 4096), 0, "munmap of nothing is no error");
	fails((long)mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL, "length 0");
	fails((long)mmap((void *)123, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), EINVAL,
	      "unaligned MAP_FIXED");
	fails((long)mmap(0, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL, "neither private nor shared");
	fails(munmap((void *)1, 4096), EINVAL, "unaligned munmap");
	fails(munmap(p, 0), EINVAL, "munmap of length 0");
	return done();
}
