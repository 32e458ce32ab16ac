// fork(2) and memory: MAP_SHARED is one memory for parent and child, MAP_PRIVATE two.
#include "../tap.h"
#include <sys/mman.h>
#include <sys/wait.h>

static int data = 1;

int main(void)
{
	int *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int *private = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int *untouched = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int local = 1;
	*shared = *private = 1;
	pid_t pid = fork();
	if (pid == 0) {
		*shared = 2, *private = 2, data = 2, local = 2;
		untouched[200000] = 77;
		_exit(*shared + *private + data + local);
	}
	int status;
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 8, "the child sees its own stores");
	is(*shared, 2, "shared memory has the child's store");
	is(*private, 1, "private memory has not");
	is(data + local, 2, "neither have data and stack");
	is(untouched[200000], 77, "a shared page first touched by the child is shared too");
	return done();
}
