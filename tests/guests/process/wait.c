// wait4(2) and waitid(2): options, siginfo, groups, WNOWAIT, stopped and continued children, rusage.
#include "../tap.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static pid_t child(int code)
{
	pid_t pid = must(fork());
	if (pid == 0)
		_exit(code);
	return pid;
}

int main(void)
{
	int status;
	siginfo_t info;
	struct rusage usage;
	pid_t pid = child(42);
	is(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0, "waitid WNOWAIT");
	is(info.si_pid, pid, "si_pid");
	is(info.si_code, CLD_EXITED, "si_code");
	is(info.si_status, 42, "si_status");
	is(info.si_signo, SIGCHLD, "si_signo");
	is(waitid(P_PID, pid, &info, WEXITED), 0, "it can be waited for again");
	fails(waitid(P_PID, pid, &info, WEXITED), ECHILD, "but then it is gone");
	pid = must(fork());
	if (pid == 0)
		for (;;)
			pause();
	is(waitpid(pid, &status, WNOHANG), 0, "WNOHANG while it runs");
	memset(&info, 0x55, sizeof info);
	is(waitid(P_PID, pid, &info, WEXITED | WNOHANG), 0, "waitid WNOHANG while it runs");
	is(info.si_pid, 0, "leaves si_pid 0");
	kill(pid, SIGSTOP);
	is(waitpid(pid, &status, WUNTRACED), pid, "WUNTRACED");
	ok(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "stopped by SIGSTOP");
	is(waitpid(pid, &status, WUNTRACED | WNOHANG), 0, "reported once");
	kill(pid, SIGCONT);
	is(waitid(P_PID, pid, &info, WCONTINUED), 0, "WCONTINUED");
	is(info.si_code, CLD_CONTINUED, "CLD_CONTINUED");
	kill(pid, SIGTERM);
	is(wait4(pid, &status, 0, &usage), pid, "wait4");
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "ended by SIGTERM");
	ok(usage.ru_utime.tv_sec == 0, "with its usage");
	pid_t first = child(1), second = child(2);
	setpgid(second, second);
	is(waitpid(-1, 0, 0) > 0, 1, "any child");
	is(waitpid(-1, 0, 0) > 0, 1, "and the other");
	fails(waitpid(first, 0, 0), ECHILD, "both are gone");
	int gate[2];
	must(pipe(gate));
	pid = must(fork());
	if (pid == 0) {
		char c;
		read(gate[0], &c, 1);
		_exit(6);
	}
	setpgid(pid, pid);
	fails(waitpid(0, &status, 0), ECHILD, "no child in this group");
	write(gate[1], "x", 1);
	is(waitpid(-pid, &status, 0), pid, "a child of that group");
	is(WEXITSTATUS(status), 6, "its status");
	fails(waitpid(-1, &status, 0x4000), EINVAL, "unknown option");
	fails(waitid(P_ALL, 0, &info, 0), EINVAL, "waitid without any of WEXITED, WSTOPPED, WCONTINUED");
	signal(SIGCHLD, SIG_IGN);
	pid = child(3);
	fails(waitpid(pid, &status, 0), ECHILD, "with SIGCHLD ignored, children vanish");
	return done();
}
