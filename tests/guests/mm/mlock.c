// mlock(2), mlockall(2), mincore(2).
#include "../tap.h"
#include <sys/mman.h>

int main(void)
{
	char *p = mmap(0, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char vec[4] = { 9, 9, 9, 9 };
	p[0] = 1;
	is(mincore(p, 4 * 4096, vec), 0, "mincore");
	is(vec[0] & 1, 1, "a touched page is resident");
	is(mlock(p, 8192), 0, "mlock");
	is(munlock(p, 8192), 0, "munlock");
	fails(mlock((void *)0x1000, 4096), ENOMEM, "mlock of nothing");
	fails(mincore(p + 1, 4096, vec), EINVAL, "mincore wants an aligned address");
	is(munlockall(), 0, "munlockall");
	return done();
}
