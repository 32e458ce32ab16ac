/**
 * Backtraces by frame pointers: AAPCS64 code keeps a chain of frame records (saved x29, saved x30) whose newest is
 * at x29. Code without them ends the chain early. Nothing is ever faulted in: a crashed stack is only looked at.
 */
import { SigFrame, SIGFRAME_SIZE } from "../kernel/abi/sigframe.ts";
import type { Mm } from "../kernel/mm/mm.ts";

/** Most frames reported. */
export const MAX_FRAMES = 64;

/** One level of a backtrace. */
export interface BacktraceFrame {
  readonly pc: number;
  /** pc is a return address: the call is the instruction before. False for the innermost frame and below signals. */
  readonly caller: boolean;
}

/** The registers a backtrace starts from. */
export interface UnwindStart {
  readonly pc: number;
  readonly sp: number;
  /** x29 */
  readonly fp: number;
  /** x30 */
  readonly lr: number;
}

/** A 64-bit value of the guest, without faulting and whatever its rights; undefined where nothing is. */
function peek(mm: Mm, va: number): number | undefined {
  const { space } = mm;
  if (va % 8 !== 0 || !(va >= 0 && va < space.limit)) return undefined;
  const view = space.view(va, 8, "read", true);
  if (view === undefined || view.length < 8) return undefined;
  const word = (at: number) => (view[at]! | view[at + 1]! << 8 | view[at + 2]! << 16 | view[at + 3]! << 24) >>> 0;
  // Pointer authentication and tags use the top bits: addresses end below 2^48.
  return (word(4) & 0xffff) * 0x1_0000_0000 + word(0);
}

/**
 * The frames of a thread, innermost first.
 *
 * @param sameFunction whether two addresses are in one function: tells a leaf's x30 from one that its own calls left
 */
export function backtrace(
  mm: Mm,
  start: UnwindStart,
  sameFunction: (a: number, b: number) => boolean = () => false,
): BacktraceFrame[] {
  const frames: BacktraceFrame[] = [{ pc: start.pc, caller: false }];
  let fp = start.fp, lowest = start.sp;
  const first = peek(mm, fp + 8);
  // A leaf, or a prologue that has not pushed yet, has its caller in x30 only. Elsewhere x30 is what the last call
  // left there: an address in this function, or the one that the newest record holds as well.
  const inCode = (va: number) => (mm.vmas.find(va)?.prot ?? 0) & 4;
  if (start.lr !== first && inCode(start.lr) && !sameFunction(start.pc, start.lr - 4)) {
    frames.push({ pc: start.lr, caller: true });
  }
  while (frames.length < MAX_FRAMES && fp >= lowest && fp % 8 === 0) {
    const next = peek(mm, fp), lr = peek(mm, fp + 8);
    if (next === undefined || lr === undefined || lr === 0) break;
    if (lr === mm.sigreturn && mm.sigreturn !== 0) {
      // The handler returns to the trampoline: what was interrupted is in the signal frame below the next record.
      const frame = next - SIGFRAME_SIZE;
      const pc = peek(mm, frame + SigFrame.pc), interrupted = peek(mm, frame + SigFrame.regs + 29 * 8);
      if (pc === undefined || interrupted === undefined) break;
      frames.push({ pc: lr, caller: false }, { pc, caller: false });
      // The interrupted stack may be another one (sigaltstack).
      fp = interrupted;
      lowest = peek(mm, frame + SigFrame.sp) ?? 0;
      continue;
    }
    frames.push({ pc: lr, caller: true });
    // Records go up the stack: anything else is not a chain.
    if (next <= fp) break;
    lowest = fp;
    fp = next;
  }
  return frames;
}
