// siginfo_t of signals sent by kill, raise, tgkill, sigqueue and by the kernel (man 2 sigaction).
#include "../tap.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static volatile siginfo_t last;
static volatile int count;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	last = *info;
	count++;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };
	sigaction(SIGUSR1, &action, 0);
	sigaction(SIGCHLD, &action, 0);
	sigaction(SIGRTMIN, &action, 0);
	kill(getpid(), SIGUSR1);
	is(count, 1, "kill to oneself is delivered before it returns");
	is(last.si_signo, SIGUSR1, "kill: si_signo");
	is(last.si_code, SI_USER, "kill: si_code");
	is(last.si_pid, getpid(), "kill: si_pid");
	is(last.si_uid, getuid(), "kill: si_uid");
	is(last.si_errno, 0, "kill: si_errno");
	raise(SIGUSR1);
	is(last.si_code, SI_TKILL, "raise: si_code");
	is(last.si_pid, getpid(), "raise: si_pid");
	pthread_kill(pthread_self(), SIGUSR1);
	is(last.si_code, SI_TKILL, "pthread_kill: si_code");
	union sigval value = { .sival_ptr = (void *)0x123456789a };
	sigqueue(getpid(), SIGRTMIN, value);
	is(last.si_code, SI_QUEUE, "sigqueue: si_code");
	is(last.si_pid, getpid(), "sigqueue: si_pid");
	is((long)last.si_value.sival_ptr, 0x123456789a, "sigqueue: the value");
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	pid_t pid = fork();
	if (pid == 0)
		_exit(5);
	sigsuspend(&old);
	is(last.si_signo, SIGCHLD, "a child's end is SIGCHLD");
	is(last.si_code, CLD_EXITED, "exit: si_code");
	is(last.si_pid, pid, "exit: si_pid");
	is(last.si_status, 5, "exit: si_status");
	is(last.si_uid, getuid(), "exit: si_uid");
	waitpid(pid, 0, 0);
	pid = fork();
	if (pid == 0)
		pause();
	kill(pid, SIGKILL);
	sigsuspend(&old);
	is(last.si_code, CLD_KILLED, "killed: si_code");
	is(last.si_status, SIGKILL, "killed: si_status");
	waitpid(pid, 0, 0);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGSTOP);
	sigsuspend(&old);
	is(last.si_code, CLD_STOPPED, "stopped: si_code");
	is(last.si_status, SIGSTOP, "stopped: si_status");
	kill(pid, SIGCONT);
	sigsuspend(&old);
	is(last.si_code, CLD_CONTINUED, "continued: si_code");
	is(last.si_status, SIGCONT, "continued: si_status");
	kill(pid, SIGKILL);
	waitpid(pid, 0, 0);
	siginfo_t fake = { .si_signo = SIGUSR1, .si_code = SI_USER };
	fails(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &fake), EPERM, "nobody can pretend to be kill");
	return done();
}
