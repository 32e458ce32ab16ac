/** Which system calls a thread may make: seccomp(2) (kernel/seccomp.c). */
import { AUDIT_ARCH_AARCH64, EVENT_SECCOMP } from "../abi/ptrace.ts";
import { ENOSYS } from "../abi/errno.ts";
import {
  FILTER_OVERHEAD,
  RET,
  RET_ACTION,
  RET_DATA,
  SECCOMP_DATA_SIZE,
  SECCOMP_MODE_FILTER,
  SECCOMP_MODE_STRICT,
  STRICT_CALLS,
} from "../abi/seccomp.ts";
import { SIGKILL, SIGSYS, SYS_SECCOMP } from "../abi/signal.ts";
import { exitThread } from "./exit_process.ts";
import { type BpfInstruction, run } from "./seccomp_filter.ts";
import { forceSignal } from "./send_signal.ts";
import type { Task } from "./task.ts";

/** One filter, and those that were there before: all of them judge. Threads and children share it. */
export class SeccompFilter {
  /** Instructions of all, as the limit counts them. */
  readonly size: number;
  /** How many there are. */
  readonly depth: number;

  constructor(readonly program: readonly BpfInstruction[], readonly previous: SeccompFilter | undefined) {
    this.size = program.length + (previous === undefined ? 0 : previous.size + FILTER_OVERHEAD);
    this.depth = 1 + (previous?.depth ?? 0);
  }

  /** Whether this is the other one, or was put on top of it. */
  includes(other: SeccompFilter): boolean {
    let { previous } = this;
    if (this === other) return true;
    while (previous !== undefined && previous !== other) previous = previous.previous;
    return previous === other;
  }
}

/** What a thread is under; undefined: nothing. */
export type Seccomp = "strict" | SeccompFilter | undefined;

/** /proc/PID/status and PR_GET_SECCOMP. */
export function seccompMode({ seccomp }: Task): number {
  return seccomp === undefined ? 0 : seccomp === "strict" ? SECCOMP_MODE_STRICT : SECCOMP_MODE_FILTER;
}

/** struct seccomp_data of the call that a thread is about to make. */
function dataOf({ cpu: { regs } }: Task, nr: number): DataView {
  const data = new DataView(new ArrayBuffer(SECCOMP_DATA_SIZE));
  data.setInt32(0, nr, true);
  data.setUint32(4, AUDIT_ARCH_AARCH64, true);
  data.setBigUint64(8, regs.pc, true);
  for (let n = 0; n < 6; n++) data.setBigUint64(16 + 8 * n, regs.x(n), true);
  return data;
}

/** The strictest of what the filters say; of equal ones, the latest filter's. */
function judge(filter: SeccompFilter, data: DataView): number {
  let verdict: number = RET.ALLOW;
  for (let each: SeccompFilter | undefined = filter; each; each = each.previous) {
    const said = run(each.program, data);
    if ((said & RET_ACTION) < (verdict & RET_ACTION)) verdict = said;
  }
  return verdict;
}

/**
 * Judges a call before it is made.
 *
 * @returns `made`; `left out`, with the registers as they are, the thread perhaps dead; `stopped` for its tracer, and to
 * be judged again; or the result that it has instead
 */
export function screenCall(task: Task, nr: number): "made" | "left out" | "stopped" | number {
  const { seccomp, process } = task;
  if (seccomp === undefined) return "made";
  if (seccomp === "strict") {
    if (STRICT_CALLS.includes(nr)) return "made";
    exitThread(task, SIGKILL);
    return "left out";
  }
  const isSecond = task.seccompTold;
  task.seccompTold = false;
  const verdict = judge(seccomp, dataOf(task, nr)), data = verdict & RET_DATA;
  switch (verdict & RET_ACTION) {
    case RET.ALLOW:
    case RET.LOG:
      return "made";
    case RET.ERRNO:
      return -Math.min(data, 4095);
    case RET.TRAP:
      forceSignal(task, sigsys(task, nr, data));
      return "left out";
    case RET.TRACE: {
      if (isSecond) return "made";
      const { tracee } = task;
      if (!tracee?.has("TRACESECCOMP")) return -ENOSYS;
      tracee.callNumber = nr;
      tracee.stopForEvent(EVENT_SECCOMP, data);
      tracee.callToMake = nr;
      task.heldAtCall = task.seccompTold = true;
      return "stopped";
    }
    case RET.KILL_THREAD:
      if (process.threads.size > 1) {
        exitThread(task, SIGSYS);
        return "left out";
      }
  }
  // KILL_PROCESS, and whatever is not known.
  forceSignal(task, { ...sigsys(task, nr, data), isFinal: true }, true);
  return "left out";
}

const sigsys = (task: Task, nr: number, errno: number) => ({
  signo: SIGSYS,
  code: SYS_SECCOMP,
  errno,
  address: Number(task.cpu.regs.pc),
  call: nr,
});
