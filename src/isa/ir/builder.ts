/**
 * The effectful half of the intermediate representation: what an instruction does, in order.
 *
 * A `lift` function is called with a Builder and describes one instruction once. It names its operands by the field
 * names of the encoding (`b.x("Rn")`), never by number, so the same function serves two users: for the interpreter
 * the register fields are open and are read from the predecoded record; for translated code they are known.
 *
 * State is read and written by statements in program order; every read is bound to a local at once, so an
 * expression built from it may be used after the register was overwritten. Guest memory is touched in two steps:
 * {@link Builder.access} checks rights, alignment and page crossing for a whole range and may leave the instruction
 * with a fault; the loads and stores behind it cannot fail. Do all accesses before the first register write: then a
 * fault leaves the registers as they were (Arm ARM D1.3.1, precise exceptions).
 */
import { c32, c64, type F32, type F64, type I32, i32, type I64, i64, type Local, select, type Type } from "./ops.ts";
import type { V128, Value } from "./ops.ts";
import type { Helper } from "./helper.ts";

/** A register operand: its number, or the field of the encoding that holds it (plus a constant, modulo 32). */
export type Reg = number | { readonly field: string; readonly plus: number };

/** Storage of one thread that is not a general or vector register. */
export type SysPlace =
  | "nf" // i64: bit 63 is N
  | "zf" // i64: Z is "equals zero"
  | "cf" // i32: C, 0 or 1
  | "vf" // i64: bit 63 is V
  | "fpcr" // i32
  | "fpsr" // i32
  | "fpFast" // i32: 1 while plain host arithmetic is exact, FPCR being zero and FPSR.IXC already set; else 0
  | "tpidr" // i64
  | "pstate" // i32: bits of PSTATE beside N, Z, C, V, in their places
  | "exclAddr" // i64: address of the exclusive monitor
  | "exclSize"; // i32: bytes marked exclusive, 0 when the monitor is open

export type Place =
  | { readonly file: "x"; readonly reg: Reg; /** What register 31 means. */ readonly r31: "zr" | "sp" | "any" }
  | { readonly file: "v"; readonly reg: Reg; /** Byte offset within the register, for lanes. */ readonly byte: number }
  /** A lane whose number is only known at run time in the interpreter: register and byte offset as an i32 value. */
  | { readonly file: "vdyn"; readonly reg: Reg; readonly byte: I32 }
  | { readonly file: "sys"; readonly name: SysPlace };

/** WebAssembly memory instructions usable on guest memory and on the register file. */
export type LoadOp =
  | "i32.load"
  | "i64.load"
  | "f32.load"
  | "f64.load"
  | "i32.load8_s"
  | "i32.load8_u"
  | "i32.load16_s"
  | "i32.load16_u"
  | "i64.load8_s"
  | "i64.load8_u"
  | "i64.load16_s"
  | "i64.load16_u"
  | "i64.load32_s"
  | "i64.load32_u"
  | "v128.load"
  | "v128.load64_zero"
  | "v128.load8_splat"
  | "v128.load16_splat"
  | "v128.load32_splat"
  | "v128.load64_splat";
export type StoreOp =
  | "i32.store"
  | "i64.store"
  | "f32.store"
  | "f64.store"
  | "i32.store8"
  | "i32.store16"
  | "i64.store8"
  | "i64.store16"
  | "i64.store32"
  | "v128.store";

/** Why an instruction leaves to the host. */
export type ExitReason = "svc" | "brk" | "undefined" | "ic";

