/** The machine and the kernel: names, memory, random numbers, the log; and calls that a kernel may be built without. */
import { CAP_SYS_ADMIN } from "../abi/capability.ts";
import { EACCES, EBADF, EFAULT, EINVAL, ENOSYS, EOPNOTSUPP, EPERM } from "../abi/errno.ts";
import {
  GRND_INSECURE,
  GRND_NONBLOCK,
  GRND_RANDOM,
  SYSINFO_SIZE,
  SYSLOG_ACTION_READ_ALL,
  SYSLOG_ACTION_SIZE_BUFFER,
  SYSLOG_ACTION_SIZE_UNREAD,
  UTS_FIELD,
  UTS_MACHINE,
  UTS_RELEASE,
  UTS_SYSNAME,
  UTS_VERSION,
} from "../abi/system.ts";
import type { Task } from "../task/task.ts";
import { loadAverages } from "../time/load_average.ts";
import { type Handler, row, type SyscallRow } from "./row.ts";

/** personality(2): a tagged "machine" of its own for 32-bit; reported by uname. */
const PER_MASK = 0xff, PER_LINUX32 = 8, UNAME26 = 0x0020000;

function uname(task: Task, va: number): number {
  const { hostname, domainname } = task.uts;
  const bytes = new Uint8Array(6 * UTS_FIELD);
  const machine = (task.process.personality & PER_MASK) === PER_LINUX32 ? "armv8l" : UTS_MACHINE;
  // What a program that cannot count beyond 2.6 is told (kernel/sys.c: override_release).
  const release = task.process.personality & UNAME26 ? `2.6.${60 + Number(UTS_RELEASE.split(".")[1])}` : UTS_RELEASE;
  [UTS_SYSNAME, hostname, release, UTS_VERSION, machine, domainname].forEach((text, index) => {
    for (let i = 0; i < Math.min(text.length, UTS_FIELD - 1); i++) bytes[index * UTS_FIELD + i] = text.charCodeAt(i);
  });
  task.mm.writeBytes(va, bytes);
  return 0;
}

/** sethostname, setdomainname: byte strings of at most 64. */
function readName(task: Task, va: number, length: number): string | number {
  if (!task.capable(CAP_SYS_ADMIN, task.uts.owner)) return -EPERM;
  if (length < 0 || length >= UTS_FIELD) return -EINVAL;
  return String.fromCharCode(...task.mm.readBytes(va, length));
}

function sethostname(task: Task, va: number, length: number): number {
  const name = readName(task, va, length);
  if (typeof name === "number") return name;
  task.uts.hostname = name;
  return 0;
}

function setdomainname(task: Task, va: number, length: number): number {
  const name = readName(task, va, length);
  if (typeof name === "number") return name;
  task.uts.domainname = name;
  return 0;
}

/** 1 in the loads of sysinfo(2). */
const LOAD_ONE = 65536;

function sysinfo(task: Task, va: number): number {
  const { kernel } = task, { total, free } = kernel.memory();
  const bytes = new DataView(new ArrayBuffer(SYSINFO_SIZE));
  bytes.setBigInt64(0, BigInt(Math.floor(kernel.clock.monotonic() / 1e9)), true);
  loadAverages(kernel).forEach((load, n) => bytes.setBigUint64(8 + 8 * n, BigInt(Math.round(load * LOAD_ONE)), true));
  bytes.setBigUint64(32, BigInt(total), true);
  bytes.setBigUint64(40, BigInt(free), true);
  bytes.setUint16(80, Math.min(0xffff, kernel.tasks.size), true);
  bytes.setUint32(104, 1, true); // mem_unit
  task.mm.writeBytes(va, new Uint8Array(bytes.buffer));
  return 0;
}

/** Most bytes from one call, as in the kernel (getrandom(2)). */
const MAX_RANDOM = 33_554_431;

function getrandom(task: Task, va: number, length: number, flags: number): number {
  if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) return -EINVAL;
  if ((flags & (GRND_RANDOM | GRND_INSECURE)) === (GRND_RANDOM | GRND_INSECURE)) return -EINVAL;
  const size = Math.min(length, MAX_RANDOM);
  let done = 0;
  if (size === 0) return 0;
  for (const segment of task.mm.writableSegments(va, size)) {
    task.kernel.fillRandom(segment);
    done += segment.length;
  }
  return done === 0 ? -EFAULT : done;
}

/** The log is empty, and only for the privileged (syslog(2), dmesg_restrict). */
function syslog(task: Task, type: number, _buffer: number, length: number): number {
  if (type < 0 || type > SYSLOG_ACTION_SIZE_BUFFER || length < 0) return -EINVAL;
  if (!task.capable(CAP_SYS_ADMIN)) return -EPERM;
  if (type === SYSLOG_ACTION_SIZE_BUFFER) return 1 << 17;
  return type === SYSLOG_ACTION_READ_ALL || type === SYSLOG_ACTION_SIZE_UNREAD ? 0 : -EPERM;
}

function personality(task: Task, persona: number): number {
  const { process } = task, before = process.personality;
  if (persona !== -1) process.personality = persona >>> 0;
  return before;
}

/** A call of a kernel that was built without it: the row's note says so. */
const refuse = (errno: number): Handler => () => -errno;
const privileged = (errno: number): Handler => (task) => task.capable(CAP_SYS_ADMIN) ? -errno : -EPERM;

