/**
 * From statements to WebAssembly: everything that does not depend on where registers and operands live, which
 * subclasses decide.
 */
import type { Stmt } from "../../isa/ir/builder.ts";
import type { Helper } from "../../isa/ir/helper.ts";
import type { Local, Op as OpNode, Type, Value } from "../../isa/ir/ops.ts";
import { WINDOW } from "./layout.ts";
import { type Code, Op, VOID } from "./module.ts";

const AND = 0x71;
/** Conditions that are to hold all; a mask is none. */
const conjuncts = (value: Value): readonly Value[] =>
  value.kind === "op" && value.code === AND && value.args.every(({ kind }) => kind !== "const")
    ? value.args.flatMap(conjuncts)
    : [value];

export abstract class Lowering {
  /** Wasm local of every IR local, allotted when first met. */
  readonly #locals = new Map<Local, number>();
  /** How often a node occurs in the statements: those met again are kept in a wasm local. */
  readonly #uses = new Map<OpNode, number>();
  readonly #kept = new Map<OpNode, number>();
  /** Nodes kept within each open control structure; what one arm computed is unknown behind it. */
  readonly #scopes: OpNode[][] = [[]];
  #depth = 0;
  readonly #loops: number[] = [];

  /** Locals allotted before and not in use now, by type. */
  readonly #free = new Map<Type, number[]>();
  readonly #held: [Type, number][] = [];

  /** @param guest number of the guest's memory in the module, if it has that */
  constructor(protected readonly code: Code, private readonly guest = 0) {}

  /** Labels open at this point. */
  protected get depth(): number {
    return this.#depth;
  }

