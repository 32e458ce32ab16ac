/**
 * A process (Linux: a thread group, `struct signal_struct`): what the threads of one program share, and what its
 * parent waits for. A process outlives its threads as a zombie until it is reaped.
 */
import type { Kernel } from "../kernel.ts";
import type { Timer } from "../time/timer_heap.ts";
import { RecentCalls } from "../syscalls/recent_calls.ts";
import { WaitQueue } from "../wait.ts";
import { PendingSignals } from "./pending_signals.ts";
import type { PosixTimer } from "../time/posix_timer.ts";
import type { Session } from "./session.ts";
import { SignalActions } from "./signal_actions.ts";
import type { Task } from "./task.ts";

/** CPU use and counts, summed over threads or children (getrusage(2)). Times in ns. */
export interface Usage {
  utime: number;
  stime: number;
  minorFaults: number;
  majorFaults: number;
  voluntarySwitches: number;
  involuntarySwitches: number;
  /** Peak resident set in KiB. */
  maxRss: number;
}

export function emptyUsage(): Usage {
  return {
    utime: 0,
    stime: 0,
    minorFaults: 0,
    majorFaults: 0,
    voluntarySwitches: 0,
    involuntarySwitches: 0,
    maxRss: 0,
  };
}

/** Adds one account to another. */
export function addUsage(to: Usage, from: Readonly<Usage>): void {
  to.utime += from.utime;
  to.stime += from.stime;
  to.minorFaults += from.minorFaults;
  to.majorFaults += from.majorFaults;
  to.voluntarySwitches += from.voluntarySwitches;
  to.involuntarySwitches += from.involuntarySwitches;
  to.maxRss = Math.max(to.maxRss, from.maxRss);
}

/** All threads of a process, the ended ones too. */
export function processUsage(process: Process): Usage {
  const sum = emptyUsage();
  addUsage(sum, process.usage);
  for (const thread of process.threads) {
    addUsage(sum, thread.usage);
    sum.maxRss = Math.max(sum.maxRss, thread.mm.residentSize / 1024);
  }
  return sum;
}

/** One interval timer (setitimer(2)): remaining time and interval in ns. */
export interface IntervalTimer {
  /** ITIMER_REAL: CLOCK_MONOTONIC deadline; the CPU timers: CPU time at which it is due. Infinity when off. */
  due: number;
  interval: number;
  timer: Timer | undefined;
}

/** The end of a thread that another process traces, unless that is its parent's to see. */
export interface TraceeEnd {
  /** The thread's. */
  readonly pid: number;
  readonly pgid: number;
  readonly uid: number;
  /** wait4's status word. */
  readonly status: number;
  readonly usage: Usage;
  /** A wait has told of it. */
  seen(): void;
}

/** What runs in user space until it ends: threads, children, identity, signals. */
export class Process {
  /** Threads alive. */
  readonly threads: Set<Task> = new Set();
  readonly children: Set<Process> = new Set();
  /** Threads of others that it traces by ptrace(2). */
  readonly tracees: Set<Task> = new Set();
  /** Ends of tracees of which no wait has told it yet. */
  readonly traceeEnds: TraceeEnd[] = [];
  /** The thread whose tid is the pid; it stays named here after its exit. Missing only in the two processes without a program. */
  leader!: Task;
  parent: Process | undefined;
  /** The thread of the parent that made this process: PR_SET_PDEATHSIG and __WNOTHREAD go by it. */
  parentTask: Task | undefined;
  pgid: number;
  session: Session;
  /** Sent to the parent at the end; 0 for none. */
  exitSignal: number;

  actions: SignalActions = new SignalActions();
  /** Signals for any thread of the process. */
  readonly pending: PendingSignals = new PendingSignals();
  /** Woken whenever a signal is queued for the process or one of its threads: signalfd. */
  readonly signalWait: WaitQueue = new WaitQueue();
  /** Woken when a child changes state: wait4, waitid. */
  readonly childWait: WaitQueue = new WaitQueue();
  /** Woken at the end of the process: pidfd. */
  readonly exitWait: WaitQueue = new WaitQueue();

  /** Status word of wait4(2) once the process is a zombie. */
  exitStatus: number | undefined;
  /** Its tracer has yet to see its end: until then its parent does not. */
  withheld = false;
  /** Status word all remaining threads end with (exit_group, fatal signal). */
  groupExit: number | undefined;
  /** Status word of the leader, if it ended before other threads. */
  leaderStatus: number | undefined;
  /** The signal that stopped the whole process. */
  stoppedBy: number | undefined;
  /** A stop is under way: threads not stopped yet, and the signal. */
  stopping: { signal: number; remaining: number } | undefined;
  /** The parent has not yet seen this stop (WUNTRACED), this continuation (WCONTINUED). */
  stopUnseen = false;
  continueUnseen = false;
  /** Has called execve: setpgid(2) refuses it. */
  execed = false;
  /** PR_SET_CHILD_SUBREAPER: of this process, and of an ancestor (a flag to walk less). */
  subreaper = false;
  /** PR_SET_DUMPABLE */
  dumpable = 1;
  noNewPrivileges = false;
  /** vfork: who waits until this process has its own mm or is gone. */
  vforkWait: WaitQueue | undefined;

  /** Of threads that have ended. */
  readonly usage: Usage = emptyUsage();
  /** Of children waited for. */
  readonly childUsage: Usage = emptyUsage();
  /** CLOCK_MONOTONIC ns at the start. */
  readonly startTime: number;
  readonly intervalTimers: readonly IntervalTimer[] = [0, 1, 2].map(() => ({
    due: Infinity,
    interval: 0,
    timer: undefined,
  }));
  readonly posixTimers: Map<number, PosixTimer> = new Map();
  /** Timers, its own or others', that run on CPU time of this process or its threads, and have been set. */
  readonly cpuTimers: Set<PosixTimer> = new Set();
  nextTimerId = 0;
  /** CPU time of all threads, dead ones too, and the part in user mode; ns. */
  cpuTime = 0;
  userTime = 0;
  /** `cpuTime` at which time/cpu_timers.ts has to look. */
  cpuTimerDue = Infinity;
  /** RLIMIT_CPU: seconds at which the next SIGXCPU is due; 0 before the first. */
  cpuLimitNext = 0;
  /** oom_score_adj, personality and what else only is kept to be read back. */
  personality = 0;
  oomScoreAdjust = 0;
  /** For crash reports. */
  readonly recentCalls: RecentCalls = new RecentCalls();
  /** A debugger wants to stop at its system calls. */
  stopsAtCalls = false;
  /** PR_SET_THP_DISABLE, inherited and read back. */
  thpDisabled = false;
  /** PR_MCE_KILL, the same: PR_MCE_KILL_DEFAULT. */
  machineCheckPolicy = 2;
  /** /proc/PID/coredump_filter, the same. */
  coredumpFilter = 0x33;

  constructor(
    readonly kernel: Kernel,
    /** tgid */
    readonly pid: number,
    parent: Process | undefined,
    session: Session,
    pgid: number,
    /** Resource limits by RLIMIT_* number: [soft, hard]; Infinity is RLIM_INFINITY. */
    readonly rlimits: [number, number][],
    exitSignal: number,
  ) {
    this.parent = parent;
    this.session = session;
    this.pgid = pgid;
    this.exitSignal = exitSignal;
    this.startTime = kernel.clock.monotonic();
  }

  get ppid(): number {
    return this.parent?.pid ?? 0;
  }
  get sid(): number {
    return this.session.sid;
  }
  get zombie(): boolean {
    return this.exitStatus !== undefined;
  }
}
