/**
 * Ways out of a region's function: back to the dispatcher, on to other regions, and to others and back.
 *
 * Every way out is a straight piece of code that ends in a return, hinted as unlikely where it is: so V8 keeps it,
 * and the moves that it needs, away from the rest. Fuel is counted exactly: what has been executed since the local
 * was brought up to date is known at every place. It is looked at on entry and at loop headers, where time slices end.
 */
import { jumpEntry } from "../interpreter/regions.ts";
import { REGION } from "../interpreter/runtime.ts";
import { JUMPS, Resume } from "../layout.ts";
import { Lowering } from "../lower.ts";
import { Code, Op, VOID } from "../module.ts";
import { CALL_TO, ENGINE, GUEST, REGION_TYPE, slotSymbol } from "./linker.ts";
import { addressOf, type Instruction } from "./region.ts";
import type { RegisterSet } from "./register_flow.ts";
import { RegisterLocals } from "./register_locals.ts";
import type { RegionPlan } from "./region_plan.ts";

/** Parameters; the first, the root, is for the stub that stands in for absent regions, and for regions with many entries. */
export const ROOT = 0, FUEL = 1, DEPTH = 2;

export abstract class RegionExits extends Lowering {
  protected readonly registers: RegisterLocals;
  /** The local of a computed address. */
  protected readonly pc: number;
  /** Instructions executed that the local has not been charged for. */
  protected owed = 0;
  /** What is being lowered. */
  protected current: Instruction | undefined;

  constructor({ registers, scalars, readsFast }: RegionPlan) {
    super(new Code(REGION[0].length), GUEST);
    this.registers = new RegisterLocals(this.code, registers, scalars, readsFast);
    this.pc = this.code.local("i64");
  }

  /**
   * Bytes of host stack that a call of the function takes at most: V8's baseline code gives every local a place. Those
   * that instructions need in passing are not all known yet; pages of random code had up to two thousand bytes of them.
   */
  get frameSize(): number {
    return this.registers.size + 2560;
  }

  /** Fuel left, on the stack. */
  protected fuel(): void {
    const { code } = this;
    code.get(FUEL);
    if (this.owed === 0) return;
    code.i32(this.owed);
    code.opcode(0x6b);
  }
  protected charge(): void {
    if (this.owed === 0) return;
    this.fuel();
    this.code.set(FUEL);
    this.owed = 0;
  }

  /** Returns to the dispatcher, to go on at an address. */
  protected leave(pc: number, resume = 0): void {
    this.leaveTo(() => this.code.i64(BigInt(pc + resume)));
  }
  protected leaveTo(at: () => void): void {
    this.registers.store();
    at();
    this.fuel();
    this.code.byte(Op.return);
  }
  /** Goes on in the region rooted at an address, or at the dispatcher where there is none. */
  protected passOn(to: number): void {
    const { code } = this;
    this.registers.store();
    code.i64(BigInt(addressOf(to)));
    this.fuel();
    code.get(DEPTH);
    this.slot(addressOf(to));
    code.op1(Op.return_call_indirect, REGION_TYPE);
    code.byte(0);
  }
  /** The interpreter takes over at the current instruction, which has had no effect yet. */
  protected interpret(): void {
    this.leave(this.current!.pc, Resume.interpret);
  }
  /** Does so if the condition on the stack holds. */
  protected interpretIf(): void {
    const { code } = this;
    code.hint(false);
    code.byte(Op.if);
    code.byte(VOID);
    this.scoped(1, () => this.interpret());
    code.byte(Op.end);
  }

  /** Returns to the dispatcher when the time slice is over, to go on at the address that is put on the stack. */
  protected poll(at: () => void): void {
    const { code } = this;
    code.get(FUEL);
    code.i32(0);
    code.opcode(0x4c); // i32.le_s
    code.hint(false);
    code.byte(Op.if);
    code.byte(VOID);
    this.scoped(1, () => this.leaveTo(at));
    code.byte(Op.end);
  }

