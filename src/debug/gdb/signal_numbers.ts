/**
 * The protocol has signal numbers of its own, the same for all targets (GDB: include/gdb/signals.def). Those that
 * differ from Linux's:
 */
import {
  SIGBUS,
  SIGCHLD,
  SIGCONT,
  SIGIO,
  SIGPWR,
  SIGSTOP,
  SIGSYS,
  SIGTSTP,
  SIGURG,
  SIGUSR1,
  SIGUSR2,
} from "../../kernel/abi/signal.ts";

const DIFFERENT: readonly (readonly [linux: number, gdb: number])[] = [
  [SIGBUS, 10],
  [SIGUSR1, 30],
  [SIGUSR2, 31],
  [SIGCHLD, 20],
  [SIGCONT, 19],
  [SIGSTOP, 17],
  [SIGTSTP, 18],
  [SIGURG, 16],
  [SIGIO, 23],
  [SIGPWR, 32],
  [SIGSYS, 12],
  [32, 77],
  // 33..63 are 45..75
  [64, 78],
];

/** GDB_SIGNAL_UNKNOWN */
const UNKNOWN = 143;
/** Numbers below 32 that mean the same to both. */
const SAME = new Set([1, 2, 3, 4, 5, 6, 8, 9, 11, 13, 14, 15, 21, 22, 24, 25, 26, 27, 28]);

const toGdb = new Map(DIFFERENT), toLinux = new Map(DIFFERENT.map(([linux, gdb]) => [gdb, linux]));
for (const number of SAME) {
  toGdb.set(number, number);
  toLinux.set(number, number);
}
for (let number = 33; number <= 63; number++) {
  toGdb.set(number, number + 12);
  toLinux.set(number + 12, number);
}

/** The protocol's number of a Linux signal. */
export const gdbSignal = (linux: number): number => toGdb.get(linux) ?? UNKNOWN;

/** The Linux signal of a protocol number; undefined where Linux has none. */
export const linuxSignal = (gdb: number): number | undefined => toLinux.get(gdb);
