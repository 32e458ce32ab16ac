/** Constants of ptrace(2) (linux/ptrace.h, asm/ptrace.h). */

// Requests; all that programs know of, for the trace.
export const PTRACE_TRACEME = 0, PTRACE_PEEKTEXT = 1, PTRACE_PEEKDATA = 2, PTRACE_POKETEXT = 4, PTRACE_POKEDATA = 5;
export const PTRACE_CONT = 7, PTRACE_KILL = 8, PTRACE_SINGLESTEP = 9, PTRACE_ATTACH = 16, PTRACE_DETACH = 17;
export const PTRACE_SYSCALL = 24, PTRACE_SYSEMU = 31, PTRACE_SYSEMU_SINGLESTEP = 32;
export const PTRACE_SETOPTIONS = 0x4200, PTRACE_GETEVENTMSG = 0x4201;
export const PTRACE_GETSIGINFO = 0x4202, PTRACE_SETSIGINFO = 0x4203, PTRACE_GETREGSET = 0x4204;
export const PTRACE_SETREGSET = 0x4205, PTRACE_SEIZE = 0x4206, PTRACE_INTERRUPT = 0x4207, PTRACE_LISTEN = 0x4208;
export const PTRACE_PEEKSIGINFO = 0x4209, PTRACE_GETSIGMASK = 0x420a, PTRACE_SETSIGMASK = 0x420b;
export const PTRACE_GET_SYSCALL_INFO = 0x420e;

/** Options of SETOPTIONS and SEIZE. */
export const OPTION = {
  TRACESYSGOOD: 0x01,
  TRACEFORK: 0x02,
  TRACEVFORK: 0x04,
  TRACECLONE: 0x08,
  TRACEEXEC: 0x10,
  TRACEVFORKDONE: 0x20,
  TRACEEXIT: 0x40,
  TRACESECCOMP: 0x80,
  EXITKILL: 0x100000,
} as const;
/** All that are known; SUSPEND_SECCOMP needs a kernel with filters. */
export const OPTION_MASK = 0x1000ff;

/** Events, in bits 8 to 15 of what a wait reports. */
export const EVENT_FORK = 1,
  EVENT_VFORK = 2,
  EVENT_CLONE = 3,
  EVENT_EXEC = 4,
  EVENT_VFORK_DONE = 5,
  EVENT_EXIT = 6,
  EVENT_SECCOMP = 7;
export const EVENT_STOP = 128;

/** PTRACE_EVENTMSG_SYSCALL_*: what PTRACE_GETEVENTMSG says at a call. */
export const EVENTMSG_ENTRY = 1, EVENTMSG_EXIT = 2;

/** PTRACE_PEEKSIGINFO_SHARED */
export const PEEKSIGINFO_SHARED = 1;

/** What {@link PTRACE_GET_SYSCALL_INFO} tells of. */
export const SYSCALL_INFO_NONE = 0, SYSCALL_INFO_ENTRY = 1, SYSCALL_INFO_EXIT = 2, SYSCALL_INFO_SECCOMP = 3;
/** AUDIT_ARCH_AARCH64 (linux/audit.h) */
export const AUDIT_ARCH_AARCH64 = 0xc00000b7;

/** The call's number outside of a call (asm/ptrace.h). */
export const NO_SYSCALL = -1;

/** Requests with the data of hardware breakpoints, besides the register sets of core files (linux/elf.h). */
export const NT_ARM_HW_BREAK = 0x402, NT_ARM_HW_WATCH = 0x403;
