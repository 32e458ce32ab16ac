// System V shared memory, semaphores and message queues.
#include "../tap.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>

struct message {
	long type;
	char text[32];
};

int main(void)
{
	int status, id = shmget(IPC_PRIVATE, 10000, IPC_CREAT | 0600);
	ok(id >= 0, "shmget");
	int *memory = shmat(id, 0, 0);
	ok(memory != (void *)-1 && memory[2000] == 0, "shmat");
	pid_t pid = fork();
	if (pid == 0) {
		memory[2000] = 42;
		_exit(0);
	}
	waitpid(pid, 0, 0);
	is(memory[2000], 42, "is shared with a child");
	struct shmid_ds shm;
	shmctl(id, IPC_STAT, &shm);
	ok(shm.shm_segsz == 10000 && shm.shm_nattch == 1 && shm.shm_cpid == getpid(), "IPC_STAT");
	is(shmctl(id, IPC_RMID, 0), 0, "IPC_RMID");
	is(memory[2000], 42, "it lives while attached");
	is(shmdt(memory), 0, "shmdt");
	fails((long)shmat(id, 0, 0), EINVAL, "then it is gone");
	fails(shmdt(memory), EINVAL, "shmdt of nothing");
	int sem = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600);
	ok(sem >= 0, "semget");
	is(semctl(sem, 0, SETVAL, 1), 0, "SETVAL");
	struct sembuf down = { 0, -1, SEM_UNDO }, up = { 0, 1, 0 }, both[2] = { { 0, -1, IPC_NOWAIT }, { 1, -1, IPC_NOWAIT } };
	is(semop(sem, &down, 1), 0, "down");
	is(semctl(sem, 0, GETVAL), 0, "zero");
	fails(semop(sem, both, 2), EAGAIN, "all or nothing");
	pid = fork();
	if (pid == 0)
		_exit(semop(sem, &down, 1) == 0 ? 4 : 5);
	usleep(20000);
	is(waitpid(pid, &status, WNOHANG), 0, "another waits");
	semop(sem, &up, 1);
	waitpid(pid, &status, 0);
	is(WEXITSTATUS(status), 4, "until up");
	is(semctl(sem, 0, GETVAL), 1, "and SEM_UNDO gives it back at its end");
	is(semctl(sem, 0, IPC_RMID), 0, "IPC_RMID");
	fails(semop(sem, &up, 1), EINVAL, "then it is gone");
	int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	ok(queue >= 0, "msgget");
	struct message one = { 1, "one" }, two = { 2, "two" }, got;
	is(msgsnd(queue, &one, 32, 0), 0, "msgsnd");
	is(msgsnd(queue, &two, 32, 0), 0, "another");
	is(msgrcv(queue, &got, 32, 2, 0), 32, "by type");
	is_str(got.text, "two", "the second");
	fails(msgrcv(queue, &got, 32, 2, IPC_NOWAIT), ENOMSG, "no more of it");
	fails(msgrcv(queue, &got, 2, 0, 0), E2BIG, "too little room");
	is(msgrcv(queue, &got, 2, 0, MSG_NOERROR), 2, "MSG_NOERROR cuts");
	struct message wide = { 0x7fac2b1f3d5e9a6d, "wide" };
	is(msgsnd(queue, &wide, 32, 0), 0, "a type of 64 bits");
	is(msgrcv(queue, &got, 32, 0x7fac2b1f3d5e9a6c, IPC_NOWAIT), -1, "is not its neighbour");
	is(msgrcv(queue, &got, 32, -0x7fac2b1f3d5e9a6d, 0), 32, "but at most itself");
	is(got.type, wide.type, "and comes back as it was");
	struct msqid_ds ds;
	msgctl(queue, IPC_STAT, &ds);
	is(ds.msg_qnum, 0, "empty");
	is(msgctl(queue, IPC_RMID, 0), 0, "IPC_RMID");
	key_t key = 0x12345;
	id = shmget(key, 100, IPC_CREAT | IPC_EXCL | 0600);
	ok(id >= 0, "a key");
	is(shmget(key, 100, 0), id, "finds it again");
	fails(shmget(key, 100, IPC_CREAT | IPC_EXCL | 0600), EEXIST, "IPC_EXCL");
	fails(shmget(key, 1000, 0), EINVAL, "larger than it is");
	shmctl(id, IPC_RMID, 0);
	fails(shmget(key, 100, 0), ENOENT, "no such key");
	return done();
}
