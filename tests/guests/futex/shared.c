// Futexes between processes: in shared anonymous memory, and in a file mapped at two addresses.
#include "../tap.h"
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static long futex(int *address, int operation, int value)
{
	return syscall(SYS_futex, address, operation, value, 0, 0, 0);
}

static int ping_pong(int *parent, int *child)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 100; i++) {
			while (__atomic_load_n(child, __ATOMIC_SEQ_CST) != 2 * i + 1)
				futex(child, FUTEX_WAIT, 2 * i);
			__atomic_store_n(child, 2 * i + 2, __ATOMIC_SEQ_CST);
			futex(child, FUTEX_WAKE, 1);
		}
		_exit(7);
	}
	for (int i = 0; i < 100; i++) {
		__atomic_store_n(parent, 2 * i + 1, __ATOMIC_SEQ_CST);
		futex(parent, FUTEX_WAKE, 1);
		while (__atomic_load_n(parent, __ATOMIC_SEQ_CST) != 2 * i + 2)
			futex(parent, FUTEX_WAIT, 2 * i + 1);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

int main(void)
{
	int *anonymous = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	is(ping_pong(anonymous, anonymous), 7, "a hundred turns in anonymous shared memory");
	int fd = memfd_create("futex", 0);
	ftruncate(fd, 8192);
	int *one = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int *two = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
	is(ping_pong(one + 1024 + 3, two + 3), 7, "a hundred turns at two addresses of one file");
	return done();
}
