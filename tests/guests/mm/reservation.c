// How runtimes reserve room for a heap: far more than there is, less and less until they get it, above 8 GiB (GHC).
// oracle: qemu-user takes half a minute for a reservation of a terabyte
#include "../tap.h"
#include <sys/mman.h>

#define GIB (1ul << 30)

static char *reserve(unsigned long length)
{
	void *place = mmap((void *)0x4200000000, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return place == MAP_FAILED ? 0 : place;
}

int main(void)
{
	char *heap = 0;
	unsigned long length = 1ul << 40;
	while (length >= GIB) {
		heap = reserve(length);
		if (heap && (unsigned long)heap >= 8 * GIB) break;
		if (heap) munmap(heap, length);
		heap = 0;
		length -= length / 8 & -4096;
		length &= -4096;
	}
	if (!ok(heap != 0, "there is a reservation of a gigabyte or more above 8 GiB")) return done();
	char *last = heap + length - 65536;
	is(mprotect(heap, 65536, PROT_READ | PROT_WRITE), 0, "its start becomes memory");
	is(mprotect(last, 65536, PROT_READ | PROT_WRITE), 0, "its end becomes memory");
	strcpy(heap, "start");
	strcpy(last + 65530, "end");
	is_str(heap, "start", "the start keeps what is written");
	is_str(last + 65530, "end", "the end keeps what is written");
	char *more = mmap(0, 256ul << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok(more != MAP_FAILED, "there is room for something else");
	is(munmap(heap, length), 0, "the reservation can be given back");
	is((long)reserve(length), (long)heap, "and is had again");
	return done();
}
