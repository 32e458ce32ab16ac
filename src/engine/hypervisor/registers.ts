/** A guest thread's registers: its frame in guest memory. The FP ones may still be in a vCPU. */
import { Pstate } from "../../isa/a64/el1.ts";
import type { Registers } from "../engine.ts";
import { Frame } from "./layout.ts";
import type { Ram } from "./ram.ts";

const TWO32 = 2 ** 32;

/** Where FP registers are while a thread's vCPU has not been taken by another thread. */
export interface FpHolder {
  /** Puts a frame's FP registers into it, if a vCPU holds them. */
  spill(frame: number): void;
  /** The frame's FP registers have been written: the vCPU must load them. */
  reload(frame: number): void;
}

export class HypervisorRegisters implements Registers {
  readonly #ram: Ram;
  readonly #u32: Uint32Array;
  readonly #u64: BigUint64Array;

  /** @param frame offset in guest memory */
  constructor(ram: Ram, private readonly holder: FpHolder, readonly frame: number) {
    this.#ram = ram;
    this.#u32 = ram.u32;
    this.#u64 = ram.u64;
  }

  #get(offset: number): bigint {
    return this.#u64[(this.frame + offset) / 8]!;
  }
  #set(offset: number, value: bigint): void {
    this.#u64[(this.frame + offset) / 8] = value;
  }
  x(n: number): bigint {
    return this.#get(Frame.x + 8 * n);
  }
  setX(n: number, value: bigint | number): void {
    if (typeof value === "bigint") return this.#set(Frame.x + 8 * n, value);
    const at = (this.frame + Frame.x + 8 * n) / 4;
    // Two's complement of a negative result works out too: the high word is the floor of the quotient.
    this.#u32[at] = value % TWO32;
    this.#u32[at + 1] = Math.floor(value / TWO32);
  }
  xu(n: number): number {
    const at = (this.frame + Frame.x + 8 * n) / 4;
    return this.#u32[at]! + this.#u32[at + 1]! * TWO32;
  }
  xi(n: number): number {
    return this.#u32[(this.frame + Frame.x + 8 * n) / 4]! | 0;
  }
  get sp(): bigint {
    return this.#get(Frame.sp);
  }
  set sp(value: bigint) {
    this.#set(Frame.sp, value);
  }
  get pc(): bigint {
    return this.#get(Frame.pc);
  }
  set pc(value: bigint) {
    this.#set(Frame.pc, value);
  }
  get tpidr(): bigint {
    return this.#get(Frame.tpidr);
  }
  set tpidr(value: bigint) {
    this.#set(Frame.tpidr, value);
  }
  /** SPSR_EL1, low word. */
  get pstate(): number {
    return this.#u32[(this.frame + Frame.pstate) / 4]!;
  }
  set pstate(value: number) {
    this.#u32[(this.frame + Frame.pstate) / 4] = value;
  }
  get nzcv(): number {
    return (this.pstate & Pstate.NZCV) >>> 0;
  }
  set nzcv(value: number) {
    // What follows is not the continuation of a branch or a step.
    const kept = this.pstate & ~(Pstate.NZCV | Pstate.BTYPE | Pstate.SS | Pstate.IL);
    this.pstate = (kept | value & Pstate.NZCV) >>> 0;
  }
  get flags(): number {
    return (this.pstate & (Pstate.NZCV | Pstate.DIT | Pstate.SSBS)) >>> 0;
  }
  set flags(value: number) {
    this.nzcv = value;
    const own = Pstate.DIT | Pstate.SSBS;
    this.pstate = ((this.pstate & ~own) | (value & own)) >>> 0;
  }
  get fpcr(): number {
    this.holder.spill(this.frame);
    return this.#u32[(this.frame + Frame.fpcr) / 4]!;
  }
  set fpcr(value: number) {
    this.#writeFp(() => this.#set(Frame.fpcr, BigInt(value >>> 0)));
  }
  get fpsr(): number {
    this.holder.spill(this.frame);
    return this.#u32[(this.frame + Frame.fpsr) / 4]!;
  }
  set fpsr(value: number) {
    this.#writeFp(() => this.#set(Frame.fpsr, BigInt(value >>> 0)));
  }
  readX(into: Uint8Array): void {
    into.set(this.#ram.u8.subarray(this.frame + Frame.x, this.frame + Frame.x + 248));
  }
  writeX(from: Uint8Array): void {
    this.#ram.u8.set(from.subarray(0, 248), this.frame + Frame.x);
  }
  readV(into: Uint8Array): void {
    this.holder.spill(this.frame);
    into.set(this.#ram.u8.subarray(this.frame + Frame.v, this.frame + Frame.v + 512));
  }
  writeV(from: Uint8Array): void {
    this.#writeFp(() => this.#ram.u8.set(from.subarray(0, 512), this.frame + Frame.v));
  }
  #writeFp(write: () => void): void {
    this.holder.spill(this.frame);
    write();
    this.holder.reload(this.frame);
  }
  copyFrom(other: Registers): void {
    const { frame } = other as HypervisorRegisters;
    this.holder.spill(frame);
    this.#ram.u8.copyWithin(this.frame, frame, frame + Frame.size);
    this.holder.reload(this.frame);
  }
  reset(): void {
    this.#ram.u8.fill(0, this.frame, this.frame + Frame.size);
    this.holder.reload(this.frame);
  }
}