  /** A wasm local until the next {@link release}. */
  #allot(type: Type): number {
    const index = this.#free.get(type)?.pop() ?? this.code.local(type);
    this.#held.push([type, index]);
    return index;
  }

  /** All IR locals so far are done with: their wasm locals may serve others. Fewer locals compile faster. */
  protected release(): void {
    for (const [type, index] of this.#held) {
      const list = this.#free.get(type);
      if (list) list.push(index);
      else this.#free.set(type, [index]);
    }
    this.#held.length = 0;
    this.#locals.clear();
    if (this.#uses.size > 0) this.#uses.clear();
    if (this.#kept.size === 0) return;
    this.#kept.clear();
    for (const scope of this.#scopes) scope.length = 0;
  }

  /** A wasm local for the rest of the instruction. */
  protected scratch(type: Type): number {
    return this.#allot(type);
  }

  /** State and control that depend on the target. */
  protected abstract state(stmt: TargetStmt): void;
  protected abstract callHelper(helper: Helper, args: () => void): void;

  /** Binds an IR local to a wasm local that exists (a parameter). */
  bind(local: Local, index: number): void {
    this.#locals.set(local, index);
  }

  lower(body: readonly Stmt[]): void {
    this.#count(body);
    this.#statements(body);
  }

  protected localOf(local: Local): number {
    let index = this.#locals.get(local);
    if (index === undefined) {
      index = this.#allot(local.type);
      this.#locals.set(local, index);
    }
    return index;
  }

  /** Leaves the value on the stack. */
  protected value(value: Value): void {
    const { code } = this;
    if (value.kind === "local") return code.get(this.localOf(value));
    if (value.kind === "const") {
      switch (value.type) {
        case "i32":
          return code.i32(value.value as number);
        case "i64":
          return code.i64(value.value as bigint);
        case "f32":
          return code.f32(value.value as number);
        case "f64":
          return code.f64(value.value as bigint);
        default:
          return this.vector(value.value as bigint);
      }
    }
    const kept = this.#kept.get(value);
    if (kept !== undefined) return code.get(kept);
    for (const arg of value.args) this.value(arg);
    code.opcode(value.code);
    if (value.imm) { for (const byte of value.imm) code.byte(byte); }
    if ((this.#uses.get(value) ?? 0) > 1) {
      const index = this.#allot(value.type);
      code.tee(index);
      this.#kept.set(value, index);
      this.#scopes.at(-1)!.push(value);
    }
  }

  /** Leaves a vector constant on the stack. */
  protected vector(bits: bigint): void {
    this.code.v128(bits);
  }

  #count(body: readonly Stmt[]): void {
    const visit = (value: Value): void => {
      if (value.kind !== "op") return;
      const seen = this.#uses.get(value) ?? 0;
      this.#uses.set(value, seen + 1);
      if (seen === 0) value.args.forEach(visit);
    };
    for (const stmt of body) {
      switch (stmt.s) {
        case "set":
        case "spcheck":
        case "exit":
          visit(stmt.value);
          break;
        case "put":
          if (stmt.place.file === "vdyn") visit(stmt.place.byte);
          visit(stmt.value);
          break;
        case "get":
          if (stmt.place.file === "vdyn") visit(stmt.place.byte);
          break;
        case "access":
        case "load":
        case "fill":
          visit(stmt.address);
          break;
        case "store":
          visit(stmt.address);
          visit(stmt.value);
          break;
        case "jump":
          visit(stmt.target);
          break;
        case "call":
          stmt.args.forEach(visit);
          break;
        case "flags":
          visit(stmt.a);
          visit(stmt.b);
          break;
        case "return":
          stmt.values.forEach(visit);
          break;
        case "if":
          visit(stmt.cond);
          this.#count(stmt.then);
          this.#count(stmt.else);
          break;
        case "loop":
          this.#count(stmt.body);
          break;
        default:
          break;
      }
    }
  }

  /** Runs with a scope of its own; for control structures that subclasses open too. */
  protected scoped(labels: number, emit: () => void): void {
    this.#depth += labels;
    this.#scopes.push([]);
    emit();
    for (const node of this.#scopes.pop()!) this.#kept.delete(node);
    this.#depth -= labels;
  }

  #statements(body: readonly Stmt[]): void {
    for (const stmt of body) this.#statement(stmt);
  }

  /** The way that is taken if all conditions hold, as they nearly always do: a branch each is less than their sum. */
  #ifAll(conditions: readonly Value[], then: readonly Stmt[], otherwise: readonly Stmt[]): void {
    const { code } = this;
    code.byte(Op.block);
    code.byte(VOID);
    code.byte(Op.block);
    code.byte(VOID);
    this.scoped(2, () => {
      for (const condition of conditions) {
        this.value(condition);
        code.opcode(0x45);
        code.hint(false);
        code.op1(Op.br_if, 0);
      }
      this.#statements(then);
      code.op1(Op.br, 1);
    });
    code.byte(Op.end);
    this.scoped(1, () => this.#statements(otherwise));
    code.byte(Op.end);
  }

  #statement(stmt: Stmt): void {
    const { code } = this;
    switch (stmt.s) {
      case "set":
        this.value(stmt.value);
        code.set(this.localOf(stmt.local));
        break;
      case "if": {
        const conditions = stmt.likely ? conjuncts(stmt.cond) : [];
        if (conditions.length > 1) {
          this.#ifAll(conditions, stmt.then, stmt.else);
          break;
        }
        this.value(stmt.cond);
        if (stmt.likely !== undefined) code.hint(stmt.likely);
        code.byte(Op.if);
        code.byte(VOID);
        this.scoped(1, () => this.#statements(stmt.then));
        if (stmt.else.length > 0) {
          code.byte(Op.else);
          this.scoped(1, () => this.#statements(stmt.else));
        }
        code.byte(Op.end);
        break;
      }
      case "loop":
        code.byte(Op.block);
        code.byte(VOID);
        code.byte(Op.loop);
        code.byte(VOID);
        this.scoped(2, () => {
          this.#loops.push(this.#depth);
          this.#statements(stmt.body);
          this.#loops.pop();
        });
        code.op1(Op.br, 0);
        code.byte(Op.end);
        code.byte(Op.end);
        break;
      case "break":
        // The block around the innermost loop: one label further out than the loop itself.
        code.op1(Op.br, this.#depth - this.#loops.at(-1)! + 1);
        break;
      case "call":
        this.callHelper(stmt.helper, () => stmt.args.forEach((arg) => this.value(arg)));
        for (const local of [...stmt.results].reverse()) code.set(this.localOf(local));
        break;
      case "return":
        stmt.values.forEach((value) => this.value(value));
        code.byte(Op.return);
        break;
      case "load":
        this.value(stmt.address);
        code.memory(stmt.load, this.guest, WINDOW + stmt.offset);
        code.set(this.localOf(stmt.local));
        break;
      case "store":
        this.value(stmt.address);
        this.value(stmt.value);
        code.memory(stmt.store, this.guest, WINDOW + stmt.offset);
        break;
      case "fill":
        this.value(stmt.address);
        code.i64(BigInt(WINDOW));
        code.opcode(0x7c);
        code.i32(0);
        code.i64(BigInt(stmt.size));
        code.opcode(0xfc0b); // memory.fill
        code.u(this.guest);
        break;
      default:
        this.state(stmt);
    }
  }
}

/** Statements whose lowering depends on the target. */
export type TargetStmt = Exclude<
  Stmt,
  { readonly s: "set" | "if" | "loop" | "break" | "call" | "return" | "load" | "store" | "fill" }
>;
