/**
 * Signal numbers, actions, codes and sets (asm-generic/signal.h, asm-generic/siginfo.h; signal(7), sigaction(2)).
 *
 * A signal set is a bigint in which bit `n - 1` stands for signal `n`, exactly the 64-bit `sigset_t` of the kernel.
 */

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGILL = 4;
export const SIGTRAP = 5;
export const SIGABRT = 6;
export const SIGBUS = 7;
export const SIGFPE = 8;
export const SIGKILL = 9;
export const SIGUSR1 = 10;
export const SIGSEGV = 11;
export const SIGUSR2 = 12;
export const SIGPIPE = 13;
export const SIGALRM = 14;
export const SIGTERM = 15;
export const SIGSTKFLT = 16;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGSTOP = 19;
export const SIGTSTP = 20;
export const SIGTTIN = 21;
export const SIGTTOU = 22;
export const SIGURG = 23;
export const SIGXCPU = 24;
export const SIGXFSZ = 25;
export const SIGVTALRM = 26;
export const SIGPROF = 27;
export const SIGWINCH = 28;
export const SIGIO = 29;
export const SIGPWR = 30;
export const SIGSYS = 31;
export const SIGRTMIN = 32;
/** Highest signal number (_NSIG). */
export const SIGRTMAX = 64;

const NAMES = [
  "0",
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGKILL",
  "SIGUSR1",
  "SIGSEGV",
  "SIGUSR2",
  "SIGPIPE",
  "SIGALRM",
  "SIGTERM",
  "SIGSTKFLT",
  "SIGCHLD",
  "SIGCONT",
  "SIGSTOP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGURG",
  "SIGXCPU",
  "SIGXFSZ",
  "SIGVTALRM",
  "SIGPROF",
  "SIGWINCH",
  "SIGIO",
  "SIGPWR",
  "SIGSYS",
];

/** `SIGSEGV`, `SIGRT_3` (the third above the kernel's first real-time signal), or the number as text. */
export function signalName(signal: number): string {
  if (signal >= SIGRTMIN && signal <= SIGRTMAX) return signal === SIGRTMIN ? "SIGRTMIN" : `SIGRT_${signal - SIGRTMIN}`;
  return (signal > 0 ? NAMES[signal] : undefined) ?? String(signal);
}

/** The bit of a signal in a set. */
export function signalBit(signal: number): bigint {
  return 1n << BigInt(signal - 1);
}

/** The set of these signals. */
export function signalSet(...signals: number[]): bigint {
  return signals.reduce((set, signal) => set | signalBit(signal), 0n);
}

/** The lowest signal of a non-empty set. */
export function lowestSignal(set: bigint): number {
  const low = Number(set & 0xffffffffn);
  if (low !== 0) return 32 - Math.clz32(low & -low);
  const high = Number(set >> 32n & 0xffffffffn);
  return 64 - Math.clz32(high & -high);
}

/** Signals nothing can block, catch or ignore. */
export const UNBLOCKABLE = signalSet(SIGKILL, SIGSTOP);
/** Raised by the running instruction: delivered before any other (signal(7)). */
export const SYNCHRONOUS = signalSet(SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS);
export const DEFAULT_STOPS = signalSet(SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU);
export const DEFAULT_IGNORED = signalSet(SIGCONT, SIGCHLD, SIGWINCH, SIGURG);
/** Default action: terminate with a core dump. */
export const DEFAULT_CORE = signalSet(
  SIGQUIT,
  SIGILL,
  SIGTRAP,
  SIGABRT,
  SIGFPE,
  SIGSEGV,
  SIGBUS,
  SIGSYS,
  SIGXCPU,
  SIGXFSZ,
);

export const SIG_DFL = 0;
export const SIG_IGN = 1;

export const SA_NOCLDSTOP = 0x1;
export const SA_NOCLDWAIT = 0x2;
export const SA_SIGINFO = 0x4;
export const SA_UNSUPPORTED = 0x400;
export const SA_EXPOSE_TAGBITS = 0x800;
export const SA_RESTORER = 0x04000000;
export const SA_ONSTACK = 0x08000000;
export const SA_RESTART = 0x10000000;
export const SA_NODEFER = 0x40000000;
export const SA_RESETHAND = 0x80000000;
/** Flags a kernel knows; sigaction(2) clears the others in what it stores. */
export const SA_SUPPORTED = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_RESTART |
  SA_NODEFER | SA_RESETHAND | SA_EXPOSE_TAGBITS;

