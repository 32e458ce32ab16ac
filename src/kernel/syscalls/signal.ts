/** Sending, blocking, catching and awaiting signals. */
import { EAGAIN, EINTR, EINVAL, EPERM, ERESTARTNOHAND, ESRCH } from "../abi/errno.ts";
import { decodeSiginfo, encodeSiginfo, type Siginfo, SIGINFO_SIZE } from "../abi/siginfo.ts";
import {
  SA_SUPPORTED,
  SA_UNSUPPORTED,
  SI_TKILL,
  SI_USER,
  SIG_BLOCK,
  SIG_SETMASK,
  SIG_UNBLOCK,
  signalBit,
  SIGRTMAX,
  UNBLOCKABLE,
} from "../abi/signal.ts";
import { UserFault } from "../mm/user_fault.ts";
import { takeSignal } from "../task/deliver_signal.ts";
import { badFrame } from "../task/exception.ts";
import type { Process } from "../task/process.ts";
import {
  checkKill,
  killMany,
  maySignal,
  recalcSignalPending,
  sendToProcess,
  sendToTask,
  setBlocked,
} from "../task/send_signal.ts";
import { altStackFlags, leaveHandler, setAltStack } from "../task/signal_frame.ts";
import type { Task } from "../task/task.ts";
import type { Blocking } from "../wait.ts";
import { row, type SyscallRow } from "./row.ts";
import { deadlineFromTimespec } from "./timeouts.ts";

/** sizeof(sigset_t) of the kernel. */
const SIGSET_SIZE = 8;

function validSignal(signal: number): boolean {
  return signal >= 0 && signal <= SIGRTMAX;
}

function fromUser(task: Task, signo: number, code: number): Siginfo {
  return { signo, code, pid: task.process.pid, uid: task.credentials.uid };
}

function kill(task: Task, pid: number, signal: number): number {
  const { kernel, process } = task;
  if (!validSignal(signal)) return -EINVAL;
  const info = fromUser(task, signal, SI_USER);
  if (pid > 0) {
    const target = kernel.findProcess(pid) ?? kernel.tasks.get(pid)?.process;
    if (!target) return -ESRCH;
    const error = checkKill(task, target, signal);
    return error || signal === 0 ? error : sendToProcess(target, info);
  }
  if (pid === -0x80000000) return -ESRCH;
  if (pid === -1) return killMany(task, others(kernel.processes.values(), process), info);
  const group = pid === 0 ? process.pgid : -pid;
  return killMany(task, members(kernel.processes.values(), group), info);
}

function others(processes: Iterable<Process>, self: Process): Process[] {
  return [...processes].filter((process) => process !== self);
}
function members(processes: Iterable<Process>, pgid: number): Process[] {
  return [...processes].filter((process) => process.pgid === pgid);
}

/** tgkill, and tkill with tgid 0. */
function tgkill(task: Task, tgid: number, tid: number, signal: number): number {
  return signalThread(task, tgid, tid, signal, fromUser(task, signal, SI_TKILL));
}

function signalThread(task: Task, tgid: number, tid: number, signal: number, info: Siginfo): number {
  const target = task.kernel.tasks.get(tid);
  if (!target || (tgid > 0 && target.process.pid !== tgid)) return -ESRCH;
  if (!validSignal(signal)) return -EINVAL;
  if (target.process !== task.process && !maySignal(task, target.credentials)) {
    const error = checkKill(task, target.process, signal);
    if (error) return error;
  }
  return signal === 0 ? 0 : sendToTask(target, info);
}

/** A siginfo from the guest may claim to be from the kernel or from kill only towards itself (rt_sigqueueinfo(2)). */
function readSiginfo(task: Task, va: number, signal: number, toSelf: boolean): Siginfo | number {
  const info = decodeSiginfo(task.mm.readBytes(va, SIGINFO_SIZE), signal);
  if (!toSelf && (info.code >= 0 || info.code === SI_TKILL)) return -EPERM;
  return info;
}

