/*
 * Calls whose arguments are structures, one after the other: the trace of this program is compared with a golden file,
 * and with what strace itself says of the same program built for the host. Only system calls that both kernels have,
 * made directly, so that the lines are the same; between two closes of descriptor -1.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define CALL(name, ...) syscall(SYS_##name, ##__VA_ARGS__)

static char buf[4096];
static sigset_t usr1, usr2;

static void files(void) {
  struct iovec iov[2] = {{"abc", 3}, {"defghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", 45}};
  struct iovec into[2] = {{buf, 5}, {buf + 5, 4000}};
  struct stat st;
  struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 10};
  struct timespec times[2] = {{1, 2}, {0, UTIME_OMIT}};
  struct open_how how = {.flags = O_RDONLY | O_CREAT, .mode = 0600, .resolve = RESOLVE_BENEATH};
  off_t offset = 3;
  int fd = CALL(openat, AT_FDCWD, "structures.tmp", O_RDWR | O_CREAT | O_TRUNC, 0640);
  CALL(openat, AT_FDCWD, "/nope/\"x\\\n\t\001\0019\0017\377", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  CALL(openat, AT_FDCWD, "/nope/x", O_WRONLY | O_CREAT | O_EXCL, 0);
  CALL(openat2, AT_FDCWD, "nope/x", &how, sizeof how);
  CALL(writev, fd, iov, 2);
  CALL(pread64, fd, buf, 100, 0);
  CALL(pread64, fd, buf, 20, 40);
  CALL(lseek, fd, 0, SEEK_SET);
  CALL(readv, fd, into, 2);
  CALL(read, fd, buf, 10);
  CALL(read, 99, buf, 10);
  CALL(write, fd, "0123456789012345678901234567890123456789", 40);
  CALL(preadv, fd, into, 2, 3, 0);
  CALL(fcntl, fd, F_GETFD);
  CALL(fcntl, fd, F_SETFD, FD_CLOEXEC);
  CALL(fcntl, fd, F_GETFD);
  CALL(fcntl, fd, F_SETFL, O_NONBLOCK | O_APPEND);
  CALL(fcntl, fd, F_DUPFD, 20);
  CALL(fcntl, fd, F_SETLK, &lock);
  CALL(fcntl, fd, F_GETLK, &lock);
  CALL(fcntl, fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT);
  CALL(fcntl, fd, F_SETSIG, SIGUSR1);
  CALL(fcntl, fd, F_GETSIG);
  CALL(fcntl, fd, F_GETLEASE);
  CALL(fcntl, fd, 12345, 7);
  CALL(fchmod, fd, 04755);
  CALL(fchmod, fd, 0);
  CALL(newfstatat, fd, "", &st, AT_EMPTY_PATH);
  CALL(newfstatat, AT_FDCWD, "/dev/null", &st, 0);
  CALL(newfstatat, AT_FDCWD, "/nope", &st, AT_SYMLINK_NOFOLLOW);
  CALL(fchownat, AT_FDCWD, "/nope", -1, 2, AT_SYMLINK_NOFOLLOW);
  CALL(mknodat, AT_FDCWD, "/nope/a", S_IFIFO | 0644, 0);
  CALL(mknodat, AT_FDCWD, "/nope/a", S_IFCHR | 0644, makedev(1, 3));
  CALL(utimensat, fd, NULL, times, 0);
  CALL(utimensat, AT_FDCWD, "/nope", NULL, AT_SYMLINK_NOFOLLOW);
  CALL(sendfile, fd, fd, &offset, 0);
  CALL(ftruncate, fd, 100);
  CALL(fallocate, fd, FALLOC_FL_KEEP_SIZE, 0, 100);
  CALL(flock, fd, LOCK_EX | LOCK_NB);
  CALL(umask, 027);
  CALL(umask, 022);
  CALL(faccessat, AT_FDCWD, "/", R_OK | X_OK);
  CALL(faccessat, AT_FDCWD, "/", F_OK);
  CALL(readlinkat, AT_FDCWD, "/nope", buf, sizeof buf);
  CALL(renameat2, AT_FDCWD, "/nope/a", AT_FDCWD, "/nope/b", RENAME_NOREPLACE);
  CALL(unlinkat, AT_FDCWD, "structures.tmp", 0);
  CALL(close, fd);
}

static void waiting(void) {
  int p[2], ep, tf;
  struct timespec soon = {0, 1000000}, zero = {0, 0};
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = 0x123456789}, events[4];
  struct itimerspec timer = {{0, 0}, {500, 0}}, old;
  CALL(pipe2, p, O_CLOEXEC | O_NONBLOCK);
  CALL(read, p[0], buf, 10);
  struct pollfd fds[3] = {{p[0], POLLIN}, {p[1], POLLOUT | POLLHUP}, {-1, POLLIN}};
  CALL(ppoll, fds, 1, &soon, &usr1, 8);
  fd_set reads;
  FD_ZERO(&reads);
  FD_SET(p[0], &reads);
  CALL(pselect6, p[1] + 1, &reads, NULL, NULL, &zero, NULL);
  ep = CALL(epoll_create1, EPOLL_CLOEXEC);
  CALL(epoll_ctl, ep, EPOLL_CTL_ADD, p[0], &event);
  event.events = EPOLLOUT;
  event.data.u64 = 0;
  CALL(epoll_ctl, ep, EPOLL_CTL_ADD, p[1], &event);
  CALL(epoll_pwait, ep, events, 4, 0, NULL, 8);
  CALL(epoll_ctl, ep, EPOLL_CTL_DEL, p[1], NULL);
  CALL(epoll_pwait, ep, events, 4, 0, &usr1, 8);
  CALL(eventfd2, 3, EFD_NONBLOCK | EFD_SEMAPHORE);
  tf = CALL(timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  CALL(timerfd_settime, tf, 0, &timer, &old);
  CALL(signalfd4, -1, &usr1, 8, 0);
  CALL(inotify_init1, IN_CLOEXEC);
  CALL(inotify_add_watch, tf, "/nope", IN_CREATE | IN_DELETE);
  CALL(splice, p[0], NULL, p[1], NULL, 10, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  CALL(close_range, 3, 99, 0);
}

/* Of the kernel, without libc's additions: handler, flags, restorer, mask. */
struct action {
  long handler, flags, restorer, mask;
};

