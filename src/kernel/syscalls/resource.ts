/** Limits and accounts: prlimit64, getrusage, times. */
import { CAP_SYS_RESOURCE } from "../abi/capability.ts";
import { EINVAL, EPERM, ESRCH } from "../abi/errno.ts";
import { RLIM_NLIMITS, RLIMIT_NOFILE, RUSAGE_CHILDREN, RUSAGE_SELF, RUSAGE_THREAD } from "../abi/resource.ts";
import { CLK_TCK, NSEC_PER_SEC } from "../abi/time.ts";
import { ticks } from "../task/job_control.ts";
import { processUsage, type Usage } from "../task/process.ts";
import type { Task } from "../task/task.ts";
import { row, type SyscallRow } from "./row.ts";

/** fs.nr_open: no RLIMIT_NOFILE above. */
const NR_OPEN = 1 << 20;
const RLIM_INFINITY = 0xffffffffffffffffn;
const RUSAGE_SIZE = 144;

/** Writes a struct rusage. */
export function writeUsage(task: Task, va: number, usage: Usage): void {
  const { mm } = task;
  const bytes = new DataView(new ArrayBuffer(RUSAGE_SIZE));
  const put = (at: number, value: number) => bytes.setBigInt64(at, BigInt(Math.floor(value)), true);
  put(0, usage.utime / NSEC_PER_SEC);
  put(8, usage.utime % NSEC_PER_SEC / 1000);
  put(16, usage.stime / NSEC_PER_SEC);
  put(24, usage.stime % NSEC_PER_SEC / 1000);
  put(32, usage.maxRss);
  put(64, usage.minorFaults);
  put(72, usage.majorFaults);
  put(128, usage.voluntarySwitches);
  put(136, usage.involuntarySwitches);
  mm.writeBytes(va, new Uint8Array(bytes.buffer));
}

function getrusage(task: Task, who: number, va: number): number {
  task.kernel.accountNow();
  switch (who) {
    case RUSAGE_SELF:
      writeUsage(task, va, processUsage(task.process));
      return 0;
    case RUSAGE_CHILDREN:
      writeUsage(task, va, task.process.childUsage);
      return 0;
    case RUSAGE_THREAD:
      writeUsage(task, va, { ...task.usage, maxRss: Math.max(task.process.usage.maxRss, task.mm.residentSize / 1024) });
      return 0;
    default:
      return -EINVAL;
  }
}

function times(task: Task, va: number): number {
  const { mm, kernel, process } = task;
  kernel.accountNow();
  if (va !== 0) {
    const own = processUsage(process), children = process.childUsage;
    mm.writeLong(va, ticks(own.utime));
    mm.writeLong(va + 8, ticks(own.stime));
    mm.writeLong(va + 16, ticks(children.utime));
    mm.writeLong(va + 24, ticks(children.stime));
  }
  return Math.floor(kernel.clock.monotonic() / (NSEC_PER_SEC / CLK_TCK));
}

function toLimit(value: bigint): number {
  return value === RLIM_INFINITY ? Infinity : Number(value);
}

function fromLimit(value: number): bigint {
  return value === Infinity ? RLIM_INFINITY : BigInt(value);
}

/** prlimit(2)'s rule: the target's ids all are the caller's real ones. */
function mayLimit(task: Task, target: Task): boolean {
  const { uid, gid } = task.credentials, other = target.credentials;
  return task.process === target.process || task.capable(CAP_SYS_RESOURCE) ||
    (other.uid === uid && other.euid === uid && other.suid === uid && other.gid === gid && other.egid === gid &&
      other.sgid === gid);
}

function prlimit64(task: Task, pid: number, resource: number, newLimit: number, oldLimit: number): number {
  const { mm, kernel } = task;
  if (resource < 0 || resource >= RLIM_NLIMITS) return -EINVAL;
  const target = pid === 0 ? task : kernel.tasks.get(pid);
  if (!target) return -ESRCH;
  if (!mayLimit(task, target)) return -EPERM;
  const limits = target.process.rlimits, before = limits[resource]!;
  if (newLimit !== 0) {
    const soft = toLimit(mm.readU64(newLimit)), hard = toLimit(mm.readU64(newLimit + 8));
    if (soft > hard) return -EINVAL;
    if (resource === RLIMIT_NOFILE && hard > NR_OPEN) return -EPERM;
    if (hard > before[1] && !task.capable(CAP_SYS_RESOURCE)) return -EPERM;
    // A new pair: forked processes and address spaces may hold the old one.
    limits[resource] = [soft, hard];
    kernel.cpuTimersChanged(target.process);
  }
  if (oldLimit !== 0) {
    mm.writeU64(oldLimit, fromLimit(before[0]));
    mm.writeU64(oldLimit + 8, fromLimit(before[1]));
  }
  return 0;
}

export const rows: SyscallRow[] = [
  row(153, "times", "tbuf:out:tms", times),
  row(
    163,
    "getrlimit",
    "resource:flags:rlimit rlim:out:rlimit",
    (task, resource, rlim) => prlimit64(task, 0, resource, 0, rlim),
  ),
  row(
    164,
    "setrlimit",
    "resource:flags:rlimit rlim:struct:rlimit",
    (task, resource, rlim) => prlimit64(task, 0, resource, rlim, 0),
  ),
  row(165, "getrusage", "who:flags:rusage ru:out:rusage", getrusage),
  row(261, "prlimit64", "pid:pid resource:flags:rlimit new_rlim:struct:rlimit old_rlim:out:rlimit", prlimit64),
];
