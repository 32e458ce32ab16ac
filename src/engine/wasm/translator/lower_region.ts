/**
 * A region as a WebAssembly function.
 *
 * Guest registers are locals, loaded where they are first needed and stored at every way out, as far as they have
 * changed since.
 */
import type { Stmt } from "../../../isa/ir/builder.ts";
import type { Helper } from "../../../isa/ir/helper.ts";
import type { I64 } from "../../../isa/ir/ops.ts";
import type { TargetStmt } from "../lower.ts";
import { Resume } from "../layout.ts";
import { extentOf } from "../memory.ts";
import { type Code, Op, VOID } from "../module.ts";
import { lastingReads } from "./aliases.ts";
import type { FlagEffect } from "./flag_effect.ts";
import { ENGINE, helperSymbol, REGION_TYPE, SELF, TARGETS } from "./linker.ts";
import {
  addressOf,
  type Block,
  callTarget,
  DISPATCH,
  type Instruction,
  isCall,
  type Region,
  targetsOf,
} from "./region.ts";
import { ROOT } from "./region_exits.ts";
import { RegionMemory } from "./region_memory.ts";
import { planRegion, type RegionPlan } from "./region_plan.ts";

/** The function of a region, without what it is named in a module. */
export const lowerRegion = (region: Region, reachesFar: boolean): Code =>
  new RegionLowering(planRegion(region, reachesFar)).emit();

class RegionLowering extends RegionMemory {
  readonly #plan: RegionPlan;
  /** Depth inside the loop of a header, and inside the block that ends at a merge, while they are open. */
  readonly #loops = new Map<number, number>();
  readonly #blocks = new Map<number, number>();
  readonly #constants = new Map<bigint, number>();
  #effect: FlagEffect | undefined;

  constructor(plan: RegionPlan) {
    super(plan);
    this.#plan = plan;
  }

  override get frameSize(): number {
    return super.frameSize + 16 * this.#plan.constants.size;
  }

  emit(): Code {
    const { code } = this, { entry } = this.#plan.region;
    this.registers.loadFast();
    this.registers.load(this.#plan.registers.entry);
    for (const bits of this.#plan.constants) {
      const local = code.local("v128");
      code.v128(bits);
      code.set(local);
      this.#constants.set(bits, local);
    }
    if (entry === DISPATCH) {
      code.get(ROOT);
      code.set(this.pc);
    }
    this.#tree(entry);
    code.byte(Op.unreachable);
    return code;
  }

  // ---- control flow -------------------------------------------------------------------------------------------

  /** The code of a node and of what it dominates; entered with what is owed at its only way in. */
  #tree(node: number): void {
    const { code } = this;
    if (!this.#plan.graph.loopHeaders.has(node)) return this.#node(node);
    this.charge();
    this.enterStreams(node);
    code.byte(Op.loop);
    code.byte(VOID);
    this.scoped(1, () => {
      this.#loops.set(node, this.depth);
      this.#node(node);
    });
    code.byte(Op.end);
    code.byte(Op.unreachable);
  }

  #node(node: number): void {
    const { graph } = this.#plan, merges = graph.children.get(node)!.filter((child) => graph.merges.has(child));
    // The outermost block ends at the merge that comes last.
    this.#within(node, merges.reverse());
  }