static void signals(void) {
  struct action ignore = {1, 0, 0, 0x800}, old;
  struct timespec zero = {0, 0};
  siginfo_t info;
  stack_t stack;
  struct itimerval timer = {{0, 0}, {0, 0}}, was;
  CALL(rt_sigaction, SIGUSR2, &ignore, &old, 8);
  CALL(rt_sigaction, SIGUSR2, NULL, &old, 8);
  CALL(rt_sigaction, 34, NULL, &old, 8);
  CALL(rt_sigaction, 99, NULL, &old, 8);
  CALL(rt_sigprocmask, SIG_BLOCK, &usr1, &usr2, 8);
  CALL(rt_sigprocmask, SIG_SETMASK, NULL, &usr2, 8);
  CALL(kill, 0, 0);
  CALL(tkill, getpid(), SIGUSR1);
  CALL(rt_sigpending, &usr2, 8);
  CALL(rt_sigtimedwait, &usr1, &info, &zero, 8);
  CALL(rt_sigtimedwait, &usr1, &info, &zero, 8);
  memset(&info, 0, sizeof info);
  info.si_signo = SIGUSR1;
  info.si_code = SI_QUEUE;
  info.si_pid = 7;
  info.si_uid = 8;
  info.si_value.sival_int = 9;
  CALL(rt_sigqueueinfo, getpid(), SIGUSR1, &info);
  CALL(rt_sigtimedwait, &usr1, &info, &zero, 8);
  memset(&usr2, 0xff, sizeof usr2);
  CALL(rt_sigprocmask, SIG_SETMASK, &usr2, NULL, 8);
  memset(&usr2, 0, sizeof usr2);
  CALL(rt_sigprocmask, SIG_SETMASK, &usr2, NULL, 8);
  CALL(sigaltstack, NULL, &stack);
  CALL(setitimer, ITIMER_REAL, &timer, &was);
  CALL(getitimer, ITIMER_VIRTUAL, &was);
}