export type Stmt =
  | { readonly s: "set"; readonly local: Local; readonly value: Value }
  | { readonly s: "get"; readonly local: Local; readonly place: Place; readonly load: LoadOp }
  | {
    readonly s: "put";
    readonly place: Place;
    readonly value: Value;
    readonly store: StoreOp;
    /** Whether the rest of a vector register becomes zero, from builders that say so; others store the zeros. */
    readonly clears?: true;
  }
  | { readonly s: "imm"; readonly local: Local; readonly name: string }
  | { readonly s: "pc"; readonly local: Local<"i64"> }
  | {
    readonly s: "access";
    readonly local: Local<"i64">;
    readonly address: I64;
    readonly size: number;
    readonly mode: "r" | "w";
    readonly aligned: boolean;
  }
  | { readonly s: "spcheck"; readonly reg: Reg; readonly value: I64 }
  | { readonly s: "load"; readonly local: Local; readonly address: I64; readonly offset: number; readonly load: LoadOp }
  | {
    readonly s: "store";
    readonly address: I64;
    readonly offset: number;
    readonly store: StoreOp;
    readonly value: Value;
  }
  | { readonly s: "fill"; readonly address: I64; readonly size: number }
  | { readonly s: "if"; readonly cond: I32; readonly then: Stmt[]; readonly else: Stmt[]; readonly likely?: boolean }
  | { readonly s: "loop"; readonly body: Stmt[] }
  /** Leaves the innermost loop. */
  | { readonly s: "break" }
  | { readonly s: "call"; readonly helper: Helper; readonly args: readonly Value[]; readonly results: readonly Local[] }
  | { readonly s: "return"; readonly values: readonly Value[] }
  | { readonly s: "now"; readonly local: Local<"i64"> }
  | { readonly s: "exit"; readonly reason: ExitReason; readonly value: I64 }
  | { readonly s: "jump"; readonly target: I64; readonly kind: "jump" | "call" | "return" }
  | { readonly s: "branch"; readonly name: string; readonly kind: "jump" | "call" }
  // Flags as operations, from builders that keep them so (see flagsAdd and friends); others store N, Z, C, V.
  | { readonly s: "flags"; readonly kind: FlagKind; readonly a: I64; readonly b: I64 }
  | { readonly s: "cond"; readonly local: Local<"i32">; readonly cond: number }
  | { readonly s: "nzcv"; readonly local: Local<"i32"> };

/** An operation that sets flags: N, Z, C, V are those of `a op b`, or given in bits 3..0 of `a`. */
export type FlagKind = "add32" | "add64" | "sub32" | "sub64" | "logic32" | "logic64" | "nzcv";

/** A thread of statements under construction. Concrete builders give fields their meaning. */
export abstract class Builder {
  /** Types of the locals, by index. */
  readonly locals: Type[] = [];
  /** The list that statements are appended to. */
  body: Stmt[] = [];

  /** Whether `relaxed_madd` rounds once on this host; false where the code may move to another. */
  get fusesMadd(): boolean {
    return false;
  }
  /** The value of a field that selects the variant (listed in the row's `vary`), or of any field when all are known. */
  abstract num(field: string): number;
  /** Whether two fields are known to name the same register. */
  same(_a: string, _b: string): boolean {
    return false;
  }
  /** A register operand for the field. */
  protected abstract reg(field: string, plus: number): Reg;

  // ---- locals and control -------------------------------------------------------------------------------------

