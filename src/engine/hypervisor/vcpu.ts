/**
 * A vCPU: its control block, and the call that runs it. Guest threads take turns on it by their frames.
 */
import { type IdRegister } from "../../isa/a64/features.ts";
import { firstRegisters, initControl, linear } from "./boot.ts";
import { Control, Flag, ID_REGISTERS, Reason } from "./layout.ts";
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

  /**
   * @param control offset of its control block in guest memory
   * @throws {HypervisorError} when there can be no more
   */
  constructor(
    private readonly shim: Shim,
    private readonly machine: number,
    private readonly ram: Ram,
    private readonly maintenance: Maintenance,
    control: number,
  ) {
    this.#control = control;
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
    const { ram, maintenance } = this;
    this.prepare(frame, ttbr0, budget, debug);
    maintenance.flush(ram, this.#control);
    // More than fits at a time.
    while (maintenance.pending) this.#work();
    return this.#call();
  }

  /** Says what the next run is to be, without running; parameters as of {@link run}. */
  prepare(frame: number, ttbr0: bigint, budget: number, debug: DebugRegisters | undefined): void {
    const { ram } = this, control = this.#control;
    ram.u64[(control + Control.frame) / 8] = linear(ram, frame);
    ram.u64[(control + Control.ttbr0) / 8] = ttbr0;
    if (debug !== this.#debug) this.#loadDebug(debug);
    this.#set(Control.budget, budget);
  }

  /** Does the maintenance that is queued, and nothing else. */
  maintain(): void {
    this.maintenance.flush(this.ram, this.#control);
    while (this.#get(Control.ops) > 0) this.#work();
  }

  /** Does what of the queue is in the control block, and gets the next of it. */
  #work(): void {
    this.#addFlag(Flag.spill);
    this.#call();
    this.maintenance.flush(this.ram, this.#control);
  }

  /** Whether the FP registers of a thread are here. */
  holds(frame: number): boolean {
    return this.ram.u64[(this.#control + Control.live) / 8] === linear(this.ram, frame);
  }

  spill(frame: number): void {
    if (!this.holds(frame)) return;
    this.#addFlag(Flag.spill);
    this.#call();
  }

  reload(frame: number): void {
    if (this.holds(frame)) this.ram.u64[(this.#control + Control.live) / 8] = 0n;
  }

  /** The thread goes to another vCPU. */
  giveUp(frame: number): void {
    this.spill(frame);
    this.reload(frame);
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

  /** @returns a {@link Reason} */
  #call(): number {
    this.#runs++;
    this.shim.run(this.machine, this.#number);
    return this.reason();
  }

  /** Why it stopped: a {@link Reason}. @throws {HypervisorError} if that is elftap's fault or the machine's */
  reason(): number {
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
