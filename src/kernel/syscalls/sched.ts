/** Scheduling attributes: kept, checked and reported by Linux's rules; the scheduler itself is round robin. */
import { CAP_SYS_ADMIN, CAP_SYS_NICE } from "../abi/capability.ts";
import { E2BIG, EACCES, EINVAL, EPERM, ESRCH } from "../abi/errno.ts";
import { PRIO_PGRP, PRIO_PROCESS, PRIO_USER, RLIMIT_NICE, RLIMIT_RTPRIO } from "../abi/resource.ts";
import {
  SCHED_ATTR_SIZE,
  SCHED_ATTR_SIZE_VER0,
  SCHED_BATCH,
  SCHED_DEADLINE,
  SCHED_FIFO,
  SCHED_IDLE,
  SCHED_OTHER,
  SCHED_RESET_ON_FORK,
  SCHED_RR,
} from "../abi/sched.ts";
import type { Task } from "../task/task.ts";
import { row, type SyscallRow } from "./row.ts";
import { isZeroBehind } from "./user_struct.ts";

function find(task: Task, tid: number): Task | undefined {
  if (tid === 0) return task;
  const found = task.kernel.tasks.get(tid);
  return found?.state === "dead" ? undefined : found;
}

function isRealtime(policy: number): boolean {
  return policy === SCHED_FIFO || policy === SCHED_RR;
}

/** setpriority(2) and sched_setscheduler(2): own processes, or CAP_SYS_NICE. */
function owns(task: Task, target: Task): boolean {
  const { euid } = task.credentials, other = target.credentials;
  return euid === other.uid || euid === other.euid || task.capable(CAP_SYS_NICE);
}

/** Whether a lower nice value is allowed: RLIMIT_NICE counts from 20 down (getrlimit(2)). */
function mayNice(task: Task, target: Task, nice: number): boolean {
  return nice >= target.sched.nice || 20 - nice <= target.process.rlimits[RLIMIT_NICE]![0] ||
    task.capable(CAP_SYS_NICE);
}

function setScheduler(task: Task, target: Task, policyBits: number, priority: number, nice?: number): number {
  const resetOnFork = (policyBits & SCHED_RESET_ON_FORK) !== 0, policy = policyBits & ~SCHED_RESET_ON_FORK;
  const known = [SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE];
  // SCHED_DEADLINE needs bandwidth control, which a kernel may be without.
  if (!known.includes(policy)) return -EINVAL;
  if (isRealtime(policy) ? priority < 1 || priority > 99 : priority !== 0) return -EINVAL;
  const { sched } = target;
  if (!task.capable(CAP_SYS_NICE)) {
    if (isRealtime(policy)) {
      const limit = target.process.rlimits[RLIMIT_RTPRIO]![0];
      if (limit === 0 && policy !== sched.policy) return -EPERM;
      if (priority > sched.priority && priority > limit) return -EPERM;
    }
    if (nice !== undefined && !mayNice(task, target, nice)) return -EPERM;
    if (sched.policy === SCHED_IDLE && policy !== SCHED_IDLE && !mayNice(task, target, sched.nice - 1)) return -EPERM;
    if (!owns(task, target)) return -EPERM;
    if (sched.resetOnFork && !resetOnFork) return -EPERM;
  }
  target.sched = { ...sched, policy, priority, resetOnFork, nice: nice ?? sched.nice };
  return 0;
}

function schedSetscheduler(task: Task, tid: number, policy: number, param: number): number {
  if (tid < 0 || param === 0 || policy < 0) return -EINVAL;
  const priority = task.mm.readI32(param), target = find(task, tid);
  return target ? setScheduler(task, target, policy, priority) : -ESRCH;
}

function schedSetparam(task: Task, tid: number, param: number): number {
  if (tid < 0 || param === 0) return -EINVAL;
  const priority = task.mm.readI32(param), target = find(task, tid);
  if (!target) return -ESRCH;
  const reset = target.sched.resetOnFork ? SCHED_RESET_ON_FORK : 0;
  return setScheduler(task, target, target.sched.policy | reset, priority);
}

function schedGetparam(task: Task, tid: number, param: number): number {
  if (tid < 0 || param === 0) return -EINVAL;
  const target = find(task, tid);
  if (!target) return -ESRCH;
  task.mm.writeI32(param, target.sched.priority);
  return 0;
}

