/** seccomp(2), and what of it prctl(2) does: filters on system calls. What they say is in {@link ../task/seccomp.ts}. */
import { CAP_SYS_ADMIN } from "../abi/capability.ts";
import { EACCES, EINVAL, ENOMEM, EOPNOTSUPP, ESRCH } from "../abi/errno.ts";
import * as abi from "../abi/seccomp.ts";
import { SeccompFilter } from "../task/seccomp.ts";
import { type BpfInstruction, isValid } from "../task/seccomp_filter.ts";
import type { Task } from "../task/task.ts";
import { row, type SyscallRow } from "./row.ts";

const KNOWN_FLAGS = abi.SECCOMP_FILTER_FLAG_TSYNC | abi.SECCOMP_FILTER_FLAG_LOG | abi.SECCOMP_FILTER_FLAG_SPEC_ALLOW |
  abi.SECCOMP_FILTER_FLAG_TSYNC_ESRCH;

function seccomp(task: Task, operation: number, flags: number, args: number): number {
  switch (operation) {
    case abi.SECCOMP_SET_MODE_STRICT:
      return flags !== 0 || args !== 0 ? -EINVAL : setStrict(task);
    case abi.SECCOMP_SET_MODE_FILTER:
      return setFilter(task, flags, args);
    case abi.SECCOMP_GET_ACTION_AVAIL: {
      if (flags !== 0) return -EINVAL;
      const action = task.mm.readI32(args);
      return Object.values(abi.RET).some((known) => known === action) ? 0 : -EOPNOTSUPP;
    }
    default:
      return -EINVAL; // nobody is asked about calls (SECCOMP_GET_NOTIF_SIZES)
  }
}

/** prctl(PR_SET_SECCOMP) */
export function setSeccomp(task: Task, mode: number, program: number): number {
  if (mode === abi.SECCOMP_MODE_STRICT) return setStrict(task);
  return mode === abi.SECCOMP_MODE_FILTER ? setFilter(task, 0, program) : -EINVAL;
}

function setStrict(task: Task): number {
  if (task.seccomp !== undefined && task.seccomp !== "strict") return -EINVAL;
  task.seccomp = "strict";
  return 0;
}

function setFilter(task: Task, flags: number, va: number): number {
  if (flags & ~KNOWN_FLAGS) return -EINVAL;
  const program = readProgram(task, va);
  if (typeof program === "number") return program;
  if (!task.process.noNewPrivileges && !task.capableInside(CAP_SYS_ADMIN)) return -EACCES;
  const before = task.seccomp;
  if (!isValid(program) || before === "strict") return -EINVAL;
  const filter = new SeccompFilter(program, before);
  if (filter.size > abi.MAX_INSNS_PER_PATH) return -ENOMEM;
  if (flags & abi.SECCOMP_FILTER_FLAG_TSYNC) {
    for (const thread of task.process.threads) {
      if (thread === task || (thread.seccomp !== "strict" && includes(before, thread.seccomp))) continue;
      return flags & abi.SECCOMP_FILTER_FLAG_TSYNC_ESRCH ? -ESRCH : thread.tid;
    }
    for (const thread of task.process.threads) thread.seccomp = filter;
  } else task.seccomp = filter;
  return 0;
}

/** Whether a thread has no filters that are not among these. */
const includes = (filters: SeccompFilter | undefined, of: SeccompFilter | undefined) =>
  of === undefined || filters?.includes(of) === true;

/** struct sock_fprog: how many instructions there are, and where. */
function readProgram({ mm }: Task, va: number): BpfInstruction[] | number {
  const count = mm.readU32(va) & 0xffff, at = mm.readNumber(va + 8);
  if (count === 0 || count > abi.BPF_MAXINSNS) return -EINVAL;
  const bytes = mm.readBytes(at, 8 * count), view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: count }, (_, n) => ({
    code: view.getUint16(8 * n, true),
    jt: view.getUint8(8 * n + 2),
    jf: view.getUint8(8 * n + 3),
    k: view.getUint32(8 * n + 4, true),
  }));
}

export const rows: SyscallRow[] = [
  row(277, "seccomp", "op:uint flags:uint args:ptr", seccomp, "no listeners (SECCOMP_RET_USER_NOTIF)"),
];
