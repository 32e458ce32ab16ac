/**
 * The engines `hvf` and `kvm`: guest code runs on the host's own arm64 CPU, at EL0 of a virtual machine without an
 * operating system. A few instructions at EL1 (`ffi/vectors.S`) put the thread's registers into guest memory at every
 * exception and give the CPU back to the host; everything else is here and in the kernel personality.
 *
 * One system call is one exit, one ioctl or hv_vcpu_run, one call of the shim. Threads that compute run at the same time
 * on several vCPUs (`vcpus.ts`).
 */
import { asidCount, debugCounts, IdRegister as Id, MPIDR_EL1 } from "../../isa/a64/el1.ts";
import { featuresOf, idRegister } from "../../isa/a64/features.ts";
import type { AddressSpace, Cpu, Engine, Frame } from "../engine.ts";
import { HypervisorSpace } from "./address_space.ts";
import { buildKernelTables } from "./boot.ts";
import { type CpuHome, HypervisorCpu } from "./cpu.ts";
import type { DebugCapacity } from "./debug.ts";
import { Maintenance, type MaintenanceCounts } from "./maintenance.ts";
import { Ram } from "./ram.ts";
import { SharedPage, type SharedPages } from "./shared_page.ts";
import { Shim } from "./shim.ts";
import type { VcpuCounts } from "./vcpu.ts";
import { Vcpus } from "./vcpus.ts";

const GIB = 2 ** 30;

/**
 * Guest memory per engine, reserved and not taken. Under Hypervisor.framework all engines of a process share 64 GiB of
 * guest physical addresses (Apple M1), so that fifteen fit; KVM gives each a VM of its own.
 */
const MEMORY = { hvf: 4 * GIB, kvm: 9 * GIB } as const;
/** Threads that run at the same time at most. The shim has room for twice as many vCPUs. */
const MOST_PROCESSORS = 8;
/** What of it is not for guests' pages: tables, shared pages, frames. */
const RESERVED = GIB;

export class HypervisorEngine implements Engine, Disposable {
  readonly features: ReadonlySet<string>;
  readonly midr: number;
  /** Bytes that guests may take. */
  readonly memory: number;
  readonly #shim: Shim;
  readonly #machine: number;
  readonly #pages: SharedPages;
  readonly #cpus: CpuHome;
  readonly #debug: DebugCapacity;

  /**
   * @param name which hypervisor
   * @param path the shim's file
   * @throws {HypervisorError} when there can be no virtual machine
   */
  constructor(readonly name: "hvf" | "kvm", path: string) {
    const shim = this.#shim = new Shim(path);
    const info = shim.open(MEMORY[name]);
    this.#machine = info.machine;
    this.memory = MEMORY[name] - RESERVED;
    const ram = new Ram(info.ram, info.ramIpa);
    buildKernelTables(ram, info.doorbellIpa);
    const maintenance = new Maintenance(info.asidOffset, info.asidStride);
    const most = Math.min(MOST_PROCESSORS, navigator.hardwareConcurrency);
    const vcpus = new Vcpus(shim, info.machine, ram, maintenance, most);
    const { identity } = vcpus.first;
    maintenance.count = asidCount(identity.ID_AA64MMFR0_EL1);
    this.#pages = { ram, maintenance, byPage: new Map() };
    this.#debug = debugCounts(identity.ID_AA64DFR0_EL1);
    const features = this.features = featuresOf(identity);
    this.midr = Number(identity.MIDR_EL1 & 0xffffffffn);
    const ids = new Map<number, bigint>([
      [Id.MIDR_EL1, identity.MIDR_EL1],
      [Id.MPIDR_EL1, MPIDR_EL1],
      [Id.ID_AA64PFR0_EL1, idRegister("ID_AA64PFR0_EL1", features)],
      [Id.ID_AA64PFR1_EL1, idRegister("ID_AA64PFR1_EL1", features)],
      [Id.ID_AA64DFR0_EL1, idRegister("ID_AA64DFR0_EL1")],
      [Id.ID_AA64MMFR0_EL1, idRegister("ID_AA64MMFR0_EL1")],
      [Id.ID_AA64ISAR0_EL1, idRegister("ID_AA64ISAR0_EL1", features)],
      [Id.ID_AA64ISAR1_EL1, idRegister("ID_AA64ISAR1_EL1", features)],
    ]);
    this.#cpus = { ram, vcpus, idRegister: (register) => ids.get(register) ?? 0n };
  }

  /** How much the engine has done, for tests and statistics. */
  get counts(): VcpuCounts & { rounds: number } & MaintenanceCounts {
    return { ...this.#cpus.vcpus.counts, ...this.#pages.maintenance.counts };
  }

  get processors(): number {
    return this.#cpus.vcpus.most;
  }

  createAddressSpace(): AddressSpace {
    return new HypervisorSpace(this.#pages, this.#debug);
  }
  createCpu(): Cpu {
    return new HypervisorCpu(this.#cpus);
  }
  createFrame(content?: Uint8Array): Frame {
    return new SharedPage(this.#pages, content);
  }
  async disassemble(word: number, pc: number): Promise<string> {
    const { disassemble } = await import("../../isa/a64/disasm/disassemble.ts");
    return disassemble(word, pc);
  }

  [Symbol.dispose](): void {
    this.#shim.close(this.#machine);
    this.#shim[Symbol.dispose]();
  }
}
