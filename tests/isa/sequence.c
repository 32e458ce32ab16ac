/*
 * Executes short instruction sequences from a given machine state and reports the state they lead to: the oracle's
 * side of the differential test of everything but floating point. Run under any AArch64 Linux (a real one, or a
 * user-mode emulator).
 *
 * Each case enters and leaves through a signal frame: the handler fills in all registers and returns to the
 * sequence, which ends in BRK or in a fault, and so in the handler again.
 *
 * stdin: the content of the data pages, then cases { u32 count, u32 words[3], struct state }. stdout: a struct result
 * per case.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define CODE 0x10000ul
#define DATA 0x20000ul
#define PAGE 4096ul
/* Two writable pages, then one that can only be read; behind it nothing is mapped. */
#define PAGES 3
#define MAX_WORDS 3
#define BRK 0xd4200000u

struct state {
  uint64_t x[31], sp, pc, pstate;
  uint32_t fpsr, fpcr;
  uint8_t v[32][16];
};
struct job {
  uint32_t count, words[MAX_WORDS];
  struct state state;
};
struct result {
  uint32_t signal, memory;
  uint64_t address;
  struct state state;
};
static uint8_t pristine[PAGES * PAGE];
static uint8_t *data; /* the data pages again, writable */
static int running;

static void read_all(void *into, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = read(0, (char *)into + done, size - done);
    if (n <= 0) _exit(done == 0 ? 0 : 1);
    done += n;
  }
}
static void write_all(const void *from, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = write(1, (const char *)from + done, size - done);
    if (n <= 0) _exit(1);
    done += n;
  }
}

static struct fpsimd_context *fpsimd_of(mcontext_t *m) {
  uint8_t *at = (uint8_t *)m->__reserved;
  for (;;) {
    struct _aarch64_ctx *head = (struct _aarch64_ctx *)at;
    if (head->magic == FPSIMD_MAGIC) return (struct fpsimd_context *)at;
    if (head->size == 0) _exit(2);
    at += head->size;
  }
}

/* 0 if the data pages are as they were, else FNV-1a of their words. */
static uint32_t digest(void) {
  if (memcmp(data, pristine, sizeof pristine) == 0) return 0;
  uint32_t hash = 0x811c9dc5;
  for (size_t i = 0; i < sizeof pristine; i += 4) {
    uint32_t word;
    memcpy(&word, data + i, 4);
    hash = (hash ^ word) * 0x01000193;
  }
  memcpy(data, pristine, sizeof pristine);
  return hash;
}

static void on_signal(int sig, siginfo_t *info, void *context) {
  static struct job job;
  mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
  struct fpsimd_context *f = fpsimd_of(m);
  if (running) {
    struct result out;
    memset(&out, 0, sizeof out);
    out.signal = sig;
    out.address = (uint64_t)info->si_addr;
    out.memory = digest();
    memcpy(out.state.x, m->regs, sizeof out.state.x);
    out.state.sp = m->sp;
    out.state.pc = m->pc;
    out.state.pstate = m->pstate;
    out.state.fpsr = f->fpsr;
    out.state.fpcr = f->fpcr;
    memcpy(out.state.v, f->vregs, sizeof out.state.v);
    write_all(&out, sizeof out);
  }
  running = 1;
  uint32_t *code = (uint32_t *)CODE;
  uint32_t last[MAX_WORDS];
  memcpy(last, job.words, sizeof last);
  read_all(&job, sizeof job);
  if (memcmp(last, job.words, sizeof last) != 0) {
    for (uint32_t i = 0; i < MAX_WORDS; i++) code[i] = i < job.count ? job.words[i] : BRK;
    __builtin___clear_cache((char *)code, (char *)(code + MAX_WORDS));
  }
  memcpy(m->regs, job.state.x, sizeof job.state.x);
  m->sp = job.state.sp;
  m->pc = CODE;
  m->pstate = job.state.pstate;
  f->fpsr = job.state.fpsr;
  f->fpcr = job.state.fpcr;
  memcpy(f->vregs, job.state.v, sizeof job.state.v);
}

int main(void) {
  static uint8_t stack[65536] __attribute__((aligned(16)));
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  static const int caught[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGILL};
  for (unsigned i = 0; i < sizeof caught / sizeof *caught; i++) sigaction(caught[i], &action, NULL);

  int fd = memfd_create("data", 0);
  if (fd < 0 || ftruncate(fd, sizeof pristine) != 0) return 1;
  data = mmap(NULL, sizeof pristine, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  void *here = mmap((void *)DATA, sizeof pristine, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
  uint32_t *code = mmap((void *)CODE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (data == MAP_FAILED || here != (void *)DATA || code != (void *)CODE) return 1;
  mprotect((void *)(DATA + (PAGES - 1) * PAGE), PAGE, PROT_READ);
  for (size_t i = 0; i < PAGE / 4; i++) code[i] = BRK;
  read_all(pristine, sizeof pristine);
  memcpy(data, pristine, sizeof pristine);
  __asm__ volatile("brk #0");
  return 1;
}
