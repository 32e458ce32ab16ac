// ptrace(2): another thread is stopped, looked at, and let go.
// oracle: qemu-user has no ptrace
#include "../tap.h"
#include <elf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

static volatile long counter;
static volatile long known = 0x1122334455667788;
static volatile sig_atomic_t told;

static void on_child(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	if (info->si_code == CLD_TRAPPED && info->si_status == SIGSTOP)
		told = info->si_pid;
}

/* The value of a line of /proc/PID/status. */
static const char *status_of(pid_t pid, const char *key)
{
	static char line[256];
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *file = fopen(path, "r");
	while (file && fgets(line, sizeof line, file)) {
		if (strncmp(line, key, strlen(key)) == 0) {
			fclose(file);
			line[strcspn(line, "\n")] = 0;
			return line + strlen(key) + 2;
		}
	}
	return "";
}

static pid_t computing(void)
{
	pid_t child = fork();
	if (child == 0)
		for (register long mark __asm__("x27") = 0x1234567;; counter++)
			__asm__ volatile("" : "+r"(mark));
	return child;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART };
	sigaction(SIGCHLD, &action, 0);
	pid_t child = computing();
	usleep(1000);

	fails(ptrace(PTRACE_PEEKDATA, child, &known, 0), ESRCH, "not ours yet");
	is(ptrace(PTRACE_ATTACH, child, 0, 0), 0, "attach");
	int status;
	is(waitpid(child, &status, __WALL), child, "wait hears of it");
	is(status, SIGSTOP << 8 | 0x7f, "stopped by SIGSTOP");
	is(told, child, "and SIGCHLD said so");
	is(waitpid(child, &status, WNOHANG), 0, "once");
	ok(strcmp(status_of(child, "State"), "t (tracing stop)") == 0, "its state");
	is(atoi(status_of(child, "TracerPid")), getpid(), "its tracer");
	fails(ptrace(PTRACE_ATTACH, child, 0, 0), EPERM, "not twice");

	errno = 0;
	is(ptrace(PTRACE_PEEKDATA, child, &known, 0), known, "its memory");
	long before = ptrace(PTRACE_PEEKDATA, child, &counter, 0);
	ok(before > 0, "it has counted");
	usleep(5000);
	is(ptrace(PTRACE_PEEKDATA, child, &counter, 0), before, "it stands still");
	fails(ptrace(PTRACE_PEEKDATA, child, (void *)8, 0), EIO, "where nothing is");

	struct user_regs_struct regs;
	struct iovec into = { &regs, sizeof regs };
	is(ptrace(PTRACE_GETREGSET, child, (void *)NT_PRSTATUS, &into), 0, "its registers");
	is(into.iov_len, sizeof regs, "all of them");
	is(regs.regs[27], 0x1234567, "with what it has in them");
	ok(regs.sp != 0 && regs.pc != 0, "stack pointer and pc");
	into.iov_len = 16;
	is(ptrace(PTRACE_GETREGSET, child, (void *)NT_PRSTATUS, &into), 0, "a part of them");
	is(into.iov_len, 16, "as long as asked for");
	fails(ptrace(PTRACE_GETREGSET, child, (void *)12345, &into), EINVAL, "no such set");
	into.iov_len = 12;
	fails(ptrace(PTRACE_GETREGSET, child, (void *)NT_PRSTATUS, &into), EINVAL, "half a register");

	is(ptrace(PTRACE_DETACH, child, 0, 0), 0, "detach");
	is(atoi(status_of(child, "TracerPid")), 0, "no tracer");
	fails(ptrace(PTRACE_PEEKDATA, child, &known, 0), ESRCH, "not ours any more");
	usleep(5000);
	is(ptrace(PTRACE_ATTACH, child, 0, 0), 0, "attach again");
	waitpid(child, &status, __WALL);
	ok(ptrace(PTRACE_PEEKDATA, child, &counter, 0) > before, "it had gone on");
	is(ptrace(PTRACE_DETACH, child, 0, SIGTERM), 0, "detach with a signal");
	is(waitpid(child, &status, 0), child, "wait");
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "it has ended by it");

	child = computing();
	usleep(1000);
	is(ptrace(PTRACE_ATTACH, child, 0, 0), 0, "another");
	is(kill(child, SIGKILL), 0, "killed while it is stopped");
	while (waitpid(child, &status, __WALL) == child && WIFSTOPPED(status))
		;
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "ends");

	child = computing();
	usleep(1000);
	pid_t tracer = fork();
	if (tracer == 0)
		_exit(ptrace(PTRACE_ATTACH, child, 0, 0) == 0 ? 3 : 1);
	waitpid(tracer, &status, 0);
	is(WEXITSTATUS(status), 3, "a sibling attaches");
	is(atoi(status_of(child, "TracerPid")), 0, "and has let go at its end");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	fails(ptrace(PTRACE_ATTACH, child, 0, 0), ESRCH, "nobody is there");
	fails(ptrace(PTRACE_ATTACH, getpid(), 0, 0), EPERM, "not oneself");
	return done();
}
