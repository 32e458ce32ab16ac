// memfd_create(2) and its seals.
#include "../tap.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(void)
{
	int fd = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ok(fd >= 0, "memfd_create");
	is(fcntl(fd, F_GETFD), FD_CLOEXEC, "MFD_CLOEXEC");
	is(ftruncate(fd, 8192), 0, "ftruncate");
	char link[64] = "", path[32];
	sprintf(path, "/proc/self/fd/%d", fd);
	readlink(path, link, sizeof link - 1);
	is_str(link, "/memfd:name (deleted)", "its name in /proc/self/fd");
	char *a = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *b = mmap(0, 8192, PROT_READ, MAP_SHARED, fd, 0);
	a[5000] = 3;
	is(b[5000], 3, "two mappings are one memory");
	is(fcntl(fd, F_GET_SEALS), 0, "no seals at first");
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0, "sealed in size");
	fails(ftruncate(fd, 100), EPERM, "it cannot shrink");
	fails(ftruncate(fd, 10000), EPERM, "it cannot grow");
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY, "no write seal while it is mapped for writing");
	munmap(a, 8192);
	munmap(b, 8192);
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0, "sealed against writing");
	fails(pwrite(fd, "x", 1, 0), EPERM, "write is refused");
	fails((long)mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EPERM, "a writable mapping is refused");
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0, "sealed against seals");
	fails(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM, "no more seals");
	int future = memfd_create("future", MFD_ALLOW_SEALING);
	ftruncate(future, 4096);
	char *old = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, future, 0);
	is(fcntl(future, F_ADD_SEALS, 0x10 /* F_SEAL_FUTURE_WRITE */), 0, "sealed against writing in future");
	fails(pwrite(future, "x", 1, 0), EPERM, "write is refused");
	fails((long)mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, future, 0), EPERM, "a writable mapping too");
	char *reader = mmap(0, 4096, PROT_READ, MAP_SHARED, future, 0);
	ok(reader != MAP_FAILED, "one to read is not");
	fails(mprotect(reader, 4096, PROT_READ | PROT_WRITE), EACCES, "and does not become writable");
	old[0] = 'y';
	is(reader[0], 'y', "the mapping of before still writes");
	int plain = memfd_create("plain", 0);
	fails(fcntl(plain, F_ADD_SEALS, F_SEAL_GROW), EPERM, "without MFD_ALLOW_SEALING there are none");
	return done();
}
