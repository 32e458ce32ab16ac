/**
 * A region as a WebAssembly function.
 *
 * Guest registers are locals, loaded where they are first needed and stored at every way out, as far as they have
 * changed since. Nothing in here faults: an access that is not plainly fine (rights, page crossing, alignment) leaves
 * the function before it had an effect, and the interpreter executes that instruction with all its consequences.
 *
 * Every way out is a straight piece of code that ends in a return, hinted as unlikely where it is: so V8 keeps it,
 * and the moves that it needs, away from the rest. Fuel is counted exactly: what has been executed since the local
 * was brought up to date is known at every place. It is looked at on entry and at loop headers, where time slices end.
 */
import type { Stmt } from "../../../isa/ir/builder.ts";
import type { Helper } from "../../../isa/ir/helper.ts";
import type { I64 } from "../../../isa/ir/ops.ts";
import { jumpEntry } from "../interpreter/regions.ts";
import { REGION } from "../interpreter/runtime.ts";
import { GUEST_LIMIT, GUEST_PAGES, JUMPS, Resume, RIGHTS, WINDOW } from "../layout.ts";
import { Lowering, type TargetStmt } from "../lower.ts";
import { extentOf } from "../memory.ts";
import { Code, Op, VOID } from "../module.ts";
import { type AccessPlan, type Check, planAccesses } from "./access_plan.ts";
import { lastingReads } from "./aliases.ts";
import type { FlagEffect } from "./flag_effect.ts";
import { type FlagFlow, flagFlow } from "./flag_flow.ts";
import { CALL_TO, ENGINE, GUEST, helperSymbol, REGION_TYPE, SELF, slotSymbol, TARGETS } from "./linker.ts";
import {
  addressOf,
  type Block,
  callTarget,
  DISPATCH,
  dispatchesHome,
  type Instruction,
  isCall,
  type Region,
  successors,
  targetsOf,
} from "./region.ts";
import { peel } from "./peel.ts";
import { savePoints } from "./save_points.ts";
import { type RegisterFlow, registerFlow } from "./register_flow.ts";
import { RegisterLocals } from "./register_locals.ts";
import { type Structure, structure } from "./structure.ts";

/** Parameters; the first, the root, is for the stub that stands in for absent regions, and for regions with many entries. */
const ROOT = 0, FUEL = 1, DEPTH = 2;
/** A stretch up to this size is checked by its first page, and whether it crosses into the next. */
const SHORT = 16;

export class RegionLowering extends Lowering {
  readonly #region: Region;
  /** Whether registers are at home where computed branches are distributed. */
  readonly #dispatchesHome: boolean;
  readonly #graph: Structure;
  readonly #plan: AccessPlan;
  readonly #saved: ReadonlySet<Instruction>;
  readonly #flow: RegisterFlow;
  readonly #flags: FlagFlow;
  readonly #registers: RegisterLocals;
  readonly #pc: number;
  /** Instructions executed that the local has not been charged for. */
  #owed = 0;
  /** Depth inside the loop of a header, and inside the block that ends at a merge, while they are open. */
  readonly #loops = new Map<number, number>();
  readonly #blocks = new Map<number, number>();
  #current: Instruction | undefined;
  #effect: FlagEffect | undefined;

