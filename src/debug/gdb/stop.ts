/** Why threads stop. */
import type { WatchKind } from "../../engine/engine.ts";
import { encodeSiginfo, type Siginfo } from "../../kernel/abi/siginfo.ts";
import { SI_USER, SIGINT, SIGTRAP, TRAP_BRKPT, TRAP_HWBKPT, TRAP_TRACE } from "../../kernel/abi/signal.ts";
import type { Task } from "../../kernel/task/task.ts";

/** Why a thread has stopped. */
export type Stop =
  /** About to take a signal; `info` is what it will take if nothing else is decided. */
  | { readonly kind: "signal"; info: Siginfo }
  | { readonly kind: "breakpoint"; readonly hardware: boolean }
  | { readonly kind: "watchpoint"; readonly watched: WatchKind; readonly address: number }
  | { readonly kind: "step" }
  /** By the debugger's wish: Ctrl-C; `vCont;t` and another thread's stop; the attaching; the start by `vRun`. */
  | { readonly kind: "interrupt" | "halt" | "attach" | "start" }
  | { readonly kind: "fork" | "vfork"; readonly child: Task }
  | { readonly kind: "vforkdone" | "created" }
  /** @param path guest path of the program */
  | { readonly kind: "exec"; readonly path: string }
  | { readonly kind: "syscall"; readonly when: "entry" | "return"; readonly nr: number };

/** What is left of a process or thread that has ended. */
export type Ended =
  | { readonly kind: "process"; readonly pid: number; readonly status: number }
  | { readonly kind: "thread"; readonly pid: number; readonly tid: number; readonly status: number };

/** The Linux signal that a stop is reported with; 0: none. */
export function stopSignal(stop: Stop): number {
  switch (stop.kind) {
    case "signal":
      return stop.info.signo;
    case "interrupt":
      return SIGINT;
    case "halt":
    case "attach":
      return 0;
    default:
      return SIGTRAP;
  }
}

/** The siginfo_t of a stop, as PTRACE_GETSIGINFO gives it. */
export function stopSiginfo(task: Task, stop: Stop): Uint8Array {
  const pc = Number(task.cpu.regs.pc);
  switch (stop.kind) {
    case "signal":
      return encodeSiginfo(stop.info);
    case "breakpoint":
      return encodeSiginfo({ signo: SIGTRAP, code: stop.hardware ? TRAP_HWBKPT : TRAP_BRKPT, address: pc });
    case "watchpoint":
      return encodeSiginfo({ signo: SIGTRAP, code: TRAP_HWBKPT, address: stop.address });
    case "step":
      return encodeSiginfo({ signo: SIGTRAP, code: TRAP_TRACE, address: pc });
    default:
      return encodeSiginfo({ signo: stopSignal(stop), code: SI_USER, pid: 0, uid: 0 });
  }
}
