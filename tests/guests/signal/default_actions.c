// What happens without a handler: terminate, core, ignore, stop (man 7 signal).
// oracle: qemu-user keeps a real-time signal for itself
#include "../tap.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int ending_of(int signal)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit none = { 0, 0 };
		setrlimit(RLIMIT_CORE, &none);
		raise(signal);
		_exit(0);
	}
	waitpid(pid, &status, WUNTRACED);
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, 0, 0);
	}
	return status;
}

int main(void)
{
	int terminate[] = { SIGHUP, SIGINT, SIGKILL, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGPROF, SIGVTALRM, SIGIO,
			    SIGPWR, SIGSTKFLT, 34, 64 };
	int core[] = { SIGQUIT, SIGILL, SIGABRT, SIGFPE, SIGSEGV, SIGBUS, SIGSYS, SIGTRAP, SIGXCPU, SIGXFSZ };
	int ignore[] = { SIGCHLD, SIGURG, SIGWINCH, SIGCONT };
	int stop[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	char what[64];
	for (unsigned i = 0; i < sizeof terminate / sizeof *terminate; i++) {
		int status = ending_of(terminate[i]);
		sprintf(what, "signal %d terminates", terminate[i]);
		ok(WIFSIGNALED(status) && WTERMSIG(status) == terminate[i], what);
	}
	for (unsigned i = 0; i < sizeof core / sizeof *core; i++) {
		int status = ending_of(core[i]);
		sprintf(what, "signal %d terminates (core)", core[i]);
		ok(WIFSIGNALED(status) && WTERMSIG(status) == core[i], what);
	}
	for (unsigned i = 0; i < sizeof ignore / sizeof *ignore; i++) {
		int status = ending_of(ignore[i]);
		sprintf(what, "signal %d is ignored", ignore[i]);
		ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, what);
	}
	setpgid(0, 0); /* not orphaned: the children's parent is in the same session, in another group */
	for (unsigned i = 0; i < 1; i++) {
		int status = ending_of(stop[i]);
		sprintf(what, "signal %d stops", stop[i]);
		ok(WIFSTOPPED(status) && WSTOPSIG(status) == stop[i], what);
	}
	return done();
}