function schedSetattr(task: Task, tid: number, attributes: number, flags: number): number {
  if (tid < 0 || attributes === 0 || flags !== 0) return -EINVAL;
  const { mm } = task;
  let size = mm.readU32(attributes);
  if (size === 0) size = SCHED_ATTR_SIZE_VER0;
  if (size < SCHED_ATTR_SIZE_VER0 || size > 4096 || !isZeroBehind(mm, attributes, SCHED_ATTR_SIZE, size)) {
    mm.writeU32(attributes, SCHED_ATTR_SIZE);
    return -E2BIG;
  }
  const policy = mm.readU32(attributes + 4), bits = mm.readU32(attributes + 8);
  const nice = Math.max(-20, Math.min(19, mm.readI32(attributes + 16))), priority = mm.readU32(attributes + 20);
  const target = find(task, tid);
  if (!target) return -ESRCH;
  if (policy === SCHED_DEADLINE) return task.capable(CAP_SYS_NICE) ? -EINVAL : -EPERM;
  const fair = policy === SCHED_OTHER || policy === SCHED_BATCH;
  return setScheduler(task, target, policy | (bits & 1 ? SCHED_RESET_ON_FORK : 0), priority, fair ? nice : undefined);
}

function schedGetattr(task: Task, tid: number, attributes: number, size: number, flags: number): number {
  if (tid < 0 || attributes === 0 || size < SCHED_ATTR_SIZE_VER0 || size > 4096 || flags !== 0) return -EINVAL;
  const target = find(task, tid);
  if (!target) return -ESRCH;
  const { policy, priority, nice, resetOnFork } = target.sched;
  const bytes = new DataView(new ArrayBuffer(SCHED_ATTR_SIZE)), written = Math.min(size, SCHED_ATTR_SIZE);
  bytes.setUint32(0, written, true);
  bytes.setUint32(4, policy, true);
  bytes.setUint32(8, resetOnFork ? 1 : 0, true);
  bytes.setInt32(16, isRealtime(policy) ? 0 : nice, true);
  bytes.setUint32(20, priority, true);
  bytes.setUint32(52, 1024, true); // sched_util_max
  task.mm.writeBytes(attributes, new Uint8Array(bytes.buffer, 0, written));
  return 0;
}

function schedSetaffinity(task: Task, tid: number, length: number, mask: number): number {
  const target = find(task, tid);
  // The length is an unsigned int; what is beyond the mask is ignored (get_user_cpu_mask).
  const bytes = task.mm.readBytes(mask, Math.min(length >>> 0, 128));
  if (!target) return -ESRCH;
  if (!owns(task, target)) return -EPERM;
  const wanted = (bytes[0] ?? 0) & task.kernel.cpuMask;
  if (wanted === 0) return -EINVAL;
  target.sched = { ...target.sched, affinity: wanted };
  return 0;
}

function schedGetaffinity(task: Task, tid: number, length: number, mask: number): number {
  if (length * 8 < task.kernel.cpuCount || length % 8 !== 0) return -EINVAL;
  const target = find(task, tid);
  if (!target) return -ESRCH;
  task.mm.writeU64(mask, BigInt(target.sched.affinity));
  return 8;
}

/** Gives the others their turn. */
function schedYield(task: Task): number {
  task.kernel.endSlice();
  return 0;
}

function schedRrGetInterval(task: Task, tid: number, interval: number): number {
  if (tid < 0) return -EINVAL;
  const target = find(task, tid);
  if (!target) return -ESRCH;
  task.mm.writeLong(interval, 0);
  task.mm.writeLong(interval + 8, target.sched.policy === SCHED_RR ? 100_000_000 : 4_000_000);
  return 0;
}

function priorityRange(policy: number, realtime: number): number {
  if (isRealtime(policy)) return realtime;
  return [SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_DEADLINE].includes(policy) ? 0 : -EINVAL;
}

/** The threads getpriority and setpriority mean. */
function priorityTargets(task: Task, which: number, who: number): Task[] | undefined {
  const all = [...task.kernel.tasks.values()].filter((other) => other.state !== "dead");
  switch (which) {
    case PRIO_PROCESS: {
      const target = find(task, who);
      return target ? [target] : [];
    }
    case PRIO_PGRP: {
      const group = who === 0 ? task.process.pgid : who;
      return all.filter((other) => other.process.pgid === group);
    }
    case PRIO_USER: {
      const uid = who === 0 ? task.credentials.uid : who >>> 0;
      return all.filter((other) => other.credentials.uid === uid);
    }
    default:
      return undefined;
  }
}

/** The kernel's answer is 20 - nice, so that it is never an error (getpriority(2), "C library/kernel differences"). */
function getpriority(task: Task, which: number, who: number): number {
  const targets = priorityTargets(task, which, who);
  if (!targets) return -EINVAL;
  if (targets.length === 0) return -ESRCH;
  return 20 - Math.min(...targets.map((target) => target.sched.nice));
}

