/**
 * A test double of an engine whose programs are lists of JavaScript steps: step `i` is the instruction at
 * `TEXT + 4 * i`. A step acts on the registers and memory of the thread that runs it, and may end the run.
 *
 * The pc is real, so that fork, restarts and signal handlers work as with machine code.
 */
import type { AddressSpace, Cpu, Engine, Exit, Registers, Runnable } from "../../engine/engine.ts";
import { FakeFrame, FakeSpace } from "../mm/fake_space.ts";

/** Address of step 0. */
export const TEXT = 0x40_0000;

/** What a step may do: registers of the thread, the space it runs in, and a way to end the run as the engine would. */
export interface StepContext {
  readonly regs: ScriptedRegisters;
  readonly space: AddressSpace;
  /** Ends the run with this exit; the pc stays at the step. */
  exit(exit: Partial<Exit>): void;
}

export type Step = (context: StepContext) => void;

/** A system call: puts the arguments into x0… and leaves with `syscall`. Arguments may be worked out late. */
export function svc(nr: number, ...args: (number | bigint | (() => number | bigint))[]): Step {
  return ({ regs, exit }) => {
    regs.setX(8, nr);
    args.forEach((value, index) => regs.setX(index, typeof value === "function" ? value() : value));
    regs.pc += 4n;
    exit({ kind: "syscall" });
  };
}

/** Calls a function with x0, the result of the call before. */
export function result(take: (x0: number) => void): Step {
  return ({ regs }) => take(Number(BigInt.asIntN(64, regs.x(0))));
}

/** Goes to another step if the condition holds. */
export function branchIf(condition: (regs: ScriptedRegisters) => boolean, target: () => number): Step {
  return ({ regs }) => {
    if (condition(regs)) regs.pc = BigInt(TEXT + 4 * target() - 4);
  };
}

/** Does nothing for ever. */
export const spin: Step = ({ regs }) => {
  regs.pc -= 4n;
};

export class ScriptedRegisters implements Registers {
  #x = new BigUint64Array(31);
  #v = new Uint8Array(512);
  sp = 0n;
  pc = 0n;
  nzcv = 0;
  flags = 0;
  fpcr = 0;
  fpsr = 0;
  tpidr = 0n;

  x(n: number): bigint {
    return this.#x[n]!;
  }
  setX(n: number, value: bigint | number): void {
    this.#x[n] = BigInt(value);
  }
  xu(n: number): number {
    return Number(this.#x[n]);
  }
  xi(n: number): number {
    return Number(BigInt.asIntN(32, this.#x[n]!));
  }
  readX(into: Uint8Array): void {
    into.set(new Uint8Array(this.#x.buffer));
  }
  writeX(from: Uint8Array): void {
    new Uint8Array(this.#x.buffer).set(from.subarray(0, 248));
  }
  readV(into: Uint8Array): void {
    into.set(this.#v);
  }
  writeV(from: Uint8Array): void {
    this.#v.set(from.subarray(0, 512));
  }
  copyFrom(other: ScriptedRegisters): void {
    this.#x.set(other.#x);
    this.#v.set(other.#v);
    this.sp = other.sp;
    this.pc = other.pc;
    this.nzcv = other.nzcv;
    this.flags = other.flags;
    this.fpcr = other.fpcr;
    this.fpsr = other.fpsr;
    this.tpidr = other.tpidr;
  }
  reset(): void {
    this.copyFrom(new ScriptedRegisters());
  }
}

class ScriptedCpu implements Cpu {
  readonly regs = new ScriptedRegisters();
  readonly #exit: Exit = { kind: "fuel", address: 0, access: "read", value: 0, retired: 0, newCode: false };
  hasExit = false;
  constructor(private readonly program: readonly Step[]) {}

  run(space: AddressSpace, fuel: number, others: readonly Runnable[] = []): Exit {
    if (this.hasExit) {
      this.hasExit = false;
      return this.#exit;
    }
    for (const { cpu, space } of others as readonly { cpu: ScriptedCpu; space: AddressSpace }[]) {
      if (cpu.hasExit) throw new Error("its exit has not been taken");
      cpu.hasExit = cpu.#execute(space, fuel).kind !== "fuel";
      cpu.#exit.retired = 0;
    }
    return this.#execute(space, fuel);
  }

  #execute(space: AddressSpace, fuel: number): Exit {
    const { regs } = this, exit = this.#exit;
    let left = false;
    const context: StepContext = {
      regs,
      space,
      exit: (fields) => {
        Object.assign(exit, fields);
        left = true;
      },
    };
    // A few steps make a slice: tests of preemption need not spin long.
    const limit = Math.min(fuel, 1000);
    for (exit.retired = 1; exit.retired <= limit; exit.retired++) {
      const index = (Number(regs.pc) - TEXT) / 4, step = this.program[index];
      if (!step) {
        Object.assign(exit, { kind: "fault", address: Number(regs.pc), access: "execute" });
        return exit;
      }
      step(context);
      if (left) return exit;
      regs.pc += 4n;
    }
    exit.retired = fuel;
    exit.kind = "fuel";
    return exit;
  }
  step(space: AddressSpace): Exit {
    return this.run(space, 1);
  }
  clearExclusive(): void {}
  free(): void {}
}

export class ScriptedEngine implements Engine {
  readonly name = "wasm";
  readonly hwcap = { hwcap: 0n, hwcap2: 0n };
  readonly features: ReadonlySet<string> = new Set();
  readonly midr = 0;
  constructor(private readonly program: readonly Step[], readonly processors = 1) {}

  createAddressSpace(): AddressSpace {
    return new FakeSpace();
  }
  createCpu(): Cpu {
    return new ScriptedCpu(this.program);
  }
  createFrame(content?: Uint8Array): FakeFrame {
    return new FakeFrame(content);
  }
  disassemble(word: number): Promise<string> {
    return Promise.resolve(`.inst 0x${word.toString(16)}`);
  }
}
