// mremap(2): shrink, grow in place or move, to a fixed place, and what it refuses.
// oracle: qemu-user gives another errno
#include "../tap.h"
#include <sys/mman.h>

int main(void)
{
	int prot = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *p = mmap(0, 8 * 4096, prot, flags, -1, 0);
	for (int i = 0; i < 8; i++)
		p[i * 4096] = i + 1;
	ok(mremap(p, 8 * 4096, 4 * 4096, 0) == p, "shrink");
	unsigned char vec[8];
	fails(mincore(p + 4 * 4096, 4096, vec), ENOMEM, "the tail is unmapped");
	char *wall = mmap(p + 4 * 4096, 4096, prot, flags | MAP_FIXED, -1, 0);
	ok(wall == p + 4 * 4096, "something else lies behind it");
	mprotect(wall, 4096, PROT_READ); /* keeps it a mapping of its own */
	fails((long)mremap(p, 4 * 4096, 16 * 4096, 0), ENOMEM, "no room to grow in place");
	char *moved = mremap(p, 4 * 4096, 16 * 4096, MREMAP_MAYMOVE);
	ok(moved != MAP_FAILED && moved != p, "MREMAP_MAYMOVE moves");
	is(moved[0] + moved[3 * 4096], 5, "the content came along");
	is(moved[15 * 4096], 0, "the new part is zero");
	fails(mincore(p, 4096, vec), ENOMEM, "the old place is unmapped");
	char *target = mmap(0, 16 * 4096, prot, flags, -1, 0);
	char *fixed = mremap(moved, 2 * 4096, 2 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, target);
	ok(fixed == target, "MREMAP_FIXED goes where it is told");
	is(fixed[4096], 2, "with its content");
	fails((long)mremap(fixed, 4096, 4096, MREMAP_FIXED, target + 4096), EINVAL, "MREMAP_FIXED needs MAYMOVE");
	fails((long)mremap(fixed + 1, 4096, 4096, 0), EINVAL, "unaligned");
	fails((long)mremap(fixed, 4096, 0, 0), EINVAL, "new length 0");
	munmap(wall, 4096);
	fails((long)mremap(wall, 4096, 8192, MREMAP_MAYMOVE), EFAULT, "nothing is mapped there");
	char *kept = mmap(0, 4096, prot, flags, -1, 0);
	*kept = 9;
	char *copy = mremap(kept, 4096, 4096, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
	if (copy == MAP_FAILED && errno == EINVAL) {
		skip("MREMAP_DONTUNMAP", "not known here");
	} else {
		ok(copy != kept && *copy == 9 && *kept == 0, "MREMAP_DONTUNMAP leaves zeros behind");
	}
	return done();
}
