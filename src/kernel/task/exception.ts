/** What happens when the engine stops for anything but a system call: a page is given, or the thread gets a signal. */
import type { Exit } from "../../engine/engine.ts";
import { abortSyndrome, alignmentSyndrome } from "../abi/sigframe.ts";
import {
  BUS_ADRALN,
  ILL_ILLOPC,
  SEGV_ACCERR,
  SEGV_MAPERR,
  SIGBUS,
  SIGILL,
  SIGKILL,
  SIGSEGV,
  SIGTRAP,
  TRAP_BRKPT,
} from "../abi/signal.ts";
import { forceSignal } from "./send_signal.ts";
import type { Task } from "./task.ts";

/** Acts on an exit that is not a system call. */
export function serveException(task: Task, exit: Exit): void {
  switch (exit.kind) {
    case "fault": {
      const { address, access, exact = address } = exit;
      const result = task.mm.handleFault(address, access);
      task.usage.minorFaults++;
      if (result === "ok") return;
      task.faultAddress = exact;
      task.faultSyndrome = abortSyndrome(access, result.code === SEGV_ACCERR);
      if (result.signal === SIGKILL) {
        task.kernel.log(`${task.name} (pid ${task.pid}): killed: ${whyKilled(task, address)}`);
      }
      forceSignal(task, { signo: result.signal, code: result.code, address: exact });
      return;
    }
    case "alignment":
      task.faultAddress = exit.exact ?? exit.address;
      task.faultSyndrome = alignmentSyndrome(exit.access);
      forceSignal(task, { signo: SIGBUS, code: BUS_ADRALN, address: task.faultAddress });
      return;
    case "illegal": {
      const pc = Number(task.cpu.regs.pc);
      task.faultAddress = task.faultSyndrome = 0;
      task.kernel.reportIllegal(task, exit.value, pc);
      forceSignal(task, { signo: SIGILL, code: ILL_ILLOPC, address: pc });
      return;
    }
    case "breakpoint":
      forceSignal(task, { signo: SIGTRAP, code: TRAP_BRKPT, address: Number(task.cpu.regs.pc) });
      return;
    default:
      throw new Error(`engine left for ${exit.kind}`);
  }
}

/** Linux's kernel would say so in its log. */
function whyKilled(task: Task, address: number): string {
  return address < task.mm.space.limit
    ? "the memory for guests is used up"
    : "it uses more far addresses than this engine has room for";
}

/** SIGSEGV at an address, as arm64 gives it for a bad signal frame (arch/arm64/kernel/signal.c). */
export function badFrame(task: Task, address: number): void {
  const mapped = task.mm.vmas.find(address) !== undefined;
  forceSignal(task, { signo: SIGSEGV, code: mapped ? SEGV_ACCERR : SEGV_MAPERR, address });
}
