// execve(2): what survives and what does not.
// oracle: qemu-user alone cannot execve aarch64 programs
#include "../tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void handler(int signal) { (void)signal; }

static void *forever(void *argument)
{
	pause();
	return argument;
}

static void *exec_in_thread(void *argument)
{
	char **args = argument;
	execv("/proc/self/exe", args);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		struct sigaction action;
		sigset_t set;
		tap_count = 4;
		int kept = atoi(argv[1]), closed = atoi(argv[2]);
		is(getpid(), atoi(argv[3]), "the pid stays");
		is(fcntl(kept, F_GETFD), 0, "an ordinary descriptor stays open");
		fails(fcntl(closed, F_GETFD), EBADF, "a close-on-exec one is closed");
		sigaction(SIGUSR1, 0, &action);
		ok(action.sa_handler == SIG_DFL, "a caught signal is default again");
		sigaction(SIGUSR2, 0, &action);
		ok(action.sa_handler == SIG_IGN, "an ignored one stays ignored");
		sigprocmask(SIG_BLOCK, 0, &set);
		is(sigismember(&set, SIGTERM), 1, "the signal mask stays");
		sigpending(&set);
		is(sigismember(&set, SIGTERM), 1, "pending signals stay");
		stack_t stack;
		sigaltstack(0, &stack);
		is(stack.ss_flags, SS_DISABLE, "the alternate stack is gone");
		ok(alarm(0) > 90, "the alarm stays");
		is(umask(0), 027, "the umask stays");
		char cwd[64];
		is_str(getcwd(cwd, sizeof cwd), "/tmp", "the working directory stays");
		char comm[32] = "";
		FILE *file = fopen("/proc/self/comm", "r");
		fgets(comm, sizeof comm, file);
		ok(strncmp(comm, "exe", 3) == 0, "comm is the file's name");
		return done();
	}
	char keep[16], closing[16], pid[16];
	static char memory[65536];
	fails(execl("/no/such/file", "x", NULL), ENOENT, "no such file");
	fails(execl("/tmp", "x", NULL), EACCES, "a directory");
	int fd = must(open("/tmp/exec-garbage", O_CREAT | O_WRONLY | O_TRUNC, 0755));
	write(fd, "garbage", 7);
	close(fd);
	fails(execl("/tmp/exec-garbage", "x", NULL), ENOEXEC, "neither ELF nor script");
	chmod("/tmp/exec-garbage", 0644);
	fails(execl("/tmp/exec-garbage", "x", NULL), EACCES, "no execute permission");
	unlink("/tmp/exec-garbage");
	struct sigaction action = { .sa_handler = handler };
	sigaction(SIGUSR1, &action, 0);
	signal(SIGUSR2, SIG_IGN);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, 0);
	kill(getpid(), SIGTERM);
	stack_t stack = { .ss_sp = memory, .ss_size = sizeof memory };
	sigaltstack(&stack, 0);
	alarm(100);
	umask(027);
	chdir("/tmp");
	sprintf(keep, "%d", dup(1));
	sprintf(closing, "%d", open("/dev/null", O_RDONLY | O_CLOEXEC));
	sprintf(pid, "%d", getpid());
	char *args[] = { argv[0], keep, closing, pid, 0 };
	pthread_t thread;
	pthread_create(&thread, 0, forever, 0);
	if (tap_failed)
		return done();
	/* Not the first thread: it becomes the only one, with the process's pid. */
	pthread_create(&thread, 0, exec_in_thread, args);
	pthread_join(thread, 0);
	say("Bail out! execve failed");
	return 1;
}
