/** ptrace(2): looking at threads that are stopped meanwhile. See {@link ../task/tracee.ts}. */
import { encodeFpsimd, encodeU64, NT_ARM_TLS, NT_FPREGSET, NT_PRSTATUS } from "../abi/core_note.ts";
import { EINVAL, EIO, EPERM, ESRCH } from "../abi/errno.ts";
import * as pt from "../abi/ptrace.ts";
import { kernelSiginfo } from "../abi/siginfo.ts";
import { CLD_TRAPPED, SIGRTMAX, SIGSTOP } from "../abi/signal.ts";
import { UserFault } from "../mm/user_fault.ts";
import { tellOfChild } from "../task/job_control.ts";
import { attachTracee, detachTracee } from "../task/tracee.ts";
import { sendToTask } from "../task/send_signal.ts";
import type { Task } from "../task/task.ts";
import { mayAttach } from "./process_vm.ts";
import { row, type SyscallRow } from "./row.ts";

function ptrace(task: Task, request: number, pid: number, address: number, data: number): number {
  // A tracee of its parent would have to stop at signals and exec.
  if (request === pt.PTRACE_TRACEME) return -EPERM;
  const target = task.kernel.tasks.get(pid);
  if (target === undefined || target.state === "dead") return -ESRCH;
  if (request === pt.PTRACE_ATTACH) return attach(task, target);
  if (request === pt.PTRACE_SEIZE) return -EIO;
  if (target.ptracedBy !== task.process) return -ESRCH;
  switch (request) {
    case pt.PTRACE_DETACH:
      if (data > SIGRTMAX) return -EIO;
      detachTracee(target);
      if (data > 0) sendToTask(target, kernelSiginfo(data));
      return 0;
    case pt.PTRACE_PEEKTEXT:
    case pt.PTRACE_PEEKDATA:
      return peek(task, target, address, data);
    case pt.PTRACE_GETREGSET:
      return getRegisters(task, target, address, data);
    default:
      return -EIO; // known requests that need a tracee to run, and unknown ones
  }
}

function attach(task: Task, target: Task): number {
  const { process } = task;
  if (target.process === process || target.ptracedBy !== undefined || !mayAttach(task, target)) return -EPERM;
  attachTracee(process, target);
  tellOfChild(process, target, CLD_TRAPPED, SIGSTOP);
  return 0;
}

/** A word of the tracee's memory, which goes where `data` says: the C library's wrapper makes a result of it. */
function peek({ mm }: Task, target: Task, address: number, data: number): number {
  const word = new Uint8Array(8);
  try {
    target.mm.readInto(address, word);
  } catch (error) {
    if (!(error instanceof UserFault)) throw error;
    return -EIO;
  }
  mm.writeBytes(data, word);
  return 0;
}

/** A set of registers into the buffer of an iovec, as much as it takes; its length becomes what it took. */
function getRegisters({ mm }: Task, target: Task, type: number, iovec: number): number {
  const registers = registersOf(target, type);
  const base = mm.readLong(iovec), wanted = mm.readNumber(iovec + 8);
  // In units of the set's registers (kernel/ptrace.c: ptrace_regset).
  const unit = type === NT_FPREGSET ? 4 : 8;
  if (registers === undefined || mm.readU32(iovec + 8) % unit !== 0) return -EINVAL;
  const length = Math.min(wanted, registers.length);
  mm.writeBytes(base, registers.subarray(0, length));
  mm.writeLong(iovec + 8, length);
  return 0;
}

/** As a core file's note of this type has them. */
function registersOf({ cpu: { regs } }: Task, type: number): Uint8Array | undefined {
  switch (type) {
    case NT_PRSTATUS: {
      const bytes = new Uint8Array(34 * 8), view = new DataView(bytes.buffer);
      regs.readX(bytes);
      [regs.sp, regs.pc, BigInt(regs.flags >>> 0)].forEach((value, n) => view.setBigUint64(248 + 8 * n, value, true));
      return bytes;
    }
    case NT_FPREGSET: {
      const vectors = new Uint8Array(512);
      regs.readV(vectors);
      return encodeFpsimd(vectors, regs.fpsr, regs.fpcr);
    }
    case NT_ARM_TLS:
      return encodeU64(regs.tpidr);
    default:
      return undefined;
  }
}

export const rows: SyscallRow[] = [
  row(
    117,
    "ptrace",
    "request:flags:ptrace pid:pid addr:ptr data:ptr",
    ptrace,
    "ATTACH, PEEKTEXT, PEEKDATA, GETREGSET, DETACH; a tracee stands still meanwhile",
  ),
];
