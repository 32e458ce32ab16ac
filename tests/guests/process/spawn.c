// posix_spawn(3) with file actions and attributes, and system(3) (both use vfork-like clone).
// oracle: qemu-user alone cannot execve aarch64 programs
#include "../tap.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
	if (argc > 1) {
		sigset_t set;
		sigprocmask(SIG_BLOCK, 0, &set);
		dprintf(1, "%s %d %d", argv[1], sigismember(&set, SIGUSR1), getpgrp() == getpid());
		return 5;
	}
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int fds[2], status;
	pid_t pid;
	char buffer[64] = "";
	must(pipe(fds));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawnattr_init(&attributes);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	posix_spawnattr_setsigmask(&attributes, &set);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	char *args[] = { argv[0], "hello", 0 };
	is(posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, args, environ), 0, "posix_spawn");
	is(waitpid(pid, &status, 0), pid, "waitpid");
	is(WEXITSTATUS(status), 5, "its status");
	read(fds[0], buffer, sizeof buffer - 1);
	is_str(buffer, "hello 1 1", "output, mask and group are as asked");
	is(posix_spawn(&pid, "/no/such/file", 0, 0, args, environ), ENOENT, "a missing file is posix_spawn's result");
	fails(waitpid(-1, &status, WNOHANG), ECHILD, "and leaves no child");
	return done();
}
