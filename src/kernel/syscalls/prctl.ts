/** prctl(2): odds and ends of one process. */
import { CAP_FULL_SET, CAP_LAST_CAP, CAP_SETPCAP } from "../abi/capability.ts";
import { EINVAL, EPERM } from "../abi/errno.ts";
import * as pr from "../abi/prctl.ts";
import { SIGRTMAX } from "../abi/signal.ts";
import { SECBIT_KEEP_CAPS, SECBIT_NO_CAP_AMBIENT_RAISE } from "../task/credentials.ts";
import { seccompMode } from "../task/seccomp.ts";
import type { Task } from "../task/task.ts";
import { row, type SyscallRow } from "./row.ts";
import { setSeccomp } from "./seccomp.ts";

function prctl(task: Task, option: number, a: number, b: number, c: number, d: number): number {
  const { mm, process } = task, rest = b !== 0 || c !== 0 || d !== 0;
  switch (option) {
    case pr.PR_SET_NAME:
      task.name = mm.readString(a, pr.TASK_COMM_LEN - 1);
      return 0;
    case pr.PR_GET_NAME: {
      const bytes = new Uint8Array(pr.TASK_COMM_LEN);
      for (let i = 0; i < task.name.length; i++) bytes[i] = task.name.charCodeAt(i);
      mm.writeBytes(a, bytes);
      return 0;
    }
    case pr.PR_SET_PDEATHSIG:
      if (a > SIGRTMAX) return -EINVAL;
      task.parentDeathSignal = a;
      return 0;
    case pr.PR_GET_PDEATHSIG:
      mm.writeI32(a, task.parentDeathSignal);
      return 0;
    case pr.PR_GET_DUMPABLE:
      return process.dumpable;
    case pr.PR_SET_DUMPABLE:
      if (a > 1) return -EINVAL;
      process.dumpable = a;
      return 0;
    case pr.PR_GET_KEEPCAPS:
      return task.capabilities.securebits & SECBIT_KEEP_CAPS ? 1 : 0;
    case pr.PR_SET_KEEPCAPS: {
      if (a > 1) return -EINVAL;
      const bits = task.capabilities.securebits & ~SECBIT_KEEP_CAPS;
      task.capabilities = { ...task.capabilities, securebits: bits | (a === 1 ? SECBIT_KEEP_CAPS : 0) };
      return 0;
    }
    case pr.PR_GET_TIMING:
      return 0;
    case pr.PR_SET_TIMING:
      return a === 0 ? 0 : -EINVAL;
    case pr.PR_GET_SECCOMP:
      return seccompMode(task);
    case pr.PR_SET_SECCOMP:
      return setSeccomp(task, a, b);
    case pr.PR_CAPBSET_READ:
      return a > CAP_LAST_CAP ? -EINVAL : Number(task.capabilities.bounding >> BigInt(a) & 1n);
    case pr.PR_CAPBSET_DROP:
      if (!task.capableInside(CAP_SETPCAP)) return -EPERM;
      if (a > CAP_LAST_CAP) return -EINVAL;
      task.capabilities = { ...task.capabilities, bounding: task.capabilities.bounding & ~(1n << BigInt(a)) };
      return 0;
    case pr.PR_GET_SECUREBITS:
      return task.capabilities.securebits;
    case pr.PR_SET_SECUREBITS: {
      const old = task.capabilities.securebits;
      // Every second bit locks the one below it.
      const locked = (old & 0xaa) >> 1;
      if (a > 0xff || ((old ^ a) & locked) !== 0 || (old & 0xaa & ~a) !== 0 || !task.capableInside(CAP_SETPCAP)) {
        return -EPERM;
      }
      task.capabilities = { ...task.capabilities, securebits: a };
      return 0;
    }
    case pr.PR_SET_TIMERSLACK:
      task.timerSlack = a === 0 ? pr.TIMER_SLACK : a;
      return 0;
    case pr.PR_GET_TIMERSLACK:
      return task.timerSlack;
    case pr.PR_SET_CHILD_SUBREAPER:
      process.subreaper = a !== 0;
      return 0;
    case pr.PR_GET_CHILD_SUBREAPER:
      mm.writeI32(a, process.subreaper ? 1 : 0);
      return 0;
    case pr.PR_SET_NO_NEW_PRIVS:
      if (a !== 1 || rest) return -EINVAL;
      process.noNewPrivileges = true;
      return 0;
    case pr.PR_GET_NO_NEW_PRIVS:
      return a !== 0 || rest ? -EINVAL : process.noNewPrivileges ? 1 : 0;
    case pr.PR_GET_TID_ADDRESS:
      mm.writeLong(a, task.clearChildTid);
      return 0;
    case pr.PR_GET_THP_DISABLE:
      return a !== 0 || rest ? -EINVAL : process.thpDisabled ? 1 : 0;
    case pr.PR_SET_THP_DISABLE:
      if (rest) return -EINVAL;
      process.thpDisabled = a !== 0;
      return 0;
    case pr.PR_MCE_KILL:
      return setMachineCheckPolicy(task, a, b, c !== 0 || d !== 0);
    case pr.PR_MCE_KILL_GET:
      return a !== 0 || rest ? -EINVAL : process.machineCheckPolicy;
    case pr.PR_CAP_AMBIENT:
      return ambient(task, a, b, c !== 0 || d !== 0);
    case pr.PR_SET_PTRACER:
      // Yama's; a kernel without it answers so.
      return -EINVAL;
    default:
      return -EINVAL;
  }
}

/** What a process is to get when its memory breaks, which it never does: kept and read back. */
function setMachineCheckPolicy({ process }: Task, operation: number, policy: number, rest: boolean): number {
  if (rest) return -EINVAL;
  if (operation === pr.MCE_KILL_CLEAR ? policy !== 0 : operation !== pr.MCE_KILL_SET) return -EINVAL;
  if (policy > pr.MCE_KILL_DEFAULT) return -EINVAL;
  process.machineCheckPolicy = operation === pr.MCE_KILL_CLEAR ? pr.MCE_KILL_DEFAULT : policy;
  return 0;
}

function ambient(task: Task, operation: number, capability: number, rest: boolean): number {
  const sets = task.capabilities;
  if (operation === pr.PR_CAP_AMBIENT_CLEAR_ALL) {
    if (capability !== 0 || rest) return -EINVAL;
    task.capabilities = { ...sets, ambient: 0n };
    return 0;
  }
  if (capability > CAP_LAST_CAP || rest) return -EINVAL;
  const bit = 1n << BigInt(capability) & CAP_FULL_SET;
  switch (operation) {
    case pr.PR_CAP_AMBIENT_IS_SET:
      return (sets.ambient & bit) === 0n ? 0 : 1;
    case pr.PR_CAP_AMBIENT_RAISE:
      if ((sets.permitted & sets.inheritable & bit) === 0n || sets.securebits & SECBIT_NO_CAP_AMBIENT_RAISE) {
        return -EPERM;
      }
      task.capabilities = { ...sets, ambient: sets.ambient | bit };
      return 0;
    case pr.PR_CAP_AMBIENT_LOWER:
      task.capabilities = { ...sets, ambient: sets.ambient & ~bit };
      return 0;
    default:
      return -EINVAL;
  }
}

export const rows: SyscallRow[] = [
  row(
    167,
    "prctl",
    "option:flags:prctl arg2:arg:prctl arg3:arg:prctl arg4:arg:prctl arg5:arg:prctl =by:prctl",
    prctl,
    "no PR_SET_MM, no speculation controls",
  ),
];