  constructor(region: Region) {
    super(new Code(REGION[0].length));
    this.#region = region = peel(region);
    this.#dispatchesHome = dispatchesHome(region);
    this.#graph = structure({
      root: this.#region.entry,
      successors: (node) => successors(region, region.blocks.get(node)!),
      isSwitch: (node) => node === DISPATCH && !this.#dispatchesHome,
    });
    this.#plan = planAccesses(region, this.#graph);
    this.#saved = savePoints(region, this.#graph, this.#plan);
    this.#flow = registerFlow(region, this.#graph, this.#saved, this.#plan.kept);
    this.#flags = flagFlow(region, this.#graph, this.#saved, this.#plan);
    this.#registers = new RegisterLocals(this.code, this.#flow.used, readsFast(region));
    this.#pc = this.code.local("i64");
  }

  /**
   * Bytes of host stack that a call of the function takes at most: V8's baseline code gives every local a place. Those
   * that instructions need in passing are not all known yet; pages of random code had up to two thousand bytes of them.
   */
  get frameSize(): number {
    return this.#registers.size + 2560;
  }

  emit(): Code {
    const { code } = this;
    this.#registers.loadFast();
    this.#registers.load(this.#flow.entry);
    if (this.#region.entry === DISPATCH) {
      code.get(ROOT);
      code.set(this.#pc);
    }
    this.#tree(this.#region.entry);
    code.byte(Op.unreachable);
    return code;
  }

  // ---- control flow -------------------------------------------------------------------------------------------

  /** The code of a node and of what it dominates; entered with what is owed at its only way in. */
  #tree(node: number): void {
    const { code } = this;
    if (!this.#graph.loopHeaders.has(node)) return this.#node(node);
    this.#charge();
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
    const merges = this.#graph.children.get(node)!.filter((child) => this.#graph.merges.has(child));
    // The outermost block ends at the merge that comes last.
    this.#within(node, merges.reverse());
  }

  #within(node: number, merges: readonly number[]): void {
    const { code } = this;
    const merge = merges[0];
    if (merge === undefined) return this.#block(this.#region.blocks.get(node)!);
    code.byte(Op.block);
    code.byte(VOID);
    this.scoped(1, () => {
      this.#blocks.set(merge, this.depth);
      this.#within(node, merges.slice(1));
    });
    code.byte(Op.end);
    this.#owed = 0;
    this.#tree(merge);
  }

  /** The label for an edge, if control goes there by one. */
  #label(from: number, to: number): number | undefined {
    if (!this.#graph.hasEdge(from, to)) return undefined;
    const backward = this.#graph.isBackward(from, to);
    if (!backward && !this.#graph.merges.has(to)) return undefined;
    return this.depth - (backward ? this.#loops : this.#blocks).get(to)!;
  }

  #goto(from: number, to: number): void {
    if (!this.#graph.hasEdge(from, to)) return this.#passOn(to);
    if (to === DISPATCH && this.#dispatchesHome) {
      this.#registers.store();
      this.#registers.comeHome();
    }
    if (this.#entersHome(from, to)) this.#registers.flagsComeHome();
    if (this.#flags.isLive(to)) this.#registers.meet(this.#flags.at(to));
    const label = this.#label(from, to);
    if (label === undefined) return this.#tree(to);
    this.#charge();
    this.code.op1(Op.br, label);
  }

  /** Whether the flags are stored on the way. */
  #entersHome(from: number, to: number): boolean {
    return this.#flags.enteredHome.has(to) && !this.#graph.isBackward(from, to);
  }
  /** Whether the flags are on the way as they are expected at its end. */
  #meetsFlags(from: number, to: number): boolean {
    return !this.#entersHome(from, to) && (!this.#flags.isLive(to) || this.#registers.meets(this.#flags.at(to)));
  }

  /** Fuel left, on the stack. */
  #fuel(): void {
    const { code } = this;
    code.get(FUEL);
    if (this.#owed === 0) return;
    code.i32(this.#owed);
    code.opcode(0x6b);
  }
  #charge(): void {
    if (this.#owed === 0) return;
    this.#fuel();
    this.code.set(FUEL);
    this.#owed = 0;
  }

  /** Returns to the dispatcher, to go on at an address. */
  #leave(pc: number, resume = 0): void {
    this.#leaveTo(() => this.code.i64(BigInt(pc + resume)));
  }
  #leaveTo(at: () => void): void {
    this.#registers.store();
    at();
    this.#fuel();
    this.code.byte(Op.return);
  }
  /** Goes on in the region rooted at an address, or at the dispatcher where there is none. */
  #passOn(to: number): void {
    const { code } = this;
    this.#registers.store();
    code.i64(BigInt(addressOf(to)));
    this.#fuel();
    code.get(DEPTH);
    this.#slot(addressOf(to));
    code.op1(Op.return_call_indirect, REGION_TYPE);
    code.byte(0);
  }
  /** The interpreter takes over at the current instruction, which has had no effect yet. */
  #interpret(): void {
    this.#leave(this.#current!.pc, Resume.interpret);
  }
  /** Does so if the condition on the stack holds. */
  #interpretIf(): void {
    const { code } = this;
    code.hint(false);
    code.byte(Op.if);
    code.byte(VOID);
    this.scoped(1, () => this.#interpret());
    code.byte(Op.end);
  }

  /** Returns to the dispatcher when the time slice is over, to go on at the address that is put on the stack. */
  #poll(at: () => void): void {
    const { code } = this;
    code.get(FUEL);
    code.i32(0);
    code.opcode(0x4c); // i32.le_s
    code.hint(false);
    code.byte(Op.if);
    code.byte(VOID);
    this.scoped(1, () => this.#leaveTo(at));
    code.byte(Op.end);
  }

  /** The block {@link DISPATCH}: goes on at the address in `pc`, at one of the targets or in another region. */
  #dispatch(): void {
    const targets = targetsOf(this.#region);
    this.#charge();
    if (this.#dispatchesHome) return this.#loadBehind(targets, targets.length);
    // A target without a label is the head of a loop that this is outside of: left to the dispatcher.
    const labelOf = (target: number) =>
      this.#graph.isIrreducible(DISPATCH, target) ? 0 : 1 + this.#label(DISPATCH, target)!;
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
    this.#registers.comeHome();
    this.#owed = 0;
    this.#registers.load(this.#flow.live.get(target)!);
    this.#goto(DISPATCH, target);
  }
  /** @param labels of the targets, from inside one more block; 0 for none */
  #distribute(targets: readonly number[], labels: readonly number[]): void {
    const { code } = this, { first, length } = extentOf(targets);
    code.byte(Op.block);
    code.byte(VOID);
    this.scoped(1, () => {
      const index = this.scratch("i64");
      code.get(this.#pc);
      code.i64(BigInt(first));
      code.opcode(0x7d);
      code.i64(2n);
      code.opcode(0x8a); // i64.rotr: that of a misaligned address is large
      code.tee(index);
      code.i64(BigInt(length));
      code.opcode(0x5a); // i64.ge_u
      code.hint(false);
      code.op1(Op.br_if, 0);
      this.#poll(() => code.get(this.#pc));
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
    this.#registers.store();
    this.#goComputed();
  }

  #block(block: Block): void {
    const { code } = this;
    const { start, instructions, terminator } = block;
    this.#registers.state = { dirty: this.#flow.dirty(start), flags: this.#flags.at(start) };
    if (terminator.kind === "dispatch") return this.#dispatch();
    if (start === this.#region.entry) this.#poll(() => code.i64(BigInt(this.#region.root)));
    else if (this.#graph.loopHeaders.has(start)) this.#poll(() => code.i64(BigInt(addressOf(start))));
    const effects = this.#flags.effects(start), liveBehind = this.#flags.liveBehind(start);
    for (const [index, instruction] of instructions.entries()) {
      this.#current = instruction;
      this.#effect = effects[index]!;
      if (this.#saved.has(instruction)) this.#registers.save();
      const isLast = instruction === instructions.at(-1);
      if (isLast && terminator.kind === "cond") return this.#conditional(block, instruction, terminator);
      if (isLast && terminator.kind === "return") return this.#returnInside(block, instruction, terminator);
      const { decoded, body } = instruction;
      // A branch that is always taken is the way to the terminator's target.
      const isPlainJump = isLast && body!.at(-1)?.s === "branch" && !isCall(decoded!);
      this.#registers.beforeInstruction(this.#effect, liveBehind[index]!);
      this.#instruction(isPlainJump ? body!.slice(0, -1) : body!);
      this.#registers.behindInstruction(this.#effect);
      this.#owed++;
    }
    if (terminator.kind === "detour") {
      code.i64(BigInt(terminator.target));
      code.set(this.#pc);
      this.#goto(start, DISPATCH);
    } else if (terminator.kind === "goto") this.#goto(start, terminator.target);
    else if (terminator.kind === "interpret") this.#leave(terminator.pc, Resume.interpret);
  }

  #instruction(body: readonly Stmt[]): void {
    for (const [local, place] of lastingReads(body)) {
      this.bind(local, this.#registers.local(place.file, place.reg as number));
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
    if (!instruction.isGuard) this.#owed++;
    const { taken, next } = terminator;
    const label = this.#label(block.start, taken);
    if (label !== undefined && this.#owed === 0 && this.#meetsFlags(block.start, taken)) code.op1(Op.br_if, label);
    else {
      const { state } = this.#registers, owed = this.#owed;
      code.byte(Op.if);
      code.byte(VOID);
      this.scoped(1, () => this.#goto(block.start, taken));
      code.byte(Op.end);
      this.#registers.state = state;
      this.#owed = owed;
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
    this.#owed++;
    code.tee(this.#pc);
    code.i64(BigInt(terminator.expected));
    code.opcode(0x52); // i64.ne
    code.hint(false);
    code.byte(Op.if);
    code.byte(VOID);
    this.scoped(1, () => {
      this.#registers.store();
      this.#return();
    });
    code.byte(Op.end);
    this.#goto(block.start, terminator.next);
  }

  // ---- statements ---------------------------------------------------------------------------------------------

  protected callHelper(helper: Helper, args: () => void): void {
    args();
    this.code.byte(Op.call);
    this.code.symbol(helperSymbol(helper));
    this.#registers.loadFast(); // the helper may have recorded an inexact result
  }

  protected state(stmt: TargetStmt): void {
    const { code } = this;
    switch (stmt.s) {
      case "get":
        this.#registers.get(stmt.place, stmt.load);
        code.set(this.localOf(stmt.local));
        break;
      case "put":
        this.#registers.put(stmt.place, () => this.value(stmt.value), stmt.store);
        break;
      case "access":
        this.#access(stmt);
        break;
      case "spcheck":
        if (stmt.reg !== 31 || this.#plan.alignedStack.has(stmt)) break;
        this.value(stmt.value);
        code.opcode(0xa7);
        code.i32(15);
        code.opcode(0x71);
        this.#interpretIf();
        break;
      case "load":
        this.value(stmt.address);
        code.memory(stmt.load, GUEST, WINDOW + stmt.offset);
        code.set(this.localOf(stmt.local));
        break;
      case "store":
        this.value(stmt.address);
        this.value(stmt.value);
        code.memory(stmt.store, GUEST, WINDOW + stmt.offset);
        break;
      case "fill":
        this.value(stmt.address);
        code.i64(BigInt(WINDOW));
        code.opcode(0x7c);
        code.i32(0);
        code.i64(BigInt(stmt.size));
        code.opcode(0xfc0b);
        code.u(GUEST);
        break;
      case "flags":
        this.#registers.setFlags(stmt.kind, this.#effect!, () => this.value(stmt.a), () => this.value(stmt.b));
        break;
      case "cond":
        this.#registers.condition(stmt.cond);
        code.set(this.localOf(stmt.local));
        break;
      case "nzcv":
        for (let bit = 0; bit < 4; bit++) {
          this.#registers.condition([6, 2, 0, 4][bit]!); // VS, CS, EQ, MI give V, C, Z, N
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
        this.#callKnown(callTarget(this.#current!.pc, this.#current!.decoded!)!);
        break;
      default:
        throw new Error(`translated code has no "${stmt.s}"`);
    }
  }

  #jump(target: I64, kind: "jump" | "call" | "return"): void {
    const { code } = this;
    this.value(target);
    code.set(this.#pc);
    if (kind === "call") {
      return this.#call(() => code.get(this.#pc), () => this.#enterComputed(false));
    }
    if (kind === "jump" && this.#region.blocks.has(DISPATCH)) return; // where the block goes
    this.#owed++;
    this.#registers.store();
    if (kind === "return") this.#return();
    else this.#goComputed();
    this.#owed--;
  }
  /** Goes on in the region at the address in `pc`, all being stored. */
  #goComputed(): void {
    const { code } = this;
    code.get(this.#pc);
    this.#fuel();
    code.get(DEPTH);
    this.#enterComputed(true);
  }

  /** Returns to the address in `pc`, where the caller goes on if it expects that. */
  #return(): void {
    const { code } = this;
    code.get(this.#pc);
    this.#fuel();
    code.get(this.#pc);
    code.opcode(0xa7);
    code.i32(3);
    code.opcode(0x71);
    code.hint(false);
    code.byte(Op.if);
    code.byte(VOID);
    code.get(this.#pc);
    this.#fuel();
    code.get(DEPTH);
    code.op1(Op.return_call, CALL_TO);
    code.byte(Op.end);
    code.byte(Op.return);
  }

  /** Calls the region at the address in `pc`, or jumps there; its arguments are on the stack. */
  #enterComputed(isJump: boolean): void {
    const { code } = this;
    const entry = this.scratch("i64");
    code.get(this.#pc);
    code.opcode(0xa7);
    jumpEntry(code);
    code.memory("i64.load", ENGINE, JUMPS);
    code.tee(entry);
    code.i64(0xffffffffn);
    code.opcode(0x83);
    // All of the address: a misaligned one, and one outside the window, has a larger quotient.
    code.get(this.#pc);
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

  #callKnown(target: number): void {
    const { code } = this;
    this.#call(() => code.i64(BigInt(target)), () => {
      if (target === this.#region.root) {
        code.byte(Op.call);
        return code.symbol(SELF);
      }
      this.#slot(target);
      code.op1(Op.call_indirect, REGION_TYPE);
      code.byte(0);
    });
  }

  /** Table slot of the region rooted at an address. */
  #slot(root: number): void {
    this.code.byte(Op.i32_const);
    this.code.symbol(slotSymbol(root));
  }

  /**
   * Calls a region; goes on behind the call if that is where the callee returned to, with the registers preserved that
   * the plan relies on, else passes its answer on.
   */
  #call(target: () => void, call: () => void): void {
    const { code } = this;
    const instruction = this.#current!;
    this.#owed++; // the call itself
    this.#registers.store();
    code.get(DEPTH);
    code.i32(this.frameSize);
    code.opcode(0x48); // i32.lt_s: no room on the host's stack
    code.hint(false);
    code.byte(Op.if);
    code.byte(VOID);
    target();
    this.#fuel();
    code.byte(Op.return);
    code.byte(Op.end);
    target();
    this.#fuel();
    code.get(DEPTH);
    code.i32(this.frameSize);
    code.opcode(0x6b);
    call();
    code.set(FUEL);
    code.tee(this.#pc);
    code.i64(BigInt(instruction.pc + 4));
    const behind = this.#flow.behindCall.get(instruction)!, kept = behind.x & this.#plan.kept.get(instruction)!;
    if (kept === 0) code.opcode(0x52); // i64.ne
    else {
      code.opcode(0x85); // i64.xor
      this.#registers.orChanges(kept);
      code.opcode(0x50); // i64.eqz
      code.opcode(0x45); // i32.eqz
    }
    code.hint(false);
    code.byte(Op.if);
    code.byte(VOID);
    code.get(this.#pc);
    code.get(FUEL);
    code.byte(Op.return);
    code.byte(Op.end);
    // The block goes on as if it began here; its loop counts this instruction once more.
    this.#owed = -1;
    this.#registers.load({ x: behind.x & ~kept, v: behind.v });
    this.#registers.loadFast();
    this.#registers.comeHome();
  }

  // ---- memory -------------------------------------------------------------------------------------------------

  #access(stmt: Stmt & { readonly s: "access" }): void {
    const { code } = this;
    const local = this.localOf(stmt.local);
    this.value(stmt.address);
    code.set(local);
    if (stmt.aligned && stmt.size > 1) {
      code.get(local);
      code.opcode(0xa7);
      code.i32(stmt.size - 1);
      code.opcode(0x71);
      this.#interpretIf();
    }
    const check = this.#plan.checks.get(stmt);
    if (check === undefined) return;
    if (check.address !== undefined) this.#checkKnown(check, check.address);
    else this.#check(check, local, stmt.aligned && check.to - check.from === stmt.size);
  }

  /** Leaves unless both ends of a stretch around the address in a local have the rights. */
  #check({ from, to, need }: Check, local: number, inPage: boolean): void {
    const { code } = this;
    const size = to - from, isShort = size <= SHORT;
    let low = local;
    if (from !== 0) {
      low = this.scratch("i64");
      code.get(local);
      code.i64(BigInt(from));
      code.opcode(0x7c);
      code.set(low);
    }
    code.byte(Op.block);
    code.byte(VOID);
    this.scoped(1, () => {
      code.byte(Op.block);
      code.byte(VOID);
      this.scoped(1, () => {
        const page = this.scratch("i64");
        code.get(low);
        code.i64(12n);
        code.opcode(0x88);
        code.tee(page);
        // What follows reads rights up to a page behind the limit, where there are none.
        code.i64(BigInt(GUEST_PAGES));
        code.opcode(0x5a);
        code.hint(false);
        code.op1(Op.br_if, 0);
        if (isShort && size > 1 && !inPage) {
          code.get(low);
          code.opcode(0xa7);
          code.i32(4095);
          code.opcode(0x71);
          code.i32(4096 - size);
          code.opcode(0x4b); // i32.gt_u
          code.hint(false);
          code.op1(Op.br_if, 0);
        }
        code.get(page);
        code.memory("i32.load8_u", GUEST, RIGHTS);
        if (!isShort) {
          code.get(low);
          code.i64(BigInt(size - 1));
          code.opcode(0x7c);
          code.i64(12n);
          code.opcode(0x88);
          code.memory("i32.load8_u", GUEST, RIGHTS);
          code.opcode(0x71);
        }
        code.i32(need);
        code.opcode(0x71);
        code.hint(true);
        code.op1(Op.br_if, 1);
      });
      code.byte(Op.end);
      this.#interpret();
    });
    code.byte(Op.end);
  }
  /** The same for an address known now, as of literals and static data. */
  #checkKnown({ from, to, need }: Check, address: number): void {
    const { code } = this;
    const low = address + from, last = address + to - 1;
    if (low < 0 || last >= GUEST_LIMIT) {
      code.i32(1);
      return this.#interpretIf();
    }
    const pages = [...new Set([Math.floor(low / 4096), Math.floor(last / 4096)])];
    for (const page of pages) {
      code.i64(0n);
      code.memory("i32.load8_u", GUEST, RIGHTS + page);
    }
    if (pages.length > 1) code.opcode(0x71);
    code.i32(need);
    code.opcode(0x71);
    code.opcode(0x45);
    this.#interpretIf();
  }
}

function readsFast(region: Region): boolean {
  const reads = (body: readonly Stmt[]): boolean =>
    body.some((stmt) =>
      (stmt.s === "get" && stmt.place.file === "sys" && stmt.place.name === "fpFast") ||
      (stmt.s === "if" && (reads(stmt.then) || reads(stmt.else))) || (stmt.s === "loop" && reads(stmt.body))
    );
  return [...region.blocks.values()].some(({ instructions }) => instructions.some(({ body }) => reads(body!)));
}
