/** The crashes of a run, for its report: what signals that dump core leave behind. */
import type { Registers } from "../engine/engine.ts";
import type { Siginfo } from "./abi/siginfo.ts";
import { signalCodeName, signalName } from "./abi/signal.ts";
import type { Crash } from "./crash.ts";
import type { Task } from "./task/task.ts";

/** Crashes kept: the first ones tell the story. */
export const MAX_CRASHES = 16;

/**
 * Completes a report with what needs more than registers. The process still has its threads and its memory, and
 * nothing runs until the promise is resolved.
 */
export type DescribeCrash = (task: Task, info: Siginfo, crash: Crash) => Promise<Crash>;

const hex = (value: bigint | number) => `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;

export class CrashLog {
  readonly crashes: Crash[] = [];

  constructor(private readonly describe: DescribeCrash = (_task, _info, crash) => Promise.resolve(crash)) {}

  /** Whether there is room for another one. */
  get full(): boolean {
    return this.crashes.length >= MAX_CRASHES;
  }

  /** A signal is about to end the thread's process. */
  async add(task: Task, info: Siginfo): Promise<void> {
    const { regs } = task.cpu;
    this.crashes.push(
      await this.#complete(task, info, {
        signal: info.signo,
        signalName: signalName(info.signo),
        code: signalCodeName(info.signo, info.code),
        address: hex(info.address ?? 0),
        pc: hex(regs.pc),
        symbol: undefined,
        backtrace: [],
        registers: namedRegisters(regs),
        pid: task.pid,
        tid: task.tid,
        program: task.name,
      }),
    );
  }

  /** What went wrong in making a report is a line of it: the program's own end must not get lost. */
  async #complete(task: Task, info: Siginfo, crash: Crash): Promise<Crash> {
    try {
      return await this.describe(task, info, crash);
    } catch (error) {
      return { ...crash, explanation: `the report is not complete: internal error: ${error}`.split("\n")[0]! };
    }
  }
}

/** x0…x30, sp, pc and pstate by name. */
export function namedRegisters(regs: Registers): Record<string, string> {
  const registers: Record<string, string> = {};
  for (let n = 0; n < 31; n++) registers[`x${n}`] = hex(regs.x(n));
  registers.sp = hex(regs.sp);
  registers.pc = hex(regs.pc);
  registers.pstate = hex(regs.flags);
  return registers;
}
