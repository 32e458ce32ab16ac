/**
 * Entering a signal handler and coming back: writes and reads the frame on the guest's stack
 * (arch/arm64/kernel/signal.c; sigreturn(2), sigaltstack(2)).
 */
import type { Registers } from "../../engine/engine.ts";
import { EINVAL, ENOMEM, EPERM } from "../abi/errno.ts";
import {
  ESR_CONTEXT_SIZE,
  ESR_MAGIC,
  FPSIMD_CONTEXT_SIZE,
  FPSIMD_MAGIC,
  PSTATE_INVALID,
  PSTATE_USER,
  RESERVED_SIZE,
  SigFrame,
  SIGFRAME_SIZE,
} from "../abi/sigframe.ts";
import { encodeSiginfo, type Siginfo } from "../abi/siginfo.ts";
import {
  MINSIGSTKSZ,
  SA_NODEFER,
  SA_ONSTACK,
  SA_RESTORER,
  SA_SIGINFO,
  signalBit,
  SS_AUTODISARM,
  SS_DISABLE,
  SS_ONSTACK,
} from "../abi/signal.ts";
import type { SignalAction } from "./signal_actions.ts";
import { setBlocked } from "./send_signal.ts";
import type { Task } from "./task.ts";

/** Everything up to the end of the records; the rest of the reserved space is left as it is. */
const WRITTEN = SigFrame.reserved + FPSIMD_CONTEXT_SIZE + ESR_CONTEXT_SIZE + 8;
const buffer = new Uint8Array(WRITTEN);
const view = new DataView(buffer.buffer);
/** The frame without its records, the floating-point record, and the registers in them. */
const saved = buffer.subarray(0, SigFrame.reserved);
const context = buffer.subarray(SigFrame.reserved, SigFrame.reserved + FPSIMD_CONTEXT_SIZE);
const generals = buffer.subarray(SigFrame.regs, SigFrame.sp);
const vectors = buffer.subarray(SigFrame.reserved + 16, SigFrame.reserved + FPSIMD_CONTEXT_SIZE);

/** Whether `sp` is on the alternate stack; never with SS_AUTODISARM, which is off while its handler runs. */
function onAltStack(task: Task, sp: number): boolean {
  const { altStack } = task;
  return !(altStack.flags & SS_AUTODISARM) && sp > altStack.sp && sp - altStack.sp <= altStack.size;
}

/** ss_flags as sigaltstack(2) reports them. */
export function altStackFlags(task: Task, sp: number): number {
  return task.altStack.size === 0 ? SS_DISABLE : onAltStack(task, sp) ? SS_ONSTACK : 0;
}

/** sigaltstack(2) with decoded arguments. */
export function setAltStack(task: Task, sp: number, stack: { sp: number; flags: number; size: number }): number {
  if (onAltStack(task, sp)) return -EPERM;
  const mode = stack.flags & ~SS_AUTODISARM;
  if (mode !== 0 && mode !== SS_DISABLE && mode !== SS_ONSTACK) return -EINVAL;
  const { altStack } = task;
  if (mode === SS_DISABLE) {
    altStack.sp = altStack.size = 0;
  } else {
    if (stack.size < MINSIGSTKSZ) return -ENOMEM;
    altStack.sp = stack.sp;
    altStack.size = stack.size;
  }
  altStack.flags = stack.flags;
  return 0;
}

/**
 * Makes the thread run a handler.
 *
 * @param oldMask mask that sigreturn restores
 * @throws UserFault if the frame cannot be written
 */
export function enterHandler(task: Task, info: Siginfo, action: SignalAction, oldMask: bigint): void {
  const { regs } = task.cpu, { mm, altStack } = task;
  let sp = Number(regs.sp);
  if (action.flags & SA_ONSTACK && altStackFlags(task, sp) === 0) sp = altStack.sp + altStack.size;
  // A frame record (fp, lr) above the frame lets backtraces go through the handler.
  const record = sp - 16 - (sp - 16) % 16;
  const frame = record - SIGFRAME_SIZE - (record - SIGFRAME_SIZE) % 16;

  fillFrame(task, info, action, oldMask);
  mm.writeU64(record, regs.x(29));
  mm.writeU64(record + 8, regs.x(30));
  mm.writeBytes(frame, buffer);

  if (altStack.flags & SS_AUTODISARM) {
    altStack.sp = altStack.size = 0;
    altStack.flags = SS_DISABLE;
  }
  regs.setX(0, info.signo);
  if (action.flags & SA_SIGINFO) {
    regs.setX(1, frame + SigFrame.siginfo);
    regs.setX(2, frame + SigFrame.ucontext);
  }
  regs.sp = BigInt(frame);
  regs.setX(29, record);
  regs.setX(30, action.flags & SA_RESTORER ? action.restorer : mm.sigreturn);
  regs.pc = BigInt(action.handler);
  let mask = task.blocked | action.mask;
  if (!(action.flags & SA_NODEFER)) mask |= signalBit(info.signo);
  setBlocked(task, mask);
}