  /** Goes on in the region at the address in `pc`, all being stored. */
  protected goComputed(): void {
    const { code } = this;
    code.get(this.pc);
    this.fuel();
    code.get(DEPTH);
    this.enterComputed(true);
  }

  /** Returns to the address in `pc`, where the caller goes on if it expects that. */
  protected goBack(): void {
    const { code } = this;
    code.get(this.pc);
    this.fuel();
    code.get(this.pc);
    code.opcode(0xa7);
    code.i32(3);
    code.opcode(0x71);
    code.hint(false);
    code.byte(Op.if);
    code.byte(VOID);
    code.get(this.pc);
    this.fuel();
    code.get(DEPTH);
    code.op1(Op.return_call, CALL_TO);
    code.byte(Op.end);
    code.byte(Op.return);
  }

  /** Calls the region at the address in `pc`, or jumps there; its arguments are on the stack. */
  protected enterComputed(isJump: boolean): void {
    const { code } = this;
    const entry = this.scratch("i64");
    code.get(this.pc);
    code.opcode(0xa7);
    jumpEntry(code);
    code.memory("i64.load", ENGINE, JUMPS);
    code.tee(entry);
    code.i64(0xffffffffn);
    code.opcode(0x83);
    // All of the address: a misaligned one, and one outside the window, has a larger quotient.
    code.get(this.pc);
    code.i64(2n);
    code.opcode(0x8a); // i64.rotr
    code.opcode(0x51);
    code.hint(true);
    code.byte(Op.if);
    code.u(REGION_TYPE);
    code.get(entry);
    code.i64(32n);
    code.opcode(0x88);
    code.opcode(0xa7);
    code.op1(isJump ? Op.return_call_indirect : Op.call_indirect, REGION_TYPE);
    code.byte(0);
    code.byte(Op.else);
    code.op1(isJump ? Op.return_call : Op.call, CALL_TO);
    code.byte(Op.end);
    if (isJump) code.byte(Op.return);
  }

  /** Table slot of the region rooted at an address. */
  protected slot(root: number): void {
    this.code.byte(Op.i32_const);
    this.code.symbol(slotSymbol(root));
  }

  /**
   * Calls a region; goes on behind the call if that is where the callee returned to, with the registers preserved that
   * are relied on, else passes its answer on.
   *
   * @param target leaves the callee's address on the stack
   * @param enter enters the callee, whose arguments are on the stack
   * @param behind registers that are needed behind the call
   * @param preserved those of them that the callee is trusted to have preserved, if it returns with them unchanged
   */
  protected call(target: () => void, enter: () => void, behind: RegisterSet, preserved: number): void {
    const { code } = this, kept = behind.x & preserved;
    this.owed++; // the call itself
    this.registers.store();
    code.get(DEPTH);
    code.i32(this.frameSize);
    code.opcode(0x48); // i32.lt_s: no room on the host's stack
    code.hint(false);
    code.byte(Op.if);
    code.byte(VOID);
    target();
    this.fuel();
    code.byte(Op.return);
    code.byte(Op.end);
    target();
    this.fuel();
    code.get(DEPTH);
    code.i32(this.frameSize);
    code.opcode(0x6b);
    enter();
    code.set(FUEL);
    code.tee(this.pc);
    code.i64(BigInt(this.current!.pc + 4));
    if (kept === 0) code.opcode(0x52); // i64.ne
    else {
      code.opcode(0x85); // i64.xor
      this.registers.orChanges(kept);
      code.opcode(0x50); // i64.eqz
      code.opcode(0x45); // i32.eqz
    }
    code.hint(false);
    code.byte(Op.if);
    code.byte(VOID);
    code.get(this.pc);
    code.get(FUEL);
    code.byte(Op.return);
    code.byte(Op.end);
    // The block goes on as if it began here; its loop counts this instruction once more.
    this.owed = -1;
    this.registers.load({ x: behind.x & ~kept, v: behind.v });
    this.registers.loadFast();
    this.registers.comeHome();
  }
}
