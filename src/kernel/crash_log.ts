/** The crashes of a run, for its report: what signals that dump core leave behind. */
import type { Crash } from "../runner/guest_spec.ts";
import type { Siginfo } from "./abi/siginfo.ts";
import { signalCodeName, signalName } from "./abi/signal.ts";
import type { Task } from "./task/task.ts";

/** Crashes kept: the first ones tell the story. */
const MAX_CRASHES = 16;

export class CrashLog {
  readonly crashes: Crash[] = [];

  /** @param describe fills in what needs more than registers: names and callers */
  constructor(private readonly describe: (task: Task, crash: Crash) => Crash = (_, crash) => crash) {}

  /** A signal is about to end the thread's process; its memory is still there. */
  add(task: Task, info: Siginfo): void {
    if (this.crashes.length >= MAX_CRASHES) return;
    const { regs } = task.cpu, hex = (value: bigint | number) => `0x${value.toString(16)}`;
    const registers: Record<string, string> = {};
    for (let n = 0; n < 31; n++) registers[`x${n}`] = hex(regs.x(n));
    registers.sp = hex(regs.sp);
    registers.pc = hex(regs.pc);
    registers.pstate = hex(regs.nzcv >>> 0);
    this.crashes.push(this.describe(task, {
      signal: info.signo,
      signalName: signalName(info.signo),
      code: signalCodeName(info.signo, info.code),
      address: hex(info.address ?? 0),
      pc: hex(regs.pc),
      symbol: undefined,
      backtrace: [],
      registers,
      pid: task.pid,
      tid: task.tid,
      program: task.name,
    }));
  }
}
