/**
 * A guest thread (Linux: `struct task_struct`): registers, identity, signal state, and what it is waiting for.
 */
import type { Cpu } from "../../engine/engine.ts";
import { SI_USER, SIG_IGN, signalBit, SS_DISABLE } from "../abi/signal.ts";
import type { Siginfo } from "../abi/siginfo.ts";
import type { FdTable } from "../fs/fd_table.ts";
import type { FileContext } from "../fs/file.ts";
import type { FsContext } from "../fs/fs_context.ts";
import type { Kernel } from "../kernel.ts";
import type { Mm } from "../mm/mm.ts";
import type { Timer } from "../time/timer_heap.ts";
import type { Blocking, Wait, Waiter, Wake } from "../wait.ts";
import type { Capabilities, Credentials } from "./credentials.ts";
import type { FutexBucket } from "./futex_table.ts";
import { isOrphanedGroup } from "./job_control.ts";
import { PendingSignals } from "./pending_signals.ts";
import { emptyUsage, type Process, type Usage } from "./process.ts";
import type { Seccomp } from "./seccomp.ts";
import { sendToTask, setBlocked } from "./send_signal.ts";
import type { Tracee } from "./tracee.ts";
import { INITIAL_USER_NAMESPACE, isCapable, type UserNamespace } from "./user_namespace.ts";
import type { UtsNamespace } from "./uts_namespace.ts";

export type { Credentials } from "./credentials.ts";
export type { Process } from "./process.ts";

/**
 * - `runnable`: in the run queue, or running now.
 * - `blocked`: in a system call that waits.
 * - `stopped`: job control.
 * - `dead`: never runs again.
 */
export type TaskState = "runnable" | "blocked" | "stopped" | "dead";

/** sigaltstack(2) */
export interface AltStack {
  sp: number;
  size: number;
  /** SS_DISABLE, SS_AUTODISARM or 0. */
  flags: number;
}

/** Scheduling attributes (sched(7)): kept and reported; the scheduler itself is round robin. */
export interface SchedAttributes {
  policy: number;
  priority: number;
  nice: number;
  resetOnFork: boolean;
  /** CPU numbers as bits. */
  affinity: number;
}

/** Values of {@link Task.heldBy}: elftap's own debugger, and a process of the guest. */
export const HELD_BY_DEBUGGER = 1, HELD_BY_TRACER = 2;

/** One thread. It is the waiter of the queues its system call waits on, and the context of its file operations. */
export class Task implements Waiter, FileContext {
  state: TaskState = "runnable";
  /** comm, at most 15 bytes (a byte string). */
  name = "";

  // Signals
  /** Blocked signals. */
  blocked = 0n;
  /** The mask to go back to after ppoll, pselect6, sigsuspend, epoll_pwait. */
  savedMask: bigint | undefined;
  /** During sigtimedwait: the real mask; a signal in it is kept even if ignored. */
  realBlocked = 0n;
  /** Signals for this thread alone. */
  readonly pending: PendingSignals = new PendingSignals();
  /** An unblocked signal or a stop is pending: waits end, and the return to user mode looks. */
  signalPending = false;
  /** Has to stop for the group stop under way. */
  stopPending = false;
  readonly altStack: AltStack = { sp: 0, size: 0, flags: SS_DISABLE };
  /** The last fault, for the signal frame: fault_address and the syndrome (ESR_EL1). */
  faultAddress: number | bigint = 0;
  faultSyndrome = 0;
  /**
   * A call ended with this ERESTART code: pc is back at the SVC and x0 still is its argument, so that it is made again
   * unless a handler runs first. 0: none.
   */
  restartCode = 0;
  /** What restart_syscall(2) goes on with. */
  restartBlock: (() => number | bigint | Blocking) | undefined;
  /** PR_SET_PDEATHSIG */
  parentDeathSignal = 0;

  /** Judges its system calls (seccomp(2)). */
  seccomp: Seccomp;
  /** Its tracer has been told of the call that it is about to make: it is judged once more. */
  seccompTold = false;

