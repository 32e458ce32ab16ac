// exit(3) from any thread ends the process; pthread_exit of the first thread does not; the leader may end first.
#include "../tap.h"
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void *exits(void *argument)
{
	usleep(10000);
	exit((int)(long)argument);
}

static void *returns(void *argument)
{
	usleep(10000);
	return argument;
}

static int status_of(int mode)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		pthread_t thread;
		pthread_create(&thread, 0, mode == 1 ? returns : exits, (void *)(long)(20 + mode));
		if (mode == 0)
			pause();
		if (mode == 2)
			syscall(SYS_exit, 77);
		pthread_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
	is(status_of(0), 20, "exit in a second thread");
	is(status_of(1), 0, "the last thread's end is exit(0)");
	is(status_of(2), 22, "the first thread's own end is not the process's");
	return done();
}