  local<T extends Type>(type: T): Local<T> {
    this.locals.push(type);
    return { kind: "local", type, index: this.locals.length - 1 };
  }
  /** Evaluates now and gives the result a name: for values used several times, or mutable with {@link set}. */
  let<T extends Type>(value: Value<T>): Local<T> {
    const local = this.local(value.type as T);
    this.body.push({ s: "set", local, value });
    return local;
  }
  set<T extends Type>(local: Local<T>, value: Value<T>): void {
    this.body.push({ s: "set", local, value });
  }
  /**
   * @param likely whether the condition holds nearly always, or nearly never; undefined if either may be. It is 1 or 0
   *   then, and so are the sides of each `i32.and` in it that is a conjunction
   */
  if(cond: I32, then: () => void, otherwise?: () => void, likely?: boolean): void {
    if (cond.kind === "const") {
      if (cond.value !== 0) then();
      else otherwise?.();
      return;
    }
    const outer = this.body;
    const stmt: Stmt = { s: "if", cond, then: [], else: [], ...(likely === undefined ? {} : { likely }) };
    outer.push(stmt);
    this.body = stmt.then;
    then();
    this.body = stmt.else;
    otherwise?.();
    this.body = outer;
  }
  /** `cond ? then() : otherwise()` where only one side is evaluated. @param likely as of {@link if} */
  choose<T extends Type>(
    cond: I32,
    type: T,
    then: () => Value<T>,
    otherwise: () => Value<T>,
    likely?: boolean,
  ): Value<T> {
    if (cond.kind === "const") return cond.value !== 0 ? then() : otherwise();
    const result = this.local(type);
    this.if(cond, () => this.set(result, then()), () => this.set(result, otherwise()), likely);
    return result;
  }
  /** What a short way gives where it may be taken, which is nearly always; else a long one. @param may as of {@link if} */
  shortcut<T extends Type>(may: I32, type: T, short: () => Value<T>, long: () => Value<T>): Value<T> {
    return this.choose(may, type, short, long, true);
  }
  /** Repeats the body until {@link break}. Only for helpers and bounded work inside one instruction. */
  loop(body: () => void): void {
    const outer = this.body;
    const stmt: Stmt = { s: "loop", body: [] };
    outer.push(stmt);
    this.body = stmt.body;
    body();
    this.body = outer;
  }
  break(): void {
    this.body.push({ s: "break" });
  }
  /** Calls a helper with one result. */
  call<T extends Type>(helper: Helper<T>, ...args: Value[]): Value<T> {
    const results = helper.results.map((type) => this.local(type));
    this.body.push({ s: "call", helper, args, results });
    return results[0] as Value<T>;
  }
  /** Calls a helper with any number of results. */
  callMany(helper: Helper, ...args: Value[]): Value[] {
    const results = helper.results.map((type) => this.local(type));
    this.body.push({ s: "call", helper, args, results });
    return results;
  }
  /** Helpers only: leaves with these results. */
  return(...values: Value[]): void {
    this.body.push({ s: "return", values });
  }

  // ---- operands -----------------------------------------------------------------------------------------------

  /** An immediate by field name, or by a name of the row's `imm`, as i64. */
  imm64(name: string): I64 {
    const local = this.local("i64");
    this.body.push({ s: "imm", local, name });
    return local;
  }
  /** An immediate as i32. */
  imm32(name: string): I32 {
    const local = this.local("i32");
    this.body.push({ s: "imm", local, name });
    return local;
  }

