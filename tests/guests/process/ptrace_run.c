// ptrace(2): tracees that run and stop again, at signals, calls, steps, events; by TRACEME, ATTACH and SEIZE.
// oracle: qemu-user has no ptrace
#include "../tap.h"
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#define EVENT(event) (SIGTRAP | (event) << 8)
#define CALL_STOP (SIGTRAP | 0x80)

static volatile long shared;
static const long constant = 11;
static volatile sig_atomic_t first, second;
static char *self;

static long request(int what, pid_t pid, long address, void *data)
{
	return ptrace(what, pid, address, data);
}

/* The stop that a wait reports, with its event; -1 - the status of an end. */
static int stop_of(pid_t pid)
{
	int status;
	if (waitpid(pid, &status, __WALL) != pid)
		return -1000;
	return WIFSTOPPED(status) ? status >> 8 : -1 - status;
}

static int ended(int code)
{
	return -1 - (code << 8);
}

static int killed(int signal)
{
	return -1 - signal;
}

static void on_first(int signal)
{
	(void)signal;
	first++;
}

static void on_second(int signal)
{
	(void)signal;
	second++;
}

/* A child that is traced by us and stopped before it does its work. */
static pid_t traced(void (*work)(void), long options)
{
	pid_t child = fork();
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
			_exit(91);
		raise(SIGSTOP);
		work();
		_exit(7);
	}
	if (stop_of(child) != SIGSTOP)
		say("# the child did not stop");
	request(PTRACE_SETOPTIONS, child, 0, (void *)options);
	return child;
}

static void nothing(void)
{
}

static void calls(void)
{
	long pid = syscall(SYS_getppid);
	syscall(SYS_close, 12345);
	_exit(pid == getppid() ? 5 : 6);
}

/* Goes on to the next stop. */
static int go(int how, pid_t child, int signal)
{
	if (request(how, child, 0, (void *)(long)signal) != 0)
		return -2000 - errno;
	return stop_of(child);
}

static long message(pid_t child)
{
	unsigned long value = 0;
	request(PTRACE_GETEVENTMSG, child, 0, &value);
	return value;
}

static void test_calls(void)
{
	pid_t child = traced(calls, PTRACE_O_TRACESYSGOOD);
	struct __ptrace_syscall_info info;
	is(request(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info), 24, "no call at a signal");
	is(info.op, PTRACE_SYSCALL_INFO_NONE, "and it says so");
	int seen = 0;
	for (int i = 0; i < 50; i++) {
		int stop = go(PTRACE_SYSCALL, child, 0);
		if (stop != CALL_STOP) {
			is(stop, ended(5), "it ends after its calls");
			break;
		}
		long length = request(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_close && info.entry.args[0] == 12345) {
			is(length, 80, "the size of an entry");
			is(go(PTRACE_SYSCALL, child, 0), CALL_STOP, "its end");
			is(request(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info), 33, "the size of an exit");
			is(info.op, PTRACE_SYSCALL_INFO_EXIT, "an exit");
			is(info.exit.rval, -EBADF, "the result");
			is(info.exit.is_error, 1, "an error");
			siginfo_t signal;
			is(request(PTRACE_GETSIGINFO, child, 0, &signal), 0, "the stop's siginfo");
			is(signal.si_signo, SIGTRAP, "SIGTRAP");
			is(signal.si_code, CALL_STOP, "with what a wait reports");
			seen = 1;
		}
	}
	ok(seen, "the call was seen");
}

#ifdef __aarch64__
static void one_call(void)
{
	_exit(syscall(SYS_getppid) == 4711 ? 1 : 2);
}

static struct user_regs_struct registers_of(pid_t child)
{
	struct user_regs_struct regs;
	struct iovec into = { &regs, sizeof regs };
	request(PTRACE_GETREGSET, child, NT_PRSTATUS, &into);
	return regs;
}

static void set_registers(pid_t child, struct user_regs_struct regs)
{
	struct iovec from = { &regs, sizeof regs };
	is(request(PTRACE_SETREGSET, child, NT_PRSTATUS, &from), 0, "registers are set");
}

static int number_of(pid_t child)
{
	int number = 99;
	struct iovec into = { &number, sizeof number };
	request(PTRACE_GETREGSET, child, NT_ARM_SYSTEM_CALL, &into);
	return number;
}

