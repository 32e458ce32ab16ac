/**
 * What an instruction does to the flags: they are the operation that set them last. Its operands are told, as long as
 * that is possible, by registers and constants instead of being kept.
 */
import type { Place, Stmt } from "../../../isa/ir/builder.ts";
import type { Local, Value } from "../../../isa/ir/ops.ts";
import { FlagKinds } from "../layout.ts";
import { isZero } from "./register_flow.ts";

/** Kinds, as bits by number, whose operands count in their low 32 bits only. */
const NARROW = 1 << FlagKinds.add32 | 1 << FlagKinds.sub32 | 1 << FlagKinds.logic32;

/** What an operand of the operation is: */
export type Operand =
  /** the content of a register (31: SP) plus a constant, */
  | { readonly reg: number; readonly plus: bigint }
  /** a constant, */
  | { readonly value: bigint }
  /** or what a local of its own holds. */
  | "kept";

/** What is known of the flags at a place in the code. */
export interface FlagState {
  /** Operations that they may come from, as bits by number (FlagKinds); bit 0: N, Z, C, V in the register file hold. */
  readonly kinds: number;
  /** Whether a local says which; where there is one possibility, none needs to. */
  readonly kindKept: boolean;
  /** The operands, if they come from an operation. */
  readonly a: Operand;
  readonly b: Operand;
  /** Whether the operation in the register file may be another. */
  readonly dirty: boolean;
}

/** N, Z, C, V are in the register file. */
export const FLAGS_HOME: FlagState = { kinds: 1, kindKept: false, a: "kept", b: "kept", dirty: false };

/** How an instruction sets flags: not, by one operation, or by one of several, as it comes. */
type Sets = "no" | "plainly" | "either";

/** A register written, and what was added to a register's content to get what is written, if that is so. */
interface Put {
  readonly reg: number;
  readonly sum: Sum | undefined;
}

/** A register's content plus a constant; narrow: the low 32 bits of it. */
interface Sum {
  readonly reg: number;
  readonly plus: bigint;
  readonly narrow: boolean;
}

/** What is in the statements of an instruction. */
class Found {
  flags: Stmt & { readonly s: "flags" } | undefined;
  /** Kinds of operations inside others' arms, as bits by number. */
  nested = 0;
  /** Registers written, as bits by number. */
  writes = 0;
  reads = false;
  leaves = false;
  calls = false;

  add(body: readonly Stmt[], isNested: boolean): void {
    for (const stmt of body) {
      switch (stmt.s) {
        case "put":
          if (isRegister(stmt.place)) this.writes |= 1 << (stmt.place.reg as number);
          break;
        case "flags":
          if (isNested) this.nested |= 1 << FlagKinds[stmt.kind];
          else this.flags = stmt;
          break;
        case "cond":
        case "nzcv":
          this.reads = true;
          break;
        case "jump":
          this.leaves = true;
          this.calls ||= stmt.kind === "call";
          break;
        case "branch":
          this.calls ||= stmt.kind === "call";
          break;
        case "if":
          this.add(stmt.then, true);
          this.add(stmt.else, true);
          break;
        case "loop":
          this.add(stmt.body, true);
      }
    }
  }
}

/** What the statements of an instruction do. */
export class FlagEffect {
  readonly sets: Sets;
  /** Whether a condition is looked at before flags are set. */
  readonly reads: boolean;
  /** Whether control leaves the region behind it, and whether it comes back. */
  readonly leaves: boolean;
  readonly calls: boolean;
  /** The state behind it where flags are set. */
  readonly set: FlagState;
  readonly #body: readonly Stmt[];
  readonly #writes: number;
  /** Looked into when a flag depends on one of them. */
  #puts: readonly Put[] | undefined;

  constructor(body: readonly Stmt[]) {
    const found = new Found();
    found.add(body, false);
    const { flags, nested } = found;
    this.#body = body;
    this.#writes = found.writes;
    this.reads = found.reads;
    this.leaves = found.leaves || found.calls;
    this.calls = found.calls;
    if (nested !== 0) {
      if (flags !== undefined || !surelySets(body)) throw new Error("an instruction sets flags once on every way");
      this.sets = "either";
      this.set = { kinds: nested, kindKept: true, a: "kept", b: "kept", dirty: true };
    } else if (flags === undefined) {
      this.sets = "no";
      this.set = FLAGS_HOME;
    } else {
      this.sets = "plainly";
      const kinds = 1 << FlagKinds[flags.kind], { sums } = follow(body);
      const a = sums.operand(flags.a, kinds), b = sums.operand(flags.b, kinds);
      this.set = { kinds, kindKept: false, a, b, dirty: true };
    }
  }

