// mmap(2) of files: shared and private, coherent with read and write, SIGBUS behind the end, zeros in the last page.
#include "../tap.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

static sigjmp_buf back;
static volatile siginfo_t last;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	last = *info;
	siglongjmp(back, 1);
}

int main(void)
{
	char name[] = "/tmp/mapXXXXXX", buffer[16];
	int fd = must(mkstemp(name));
	unlink(name);
	must(ftruncate(fd, 4096 + 100));
	must(pwrite(fd, "hello", 5, 0));
	volatile char *shared = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	volatile char *private = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ok(memcmp((char *)shared, "hello", 5) == 0, "a shared mapping shows the file");
	shared[0] = 'J';
	must(pread(fd, buffer, 5, 0));
	ok(memcmp(buffer, "Jello", 5) == 0, "a store is seen by read");
	must(pwrite(fd, "y", 1, 4));
	is(shared[4], 'y', "a write is seen in the mapping");
	is(private[4], 'y', "and in the private one, while untouched");
	private[0] = 'P';
	is(shared[0], 'J', "a store to the private one stays there");
	must(pwrite(fd, "Q", 1, 0));
	is(private[0], 'P', "and is not overwritten by the file");
	is(shared[0], 'Q', "the shared one follows the file");
	is(shared[4096 + 100], 0, "behind the end of the file the last page is zero");
	shared[4096 + 200] = 1;
	ftruncate(fd, 4096 + 300);
	must(pread(fd, buffer, 1, 4096 + 250));
	is(buffer[0], 0, "growing the file shows zeros");
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigaction(SIGBUS, &action, 0);
	if (sigsetjmp(back, 1) == 0) {
		(void)shared[2 * 4096];
		ok(0, "a page behind the end is SIGBUS");
	} else {
		is((long)last.si_addr, (long)(shared + 2 * 4096), "a page behind the end is SIGBUS: si_addr");
		is(last.si_code, BUS_ADRERR, "si_code is BUS_ADRERR");
	}
	is(msync((void *)shared, 4096, MS_SYNC), 0, "msync");
	int ro = must(open("/proc/self/exe", O_RDONLY));
	fails((long)mmap(0, 4096, PROT_WRITE, MAP_SHARED, ro, 0), EACCES, "shared and writable needs a writable file");
	ok(mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0) != MAP_FAILED, "private and writable does not");
	fails((long)mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 100), EINVAL, "unaligned offset");
	int pipes[2];
	must(pipe(pipes));
	fails((long)mmap(0, 4096, PROT_READ, MAP_PRIVATE, pipes[0], 0), ENODEV, "a pipe cannot be mapped");
	fails((long)mmap(0, 4096, PROT_READ, MAP_PRIVATE, 999, 0), EBADF, "bad descriptor");
	return done();
}