/* Goes on until a call begins. */
static void to_call(pid_t child, int how, int number)
{
	for (int i = 0; i < 100; i++) {
		if (go(how, child, 0) != CALL_STOP)
			break;
		struct user_regs_struct regs = registers_of(child);
		if (regs.regs[8] == (unsigned)number && regs.regs[7] == 0)
			return;
	}
	say("# no call %d", number);
}

__attribute__((noinline)) static long answer(void)
{
	return 42;
}

static void asks(void)
{
	_exit(answer() == 42 ? 3 : 4);
}

static void test_registers(void)
{
	pid_t child = traced(one_call, PTRACE_O_TRACESYSGOOD);
	is(number_of(child), -1, "no call at a signal");
	to_call(child, PTRACE_SYSCALL, SYS_getppid);
	is(number_of(child), SYS_getppid, "the call's number");
	int none = -1;
	struct iovec from = { &none, sizeof none };
	is(request(PTRACE_SETREGSET, child, NT_ARM_SYSTEM_CALL, &from), 0, "the call is taken away");
	struct user_regs_struct regs = registers_of(child);
	regs.regs[0] = 4711;
	set_registers(child, regs);
	is(go(PTRACE_SYSCALL, child, 0), CALL_STOP, "its end is reported");
	is(registers_of(child).regs[0], 4711, "with the result that was given");
	is(registers_of(child).regs[7], 1, "x7 says that it is the end");
	regs = registers_of(child);
	regs.pstate |= 5;
	from = (struct iovec){ &regs, sizeof regs };
	fails(request(PTRACE_SETREGSET, child, NT_PRSTATUS, &from), EINVAL, "not another exception level");
	is(go(PTRACE_CONT, child, 0), ended(1), "the program has got it");

	child = traced(one_call, PTRACE_O_TRACESYSGOOD);
	to_call(child, PTRACE_SYSEMU, SYS_getppid);
	regs = registers_of(child);
	regs.regs[0] = 4711;
	set_registers(child, regs);
	to_call(child, PTRACE_SYSEMU, SYS_exit_group);
	is(registers_of(child).regs[0], 1, "SYSEMU leaves calls out");
	request(PTRACE_KILL, child, 0, 0);
	is(stop_of(child), killed(SIGKILL), "PTRACE_KILL");

	/* A breakpoint in code that is not writable, taken out again. */
	child = traced(asks, 0);
	long code = request(PTRACE_PEEKTEXT, child, (long)answer, 0);
	long trap = (code & ~0xffffffffl) | 0xd4200000;
	is(request(PTRACE_POKETEXT, child, (long)answer, (void *)trap), 0, "a breakpoint");
	is(*(int *)answer, (int)code, "in the child alone");
	is(go(PTRACE_CONT, child, 0), SIGTRAP, "is come to");
	siginfo_t info;
	request(PTRACE_GETSIGINFO, child, 0, &info);
	is(info.si_code, TRAP_BRKPT, "as a breakpoint");
	is(registers_of(child).pc, (long)answer, "at its place");
	request(PTRACE_POKETEXT, child, (long)answer, (void *)code);
	for (int i = 1; i <= 2; i++) {
		is(go(PTRACE_SINGLESTEP, child, 0), SIGTRAP, "a step");
		request(PTRACE_GETSIGINFO, child, 0, &info);
		is(info.si_code, TRAP_TRACE, "as a step");
	}
	ok(registers_of(child).pc != (unsigned long)answer, "has moved");
	unsigned char vectors[528];
	struct iovec into = { vectors, sizeof vectors };
	is(request(PTRACE_GETREGSET, child, NT_FPREGSET, &into), 0, "vector registers");
	is(into.iov_len, 528, "all");
	is(request(PTRACE_SETREGSET, child, NT_FPREGSET, &into), 0, "and back");
	is(go(PTRACE_CONT, child, 0), ended(3), "it goes on as if nothing had been");
}
#endif

static void signals(void)
{
	signal(SIGUSR1, on_first);
	signal(SIGUSR2, on_second);
	raise(SIGUSR1);
	raise(SIGUSR1);
	raise(SIGUSR1);
	raise(SIGCHLD);
	_exit(first * 10 + second);
}

