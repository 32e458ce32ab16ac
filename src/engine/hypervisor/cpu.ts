/** A guest thread on a vCPU: enters it, and says in the engine's words why it came back. */
import {
  abortKind,
  classOf,
  ExceptionClass,
  type IdRead,
  idReadOfSyndrome,
  idReadOfWord,
  immediateOf,
  isStore,
  Pstate,
} from "../../isa/a64/el1.ts";
import type { Access, AddressSpace, Cpu, Exit, Runnable } from "../engine.ts";
import type { HypervisorSpace } from "./address_space.ts";
import { Frame, Reason } from "./layout.ts";
import type { Ram } from "./ram.ts";
import { HypervisorRegisters } from "./registers.ts";
import { HypervisorError } from "./shim.ts";
import type { Vcpus } from "./vcpus.ts";

/**
 * Nanoseconds that one unit of fuel is worth. The CPU counts no instructions, so a slice is a stretch of time: the
 * kernel's million instructions are 5 ms, as on the interpreter that they were chosen for.
 */
const FUEL_NS = 5;

/** Fuel below this is counted in instructions, by single steps: a debugger's. */
const STEPPED = 16;

/** What the threads of an engine share. */
export interface CpuHome {
  readonly ram: Ram;
  readonly vcpus: Vcpus;
  /** The value of an identification register under Linux's emulation. */
  idRegister(register: number): bigint;
}

interface HypervisorThread {
  readonly cpu: HypervisorCpu;
  readonly space: HypervisorSpace;
}

export class HypervisorCpu implements Cpu {
  readonly regs: HypervisorRegisters;
  readonly #exit: Exit = { kind: "fuel", address: 0, access: "read", value: 0, retired: 0, newCode: false };
  readonly #fuelPerTick: number;
  /** Set: the exit is of a run in another thread's turn. */
  #kept = false;

  /** @throws {RangeError} when there are too many threads */
  constructor(private readonly home: CpuHome) {
    this.regs = new HypervisorRegisters(home.ram, home.vcpus, home.ram.allotFrame());
    this.#fuelPerTick = 1e9 / Number(home.vcpus.first.identity.CNTFRQ_EL0) / FUEL_NS;
  }

  get hasExit(): boolean {
    return this.#kept;
  }

  run(addressSpace: AddressSpace, fuel: number, others: readonly Runnable[] = []): Exit {
    const space = addressSpace as HypervisorSpace;
    if (this.#kept) {
      this.#kept = false;
      return this.#exit;
    }
    return others.length > 0 ? this.#runTogether(space, fuel, others) : this.#run(space, fuel);
  }

