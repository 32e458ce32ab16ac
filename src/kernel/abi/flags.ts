/**
 * Names for the numbers that system calls take, by the set that a row's `flags:SET` format names. The sets are made
 * from the constants of this folder: a name is spelled once. Only the trace loads this.
 */
import * as clone from "./clone.ts";
import * as epoll from "./epoll.ts";
import * as fcntl from "./fcntl.ts";
import * as futex from "./futex.ts";
import * as inotify from "./inotify.ts";
import * as ipc from "./ipc.ts";
import * as mman from "./mman.ts";
import * as mount from "./mount.ts";
import * as prctl from "./prctl.ts";
import * as resource from "./resource.ts";
import * as sched from "./sched.ts";
import * as signal from "./signal.ts";
import * as socket from "./socket.ts";
import * as stat from "./stat.ts";
import * as system from "./system.ts";
import * as termios from "./termios.ts";
import * as ioctl from "./ioctl.ts";
import * as time from "./time.ts";
import * as wait from "./wait.ts";
import * as xattr from "./xattr.ts";

/** A set of names: bits that are or-ed, or one constant, or a constant with bits on top. */
export interface FlagSet {
  /** Constants compared under `mask`; name by value. */
  readonly values: ReadonlyMap<number, string>;
  /** Bits that the constants occupy; -1 where there are no bits on top. */
  readonly mask: number;
  /** Bits, larger groups first. */
  readonly bits: readonly (readonly [number, string])[];
  /** Shown for 0 where no constant is 0. */
  readonly zero: string;
}

type Module = Readonly<Record<string, unknown>>;

/** The numeric constants whose names match, by name. */
function pick(module: Module, pattern: RegExp): [number, string][] {
  return Object.entries(module)
    .filter((entry): entry is [string, number] => pattern.test(entry[0]) && typeof entry[1] === "number")
    .map(([name, value]) => [value | 0, name]);
}

const bitCount = (value: number) => {
  let count = 0;
  for (let bits = value >>> 0; bits !== 0; bits >>>= 1) count += bits & 1;
  return count;
};

function bits(module: Module, pattern: RegExp, values: [number, string][] = [], mask = 0, zero = "0"): FlagSet {
  const list = pick(module, pattern).filter(([value]) => value !== 0 && (value & mask) === 0)
    .sort((a, b) => bitCount(b[0]) - bitCount(a[0]));
  return { values: new Map(values), mask, bits: list, zero };
}

function values(module: Module, pattern: RegExp): FlagSet {
  return { values: new Map(pick(module, pattern)), mask: -1, bits: [], zero: "0" };
}

/** The low byte of clone's flags is the exit signal. */
function cloneFlags(): FlagSet {
  const signals: [number, string][] = [];
  for (let number = 1; number <= 64; number++) signals.push([number, signal.signalName(number)]);
  return bits(clone, /^CLONE_(?!ARGS|NAMESPACES)/, signals, clone.CSIGNAL);
}