static void test_signals(void)
{
	pid_t child = traced(signals, 0);
	is(go(PTRACE_CONT, child, 0), SIGUSR1, "a signal");
	siginfo_t info;
	is(request(PTRACE_GETSIGINFO, child, 0, &info), 0, "its siginfo");
	is(info.si_code, SI_TKILL, "from raise");
	is(go(PTRACE_CONT, child, SIGUSR1), SIGUSR1, "is taken");
	is(message(child), 0, "no event");
	is(go(PTRACE_CONT, child, 0), SIGUSR1, "the second is not");
	is(go(PTRACE_CONT, child, SIGUSR2), SIGCHLD, "the third is another; one that is ignored is told of");
	fails(request(PTRACE_CONT, child, 0, (void *)65), EIO, "no such signal");
	is(go(PTRACE_CONT, child, SIGCHLD), ended(11), "it has seen one of each");

	sigset_t mask;
	child = traced(nothing, 0);
	is(request(PTRACE_GETSIGMASK, child, 8, &mask), 0, "the mask");
	ok(!sigismember(&mask, SIGTERM), "does not block SIGTERM");
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	is(request(PTRACE_SETSIGMASK, child, 8, &mask), 0, "now it does");
	kill(child, SIGTERM);
	struct __ptrace_peeksiginfo_args which = { 0, PTRACE_PEEKSIGINFO_SHARED, 5 };
	siginfo_t queued[5];
	is(ptrace(PTRACE_PEEKSIGINFO, child, &which, queued), 1, "a signal waits");
	is(queued[0].si_signo, SIGTERM, "that one");
	is(go(PTRACE_CONT, child, 0), ended(7), "and has not come");
}

static void forks(void)
{
	if (fork() == 0)
		_exit(3);
	int status;
	wait(&status);
	_exit(WEXITSTATUS(status));
}

static void vforks(void)
{
	pid_t child = vfork();
	if (child == 0)
		_exit(4);
	waitpid(child, 0, 0);
	_exit(5);
}

static void *a_thread(void *nothing)
{
	shared++;
	return nothing;
}

static void makes_a_thread(void)
{
	pthread_t thread;
	pthread_create(&thread, 0, a_thread, 0);
	pthread_join(thread, 0);
	_exit(6);
}

static void executes(void)
{
	execl(self, self, "end", (char *)0);
	_exit(99);
}

static void *executes_in_thread(void *nothing)
{
	executes();
	return nothing;
}

static void executes_beside(void)
{
	pthread_t thread;
	pthread_create(&thread, 0, executes_in_thread, 0);
	for (;;)
		pause();
}

static void *exits_in_thread(void *nothing)
{
	syscall(SYS_exit_group, 6);
	return nothing;
}

static void exits_beside(void)
{
	pthread_t thread;
	pthread_create(&thread, 0, exits_in_thread, 0);
	for (;;)
		pause();
}

static void waits_for_signals(void)
{
	for (;;)
		pause();
}

static void terminates(void)
{
	raise(SIGTERM);
}

