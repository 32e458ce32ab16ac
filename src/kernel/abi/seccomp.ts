/** Constants of seccomp(2) (linux/seccomp.h) and of the filters' language (linux/filter.h, linux/bpf_common.h). */

export const SECCOMP_MODE_STRICT = 1, SECCOMP_MODE_FILTER = 2;
export const SECCOMP_SET_MODE_STRICT = 0, SECCOMP_SET_MODE_FILTER = 1, SECCOMP_GET_ACTION_AVAIL = 2;
export const SECCOMP_FILTER_FLAG_TSYNC = 1, SECCOMP_FILTER_FLAG_LOG = 2, SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4;
export const SECCOMP_FILTER_FLAG_TSYNC_ESRCH = 16;

/** What a filter returns: an action, with 16 bits of data below. The lowest one, as a signed number, counts. */
export const RET = {
  KILL_PROCESS: 0x80000000 | 0,
  KILL_THREAD: 0,
  TRAP: 0x00030000,
  ERRNO: 0x00050000,
  TRACE: 0x7ff00000,
  LOG: 0x7ffc0000,
  ALLOW: 0x7fff0000,
} as const;
export const RET_ACTION = 0xffff0000 | 0, RET_DATA = 0xffff;

/** What the strict mode allows: read, write, exit, rt_sigreturn. */
export const STRICT_CALLS: readonly number[] = [63, 64, 93, 139];

/** struct seccomp_data: number, architecture, address, arguments. */
export const SECCOMP_DATA_SIZE = 64;

/** Instructions in a filter, and in all filters of a thread, where each counts four more (kernel/seccomp.c). */
export const BPF_MAXINSNS = 4096, MAX_INSNS_PER_PATH = 32768, FILTER_OVERHEAD = 4;
export const BPF_MEMWORDS = 16;

/** Classes of instructions, and parts of their codes. */
export const BPF = {
  LD: 0,
  LDX: 1,
  ST: 2,
  STX: 3,
  ALU: 4,
  JMP: 5,
  RET: 6,
  MISC: 7,
  W: 0,
  IMM: 0,
  ABS: 0x20,
  MEM: 0x60,
  LEN: 0x80,
  ADD: 0,
  SUB: 0x10,
  MUL: 0x20,
  DIV: 0x30,
  OR: 0x40,
  AND: 0x50,
  LSH: 0x60,
  RSH: 0x70,
  NEG: 0x80,
  XOR: 0xa0,
  JA: 0,
  JEQ: 0x10,
  JGT: 0x20,
  JGE: 0x30,
  JSET: 0x40,
  K: 0,
  X: 8,
  A: 0x10,
  TAX: 0,
  TXA: 0x80,
} as const;