  /** The state behind the instruction, if it is no call. */
  behind(before: FlagState): FlagState {
    switch (this.sets) {
      case "plainly":
      case "either":
        return this.set;
      case "no": {
        if (this.#writes === 0 || before.kinds === 1) return before;
        const a = this.#told(before.a, before.kinds), b = this.#told(before.b, before.kinds);
        return a === before.a && b === before.b ? before : { ...before, a, b };
      }
    }
  }
  /** What an operand is behind the instruction. */
  #told(operand: Operand, kinds: number): Operand {
    if (operand === "kept" || !("reg" in operand) || (this.#writes & 1 << operand.reg) === 0) return operand;
    this.#puts ??= follow(this.#body).puts;
    let { reg, plus } = operand;
    for (const { reg: written, sum } of this.#puts) {
      if (written !== reg) continue;
      if (sum?.reg !== reg || (sum.narrow && (kinds & ~(NARROW | 1)) !== 0)) return "kept";
      plus = BigInt.asIntN(64, plus - sum.plus);
    }
    return { reg, plus };
  }
}

/** Follows registers through the statements of an instruction. */
function follow(body: readonly Stmt[]): { sums: Sums; puts: Put[] } {
  const sums = new Sums(), puts: Put[] = [];
  const step = (stmt: Stmt, isNested: boolean): void => {
    switch (stmt.s) {
      case "get":
        if (isNested) sums.forget(stmt.local);
        else if (isRegister(stmt.place)) sums.get(stmt.local, stmt.place.reg as number);
        break;
      case "set":
        if (isNested) sums.forget(stmt.local);
        else sums.set(stmt.local, stmt.value);
        break;
      case "put":
        if (isRegister(stmt.place)) puts.push(sums.put(stmt.place.reg as number, isNested ? undefined : stmt.value));
        break;
      case "if":
        for (const inner of stmt.then) step(inner, true);
        for (const inner of stmt.else) step(inner, true);
        break;
      case "loop":
        for (const inner of stmt.body) step(inner, true);
    }
  };
  for (const stmt of body) step(stmt, false);
  return { sums, puts };
}

const isRegister = (place: Place): place is Place & { readonly file: "x" } => place.file === "x" && !isZero(place);

const surelySets = (body: readonly Stmt[]): boolean =>
  body.some((stmt) => stmt.s === "flags" || (stmt.s === "if" && surelySets(stmt.then) && surelySets(stmt.else)));

/** Opcodes of WebAssembly. */
const EXTEND_U = 0xad, WRAP = 0xa7, I32_ADD = 0x6a, I32_SUB = 0x6b, I64_ADD = 0x7c, I64_SUB = 0x7d;

/** Locals of an instruction that are sums of a register, as it is at a place in the instruction, and a constant. */
class Sums {
  readonly #of = new Map<Local, Sum>();

  get(local: Local, reg: number): void {
    this.#of.set(local, { reg, plus: 0n, narrow: local.type === "i32" });
  }
  set(local: Local, value: Value): void {
    const sum = this.#sum(value);
    if (sum) this.#of.set(local, sum);
    else this.forget(local);
  }
  forget(local: Local): void {
    this.#of.delete(local);
  }
  /** @param value undefined if it may be another, or none */
  put(reg: number, value: Value | undefined): Put {
    const sum = value && this.#sum(value);
    for (const [local, { reg: of, plus, narrow }] of this.#of) {
      if (of !== reg) continue;
      const isTold = sum?.reg === reg && (narrow || !sum.narrow);
      if (isTold) this.#of.set(local, { reg, plus: BigInt.asIntN(64, plus - sum.plus), narrow });
      else this.#of.delete(local);
    }
    const source = value?.kind === "op" && value.code === EXTEND_U ? value.args[0]! : value;
    if (source?.kind === "local" && !this.#of.has(source)) this.get(source, reg);
    return { reg, sum };
  }

  /** An operand of an operation, told as it is behind the instruction. */
  operand(value: Value, kind: number): Operand {
    if (value.kind === "const") return { value: value.value as bigint };
    if (value.kind === "op" && value.code === EXTEND_U && value.args[0]!.kind === "const") {
      return { value: BigInt.asUintN(32, BigInt(value.args[0]!.value)) };
    }
    const sum = this.#sum(value);
    return sum === undefined || (sum.narrow && (kind & NARROW) === 0) ? "kept" : { reg: sum.reg, plus: sum.plus };
  }

  #sum(value: Value): Sum | undefined {
    if (value.kind === "local") return this.#of.get(value);
    if (value.kind !== "op") return undefined;
    const [first, second] = value.args as [Value, Value | undefined];
    switch (value.code) {
      case EXTEND_U:
      case WRAP: {
        const sum = this.#sum(first);
        return sum && { ...sum, narrow: true };
      }
      case I32_ADD:
      case I64_ADD:
      case I32_SUB:
      case I64_SUB: {
        const sum = second!.kind === "const" ? this.#sum(first) : undefined;
        if (sum === undefined) return undefined;
        const constant = BigInt((second as { value: number | bigint }).value);
        const isSub = value.code === I32_SUB || value.code === I64_SUB;
        return { ...sum, plus: BigInt.asIntN(64, isSub ? sum.plus - constant : sum.plus + constant) };
      }
      default:
        return undefined;
    }
  }
}