static void test_events(void)
{
	pid_t child = traced(forks, PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXIT);
	is(go(PTRACE_CONT, child, 0), EVENT(PTRACE_EVENT_FORK), "fork");
	pid_t grandchild = message(child);
	ok(grandchild > 0 && grandchild != child, "of a new process");
	is(stop_of(grandchild), SIGSTOP, "which is traced too");
	request(PTRACE_CONT, child, 0, 0);
	is(go(PTRACE_CONT, grandchild, 0), EVENT(PTRACE_EVENT_EXIT), "it is about to end");
	is(message(grandchild), 3 << 8, "with its status");
	is(go(PTRACE_CONT, grandchild, 0), ended(3), "its tracer hears of its end first");
	is(stop_of(child), SIGCHLD, "then its parent");
	is(go(PTRACE_CONT, child, 0), EVENT(PTRACE_EVENT_EXIT), "which ends too");
	is(go(PTRACE_CONT, child, 0), ended(3), "with what it has heard");

	child = traced(vforks, PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE);
	is(go(PTRACE_CONT, child, 0), EVENT(PTRACE_EVENT_VFORK), "vfork");
	grandchild = message(child);
	is(stop_of(grandchild), SIGSTOP, "its child");
	request(PTRACE_CONT, child, 0, 0);
	is(go(PTRACE_CONT, grandchild, 0), ended(4), "ends");
	is(stop_of(child), EVENT(PTRACE_EVENT_VFORK_DONE), "done");
	is(message(child), grandchild, "the same child");
	is(go(PTRACE_CONT, child, 0), SIGCHLD, "SIGCHLD");
	is(go(PTRACE_CONT, child, 0), ended(5), "end");

	child = traced(makes_a_thread, PTRACE_O_TRACECLONE);
	is(go(PTRACE_CONT, child, 0), EVENT(PTRACE_EVENT_CLONE), "a thread");
	pid_t thread = message(child);
	is(stop_of(thread), SIGSTOP, "which is traced");
	request(PTRACE_CONT, thread, 0, 0);
	request(PTRACE_CONT, child, 0, 0);
	int end = stop_of(thread);
	ok(end == ended(0) || end == ended(6), "its end is told of, be it by itself or with its process");
	is(stop_of(child), ended(6), "and the process's");

	child = traced(executes, PTRACE_O_TRACEEXEC);
	is(go(PTRACE_CONT, child, 0), EVENT(PTRACE_EVENT_EXEC), "exec");
	is(message(child), child, "of the same thread");
	is(go(PTRACE_CONT, child, 0), ended(8), "the new program ends");
	child = traced(executes, 0);
	is(go(PTRACE_CONT, child, 0), SIGTRAP, "exec without the option");
	is(go(PTRACE_CONT, child, 0), ended(8), "goes on");
	fails(request(PTRACE_CONT, child, 0, 0), ESRCH, "nobody is there");

	child = traced(executes_beside, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC);
	is(go(PTRACE_CONT, child, 0), EVENT(PTRACE_EVENT_CLONE), "a second thread");
	thread = message(child);
	is(stop_of(thread), SIGSTOP, "which is traced");
	request(PTRACE_CONT, child, 0, 0);
	request(PTRACE_CONT, thread, 0, 0);
	is(stop_of(child), EVENT(PTRACE_EVENT_EXEC), "becomes the process");
	is(message(child), thread, "and was another thread");
	fails(request(PTRACE_CONT, thread, 0, 0), ESRCH, "which is no more");
	is(go(PTRACE_CONT, child, 0), ended(8), "the new program ends");

	child = traced(exits_beside, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT);
	go(PTRACE_CONT, child, 0);
	thread = message(child);
	stop_of(thread);
	request(PTRACE_CONT, child, 0, 0);
	is(go(PTRACE_CONT, thread, 0), EVENT(PTRACE_EVENT_EXIT), "a thread that ends its process stops before");
	is(stop_of(child), EVENT(PTRACE_EVENT_EXIT), "so does the other one");
	is(message(child), 6 << 8, "with the same status");
	is(go(PTRACE_CONT, thread, 0), ended(6), "one ends");
	is(go(PTRACE_CONT, child, 0), ended(6), "and the process");

	child = traced(waits_for_signals, PTRACE_O_TRACEEXIT);
	request(PTRACE_CONT, child, 0, 0);
	kill(child, SIGKILL);
	is(stop_of(child), EVENT(PTRACE_EVENT_EXIT), "SIGKILL has that stop alone");
	is(go(PTRACE_CONT, child, 0), killed(SIGKILL), "then it ends");

	child = traced(terminates, PTRACE_O_TRACEEXIT);
	is(go(PTRACE_CONT, child, 0), SIGTERM, "a signal");
	is(go(PTRACE_CONT, child, SIGTERM), EVENT(PTRACE_EVENT_EXIT), "that ends it");
	is(message(child), SIGTERM, "is its status");
	is(go(PTRACE_CONT, child, 0), killed(SIGTERM), "at its end");
}

/* Waits until a process waits. */
static void until_asleep(pid_t child)
{
	char name[64], text[512] = "";
	snprintf(name, sizeof name, "/proc/%d/stat", child);
	for (int i = 0; i < 1000; i++) {
		int fd = open(name, O_RDONLY);
		ssize_t length = read(fd, text, sizeof text - 1);
		close(fd);
		const char *state = length > 0 ? strrchr(text, ')') : 0;
		if (state && state[2] == 'S')
			return;
		usleep(1000);
	}
	say("# it does not sleep");
}

