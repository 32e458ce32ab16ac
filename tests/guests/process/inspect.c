// Who may look into a process that does not dump: not even its own user (ptrace(2), "Ptrace access mode checking").
// oracle: qemu-user 7.2 has no pidfd_getfd and no robust lists
#include "../tap.h"
#include <linux/kcmp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

static char secret[8] = "secret";

/* What each of these says of a process: 0, or how it fails. */
static void look(pid_t pid, int error, const char *who)
{
	char copy[8], text[64];
	void *head;
	size_t size;
	struct iovec to = { copy, sizeof copy }, from = { secret, sizeof secret };
	long results[] = {
		syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), 1, 0) >= 0 ? 0 : errno,
		syscall(SYS_kcmp, getpid(), pid, KCMP_VM, 0, 0) >= 0 ? 0 : errno,
		syscall(SYS_kcmp, pid, getpid(), KCMP_FILE, 1, 1) >= 0 ? 0 : errno,
		syscall(SYS_get_robust_list, pid, &head, &size) == 0 ? 0 : errno,
		process_vm_readv(pid, &to, 1, &from, 1, 0) == sizeof copy ? 0 : errno,
	};
	const char *names[] = { "pidfd_getfd", "kcmp", "kcmp, the other way round", "get_robust_list", "process_vm_readv" };
	for (int i = 0; i < 5; i++) {
		snprintf(text, sizeof text, "%s: %s", who, names[i]);
		is(results[i], error, text);
	}
}

static pid_t child(int dumps)
{
	int ready[2];
	pipe(ready);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, dumps, 0, 0, 0);
		write(ready[1], "", 1);
		for (;;)
			pause();
	}
	char byte;
	read(ready[0], &byte, 1);
	return pid;
}

int main(void)
{
	// Root may look into everything.
	if (geteuid() == 0 && (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000)))
		return 1;
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	pid_t open = child(1), closed = child(0);
	look(getpid(), 0, "oneself");
	look(open, 0, "a child");
	look(closed, EPERM, "a child that does not dump");
	fails(syscall(SYS_kcmp, open, closed, KCMP_VM, 0, 0), EPERM, "kcmp: one of two is enough");
	fails(syscall(SYS_kcmp, closed, open, 99, 0, 0), EPERM, "kcmp: before it looks what for");
	fails(syscall(SYS_kcmp, open, open, 99, 0, 0), EINVAL, "kcmp: of nothing known");
	kill(open, SIGKILL);
	kill(closed, SIGKILL);
	while (wait(0) > 0)
		;
	return done();
}
