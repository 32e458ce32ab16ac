// A program that writes code, makes it executable and runs it; then changes it and runs it again (Arm ARM B2.4.4).
// oracle: qemu-user does not see code change through a second mapping
#include "../tap.h"
#include <sys/mman.h>

int main(void)
{
#ifndef __aarch64__
	skip("self-modifying code", "aarch64 only");
#else
	unsigned *code = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int (*run)(void) = (int (*)(void))code;
	code[0] = 0x52800000 | 42 << 5; /* mov w0, #42 */
	code[1] = 0xd65f03c0;           /* ret */
	mprotect(code, 8192, PROT_READ | PROT_EXEC);
	__builtin___clear_cache((char *)code, (char *)(code + 2));
	is(run(), 42, "fresh code runs");
	mprotect(code, 8192, PROT_READ | PROT_WRITE);
	code[0] = 0x52800000 | 43 << 5;
	mprotect(code, 8192, PROT_READ | PROT_EXEC);
	__builtin___clear_cache((char *)code, (char *)(code + 2));
	is(run(), 43, "changed code runs as changed");
	mprotect(code, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
	int sum = 0;
	for (int i = 0; i < 100; i++) {
		code[0] = 0x52800000 | i << 5;
		__builtin___clear_cache((char *)code, (char *)(code + 2));
		sum += run();
	}
	is(sum, 4950, "a hundred changes in a writable and executable page");
	// Far up, and beyond what a 32-bit number holds: a garbage collector that moves code does a whole heap this way.
	unsigned long places[] = { 0xc0000000, 0x140000000 };
	for (int k = 0; k < 2; k++) {
		unsigned *far = mmap((void *)places[k], 1 << 20, PROT_READ | PROT_WRITE | PROT_EXEC,
		                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		must(far == (void *)places[k] ? 0 : -1);
		run = (int (*)(void))(far + 20);
		sum = 0;
		for (int i = 0; i < 10; i++) {
			far[20] = 0x52800000 | i << 5;
			far[21] = 0xd65f03c0;
			__builtin___clear_cache((char *)far, (char *)far + (1 << 20));
			sum += run();
		}
		is(sum, 45, "ten changes far up, of which a whole megabyte is told");
	}
	int fd = memfd_create("jit", 0);
	ftruncate(fd, 4096);
	unsigned *writable = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int (*alias)(void) = (int (*)(void))mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	sum = 0;
	for (int i = 0; i < 10; i++) {
		writable[0] = 0x52800000 | i << 5;
		writable[1] = 0xd65f03c0;
		__builtin___clear_cache((char *)writable, (char *)(writable + 2));
		__builtin___clear_cache((char *)alias, (char *)alias + 8);
		sum += alias();
	}
	is(sum, 45, "through a second mapping of the same memory");
#endif
	return done();
}