/* Two signals for one that steps: the entry of the first handler is a stop. */
static void takes_two(void)
{
	signal(SIGUSR1, on_first);
	signal(SIGUSR2, on_second);
	sigset_t both, before;
	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGUSR2);
	sigprocmask(SIG_BLOCK, &both, &before);
	raise(SIGUSR1);
	raise(SIGUSR2);
	sigprocmask(SIG_SETMASK, &before, 0);
	_exit(first * 10 + second);
}

static void test_steps_into_handlers(void)
{
	pid_t child = traced(takes_two, 0);
	is(go(PTRACE_CONT, child, 0), SIGUSR1, "the first of two signals");
	is(go(PTRACE_SINGLESTEP, child, SIGUSR1), SIGTRAP, "a step ends at its handler");
	siginfo_t info;
	request(PTRACE_GETSIGINFO, child, 0, &info);
	is(info.si_code, SIGTRAP, "which is no step of an instruction");
	is(go(PTRACE_CONT, child, 0), SIGUSR2, "the second");
	is(go(PTRACE_CONT, child, SIGUSR2), ended(11), "both are taken");
}

static void test_cancelled_stop(void)
{
	pid_t child = traced(nothing, 0);
	kill(child, SIGTSTP);
	is(go(PTRACE_CONT, child, 0), SIGTSTP, "a stop signal");
	kill(child, SIGCONT);
	is(go(PTRACE_CONT, child, SIGTSTP), SIGCONT, "does not stop when SIGCONT has come before it is taken");
	is(go(PTRACE_CONT, child, 0), ended(7), "it ends");
}

static void stops(void)
{
	raise(SIGTSTP);
	_exit(9);
}

static pid_t pausing(void)
{
	pid_t child = fork();
	if (child == 0)
		for (;;)
			pause();
	until_asleep(child);
	return child;
}

