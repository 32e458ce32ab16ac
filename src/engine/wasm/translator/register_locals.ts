/**
 * Guest registers and flags of a region as WebAssembly locals: loaded from the register file and stored there as the
 * region asks for it, with what has changed since kept in mind along the way.
 */
import type { FlagKind, LoadOp, Place, Stmt } from "../../../isa/ir/builder.ts";
import type { Const, Value } from "../../../isa/ir/ops.ts";
import { Cpu, FlagKinds, SYS_OFFSET } from "../layout.ts";
import { type Code, Op, VOID } from "../module.ts";
import { emitHolds, isNarrow } from "./conditions.ts";
import { type FlagEffect, FLAGS_HOME, type FlagState, type Operand } from "./flag_effect.ts";
import { CONDITION, ENGINE } from "./linker.ts";
import { isZero, type RegisterFlow, type RegisterSet } from "./register_flow.ts";
import type { ScalarRegisters } from "./scalar_registers.ts";
import { VECTOR_READ, VECTOR_WRITE } from "./vector_parts.ts";

const KINDS = Object.entries(FlagKinds) as [FlagKind, number][];

/** Numbers of the bits in a mask. */
function members(mask: number): number[] {
  const numbers: number[] = [];
  for (let rest = mask; rest !== 0; rest &= rest - 1) numbers.push(31 - Math.clz32(rest & -rest));
  return numbers;
}

/** The local of a vector register that has numbers alone in it. */
interface Scalar {
  readonly type: "f64" | "f32";
  readonly local: number;
}

const bitsOf = ({ type, value }: Const): bigint =>
  BigInt.asUintN(type === "i32" || type === "f32" ? 32 : 64, BigInt(value));

/** What is known at a place in the code. */
export interface RegisterState {
  /** Registers whose content in the register file is out of date. */
  readonly dirty: RegisterSet;
  /** Vector registers that have surely been written since they were loaded. */
  readonly written: number;
  readonly flags: FlagState;
}

export class RegisterLocals {
  readonly #code: Code;
  readonly #x = new Map<number, number>();
  readonly #v = new Map<number, number>();
  readonly #scalars = new Map<number, Scalar>();
  /** The flag operation in force and its operands, where they are kept; kind 0: N, Z, C, V are in the register file. */
  readonly #kind: number;
  readonly #operands: { readonly a: number; readonly b: number };
  /** A copy of fpFast, where the region looks at it. */
  readonly #fast: number | undefined;
  /** Registers whose content in the register file is out of date. */
  #dirtyX = 0;
  #dirtyV = 0;
  #writtenV = 0;
  /**
   * Those of the registers with numbers in them that it depends on the way whether they have been written since they
   * were loaded. The local has their bits set if they have, apart from those that were a moment ago.
   */
  readonly #undecided: { readonly bits: number; readonly local: number | undefined };
  #writtenNow = 0;
  #flags = FLAGS_HOME;

  /**
   * @param flow with the registers that have locals
   * @param scalars those of the vector registers whose locals are numbers
   * @param readsFast whether fpFast is looked at
   */
  constructor(code: Code, { used, undecided }: RegisterFlow, scalars: ScalarRegisters, readsFast: boolean) {
    this.#code = code;
    for (const n of members(used.x)) this.#x.set(n, code.local("i64"));
    this.#operands = { a: code.local("i64"), b: code.local("i64") };
    this.#kind = code.local("i32");
    for (const n of members(used.v & ~(scalars.f64 | scalars.f32))) this.#v.set(n, code.local("v128"));
    for (const type of ["f64", "f32"] as const) {
      for (const n of members(scalars[type])) {
        this.#scalars.set(n, { type, local: code.local(type) });
      }
    }
    const scalar = scalars.f64 | scalars.f32;
    this.#undecided = { bits: undecided & scalar, local: undecided & scalar ? code.local("i32") : undefined };
    this.#fast = readsFast ? code.local("i32") : undefined;
  }