function setpriority(task: Task, which: number, who: number, value: number): number {
  const targets = priorityTargets(task, which, who), nice = Math.max(-20, Math.min(19, value));
  if (!targets) return -EINVAL;
  let result = -ESRCH;
  for (const target of targets) {
    const { uid, euid } = task.credentials, other = target.credentials;
    if (other.uid !== uid && other.uid !== euid && other.euid !== euid && !task.capable(CAP_SYS_NICE)) {
      result = -EPERM;
    } else if (!mayNice(task, target, nice)) {
      result = -EACCES;
    } else {
      target.sched = { ...target.sched, nice };
      if (result === -ESRCH) result = 0;
    }
  }
  return result;
}

const IOPRIO_WHO_PROCESS = 1, IOPRIO_CLASS_SHIFT = 13, IOPRIO_CLASS_RT = 1, IOPRIO_CLASS_IDLE = 3;

function ioprioSet(task: Task, which: number, who: number, priority: number): number {
  const kind = priority >> IOPRIO_CLASS_SHIFT, level = priority & 0x1fff;
  if (kind < 0 || kind > IOPRIO_CLASS_IDLE || (kind !== 0 && level > 7) || (kind === 0 && level !== 0)) return -EINVAL;
  if (kind === IOPRIO_CLASS_RT && !task.capable(CAP_SYS_ADMIN)) return -EPERM;
  const targets = priorityTargets(task, which - IOPRIO_WHO_PROCESS, who);
  if (!targets) return -EINVAL;
  if (targets.length === 0) return -ESRCH;
  for (const target of targets) {
    if (target.credentials.uid !== task.credentials.euid && !task.capable(CAP_SYS_NICE)) return -EPERM;
    target.ioPriority = priority;
  }
  return 0;
}

function ioprioGet(task: Task, which: number, who: number): number {
  const targets = priorityTargets(task, which - IOPRIO_WHO_PROCESS, who);
  if (!targets) return -EINVAL;
  if (targets.length === 0) return -ESRCH;
  if (which === IOPRIO_WHO_PROCESS) return targets[0]!.ioPriority;
  // None set: the class follows from the nice value.
  const effective = (target: Task) =>
    target.ioPriority || 2 << IOPRIO_CLASS_SHIFT | Math.floor((target.sched.nice + 20) / 5);
  return Math.min(...targets.map(effective));
}

export const rows: SyscallRow[] = [
  row(30, "ioprio_set", "which:flags:ioprio_who who:int ioprio:int:ioprio", ioprioSet),
  row(31, "ioprio_get", "which:flags:ioprio_who who:int =by:ioprio", ioprioGet),
  row(118, "sched_setparam", "pid:pid param:struct:i32", schedSetparam),
  row(
    119,
    "sched_setscheduler",
    "pid:pid policy:flags:sched param:struct:i32",
    schedSetscheduler,
    "policies change nothing",
  ),
  row(120, "sched_getscheduler", "pid:pid =flags:sched", (task, tid) => {
    if (tid < 0) return -EINVAL;
    const target = find(task, tid);
    if (!target) return -ESRCH;
    return target.sched.policy | (target.sched.resetOnFork ? SCHED_RESET_ON_FORK : 0);
  }),
  row(121, "sched_getparam", "pid:pid param:out:i32", schedGetparam),
  row(
    122,
    "sched_setaffinity",
    "pid:pid len:uint user_mask_ptr:struct:cpu_set",
    schedSetaffinity,
    "threads have no CPU",
  ),
  row(123, "sched_getaffinity", "pid:pid len:uint user_mask_ptr:out:cpu_set", schedGetaffinity),
  row(124, "sched_yield", "", schedYield),
  row(125, "sched_get_priority_max", "policy:flags:sched", (_, policy) => priorityRange(policy, 99)),
  row(126, "sched_get_priority_min", "policy:flags:sched", (_, policy) => priorityRange(policy, 1)),
  row(127, "sched_rr_get_interval", "pid:pid interval:out:timespec", schedRrGetInterval),
  row(140, "setpriority", "which:flags:prio who:int niceval:int", setpriority, "niceness changes nothing"),
  row(141, "getpriority", "which:flags:prio who:int", getpriority),
  row(168, "getcpu", "cpu:out:u32 node:out:u32 tcache:ptr", (task, cpu, node) => {
    // The lowest CPU of the mask: a program that pins itself has to find itself there.
    const { affinity } = task.sched;
    if (cpu !== 0) task.mm.writeU32(cpu, 31 - Math.clz32(affinity & -affinity));
    if (node !== 0) task.mm.writeU32(node, 0);
    return 0;
  }),
  row(
    274,
    "sched_setattr",
    "pid:pid uattr:struct:sched_attr flags:xint",
    schedSetattr,
    "no SCHED_DEADLINE, no utilization clamps",
  ),
  row(275, "sched_getattr", "pid:pid uattr:out:sched_attr usize:uint flags:xint", schedGetattr),
];
