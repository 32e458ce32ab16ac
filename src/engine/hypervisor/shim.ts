/**
 * The native shim (`ffi/`) as TypeScript calls it. Needs Deno's `ffi` permission for the library's one file and nothing
 * else; that the file is the one that belongs to this version is checked by its ABI number.
 */
import { ABI, Status } from "./layout.ts";

const SYMBOLS = {
  elftap_abi: { parameters: [], result: "u32" },
  elftap_probe: { parameters: [], result: "i32" },
  elftap_open: { parameters: ["buffer", "u64", "buffer"], result: "i32" },
  elftap_close: { parameters: ["u32"], result: "i32" },
  elftap_vcpu: { parameters: ["u32", "u64", "buffer", "u32"], result: "i32" },
  elftap_run: { parameters: ["u32", "u32"], result: "i32" },
  elftap_run_together: { parameters: ["u32", "u32"], result: "i32" },
  elftap_kick: { parameters: ["u32", "u32"], result: "i32" },
  elftap_error: { parameters: ["buffer", "u32"], result: "void" },
} as const;

/** The hypervisor cannot do what is asked: a line for the user, with a hint. */
export class HypervisorError extends Error {
  override readonly name = "HypervisorError";
  readonly exitCode = 125;
  /**
   * @param status a {@link Status}, or 0 where the shim itself is wrong
   * @param hint what to do about it
   */
  constructor(message: string, readonly status: number, readonly hint: string | undefined) {
    super(message);
  }
}

/** What to do about a status. */
const HINTS: Readonly<Record<number, string>> = {
  [Status.noHypervisor]: "--engine wasm runs everywhere (hosted CI machines offer no virtualization)",
  [Status.denied]: "Linux: join the group that owns /dev/kvm, often kvm; macOS: elftap doctor --sign",
  [Status.limit]: "run fewer tests at a time (-j N), or use --engine wasm",
  [Status.memory]: "run fewer tests at a time (-j N), or use --engine wasm",
  [Status.ipa]: "use --engine wasm",
};

/** A machine as the shim describes it. */
export interface MachineInfo {
  readonly machine: number;
  /** Guest memory. */
  readonly ram: ArrayBuffer;
  /** Guest physical address of its first byte. */
  readonly ramIpa: number;
  readonly doorbellIpa: number;
  readonly asidOffset: number;
  readonly asidStride: number;
}

const WASM_PAGE = 65536;

/** A register and its first value. */
export type FirstValue = readonly [register: number, value: bigint];

/** Ids that are not system registers. */
export const PC = 0x10000, PSTATE = 0x10001;

export class Shim implements Disposable {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;
  readonly #run: (machine: number, vcpu: number) => number;

  /**
   * @param path the library's file
   * @throws {HypervisorError} when it cannot be loaded or is of another version
   */
  constructor(path: string) {
    try {
      this.#library = Deno.dlopen(path, SYMBOLS);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) {
        throw new HypervisorError(`no ffi permission for ${path}`, 0, `run elftap with --allow-ffi=${path}`);
      }
      const line = (error as Error).message.split("\n")[0];
      throw new HypervisorError(`the hypervisor shim cannot be loaded: ${line}`, 0, "deno task shim builds it");
    }
    this.#run = this.#library.symbols.elftap_run;
    const abi = this.#library.symbols.elftap_abi();
    if (abi !== ABI) {
      this.#library.close();
      throw new HypervisorError(
        `the hypervisor shim ${path} has version ${abi}, this elftap needs ${ABI}`,
        0,
        "deno task shim builds it",
      );
    }
  }

  /** @throws {HypervisorError} when this process can have no virtual machine */
  probe(): void {
    this.#check(this.#library.symbols.elftap_probe());
  }

  /** Makes a machine. @param size of its memory in bytes, a multiple of 1 GiB */
  open(size: number): MachineInfo {
    // A WebAssembly memory is zeroed, aligned to 64 KiB, taken from the host as it is touched, and never moves unless
    // it grows. Memory of the shim's own could not be looked at: Deno's pointers need permission for all libraries.
    const pages = BigInt(size / WASM_PAGE);
    const descriptor = { initial: pages, maximum: pages, address: "i64" };
    const ram = new WebAssembly.Memory(descriptor as unknown as WebAssembly.MemoryDescriptor).buffer as ArrayBuffer;
    const info = new BigUint64Array(5);
    const machine = this.#check(this.#library.symbols.elftap_open(ram, BigInt(size), info));
    const [ramIpa, doorbellIpa, asidOffset, asidStride] = info;
    return {
      machine,
      ram,
      ramIpa: Number(ramIpa),
      doorbellIpa: Number(doorbellIpa),
      asidOffset: Number(asidOffset),
      asidStride: Number(asidStride),
    };
  }

  /** Makes a vCPU whose control block is at this offset of guest memory. @returns its number */
  createVcpu(machine: number, control: number, registers: readonly FirstValue[]): number {
    const values = new BigUint64Array(registers.flatMap(([id, value]) => [BigInt(id), value]));
    return this.#check(this.#library.symbols.elftap_vcpu(machine, BigInt(control), values, registers.length));
  }

  /** Runs a vCPU until its doorbell rings. */
  run(machine: number, vcpu: number): void {
    const status = this.#run(machine, vcpu);
    if (status < 0) this.#check(status);
  }

  /** Runs the vCPUs of a mask until one of their doorbells rings, and stops the others. */
  runTogether(machine: number, vcpus: number): void {
    this.#check(this.#library.symbols.elftap_run_together(machine, vcpus));
  }

  close(machine: number): void {
    this.#library.symbols.elftap_close(machine);
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }

  #check(status: number): number {
    if (status >= 0) return status;
    const words = new Uint8Array(256);
    this.#library.symbols.elftap_error(words, words.length);
    const text = new TextDecoder().decode(words.subarray(0, words.indexOf(0)));
    throw new HypervisorError(text, status, HINTS[status]);
  }
}
