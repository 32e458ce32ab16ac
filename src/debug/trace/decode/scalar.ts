/** Plain numbers in their meaning: descriptors, ids, modes, devices, constants. */
import { AT_FDCWD } from "../../../kernel/abi/fcntl.ts";
import { flagNames } from "../../../kernel/abi/flags.ts";
import { signalName } from "../../../kernel/abi/signal.ts";
import * as stat from "../../../kernel/abi/stat.ts";
import type { Call } from "./call.ts";
import { descriptorName, directoryName } from "./descriptor.ts";
import { hex, pointer } from "./text.ts";

/** A number's text. Fields of 64 bits above 2^53 come as bigint. */
export type ShowNumber = (call: Call, value: number | bigint) => string;

/** `3`, or with -y `3</etc/passwd>`. */
export function descriptor({ task, style }: Call, fd: number): string {
  if (style.descriptors === 0) return String(fd);
  const name = descriptorName(task, fd, style.descriptors);
  return name === undefined ? String(fd) : `${fd}<${name}>`;
}

function directory(call: Call, fd: number): string {
  if (fd !== AT_FDCWD) return descriptor(call, fd);
  return call.style.descriptors === 0 ? "AT_FDCWD" : `AT_FDCWD<${directoryName(call.task)}>`;
}

/** Octal with at least three digits, one of them a zero in front. */
export function permissions(mode: number): string {
  return mode === 0 ? "000" : ("0" + mode.toString(8)).padStart(3, "0");
}

const TYPES: ReadonlyMap<number, string> = new Map([
  [stat.S_IFSOCK, "S_IFSOCK"],
  [stat.S_IFLNK, "S_IFLNK"],
  [stat.S_IFREG, "S_IFREG"],
  [stat.S_IFBLK, "S_IFBLK"],
  [stat.S_IFDIR, "S_IFDIR"],
  [stat.S_IFCHR, "S_IFCHR"],
  [stat.S_IFIFO, "S_IFIFO"],
]);

/** `S_IFREG|0644` */
export function fileMode(mode: number): string {
  const type = mode & stat.S_IFMT;
  const special = (mode & stat.S_ISUID ? "S_ISUID|" : "") + (mode & stat.S_ISGID ? "S_ISGID|" : "") +
    (mode & stat.S_ISVTX ? "S_ISVTX|" : "");
  const bits = special + permissions(mode & 0o777);
  return type === 0 ? bits : `${TYPES.get(type) ?? "0" + type.toString(8)}|${bits}`;
}

/** `makedev(0x8, 0x1)` */
export function device(dev: number): string {
  return `makedev(${hex(stat.major(dev))}, ${hex(stat.minor(dev))})`;
}

const CPU_CLOCKS = ["CPUCLOCK_PROF", "CPUCLOCK_VIRT", "CPUCLOCK_SCHED"];

/** A clock: a constant, or in a negative number a process, thread or descriptor (linux/posix-timers.h). */
function clockText(clock: number): string {
  if (clock >= 0) return flagNames("clockid", clock);
  const id = ~(clock >> 3), kind = clock & 3;
  if (kind === 3) return `FD_TO_CLOCKID(${id})`;
  return `MAKE_${clock & 4 ? "THREAD" : "PROCESS"}_CPUCLOCK(${id}, ${CPU_CLOCKS[kind]})`;
}

/** How to show a number of a format; undefined for a format that is no plain number. */
export function numberFormat(format: string): ShowNumber | undefined {
  if (format === "flags:clockid") return (_, value) => clockText(Number(value));
  if (format.startsWith("flags:") || format.startsWith("bits:")) {
    const set = format.slice(format.indexOf(":") + 1);
    return (_, value) => flagNames(set, Number(value));
  }
  return NUMBERS[format];
}

const decimal: ShowNumber = (_, value) => String(value);

const NUMBERS: Readonly<Record<string, ShowNumber>> = {
  int: decimal,
  pid: decimal,
  long: decimal,
  off: decimal,
  size: decimal,
  ulong: decimal,
  uint: (_, value) => String(Number(value) >>> 0),
  x: (_, value) => hex(value),
  hex: (_, value) => hex(value),
  xint: (_, value) => hex(Number(value) >>> 0),
  o: (_, value) => permissions(Number(value)),
  fd: (call, value) => descriptor(call, Number(value)),
  dirfd: (call, value) => directory(call, Number(value)),
  signal: (_, value) => signalName(Number(value)),
  mode: (_, value) => permissions(Number(value) >>> 0),
  filemode: (_, value) => fileMode(Number(value) >>> 0),
  dev: (_, value) => device(Number(value)),
  // -1 is "no change" to chown(2), setresuid(2).
  uid: (_, value) => Number(value) === -1 || Number(value) === 0xffffffff ? "-1" : String(Number(value) >>> 0),
  gid: (_, value) => Number(value) === -1 || Number(value) === 0xffffffff ? "-1" : String(Number(value) >>> 0),
  ptr: (_, value) => typeof value === "bigint" ? hex(value) : pointer(value),
};
