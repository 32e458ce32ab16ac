/** A guest thread's processor: its register file in engine memory, and the loop around the interpreter. */
import type { Access, AddressSpace, Cpu as CpuInterface, Exit, Registers } from "../engine.ts";
import { PSTATE_DIT, PSTATE_SSBS } from "../../isa/a64/features.ts";
import { FPCR_BITS, FPSR_BITS } from "../../isa/a64/fp_status.ts";
import type { WasmAddressSpace } from "./address_space.ts";
import { Code, Cpu as At, GUEST_LIMIT, PageBits } from "./layout.ts";
import type { EngineMemory, RegisterFile } from "./memory.ts";

const TWO32 = 2 ** 32;

/** Runs of fewer instructions are interpreted to the last one. */
const EXACT = 4096;

export class WasmRegisters implements Registers, RegisterFile {
  readonly #m: EngineMemory;
  base: number;

  constructor(memory: EngineMemory, readonly home: number) {
    this.#m = memory;
    this.base = home;
  }
  #get(offset: number): bigint {
    return BigInt.asUintN(64, this.#m.i64[(this.base + offset) >> 3]!);
  }
  #set(offset: number, value: bigint): void {
    this.#m.i64[(this.base + offset) >> 3] = value;
  }
  x(n: number): bigint {
    return this.#get(n * 8);
  }
  setX(n: number, value: bigint | number): void {
    if (typeof value === "bigint") return this.#set(n * 8, value);
    const at = (this.base + n * 8) >> 2;
    // Two's complement of a negative result works out too: the high word is the floor of the quotient.
    this.#m.i32[at] = value % TWO32;
    this.#m.i32[at + 1] = Math.floor(value / TWO32);
  }
  xu(n: number): number {
    const at = (this.base + n * 8) >> 2;
    return this.#m.u32[at]! + this.#m.u32[at + 1]! * TWO32;
  }
  xi(n: number): number {
    return this.#m.i32[(this.base + n * 8) >> 2]!;
  }
  get sp(): bigint {
    return this.#get(At.sp);
  }
  set sp(value: bigint) {
    this.#set(At.sp, value);
  }
  get pc(): bigint {
    return this.#get(At.pc);
  }
  set pc(value: bigint) {
    this.#set(At.pc, value);
  }
  get tpidr(): bigint {
    return this.#get(At.tpidr);
  }
  set tpidr(value: bigint) {
    this.#set(At.tpidr, value);
  }
  get nzcv(): number {
    const { i64, i32 } = this.#m, base = this.base;
    return ((i64[(base + At.nf) >> 3]! < 0n ? 0x80000000 : 0) |
      (i64[(base + At.zf) >> 3]! === 0n ? 0x40000000 : 0) |
      (i32[(base + At.cf) >> 2]! !== 0 ? 0x20000000 : 0) |
      (i64[(base + At.vf) >> 3]! < 0n ? 0x10000000 : 0)) >>> 0;
  }
  set nzcv(value: number) {
    this.#set(At.nf, value & 0x80000000 ? -1n : 0n);
    this.#set(At.zf, value & 0x40000000 ? 0n : 1n);
    this.#m.i32[(this.base + At.cf) >> 2] = value & 0x20000000 ? 1 : 0;
    this.#set(At.vf, value & 0x10000000 ? -1n : 0n);
  }
  get flags(): number {
    return (this.nzcv | this.#m.i32[(this.base + At.pstate) >> 2]!) >>> 0;
  }
  set flags(value: number) {
    this.nzcv = value;
    this.#m.i32[(this.base + At.pstate) >> 2] = value & (PSTATE_DIT | PSTATE_SSBS);
  }
  get fpcr(): number {
    return this.#m.u32[(this.base + At.fpcr) >> 2]!;
  }
  set fpcr(value: number) {
    this.#m.i32[(this.base + At.fpcr) >> 2] = value & FPCR_BITS;
    this.#updateFast();
  }
  get fpsr(): number {
    return this.#m.u32[(this.base + At.fpsr) >> 2]!;
  }
  set fpsr(value: number) {
    this.#m.i32[(this.base + At.fpsr) >> 2] = value & FPSR_BITS;
    this.#updateFast();
  }
  /** The twin of updateFpFast in the semantics. */
  #updateFast(): void {
    this.#m.i32[(this.base + At.fpFast) >> 2] = this.fpcr === 0 && this.fpsr & 0x10 ? 1 : 0;
  }
  readX(into: Uint8Array): void {
    into.set(this.#m.u8.subarray(this.base + At.x, this.base + At.x + 248));
  }
  writeX(from: Uint8Array): void {
    this.#m.u8.set(from.subarray(0, 248), this.base + At.x);
  }
  readV(into: Uint8Array): void {
    into.set(this.#m.u8.subarray(this.base + At.v, this.base + At.v + 512));
  }
  writeV(from: Uint8Array): void {
    this.#m.u8.set(from.subarray(0, 512), this.base + At.v);
  }
  copyFrom(other: Registers): void {
    const from = (other as WasmRegisters).base;
    this.#m.u8.copyWithin(this.base, from, from + At.size);
    this.#m.i32[(this.base + At.exclSize) >> 2] = 0;
  }
  reset(): void {
    this.#m.u8.fill(0, this.base, this.base + At.size);
    this.nzcv = 0;
  }
}

export class WasmCpu implements CpuInterface {
  readonly regs: WasmRegisters;
  readonly #m: EngineMemory;
  readonly #exit: Exit = {
    kind: "fuel",
    address: 0,
    exact: undefined,
    access: "read",
    value: 0,
    retired: 0,
    newCode: false,
  };

  constructor(memory: EngineMemory) {
    this.#m = memory;
    this.regs = new WasmRegisters(memory, memory.allotCpu());
    this.regs.reset();
  }

  run(addressSpace: AddressSpace, fuel: number): Exit {
    const space = addressSpace as WasmAddressSpace;
    const { i32, exits } = this.#m, exit = this.#exit;
    this.#m.activate(this.regs, space.memory);
    space.fitRegions();
    // A region takes fuel by the block: short runs, single steps above all, must be exact.
    i32[At.interpretOnly >> 2] = fuel < EXACT ? 1 : 0;
    const execute = space.memory.run;
    let left = fuel;
    exit.newCode = false;
    for (;;) {
      const code = execute(left);
      exits[code]!++;
      const now = i32[At.fuel >> 2]!;
      this.#m.retired += left - now;
      left = now;
      exit.retired = fuel - left;
      switch (code) {
        case Code.svc:
          exit.kind = "syscall";
          exit.value = i32[At.exitValue >> 2]!;
          return exit;
        case Code.fuel:
          if (fuel >= EXACT) space.sample(this.#pc(), this.regs.xu(30));
          exit.kind = "fuel";
          return exit;
        case Code.fault: {
          const hit = space.takeWatchHit();
          if (hit !== undefined) return this.#fault("watchpoint", hit.address, hit.access);
          const address = this.#exitAddress();
          const access: Access = i32[At.exitMode >> 2] === PageBits.write ? "write" : "read";
          // An access from one far window into the next, which is elsewhere: unaligned, and not possible here.
          if (address >= GUEST_LIMIT && space.place(address, 1, access) >= 0) {
            return this.#fault("alignment", address, access);
          }
          if (space.touch(address, access)) continue;
          return this.#fault("fault", address, access);
        }
        case Code.undecoded:
          space.decodeAt(this.#pc(), i32[At.blockBase >> 2]!);
          exit.newCode = true;
          continue;
        case Code.missPlain: {
          const pc = this.#pc();
          if (space.attachPlain(pc)) continue;
          return this.#fault("fault", pc, "execute");
        }
        case Code.hot:
          space.translateHot(this.#pc());
          continue;
        case Code.absent:
          space.translate(this.#pc());
          continue;
        case Code.miss: {
          const pc = this.#pc();
          if (space.attachCode(pc) || this.#untagPc()) continue;
          return this.#fault("fault", pc, "execute");
        }
        case Code.invalidate: {
          // A whole cache line, as CTR_EL0 says.
          const line = this.#exitAddress();
          space.invalidateCode(line - (line % 64), 64);
          if (left > 0) continue;
          exit.kind = "fuel";
          return exit;
        }
        case Code.alignment:
          return this.#fault(
            "alignment",
            this.#exitAddress(),
            i32[At.exitMode >> 2] === PageBits.write ? "write" : "read",
          );
        case Code.pcAlignment:
          this.#untagPc();
          return this.#fault("alignment", this.#pc(), "execute");
        case Code.brk:
          exit.kind = "breakpoint";
          exit.value = i32[At.exitValue >> 2]!;
          return exit;
        case Code.breakpoint:
          exit.kind = "breakpoint";
          exit.value = -1;
          return exit;
        default: {
          exit.kind = "illegal";
          const word = space.view(this.#pc(), 4, "read", true);
          exit.value = word && word.length === 4
            ? (word[0]! | (word[1]! << 8) | (word[2]! << 16) | (word[3]! << 24)) >>> 0
            : 0;
          return exit;
        }
      }
    }
  }

  step(addressSpace: AddressSpace): Exit {
    const space = addressSpace as WasmAddressSpace;
    for (;;) {
      const restore = space.setBreakpointAside(this.#pc());
      const exit = this.run(space, 1);
      if (restore === undefined) return exit;
      restore();
      // The instruction has changed what its page is made of, and met the new breakpoint there.
      const again = exit.kind === "breakpoint" && exit.value === -1 && exit.retired === 0;
      if (!again) return exit;
    }
  }

  #fault(kind: "fault" | "alignment" | "watchpoint", address: number, access: Access): Exit {
    const exit = this.#exit, at = access === "execute" ? At.pc : At.exitValue;
    exit.kind = kind;
    exit.address = address;
    exit.exact = Number.isSafeInteger(address) ? undefined : BigInt.asUintN(64, this.#m.i64[at >> 3]!);
    exit.access = access;
    return exit;
  }
  #exitAddress(): number {
    return this.#address(At.exitValue);
  }
  #pc(): number {
    return this.#address(At.pc);
  }
  /** Signed, so that addresses just below 2^64 are exact too. */
  #address(offset: number): number {
    const { u32, i32 } = this.#m, at = offset >> 2;
    return u32[at]! + i32[at + 1]! * TWO32;
  }
  /**
   * A branch ignores the top byte of a target in the lower half (Arm ARM J1.1.3 AArch64.BranchAddr; Linux sets TCR_EL1's
   * TBI0 and not TBI1); true if there was one.
   */
  #untagPc(): boolean {
    const pc = this.regs.pc, plain = BigInt.asUintN(56, pc);
    if (plain === pc || (plain >> 55n) !== 0n) return false;
    this.regs.pc = plain;
    return true;
  }

  clearExclusive(): void {
    this.#m.i32[(this.regs.base + At.exclSize) >> 2] = 0;
  }
  free(): void {
    this.#m.freeCpu(this.regs);
  }
}