function rtSigqueueinfo(task: Task, pid: number, signal: number, va: number): number {
  const info = readSiginfo(task, va, signal, pid === task.process.pid);
  if (typeof info === "number") return info;
  const target = task.kernel.processes.get(pid);
  if (!target) return -ESRCH;
  if (!validSignal(signal)) return -EINVAL;
  const error = checkKill(task, target, signal);
  return error || signal === 0 ? error : sendToProcess(target, info);
}

function rtTgsigqueueinfo(task: Task, tgid: number, tid: number, signal: number, va: number): number {
  if (tid <= 0 || tgid <= 0) return -EINVAL;
  const info = readSiginfo(task, va, signal, tid === task.tid);
  return typeof info === "number" ? info : signalThread(task, tgid, tid, signal, info);
}

function rtSigaction(task: Task, signal: number, act: number, oldact: number, size: number): number {
  if (size !== SIGSET_SIZE) return -EINVAL;
  if (signal < 1 || signal > SIGRTMAX) return -EINVAL;
  const { mm, process } = task;
  const bit = signalBit(signal), before = process.actions.get(signal);
  let action;
  if (act !== 0) {
    action = {
      handler: mm.readNumber(act),
      // SA_UNSUPPORTED is how programs ask which flags are known: it never stays set.
      flags: (mm.readU32(act + 8) & SA_SUPPORTED & ~SA_UNSUPPORTED) >>> 0,
      restorer: mm.readNumber(act + 16),
      mask: mm.readU64(act + 24) & ~UNBLOCKABLE,
    };
    if ((bit & UNBLOCKABLE) !== 0n) return -EINVAL;
    process.actions.set(signal, action);
    if (process.actions.ignores(signal)) {
      // What is pending and now ignored is discarded, blocked or not (POSIX 2.4.3).
      process.pending.discard(bit);
      for (const thread of process.threads) {
        thread.pending.discard(bit);
        recalcSignalPending(thread);
      }
    }
  }
  if (oldact !== 0) {
    mm.writeLong(oldact, before.handler);
    mm.writeLong(oldact + 8, before.flags);
    mm.writeLong(oldact + 16, before.restorer);
    mm.writeU64(oldact + 24, before.mask);
  }
  return 0;
}

function rtSigprocmask(task: Task, how: number, set: number, oldset: number, size: number): number {
  if (size !== SIGSET_SIZE) return -EINVAL;
  const before = task.blocked;
  if (set !== 0) {
    const mask = task.mm.readU64(set);
    if (how === SIG_BLOCK) setBlocked(task, before | mask);
    else if (how === SIG_UNBLOCK) setBlocked(task, before & ~mask);
    else if (how === SIG_SETMASK) setBlocked(task, mask);
    else return -EINVAL;
  }
  if (oldset !== 0) task.mm.writeU64(oldset, before);
  return 0;
}

function rtSigpending(task: Task, set: number, size: number): number {
  if (size > SIGSET_SIZE) return -EINVAL;
  const pending = (task.pending.set | task.process.pending.set) & task.blocked;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, pending, true);
  task.mm.writeBytes(set, bytes.subarray(0, size));
  return 0;
}

function rtSigsuspend(task: Task, set: number, size: number): number | Blocking {
  if (size !== SIGSET_SIZE) return -EINVAL;
  task.useTemporaryMask(task.mm.readU64(set));
  return untilSignal();
}

function* untilSignal(): Blocking {
  while ((yield { queues: [] }) !== "signal");
  return -ERESTARTNOHAND;
}

function rtSigtimedwait(task: Task, set: number, infop: number, timeout: number, size: number): number | Blocking {
  if (size !== SIGSET_SIZE) return -EINVAL;
  const wanted = task.mm.readU64(set) & ~UNBLOCKABLE;
  let deadline = Infinity;
  if (timeout !== 0) {
    deadline = deadlineFromTimespec(task, timeout);
    if (deadline < 0) return deadline;
  }
  const report = (info: Siginfo): number => {
    recalcSignalPending(task);
    if (infop !== 0) task.mm.writeBytes(infop, encodeSiginfo(info));
    return info.signo;
  };
  const info = takeSignal(task, wanted);
  if (info) return report(info);
  if (deadline <= task.kernel.clock.monotonic()) return -EAGAIN;
  return waitForSignal(task, wanted, deadline, report);
}

