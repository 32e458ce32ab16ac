/**
 * The vCPUs of a machine. Threads take turns on the first, which is the Worker's own thread; several that have nothing
 * but computing to do run at the same time on several. While any of them runs the host waits, so that nothing the
 * kernel does can meet a running guest: tables are edited, memory is read and signals are sent between rounds only.
 */
import { PAGE_SIZE } from "../engine.ts";
import { Place } from "./layout.ts";
import type { Maintenance, TlbUser } from "./maintenance.ts";
import type { Ram } from "./ram.ts";
import type { FpHolder } from "./registers.ts";
import { HypervisorError, type Shim } from "./shim.ts";
import { type DebugRegisters, Vcpu, type VcpuCounts } from "./vcpu.ts";

/** A thread of a round. */
export interface Member {
  readonly frame: number;
  readonly ttbr0: bigint;
}

/** How a member came back. */
export interface Return {
  /** A `Reason` of layout.ts. */
  readonly reason: number;
  /** Of CNTVCT_EL0. */
  readonly ticks: number;
}

export class Vcpus implements FpHolder {
  readonly first: Vcpu;
  readonly #all: Vcpu[];
  #rounds = 0;

  /** @param most threads that may run at the same time */
  constructor(
    private readonly shim: Shim,
    private readonly machine: number,
    private readonly ram: Ram,
    private readonly maintenance: Maintenance,
    public most: number,
  ) {
    this.first = new Vcpu(shim, machine, ram, maintenance, Place.controls);
    this.#all = [this.first];
  }

  /** Makes vCPUs until there are so many. @returns how many there are: the host may not give more */
  provide(count: number): number {
    try {
      while (this.#all.length < Math.min(count, this.most)) {
        const control = Place.controls + this.#all.length * PAGE_SIZE;
        this.#all.push(new Vcpu(this.shim, this.machine, this.ram, this.maintenance, control));
      }
    } catch (error) {
      if (!(error instanceof HypervisorError)) throw error;
      this.most = this.#all.length;
    }
    return Math.min(count, this.most);
  }

  /** Of all of them together, and rounds of several. */
  get counts(): VcpuCounts & { readonly rounds: number } {
    const sum = { exits: 0, calls: 0, kicks: 0, runs: this.#rounds, rounds: this.#rounds };
    for (const { counts } of this.#all) {
      sum.exits += counts.exits;
      sum.calls += counts.calls;
      sum.kicks += counts.kicks;
      sum.runs += counts.runs;
    }
    return sum;
  }

  /** Gives address spaces ASIDs with which they can run at the same time. @returns whether there are enough */
  haveAsids(spaces: readonly TlbUser[]): boolean {
    return this.maintenance.asidsOf(spaces);
  }

  /** Runs a thread alone, see {@link Vcpu.run}. */
  run(frame: number, ttbr0: bigint, budget: number, debug: DebugRegisters | undefined): number {
    for (let i = 1; i < this.#all.length; i++) this.#all[i]!.giveUp(frame);
    return this.first.run(frame, ttbr0, budget, debug);
  }

  /**
   * Runs threads at the same time, until one of them comes back by itself or has used the budget (nanoseconds). No
   * debugger is at work on any of them.
   *
   * @param members at most {@link most}
   */
  runTogether(members: readonly Member[], budget: number): Return[] {
    // What is queued is done on all processors before any of the threads goes on.
    this.first.maintain();
    const taken = new Set<Vcpu>();
    const places = members.map((member) => {
      const home = this.#all.find((vcpu) => vcpu.holds(member.frame));
      if (home) taken.add(home);
      return home;
    });
    let mask = 0;
    const vcpus = members.map(({ frame, ttbr0 }, i) => {
      const vcpu = places[i] ?? this.#all.find((each) => !taken.has(each))!;
      taken.add(vcpu);
      mask |= 1 << this.#all.indexOf(vcpu);
      vcpu.prepare(frame, ttbr0, budget, undefined);
      return vcpu;
    });
    this.#rounds++;
    this.shim.runTogether(this.machine, mask);
    return vcpus.map((vcpu) => ({ reason: vcpu.reason(), ticks: vcpu.ticks }));
  }

  spill(frame: number): void {
    for (const vcpu of this.#all) vcpu.spill(frame);
  }
  reload(frame: number): void {
    for (const vcpu of this.#all) vcpu.reload(frame);
  }
}
