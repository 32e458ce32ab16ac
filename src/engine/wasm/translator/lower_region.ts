/**
 * A region as a WebAssembly function.
 *
 * Guest registers are locals: loaded at entry, stored at every exit and around calls. Nothing in here faults: an
 * access that is not plainly fine (rights, page crossing, alignment) leaves the function before it had an effect,
 * and the interpreter executes that instruction with all its consequences. Fuel is taken per block and corrected at
 * such exits, so both tiers count instructions alike; it is looked at on entry and at loop headers, where time
 * slices end.
 */
import type { FlagKind, LoadOp, Place, Stmt, StoreOp } from "../../../isa/ir/builder.ts";
import type { Helper } from "../../../isa/ir/helper.ts";
import { cV128, type I64, i64x2, type Value } from "../../../isa/ir/ops.ts";
import { REGION } from "../interpreter/runtime.ts";
import { Cpu, FlagKinds, GUEST_LIMIT, PageBits, Resume, RIGHTS, SYS_OFFSET, WINDOW } from "../layout.ts";
import { Lowering, type TargetStmt } from "../lower.ts";
import { Code, Op, VOID } from "../module.ts";
import { type Block, callTarget, type Instruction, isCall, type Region, successors } from "./region.ts";
import { type Structure, structure } from "./structure.ts";

/** Memories of a region's module: the guest's first, because V8 keeps the base of the first at hand. */
export const GUEST = 0, ENGINE = 1;
/** Parameters; the first, the root, is for the stub that stands in for absent regions. */
const FUEL = 1, DEPTH = 2;
/** Region calls nested on the host's stack; deeper ones return to the dispatcher, which starts afresh. */
const MAX_DEPTH = 400;

/** What a region's function refers to outside itself. */
export interface RegionImports {
  helper(helper: Helper): number;
  /** condition(kind, a, b, cond). */
  readonly condition: number;
  readonly callTo: number;
  readonly settleFlags: number;
  readonly regionType: number;
  /** Table slot of the region rooted at an address. */
  slot(root: number): number;
}

/** Registers that a region reads or writes. */
interface RegisterUse {
  readonly x: Set<number>;
  readonly v: Set<number>;
  readonly xWritten: Set<number>;
  readonly vWritten: Set<number>;
}

function scan(body: readonly Stmt[], use: RegisterUse): void {
  for (const stmt of body) {
    if (stmt.s === "if") {
      scan(stmt.then, use);
      scan(stmt.else, use);
    } else if (stmt.s === "loop") scan(stmt.body, use);
    else if (stmt.s === "get" || stmt.s === "put") {
      const { place } = stmt;
      if (place.file === "sys" || typeof place.reg !== "number") continue;
      if (place.file === "x" && place.reg === 31 && place.r31 !== "sp") continue;
      const isX = place.file === "x";
      (isX ? use.x : use.v).add(place.reg);
      if (stmt.s === "put") (isX ? use.xWritten : use.vWritten).add(place.reg);
    }
  }
}

export class RegionLowering extends Lowering {
  readonly #region: Region;
  readonly #graph: Structure;
  readonly #imports: RegionImports;
  readonly #use: RegisterUse = { x: new Set(), v: new Set(), xWritten: new Set(), vWritten: new Set() };
  readonly #x = new Map<number, number>();
  readonly #v = new Map<number, number>();
  readonly #pc: number;
  readonly #kind: number;
  readonly #a: number;
  readonly #b: number;
  /** The flag operation that kind, a and b hold, where it is known. */
  #flags: FlagKind | undefined;
  /** Counts flag operations, to see whether an `if` had any. */
  #flagCount = 0;
  /** Label depth of the exit block. */
  #exit = 0;
  /** Labels that branches to a node go to: loop or block, with the depth inside it. */
  readonly #labels: { readonly node: number; readonly isLoop: boolean; readonly depth: number }[] = [];
  /** Instructions of the current block that are paid for and not yet executed, the current one included. */
  #paid = 0;
  #current: Instruction | undefined;

