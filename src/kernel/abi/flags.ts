/**
 * Names for the numbers that system calls take, by the set that a row's `flags:SET` format names. The sets are made
 * from the constants of this folder: a name is spelled once. Only the trace loads this.
 */
import * as aio from "./aio.ts";
import * as capability from "./capability.ts";
import * as clone from "./clone.ts";
import * as epoll from "./epoll.ts";
import * as fcntl from "./fcntl.ts";
import * as futex from "./futex.ts";
import * as inotify from "./inotify.ts";
import * as ipc from "./ipc.ts";
import * as mempolicy from "./mempolicy.ts";
import * as mman from "./mman.ts";
import * as mount from "./mount.ts";
import * as netlink from "./netlink.ts";
import * as prctl from "./prctl.ts";
import * as ptrace from "./ptrace.ts";
import * as resource from "./resource.ts";
import * as sched from "./sched.ts";
import * as signal from "./signal.ts";
import * as socket from "./socket.ts";
import * as stat from "./stat.ts";
import * as statfs from "./statfs.ts";
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
  /** Bits, larger groups first: value, name, place in the display. */
  readonly bits: readonly (readonly [number, string, number])[];
  /** Shown for 0 where no constant is 0. */
  readonly zero: string;
  /** What a value without any name is called, as strace does: `O_???`. */
  readonly unknown: string;
  /** The constant comes after the bits (clone's signal). */
  readonly last: boolean;
}

