// What debuggers are asked every day: recursion, loops, structures by value, floating point, errno, storage of threads.
// variants: static dynamic musl-dynamic
// flags: -O0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct pair {
	int x;
	double y;
	char name[8];
};

__thread int mine = 5;

int factorial(int n)
{
	if (n <= 1)
		return 1;
	int product = n * factorial(n - 1);
	return product;
}

int sum(int n)
{
	int s = 0;
	for (int i = 0; i < n; i++) {
		s += i;
	}
	return s;
}

struct pair make(int x)
{
	struct pair p = { x, x * 1.5, "pair" };
	return p;
}

double half(double d)
{
	return d / 2;
}

int last_error(void)
{
	return errno;
}

int failing(void)
{
	int fd = open("/nonexistent", O_RDONLY);
	return fd;
}

int main(void)
{
	printf("%d\n", factorial(5));
	printf("%d\n", sum(10));
	struct pair p = make(3);
	printf("%s %d %g\n", p.name, p.x, half(p.y));
	int fd = failing();
	printf("%d %d\n", fd, last_error() == ENOENT);
	fflush(stdout);
	if (fork() == 0)
		_exit(3);
	int status;
	wait(&status);
	printf("%d\n", WEXITSTATUS(status));
	return 0;
}