function fillFrame(task: Task, info: Siginfo, action: SignalAction, oldMask: bigint): void {
  const { regs } = task.cpu, { altStack } = task;
  buffer.fill(0);
  if (action.flags & SA_SIGINFO) buffer.set(encodeSiginfo(info), SigFrame.siginfo);
  putNumber(SigFrame.stackSp, altStack.sp);
  view.setInt32(SigFrame.stackFlags, altStack.flags, true);
  putNumber(SigFrame.stackSize, altStack.size);
  view.setBigUint64(SigFrame.mask, oldMask, true);
  putNumber(SigFrame.faultAddress, task.faultAddress);
  regs.readX(generals);
  view.setBigUint64(SigFrame.sp, regs.sp, true);
  view.setBigUint64(SigFrame.pc, regs.pc, true);
  view.setUint32(SigFrame.pstate, regs.flags, true);
  let at: number = SigFrame.reserved;
  view.setUint32(at, FPSIMD_MAGIC, true);
  view.setUint32(at + 4, FPSIMD_CONTEXT_SIZE, true);
  view.setUint32(at + 8, regs.fpsr, true);
  view.setUint32(at + 12, regs.fpcr, true);
  regs.readV(vectors);
  at += FPSIMD_CONTEXT_SIZE;
  if (task.faultSyndrome !== 0) {
    view.setUint32(at, ESR_MAGIC, true);
    view.setUint32(at + 4, ESR_CONTEXT_SIZE, true);
    putNumber(at + 8, task.faultSyndrome);
  }
}

function putNumber(at: number, value: number | bigint): void {
  view.setBigUint64(at, BigInt(value), true);
}

/**
 * rt_sigreturn(2): registers, mask and alternate stack as the frame at sp says.
 *
 * @returns false if the frame is not one: the thread gets SIGSEGV
 * @throws UserFault if it cannot be read
 */
export function leaveHandler(task: Task): boolean {
  const { regs } = task.cpu, { mm } = task;
  const frame = Number(regs.sp);
  if (frame % 16 !== 0) return false;
  mm.readInto(frame, saved);
  setBlocked(task, view.getBigUint64(SigFrame.mask, true));
  regs.writeX(generals);
  regs.sp = view.getBigUint64(SigFrame.sp, true);
  regs.pc = view.getBigUint64(SigFrame.pc, true);
  const pstate = view.getBigUint64(SigFrame.pstate, true);
  regs.flags = Number(pstate & BigInt(PSTATE_USER));
  if ((pstate & BigInt(PSTATE_INVALID)) !== 0n) return false;
  if (!restoreRecords(task, regs, frame + SigFrame.reserved)) return false;
  // All errors but an inaccessible frame are ignored (kernel/signal.c: restore_altstack).
  setAltStack(task, Number(regs.sp), {
    sp: Number(view.getBigUint64(SigFrame.stackSp, true)),
    flags: view.getInt32(SigFrame.stackFlags, true),
    size: Number(view.getBigUint64(SigFrame.stackSize, true)),
  });
  return true;
}

/** Walks the records. The floating-point one must be there. */
function restoreRecords(task: Task, regs: Registers, base: number): boolean {
  const { mm } = task;
  let restored = false;
  for (let offset = 0; offset <= RESERVED_SIZE - 8;) {
    const magic = mm.readU32(base + offset), size = mm.readU32(base + offset + 4);
    if (magic === 0) return size === 0 && restored;
    if (size < 8 || size % 16 !== 0 || size > RESERVED_SIZE - offset) return false;
    if (magic === FPSIMD_MAGIC) {
      if (restored || size !== FPSIMD_CONTEXT_SIZE) return false;
      mm.readInto(base + offset, context);
      regs.fpsr = view.getUint32(SigFrame.reserved + 8, true);
      regs.fpcr = view.getUint32(SigFrame.reserved + 12, true);
      regs.writeV(vectors);
      restored = true;
    } else if (magic !== ESR_MAGIC) {
      return false;
    }
    offset += size;
  }
  return false;
}
