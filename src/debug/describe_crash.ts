/** Completes a crash report with names: the function that crashed, and who called it. */
import type { Siginfo } from "../kernel/abi/siginfo.ts";
import type { Task } from "../kernel/task/task.ts";
import type { Crash } from "../kernel/crash.ts";
import { backtrace } from "./backtrace.ts";
import { describeAddress, locate } from "./symbols.ts";

const hex = (value: number) => "0x" + BigInt.asUintN(64, BigInt(value)).toString(16);

/** The crash with `symbol` and `backtrace` filled in. Call it while the crashed task still has its address space. */
export function describeCrash(task: Task, _info: Siginfo, crash: Crash): Crash {
  const { mm } = task, { regs } = task.cpu;
  const pc = Number(regs.pc);
  const sameFunction = (a: number, b: number) => {
    const first = locate(mm, a, task), second = locate(mm, b, task);
    return first?.symbol !== undefined && first.symbol === second?.symbol && first.file === second.file;
  };
  const frames = backtrace(mm, { pc, sp: Number(regs.sp), fp: regs.xu(29), lr: regs.xu(30) }, sameFunction);
  return {
    ...crash,
    symbol: describeAddress(mm, pc, task),
    backtrace: frames.map(({ pc, caller }) => {
      const name = describeAddress(mm, pc, task, caller);
      return name === undefined ? hex(pc) : `${hex(pc)} ${name}`;
    }),
  };
}
