// madvise(2): DONTNEED drops content, WIPEONFORK and DONTFORK change what a child gets, unknown advice is refused.
// oracle: qemu-user ignores most advice
#include "../tap.h"
#include <sys/mman.h>
#include <sys/wait.h>

int main(void)
{
	int prot = PROT_READ | PROT_WRITE, status;
	volatile char *p = mmap(0, 4 * 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset((char *)p, 5, 4 * 4096);
	is(madvise((void *)p, 4096, MADV_DONTNEED), 0, "MADV_DONTNEED");
	is(p[0], 0, "the page reads as zero");
	is(p[4096], 5, "the next one is untouched");
	is(madvise((void *)(p + 4096), 4096, MADV_WIPEONFORK), 0, "MADV_WIPEONFORK");
	is(madvise((void *)(p + 8192), 4096, MADV_DONTFORK), 0, "MADV_DONTFORK");
	pid_t pid = fork();
	if (pid == 0) {
		unsigned char vec[1];
		int absent = mincore((void *)(p + 8192), 4096, vec) == -1 && errno == ENOMEM;
		_exit((p[4096] == 0) + 2 * absent + 4 * (p[3 * 4096] == 5));
	}
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status) & 1, 1, "the child's copy is wiped");
	is(WEXITSTATUS(status) & 2, 2, "the child has no such page");
	is(WEXITSTATUS(status) & 4, 4, "an ordinary page is copied");
	is(p[4096] + p[8192], 10, "the parent keeps all");
	is(madvise((void *)p, 4 * 4096, MADV_WILLNEED), 0, "MADV_WILLNEED");
	fails(madvise((void *)p, 4096, 9999), EINVAL, "unknown advice");
	fails(madvise((void *)(p + 1), 4096, MADV_DONTNEED), EINVAL, "unaligned");
	munmap((void *)(p + 4096), 4096);
	fails(madvise((void *)p, 4 * 4096, MADV_DONTNEED), ENOMEM, "over a hole");
	return done();
}