  #within(node: number, merges: readonly number[]): void {
    const { code } = this;
    const merge = merges[0];
    if (merge === undefined) return this.#block(this.#plan.region.blocks.get(node)!);
    code.byte(Op.block);
    code.byte(VOID);
    this.scoped(1, () => {
      this.#blocks.set(merge, this.depth);
      this.#within(node, merges.slice(1));
    });
    code.byte(Op.end);
    this.owed = 0;
    this.#tree(merge);
  }

  /** The label for an edge, if control goes there by one. */
  #label(from: number, to: number): number | undefined {
    const { graph } = this.#plan;
    if (!graph.hasEdge(from, to)) return undefined;
    const backward = graph.isBackward(from, to);
    if (!backward && !graph.merges.has(to)) return undefined;
    return this.depth - (backward ? this.#loops : this.#blocks).get(to)!;
  }

  #goto(from: number, to: number): void {
    const { graph, flags, dispatchesHome } = this.#plan;
    if (!graph.hasEdge(from, to)) return this.passOn(to);
    if (to === DISPATCH && dispatchesHome) {
      this.registers.store();
      this.registers.comeHome();
    }
    if (this.#entersHome(from, to)) this.registers.flagsComeHome();
    if (flags.isLive(to)) this.registers.meet(flags.at(to));
    const label = this.#label(from, to);
    if (label === undefined) return this.#tree(to);
    this.charge();
    this.code.op1(Op.br, label);
  }

  /** Whether the flags are stored on the way. */
  #entersHome(from: number, to: number): boolean {
    const { graph, flags } = this.#plan;
    return flags.enteredHome.has(to) && !graph.isBackward(from, to);
  }
  /** Whether the flags are on the way as they are expected at its end. */
  #meetsFlags(from: number, to: number): boolean {
    const { flags } = this.#plan;
    return !this.#entersHome(from, to) && (!flags.isLive(to) || this.registers.meets(flags.at(to)));
  }

  /** The block {@link DISPATCH}: goes on at the address in `pc`, at one of the targets or in another region. */
  #dispatch(): void {
    const { region, graph, dispatchesHome } = this.#plan, targets = targetsOf(region);
    this.charge();
    if (dispatchesHome) return this.#loadBehind(targets, targets.length);
    // A target without a label is the head of a loop that this is outside of: left to the dispatcher.
    const labelOf = (target: number) => graph.isIrreducible(DISPATCH, target) ? 0 : 1 + this.#label(DISPATCH, target)!;
    this.#distribute(targets, targets.map(labelOf));
  }
  /** Distributes, and has code behind it for each of the first so many targets that loads what is needed there. */
  #loadBehind(targets: readonly number[], count: number): void {
    const { code } = this, target = targets[targets.length - count];
    if (target === undefined) return this.#distribute(targets, targets.map((_, index) => targets.length - index));
    code.byte(Op.block);
    code.byte(VOID);
    this.scoped(1, () => this.#loadBehind(targets, count - 1));
    code.byte(Op.end);
    this.registers.comeHome();
    this.owed = 0;
    this.registers.load(this.#plan.registers.live.get(target)!);
    this.#goto(DISPATCH, target);
  }
  /** @param labels of the targets, from inside one more block; 0 for none */
  #distribute(targets: readonly number[], labels: readonly number[]): void {
    const { code } = this, { first, length } = extentOf(targets);
    code.byte(Op.block);
    code.byte(VOID);
    this.scoped(1, () => {
      const index = this.scratch("i64");
      code.get(this.pc);
      code.i64(BigInt(first));
      code.opcode(0x7d);
      code.i64(2n);
      code.opcode(0x8a); // i64.rotr: that of a misaligned address is large
      code.tee(index);
      code.i64(BigInt(length));
      code.opcode(0x5a); // i64.ge_u
      code.hint(false);
      code.op1(Op.br_if, 0);
      this.poll(() => code.get(this.pc));
      code.get(index);
      code.opcode(0xa7);
      code.byte(Op.i32_const);
      code.symbol(TARGETS);
      code.opcode(0x6a);
      code.memory("i32.load8_u", ENGINE, 0);
      code.byte(Op.br_table);
      code.u(1 + labels.length);
      for (const label of [0, ...labels, 0]) code.u(label);
    });
    code.byte(Op.end);
    this.registers.store();
    this.goComputed();
  }

  #block(block: Block): void {
    const { code } = this, { region, graph, saved, registers, flags } = this.#plan;
    const { start, instructions, terminator } = block;
    this.registers.state = {
      dirty: registers.dirty(start),
      written: registers.written(start),
      flags: flags.at(start),
    };
    if (terminator.kind === "dispatch") return this.#dispatch();
    if (start === region.entry) this.poll(() => code.i64(BigInt(region.root)));
    else if (graph.loopHeaders.has(start)) this.poll(() => code.i64(BigInt(addressOf(start))));
    const effects = flags.effects(start), liveBehind = flags.liveBehind(start);
    for (const [index, instruction] of instructions.entries()) {
      this.current = instruction;
      this.#effect = effects[index]!;
      if (saved.has(instruction)) this.registers.save();
      const isLast = instruction === instructions.at(-1);
      if (isLast) this.registers.noteWritten();
      if (isLast && terminator.kind === "cond") return this.#conditional(block, instruction, terminator);
      if (isLast && terminator.kind === "return") return this.#returnInside(block, instruction, terminator);
      const { decoded, body } = instruction;
      // A branch that is always taken is the way to the terminator's target.
      const isPlainJump = isLast && body!.at(-1)?.s === "branch" && !isCall(decoded!);
      this.registers.beforeInstruction(this.#effect, liveBehind[index]!);
      this.#instruction(isPlainJump ? body!.slice(0, -1) : body!);
      this.registers.behindInstruction(this.#effect);
      this.owed++;
    }
    this.registers.noteWritten();
    if (terminator.kind === "detour") {
      code.i64(BigInt(terminator.target));
      code.set(this.pc);
      this.#goto(start, DISPATCH);
    } else if (terminator.kind === "goto") this.#goto(start, terminator.target);
    else if (terminator.kind === "interpret") this.leave(terminator.pc, Resume.interpret);
  }

  #instruction(body: readonly Stmt[]): void {
    for (const [local, place] of lastingReads(body, this.#plan.scalars)) {
      this.bind(local, this.registers.local(place.file, place.reg as number));
    }
    this.lower(body);
    this.release();
  }

  #conditional(block: Block, instruction: Instruction, terminator: { taken: number; next: number }): void {
    const { code } = this;
    const body = instruction.body!, last = body.at(-1)!;
    if (last.s !== "if") throw new Error("a conditional branch ends in an if");
    this.lower(body.slice(0, -1));
    this.value(last.cond);
    this.release();
    if (!instruction.isGuard) this.owed++;
    const { taken, next } = terminator;
    const label = this.#label(block.start, taken);
    if (label !== undefined && this.owed === 0 && this.#meetsFlags(block.start, taken)) code.op1(Op.br_if, label);
    else {
      const { state } = this.registers, owed = this.owed;
      code.byte(Op.if);
      code.byte(VOID);
      this.scoped(1, () => this.#goto(block.start, taken));
      code.byte(Op.end);
      this.registers.state = state;
      this.owed = owed;
    }
    this.#goto(block.start, next);
  }

  /** Goes on behind the call of a function that is part of the region, or outside. */
  #returnInside(block: Block, instruction: Instruction, terminator: { expected: number; next: number }): void {
    const { code } = this;
    const body = instruction.body!, last = body.at(-1)!;
    if (last.s !== "jump") throw new Error("a return ends in a jump");
    this.lower(body.slice(0, -1));
    this.value(last.target);
    this.release();
    this.owed++;
    code.tee(this.pc);
    code.i64(BigInt(terminator.expected));
    code.opcode(0x52); // i64.ne
    code.hint(false);
    code.byte(Op.if);
    code.byte(VOID);
    this.scoped(1, () => {
      this.registers.store();
      this.goBack();
    });
    code.byte(Op.end);
    this.#goto(block.start, terminator.next);
  }

  protected override vector(bits: bigint): void {
    const local = this.#constants.get(bits);
    if (local === undefined) super.vector(bits);
    else this.code.get(local);
  }

  // ---- statements ---------------------------------------------------------------------------------------------

  protected callHelper(helper: Helper, args: () => void): void {
    args();
    this.code.byte(Op.call);
    this.code.symbol(helperSymbol(helper));
    this.registers.loadFast(); // the helper may have recorded an inexact result
  }

  protected state(stmt: TargetStmt): void {
    const { code } = this;
    switch (stmt.s) {
      case "get":
        this.registers.get(stmt.place, stmt.load);
        code.set(this.localOf(stmt.local));
        break;
      case "put":
        this.registers.put(stmt, () => this.value(stmt.value));
        break;
      case "access":
      case "spcheck":
        this.guard(stmt);
        break;
      case "flags":
        this.registers.setFlags(stmt.kind, this.#effect!, () => this.value(stmt.a), () => this.value(stmt.b));
        break;
      case "cond":
        this.registers.condition(stmt.cond);
        code.set(this.localOf(stmt.local));
        break;
      case "nzcv":
        for (let bit = 0; bit < 4; bit++) {
          this.registers.condition([6, 2, 0, 4][bit]!); // VS, CS, EQ, MI give V, C, Z, N
          if (bit === 0) continue;
          code.i32(bit);
          code.opcode(0x74);
          code.opcode(0x72);
        }
        code.set(this.localOf(stmt.local));
        break;
      case "jump":
        this.#jump(stmt.target, stmt.kind);
        break;
      case "branch":
        this.#callKnown(callTarget(this.current!.pc, this.current!.decoded!)!);
        break;
      default:
        throw new Error(`translated code has no "${stmt.s}"`);
    }
  }

  #jump(target: I64, kind: "jump" | "call" | "return"): void {
    const { code } = this;
    this.value(target);
    code.set(this.pc);
    if (kind === "call") {
      return this.#call(() => code.get(this.pc), () => this.enterComputed(false));
    }
    if (kind === "jump" && this.#plan.region.blocks.has(DISPATCH)) return; // where the block goes
    this.owed++;
    this.registers.store();
    if (kind === "return") this.goBack();
    else this.goComputed();
    this.owed--;
  }
  #callKnown(target: number): void {
    const { code } = this;
    this.#call(() => code.i64(BigInt(target)), () => {
      if (target === this.#plan.region.root) {
        code.byte(Op.call);
        return code.symbol(SELF);
      }
      this.slot(target);
      code.op1(Op.call_indirect, REGION_TYPE);
      code.byte(0);
    });
  }
  #call(target: () => void, enter: () => void): void {
    const { registers, accesses } = this.#plan, instruction = this.current!;
    this.call(target, enter, registers.behindCall.get(instruction)!, accesses.kept.get(instruction)!);
  }
}
