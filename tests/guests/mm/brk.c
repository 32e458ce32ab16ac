// brk(2): the heap grows with zeros, shrinks, and comes back zeroed.
#include "../tap.h"
#include <sys/syscall.h>

int main(void)
{
	char *start = (char *)syscall(SYS_brk, 0);
	ok(start, "the current break");
	char *page = (char *)(((long)start + 4095) & ~4095L);
	is(syscall(SYS_brk, page + 3 * 4096), (long)(page + 3 * 4096), "grow by three pages");
	is(page[0] | page[3 * 4096 - 1], 0, "zeroed");
	memset(page, 1, 3 * 4096);
	is(syscall(SYS_brk, page + 4096), (long)(page + 4096), "shrink");
	is(page[4095], 1, "what remains is untouched");
	is(syscall(SYS_brk, page + 3 * 4096), (long)(page + 3 * 4096), "grow again");
	is(page[4096] | page[3 * 4096 - 1], 0, "zeroed again");
	is(syscall(SYS_brk, 1), (long)(page + 3 * 4096), "an address below the start changes nothing");
	is(syscall(SYS_brk, -4096L), (long)(page + 3 * 4096), "an absurd one neither");
	is(syscall(SYS_brk, start), (long)start, "back to the start");
	void *old = sbrk(0);
	ok(sbrk(100) == old && sbrk(0) == (char *)old + 100, "sbrk counts bytes");
	return done();
}
