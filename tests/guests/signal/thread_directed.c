// Signals and threads: to a process, any thread that does not block it; to a thread, only that one. Masks are per
// thread and inherited.
#include "../tap.h"
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>

static volatile pid_t receiver;
static sem_t got, ready, go;

static void handler(int signal)
{
	(void)signal;
	receiver = syscall(SYS_gettid);
	sem_post(&got);
}

static volatile pid_t other;

static void *thread(void *open)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	other = syscall(SYS_gettid);
	if (open)
		pthread_sigmask(SIG_UNBLOCK, &set, 0);
	sem_post(&ready);
	while (sem_wait(&go) == -1 && errno == EINTR)
		;
	sigset_t now;
	pthread_sigmask(SIG_BLOCK, 0, &now);
	return (void *)(long)sigismember(&now, SIGUSR1);
}

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) == -1 && errno == EINTR)
		;
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	sigset_t set;
	pthread_t id;
	void *blocked;
	sem_init(&got, 0, 0);
	sem_init(&ready, 0, 0);
	sem_init(&go, 0, 0);
	sigaction(SIGUSR1, &action, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, 0);
	pthread_create(&id, 0, thread, (void *)1);
	wait_for(&ready);
	kill(getpid(), SIGUSR1);
	wait_for(&got);
	is(receiver, other, "kill goes to the thread that does not block");
	pthread_kill(id, SIGUSR1);
	wait_for(&got);
	is(receiver, other, "pthread_kill goes to its thread");
	receiver = 0;
	pthread_kill(pthread_self(), SIGUSR1);
	is(receiver, 0, "one to a thread that blocks it waits");
	sigset_t pending;
	sigpending(&pending);
	is(sigismember(&pending, SIGUSR1), 1, "and is pending there");
	sem_post(&go);
	pthread_join(id, &blocked);
	is((long)blocked, 0, "the thread had it unblocked");
	pthread_sigmask(SIG_UNBLOCK, &set, 0);
	is(receiver, getpid(), "it comes with unblocking");
	pthread_sigmask(SIG_BLOCK, &set, 0);
	pthread_create(&id, 0, thread, 0);
	wait_for(&ready);
	sem_post(&go);
	pthread_join(id, &blocked);
	is((long)blocked, 1, "a thread inherits the mask of its creator");
	return done();
}
