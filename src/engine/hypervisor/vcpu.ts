/**
 * A vCPU: its control block, and the one call that runs it. Guest threads take turns on it by their frames.
 */
import { type IdRegister } from "../../isa/a64/features.ts";
import { firstRegisters, initControl, linear } from "./boot.ts";
import { Control, Flag, ID_REGISTERS, Place, Reason } from "./layout.ts";
import type { Maintenance } from "./maintenance.ts";
import type { Ram } from "./ram.ts";
import type { FpHolder } from "./registers.ts";
import { HypervisorError, type Shim } from "./shim.ts";

/** What a vCPU says about itself. */
export type Identity = Readonly<
  Record<IdRegister | "ID_AA64MMFR0_EL1" | "ID_AA64DFR0_EL1" | "MIDR_EL1" | "CNTFRQ_EL0", bigint>
>;

/** The debug registers of a thread that a debugger looks at. */
export interface DebugRegisters {
  /** MDSCR_EL1. */
  readonly mdscr: number;
  /** Pairs of value and control register. */
  readonly breakpoints: readonly (readonly [value: bigint, control: bigint])[];
  readonly watchpoints: readonly (readonly [value: bigint, control: bigint])[];
}

/** How much a vCPU has done. */
export interface VcpuCounts {
  /** Returns of the hypervisor to the host, and calls of it (ioctl, hv_*). */
  readonly exits: number;
  readonly calls: number;
  /** Runs ended from outside. */
  readonly kicks: number;
  /** Calls of the shim. */
  readonly runs: number;
}

export class Vcpu implements FpHolder {
  readonly identity: Identity;
  readonly #control: number;
  readonly #number: number;
  #runs = 0;
  /** The debug registers that are loaded. */
  #debug: DebugRegisters | undefined;

  constructor(
    private readonly shim: Shim,
    private readonly machine: number,
    private readonly ram: Ram,
    private readonly maintenance: Maintenance,
  ) {
    this.#control = Place.controls;
    initControl(ram, this.#control, maintenance.idleAsid);
    this.#number = shim.createVcpu(machine, this.#control, firstRegisters(ram, this.#control));
    this.#set(Control.budget, 1e9);
    this.#call();
    const at = (this.#control + Control.id) / 8;
    this.identity = Object.fromEntries(ID_REGISTERS.map((name, i) => [name, ram.u64[at + i]!])) as Identity;
  }

  get counts(): VcpuCounts {
    const { ram } = this, at = this.#control;
    return {
      exits: ram.word(at + Control.exits),
      calls: ram.word(at + Control.calls),
      kicks: ram.word(at + Control.kicks),
      runs: this.#runs,
    };
  }

  /** CNTVCT_EL0 ticks that the guest had in the last run. */
  get ticks(): number {
    return this.#get(Control.left) - this.#get(Control.entered);
  }

  /**
   * Runs a thread until an exception.
   *
   * @param frame its frame
   * @param ttbr0 its address space
   * @param budget nanoseconds
   * @param debug its debug registers, if a debugger is at work
   */
  run(frame: number, ttbr0: bigint, budget: number, debug: DebugRegisters | undefined): number {
    const { ram, maintenance } = this, control = this.#control;
    ram.u64[(control + Control.frame) / 8] = linear(ram, frame);
    ram.u64[(control + Control.ttbr0) / 8] = ttbr0;
    if (debug !== this.#debug) this.#loadDebug(debug);
    maintenance.flush(ram, control);
    while (maintenance.pending) {
      // More than fits at a time.
      this.#addFlag(Flag.spill);
      this.#call();
      maintenance.flush(ram, control);
    }
    this.#set(Control.budget, budget);
    return this.#call();
  }

  spill(frame: number): void {
    const live = (this.#control + Control.live) / 8;
    if (this.ram.u64[live] !== linear(this.ram, frame)) return;
    this.#addFlag(Flag.spill);
    this.#call();
  }

  reload(frame: number): void {
    const live = (this.#control + Control.live) / 8;
    if (this.ram.u64[live] === linear(this.ram, frame)) this.ram.u64[live] = 0n;
  }

  #loadDebug(debug: DebugRegisters | undefined): void {
    this.#debug = debug;
    const { ram } = this, words = this.#control / 8;
    const list = (offset: number, pairs: DebugRegisters["breakpoints"]) => {
      const at = words + offset / 8;
      ram.u64.fill(0n, at, at + 32);
      pairs.forEach(([value, control], i) => {
        ram.u64[at + 2 * i] = value;
        ram.u64[at + 2 * i + 1] = control;
      });
    };
    list(Control.breaks, debug?.breakpoints ?? []);
    list(Control.watches, debug?.watchpoints ?? []);
    ram.u64[words + Control.mdscr / 8] = BigInt(debug?.mdscr ?? NO_DEBUG);
    this.#addFlag(Flag.debug);
  }

  /** Rings in the host's turn. @returns a {@link Reason} */
  #call(): number {
    this.#runs++;
    this.shim.run(this.machine, this.#number);
    const reason = this.#get(Control.reason);
    if (reason !== Reason.stub && reason !== Reason.serror) return reason;
    const hex = (offset: number) => `0x${this.#get(offset).toString(16)}`;
    throw new HypervisorError(
      reason === Reason.serror
        ? "the vCPU reports a system error (SError)"
        : `exception in the EL1 stub: ESR ${hex(Control.stubEsr)}, ELR ${hex(Control.stubElr)}, FAR ${
          hex(Control.stubFar)
        }`,
      0,
      "this is a bug in elftap; --engine wasm goes around it",
    );
  }

  #addFlag(flag: number): void {
    const at = (this.#control + Control.flags) / 4;
    this.ram.u32[at] = this.ram.u32[at]! | flag;
  }
  #get(offset: number): number {
    return this.ram.word(this.#control + offset);
  }
  #set(offset: number, value: number): void {
    this.ram.setWord(this.#control + offset, value);
  }
}

/** MDSCR_EL1 without a debugger. */
const NO_DEBUG = 1 << 12;
