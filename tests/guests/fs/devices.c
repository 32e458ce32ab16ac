// /dev/null, zero, full, random, urandom, /dev/fd, /dev/stdin, /dev/shm.
#include "../tap.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(void)
{
	char buffer[64];
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR);
	ok(null >= 0 && zero >= 0 && full >= 0, "null, zero and full open");
	is(read(null, buffer, 10), 0, "null is empty");
	is(write(null, buffer, 10), 10, "and takes all");
	memset(buffer, 1, sizeof buffer);
	is(read(zero, buffer, 64), 64, "zero is endless");
	is(buffer[0] | buffer[63], 0, "zeros");
	is(write(zero, buffer, 10), 10, "and takes all");
	fails(write(full, buffer, 1), ENOSPC, "full is full");
	is(read(full, buffer, 1), 1, "but gives zeros");
	char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
	ok(p != MAP_FAILED && p[8191] == 0, "zero can be mapped");
	int random = open("/dev/urandom", O_RDONLY);
	is(read(random, buffer, 64), 64, "urandom");
	int nonzero = 0;
	for (int i = 0; i < 64; i++)
		nonzero += buffer[i] != 0;
	ok(nonzero > 40, "is noise");
	int fds[2];
	must(pipe(fds));
	sprintf(buffer, "/dev/fd/%d", fds[1]);
	int again = open(buffer, O_WRONLY);
	ok(again >= 0, "/dev/fd opens a pipe again");
	is(write(again, "x", 1), 1, "the same pipe");
	is(read(fds[0], buffer, 10), 1, "as the reader sees");
	struct stat st;
	is(stat("/dev/stdin", &st), 0, "/dev/stdin");
	is(lstat("/dev/fd", &st), 0, "/dev/fd");
	ok(S_ISLNK(st.st_mode), "is a link to /proc/self/fd");
	int shm = shm_open("/guest-test", O_CREAT | O_RDWR, 0600);
	ok(shm >= 0, "shm_open");
	ftruncate(shm, 4096);
	p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, shm, 0);
	strcpy(p, "shared");
	pread(shm, buffer, 7, 0);
	is_str(buffer, "shared", "is a file");
	is(shm_unlink("/guest-test"), 0, "shm_unlink");
	if (geteuid() != 0)
		fails(mknod("node", S_IFCHR | 0600, 0x103), EPERM, "mknod of a device needs root");
	is(mknod("regular", S_IFREG | 0600, 0), 0, "of a file not");
	is(mkfifo("fifo", 0600), 0, "nor mkfifo");
	stat("fifo", &st);
	ok(S_ISFIFO(st.st_mode), "which is one");
	return done();
}
