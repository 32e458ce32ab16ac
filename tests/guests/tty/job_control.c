// Job control on a pseudo-terminal: controlling terminal, foreground group, ^C, ^Z, background reads and writes,
// window size, hang-up.
#include "../tap.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

static int reports[2], jobs[2];
static volatile int caught;

static void handler(int signal) { caught = signal; }

static void put(int fd, char c) { write(fd, &c, 1); }

static char get(int fd)
{
	char c = '?';
	struct pollfd poller = { fd, POLLIN, 0 };
	if (poll(&poller, 1, 5000) == 1)
		read(fd, &c, 1);
	return c;
}

/* Starts a job in a group of its own; it runs when its group is what it shall be. */
static pid_t job(int tty, int foreground, void (*run)(int))
{
	int gate[2];
	char c;
	must(pipe(gate));
	pid_t pid = must(fork());
	if (pid == 0) {
		close(gate[1]);
		read(gate[0], &c, 1);
		signal(SIGINT, SIG_DFL), signal(SIGTTOU, SIG_DFL);
		run(tty);
		_exit(0);
	}
	setpgid(pid, pid);
	if (foreground)
		tcsetpgrp(tty, pid);
	close(gate[0]), close(gate[1]);
	return pid;
}

static void waits(int tty)
{
	(void)tty;
	put(jobs[1], 'r');
	for (;;)
		pause();
}

static void reads(int tty)
{
	char line[8];
	_exit(read(tty, line, 8) == 2 ? line[0] : 99);
}

static void writes(int tty) { write(tty, "w", 1); }

static void until_caught(void)
{
	for (int i = 0; i < 5000 && !caught; i++)
		usleep(1000);
}

/* A session leader as a shell is one. Small letters and true results are what main expects. */
static void shell(const char *name)
{
	int status;
	pid_t pid;
	setsid();
	int tty = open(name, O_RDWR);
	put(reports[1], tcgetpgrp(tty) == getpid() ? 'a' : 'A');
	put(reports[1], tcgetsid(tty) == getpid() ? 'b' : 'B');
	put(reports[1], open("/dev/tty", O_RDWR) >= 0 ? 'c' : 'C');
	signal(SIGTTOU, SIG_IGN);
	signal(SIGINT, handler);
	pid = job(tty, 1, waits);
	put(reports[1], get(jobs[0]) == 'r' ? '1' : '!');
	waitpid(pid, &status, 0);
	put(reports[1], WIFSIGNALED(status) && WTERMSIG(status) == SIGINT && !caught ? 'd' : 'D');
	pid = job(tty, 1, waits);
	put(reports[1], get(jobs[0]) == 'r' ? '2' : '!');
	waitpid(pid, &status, WUNTRACED);
	put(reports[1], WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP ? 'e' : 'E');
	kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	tcsetpgrp(tty, getpid());
	pid = job(tty, 0, reads);
	waitpid(pid, &status, WUNTRACED);
	put(reports[1], WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN ? 'f' : 'F');
	tcsetpgrp(tty, pid);
	kill(-pid, SIGCONT);
	put(reports[1], '3');
	waitpid(pid, &status, 0);
	put(reports[1], WIFEXITED(status) && WEXITSTATUS(status) == 'k' ? 'g' : 'G');
	tcsetpgrp(tty, getpid());
	struct termios settings;
	tcgetattr(tty, &settings);
	settings.c_lflag |= TOSTOP;
	tcsetattr(tty, TCSANOW, &settings);
	pid = job(tty, 0, writes);
	waitpid(pid, &status, WUNTRACED);
	put(reports[1], WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTOU ? 'h' : 'H');
	kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	signal(SIGWINCH, handler);
	caught = 0;
	put(reports[1], '4');
	until_caught();
	put(reports[1], caught == SIGWINCH ? 'i' : 'I');
	signal(SIGHUP, handler);
	caught = 0;
	put(reports[1], '5');
	until_caught();
	put(reports[1], caught == SIGHUP ? 'j' : 'J');
	_exit(0);
}

int main(void)
{
	char name[64];
	struct winsize size = { 30, 90, 0, 0 };
	must(pipe(reports)), must(pipe(jobs));
	int master = must(posix_openpt(O_RDWR | O_NOCTTY));
	grantpt(master), unlockpt(master);
	ptsname_r(master, name, sizeof name);
	pid_t pid = fork();
	if (pid == 0) {
		close(master);
		shell(name);
	}
	is(get(reports[0]), 'a', "the first terminal a session leader opens is its controlling one");
	is(get(reports[0]), 'b', "of its session");
	is(get(reports[0]), 'c', "and /dev/tty");
	is(get(reports[0]), '1', "a foreground job runs");
	write(master, "\003", 1);
	is(get(reports[0]), 'd', "^C is SIGINT for the foreground group and nobody else");
	is(get(reports[0]), '2', "another one");
	write(master, "\032", 1);
	is(get(reports[0]), 'e', "^Z stops it");
	is(get(reports[0]), 'f', "a background read is SIGTTIN");
	is(get(reports[0]), '3', "continued in the foreground");
	write(master, "k\n", 2);
	is(get(reports[0]), 'g', "it reads");
	is(get(reports[0]), 'h', "a background write with TOSTOP is SIGTTOU");
	is(get(reports[0]), '4', "waiting for SIGWINCH");
	ioctl(master, TIOCSWINSZ, &size);
	is(get(reports[0]), 'i', "which a new size sends");
	is(get(reports[0]), '5', "waiting for SIGHUP");
	close(master);
	is(get(reports[0]), 'j', "which the closing of the master sends");
	waitpid(pid, 0, 0);
	return done();
}