  /** Runs it at the same time as others, if the host has as many vCPUs. */
  #runTogether(space: HypervisorSpace, fuel: number, others: readonly Runnable[]): Exit {
    const { vcpus } = this.home;
    const threads = [{ cpu: this as Cpu, space: space as AddressSpace }, ...others] as HypervisorThread[];
    if (vcpus.provide(threads.length) < threads.length) return this.#run(space, fuel);
    if (!vcpus.haveAsids(threads.map(({ space }) => space))) return this.#run(space, fuel);
    const members = threads.map(({ cpu, space }) => ({ frame: cpu.regs.frame, ttbr0: space.ttbr0() }));
    vcpus.runTogether(members, fuel * FUEL_NS).forEach((back, i) => {
      const { cpu, space } = threads[i]!;
      const hasLeft = back.reason !== Reason.irq && cpu.#leave(space);
      cpu.#kept = hasLeft && cpu !== this;
      cpu.#exit.retired = 0;
      if (cpu !== this) return;
      if (!hasLeft) this.#exit.kind = "fuel";
      this.#exit.retired = Math.min(fuel, Math.ceil(back.ticks * this.#fuelPerTick));
    });
    return this.#exit;
  }

  #run(space: HypervisorSpace, fuel: number): Exit {
    const exit = this.#exit;
    exit.retired = 0;
    if (fuel < STEPPED) {
      for (let left = fuel; left > 0; left--) {
        if (space.debug.breakpoints.has(Number(this.regs.pc))) return this.#breakpoint();
        if (this.#step(space)) return exit;
      }
      exit.kind = "fuel";
      return exit;
    }
    const { vcpus } = this.home, { frame } = this.regs;
    let left = fuel;
    for (;;) {
      const reason = vcpus.run(frame, space.ttbr0(), left * FUEL_NS, space.debug.running);
      const used = Math.ceil(vcpus.first.ticks * this.#fuelPerTick);
      exit.retired = Math.min(fuel, exit.retired + used);
      if (reason === Reason.irq) {
        exit.kind = "fuel";
        return exit;
      }
      if (this.#leave(space)) return exit;
      left = fuel - exit.retired;
      if (left > 0) continue;
      exit.kind = "fuel";
      return exit;
    }
  }

  step(addressSpace: AddressSpace): Exit {
    const exit = this.#exit;
    exit.retired = 0;
    if (!this.#step(addressSpace as HypervisorSpace)) exit.kind = "fuel";
    return exit;
  }

  /** Executes one instruction. @returns whether the run ends with it */
  #step(space: HypervisorSpace): boolean {
    const { regs } = this, { vcpus } = this.home, exit = this.#exit;
    for (;;) {
      // SPSR_EL1.SS: the instruction completes before the step exception (Arm ARM D2.11).
      regs.pstate = (regs.pstate | Pstate.SS) >>> 0;
      const reason = vcpus.run(regs.frame, space.ttbr0(), 1e9, space.debug.stepping);
      regs.pstate = (regs.pstate & ~Pstate.SS) >>> 0;
      if (reason === Reason.irq) continue;
      exit.retired++;
      if (classOf(this.#esr) === ExceptionClass.STEP) return false;
      const pc = regs.pc;
      if (this.#leave(space)) return true;
      // Emulated, or to be tried again.
      if (regs.pc !== pc) return false;
      exit.retired--;
    }
  }

  get #esr(): number {
    return this.home.ram.u32[(this.regs.frame + Frame.esr) / 4]!;
  }
  get #far(): number {
    const { u32 } = this.home.ram, at = (this.regs.frame + Frame.far) / 4;
    // The top byte is a tag (Arm ARM D8.8): the address is what is below, signed.
    return u32[at]! + ((u32[at + 1]! << 8) >> 8) * 2 ** 32;
  }

  /** FAR_EL1 to the last bit: in the lower half without its tag. */
  get #exactFar(): bigint {
    const { u32 } = this.home.ram, at = (this.regs.frame + Frame.far) / 4;
    const far = BigInt(u32[at + 1]!) << 32n | BigInt(u32[at]!);
    return far & 1n << 55n ? far : BigInt.asUintN(56, far);
  }

  /** Works out a synchronous exception. @returns whether the run ends; else the guest goes on */
  #leave(space: HypervisorSpace): boolean {
    const exit = this.#exit, esr = this.#esr;
    switch (classOf(esr)) {
      case ExceptionClass.SVC64:
        exit.kind = "syscall";
        exit.value = immediateOf(esr);
        return true;
      case ExceptionClass.DATA_ABORT:
        return this.#abort(space, esr, isStore(esr) ? "write" : "read");
      case ExceptionClass.INSTRUCTION_ABORT:
        return this.#abort(space, esr, "execute");
      case ExceptionClass.PC_ALIGNMENT:
        return this.#fault("alignment", Number(this.regs.pc), "execute", this.regs.pc);
      case ExceptionClass.SP_ALIGNMENT:
        return this.#fault("alignment", Number(this.regs.sp), "read", this.regs.sp);
      case ExceptionClass.BRK64:
        exit.kind = "breakpoint";
        exit.value = immediateOf(esr);
        return true;
      case ExceptionClass.BREAKPOINT:
        this.#breakpoint();
        return true;
      case ExceptionClass.WATCHPOINT:
        exit.kind = "watchpoint";
        exit.address = space.debug.firstWatched(this.#far);
        exit.access = isStore(esr) ? "write" : "read";
        return true;
      case ExceptionClass.WFX:
        // The thread has nothing to do until something happens: others may.
        this.regs.pc += 4n;
        exit.kind = "fuel";
        return true;
      case ExceptionClass.SYSTEM:
        if (this.#emulate(idReadOfSyndrome(esr))) return false;
        break;
      case ExceptionClass.UNKNOWN:
        if (this.#emulate(idReadOfWord(this.#word(space)))) return false;
    }
    exit.kind = "illegal";
    exit.value = this.#word(space);
    return true;
  }

  #abort(space: HypervisorSpace, esr: number, access: Access): boolean {
    const kind = abortKind(esr), address = this.#far;
    if (kind === "external") {
      throw new HypervisorError(
        `the guest's access to 0x${address.toString(16)} failed outside its tables: ESR 0x${esr.toString(16)}`,
        0,
        "this is a bug in elftap; --engine wasm goes around it",
      );
    }
    if (kind === "fault" && space.touch(address, access)) return false;
    return this.#fault(kind, address, access);
  }

  #fault(kind: "fault" | "alignment", address: number, access: Access, exact?: bigint): true {
    this.#exit.kind = kind;
    this.#exit.address = address;
    this.#exit.exact = Number.isSafeInteger(address) ? undefined : exact ?? this.#exactFar;
    this.#exit.access = access;
    return true;
  }

  /** A debugger's breakpoint. */
  #breakpoint(): Exit {
    this.#exit.kind = "breakpoint";
    this.#exit.value = -1;
    return this.#exit;
  }

  /** Does what Linux does for a read of an identification register. */
  #emulate(read: IdRead | undefined): boolean {
    if (read === undefined) return false;
    const { regs } = this;
    if (read.rt !== 31) regs.setX(read.rt, this.home.idRegister(read.register));
    regs.pc += 4n;
    return true;
  }

  /** The instruction at the pc, or 0 where it cannot be read. */
  #word(space: HypervisorSpace): number {
    const bytes = space.view(Number(this.regs.pc), 4, "read", true);
    return bytes?.length === 4 ? (bytes[0]! | bytes[1]! << 8 | bytes[2]! << 16 | bytes[3]! << 24) >>> 0 : 0;
  }

  clearExclusive(): void {
    // Every exception return clears the monitor (Arm ARM B2.9.5).
  }

  free(): void {
    this.home.vcpus.reload(this.regs.frame);
    this.home.ram.freeFrame(this.regs.frame);
  }
}
