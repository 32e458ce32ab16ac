// Robust mutexes: the next owner learns that the last one died, between threads and between processes.
// oracle: qemu-user has no robust lists
#include "../tap.h"
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static pthread_mutex_t *mutex;

static void *dies(void *argument)
{
	pthread_mutex_lock(mutex);
	return argument;
}

int main(void)
{
	pthread_mutexattr_t attributes;
	pthread_t thread;
	mutex = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(mutex, &attributes);
	pthread_create(&thread, 0, dies, 0);
	pthread_join(thread, 0);
	is(pthread_mutex_lock(mutex), EOWNERDEAD, "a thread died with it");
	is(pthread_mutex_consistent(mutex), 0, "made consistent");
	is(pthread_mutex_unlock(mutex), 0, "unlock");
	is(pthread_mutex_lock(mutex), 0, "then it is as before");
	pthread_mutex_unlock(mutex);
	int fds[2];
	char c;
	must(pipe(fds));
	pid_t pid = fork();
	if (pid == 0) {
		pthread_mutex_lock(mutex);
		write(fds[1], "x", 1);
		pause();
	}
	read(fds[0], &c, 1);
	is(pthread_mutex_trylock(mutex), EBUSY, "held by another process");
	kill(pid, SIGKILL);
	is(pthread_mutex_lock(mutex), EOWNERDEAD, "which is killed while one waits or before");
	waitpid(pid, 0, 0);
	pthread_mutex_unlock(mutex);
	is(pthread_mutex_lock(mutex), ENOTRECOVERABLE, "not made consistent, it is lost");
	return done();
}
