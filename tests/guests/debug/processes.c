// A child that executes the program again, a signal, a vfork: for follow-fork-mode and catchpoints.
// variants: static dynamic musl-static
// flags: -O0
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int depth;

static void on_usr1(int signal)
{
	(void)signal;
	depth++;
}

int child_work(int x)
{
	return x * 2;
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		printf("execed %s\n", argv[1]);
		return 3;
	}
	signal(SIGUSR1, on_usr1);
	raise(SIGUSR1);
	pid_t pid = fork();
	if (pid == 0) {
		if (child_work(21) == 42)
			execl("/proc/self/exe", argv[0], "again", (char *)0);
		_exit(9);
	}
	int status;
	waitpid(pid, &status, 0);
	printf("child %d\n", WEXITSTATUS(status));
	pid = vfork();
	if (pid == 0)
		_exit(4);
	waitpid(pid, &status, 0);
	printf("vchild %d\n", WEXITSTATUS(status));
	return depth - 1;
}