  #get<T extends Type>(type: T, place: Place, load: LoadOp): Local<T> {
    const local = this.local(type);
    this.body.push({ s: "get", local, place, load });
    return local;
  }
  #put(place: Place, value: Value, store: StoreOp): void {
    this.body.push({ s: "put", place, value, store });
  }
  #x(field: string, plus: number, r31: "zr" | "sp" | "any"): Place {
    return { file: "x", reg: this.reg(field, plus), r31 };
  }

  /** 64-bit general register; 31 is ZR. */
  x(field: string, plus = 0): I64 {
    return this.#get("i64", this.#x(field, plus, "zr"), "i64.load");
  }
  /** 32-bit general register; 31 is ZR. */
  w(field: string, plus = 0): I32 {
    return this.#get("i32", this.#x(field, plus, "zr"), "i32.load");
  }
  /** 64-bit general register; 31 is SP. */
  xsp(field: string): I64 {
    return this.#get("i64", this.#x(field, 0, "sp"), "i64.load");
  }
  wsp(field: string): I32 {
    return this.#get("i32", this.#x(field, 0, "sp"), "i32.load");
  }
  /** The old content of a destination of which a part stays; unspecified for ZR, where the result is dropped anyway. */
  xOld(field: string): I64 {
    return this.#get("i64", this.#x(field, 0, "any"), "i64.load");
  }
  wOld(field: string): I32 {
    return this.#get("i32", this.#x(field, 0, "any"), "i32.load");
  }
  /** A base register of a memory access: 31 is SP, which must then be 16-byte aligned (SCTLR_EL1.SA0, set by Linux). */
  base(field: string): I64 {
    const value = this.xsp(field);
    this.body.push({ s: "spcheck", reg: this.reg(field, 0), value });
    return value;
  }
  setX(field: string, value: I64, plus = 0): void {
    this.#put(this.#x(field, plus, "zr"), value, "i64.store");
  }
  /** Writes a W register: zero-extends. */
  setW(field: string, value: I32, plus = 0): void {
    this.#put(this.#x(field, plus, "zr"), i64.extend_u(value), "i64.store");
  }
  setXsp(field: string, value: I64): void {
    this.#put(this.#x(field, 0, "sp"), value, "i64.store");
  }
  setWsp(field: string, value: I32): void {
    this.#put(this.#x(field, 0, "sp"), i64.extend_u(value), "i64.store");
  }
  /** X30, written by calls. */
  setLink(value: I64): void {
    this.#put({ file: "x", reg: 30, r31: "zr" }, value, "i64.store");
  }

  #v(field: string, plus: number, byte = 0): Place {
    return { file: "v", reg: this.reg(field, plus), byte };
  }
  /** Whole vector register. `plus` counts on from the field, modulo 32 (register lists). */
  v(field: string, plus = 0): V128 {
    return this.#get("v128", this.#v(field, plus), "v128.load");
  }
  /** Low 64 bits of a vector register, upper half zero. */
  vlow(field: string, plus = 0): V128 {
    return this.#get("v128", this.#v(field, plus), "v128.load64_zero");
  }
  setV(field: string, value: V128, plus = 0): void {
    this.#put(this.#v(field, plus), value, "v128.store");
  }
  /** Scalar parts of a vector register, as floats and as integers. */
  d(field: string): F64 {
    return this.#get("f64", this.#v(field, 0), "f64.load");
  }
  s(field: string): F32 {
    return this.#get("f32", this.#v(field, 0), "f32.load");
  }
  /** Low 64 bits (or the 64 bits at `byte`) as an integer. */
  dbits(field: string, byte = 0, plus = 0): I64 {
    return this.#get("i64", this.#v(field, plus, byte), "i64.load");
  }
  sbits(field: string, byte = 0): I32 {
    return this.#get("i32", this.#v(field, 0, byte), "i32.load");
  }
  hbits(field: string, byte = 0): I32 {
    return this.#get("i32", this.#v(field, 0, byte), "i32.load16_u");
  }
  bbits(field: string, byte = 0): I32 {
    return this.#get("i32", this.#v(field, 0, byte), "i32.load8_u");
  }
  /** Scalar writes clear the rest of the register (Arm ARM C1.2.5... "writes to a scalar register zero the upper bits"). */
  setD(field: string, value: F64): void {
    this.putScalar(field, value, "f64.store");
  }
  setS(field: string, value: F32): void {
    this.putScalar(field, value, "f32.store");
  }
  setDbits(field: string, value: I64): void {
    this.putScalar(field, value, "i64.store");
  }
  /** Writes an integer of at most 32 significant bits (already zero-extended) as S, H or B register. */
  setSbits(field: string, value: I32): void {
    this.putScalar(field, value, "i32.store");
  }
  protected putScalar(field: string, value: Value, store: StoreOp): void {
    const wide = value.type === "f64" || value.type === "i64";
    this.#put(this.#v(field, 0), value, store);
    if (!wide) this.#put(this.#v(field, 0, 4), c32(0), "i32.store");
    this.#put(this.#v(field, 0, 8), c64(0), "i64.store");
  }
  /** One element as an unsigned integer in an i64, at a lane that may be open (`lane` is an i32 value). */
  lane(field: string, esize: 8 | 16 | 32 | 64, lane: I32, plus = 0): I64 {
    const load: LoadOp = esize === 64
      ? "i64.load"
      : esize === 32
      ? "i64.load32_u"
      : esize === 16
      ? "i64.load16_u"
      : "i64.load8_u";
    return this.#get("i64", this.#vdyn(field, esize, lane, plus), load);
  }
  laneSigned(field: string, esize: 8 | 16 | 32 | 64, lane: I32): I64 {
    const load: LoadOp = esize === 64
      ? "i64.load"
      : esize === 32
      ? "i64.load32_s"
      : esize === 16
      ? "i64.load16_s"
      : "i64.load8_s";
    return this.#get("i64", this.#vdyn(field, esize, lane), load);
  }
  /** Writes one element, leaving the others. */
  setLane(field: string, esize: 8 | 16 | 32 | 64, lane: I32, value: I64, plus = 0): void {
    const store: StoreOp = esize === 64
      ? "i64.store"
      : esize === 32
      ? "i64.store32"
      : esize === 16
      ? "i64.store16"
      : "i64.store8";
    this.#put(this.#vdyn(field, esize, lane, plus), value, store);
  }
  #vdyn(field: string, esize: number, lane: I32, plus = 0): Place {
    const reg = this.reg(field, plus);
    if (lane.kind === "const") return { file: "v", reg, byte: (lane.value as number) * (esize / 8) };
    return { file: "vdyn", reg, byte: i32.mul(lane, c32(esize / 8)) };
  }

  sys(name: "cf" | "fpcr" | "fpsr" | "fpFast" | "pstate" | "exclSize"): I32 {
    return this.#get("i32", { file: "sys", name }, "i32.load");
  }
  sys64(name: "nf" | "zf" | "vf" | "tpidr" | "exclAddr"): I64 {
    return this.#get("i64", { file: "sys", name }, "i64.load");
  }
  setSys(name: SysPlace, value: Value): void {
    this.#put({ file: "sys", name }, value, value.type === "i64" ? "i64.store" : "i32.store");
  }

  // ---- flags --------------------------------------------------------------------------------------------------

  /** NZCV of `result = a + b (+ carry)` on `bits`-wide values; 32-bit values are i32. */
  flagsAdd(a: I32 | I64, b: I32 | I64, result: I32 | I64, carryOut?: I32): void {
    this.#nz(result);
    if (result.type === "i32") {
      const [p, q, r] = [a as I32, b as I32, result as I32];
      this.setSys("cf", carryOut ?? i32.lt_u(r, p));
      this.setSys("vf", i64.extend_s(i32.and(i32.xor(p, r), i32.xor(q, r))));
    } else {
      const [p, q, r] = [a as I64, b as I64, result as I64];
      this.setSys("cf", carryOut ?? i64.lt_u(r, p));
      this.setSys("vf", i64.and(i64.xor(p, r), i64.xor(q, r)));
    }
  }
  /** NZCV of `result = a - b`. */
  flagsSub(a: I32 | I64, b: I32 | I64, result: I32 | I64): void {
    this.#nz(result);
    if (result.type === "i32") {
      const [p, q, r] = [a as I32, b as I32, result as I32];
      this.setSys("cf", i32.ge_u(p, q));
      this.setSys("vf", i64.extend_s(i32.and(i32.xor(p, q), i32.xor(p, r))));
    } else {
      const [p, q, r] = [a as I64, b as I64, result as I64];
      this.setSys("cf", i64.ge_u(p, q));
      this.setSys("vf", i64.and(i64.xor(p, q), i64.xor(p, r)));
    }
  }
  /** N and Z of the result, C and V clear. */
  flagsLogic(result: I32 | I64): void {
    this.#nz(result);
    this.setSys("cf", c32(0));
    this.setSys("vf", c64(0));
  }
  #nz(result: I32 | I64): void {
    const wide = this.let(result.type === "i32" ? i64.extend_s(result as I32) : result as I64);
    this.setSys("nf", wide);
    this.setSys("zf", wide);
  }
  /** NZCV from bits 3..0 of a value. */
  flagsNzcv(nzcv: I32): void {
    const wide = this.let(i64.extend_u(nzcv));
    this.setSys("nf", i64.shl(wide, c64(60)));
    this.setSys("zf", i64.extend_u(i32.eqz(i32.and(nzcv, c32(4)))));
    this.setSys("cf", i32.and(i32.shr_u(nzcv, c32(1)), c32(1)));
    this.setSys("vf", i64.shl(wide, c64(63)));
  }
  /** NZCV in bits 3..0. */
  nzcv(): I32 {
    const bit = (v: I64) => i32.wrap(i64.shr_u(v, c64(63)));
    return this.let(i32.or(
      i32.or(
        i32.shl(bit(this.sys64("nf")), c32(3)),
        i32.shl(i64.eqz(this.sys64("zf")), c32(2)),
      ),
      i32.or(i32.shl(this.sys("cf"), c32(1)), bit(this.sys64("vf"))),
    ));
  }
  /** ConditionHolds() of Arm ARM J1.1.3 for a condition known now: 1 or 0. */
  condition(cond: number): I32 {
    let holds: I32;
    switch (cond >> 1) {
      case 0: // EQ, NE
        holds = i64.eqz(this.sys64("zf"));
        break;
      case 1: // CS, CC
        holds = this.sys("cf");
        break;
      case 2: // MI, PL
        holds = i64.lt_s(this.sys64("nf"), c64(0));
        break;
      case 3: // VS, VC
        holds = i64.lt_s(this.sys64("vf"), c64(0));
        break;
      case 4: // HI, LS
        holds = i32.and(this.sys("cf"), i64.ne(this.sys64("zf"), c64(0)));
        break;
      case 5: // GE, LT
        holds = i64.ge_s(i64.xor(this.sys64("nf"), this.sys64("vf")), c64(0));
        break;
      case 6: // GT, LE
        holds = i32.and(
          i64.ge_s(i64.xor(this.sys64("nf"), this.sys64("vf")), c64(0)),
          i64.ne(this.sys64("zf"), c64(0)),
        );
        break;
      default: // AL, and NV which behaves as AL
        return c32(1);
    }
    return cond & 1 ? i32.eqz(holds) : holds;
  }

  // ---- memory -------------------------------------------------------------------------------------------------

  /**
   * Checks that `size` bytes at `address` may be read or written (a write needs no separate read check) and returns
   * the address for {@link load} and {@link store}; leaves with a fault otherwise.
   *
   * @param aligned the access must be aligned to its size, else an alignment fault (ordered and exclusive accesses
   *   without FEAT_LSE2; Arm ARM B2.8.2)
   */
  access(address: I64, size: number, mode: "r" | "w", aligned = false): I64 {
    const local = this.local("i64");
    this.body.push({ s: "access", local, address, size, mode, aligned });
    return local;
  }
  load<T extends Type>(type: T, checked: I64, offset: number, load: LoadOp): Value<T> {
    const local = this.local(type);
    this.body.push({ s: "load", local, address: checked, offset, load });
    return local;
  }
  store(checked: I64, offset: number, store: StoreOp, value: Value): void {
    this.body.push({ s: "store", address: checked, offset, store, value });
  }
  /** Zeroes `size` bytes (DC ZVA). */
  fill(checked: I64, size: number): void {
    this.body.push({ s: "fill", address: checked, size });
  }

  // ---- control flow -------------------------------------------------------------------------------------------

  /** Address of this instruction. */
  pc(): I64 {
    const local = this.local("i64");
    this.body.push({ s: "pc", local });
    return local;
  }
  /** Goes to pc + immediate `name` (bytes). Ends this path of the instruction. */
  branch(name: string, kind: "jump" | "call" = "jump"): void {
    this.body.push({ s: "branch", name, kind });
  }
  /** Goes to an address. Ends this path of the instruction. */
  jump(target: I64, kind: "jump" | "call" | "return"): void {
    this.body.push({ s: "jump", target, kind });
  }
  /** Leaves to the host: `svc` and `ic` with pc behind the instruction, the others with pc at it. */
  exit(reason: ExitReason, value: I64 = c64(0)): void {
    this.body.push({ s: "exit", reason, value });
  }
  /** CNTVCT_EL0. */
  now(): I64 {
    const local = this.local("i64");
    this.body.push({ s: "now", local });
    return local;
  }

  /** Reads a general register at the width given by `sf`, as i64 or i32. */
  r(field: string, sf: number): I32 | I64 {
    return sf ? this.x(field) : this.w(field);
  }
  /** Writes a general register at the width of the value. */
  setR(field: string, value: I32 | I64): void {
    if (value.type === "i64") this.setX(field, value as I64);
    else this.setW(field, value as I32);
  }
}

export { select };
