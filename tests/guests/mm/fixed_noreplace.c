// mmap(2): MAP_FIXED_NOREPLACE never takes an address in use.
// oracle: qemu-user ignores MAP_FIXED_NOREPLACE
#include "../tap.h"
#include <sys/mman.h>

int main(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *p = mmap(0, 4 * 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
	p[4096] = 5;
	fails((long)mmap(p + 4096, 4096, PROT_READ, flags | MAP_FIXED_NOREPLACE, -1, 0), EEXIST, "in use");
	is(p[4096], 5, "and left alone");
	munmap(p + 4096, 4096);
	ok(mmap(p + 4096, 4096, PROT_READ, flags | MAP_FIXED_NOREPLACE, -1, 0) == p + 4096, "free");
	fails((long)mmap(p - 4096, 3 * 4096, PROT_READ, flags | MAP_FIXED_NOREPLACE, -1, 0), EEXIST, "partly in use");
	char *hint = mmap(p, 4096, PROT_READ, flags, -1, 0);
	ok(hint != MAP_FAILED && hint != p, "a hint in use gives another address");
	return done();
}