/** What differs from the usual in a set. */
interface SetOptions {
  readonly values?: [number, string][];
  readonly mask?: number;
  readonly zero?: string;
  readonly last?: boolean;
  /** Names that come first, in this order; others follow by value. */
  readonly order?: string;
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

/** `O_???` from the names of a set: what they begin with. */
function unknownName(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) {
    const prefix = /^(_*[A-Z0-9]+)/.exec(name)?.[1] ?? name;
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  const [prefix] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ["?"];
  return `${prefix}_???`;
}

function bits(module: Module, pattern: RegExp, options: SetOptions = {}): FlagSet {
  const { values = [], mask = 0, zero = "0", last = false, order = "" } = options;
  const first = order.split(" ");
  const rank = (name: string) => first.includes(name) ? first.indexOf(name) : first.length;
  const list = pick(module, pattern).filter(([value]) => value !== 0 && (value & mask) === 0)
    .sort((a, b) => rank(a[1]) - rank(b[1]) || (a[0] >>> 0) - (b[0] >>> 0))
    .map(([value, name], place) => [value, name, place] as const)
    .sort((a, b) => bitCount(b[0]) - bitCount(a[0]));
  const names = [...list, ...values].map(([, name]) => name);
  return { values: new Map(values), mask, bits: list, zero, last, unknown: unknownName(names) };
}

function values(module: Module, pattern: RegExp): FlagSet {
  const picked = pick(module, pattern);
  return {
    values: new Map(picked),
    mask: -1,
    bits: [],
    zero: "0",
    last: false,
    unknown: unknownName(picked.map(([, name]) => name)),
  };
}

/** The low byte of clone's flags is the exit signal. */
function cloneFlags(): FlagSet {
  const signals: [number, string][] = [];
  for (let number = 1; number <= 64; number++) signals.push([number, signal.signalName(number)]);
  return bits(clone, /^CLONE_(?!ARGS|NAMESPACES|CLEAR|INTO|NEWTIME)/, {
    values: signals,
    mask: clone.CSIGNAL,
    last: true,
  });
}

const O_ORDER = "O_CREAT O_EXCL O_NOCTTY O_TRUNC O_APPEND O_NONBLOCK O_SYNC O_DSYNC O_ASYNC O_DIRECT O_LARGEFILE " +
  "O_NOFOLLOW O_NOATIME O_CLOEXEC O_PATH O_TMPFILE O_DIRECTORY";
const SA_ORDER = "SA_RESTORER SA_ONSTACK SA_RESTART SA_NODEFER SA_RESETHAND SA_SIGINFO";
const POLL_BITS: Module = {
  IN: 0x001,
  PRI: 0x002,
  OUT: 0x004,
  RDNORM: 0x040,
  RDBAND: 0x080,
  WRNORM: 0x100,
  WRBAND: 0x200,
  MSG: 0x400,
  ERR: 0x008,
  HUP: 0x010,
  RDHUP: 0x2000,
};
const prefixed = (prefix: string, names: Module): Module =>
  Object.fromEntries(Object.entries(names).map(([name, value]) => [prefix + name, value]));
/** Names counted from 0. */
const counted = (names: string): Module => Object.fromEntries(names.split(" ").map((name, index) => [name, index]));
/** Names of bits counted from 1. */
const powers = (names: string): Module => Object.fromEntries(names.split(" ").map((name, index) => [name, 1 << index]));
/** Options without the ones that name structures and sizes. */
const options = (pattern: RegExp) => values(socket, pattern);

const makers: Readonly<Record<string, () => FlagSet>> = {
  access: () => bits(fcntl, /^[RWX]_OK$/, { zero: "F_OK", order: "R_OK W_OK X_OK" }),
  aio: () => values(aio, /^IOCB_CMD_/),
  at: () => bits(fcntl, /^AT_(SYMLINK|NO_AUTO|EMPTY|RECURSIVE)/),
  at_access: () => bits(fcntl, /^AT_(EACCESS|SYMLINK_NO|EMPTY)/),
  at_remove: () => bits(fcntl, /^AT_REMOVEDIR$/),
  at_statx: () =>
    bits(fcntl, /^AT_(SYMLINK_NO|NO_AUTO|EMPTY)/, {
      values: [[0, "AT_STATX_SYNC_AS_STAT"], [0x2000, "AT_STATX_FORCE_SYNC"], [0x4000, "AT_STATX_DONT_SYNC"]],
      mask: fcntl.AT_STATX_SYNC_TYPE,
    }),
  cap_ambient: () => values(prctl, /^PR_CAP_AMBIENT_/),
  cap_version: () => values(capability, /^_LINUX_CAPABILITY_VERSION_/),
  clockid: () => values(time, /^CLOCK_/),
  clone: cloneFlags,
  clone3: () => bits(clone, /^CLONE_(?!ARGS|NAMESPACES|CLEAR|INTO)/),
  close_range: () => bits(fcntl, /^CLOSE_RANGE_/),
  cmsg: () => values(socket, /^SCM_(RIGHTS|CREDENTIALS)$/),
  domain: () => values(socket, /^AF_(?!MAX)/),
  epoll: () => bits({ ...prefixed("EPOLL", POLL_BITS), ...epoll }, /^EPOLL(?!_)/),
  epoll_create: () => bits(epoll, /^EPOLL_CLOEXEC$/),
  epoll_op: () => values(epoll, /^EPOLL_CTL_/),
  eventfd: () => bits({ EFD_SEMAPHORE: 1, EFD_NONBLOCK: fcntl.O_NONBLOCK, EFD_CLOEXEC: fcntl.O_CLOEXEC }, /./),
  f_owner: () => values(fcntl, /^F_OWNER_/),
  fadvise: () =>
    values(
      counted(
        "POSIX_FADV_NORMAL POSIX_FADV_RANDOM POSIX_FADV_SEQUENTIAL POSIX_FADV_WILLNEED POSIX_FADV_DONTNEED " +
          "POSIX_FADV_NOREUSE",
      ),
      /./,
    ),
  fallocate: () => bits(fcntl, /^FALLOC_FL_/),
  fcntl: () =>
    values(fcntl, /^F_(DUPFD|GET|SETFD|SETFL|SETLK|SETOWN|SETSIG|SETLEASE|SETPIPE|SET_|OFD_|NOTIFY|ADD_SEALS)/),
  fd_flags: () => bits(fcntl, /^FD_CLOEXEC$/),
  flock: () => bits(fcntl, /^LOCK_/),
  flock_type: () => values(fcntl, /^F_(RDLCK|WRLCK|UNLCK)$/),
  fs_magic: () => values({ ...statfs, EXT2_SUPER_MAGIC: statfs.EXT4_MAGIC }, /^(?!EXT4).*_MAGIC$/),
  futex: () =>
    bits(futex, /^FUTEX_CLOCK_REALTIME$/, {
      values: pick(futex, /^FUTEX_(WAIT|WAKE|FD|REQUEUE|CMP|LOCK|UNLOCK|TRYLOCK)(?!V_MAX|ERS)/).flatMap(
        ([value, name]): [number, string][] => [[value, name], [value | futex.FUTEX_PRIVATE_FLAG, `${name}_PRIVATE`]],
      ),
      mask: 0xff,
    }),
  futex2: () => bits(futex, /^FUTEX_(32|PRIVATE_FLAG)$/),
  getrandom: () => bits(system, /^GRND_/),
  inotify: () => bits(inotify, /^IN_(?!NONBLOCK|CLOEXEC|ALL)/),
  inotify_init: () => bits(inotify, /^IN_(NONBLOCK|CLOEXEC)$/),
  ioctl: () =>
    values(
      { ...Object.fromEntries(pick(termios, /^T[CI]/).map(([v, n]) => [n, v])), ...ioctl },
      /^(T[CI](?!OPKT_|[IO]FLUSH|IOFLUSH|OO|IO[FN])|FI|FS_|RND|SIOC(?!INQ|OUTQ))/,
    ),
  ioprio_class: () => values(counted("IOPRIO_CLASS_NONE IOPRIO_CLASS_RT IOPRIO_CLASS_BE IOPRIO_CLASS_IDLE"), /./),
  ioprio_who: () => values({ IOPRIO_WHO_PROCESS: 1, IOPRIO_WHO_PGRP: 2, IOPRIO_WHO_USER: 3 }, /./),
  ipc: () => bits(ipc, /^IPC_(CREAT|EXCL|NOWAIT)$/),
  itimer: () => values(time, /^ITIMER_/),
  kcmp: () =>
    values(counted("KCMP_FILE KCMP_VM KCMP_FILES KCMP_FS KCMP_SIGHAND KCMP_IO KCMP_SYSVSEM KCMP_EPOLL_TFD"), /./),
  madvise: () => values(mman, /^MADV_/),
  membarrier: () => values(mman, /^MEMBARRIER_CMD_/),
  membarrier_set: () => bits(mman, /^MEMBARRIER_CMD_/),
  memfd: () => bits(fcntl, /^MFD_(?!HUGE_)/),
  mlock2: () => bits(mman, /^MLOCK_/),
  mlockall: () => bits(mman, /^MCL_/),
  mmap: () =>
    bits(mman, /^MAP_(?!TYPE|HUGE_)/, {
      values: [[0, "MAP_FILE"], ...pick(mman, /^MAP_(SHARED|PRIVATE|SHARED_VALIDATE)$/)],
      mask: mman.MAP_TYPE,
    }),
  mount: () => bits(mount, /^MS_/),
  mpol: () =>
    bits(mempolicy, /^MPOL_F_(NUMA|RELATIVE|STATIC)/, { values: pick(mempolicy, /^MPOL_[A-Z]+(_MANY)?$/), mask: 0xff }),
  mpol_get: () => bits(mempolicy, /^MPOL_F_(NODE|ADDR|MEMS)/),
  mpol_move: () => bits(mempolicy, /^MPOL_MF_/),
  mq: () => bits(fcntl, /^O_NONBLOCK$/),
  mremap: () => bits(mman, /^MREMAP_/),
  msg: () => bits(socket, /^MSG_/),
  msgctl: () => values(ipc, /^(IPC_(RMID|SET|STAT|INFO)|MSG_(STAT|INFO|STAT_ANY))$/),
  msgop: () => bits(ipc, /^(IPC_NOWAIT|MSG_(NOERROR|EXCEPT|COPY))$/),
  msync: () => bits(mman, /^MS_/),
  netlink: () => values(netlink, /^NETLINK_(ROUTE|KOBJECT)/),
  notify: () => bits(fcntl, /^DN_/),
  open: () =>
    bits(fcntl, /^O_(?!ACCMODE|TMPFILE_BIT|VALID|SETTABLE)/, {
      values: pick(fcntl, /^O_(RDONLY|WRONLY|RDWR)$/),
      mask: fcntl.O_ACCMODE,
      order: O_ORDER,
    }),
  /** Without an access mode: pipe2, dup3. */
  open_bits: () => bits(fcntl, /^O_(?!ACCMODE|TMPFILE_BIT|VALID|SETTABLE)/, { order: O_ORDER }),
  personality: () => values({ PER_LINUX: 0, PER_LINUX32: 8 }, /./),
  pidfd: () => bits({ PIDFD_NONBLOCK: fcntl.O_NONBLOCK }, /./),
  poll: () => bits(prefixed("POLL", { ...POLL_BITS, NVAL: 0x020 }), /./),
  prctl: () => values(prctl, /^PR_(?!CAP_AMBIENT_)/),
  ptrace: () => values(ptrace, /^PTRACE_/),
  prio: () => values(resource, /^PRIO_/),
  prot: () => bits(mman, /^PROT_/, { zero: "PROT_NONE" }),
  rename: () => bits(fcntl, /^RENAME_/),
  resolve: () => bits(fcntl, /^RESOLVE_(?!VALID)/),
  rlimit: () => values(resource, /^RLIMIT_/),
  rusage: () => values(resource, /^RUSAGE_/),
  rwf: () => bits(fcntl, /^RWF_(?!VALID)/),
  sa: () => bits(signal, /^SA_(?!SUPPORTED|UNSUPPORTED)/, { order: SA_ORDER }),
  sched: () =>
    bits(sched, /^SCHED_RESET_ON_FORK$/, {
      values: pick(sched, /^SCHED_(OTHER|FIFO|RR|BATCH|IDLE|DEADLINE)$/),
      mask: 0xff,
    }),
  sched_flags: () =>
    bits(powers("SCHED_FLAG_RESET_ON_FORK SCHED_FLAG_RECLAIM SCHED_FLAG_DL_OVERRUN SCHED_FLAG_KEEP_POLICY"), /./),
  seals: () => bits(fcntl, /^F_SEAL_/),
  securebits: () =>
    bits(
      powers(
        "SECBIT_NOROOT SECBIT_NOROOT_LOCKED SECBIT_NO_SETUID_FIXUP SECBIT_NO_SETUID_FIXUP_LOCKED SECBIT_KEEP_CAPS " +
          "SECBIT_KEEP_CAPS_LOCKED SECBIT_NO_CAP_AMBIENT_RAISE SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED",
      ),
      /./,
    ),
  seek: () => values(fcntl, /^SEEK_/),
  semctl: () =>
    values(ipc, /^(IPC_(RMID|SET|STAT|INFO)|GET(PID|VAL|ALL|NCNT|ZCNT)|SET(VAL|ALL)|SEM_(STAT|INFO|STAT_ANY))$/),
  semop: () => bits(ipc, /^(SEM_UNDO|IPC_NOWAIT)$/),
  shmat: () => bits(ipc, /^SHM_(RDONLY|RND|REMAP|EXEC)$/),
  shmctl: () => values(ipc, /^(IPC_(RMID|SET|STAT|INFO)|SHM_(LOCK|UNLOCK|STAT|INFO|STAT_ANY))$/),
  shutdown: () => values(socket, /^SHUT_/),
  sigev: () => values(time, /^SIGEV_/),
  sighow: () => values(signal, /^SIG_(BLOCK|UNBLOCK|SETMASK)$/),
  signalfd: () => bits({ SFD_NONBLOCK: fcntl.O_NONBLOCK, SFD_CLOEXEC: fcntl.O_CLOEXEC }, /./, { order: "SFD_CLOEXEC" }),
  so_ip: () => options(/^(IP|MCAST)_/),
  so_ipv6: () => options(/^(IPV6|MCAST)_/),
  so_netlink: () => options(/^NETLINK_/),
  so_socket: () => options(/^SO_/),
  so_tcp: () =>
    options(
      /^TCP_(NODELAY|MAXSEG|CORK|KEEP.*|SYNCNT|LINGER2|DEFER_ACCEPT|WINDOW_CLAMP|INFO|QUICKACK|CONGESTION|USER_TIMEOUT|FASTOPEN|NOTSENT_LOWAT)$/,
    ),
  so_udp: () => options(/^UDP(LITE)?_/),
  socket_level: () => options(/^SOL_(?!UDPLITE)/),
  protocol: () => options(/^IPPROTO_/),
  socktype: () =>
    bits(socket, /^SOCK_(NONBLOCK|CLOEXEC)$/, {
      values: pick(socket, /^SOCK_(STREAM|DGRAM|RAW|RDM|SEQPACKET|DCCP|PACKET)$/),
      mask: socket.SOCK_TYPE_MASK,
      order: "SOCK_CLOEXEC SOCK_NONBLOCK",
    }),
  sock_bits: () => bits(socket, /^SOCK_(NONBLOCK|CLOEXEC)$/, { order: "SOCK_CLOEXEC SOCK_NONBLOCK" }),
  splice: () => bits(fcntl, /^SPLICE_F_(?!ALL)/),
  ss: () => bits(signal, /^SS_/),
  statfs: () => bits(statfs, /^ST_/, { order: "ST_VALID" }),
  statx: () =>
    bits(
      {
        ...powers(
          "STATX_TYPE STATX_MODE STATX_NLINK STATX_UID STATX_GID STATX_ATIME STATX_MTIME STATX_CTIME STATX_INO " +
            "STATX_SIZE STATX_BLOCKS STATX_BTIME STATX_MNT_ID",
        ),
        STATX_ALL: stat.STATX_BASIC_STATS | stat.STATX_BTIME,
        STATX_BASIC_STATS: stat.STATX_BASIC_STATS,
      },
      /./,
    ),
  statx_attributes: () => bits(stat, /^STATX_ATTR_/),
  suid_dump: () => values(counted("SUID_DUMP_DISABLE SUID_DUMP_USER SUID_DUMP_ROOT"), /./),
  sync_file_range: () =>
    bits(powers("SYNC_FILE_RANGE_WAIT_BEFORE SYNC_FILE_RANGE_WRITE SYNC_FILE_RANGE_WAIT_AFTER"), /./),
  syslog: () =>
    values(
      counted(
        "SYSLOG_ACTION_CLOSE SYSLOG_ACTION_OPEN SYSLOG_ACTION_READ SYSLOG_ACTION_READ_ALL SYSLOG_ACTION_READ_CLEAR " +
          "SYSLOG_ACTION_CLEAR SYSLOG_ACTION_CONSOLE_OFF SYSLOG_ACTION_CONSOLE_ON SYSLOG_ACTION_CONSOLE_LEVEL " +
          "SYSLOG_ACTION_SIZE_UNREAD SYSLOG_ACTION_SIZE_BUFFER",
      ),
      /./,
    ),
  tcflush: () => values(termios, /^TC[IO]+FLUSH$/),
  tcxonc: () => values(termios, /^TC(OOFF|OON|IOFF|ION)$/),
  timer_settime: () => bits(time, /^TIMER_ABSTIME$/),
  timerfd: () => bits({ TFD_NONBLOCK: fcntl.O_NONBLOCK, TFD_CLOEXEC: fcntl.O_CLOEXEC }, /./, { order: "TFD_CLOEXEC" }),
  timerfd_settime: () => bits({ TFD_TIMER_ABSTIME: 1, TFD_TIMER_CANCEL_ON_SET: 2 }, /./),
  tty_c: () => bits(termios, /^(CREAD|HUPCL|CSTOPB|PARENB|PARODD|CLOCAL)$/),
  tty_i: () =>
    bits(
      termios,
      /^(IGNBRK|BRKINT|IGNPAR|PARMRK|INPCK|ISTRIP|INLCR|IGNCR|ICRNL|IUCLC|IXON|IXANY|IXOFF|IMAXBEL|IUTF8)$/,
    ),
  tty_l: () =>
    bits(
      termios,
      /^(ISIG|ICANON|ECHO|ECHOE|ECHOK|ECHONL|NOFLSH|TOSTOP|ECHOCTL|ECHOPRT|ECHOKE|FLUSHO|PENDIN|IEXTEN|EXTPROC)$/,
      {
        order: "ISIG ICANON ECHO ECHOE ECHOK ECHONL NOFLSH IEXTEN ECHOCTL ECHOPRT ECHOKE",
      },
    ),
  tty_o: () => bits(termios, /^(OPOST|OLCUC|ONLCR|OCRNL|ONOCR|ONLRET)$/),
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

/** A value that has no name in its set: the number, and in a comment what names of the set look like. */
const nameless = (value: number, set: FlagSet) => `0x${(value >>> 0).toString(16)} /* ${set.unknown} */`;

/** `O_RDWR|O_CREAT`, `CLOCK_MONOTONIC`, `PROT_NONE`; what has no name is added as a number. */
export function flagNames(name: string, value: number): string {
  const set = flagSet(name);
  if (!set) return `0x${(value >>> 0).toString(16)}`;
  if (set.mask === -1) return set.values.get(value | 0) ?? nameless(value, set);
  let known = composed.get(set);
  if (!known) composed.set(set, known = new Map());
  let text = known.get(value);
  if (text === undefined) {
    text = compose(set, value);
    // A guest can pass any number.
    if (known.size < 4096) known.set(value, text);
  }
  return text;
}

const composed = new WeakMap<FlagSet, Map<number, string>>();

function compose(set: FlagSet, value: number): string {
  const found: (readonly [number, string, number])[] = [];
  const constant = set.mask === 0 ? undefined : set.values.get(value & set.mask);
  let rest = value;
  if (constant !== undefined) rest &= ~set.mask;
  for (const entry of set.bits) {
    if ((rest & entry[0]) !== entry[0]) continue;
    found.push(entry);
    rest &= ~entry[0];
  }
  const parts = found.sort((a, b) => a[2] - b[2]).map(([, name]) => name);
  if (rest !== 0 && parts.length === 0 && constant === undefined) return nameless(rest, set);
  if (constant !== undefined) {
    if (set.last) parts.push(constant);
    else parts.unshift(constant);
  }
  if (rest !== 0) parts.push(`0x${(rest >>> 0).toString(16)}`);
  return parts.length === 0 ? set.zero : parts.join("|");
}
