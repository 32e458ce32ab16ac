/*
 * Executes instruction sequences from given machine states and reports the states they lead to. The same program runs
 * under elftap and under an oracle (user-mode QEMU, or a real arm64 Linux), so what is compared is all that a program
 * can see of an instruction: registers, flags, memory, and signals as a handler gets them.
 *
 * A case enters and leaves through a signal frame: the handler fills in all registers and returns to the sequence,
 * which ends in BRK or in another exception, and so in the handler again. A case may survive some signals: then the
 * handler notes what it sees, changes registers and goes on behind the instruction.
 *
 * stdin: the content of the data pages, then batches of { struct batch, jobs[], code[] }. stdout: results per batch.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define CODE 0x10000ul
#define CODE_SIZE 0x10000ul
#define DATA 0x40000ul
#define PAGE 4096ul
/* Two writable pages, then one that can only be read; behind it nothing is mapped. */
#define WRITABLE (2 * PAGE)
#define READABLE (3 * PAGE)
#define MAX_JOBS 4096

struct batch {
  uint32_t jobs, code_size;
};
struct state {
  uint64_t x[31], sp, pc, pstate;
  uint32_t fpsr, fpcr;
  uint8_t v[32][16];
};
struct job {
  /* Byte offset of the sequence in the code; bit 0: it may have changed memory; bits 31..8: signals it survives. */
  uint32_t entry, how;
  struct state state;
};
struct result {
  uint32_t signal, code;
  uint64_t address;
  /* 0 if the data pages are as they were, else a digest of them; and one of all signals that it has survived. */
  uint32_t memory, trail;
  struct state state;
};

static uint8_t pristine[READABLE];
/* The batch's code, then nothing but zeros. */
static uint8_t code[CODE_SIZE];
static struct batch batch;
static struct job jobs[MAX_JOBS];
static struct result results[MAX_JOBS];
static uint32_t at;
/* Of the running case: signals that it still survives, and the digest of those it has. */
static uint32_t left, trail;

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
  uint8_t *record = (uint8_t *)m->__reserved;
  for (;;) {
    struct _aarch64_ctx *head = (struct _aarch64_ctx *)record;
    if (head->magic == FPSIMD_MAGIC) return (struct fpsimd_context *)record;
    if (head->size == 0) _exit(2);
    record += head->size;
  }
}

/* FNV-1a of the writable pages' words, and puts them back. */
static uint32_t digest(void) {
  uint8_t *data = (uint8_t *)DATA;
  if (memcmp(data, pristine, WRITABLE) == 0) return 0;
  uint32_t hash = 0x811c9dc5;
  for (size_t i = 0; i < WRITABLE; i += 4) {
    uint32_t word;
    memcpy(&word, data + i, 4);
    hash = (hash ^ word) * 0x01000193;
  }
  memcpy(data, pristine, WRITABLE);
  return hash;
}

/* Undoes what a case has done to its code, which others may read. */
static void restore_code(void) {
  if (memcmp((void *)CODE, code, CODE_SIZE) == 0) return;
  memcpy((void *)CODE, code, CODE_SIZE);
  __builtin___clear_cache((char *)CODE, (char *)CODE + CODE_SIZE);
}

static void note(uint32_t word) { trail = (trail ^ word) * 0x01000193; }

static int in_code(uint64_t pc) { return pc >= CODE && pc < CODE + CODE_SIZE; }
static int is_code(uint64_t pc) { return in_code(pc) && pc % 4 == 0; }

/*
 * Goes on behind a signal, if the case is to survive it. Not behind the last BRK of all, not where an access may have
 * been done in part (it has met its second page), not where the oracle may not tell the address (its host has 47 bits of
 * one), and not at misaligned addresses where nothing is, of which qemu has another opinion (qemu_defects.ts). Its
 * si_code of SIGILL is not noted, nor are bits of AArch32.
 */
