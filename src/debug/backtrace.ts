/** Backtraces of a guest's threads: {@link unwind} over the guest's memory and files. */
import type { FileContext } from "../kernel/fs/file.ts";
import type { Registers } from "../engine/engine.ts";
import type { Mm } from "../kernel/mm/mm.ts";
import { moduleAt } from "./modules.ts";
import { locate } from "./symbols.ts";
import { type FrameRegisters, unwind, type UnwindSpace, type UnwoundFrame } from "./unwind.ts";

/** Most frames reported: the innermost ones, and the last {@link OUTERMOST}. */
export const MAX_FRAMES = 64;
/** Of a deep stack, so many frames at its far end are kept: who began it. */
const OUTERMOST = 16;
/** Frames walked at most: a stack of 8 MiB in steps of 32 bytes. */
const MAX_WALKED = 262_144;

/** One level of a backtrace. */
export type BacktraceFrame = Pick<UnwoundFrame, "pc" | "caller" | "signal" | "registers">;

/** The frames of a thread, innermost first. */
export interface Backtrace {
  readonly frames: readonly BacktraceFrame[];
  /** Frames left out, and behind how many of {@link frames} they were. */
  readonly omitted: { readonly count: number; readonly after: number } | undefined;
}

/** The registers a backtrace starts from: x0…x30 and sp, and pc. */
export function startOf(regs: Registers): { pc: number; registers: FrameRegisters } {
  return { pc: Number(regs.pc), registers: [...Array.from({ length: 31 }, (_, n) => regs.x(n)), regs.sp] };
}

/** MOVZ X8, #139 (rt_sigreturn); SVC #0: C libraries bring trampolines of their own (SA_RESTORER). */
const SIGNAL_RETURN = 0xd4000001_d2801168n;

/** Memory and files of a process, to be unwound. */
export function unwindSpace(mm: Mm, context: FileContext): UnwindSpace {
  const { space } = mm;
  const read = (va: number, size: number): bigint | undefined => {
    if (!(va >= 0 && va + size <= space.limit)) return undefined;
    let value = 0n;
    for (let done = 0; done < size;) {
      const view = space.view(va + done, size - done, "read", true);
      if (view === undefined || view.length === 0) return undefined;
      for (const byte of view.subarray(0, size - done)) value |= BigInt(byte) << BigInt(8 * done++);
    }
    return value;
  };
  return {
    read,
    frame(pc) {
      const found = moduleAt(mm, pc, context);
      return found?.module.frame(found.address);
    },
    isCode: (va) => ((mm.vmas.find(va)?.prot ?? 0) & 4) !== 0,
    isSignalReturn: (pc) => (pc === mm.sigreturn && pc !== 0) || (pc % 4 === 0 && read(pc, 8) === SIGNAL_RETURN),
    sameFunction(a, b) {
      const first = locate(mm, a, context), second = locate(mm, b, context);
      return first?.symbol !== undefined && first.symbol === second?.symbol && first.file === second.file;
    },
  };
}

/** The backtrace of a thread that is not running. */
export function backtrace(
  mm: Mm,
  context: FileContext,
  start: { readonly pc: number; readonly registers: FrameRegisters },
): Backtrace {
  const inner = MAX_FRAMES - OUTERMOST, frames: BacktraceFrame[] = [], outer: BacktraceFrame[] = [];
  let walked = 0;
  for (const frame of unwind(unwindSpace(mm, context), start.pc, start.registers)) {
    if (walked < inner) frames.push(frame);
    else outer[(walked - inner) % OUTERMOST] = frame;
    if (++walked >= MAX_WALKED) break;
  }
  const oldest = Math.max(0, walked - inner) % OUTERMOST, count = Math.max(0, walked - inner - outer.length);
  const ordered = count > 0 ? [...outer.slice(oldest), ...outer.slice(0, oldest)] : outer;
  return { frames: [...frames, ...ordered], omitted: count > 0 ? { count, after: inner } : undefined };
}
