/** Calls on another process's memory: process_vm_readv(2), process_vm_writev(2), process_madvise(2). */
import { CAP_SYS_NICE } from "../abi/capability.ts";
import { EBADF, EFAULT, EINVAL, EPERM, ESRCH } from "../abi/errno.ts";
import { MADV_COLD, MADV_COLLAPSE, MADV_PAGEOUT, MADV_WILLNEED } from "../abi/mman.ts";
import { madvise } from "../mm/advise.ts";
import type { Iovec } from "../mm/guest_memory.ts";
import type { Mm } from "../mm/mm.ts";
import { UserFault } from "../mm/user_fault.ts";
import { PidFd } from "../task/pidfd.ts";
import { mayAttach } from "../task/ptrace_access.ts";
import type { Task } from "../task/task.ts";
import { row, type SyscallRow } from "./row.ts";

/** Bytes moved at once: views of two memories cannot be held at the same time. */
const PIECE = 65536;

function transfer(
  task: Task,
  pid: number,
  localVector: number,
  localCount: number,
  remoteVector: number,
  remoteCount: number,
  flags: number,
  write: boolean,
): number {
  if (flags !== 0) return -EINVAL;
  const local = task.mm.readIovec(localVector, localCount);
  if (typeof local === "number") return local;
  const remote = task.mm.readIovec(remoteVector, remoteCount);
  if (typeof remote === "number") return remote;
  if (total(local) === 0 || total(remote) === 0) return 0;
  const target = task.kernel.tasks.get(pid);
  if (target === undefined || target.state === "dead") return -ESRCH;
  if (!mayAttach(task, target)) return -EPERM;
  return write ? copy(task.mm, local, target.mm, remote) : copy(target.mm, remote, task.mm, local);
}

const total = (vector: readonly Iovec[]) => vector.reduce((sum, { length }) => sum + length, 0);

/** Copies as far as both vectors and both memories go; -EFAULT if that is nowhere. */
function copy(from: Mm, sources: readonly Iovec[], to: Mm, targets: readonly Iovec[]): number {
  const buffer = new Uint8Array(PIECE);
  let done = 0, source = 0, sourceAt = 0, target = 0, targetAt = 0;
  try {
    while (source < sources.length && target < targets.length) {
      const out = sources[source]!, into = targets[target]!;
      const length = Math.min(PIECE, out.length - sourceAt, into.length - targetAt);
      if (length > 0) {
        // A view may be shorter than asked for: what it has is copied, the rest is the next round's.
        const view = from.view(out.base + sourceAt, length, "read");
        const piece = buffer.subarray(0, view.length);
        piece.set(view);
        const room = to.view(into.base + targetAt, piece.length, "write");
        room.set(piece.subarray(0, room.length));
        done += room.length;
        sourceAt += room.length;
        targetAt += room.length;
      }
      if (sourceAt === out.length) {
        source++;
        sourceAt = 0;
      }
      if (targetAt === into.length) {
        target++;
        targetAt = 0;
      }
    }
  } catch (error) {
    if (!(error instanceof UserFault)) throw error;
    if (done === 0) return -EFAULT;
  }
  return done;
}

/** Advice about another process's memory: only what cannot change its content. */
function processMadvise(
  task: Task,
  pidfd: number,
  vector: number,
  count: number,
  advice: number,
  flags: number,
): number {
  if (flags !== 0) return -EINVAL;
  const ranges = task.mm.readIovec(vector, count);
  if (typeof ranges === "number") return ranges;
  const file = task.files.get(pidfd);
  if (!(file instanceof PidFd)) return -EBADF;
  const target = file.process.leader;
  if (target.state === "dead") return -ESRCH;
  if (![MADV_COLD, MADV_COLLAPSE, MADV_PAGEOUT, MADV_WILLNEED].includes(advice)) return -EINVAL;
  if (!mayAttach(task, target)) return -EPERM;
  if (task.process !== target.process && !task.capable(CAP_SYS_NICE)) return -EPERM;
  let done = 0;
  for (const { base, length } of ranges) {
    const result = madvise(target.mm, base, length, advice, false);
    if (result < 0) return done === 0 ? result : done;
    done += length;
  }
  return done;
}

const ARGS = "pid:pid local_iov:ptr liovcnt:ulong remote_iov:ptr riovcnt:ulong flags:ulong";

export const rows: SyscallRow[] = [
  row(
    270,
    "process_vm_readv",
    ARGS,
    (task, pid, local, n, remote, m, flags) => transfer(task, pid, local, n, remote, m, flags, false),
  ),
  row(
    271,
    "process_vm_writev",
    ARGS,
    (task, pid, local, n, remote, m, flags) => transfer(task, pid, local, n, remote, m, flags, true),
  ),
  row(440, "process_madvise", "pidfd:fd vec:ptr vlen:ulong advice:flags:madvise flags:xint", processMadvise),
];
