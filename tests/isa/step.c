/*
 * Executes single instructions on given register contents and reports what they did: the oracle's side of the
 * differential test. Run under any AArch64 Linux (a real one, or a user-mode emulator).
 *
 * stdin: groups of { u32 opcode, u32 count, count * struct state }. stdout: one struct result per state.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

struct state {
  uint8_t v[4][16];
  uint64_t x[2];
  uint32_t fpcr, fpsr, nzcv, unused;
};
struct result {
  uint8_t v0[16];
  uint64_t x0;
  uint32_t fpsr, nzcv;
};
#define ILLEGAL 0xffffffffu

static volatile int illegal;

static void on_sigill(int sig, siginfo_t *info, void *context) {
  (void)sig;
  (void)info;
  illegal = 1;
  ((ucontext_t *)context)->uc_mcontext.pc += 4;
}

static uint32_t *code;

static void step(const struct state *in, struct result *out) {
  register const struct state *s __asm__("x19") = in;
  register struct result *r __asm__("x20") = out;
  register uint32_t *c __asm__("x21") = code;
  __asm__ volatile(
      "ldp q0, q1, [x19]\n\t"
      "ldp q2, q3, [x19, #32]\n\t"
      "ldp w9, w10, [x19, #80]\n\t"
      "ldr w11, [x19, #88]\n\t"
      "ldp x0, x1, [x19, #64]\n\t"
      "msr fpcr, x9\n\t"
      "msr fpsr, x10\n\t"
      "msr nzcv, x11\n\t"
      "blr x21\n\t"
      "mrs x9, nzcv\n\t"
      "mrs x10, fpsr\n\t"
      "msr fpcr, xzr\n\t"
      "str q0, [x20]\n\t"
      "str x0, [x20, #16]\n\t"
      "stp w10, w9, [x20, #24]\n\t"
      :
      : "r"(s), "r"(r), "r"(c)
      : "x0", "x1", "x9", "x10", "x11", "x30", "v0", "v1", "v2", "v3", "cc", "memory");
}

int main(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_sigill;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGILL, &action, NULL);
  code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return 1;
  uint32_t head[2];
  while (fread(head, sizeof head, 1, stdin) == 1) {
    code[0] = head[0];
    code[1] = 0xd65f03c0; /* ret */
    __builtin___clear_cache((char *)code, (char *)(code + 2));
    for (uint32_t i = 0; i < head[1]; i++) {
      struct state in;
      struct result out;
      if (fread(&in, sizeof in, 1, stdin) != 1) return 1;
      illegal = 0;
      step(&in, &out);
      if (illegal) out.fpsr = ILLEGAL;
      fwrite(&out, sizeof out, 1, stdout);
    }
  }
  return 0;
}