const makers: Readonly<Record<string, () => FlagSet>> = {
  access: () => bits(fcntl, /^[RWX]_OK$/, [], 0, "F_OK"),
  at: () => bits(fcntl, /^AT_(SYMLINK|NO_AUTO|EMPTY|RECURSIVE)/),
  at_access: () => bits(fcntl, /^AT_(EACCESS|SYMLINK_NO|EMPTY)/),
  at_remove: () => bits(fcntl, /^AT_REMOVEDIR$/),
  clockid: () => values(time, /^CLOCK_/),
  clone: cloneFlags,
  close_range: () => bits(fcntl, /^CLOSE_RANGE_/),
  domain: () => values(socket, /^AF_(?!MAX)/),
  epoll_create: () => bits(epoll, /^EPOLL_CLOEXEC$/),
  epoll_op: () => values(epoll, /^EPOLL_CTL_/),
  eventfd: () => bits({ EFD_SEMAPHORE: 1, EFD_NONBLOCK: fcntl.O_NONBLOCK, EFD_CLOEXEC: fcntl.O_CLOEXEC }, /./),
  fadvise: () =>
    values({
      POSIX_FADV_NORMAL: 0,
      POSIX_FADV_RANDOM: 1,
      POSIX_FADV_SEQUENTIAL: 2,
      POSIX_FADV_WILLNEED: 3,
      POSIX_FADV_DONTNEED: 4,
      POSIX_FADV_NOREUSE: fcntl.POSIX_FADV_NOREUSE,
    }, /./),
  fallocate: () => bits(fcntl, /^FALLOC_FL_/),
  fcntl: () => values(fcntl, /^F_(DUPFD|GET|SET|OFD_|NOTIFY|ADD_SEALS)/),
  flock: () => bits(fcntl, /^LOCK_/),
  futex: () =>
    bits(
      futex,
      /^FUTEX_(PRIVATE_FLAG|CLOCK_REALTIME)$/,
      pick(futex, /^FUTEX_(WAIT|WAKE|FD|REQUEUE|CMP|LOCK|UNLOCK|TRYLOCK)(?!V_MAX|ERS)/),
      127,
    ),
  getrandom: () => bits(system, /^GRND_/),
  inotify: () => bits(inotify, /^IN_(?!NONBLOCK|CLOEXEC|ALL)/),
  inotify_init: () => bits(inotify, /^IN_(NONBLOCK|CLOEXEC)$/),
  ioctl: () =>
    values({ ...Object.fromEntries(pick(termios, /^T[CI]/).map(([v, n]) => [n, v])), ...ioctl }, /^(T[CI]|FIO|SIOC)/),
  ipc: () => bits(ipc, /^IPC_(CREAT|EXCL|NOWAIT)$/),
  itimer: () => values(time, /^ITIMER_/),
  madvise: () => values(mman, /^MADV_/),
  membarrier: () => values(mman, /^MEMBARRIER_CMD_/),
  memfd: () => bits(fcntl, /^MFD_(?!HUGE_)/),
  mlock2: () => bits(mman, /^MLOCK_/),
  mlockall: () => bits(mman, /^MCL_/),
  mmap: () => bits(mman, /^MAP_(?!TYPE|HUGE_)/, pick(mman, /^MAP_(SHARED|PRIVATE|SHARED_VALIDATE)$/), mman.MAP_TYPE),
  mount: () => bits(mount, /^MS_/),
  mremap: () => bits(mman, /^MREMAP_/),
  msg: () => bits(socket, /^MSG_/),
  msync: () => bits(mman, /^MS_/),
  open: () =>
    bits(
      fcntl,
      /^O_(?!ACCMODE|TMPFILE_BIT|VALID|SETTABLE)/,
      pick(fcntl, /^O_(RDONLY|WRONLY|RDWR)$/),
      fcntl.O_ACCMODE,
    ),
  pidfd: () => bits({ PIDFD_NONBLOCK: fcntl.O_NONBLOCK }, /./),
  prctl: () => values(prctl, /^PR_(?!CAP_AMBIENT_)/),
  prio: () => values(resource, /^PRIO_/),
  prot: () => bits(mman, /^PROT_/, [], 0, "PROT_NONE"),
  rename: () => bits(fcntl, /^RENAME_/),
  rlimit: () => values(resource, /^RLIMIT_/),
  rusage: () => values(resource, /^RUSAGE_/),
  rwf: () => bits(fcntl, /^RWF_(?!VALID)/),
  sched: () => bits(sched, /^SCHED_RESET_ON_FORK$/, pick(sched, /^SCHED_(OTHER|FIFO|RR|BATCH|IDLE|DEADLINE)$/), 0xff),
  seek: () => values(fcntl, /^SEEK_/),
  shutdown: () => values(socket, /^SHUT_/),
  sighow: () => values(signal, /^SIG_(BLOCK|UNBLOCK|SETMASK)$/),
  signalfd: () => bits({ SFD_NONBLOCK: fcntl.O_NONBLOCK, SFD_CLOEXEC: fcntl.O_CLOEXEC }, /./),
  socktype: () =>
    bits(
      socket,
      /^SOCK_(NONBLOCK|CLOEXEC)$/,
      pick(socket, /^SOCK_(STREAM|DGRAM|RAW|RDM|SEQPACKET|DCCP|PACKET)$/),
      socket.SOCK_TYPE_MASK,
    ),
  splice: () => bits(fcntl, /^SPLICE_F_(?!ALL)/),
  statx: () => bits(stat, /^STATX_(BASIC_STATS|BTIME|MNT_ID)$/),
  timerfd: () => bits({ TFD_NONBLOCK: fcntl.O_NONBLOCK, TFD_CLOEXEC: fcntl.O_CLOEXEC }, /./),
  timerfd_settime: () => bits({ TFD_TIMER_ABSTIME: 1, TFD_TIMER_CANCEL_ON_SET: 2 }, /./),
  umount: () => bits(mount, /^(MNT_|UMOUNT_)/),
  wait: () => bits(wait, /^(WNOHANG|WSTOPPED|WEXITED|WCONTINUED|WNOWAIT|__W)/),
  waitid: () => values(wait, /^P_/),
  xattr: () => bits(xattr, /^XATTR_(CREATE|REPLACE)$/),
};

const made = new Map<string, FlagSet>();

/** The set of this name; undefined for one nobody has described. */
export function flagSet(name: string): FlagSet | undefined {
  let set = made.get(name);
  if (!set) {
    set = makers[name]?.();
    if (set) made.set(name, set);
  }
  return set;
}

/** `O_RDWR|O_CREAT`, `CLOCK_MONOTONIC`, `PROT_NONE`; what has no name is added as a number. */
export function flagNames(name: string, value: number): string {
  const set = flagSet(name);
  if (!set) return `0x${(value >>> 0).toString(16)}`;
  const parts: string[] = [];
  const constant = set.values.get(value & set.mask);
  let rest = value;
  if (constant !== undefined && set.mask !== 0) {
    parts.push(constant);
    rest &= ~set.mask;
  } else if (set.mask === -1) {
    return String(value);
  }
  for (const [bit, text] of set.bits) {
    if ((rest & bit) !== bit) continue;
    parts.push(text);
    rest &= ~bit;
  }
  if (rest !== 0) parts.push(`0x${(rest >>> 0).toString(16)}`);
  return parts.length === 0 ? set.zero : parts.join("|");
}