static void memory(void) {
  char *p = (char *)CALL(mmap, NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CALL(mmap, NULL, 0, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CALL(mprotect, p, 4096, PROT_READ | PROT_EXEC);
  CALL(madvise, p, 4096, MADV_DONTNEED);
  CALL(msync, p, 4096, MS_SYNC);
  CALL(mincore, p, 1, NULL);
  CALL(munmap, p, 8192);
  CALL(memfd_create, "name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  close(3);
}

static void sockets(void) {
  int one = 1, pair[2], s = CALL(socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  socklen_t length = 4;
  struct linger linger = {1, 5};
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, other = in;
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(80), .sin6_addr.s6_addr = {0xfe, 0x80, [15] = 1}};
  struct sockaddr_un un = {AF_UNIX, "/nope/socket"}, abstract = {AF_UNIX, "\0elftap-structures"};
  other.sin_port = htons(1);
  CALL(socket, 99, 77, 3);
  CALL(setsockopt, s, SOL_SOCKET, SO_REUSEADDR, &one, 4);
  CALL(setsockopt, s, IPPROTO_TCP, TCP_NODELAY, &one, 4);
  CALL(setsockopt, s, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  CALL(getsockopt, s, SOL_SOCKET, SO_TYPE, &one, &length);
  length = sizeof linger;
  CALL(getsockopt, s, SOL_SOCKET, SO_LINGER, &linger, &length);
  CALL(bind, s, &in, sizeof in);
  CALL(listen, s, 5);
  CALL(connect, -1, &other, sizeof other);
  CALL(connect, -1, &in6, sizeof in6);
  CALL(bind, -1, &un, sizeof un);
  CALL(bind, -1, &abstract, 2 + 18);
  CALL(bind, -1, &un, 2);
  CALL(socketpair, AF_UNIX, SOCK_DGRAM, 0, pair);
  CALL(sendto, pair[0], "hello", 5, MSG_NOSIGNAL, NULL, 0);
  CALL(recvfrom, pair[1], buf, 100, MSG_PEEK | MSG_DONTWAIT, NULL, NULL);
  CALL(recvfrom, pair[1], buf, 100, 0, NULL, NULL);
  union {
    char bytes[CMSG_SPACE(8)];
    struct cmsghdr header;
  } control;
  struct iovec iov[2] = {{"abc", 3}, {"defg", 4}};
  struct msghdr message = {.msg_iov = iov, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
  control.header = (struct cmsghdr){CMSG_LEN(8), SOL_SOCKET, SCM_RIGHTS};
  memcpy(CMSG_DATA(&control.header), (int[2]){0, 1}, 8);
  CALL(sendmsg, pair[0], &message, 0);
  iov[0] = (struct iovec){buf, 100};
  message.msg_iovlen = 1;
  CALL(recvmsg, pair[1], &message, MSG_CMSG_CLOEXEC);
  message.msg_controllen = 0;
  CALL(recvmsg, pair[1], &message, MSG_DONTWAIT);
  struct mmsghdr many[2] = {{{.msg_iov = iov + 1, .msg_iovlen = 1}}, {{.msg_iov = iov + 1, .msg_iovlen = 1}}};
  CALL(sendmmsg, pair[0], many, 2, 0);
  iov[1] = (struct iovec){buf, 10};
  CALL(recvmmsg, pair[1], many, 1, 0, NULL);
  CALL(shutdown, pair[0], SHUT_WR);
  CALL(close_range, 3, 99, 0);
}

static void processes(void) {
  struct rlimit limit = {8192 * 1024, RLIM_INFINITY}, old;
  struct sched_param priority = {0};
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{0}};
  struct utsname name;
  int status, word = 0;
  siginfo_t info;
  struct timespec soon = {0, 1000};
  CALL(prctl, PR_SET_NAME, "structures");
  CALL(prctl, PR_GET_NAME, buf);
  CALL(prctl, PR_SET_PDEATHSIG, SIGKILL);
  CALL(prctl, PR_GET_PDEATHSIG, &word);
  CALL(prctl, PR_GET_DUMPABLE);
  CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0);
  CALL(prctl, 12345, 1, 2, 3, 4);
  CALL(prlimit64, 0, RLIMIT_STACK, &limit, NULL);
  CALL(prlimit64, 0, RLIMIT_CORE, NULL, &old);
  CALL(sched_setscheduler, 0, SCHED_OTHER, &priority);
  CALL(sched_getscheduler, 0);
  CALL(sched_get_priority_max, SCHED_FIFO);
  CALL(getpriority, 77, 0);
  CALL(capset, &header, data);
  CALL(capget, &header, data);
  CALL(setresuid, -1, -1, -1);
  CALL(uname, &name);
  CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, &soon, NULL);
  CALL(clock_getres, CLOCK_MONOTONIC, &soon);
  CALL(clock_nanosleep, 77, TIMER_ABSTIME, &soon, NULL);
  word = 0;
  soon = (struct timespec){0, 1000};
  CALL(futex, &word, FUTEX_WAKE_PRIVATE, 1);
  CALL(futex, &word, FUTEX_WAIT, 0, &soon);
  CALL(futex, &word, FUTEX_WAIT, 5, NULL);
  CALL(futex, &word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &soon, NULL, -1);
  CALL(futex, &word, FUTEX_CMP_REQUEUE_PRIVATE, 1, 2, &word, 0);
  CALL(futex, &word, FUTEX_WAKE_OP, 1, 2, &word, (1 << 28) | (2 << 24) | (3 << 12) | 4);
  CALL(futex, &word, 99, 1, 2, 3, 4);
  CALL(waitid, P_ALL, 0, &info, WEXITED | WNOHANG, NULL);
  CALL(wait4, -1, &status, WNOHANG, NULL);
  CALL(getrandom, buf, 0, GRND_NONBLOCK);
  CALL(kcmp, 0, 0, 0, 0, 1);
  CALL(unshare, 0);
  CALL(close_range, 100, 200, 0);
  CALL(personality, 0xffffffff);
  CALL(mount, "a", "/nope", "ext4", MS_RDONLY | MS_NOSUID, "opt");
  CALL(umount2, "/nope", 2);
  CALL(execve, "/nope", (char *[]){"a", "b\n", NULL}, (char *[]){"X=1", NULL});
}

static void ipc(void) {
  struct sembuf operations[2] = {{0, 1, IPC_NOWAIT}, {1, 1, SEM_UNDO}};
  struct {
    long type;
    char text[6];
  } message = {1, "hello"};
  CALL(semget, IPC_PRIVATE, -2, IPC_CREAT | 0600);
  CALL(semtimedop, -1, operations, 2, NULL);
  CALL(shmget, 0x1234, 4096, IPC_EXCL | 0600);
  CALL(msgget, 0x1234, 0600);
  CALL(msgsnd, -1, &message, 6, IPC_NOWAIT);
  CALL(mq_open, "nope", O_RDWR | O_CREAT, 0600, NULL);
  CALL(close_range, 3, 99, 0);
  CALL(mq_unlink, "nope");
  CALL(setxattr, "/nope", "user.a", "val", 3, XATTR_CREATE);
  CALL(getxattr, "/nope", "user.a", buf, 100);
}

int main(void) {
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  CALL(close_range, 3, 99, 0);
  CALL(close, -1);
  files();
  waiting();
  signals();
  memory();
  sockets();
  ipc();
  processes();
  CALL(close, -1);
  return 0;
}