export const SIG_BLOCK = 0;
export const SIG_UNBLOCK = 1;
export const SIG_SETMASK = 2;

export const SS_ONSTACK = 1;
export const SS_DISABLE = 2;
export const SS_AUTODISARM = 0x80000000 | 0;
/** AT_MINSIGSTKSZ and the kernel's minimum for sigaltstack(2) on arm64. */
export const MINSIGSTKSZ = 5120;

// si_code, origin (positive codes come from the kernel)
export const SI_USER = 0;
export const SI_KERNEL = 0x80;
export const SI_QUEUE = -1;
export const SI_TIMER = -2;
export const SI_MESGQ = -3;
export const SI_ASYNCIO = -4;
export const SI_SIGIO = -5;
/** si_code of SIGIO: a message is there (what F_NOTIFY sends). */
export const POLL_MSG = 3;
export const SI_TKILL = -6;

export const ILL_ILLOPC = 1;
export const ILL_ILLTRP = 4;
export const FPE_INTDIV = 1;
export const SEGV_MAPERR = 1;
export const SEGV_ACCERR = 2;
export const BUS_ADRALN = 1;
export const BUS_ADRERR = 2;
export const TRAP_BRKPT = 1;
export const TRAP_TRACE = 2;
export const TRAP_HWBKPT = 4;
export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
export const CLD_DUMPED = 3;
export const CLD_TRAPPED = 4;
export const CLD_STOPPED = 5;
export const CLD_CONTINUED = 6;
export const SYS_SECCOMP = 1;
export const POLL_IN = 1;
export const POLL_HUP = 6;

const CODE_NAMES: Readonly<Record<number, readonly string[]>> = {
  [SIGILL]: ["", "ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP", "ILL_PRVOPC"],
  [SIGFPE]: ["", "FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF", "FPE_FLTUND", "FPE_FLTRES", "FPE_FLTINV"],
  [SIGSEGV]: ["", "SEGV_MAPERR", "SEGV_ACCERR"],
  [SIGBUS]: ["", "BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR"],
  [SIGTRAP]: ["", "TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT"],
  [SIGCHLD]: ["", "CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED"],
  [SIGIO]: ["", "POLL_IN", "POLL_OUT", "POLL_MSG", "POLL_ERR", "POLL_PRI", "POLL_HUP"],
  [SIGSYS]: ["", "SYS_SECCOMP"],
};
const ORIGIN_NAMES: Readonly<Record<number, string>> = {
  [SI_USER]: "SI_USER",
  [SI_KERNEL]: "SI_KERNEL",
  [SI_QUEUE]: "SI_QUEUE",
  [SI_TIMER]: "SI_TIMER",
  [SI_MESGQ]: "SI_MESGQ",
  [SI_ASYNCIO]: "SI_ASYNCIO",
  [SI_SIGIO]: "SI_SIGIO",
  [SI_TKILL]: "SI_TKILL",
};

/** `SEGV_MAPERR`, `SI_TKILL`, or the number as text. */
export function signalCodeName(signal: number, code: number): string {
  return (code > 0 ? CODE_NAMES[signal]?.[code] : undefined) ?? ORIGIN_NAMES[code] ?? String(code);
}

/** Whether the default action of a signal is to do nothing. */
export function ignoredByDefault(signal: number): boolean {
  return signal < SIGRTMIN && (DEFAULT_IGNORED & signalBit(signal)) !== 0n;
}

export function stopsByDefault(signal: number): boolean {
  return signal < SIGRTMIN && (DEFAULT_STOPS & signalBit(signal)) !== 0n;
}

export function dumpsCoreByDefault(signal: number): boolean {
  return signal < SIGRTMIN && (DEFAULT_CORE & signalBit(signal)) !== 0n;
}
