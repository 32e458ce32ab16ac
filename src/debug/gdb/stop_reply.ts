/** Stop replies (GDB manual, "Stop Reply Packets"). */
import { SIGSTOP } from "../../kernel/abi/signal.ts";
import type { Task } from "../../kernel/task/task.ts";
import { textToHex } from "./hex.ts";
import { readRegister, Reg } from "./registers.ts";
import type { Session } from "./session.ts";
import { gdbSignal } from "./signal_numbers.ts";
import { type Ended, type Stop, stopSignal } from "./stop.ts";
import { formatThreadId } from "./thread_id.ts";

const byte = (value: number) => value.toString(16).padStart(2, "0");

/** Registers that a debugger wants at once, told with every stop. */
const EXPEDITED = [Reg.fp, Reg.sp, Reg.pc];

/** Tells of a thread that has stopped. */
export function stopReply(session: Session, task: Task, stop: Stop): string {
  const registers = EXPEDITED.map((number) => `${byte(number)}:${readRegister(task, number)};`).join("");
  // SIGTRAP or no signal where lldb has just set a breakpoint of its own, as it does at a program's entry, would be
  // that breakpoint to it, and it would go on.
  const signal = stop.kind === "attach" && session.agreed.lldb ? SIGSTOP : stopSignal(stop);
  return `T${byte(signal === 0 ? 0 : gdbSignal(signal))}${reason(session, stop)}thread:${session.idOf(task)};` +
    `core:0;${registers}`;
}

function reason({ agreed }: Session, stop: Stop): string {
  switch (stop.kind) {
    case "breakpoint":
      return stop.hardware ? (agreed.hwbreak ? "hwbreak:;" : "") : agreed.swbreak ? "swbreak:;" : "";
    case "watchpoint": {
      const name = { write: "watch", read: "rwatch", access: "awatch" }[stop.watched];
      return `${name}:${stop.address.toString(16)};`;
    }
    case "fork":
    case "vfork": {
      const { child } = stop;
      return `${stop.kind}:${formatThreadId(child.process.pid, child.tid, agreed.multiprocess)};`;
    }
    case "vforkdone":
      return "vforkdone:;";
    case "created":
      return "create:;";
    case "exec":
      // lldb looks for the second (lldbgdbremote.md), gdb for the first.
      return agreed.lldb ? "reason:exec;" : agreed.exec ? `exec:${textToHex(stop.path)};` : "";
    case "syscall":
      return `syscall_${stop.when}:${stop.nr.toString(16)};`;
    default:
      return "";
  }
}

/** Tells of a process or thread that has ended. */
export function endedReply({ agreed }: Session, what: Ended): string {
  const signal = what.status & 0x7f;
  const code = signal === 0 ? what.status >> 8 & 0xff : gdbSignal(signal);
  if (what.kind === "thread") return `w${byte(code)};${formatThreadId(what.pid, what.tid, agreed.multiprocess)}`;
  return `${signal === 0 ? "W" : "X"}${byte(code)}${agreed.multiprocess ? `;process:${what.pid.toString(16)}` : ""}`;
}