static int survive(int sig, const siginfo_t *info, mcontext_t *m, struct fpsimd_context *f) {
  uint64_t address = (uint64_t)info->si_addr, pc = m->pc;
  if (left == 0 || (sig == SIGTRAP && *(uint32_t *)pc == 0xd4200000)) return 0;
  if (sig == SIGSEGV && (address % PAGE == 0 || address >> 47 != 0)) return 0;
  if (pc % 4 != 0 && !in_code(pc)) return 0;
  uint64_t next = is_code(pc) ? pc + 4 : m->regs[30];
  if (!is_code(next)) return 0;
  left--;
  note(sig);
  note(sig == SIGILL ? 0 : info->si_code);
  note(address), note(address >> 32);
  note(pc), note(pc >> 32);
  note(m->pstate & 0xf1001000);
  note(f->fpsr & 0x0fffffff);
  note(f->fpcr & 0x07c80000);
  for (unsigned i = 0; i < 31; i++) note(m->regs[i]), note(m->regs[i] >> 32);
  note(m->sp), note(m->sp >> 32);
  for (unsigned i = 0; i < 128; i++) note(((uint32_t *)f->vregs)[i]);
  m->regs[0] ^= address + sig;
  m->regs[1] += pc;
  m->pstate ^= 0x90000000;
  f->fpsr ^= 1u << 27;
  ((uint32_t *)f->vregs)[4 * 5] ^= pc;
  if (sig == SIGSEGV) memcpy(&m->regs[25], &jobs[at].state.x[25], 2 * sizeof m->regs[25]);
  m->pc = next;
  return 1;
}

static void next_batch(void) {
  read_all(&batch, sizeof batch);
  if (batch.jobs == 0 || batch.jobs > MAX_JOBS || batch.code_size > CODE_SIZE) _exit(3);
  read_all(jobs, batch.jobs * sizeof *jobs);
  memset(code, 0, sizeof code);
  read_all(code, batch.code_size);
  memcpy((void *)CODE, code, CODE_SIZE);
  __builtin___clear_cache((char *)CODE, (char *)CODE + CODE_SIZE);
  at = 0;
}

static void on_signal(int sig, siginfo_t *info, void *context) {
  mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
  struct fpsimd_context *f = fpsimd_of(m);
  if (batch.jobs != 0) {
    if (survive(sig, info, m, f)) return;
    struct result *out = &results[at];
    out->signal = sig;
    out->code = info->si_code;
    out->address = (uint64_t)info->si_addr;
    out->memory = jobs[at].how & 1 ? digest() : 0;
    out->trail = trail;
    memcpy(out->state.x, m->regs, sizeof out->state.x);
    out->state.sp = m->sp;
    out->state.pc = m->pc;
    out->state.pstate = m->pstate;
    out->state.fpsr = f->fpsr;
    out->state.fpcr = f->fpcr;
    memcpy(out->state.v, f->vregs, sizeof out->state.v);
    restore_code();
    at++;
  }
  if (at == batch.jobs) {
    write_all(results, batch.jobs * sizeof *results);
    next_batch();
  }
  const struct state *in = &jobs[at].state;
  left = jobs[at].how >> 8;
  trail = 0x811c9dc5;
  memcpy(m->regs, in->x, sizeof in->x);
  m->sp = in->sp;
  m->pc = CODE + jobs[at].entry;
  m->pstate = in->pstate;
  f->fpsr = in->fpsr;
  f->fpcr = in->fpcr;
  memcpy(f->vregs, in->v, sizeof in->v);
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

  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  void *data = mmap((void *)DATA, READABLE, PROT_READ | PROT_WRITE, flags, -1, 0);
  void *code = mmap((void *)CODE, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0);
  if (data != (void *)DATA || code != (void *)CODE) return 1;
  read_all(pristine, sizeof pristine);
  memcpy(data, pristine, sizeof pristine);
  mprotect((void *)(DATA + WRITABLE), READABLE - WRITABLE, PROT_READ);
  __asm__ volatile("brk #0");
  return 1;
}
