// seccomp(2): filters on system calls, and the strict mode.
// oracle: qemu-user hands filters to the host, whose calls have other numbers
#include "../tap.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))

static char *self;
static int counts[2];

/* A filter that says one thing of getppid and allows the rest. */
static long filter_getppid(unsigned verdict, unsigned flags)
{
	struct sock_filter program[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		RETURN(verdict),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog all = { sizeof program / sizeof *program, program };
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &all);
}

static int mode_of(const char *key)
{
	char line[256];
	int value = -1;
	FILE *file = fopen("/proc/self/status", "r");
	while (file && fgets(line, sizeof line, file))
		if (strncmp(line, key, strlen(key)) == 0)
			value = atoi(line + strlen(key));
	if (file)
		fclose(file);
	return value;
}

static volatile int trapped, trap_errno, trap_call, trap_code;

static void on_sigsys(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	trapped++;
	trap_errno = info->si_errno;
	trap_call = info->si_syscall;
	trap_code = info->si_code;
}

static int status_of(void (*work)(void))
{
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		work();
		_exit(0);
	}
	int status;
	waitpid(child, &status, 0);
	read(counts[0], &tap_count, WIFEXITED(status) ? sizeof tap_count : 0);
	return status;
}

/* Ends a child that has tested something. */
static void end(void)
{
	write(counts[1], &tap_count, sizeof tap_count);
	_exit(tap_failed);
}

static void refuses(void)
{
	is(filter_getppid(SECCOMP_RET_ERRNO | 42, 0), 0, "a filter");
	fails(syscall(SYS_getppid), 42, "refuses a call");
	is(mode_of("Seccomp:"), 2, "status tells the mode");
	is(mode_of("Seccomp_filters:"), 1, "and how many");
	is(prctl(PR_GET_SECCOMP), 2, "so does prctl");
	is(filter_getppid(SECCOMP_RET_TRAP | 7, 0), 0, "a stricter one");
	struct sigaction action = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };
	sigaction(SIGSYS, &action, 0);
	syscall(SYS_getppid);
	is(trapped, 1, "its word counts");
	is(trap_errno, 7, "with its data");
	is(trap_call, SYS_getppid, "and the call");
	is(trap_code, 1, "SYS_SECCOMP");
	is(filter_getppid(SECCOMP_RET_ALLOW, 0), 0, "one that allows");
	syscall(SYS_getppid);
	is(trapped, 2, "takes nothing back");
	pid_t child = fork();
	if (child == 0)
		execl(self, self, "inherited", (char *)0);
	int status;
	waitpid(child, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "children and new programs have it too");
	end();
}

static void looks_at_arguments(void)
{
	struct sock_filter program[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_dup, 0, 3),
		LOAD(args[0]),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 5, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | EMFILE),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog all = { sizeof program / sizeof *program, program };
	is(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all), 0, "by prctl");
	ok(dup(0) >= 0, "an argument that is allowed");
	fails(dup(77), EMFILE, "one that is not");
	program[0].code = 0x1234;
	fails(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all), EINVAL, "no instruction");
	all.len = 0;
	fails(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all), EINVAL, "no program");
	end();
}

static void kills(void)
{
	filter_getppid(SECCOMP_RET_KILL_PROCESS, 0);
	syscall(SYS_getppid);
}

static void is_strict(void)
{
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	write(-1, "", 0);
	syscall(SYS_getppid);
}

static volatile int go;

static void *calls(void *result)
{
	while (!go)
		sched_yield();
	*(long *)result = syscall(SYS_getppid) == -1 ? errno : 0;
	return 0;
}

static void for_all_threads(void)
{
	long result = -1;
	pthread_t thread;
	pthread_create(&thread, 0, calls, &result);
	is(filter_getppid(SECCOMP_RET_ERRNO | 9, SECCOMP_FILTER_FLAG_TSYNC), 0, "a filter for all threads");
	go = 1;
	pthread_join(thread, 0);
	is(result, 9, "another thread has it");
	end();
}

static void asks_tracer(void)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	filter_getppid(SECCOMP_RET_TRACE | 5, 0);
	_exit(syscall(SYS_getppid) == -1 && errno == ENOSYS ? 3 : 4);
}

static void test_tracer(long options, int expected)
{
	pid_t child = fork();
	int status;
	if (child == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		asks_tracer();
	}
	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, 0, options);
	ptrace(PTRACE_CONT, child, 0, 0);
	waitpid(child, &status, 0);
	if (options) {
		is(status >> 8, SIGTRAP | PTRACE_EVENT_SECCOMP << 8, "a filter stops for the tracer");
		unsigned long message = 0;
		ptrace(PTRACE_GETEVENTMSG, child, 0, &message);
		is(message, 5, "with its data");
		ptrace(PTRACE_CONT, child, 0, 0);
		waitpid(child, &status, 0);
	}
	is(WEXITSTATUS(status), expected, options ? "the call is made" : "without one that listens there is no such call");
}

int main(int argc, char **argv)
{
	self = argv[0];
	pipe(counts);
	if (argc > 1) {
		syscall(SYS_getppid);
		return 0;
	}
	if (geteuid() != 0)
		fails(filter_getppid(SECCOMP_RET_ALLOW, 0), EACCES, "not without PR_SET_NO_NEW_PRIVS");
	unsigned known = SECCOMP_RET_ERRNO, unknown = 0x12340000;
	is(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &known), 0, "an action that is there");
	fails(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &unknown), EOPNOTSUPP, "one that is not");
	is(status_of(refuses), 0, "filters");
	is(status_of(looks_at_arguments), 0, "arguments");
	int status = status_of(kills);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "a filter kills");
	status = status_of(is_strict);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "so does the strict mode");
	is(status_of(for_all_threads), 0, "threads");
	test_tracer(PTRACE_O_TRACESECCOMP, 4);
	test_tracer(0, 3);
	return done();
}
