/** Sets of registers that ptrace(2) reads and writes (arch/arm64/kernel/ptrace.c), as core files have them. */
import { decodeFpsimd, encodeFpsimd, encodeU64 } from "../abi/core_note.ts";
import { NT_ARM_SYSTEM_CALL, NT_ARM_TLS, NT_FPREGSET, NT_PRSTATUS } from "../abi/core_note.ts";
import { EINVAL, ENOSPC } from "../abi/errno.ts";
import { NO_SYSCALL, NT_ARM_HW_BREAK, NT_ARM_HW_WATCH } from "../abi/ptrace.ts";
import type { Task } from "../task/task.ts";

/** What a program cannot set in PSTATE: the mode, and masks of interrupts (valid_user_regs). */
const PSTATE_PRIVILEGED = 0x3dfn;
/** struct user_hwdebug_state; its first word: the architecture's version, and no registers. */
const HW_DEBUG_SIZE = 264, HW_DEBUG_INFO = 6 << 8;
const GENERAL = 31 * 8;

/** One set. */
export interface RegisterSet {
  /** A request moves a multiple of this. */
  readonly unit: number;
  read(task: Task): Uint8Array;
  /** @param bytes all of the set @returns 0 or a negative errno */
  write(task: Task, bytes: Uint8Array): number;
}

const general: RegisterSet = {
  unit: 8,
  read({ cpu: { regs } }) {
    const bytes = new Uint8Array(34 * 8), view = new DataView(bytes.buffer);
    regs.readX(bytes);
    view.setBigUint64(GENERAL, regs.sp, true);
    view.setBigUint64(GENERAL + 8, regs.pc, true);
    view.setBigUint64(GENERAL + 16, BigInt(regs.flags >>> 0), true);
    return bytes;
  },
  write(task, bytes) {
    const { regs } = task.cpu, view = new DataView(bytes.buffer);
    const pstate = view.getBigUint64(GENERAL + 16, true), pc = view.getBigUint64(GENERAL + 8, true);
    if ((pstate & PSTATE_PRIVILEGED) !== 0n) return -EINVAL;
    // Elsewhere no call is made again (arch/arm64/kernel/signal.c: do_signal). In the stop at its end, x0 says that.
    if (pc !== regs.pc && task.tracee?.stop?.kind !== "call") task.restartCode = 0;
    regs.writeX(bytes.subarray(0, GENERAL));
    regs.sp = view.getBigUint64(GENERAL, true);
    regs.pc = pc;
    regs.flags = Number(pstate & 0xffffffffn);
    return 0;
  },
};

const vectors: RegisterSet = {
  unit: 4,
  read({ cpu: { regs } }) {
    const bytes = new Uint8Array(512);
    regs.readV(bytes);
    return encodeFpsimd(bytes, regs.fpsr, regs.fpcr);
  },
  write({ cpu: { regs } }, bytes) {
    const { vectors, fpsr, fpcr } = decodeFpsimd(bytes);
    regs.writeV(vectors);
    regs.fpsr = fpsr;
    regs.fpcr = fpcr;
    return 0;
  },
};

const threadPointer: RegisterSet = {
  unit: 8,
  read: ({ cpu: { regs } }) => encodeU64(regs.tpidr),
  write({ cpu: { regs } }, bytes) {
    regs.tpidr = new DataView(bytes.buffer).getBigUint64(0, true);
    return 0;
  },
};

const systemCall: RegisterSet = {
  unit: 4,
  read({ tracee }) {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, tracee?.callToMake ?? tracee?.callNumber ?? NO_SYSCALL, true);
    return bytes;
  },
  write({ tracee }, bytes) {
    const nr = new DataView(bytes.buffer).getInt32(0, true);
    if (tracee === undefined) return 0;
    tracee.callNumber = nr;
    if (tracee.callToMake !== undefined) tracee.callToMake = nr;
    return 0;
  },
};

/** There are none: debuggers step instead, or write into the code. */
const hardwarePoints: RegisterSet = {
  unit: 4,
  read() {
    const bytes = new Uint8Array(HW_DEBUG_SIZE);
    new DataView(bytes.buffer).setUint32(0, HW_DEBUG_INFO, true);
    return bytes;
  },
  write: () => -ENOSPC,
};

/** By the type of a core file's note. */
export const REGISTER_SETS: ReadonlyMap<number, RegisterSet> = new Map([
  [NT_PRSTATUS, general],
  [NT_FPREGSET, vectors],
  [NT_ARM_TLS, threadPointer],
  [NT_ARM_SYSTEM_CALL, systemCall],
  [NT_ARM_HW_BREAK, hardwarePoints],
  [NT_ARM_HW_WATCH, hardwarePoints],
]);
