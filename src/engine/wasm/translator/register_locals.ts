/**
 * Guest registers and flags of a region as WebAssembly locals: loaded from the register file and stored there as the
 * region asks for it, with what has changed since kept in mind along the way.
 */
import type { LoadOp, Place, StoreOp } from "../../../isa/ir/builder.ts";
import { Cpu, FlagKinds, SYS_OFFSET } from "../layout.ts";
import { type Code, Op, VOID } from "../module.ts";
import { emitHolds } from "./conditions.ts";
import { CONDITION, ENGINE } from "./linker.ts";
import { isZero, type RegisterSet, type RegisterState } from "./register_flow.ts";
import { VECTOR_READ, VECTOR_WRITE } from "./vector_parts.ts";

const KINDS = Object.entries(FlagKinds) as [keyof typeof FlagKinds, number][];

/** Numbers of the bits in a mask. */
function members(mask: number): number[] {
  const numbers: number[] = [];
  for (let rest = mask; rest !== 0; rest &= rest - 1) numbers.push(31 - Math.clz32(rest & -rest));
  return numbers;
}

export class RegisterLocals {
  readonly #code: Code;
  readonly #x = new Map<number, number>();
  readonly #v = new Map<number, number>();
  /** The flag operation in force and its operands; kind 0: N, Z, C, V are in the register file. */
  readonly #kind: number;
  readonly #a: number;
  readonly #b: number;
  /** A copy of fpFast, where the region looks at it. */
  readonly #fast: number | undefined;
  /** Registers whose content in the register file is out of date, whether the flags may be, and their possible kinds. */
  #dirtyX = 0;
  #dirtyV = 0;
  #dirtyFlags = false;
  #kinds = 1;

  /**
   * @param used registers that have locals
   * @param readsFast whether fpFast is looked at
   */
  constructor(code: Code, used: RegisterSet, readsFast: boolean) {
    this.#code = code;
    for (const n of members(used.x)) this.#x.set(n, code.local("i64"));
    this.#a = code.local("i64");
    this.#b = code.local("i64");
    this.#kind = code.local("i32");
    for (const n of members(used.v)) this.#v.set(n, code.local("v128"));
    this.#fast = readsFast ? code.local("i32") : undefined;
  }

  /** What is known at this place in the code. */
  get state(): RegisterState {
    return { dirty: { x: this.#dirtyX, v: this.#dirtyV }, dirtyFlags: this.#dirtyFlags, kinds: this.#kinds };
  }
  set state({ dirty, dirtyFlags, kinds }: RegisterState) {
    this.#dirtyX = dirty.x;
    this.#dirtyV = dirty.v;
    this.#dirtyFlags = dirtyFlags;
    this.#kinds = kinds;
  }
  /** Possible flag kinds, as bits by number (FlagKinds). */
  get kinds(): number {
    return this.#kinds;
  }
  set kinds(kinds: number) {
    this.#kinds = kinds;
  }

  /** Bytes of the registers. */
  get size(): number {
    return 8 * this.#x.size + 16 * this.#v.size;
  }

  /** The local of a register. */
  local(file: "x" | "v", n: number): number {
    return (file === "x" ? this.#x : this.#v).get(n)!;
  }

  // ---- the register file ----------------------------------------------------------------------------------------

  load({ x, v }: RegisterSet): void {
    const code = this.#code;
    for (const n of members(x)) {
      this.#loadX(n);
      code.set(this.#x.get(n)!);
    }
    for (const n of members(v)) {
      code.i32(0);
      code.memory("v128.load", ENGINE, Cpu.v + 16 * n);
      code.set(this.#v.get(n)!);
    }
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
    const code = this.#code, kinds = this.#kinds;
    for (const n of members(this.#dirtyX)) {
      code.i32(0);
      code.get(this.#x.get(n)!);
      code.memory("i64.store", ENGINE, Cpu.x + 8 * n);
    }
    for (const n of members(this.#dirtyV)) {
      code.i32(0);
      code.get(this.#v.get(n)!);
      code.memory("v128.store", ENGINE, Cpu.v + 16 * n);
    }
    if (kinds === 1 || !this.#dirtyFlags) return;
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
    for (const [local, offset] of [[this.#a, Cpu.lazyA], [this.#b, Cpu.lazyB]] as const) {
      code.i32(0);
      code.get(local);
      code.memory("i64.store", ENGINE, offset);
    }
    if (maybeNone) code.byte(Op.end);
  }

  /** Brings it up to date for good. */
  save(): void {
    this.store();
    this.#dirtyX = this.#dirtyV = 0;
    this.#dirtyFlags = false;
  }

  /** The register file is up to date from here on, and the flags are nowhere else. */
  comeHome(): void {
    this.#code.i32(0);
    this.#code.set(this.#kind);
    this.beHome();
  }
  /** The same where the local of the kind says so already. */
  beHome(): void {
    this.#dirtyX = this.#dirtyV = 0;
    this.#dirtyFlags = false;
    this.#kinds = 1;
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

  /** @param value leaves what is put on the stack */
  put(place: Place, value: () => void, store: StoreOp): void {
    const code = this.#code;
    if (place.file === "sys") {
      code.i32(0);
      value();
      code.memory(store, ENGINE, SYS_OFFSET[place.name]);
      if (place.name === "fpFast") this.loadFast();
      return;
    }
    if (place.file === "vdyn") throw new Error("lanes are known in translated code");
    if (isZero(place)) return;
    const n = place.reg as number;
    if (place.file === "x") {
      this.#dirtyX |= 1 << n;
      value();
      code.set(this.#x.get(n)!);
      return;
    }
    this.#dirtyV |= 1 << n;
    const local = this.#v.get(n)!;
    if (store === "v128.store") value();
    else {
      const [opcode, lanes, wrap] = VECTOR_WRITE[store]!;
      code.get(local);
      value();
      if (wrap) code.opcode(0xa7);
      code.opcode(opcode);
      code.byte(place.byte / (16 / lanes));
    }
    code.set(local);
  }

  // ---- flags ----------------------------------------------------------------------------------------------------

  /** Makes an operation, whose operands are on the stack, the one that the flags come from. */
  setFlags(kind: keyof typeof FlagKinds): void {
    const code = this.#code;
    code.set(this.#b);
    code.set(this.#a);
    code.i32(FlagKinds[kind]);
    code.set(this.#kind);
    this.#kinds = 1 << FlagKinds[kind];
    this.#dirtyFlags = true;
  }

  /** Leaves 1 or 0 for a condition. */
  condition(cond: number): void {
    const code = this.#code, kinds = this.#kinds;
    const possible = KINDS.filter(([, number]) => kinds & (1 << number));
    const [first, second] = possible;
    if (kinds & 1 || first === undefined || possible.length > 2) {
      // Set before the region or in too many ways: found out at run time.
      code.get(this.#kind);
      code.get(this.#a);
      code.get(this.#b);
      code.i32(cond);
      code.op1(Op.call, CONDITION);
      return;
    }
    emitHolds(code, first[0], cond >> 1, this.#a, this.#b);
    if (second !== undefined) {
      emitHolds(code, second[0], cond >> 1, this.#a, this.#b);
      code.get(this.#kind);
      code.i32(first[1]);
      code.opcode(0x46);
      code.opcode(0x1b); // select
    }
    if (cond & 1) code.opcode(0x45);
  }
}
