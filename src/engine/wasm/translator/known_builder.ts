/** The builder of translated code: all fields known, flags kept as the operation that sets them. */
import { Builder, type FlagKind, type Reg, type StoreOp } from "../../../isa/ir/builder.ts";
import { c32, c64, type I32, i32, type I64, i64, type V128, type Value } from "../../../isa/ir/ops.ts";
import type { Decoded } from "../../../isa/a64/decode.ts";
import { lowHalf } from "../../../isa/a64/lanes.ts";
import { FUSES_MADD } from "./host_fma.ts";

/** Thrown while lifting an instruction that translated code leaves to the interpreter. */
export class Untranslatable extends Error {}

const FLAG_PLACES = new Set(["nf", "zf", "cf", "vf"]);

export class KnownBuilder extends Builder {
  constructor(readonly decoded: Decoded, readonly address: number) {
    super();
  }

  override get fusesMadd(): boolean {
    return FUSES_MADD;
  }
  num(field: string): number {
    return this.decoded.fields[field]!;
  }
  override same(a: string, b: string): boolean {
    return this.num(a) === this.num(b);
  }
  protected reg(field: string, plus: number): Reg {
    return (this.decoded.fields[field]! + plus) & 31;
  }
  #immediate(name: string): number | bigint {
    return this.decoded.row.immediates[name]!.of(this.decoded.fields);
  }
  override imm64(name: string): I64 {
    return c64(this.#immediate(name));
  }
  override imm32(name: string): I32 {
    return c32(Number(BigInt.asIntN(32, BigInt(this.#immediate(name)))));
  }
  override pc(): I64 {
    return c64(this.address);
  }

  override x(field: string, plus = 0): I64 {
    return this.reg(field, plus) === 31 ? c64(0) : super.x(field, plus);
  }
  override w(field: string, plus = 0): I32 {
    return this.reg(field, plus) === 31 ? c32(0) : super.w(field, plus);
  }
  override vlow(field: string, plus = 0): V128 {
    return lowHalf(this.v(field, plus));
  }
  /** Zeros for a number are often those of a whole vector (MOVI V0.2D, #0). */
  override setV(field: string, value: V128, plus = 0): void {
    const isNumber = value.kind === "const" && (value.value as bigint) >> 64n === 0n;
    if (isNumber && plus === 0) this.setDbits(field, c64(value.value));
    else super.setV(field, value, plus);
  }
  protected override putScalar(field: string, value: Value, store: StoreOp): void {
    this.body.push({ s: "put", place: { file: "v", reg: this.reg(field, 0), byte: 0 }, value, store, clears: true });
  }
  override xOld(field: string): I64 {
    return this.x(field);
  }
  override wOld(field: string): I32 {
    return this.w(field);
  }

  #flags(kind: FlagKind, a: I64, b: I64): void {
    this.body.push({ s: "flags", kind, a, b });
  }
  #wide(value: I32 | I64): I64 {
    return value.type === "i64" ? value as I64 : i64.extend_u(value as I32);
  }
  override flagsAdd(a: I32 | I64, b: I32 | I64, result: I32 | I64, carryOut?: I32): void {
    if (carryOut === undefined) {
      return this.#flags(a.type === "i64" ? "add64" : "add32", this.#wide(a), this.#wide(b));
    }
    // With a carry in there is no pair of operands to keep: pack the bits.
    const bits = a.type === "i64" ? 63 : 31;
    const [p, q, r] = [this.#wide(a), this.#wide(b), this.let(this.#wide(result))];
    const bit = (value: I64): I32 => i32.and(i32.wrap(i64.shr_u(value, c64(bits))), c32(1));
    const overflow = bit(i64.and(i64.xor(p, r), i64.xor(q, r)));
    const packed = i32.or(
      i32.or(i32.shl(bit(r), c32(3)), i32.shl(i64.eqz(r), c32(2))),
      i32.or(i32.shl(carryOut, c32(1)), overflow),
    );
    this.#flags("nzcv", i64.extend_u(packed), c64(0));
  }
  override flagsSub(a: I32 | I64, b: I32 | I64): void {
    this.#flags(a.type === "i64" ? "sub64" : "sub32", this.#wide(a), this.#wide(b));
  }
  override flagsLogic(result: I32 | I64): void {
    this.#flags(result.type === "i64" ? "logic64" : "logic32", this.#wide(result), c64(0));
  }
  override flagsNzcv(nzcv: I32): void {
    this.#flags("nzcv", i64.extend_u(nzcv), c64(0));
  }
  override nzcv(): I32 {
    const local = this.local("i32");
    this.body.push({ s: "nzcv", local });
    return local;
  }
  override condition(cond: number): I32 {
    if (cond >> 1 === 7) return c32(1);
    const local = this.local("i32");
    this.body.push({ s: "cond", local, cond });
    return local;
  }
  override sys(name: "cf" | "fpcr" | "fpsr" | "fpFast" | "pstate" | "exclSize"): I32 {
    return name === "cf" ? this.condition(2) : super.sys(name);
  }
  override sys64(name: "nf" | "zf" | "vf" | "tpidr" | "exclAddr"): I64 {
    if (FLAG_PLACES.has(name)) throw new Untranslatable();
    return super.sys64(name);
  }
  override setSys(name: Parameters<Builder["setSys"]>[0], value: Parameters<Builder["setSys"]>[1]): void {
    if (FLAG_PLACES.has(name)) throw new Untranslatable();
    super.setSys(name, value);
  }
  override now(): I64 {
    throw new Untranslatable();
  }
  override exit(): void {
    throw new Untranslatable();
  }
}
