/**
 * What a crash report holds: plain data, made when a signal that dumps core ends a process. The kernel fills in what
 * it knows; `src/debug/crash/` adds what takes reading the program's files. Numbers that may need 64 bits are 0x… text.
 */

/** One level of a backtrace. */
export interface CrashFrame {
  readonly pc: string;
  /** Demangled name; undefined where no symbol covers the address. */
  readonly function?: string;
  /** Bytes from the function's start. */
  readonly offset?: number;
  /** Guest path of the program or library, or `[vdso]`; undefined where no file is mapped. */
  readonly object?: string;
  /** Offset in that file, for tools that look it up themselves. */
  readonly objectOffset?: string;
  /** Source file as the compiler named it, and its line. */
  readonly file?: string;
  readonly line?: number;
  /** The function was inlined into the next frame's. */
  readonly inlined?: true;
  /** A signal handler returns here: what follows is what it interrupted. */
  readonly signal?: true;
}

/** A thread of the crashed process. */
export interface CrashThread {
  readonly tid: number;
  /** comm */
  readonly name: string;
  /** `crashed`, `running`, `stopped`, or the call it waits in. */
  readonly state: string;
  readonly frames: readonly CrashFrame[];
  /** The frames as lines. */
  readonly backtrace: readonly string[];
  readonly registers: Readonly<Record<string, string>>;
}

/** A fatal signal, for the report. */
export interface Crash {
  readonly signal: number;
  readonly signalName: string;
  /** si_code by name, e.g. SEGV_MAPERR. */
  readonly code: string;
  readonly address: string;
  readonly pc: string;
  /** symbol+0xoffset (file), where known. */
  readonly symbol: string | undefined;
  /** Innermost first, `0xpc symbol+0xoff (file) at source:line`. */
  readonly backtrace: readonly string[];
  readonly registers: Readonly<Record<string, string>>;
  readonly pid: number;
  readonly tid: number;
  /** comm of the process. */
  readonly program: string;
  /** What the fault address or the signal means, in one line: `just below the stack: stack overflow`. */
  readonly explanation?: string;
  /** {@link backtrace} as data. */
  readonly frames?: readonly CrashFrame[];
  /** Instructions around pc; the one at pc begins with `=>`. */
  readonly disassembly?: readonly string[];
  /** All threads of the process, the crashed one first. */
  readonly threads?: readonly CrashThread[];
  /** Lines of /proc/PID/maps. */
  readonly maps?: readonly string[];
  /** Open descriptors, `3 /etc/passwd (O_RDONLY)`. */
  readonly files?: readonly string[];
  /** The process's last system calls, oldest first. */
  readonly syscalls?: readonly string[];
  /** /proc/PID/exe and the arguments. */
  readonly executable?: string;
  readonly argv?: readonly string[];
  /** Host path of the core file, or why there is none. */
  readonly core?: string;
  readonly coreError?: string;
  /** Host path of the long form of this report, where one was written. */
  readonly report?: string;
}