  /** What is known at this place in the code. */
  get state(): RegisterState {
    return { dirty: { x: this.#dirtyX, v: this.#dirtyV }, written: this.#writtenV, flags: this.#flags };
  }
  set state({ dirty, written, flags }: RegisterState) {
    this.#writtenV = written;
    this.#dirtyX = dirty.x;
    this.#dirtyV = dirty.v;
    this.#flags = flags;
  }

  /** Bytes of the registers. */
  get size(): number {
    return 8 * this.#x.size + 16 * this.#v.size + 8 * this.#scalars.size;
  }

  /** The local of a register; of one with numbers alone in it, that of the number. */
  local(file: "x" | "v", n: number): number {
    return file === "x" ? this.#x.get(n)! : this.#scalars.get(n)?.local ?? this.#v.get(n)!;
  }

  // ---- the register file ----------------------------------------------------------------------------------------

  load({ x, v }: RegisterSet): void {
    const code = this.#code;
    for (const n of members(x)) {
      this.#loadX(n);
      code.set(this.#x.get(n)!);
    }
    for (const n of members(v)) {
      const scalar = this.#scalars.get(n);
      code.i32(0);
      code.memory(scalar ? `${scalar.type}.load` : "v128.load", ENGINE, Cpu.v + 16 * n);
      code.set(this.local("v", n));
    }
    this.#writtenNow = 0;
    if (this.#undecided.local === undefined) return;
    code.i32(0);
    code.set(this.#undecided.local);
  }
  #loadX(n: number): void {
    this.#code.i32(0);
    this.#code.memory("i64.load", ENGINE, Cpu.x + 8 * n);
  }
  loadFast(): void {
    if (this.#fast === undefined) return;
    const code = this.#code;
    code.i32(0);
    code.memory("i32.load", ENGINE, Cpu.fpFast);
    code.set(this.#fast);
  }

  /** Brings the register file up to date; on this way only. */
  store(): void {
    const code = this.#code;
    for (const n of members(this.#dirtyX)) {
      code.i32(0);
      code.get(this.#x.get(n)!);
      code.memory("i64.store", ENGINE, Cpu.x + 8 * n);
    }
    for (const n of members(this.#dirtyV)) {
      code.i32(0);
      this.#wholeVector(n);
      code.memory("v128.store", ENGINE, Cpu.v + 16 * n);
    }
    this.#storeFlags();
  }
  /**
   * Whole, so that it can be loaded whole: the host's CPU forwards one store to a load, but not two. Above a number are
   * zeros if it was written here, else what is in the register file.
   */
  #wholeVector(n: number): void {
    const code = this.#code, scalar = this.#scalars.get(n);
    if (scalar === undefined) return code.get(this.#v.get(n)!);
    if (this.#writtenV & (1 << n)) code.v128(0n);
    else {
      code.i32(0);
      code.memory("v128.load", ENGINE, Cpu.v + 16 * n);
      code.get(this.#undecided.local!);
      code.i32(n);
      code.opcode(0x76);
      code.i32(1);
      code.opcode(0x71);
      code.i32(1);
      code.opcode(0x6b);
      code.opcode(0xfd011); // i32x4.splat: all ones if it was not written
      code.opcode(0xfd04e); // v128.and
    }
    code.get(scalar.local);
    code.opcode(VECTOR_WRITE[`${scalar.type}.store`]![0]);
    code.byte(0);
  }
  /** Brings the local up to date that says which registers were written; before control goes on to other blocks. */
  noteWritten(): void {
    const code = this.#code, { bits, local } = this.#undecided, now = bits & this.#writtenNow;
    this.#writtenNow = 0;
    if (now === 0) return;
    code.get(local!);
    code.i32(now);
    code.opcode(0x72);
    code.set(local!);
  }
  #storeFlags(): void {
    const code = this.#code, { kinds, a, b, dirty } = this.#flags;
    if (kinds === 1 || !dirty) return;
    const known = KINDS.find(([, number]) => kinds === 1 << number);
    const maybeNone = (kinds & 1) !== 0;
    if (maybeNone) {
      code.get(this.#kind);
      code.byte(Op.if);
      code.byte(VOID);
    }
    code.i32(0);
    if (known) code.i32(known[1]);
    else code.get(this.#kind);
    code.memory("i32.store", ENGINE, Cpu.lazyKind);
    code.i32(0);
    this.#operand("a", a);
    code.memory("i64.store", ENGINE, Cpu.lazyA);
    code.i32(0);
    this.#operand("b", b);
    code.memory("i64.store", ENGINE, Cpu.lazyB);
    if (maybeNone) code.byte(Op.end);
  }

  /** Brings it up to date for good. */
  save(): void {
    this.store();
    this.#dirtyX = this.#dirtyV = 0;
    if (this.#flags.dirty) this.#flags = { ...this.#flags, dirty: false };
  }

  /** The register file is up to date from here on, and the flags are nowhere else. */
  comeHome(): void {
    this.#dirtyX = this.#dirtyV = this.#writtenV = 0;
    this.#flags = FLAGS_HOME;
  }

  /** Turns the i64 on the stack into one that is zero only if it is, and these registers have not changed. */
  orChanges(x: number): void {
    const code = this.#code;
    for (const n of members(x)) {
      this.#loadX(n);
      code.get(this.#x.get(n)!);
      code.opcode(0x85);
      code.opcode(0x84); // i64.or
    }
  }

  // ---- places ---------------------------------------------------------------------------------------------------

  /** Leaves what a place holds on the stack. */
  get(place: Place, load: LoadOp): void {
    const code = this.#code;
    if (place.file === "sys") {
      if (place.name === "fpFast") return code.get(this.#fast!);
      code.i32(0);
      code.memory(load, ENGINE, SYS_OFFSET[place.name]);
      return;
    }
    if (place.file === "vdyn") throw new Error("lanes are known in translated code");
    const n = place.reg as number;
    if (place.file === "x") {
      if (isZero(place)) {
        if (load === "i32.load") code.i32(0);
        else code.i64(0n);
        return;
      }
      code.get(this.#x.get(n)!);
      if (load === "i32.load") code.opcode(0xa7);
      return;
    }
    code.get(this.local("v", n));
    if (this.#scalars.has(n)) {
      if (load === "i64.load") code.opcode(0xbd);
      else if (load === "i32.load") code.opcode(0xbc);
      return;
    }
    const [opcode, lanes, extend] = VECTOR_READ[load]!;
    if (opcode === 0) return; // all of it
    code.opcode(opcode);
    code.byte(place.byte / (16 / lanes));
    if (extend) code.opcode(extend);
  }

  /** @param leave leaves the value on the stack */
  put({ place, store, clears, value }: Stmt & { readonly s: "put" }, leave: () => void): void {
    const code = this.#code;
    if (place.file === "sys") {
      code.i32(0);
      leave();
      code.memory(store, ENGINE, SYS_OFFSET[place.name]);
      if (place.name === "fpFast") this.loadFast();
      return;
    }
    if (place.file === "vdyn") throw new Error("lanes are known in translated code");
    if (isZero(place)) return;
    const n = place.reg as number;
    if (place.file === "x") {
      this.#dirtyX |= 1 << n;
      leave();
      code.set(this.#x.get(n)!);
      return;
    }
    this.#dirtyV |= 1 << n;
    const scalar = this.#scalars.get(n);
    if (scalar) {
      this.#writtenNow |= 1 << n & ~this.#writtenV;
      this.#writtenV |= 1 << n;
      return this.#putNumber(scalar, value, leave);
    }
    const local = this.#v.get(n)!;
    if (store === "v128.store") leave();
    else if (clears && value.kind === "const") code.v128(bitsOf(value));
    else {
      const [opcode, lanes, wrap] = VECTOR_WRITE[store]!;
      if (clears) code.v128(0n);
      else code.get(local);
      leave();
      if (wrap) code.opcode(0xa7);
      code.opcode(opcode);
      code.byte(place.byte / (16 / lanes));
    }
    code.set(local);
  }
  /** @param value the number or its bits: of a single one in an i64, with zeros above */
  #putNumber({ type, local }: Scalar, value: Value, leave: () => void): void {
    const code = this.#code;
    if (value.kind === "const") {
      if (type === "f64") code.f64(bitsOf(value));
      else code.f32(Number(bitsOf(value)));
    } else {
      leave();
      if (type === "f64" && value.type === "i64") code.opcode(0xbf);
      if (type === "f32" && value.type === "i64") code.opcode(0xa7);
      if (type === "f32" && value.type !== "f32") code.opcode(0xbe);
    }
    code.set(local);
  }

  // ---- flags ----------------------------------------------------------------------------------------------------

  /** Leaves an operand as an i64; of a narrow operation, the low 32 bits count. */
  #operand(which: "a" | "b", operand: Operand): void {
    const code = this.#code;
    if (operand === "kept") return code.get(this.#operands[which]);
    if ("value" in operand) return code.i64(operand.value);
    code.get(this.#x.get(operand.reg)!);
    if (operand.plus === 0n) return;
    code.i64(operand.plus);
    code.opcode(0x7c);
  }
  #keepOperand(which: "a" | "b"): void {
    const operand = this.#flags[which];
    if (operand === "kept" || this.#flags.kinds === 1) return;
    this.#operand(which, operand);
    this.#code.set(this.#operands[which]);
  }
  #keepKind(): void {
    const { kinds, kindKept } = this.#flags;
    if (kindKept) return;
    this.#code.i32(31 - Math.clz32(kinds));
    this.#code.set(this.#kind);
  }

  /**
   * Prepares for an instruction, which may write the registers that flags come from.
   *
   * @param isLive whether anything may look at the flags behind it
   */
  beforeInstruction(effect: FlagEffect, isLive: boolean): void {
    if (effect.sets === "no" && isLive) {
      const { a, b } = effect.behind(this.#flags);
      if (a === "kept") this.#keepOperand("a");
      if (b === "kept") this.#keepOperand("b");
      // Told by registers that the instruction has not yet written, the others stay as they are until it has.
      this.#flags = { ...this.#flags, a: a === "kept" ? a : this.#flags.a, b: b === "kept" ? b : this.#flags.b };
    }
  }
  behindInstruction(effect: FlagEffect): void {
    this.#flags = effect.behind(this.#flags);
  }

  /**
   * Keeps what has to be kept of an operation, the one that flags come from behind an instruction.
   *
   * @param effect of the instruction
   * @param a leaves the first operand on the stack
   * @param b leaves the second
   */
  setFlags(kind: FlagKind, effect: FlagEffect, a: () => void, b: () => void): void {
    const code = this.#code, isPlain = effect.sets === "plainly";
    if (!isPlain || effect.set.a === "kept") {
      a();
      code.set(this.#operands.a);
    }
    if (!isPlain || effect.set.b === "kept") {
      b();
      code.set(this.#operands.b);
    }
    if (isPlain) return;
    code.i32(FlagKinds[kind]);
    code.set(this.#kind);
  }

  /** Whether {@link meet} would have nothing to do. */
  meets(state: FlagState): boolean {
    const { kinds, kindKept, a, b } = this.#flags;
    return (kindKept || !state.kindKept) &&
      (kinds === 1 || ((a === "kept" || state.a !== "kept") && (b === "kept" || state.b !== "kept")));
  }
  /** Keeps what is expected to be kept where control goes. */
  meet(state: FlagState): void {
    if (state.kindKept) this.#keepKind();
    if (state.a === "kept") this.#keepOperand("a");
    if (state.b === "kept") this.#keepOperand("b");
  }
  /** Stores the flags; they are nowhere else from here on. */
  flagsComeHome(): void {
    this.#storeFlags();
    this.#flags = FLAGS_HOME;
  }

  /** Leaves 1 or 0 for a condition. */
  condition(cond: number): void {
    const code = this.#code, { kinds, kindKept, a, b } = this.#flags;
    const possible = KINDS.filter(([, number]) => kinds & (1 << number));
    const [first, second] = possible;
    if (kinds & 1 || first === undefined || possible.length > 2) {
      // Set before the region or in too many ways: found out at run time.
      if (kindKept) code.get(this.#kind);
      else code.i32(0);
      this.#operand("a", a);
      this.#operand("b", b);
      code.i32(cond);
      code.op1(Op.call, CONDITION);
      return;
    }
    const holds = ([kind]: [FlagKind, number]) => {
      const test = cond >> 1, [left, right] = test === 0 && kind.startsWith("sub") ? difference(a, b) : [a, b];
      const leave = (which: "a" | "b", operand: Operand) => {
        this.#operand(which, operand);
        if (isNarrow(kind)) code.opcode(0xa7);
      };
      emitHolds(code, kind, test, () => leave("a", left), () => leave("b", right));
    };
    holds(first);
    if (second !== undefined) {
      holds(second);
      code.get(this.#kind);
      code.i32(first[1]);
      code.opcode(0x46);
      code.opcode(0x1b); // select
    }
    if (cond & 1) code.opcode(0x45);
  }
}

/** Two operands that are equal where these are: x + 1 = 1 as x = 0. */
function difference(a: Operand, b: Operand): [Operand, Operand] {
  if (a === "kept" || b === "kept" || !("reg" in a) || !("value" in b)) return [a, b];
  return [{ reg: a.reg, plus: 0n }, { value: BigInt.asIntN(64, b.value - a.plus) }];
}