static void test_group_stops(void)
{
	setpgid(0, 0);
	pid_t child = traced(stops, 0);
	is(go(PTRACE_CONT, child, 0), SIGTSTP, "a stop signal");
	siginfo_t info;
	is(request(PTRACE_GETSIGINFO, child, 0, &info), 0, "has a siginfo");
	is(go(PTRACE_CONT, child, SIGSTOP), SIGSTOP, "the stop itself is told of");
	fails(request(PTRACE_GETSIGINFO, child, 0, &info), EINVAL, "and has none");
	is(go(PTRACE_CONT, child, 0), ended(9), "its tracer ends it");

	child = pausing();
	is(request(PTRACE_SEIZE, child, 0, (void *)PTRACE_O_TRACESYSGOOD), 0, "seize");
	int status;
	is(waitpid(child, &status, __WALL | WNOHANG), 0, "does not stop");
	fails(request(PTRACE_PEEKDATA, child, (long)&shared, 0), ESRCH, "it has to be stopped for most");
	is(request(PTRACE_INTERRUPT, child, 0, 0), 0, "interrupt");
	is(stop_of(child), EVENT(PTRACE_EVENT_STOP), "stops");
	request(PTRACE_CONT, child, 0, 0);
	kill(child, SIGSTOP);
	is(stop_of(child), SIGSTOP, "a stop signal is told of");
	is(go(PTRACE_CONT, child, SIGSTOP), SIGSTOP | PTRACE_EVENT_STOP << 8, "and the stop, as an event");
	is(request(PTRACE_LISTEN, child, 0, 0), 0, "it may stay so");
	fails(request(PTRACE_PEEKDATA, child, (long)&shared, 0), ESRCH, "and is not asked meanwhile");
	kill(child, SIGCONT);
	is(stop_of(child), EVENT(PTRACE_EVENT_STOP), "until its process goes on");
	is(go(PTRACE_CONT, child, 0), SIGCONT, "for which it takes a signal");
	request(PTRACE_CONT, child, 0, 0);
	kill(child, SIGKILL);
	is(stop_of(child), killed(SIGKILL), "killed");

	child = pausing();
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	is(request(PTRACE_SEIZE, child, 0, 0), 0, "seize a stopped one");
	is(stop_of(child), SIGSTOP | PTRACE_EVENT_STOP << 8, "it is stopped for the tracer");
	is(request(PTRACE_DETACH, child, 0, 0), 0, "detach");
	usleep(2000);
	is(waitpid(child, &status, WUNTRACED | WNOHANG), 0, "it stays stopped");
	kill(child, SIGCONT);
	is(waitpid(child, &status, WCONTINUED), child, "it goes on");
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

/* Calls that wait are made again after a stop. */
static void test_restarts(void)
{
	int fds[2];
	pipe(fds);
	pid_t child = fork();
	if (child == 0) {
		char byte = 0;
		struct timespec shortly = { 0, 40000000 };
		if (nanosleep(&shortly, 0) != 0 || read(fds[0], &byte, 1) != 1)
			_exit(1);
		_exit(byte);
	}
	for (int i = 0; i < 6; i++) {
		usleep(10000);
		is(request(PTRACE_ATTACH, child, 0, 0), 0, "attach to one that waits");
		is(stop_of(child), SIGSTOP, "stops");
		request(PTRACE_DETACH, child, 0, 0);
	}
	write(fds[1], "M", 1);
	is(stop_of(child), ended('M'), "neither its sleep nor its read has failed");

	child = fork();
	if (child == 0) {
		char byte = 0;
		_exit(read(fds[0], &byte, 1) == 1 ? byte : 1);
	}
	until_asleep(child);
	request(PTRACE_SEIZE, child, 0, (void *)PTRACE_O_TRACESYSGOOD);
	request(PTRACE_INTERRUPT, child, 0, 0);
	is(stop_of(child), EVENT(PTRACE_EVENT_STOP), "one that reads is interrupted");
	is(go(PTRACE_SYSCALL, child, 0), CALL_STOP, "its read begins anew");
	request(PTRACE_SYSCALL, child, 0, 0);
	until_asleep(child);
	request(PTRACE_INTERRUPT, child, 0, 0);
	is(stop_of(child), CALL_STOP, "it ends");
	struct __ptrace_syscall_info info;
	request(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
	is(info.exit.rval, -512, "with ERESTARTSYS");
	/* That was a stop: there is not another one for the interruption. */
	request(PTRACE_CONT, child, 0, 0);
	write(fds[1], "N", 1);
	is(stop_of(child), ended('N'), "and has read");
	close(fds[0]);
	close(fds[1]);
}

/* Who traces whom at whose end. */
static void test_ends(void)
{
	int fds[2];
	char byte;
	pipe(fds);
	pid_t child = fork();
	if (child == 0) {
		read(fds[0], &byte, 1);
		_exit(21);
	}
	pid_t tracer = fork();
	if (tracer == 0) {
		request(PTRACE_SEIZE, child, 0, 0);
		write(fds[1], "x", 1);
		usleep(20000);
		_exit(stop_of(child) == ended(21) ? 22 : 23);
	}
	int status;
	usleep(10000);
	is(waitpid(child, &status, WNOHANG), 0, "the tracer has not heard of the end yet");
	is(stop_of(tracer), ended(22), "now it has");
	is(stop_of(child), ended(21), "and so may the parent");

	child = pausing();
	tracer = fork();
	if (tracer == 0) {
		request(PTRACE_SEIZE, child, 0, (void *)PTRACE_O_EXITKILL);
		_exit(0);
	}
	is(stop_of(tracer), ended(0), "a tracer ends");
	is(stop_of(child), killed(SIGKILL), "and its tracee with it, by EXITKILL");

	child = traced(nothing, 0);
	kill(child, SIGKILL);
	is(stop_of(child), killed(SIGKILL), "SIGKILL ends a stopped tracee");

	child = traced(nothing, 0);
	char name[64];
	long value = 12;
	snprintf(name, sizeof name, "/proc/%d/mem", child);
	int fd = open(name, O_RDWR);
	is(pwrite(fd, &value, sizeof value, (long)&constant), sizeof value, "/proc/PID/mem is written to, whatever the rights");
	is(request(PTRACE_PEEKDATA, child, (long)&constant, 0), 12, "in the tracee");
	is(*(const volatile long *)&constant, 11, "alone");
	close(fd);
	is(request(PTRACE_DETACH, child, 0, 0), 0, "detach");
	is(stop_of(child), ended(7), "it ends by itself");
}

int main(int argc, char **argv)
{
	alarm(60);
	self = argv[0];
	if (argc > 1)
		return 8;
	test_calls();
#ifdef __aarch64__
	test_registers();
#endif
	test_signals();
	test_events();
	test_steps_into_handlers();
	test_group_stops();
	test_cancelled_stop();
	test_restarts();
	test_ends();
	return done();
}