/** A row for a call that is not there, as Linux answers when it is configured out or forbidden. */
function absent(nr: number, name: string, signature: string, handler: Handler, note: string): SyscallRow {
  return { ...row(nr, name, signature, handler, note), support: "none" };
}

export const rows: SyscallRow[] = [
  row(
    92,
    "personality",
    "persona:xint =flags:personality",
    personality,
    "kept, PER_LINUX32 changes uname's machine only",
  ),
  row(116, "syslog", "type:int:syslog buf:outbuf len:int", syslog, "the log is empty"),
  row(160, "uname", "name:out:utsname", uname),
  row(161, "sethostname", "name:buf:len len:int", sethostname),
  row(162, "setdomainname", "name:buf:len len:int", setdomainname),
  row(179, "sysinfo", "info:out:sysinfo", sysinfo),
  row(278, "getrandom", "buf:outbuf_x count:size flags:flags:getrandom", getrandom),

  absent(18, "lookup_dcookie", "cookie:hex buffer:ptr len:size", refuse(EPERM), "EPERM"),
  absent(42, "nfsservctl", "cmd:int argp:ptr resp:ptr", refuse(ENOSYS), "ENOSYS, as in every kernel since 3.1"),
  absent(58, "vhangup", "", privileged(EINVAL), "EPERM without privilege"),
  absent(60, "quotactl", "cmd:xint special:path id:uint addr:ptr", privileged(ENOSYS), "no quotas"),
  absent(89, "acct", "name:path", privileged(ENOSYS), "no process accounting"),
  absent(104, "kexec_load", "entry:ptr nr_segments:ulong segments:ptr flags:hex", refuse(EPERM), "EPERM"),
  absent(105, "init_module", "module:ptr len:ulong args:str", refuse(EPERM), "EPERM"),
  absent(106, "delete_module", "name:str flags:xint", refuse(EPERM), "EPERM"),
  absent(142, "reboot", "magic1:int magic2:int cmd:uint arg:ptr", refuse(EPERM), "EPERM"),
  absent(
    217,
    "add_key",
    "type:str description:str payload:ptr plen:size keyring:int",
    refuse(ENOSYS),
    "ENOSYS: no CONFIG_KEYS",
  ),
  absent(
    218,
    "request_key",
    "type:str description:str callout_info:str keyring:int",
    refuse(ENOSYS),
    "ENOSYS: no CONFIG_KEYS",
  ),
  absent(219, "keyctl", "operation:int arg2:hex arg3:hex arg4:hex arg5:hex", refuse(ENOSYS), "ENOSYS: no CONFIG_KEYS"),
  absent(224, "swapon", "specialfile:path flags:int", refuse(EPERM), "EPERM"),
  absent(225, "swapoff", "specialfile:path", refuse(EPERM), "EPERM"),
  absent(
    241,
    "perf_event_open",
    "attr:ptr pid:pid cpu:int group_fd:int flags:hex",
    refuse(EACCES),
    "EACCES, as with perf_event_paranoid",
  ),
  absent(262, "fanotify_init", "flags:xint event_f_flags:flags:open", privileged(ENOSYS), "no fanotify"),
  absent(
    263,
    "fanotify_mark",
    "fanotify_fd:fd flags:xint mask:hex dfd:dirfd pathname:path",
    (task, fd) => task.files.get(fd) ? -EINVAL : -EBADF,
    "no fanotify: no descriptor is one",
  ),
  absent(273, "finit_module", "fd:fd args:str flags:xint", refuse(EPERM), "EPERM"),
  absent(280, "bpf", "cmd:int attr:ptr size:uint", refuse(EPERM), "EPERM"),
  absent(282, "userfaultfd", "flags:uint", refuse(EPERM), "EPERM"),
  absent(293, "rseq", "rseq:ptr len:xint flags:xint sig:xint", refuse(ENOSYS), "ENOSYS: C libraries do without"),
  absent(
    294,
    "kexec_file_load",
    "kernel_fd:fd initrd_fd:fd cmdline_len:ulong cmdline:str flags:hex",
    refuse(EPERM),
    "EPERM",
  ),
  absent(425, "io_uring_setup", "entries:uint params:ptr", refuse(ENOSYS), "ENOSYS: no CONFIG_IO_URING"),
  absent(
    426,
    "io_uring_enter",
    "fd:fd to_submit:uint min_complete:uint flags:xint arg:ptr argsz:size",
    refuse(ENOSYS),
    "ENOSYS: no CONFIG_IO_URING",
  ),
  absent(
    427,
    "io_uring_register",
    "fd:fd opcode:uint arg:ptr nr_args:uint",
    refuse(ENOSYS),
    "ENOSYS: no CONFIG_IO_URING",
  ),
  absent(443, "quotactl_fd", "fd:fd cmd:xint id:uint addr:ptr", privileged(ENOSYS), "no quotas"),
  absent(
    444,
    "landlock_create_ruleset",
    "attr:ptr size:size flags:xint",
    refuse(EOPNOTSUPP),
    "EOPNOTSUPP: not enabled",
  ),
  absent(
    445,
    "landlock_add_rule",
    "ruleset_fd:fd rule_type:int rule_attr:ptr flags:xint",
    refuse(EOPNOTSUPP),
    "EOPNOTSUPP: not enabled",
  ),
  absent(446, "landlock_restrict_self", "ruleset_fd:fd flags:xint", refuse(EOPNOTSUPP), "EOPNOTSUPP: not enabled"),
  absent(447, "memfd_secret", "flags:uint", refuse(ENOSYS), "ENOSYS: not enabled"),
];
