/* System calls in a loop, a mix of short ones; prints what one takes, in ns: `calls ROUNDS`. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 1000, zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
  char buffer[64];
  struct stat st;
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int i = 0; i < rounds; i++) {
    syscall(SYS_getppid);
    if (read(zero, buffer, 32) != 32) return 1;
    if (write(null, "hello, world\n", 13) != 13) return 1;
    fstat(zero, &st);
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.1f\n", ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / (4.0 * rounds));
}
