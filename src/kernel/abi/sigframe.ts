/**
 * The frame a signal handler runs on (arch/arm64 `struct rt_sigframe`, asm/sigcontext.h): siginfo, ucontext, and
 * in its reserved space a chain of records of which the floating-point state is one.
 *
 * Offsets are from the start of the frame.
 */
import { SIGINFO_SIZE } from "./siginfo.ts";

const UCONTEXT = SIGINFO_SIZE;
const MCONTEXT = UCONTEXT + 176;

export const SigFrame = {
  siginfo: 0,
  ucontext: UCONTEXT,
  /** uc_stack: ss_sp, ss_flags, ss_size. */
  stackSp: UCONTEXT + 16,
  stackFlags: UCONTEXT + 24,
  stackSize: UCONTEXT + 32,
  mask: UCONTEXT + 40,
  faultAddress: MCONTEXT,
  regs: MCONTEXT + 8,
  sp: MCONTEXT + 256,
  pc: MCONTEXT + 264,
  pstate: MCONTEXT + 272,
  reserved: MCONTEXT + 288,
} as const;

export const RESERVED_SIZE = 4096;
/** sizeof(struct rt_sigframe). */
export const SIGFRAME_SIZE = SigFrame.reserved + RESERVED_SIZE;

export const FPSIMD_MAGIC = 0x46508001;
/** head, fpsr, fpcr, 32 vector registers. */
export const FPSIMD_CONTEXT_SIZE = 528;
export const ESR_MAGIC = 0x45535201;
export const ESR_CONTEXT_SIZE = 16;
export const EXTRA_MAGIC = 0x45585401;

/** PSTATE.SSBS (asm/ptrace.h: PSR_SSBS_BIT): speculative loads need not be safe. */
export const PSR_SSBS_BIT = 0x1000;
/** The bits of PSTATE that are a program's: N, Z, C, V, DIT and SSBS. */
export const PSTATE_USER = 0xf1000000 + PSR_SSBS_BIT;
/** Mode, AArch32 and interrupt mask bits: one set makes a frame invalid. */
export const PSTATE_INVALID = 0x1f | 0x3c0;

/** Syndrome (ESR_EL1) of a user data or instruction abort, for the frame's esr_context. */
export function abortSyndrome(access: "read" | "write" | "execute", permission: boolean): number {
  const exceptionClass = access === "execute" ? 0x20 : 0x24;
  const IL = 1 << 25, WnR = access === "write" ? 1 << 6 : 0;
  // Fault status: translation or permission fault, level 3.
  return (exceptionClass << 26 | IL | WnR | (permission ? 0x0f : 0x07)) >>> 0;
}

/** Syndrome of an alignment fault. */
export function alignmentSyndrome(access: "read" | "write" | "execute"): number {
  if (access === "execute") return (0x22 << 26 | 1 << 25) >>> 0;
  return (0x24 << 26 | 1 << 25 | (access === "write" ? 1 << 6 : 0) | 0x21) >>> 0;
}