  constructor(region: Region, imports: RegionImports) {
    super(new Code(REGION[0].length));
    this.#region = region;
    this.#imports = imports;
    this.#graph = structure({ root: region.root, successors: (node) => successors(region, region.blocks.get(node)!) });
    const { code } = this;
    this.#pc = code.local("i64");
    this.#kind = code.local("i32");
    this.#a = code.local("i64");
    this.#b = code.local("i64");
    for (const node of this.#graph.order) {
      for (const { body } of region.blocks.get(node)!.instructions) scan(body!, this.#use);
    }
    for (const n of this.#use.x) this.#x.set(n, code.local("i64"));
    for (const n of this.#use.v) this.#v.set(n, code.local("v128"));
  }

  emit(): Code {
    const { code } = this;
    this.#loadRegisters();
    code.byte(Op.block);
    code.byte(VOID);
    this.scoped(1, () => {
      this.#exit = this.depth;
      this.#tree(this.#region.root);
    });
    code.byte(Op.end);
    this.#storeRegisters();
    this.#storeFlags();
    code.get(this.#pc);
    code.get(FUEL);
    return code;
  }

  // ---- registers ----------------------------------------------------------------------------------------------

  #loadRegisters(): void {
    const { code } = this;
    for (const [n, local] of this.#x) {
      code.i32(0);
      code.memory("i64.load", ENGINE, Cpu.x + 8 * n);
      code.set(local);
    }
    for (const [n, local] of this.#v) {
      code.i32(0);
      code.memory("v128.load", ENGINE, Cpu.v + 16 * n);
      code.set(local);
    }
  }
  #storeRegisters(): void {
    const { code } = this;
    for (const n of this.#use.xWritten) {
      code.i32(0);
      code.get(this.#x.get(n)!);
      code.memory("i64.store", ENGINE, Cpu.x + 8 * n);
    }
    for (const n of this.#use.vWritten) {
      code.i32(0);
      code.get(this.#v.get(n)!);
      code.memory("v128.store", ENGINE, Cpu.v + 16 * n);
    }
  }
  #storeFlags(): void {
    const { code } = this;
    code.get(this.#kind);
    code.byte(Op.if);
    code.byte(VOID);
    code.i32(0);
    code.get(this.#kind);
    code.memory("i32.store", ENGINE, Cpu.lazyKind);
    code.i32(0);
    code.get(this.#a);
    code.memory("i64.store", ENGINE, Cpu.lazyA);
    code.i32(0);
    code.get(this.#b);
    code.memory("i64.store", ENGINE, Cpu.lazyB);
    code.byte(Op.end);
  }

  // ---- control flow -------------------------------------------------------------------------------------------

  #tree(node: number): void {
    const { code } = this;
    if (!this.#graph.loopHeaders.has(node)) return this.#node(node);
    code.byte(Op.loop);
    code.byte(VOID);
    this.scoped(1, () => {
      this.#labels.push({ node, isLoop: true, depth: this.depth });
      this.#node(node);
      this.#labels.pop();
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
      this.#labels.push({ node: merge, isLoop: false, depth: this.depth });
      this.#within(node, merges.slice(1));
      this.#labels.pop();
    });
    code.byte(Op.end);
    this.#tree(merge);
  }

  #goto(from: number, to: number): void {
    if (!this.#region.blocks.has(to) || this.#graph.isIrreducible(from, to)) return this.#leave(to);
    const backward = this.#graph.isBackward(from, to);
    if (backward || this.#graph.merges.has(to)) {
      const label = this.#labels.findLast((each) => each.node === to && each.isLoop === backward)!;
      this.code.op1(Op.br, this.depth - label.depth);
    } else this.#tree(to);
  }

  /** Ends the region's run at an address. */
  #leave(pc: number, resume = 0): void {
    const { code } = this;
    code.i64(BigInt(pc + resume));
    code.set(this.#pc);
    code.op1(Op.br, this.depth - this.#exit);
  }

  /** The interpreter takes over at the current instruction, which has had no effect yet. */
  #interpret(): void {
    const { code } = this;
    code.get(FUEL);
    code.i32(this.#paid);
    code.opcode(0x6a);
    code.set(FUEL);
    this.#leave(this.#current!.pc, Resume.interpret);
  }

  #block(block: Block): void {
    const { code } = this;
    this.#flags = undefined;
    if (block.start === this.#region.root || this.#graph.loopHeaders.has(block.start)) {
      code.get(FUEL);
      code.i32(0);
      code.opcode(0x4c); // i32.le_s
      code.byte(Op.if);
      code.byte(VOID);
      this.scoped(1, () => this.#leave(block.start));
      code.byte(Op.end);
    }
    const { instructions, terminator } = block;
    code.get(FUEL);
    code.i32(instructions.length);
    code.opcode(0x6b);
    code.set(FUEL);
    this.#paid = instructions.length;
    for (const instruction of instructions) {
      this.#current = instruction;
      const isLast = instruction === instructions.at(-1);
      if (isLast && terminator.kind === "cond") {
        this.#conditional(block, instruction, terminator);
        return;
      }
      const { decoded, body } = instruction;
      // A branch that is always taken is the way to the terminator's target.
      const isPlainJump = isLast && body!.at(-1)?.s === "branch" && !isCall(decoded!);
      this.lower(fuseScalarWrites(isPlainJump ? body!.slice(0, -1) : body!));
      this.release();
      this.#paid--;
    }
    switch (terminator.kind) {
      case "goto":
        return this.#goto(block.start, terminator.target);
      case "interpret":
        return this.#leave(terminator.pc, Resume.interpret);
      default:
        return; // the jump has left
    }
  }

  #conditional(block: Block, instruction: Instruction, terminator: { taken: number; next: number }): void {
    const { code } = this;
    const body = instruction.body!, last = body.at(-1)!;
    if (last.s !== "if") throw new Error("a conditional branch ends in an if");
    this.lower(body.slice(0, -1));
    this.value(last.cond);
    this.release();
    this.#paid--;
    const flags = this.#flags;
    code.byte(Op.if);
    code.byte(VOID);
    this.scoped(1, () => this.#goto(block.start, terminator.taken));
    code.byte(Op.else);
    this.#flags = flags;
    this.scoped(1, () => this.#goto(block.start, terminator.next));
    code.byte(Op.end);
    code.byte(Op.unreachable);
  }

  // ---- statements ---------------------------------------------------------------------------------------------

  protected callHelper(helper: Helper, args: () => void): void {
    args();
    this.code.op1(Op.call, this.#imports.helper(helper));
  }

  protected override afterIf(before: () => void): void {
    const count = this.#flagCount;
    before();
    if (this.#flagCount !== count) this.#flags = undefined;
  }

  protected state(stmt: TargetStmt): void {
    const { code } = this;
    switch (stmt.s) {
      case "get":
        this.#get(stmt.place, stmt.load);
        code.set(this.localOf(stmt.local));
        break;
      case "put":
        this.#put(stmt.place, stmt.value, stmt.store);
        break;
      case "access":
        this.#access(this.localOf(stmt.local), stmt.address, stmt.size, stmt.mode, stmt.aligned);
        break;
      case "spcheck":
        if (stmt.reg !== 31) break;
        this.value(stmt.value);
        code.opcode(0xa7);
        code.i32(15);
        code.opcode(0x71);
        code.byte(Op.if);
        code.byte(VOID);
        this.scoped(1, () => this.#interpret());
        code.byte(Op.end);
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
        this.value(stmt.a);
        this.value(stmt.b);
        code.set(this.#b);
        code.set(this.#a);
        code.i32(FlagKinds[stmt.kind]);
        code.set(this.#kind);
        this.#flags = stmt.kind;
        this.#flagCount++;
        break;
      case "cond":
        this.#condition(stmt.cond);
        code.set(this.localOf(stmt.local));
        break;
      case "nzcv":
        for (let bit = 0; bit < 4; bit++) {
          this.#condition([6, 2, 0, 4][bit]!); // VS, CS, EQ, MI give V, C, Z, N
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
        this.#call(() => code.i64(BigInt(callTarget(this.#current!.pc, this.#current!.decoded!)!)), () => {
          code.i32(this.#imports.slot(callTarget(this.#current!.pc, this.#current!.decoded!)!));
          code.op1(Op.call_indirect, this.#imports.regionType);
          code.byte(0);
        });
        break;
      default:
        throw new Error(`translated code has no "${stmt.s}"`);
    }
  }

  #jump(target: I64, kind: "jump" | "call" | "return"): void {
    const { code } = this;
    if (kind !== "call") {
      this.value(target);
      code.set(this.#pc);
      code.op1(Op.br, this.depth - this.#exit);
      return;
    }
    const to = code.local("i64");
    this.value(target);
    code.set(to);
    this.#call(() => code.get(to), () => code.op1(Op.call, this.#imports.callTo));
  }

  /** Calls a region; goes on behind the call if that is where the callee returned to, else passes its answer on. */
  #call(target: () => void, call: () => void): void {
    const { code } = this;
    const next = this.#current!.pc + 4;
    this.#storeRegisters();
    this.#storeFlags();
    target();
    code.set(this.#pc);
    code.get(DEPTH);
    code.i32(MAX_DEPTH);
    code.opcode(0x48); // i32.lt_s
    code.byte(Op.if);
    code.byte(VOID);
    code.get(this.#pc);
    code.get(FUEL);
    code.i32(this.#paid - 1); // what follows in this block is not executed if the callee does not come back
    code.opcode(0x6a);
    code.get(DEPTH);
    code.i32(1);
    code.opcode(0x6a);
    call();
    code.set(FUEL);
    code.set(this.#pc);
    code.byte(Op.else);
    this.#addFuel(this.#paid - 1);
    code.byte(Op.end);
    code.get(this.#pc);
    code.i64(BigInt(next));
    code.opcode(0x52); // i64.ne
    code.byte(Op.if);
    code.byte(VOID);
    code.get(this.#pc);
    code.get(FUEL);
    code.byte(Op.return);
    code.byte(Op.end);
    this.#addFuel(1 - this.#paid);
    this.#loadRegisters();
    code.i32(0);
    code.set(this.#kind);
    this.#flags = undefined;
  }

  #addFuel(count: number): void {
    const { code } = this;
    if (count === 0) return;
    code.get(FUEL);
    code.i32(count);
    code.opcode(0x6a);
    code.set(FUEL);
  }

  #access(local: number, address: I64, size: number, mode: "r" | "w", aligned: boolean): void {
    const { code } = this;
    this.value(address);
    code.set(local);
    code.byte(Op.block);
    code.byte(VOID);
    this.scoped(1, () => {
      code.byte(Op.block);
      code.byte(VOID);
      this.scoped(1, () => {
        code.get(local);
        code.i64(BigInt(GUEST_LIMIT));
        code.opcode(0x5a);
        code.op1(Op.br_if, 0);
        if (size > 1) {
          code.get(local);
          code.opcode(0xa7);
          code.i32(aligned ? size - 1 : 4095);
          code.opcode(0x71);
          if (!aligned) {
            code.i32(4096 - size);
            code.opcode(0x4b); // i32.gt_u
          }
          code.op1(Op.br_if, 0);
        }
        code.get(local);
        code.i64(12n);
        code.opcode(0x88);
        code.memory("i32.load8_u", GUEST, RIGHTS);
        code.i32(mode === "r" ? PageBits.read : PageBits.write);
        code.opcode(0x71);
        code.op1(Op.br_if, 1);
      });
      code.byte(Op.end);
      this.#interpret();
    });
    code.byte(Op.end);
  }

  // ---- places -------------------------------------------------------------------------------------------------

  #get(place: Place, load: LoadOp): void {
    const { code } = this;
    if (place.file === "sys") {
      code.i32(0);
      code.memory(load, ENGINE, SYS_OFFSET[place.name]);
      return;
    }
    if (place.file === "vdyn") throw new Error("lanes are known in translated code");
    const n = place.reg as number;
    if (place.file === "x") {
      if (n === 31 && place.r31 !== "sp") {
        if (load === "i32.load") code.i32(0);
        else code.i64(0n);
        return;
      }
      code.get(this.#x.get(n)!);
      if (load === "i32.load") code.opcode(0xa7);
      return;
    }
    code.get(this.#v.get(n)!);
    const [opcode, lanes, extend] = VECTOR_READ[load]!;
    if (opcode === 0) return; // all of it
    if (load === "v128.load64_zero") {
      code.i64(0n);
      code.opcode(opcode);
      code.byte(1);
      return;
    }
    code.opcode(opcode);
    code.byte(place.byte / (16 / lanes));
    if (extend) code.opcode(extend);
  }

  #put(place: Place, value: Value, store: StoreOp): void {
    const { code } = this;
    if (place.file === "sys") {
      code.i32(0);
      this.value(value);
      code.memory(store, ENGINE, SYS_OFFSET[place.name]);
      return;
    }
    if (place.file === "vdyn") throw new Error("lanes are known in translated code");
    const n = place.reg as number;
    if (place.file === "x") {
      if (n === 31 && place.r31 !== "sp") return;
      this.value(value);
      code.set(this.#x.get(n)!);
      return;
    }
    const local = this.#v.get(n)!;
    if (store === "v128.store") this.value(value);
    else {
      const [opcode, lanes, wrap] = VECTOR_WRITE[store]!;
      code.get(local);
      this.value(value);
      if (wrap) code.opcode(0xa7);
      code.opcode(opcode);
      code.byte(place.byte / (16 / lanes));
    }
    code.set(local);
  }

  // ---- flags --------------------------------------------------------------------------------------------------

  /** Leaves 1 or 0 for a condition. */
  #condition(cond: number): void {
    const { code } = this;
    const kind = this.#flags;
    if (kind === undefined) {
      // From another block, or from before: find out at run time.
      code.get(this.#kind);
      code.get(this.#a);
      code.get(this.#b);
      code.i32(cond);
      code.op1(Op.call, this.#imports.condition);
      return;
    }
    this.#holds(kind, cond >> 1);
    if (cond & 1) code.opcode(0x45);
  }

  #holds(kind: FlagKind, test: number): void {
    const { code } = this;
    const narrow = kind.endsWith("32");
    const a = () => {
      code.get(this.#a);
      if (narrow) code.opcode(0xa7);
    };
    const b = () => {
      code.get(this.#b);
      if (narrow) code.opcode(0xa7);
    };
    const zero = () => narrow ? code.i32(0) : code.i64(0n);
    /** An integer instruction at the width of the operation, by its 32-bit opcode. */
    const op = (opcode32: number) =>
      code.opcode(narrow ? opcode32 : opcode32 < 0x67 ? opcode32 + 0xb : opcode32 + 0x12);
    if (kind === "nzcv") {
      const bit = (n: number) => {
        code.get(this.#a);
        code.opcode(0xa7);
        code.i32(n);
        code.opcode(0x76);
        code.i32(1);
        code.opcode(0x71);
      };
      const sameSigns = () => {
        bit(3);
        bit(0);
        code.opcode(0x46);
      };
      const notZero = () => {
        bit(2);
        code.opcode(0x45);
      };
      switch (test) {
        case 0:
          return bit(2);
        case 1:
          return bit(1);
        case 2:
          return bit(3);
        case 3:
          return bit(0);
        case 4:
          bit(1);
          notZero();
          return code.opcode(0x71);
        case 5:
          return sameSigns();
        default:
          sameSigns();
          notZero();
          return code.opcode(0x71);
      }
    }
    const isSub = kind.startsWith("sub"), isLogic = kind.startsWith("logic");
    const result = () => {
      a();
      if (isLogic) return;
      b();
      op(isSub ? 0x6b : 0x6a);
    };
    /** Sign bit of V: both operands' signs differ from the result's (or, subtracting, a's from b's and r's). */
    const overflow = () => {
      a();
      if (isSub) b();
      else result();
      op(0x73);
      if (isSub) a();
      else b();
      result();
      op(0x73);
      op(0x71);
      zero();
      op(0x48);
    };
    const carry = () => {
      if (isSub) {
        a();
        b();
        op(0x4f);
      } else {
        result();
        a();
        op(0x49);
      }
    };
    const negative = () => {
      result();
      zero();
      op(0x48);
    };
    const greaterEqual = () => {
      if (isSub) {
        a();
        b();
        op(0x4e);
      } else if (isLogic) {
        a();
        zero();
        op(0x4e);
      } else {
        negative();
        overflow();
        code.opcode(0x46);
      }
    };
    const nonZero = () => {
      result();
      zero();
      op(0x47);
    };
    switch (test) {
      case 0:
        if (isSub) {
          a();
          b();
          return op(0x46);
        }
        result();
        return code.opcode(narrow ? 0x45 : 0x50);
      case 1:
        return isLogic ? code.i32(0) : carry();
      case 2:
        return negative();
      case 3:
        return isLogic ? code.i32(0) : overflow();
      case 4:
        if (isLogic) return code.i32(0);
        if (isSub) {
          a();
          b();
          return op(0x4b);
        }
        carry();
        nonZero();
        return code.opcode(0x71);
      case 5:
        return greaterEqual();
      default:
        if (isSub) {
          a();
          b();
          return op(0x4a);
        }
        if (isLogic) {
          a();
          zero();
          return op(0x4a);
        }
        greaterEqual();
        nonZero();
        return code.opcode(0x71);
    }
  }
}

const v = (n: number): number => 0xfd000 | n;
/** How a read of part of a vector register becomes an extraction: opcode, lanes per register, extension. */
const VECTOR_READ: Partial<Record<LoadOp, readonly [opcode: number, lanes: number, extend?: number]>> = {
  "v128.load": [0, 1],
  "v128.load64_zero": [v(30), 2],
  "f64.load": [v(33), 2],
  "f32.load": [v(31), 4],
  "i64.load": [v(29), 2],
  "i32.load": [v(27), 4],
  "i32.load16_u": [v(25), 8],
  "i32.load8_u": [v(22), 16],
  "i64.load32_u": [v(27), 4, 0xad],
  "i64.load32_s": [v(27), 4, 0xac],
  "i64.load16_u": [v(25), 8, 0xad],
  "i64.load16_s": [v(24), 8, 0xac],
  "i64.load8_u": [v(22), 16, 0xad],
  "i64.load8_s": [v(21), 16, 0xac],
};
/** How a write becomes a replacement: opcode, lanes, whether an i64 is wrapped first. */
const VECTOR_WRITE: Partial<Record<StoreOp, readonly [opcode: number, lanes: number, wrap: boolean]>> = {
  "i64.store": [v(30), 2, false],
  "f64.store": [v(34), 2, false],
  "f32.store": [v(32), 4, false],
  "i32.store": [v(28), 4, false],
  "i64.store32": [v(28), 4, true],
  "i64.store16": [v(26), 8, true],
  "i64.store8": [v(23), 16, true],
};

/** A scalar write (low half, then zero above) as one vector, which does not depend on the old content. */
function fuseScalarWrites(body: readonly Stmt[]): Stmt[] {
  const out: Stmt[] = [];
  for (let at = 0; at < body.length; at++) {
    const stmt = body[at]!, next = body[at + 1];
    if (stmt.s === "if") {
      out.push({ ...stmt, then: fuseScalarWrites(stmt.then), else: fuseScalarWrites(stmt.else) });
    } else if (
      stmt.s === "put" && stmt.place.file === "v" && stmt.place.byte === 0 && stmt.store === "i64.store" &&
      next?.s === "put" && next.place.file === "v" && next.place.byte === 8 && next.place.reg === stmt.place.reg &&
      next.store === "i64.store" && next.value.kind === "const" && next.value.value === 0n
    ) {
      const value = i64x2.replace_lane(cV128(0n), 0, stmt.value as Value<"i64">);
      out.push({ s: "put", place: stmt.place, value, store: "v128.store" });
      at++;
    } else out.push(stmt);
  }
  return out;
}