  // Debugging
  /** Who keeps it from running: {@link HELD_BY_DEBUGGER}, {@link HELD_BY_TRACER}; 0: nobody. */
  heldBy = 0;
  /** Executes one instruction, then tells the debugger or its tracer. */
  stepping = false;
  /** A signal that the debugger or tracer has decided on: taken before all others, without asking again. */
  injected: Siginfo | undefined;
  /** Another process traces it by ptrace(2). */
  tracee: Tracee | undefined;
  /** It is held at the beginning of a system call that has yet to be made. */
  heldAtCall = false;

  // Waiting
  /** The system call in progress. */
  call: Blocking | undefined;
  /** Number of the call in progress, -1 outside. */
  callNumber = -1;
  /** Its place in the process's {@link RecentCalls}. */
  callSequence = 0;
  wait: Wait | undefined;
  waitTimer: Timer | undefined;
  wakeReason: Wake = "event";

  // Threads
  /** set_tid_address(2): zeroed and woken at the end. */
  clearChildTid = 0;
  /** set_robust_list(2) */
  robustList = 0;
  /** Contended PI futexes it owns. */
  readonly piLocks: Set<FutexBucket> = new Set();

  /** Its last run ended with its slice, not by itself: it computes. */
  computing = false;

  // Accounts
  readonly usage: Usage = emptyUsage();
  /** CPU time in ns since the last system call, fault or new code, for the watchdog; -1: one came in this slice. */
  uninterrupted = 0;
  readonly startTime: number;
  sched: SchedAttributes;
  /** CLONE_NEWUTS gives another one. */
  uts: UtsNamespace;
  timerSlack = 50_000;
  /** ioprio_set(2), kept to be read back. */
  ioPriority = 0;

  constructor(
    readonly kernel: Kernel,
    readonly process: Process,
    /** Changes when a thread other than the leader calls execve: it becomes the leader. */
    public tid: number,
    readonly cpu: Cpu,
    public credentials: Credentials,
    public capabilities: Capabilities,
    /** Address space and VMAs; shared by threads and by vfork until exec. Also the guest memory of system calls. */
    public mm: Mm,
    /** Open descriptors (CLONE_FILES shares them). */
    public files: FdTable,
    /** cwd, root, umask (CLONE_FS shares them). */
    public fs: FsContext,
  ) {
    this.startTime = kernel.clock.monotonic();
    this.uts = kernel.uts;
    this.sched = { policy: 0, priority: 0, nice: 0, resetOnFork: false, affinity: kernel.cpuMask };
  }

  /** It does not run, whatever wakes it. */
  get held(): boolean {
    return this.heldBy !== 0;
  }

  // FileContext
  get pid(): number {
    return this.process.pid;
  }
  get uid(): number {
    return this.credentials.fsuid;
  }
  get gid(): number {
    return this.credentials.fsgid;
  }
  get memory(): Mm {
    return this.mm;
  }
  get pgid(): number {
    return this.process.pgid;
  }
  get sid(): number {
    return this.process.session.sid;
  }
  raise(signal: number): void {
    sendToTask(this, { signo: signal, code: SI_USER, pid: this.process.pid, uid: this.credentials.uid });
  }
  ignoresOrBlocks(signal: number): boolean {
    return (this.blocked & signalBit(signal)) !== 0n || this.process.actions.get(signal).handler === SIG_IGN;
  }
  inOrphanedGroup(): boolean {
    return isOrphanedGroup(this.kernel, this.process.pgid);
  }

  /** Something on a queue this thread waits on happened. */
  wake(): void {
    this.kernel.scheduler.wake(this, "event");
  }

  /** Whether the thread has a capability over what a user namespace owns; most of the kernel is the initial one's. */
  capable(capability: number, over: UserNamespace = INITIAL_USER_NAMESPACE): boolean {
    return isCapable(this, over, capability);
  }

  /** Whether the thread has a capability in its own user namespace. */
  capableInside(capability: number): boolean {
    return isCapable(this, this.credentials.userNamespace, capability);
  }

  /** Blocks other signals for the length of this call (ppoll, pselect6, epoll_pwait, sigsuspend). */
  useTemporaryMask(mask: bigint): void {
    this.savedMask = this.blocked;
    setBlocked(this, mask);
  }
}