/** Waits with the wanted signals unblocked, so that they end the wait; nothing is delivered meanwhile. */
function* waitForSignal(task: Task, wanted: bigint, deadline: number, report: (info: Siginfo) => number): Blocking {
  task.realBlocked = task.blocked;
  setBlocked(task, task.blocked & ~wanted);
  let reason;
  try {
    reason = yield { queues: [], deadline };
  } finally {
    setBlocked(task, task.realBlocked);
    task.realBlocked = 0n;
  }
  const info = takeSignal(task, wanted);
  if (info) return report(info);
  recalcSignalPending(task);
  return reason === "signal" ? -EINTR : -EAGAIN;
}

function rtSigreturn(task: Task): number | bigint {
  const sp = Number(task.cpu.regs.sp);
  task.restartBlock = undefined;
  let good = false;
  try {
    good = leaveHandler(task);
  } catch (error) {
    if (!(error instanceof UserFault)) throw error;
  }
  if (!good) badFrame(task, sp);
  // The result register is one of those restored.
  return task.cpu.regs.x(0);
}

function sigaltstack(task: Task, stack: number, oldStack: number): number {
  const { mm, altStack } = task, sp = Number(task.cpu.regs.sp);
  const before = { sp: altStack.sp, size: altStack.size, flags: altStackFlags(task, sp) | altStack.flags & 0x80000000 };
  if (stack !== 0) {
    const wanted = { sp: mm.readNumber(stack), flags: mm.readI32(stack + 8), size: mm.readNumber(stack + 16) };
    const error = setAltStack(task, sp, wanted);
    if (error) return error;
  }
  if (oldStack !== 0) {
    mm.writeLong(oldStack, before.sp);
    mm.writeI32(oldStack + 8, before.flags);
    mm.writeI32(oldStack + 12, 0);
    mm.writeLong(oldStack + 16, before.size);
  }
  return 0;
}

/** The call that an interrupted sleep turned into; without one it has been made by hand. */
function restartSyscall(task: Task): number | bigint | Blocking {
  const restart = task.restartBlock;
  task.restartBlock = undefined;
  return restart ? restart() : -EINTR;
}

export const rows: SyscallRow[] = [
  row(128, "restart_syscall", "", restartSyscall),
  row(129, "kill", "pid:pid sig:signal", kill),
  row(130, "tkill", "pid:pid sig:signal", (task, tid, signal) => tid <= 0 ? -EINVAL : tgkill(task, 0, tid, signal)),
  row(
    131,
    "tgkill",
    "tgid:pid pid:pid sig:signal",
    (task, tgid, tid, signal) => tid <= 0 || tgid <= 0 ? -EINVAL : tgkill(task, tgid, tid, signal),
  ),
  row(132, "sigaltstack", "uss:struct:stack_t uoss:out:stack_t", sigaltstack),
  row(133, "rt_sigsuspend", "unewset:struct:sigset sigsetsize:size", rtSigsuspend),
  row(134, "rt_sigaction", "sig:signal act:struct:sigaction oact:out:sigaction sigsetsize:size", rtSigaction),
  row(135, "rt_sigprocmask", "how:flags:sighow nset:struct:sigset oset:out:sigset sigsetsize:size", rtSigprocmask),
  row(136, "rt_sigpending", "set:out:sigset sigsetsize:size", rtSigpending),
  row(
    137,
    "rt_sigtimedwait",
    "uthese:struct:sigset uinfo:out:siginfo uts:struct:timespec sigsetsize:size =by:signal",
    rtSigtimedwait,
  ),
  row(138, "rt_sigqueueinfo", "pid:pid sig:signal uinfo:struct:siginfo", rtSigqueueinfo),
  row(139, "rt_sigreturn", "", rtSigreturn),
  row(240, "rt_tgsigqueueinfo", "tgid:pid pid:pid sig:signal uinfo:struct:siginfo", rtTgsigqueueinfo),
];
