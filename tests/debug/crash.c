/* Crashes in the way its first argument names. Built and run by the tests of this folder. */
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct node {
  struct node *volatile next;
  volatile int values[4];
};

static inline int third(struct node *n) {
  int value = n->next->values[2];
  return value * 3;
}

__attribute__((noinline)) static int walk(struct node *n, int depth) {
  volatile char pad[200];
  pad[depth] = depth;
  return third(n) + pad[depth];
}

__attribute__((noinline)) static int recurse(int n) {
  volatile char pad[1000];
  pad[0] = n;
  return recurse(n + 1) + pad[0];
}

static pthread_barrier_t barrier;

static void *waits(void *arg) {
  pthread_barrier_wait(&barrier);
  for (;;) pause();
  return arg;
}

static void *overflows(void *arg) {
  return (void *)(long)recurse((long)arg);
}

static void handler(int signal) {
  struct node n = {0};
  walk(&n, signal);
}

static int compare(const void *a, const void *b) {
  struct node n = {0};
  return walk(&n, *(const int *)a + *(const int *)b);
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "";
  struct node n = {0};
  if (!strcmp(how, "null")) return walk(&n, 1);
  if (!strcmp(how, "write")) *(volatile char *)"text" = 1;
  if (!strcmp(how, "call")) ((void (*)(void))(argc * 8L))();
  if (!strcmp(how, "data")) ((void (*)(void))&barrier)();
  if (!strcmp(how, "illegal")) __asm__("udf #1");
  if (!strcmp(how, "trap")) __asm__("brk #7");
  if (!strcmp(how, "abort")) abort();
  if (!strcmp(how, "assert")) assert(argc == 1000);
  if (!strcmp(how, "stack")) return recurse(0);
  if (!strcmp(how, "callback")) {
    int numbers[] = {1, 2, 3};
    qsort(numbers, 3, sizeof(int), compare);
  }
  if (!strcmp(how, "handler")) {
    signal(SIGUSR1, handler);
    raise(SIGUSR1);
  }
  if (!strcmp(how, "altstack")) {
    static char stack[65536];
    stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigaltstack(&alt, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
  }
  if (!strcmp(how, "bus")) {
    int fd = open("/tmp/short", O_RDWR | O_CREAT | O_TRUNC, 0600);
    volatile char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    return p[10];
  }
  if (!strcmp(how, "threads")) {
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 4);
    for (int i = 0; i < 3; i++) pthread_create(&thread, NULL, waits, NULL);
    pthread_barrier_wait(&barrier);
    return walk(&n, 1);
  }
  if (!strcmp(how, "thread-stack")) {
    pthread_t thread;
    pthread_create(&thread, NULL, overflows, NULL);
    pthread_join(thread, NULL);
  }
  if (!strcmp(how, "child")) {
    int status;
    if (fork() == 0) return walk(&n, 1);
    wait(&status);
    return 3;
  }
  if (!strncmp(how, "raise-", 6)) raise(atoi(how + 6));
  return 0;
}
