/**
 * Unwinding a thread's stack: by call frame information where there is some, by the chain of frame records (AAPCS64)
 * where there is none, and through signal frames. Nothing is ever faulted in: a crashed stack is only looked at.
 */
import { SigFrame, SIGFRAME_SIZE } from "../kernel/abi/sigframe.ts";
import type { FrameDescription } from "./dwarf/frame_table.ts";
import { DWARF_FP, DWARF_LR, DWARF_SP, type RegisterRule } from "./dwarf/cfi_program.ts";
import { evaluate } from "./dwarf/expression.ts";

/** Where a frame's registers are as far as they are known: x0…x30, then sp. */
export type FrameRegisters = readonly (bigint | undefined)[];

/** What unwinding looks at. */
export interface UnwindSpace {
  /** `size` (at most 8) bytes of memory as a little-endian number, whatever the guest's rights; undefined: nothing there. */
  read(va: number, size: number): bigint | undefined;
  /** Frame description of the function at an address, and the difference between memory's and the file's addresses. */
  frame(pc: number): FrameDescription | undefined;
  /** Whether an address can be executed. */
  isCode(va: number): boolean;
  /** Whether a signal handler returns to this address. */
  isSignalReturn(pc: number): boolean;
  /** Whether two addresses are in one function: tells a leaf's x30 from one that its own calls left. */
  sameFunction(a: number, b: number): boolean;
}

/** One level of the stack. */
export interface UnwoundFrame {
  readonly pc: number;
  /** pc is a return address: the call is the instruction before. False for the innermost frame and above signals. */
  readonly caller: boolean;
  /** A signal handler returns here. */
  readonly signal: boolean;
  readonly registers: FrameRegisters;
}

/** Addresses end below 2^48; what is above is a tag or a pointer authentication code. */
const address = (value: bigint): number => Number(value & 0xffff_ffff_ffffn);

const SP = DWARF_SP, FP = DWARF_FP, LR = DWARF_LR;

/**
 * The frames of a thread, innermost first, until the stack's end, or as far as it makes sense.
 *
 * @param registers x0…x30 and sp
 */
export function* unwind(space: UnwindSpace, pc: number, registers: FrameRegisters): Generator<UnwoundFrame, void> {
  let frame: UnwoundFrame = { pc, caller: false, signal: space.isSignalReturn(pc), registers };
  for (let first = true;; first = false) {
    yield frame;
    const next = frame.signal ? interrupted(space, frame) : callerOf(space, frame, first);
    if (!next || next.pc === 0) return;
    // Stacks go up, but for signals, which may have come on another one; what stands still goes on for ever.
    const before = frame.registers[SP], after = next.registers[SP];
    if (!frame.signal && before !== undefined && after !== undefined) {
      if (after < before || (after === before && next.pc === frame.pc)) return;
      if (after === before && !first && !next.signal) return;
    }
    frame = next;
  }
}

/** The frame that a signal interrupted: its registers are in the signal frame (asm/sigcontext.h). */
function interrupted(space: UnwindSpace, { registers }: UnwoundFrame): UnwoundFrame | undefined {
  const sp = registers[SP];
  if (sp === undefined) return undefined;
  const base = signalFrame(space, registers[FP]) ?? address(sp), word = (at: number) => space.read(base + at, 8);
  const pc = word(SigFrame.pc);
  if (pc === undefined) return undefined;
  const restored = Array.from({ length: 31 }, (_, n) => word(SigFrame.regs + 8 * n));
  restored.push(word(SigFrame.sp));
  return { pc: address(pc), caller: false, signal: false, registers: restored };
}

/**
 * The signal frame below the frame record that the kernel made with it, for handlers without a frame description,
 * of which sp at their entry is not known: both hold x29 and x30.
 */
function signalFrame(space: UnwindSpace, fp: bigint | undefined): number | undefined {
  if (fp === undefined) return undefined;
  const record = address(fp), frame = record - SIGFRAME_SIZE;
  const isPair = [FP, LR].every((number, n) => {
    const saved = space.read(record + 8 * n, 8);
    return saved !== undefined && saved === space.read(frame + SigFrame.regs + 8 * number, 8);
  });
  return isPair ? frame : undefined;
}

function callerOf(space: UnwindSpace, frame: UnwoundFrame, innermost: boolean): UnwoundFrame | undefined {
  // A return address may be behind the function's last instruction.
  const description = space.frame(frame.caller ? frame.pc - 4 : frame.pc);
  const found = description ? byDescription(space, frame, description) : byRecord(space, frame, innermost);
  return found && { ...found, signal: space.isSignalReturn(found.pc) };
}

function byDescription(
  space: UnwindSpace,
  { registers }: UnwoundFrame,
  { row, returnRegister, isSignal }: FrameDescription,
): UnwoundFrame | undefined {
  const context = {
    register: (number: number) => registers[number],
    memory: (at: bigint, size: number) => space.read(address(at), size),
  };
  const { cfa: rule } = row;
  const base = rule.kind === "register" ? registers[rule.register] : evaluate(rule.bytes, context);
  if (base === undefined) return undefined;
  const cfa = rule.kind === "register" ? base + BigInt(rule.offset) : base;
  const value = (rule: RegisterRule, number: number): bigint | undefined => {
    switch (rule.kind) {
      case "undefined":
        return undefined;
      case "same":
        return registers[number];
      case "offset":
        return space.read(address(cfa + BigInt(rule.offset)), 8);
      case "valueOffset":
        return cfa + BigInt(rule.offset);
      case "register":
        return registers[rule.register];
      case "expression": {
        const at = evaluate(rule.bytes, context, cfa);
        return at === undefined ? undefined : space.read(address(at), 8);
      }
      case "valueExpression":
        return evaluate(rule.bytes, context, cfa);
    }
  };
  const next = [...registers];
  next[SP] = cfa;
  for (const [number, each] of row.registers) if (number < next.length) next[number] = value(each, number);
  const returnRule = row.registers.get(returnRegister);
  const pc = returnRule ? value(returnRule, returnRegister) : registers[returnRegister];
  if (pc === undefined) return undefined;
  return { pc: address(pc), caller: !isSignal, signal: false, registers: next };
}

/** Without a description: a leaf's caller is in x30, any other's in the newest frame record. */
function byRecord(space: UnwindSpace, frame: UnwoundFrame, innermost: boolean): UnwoundFrame | undefined {
  const { registers } = frame, fp = registers[FP], lr = registers[LR], sp = registers[SP];
  if (sp === undefined) return undefined;
  const at = fp === undefined ? -1 : address(fp);
  const inChain = at >= address(sp) && at % 8 === 0;
  const saved = inChain ? space.read(at + 8, 8) : undefined;
  if (innermost && lr !== undefined) {
    // A leaf, a prologue that has not pushed yet, or a jump into nowhere has its caller in x30 only. Elsewhere x30
    // is what the last call left there: an address in this function, or the one that the newest record holds as well.
    const caller = address(lr);
    const isOwn = space.isCode(frame.pc) && space.sameFunction(frame.pc, caller - 4);
    if (space.isCode(caller) && !isOwn && lr !== saved) {
      return { pc: caller, caller: true, signal: false, registers };
    }
  }
  const next = inChain ? space.read(at, 8) : undefined;
  if (saved === undefined || next === undefined) return undefined;
  const restored = [...registers];
  restored[FP] = next;
  restored[LR] = saved;
  restored[SP] = BigInt(at + 16);
  return { pc: address(saved), caller: true, signal: false, registers: restored };
}
