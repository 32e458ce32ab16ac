/** futex(2) and its companions. */
import {
  FUTEX_32,
  FUTEX_BITSET_MATCH_ANY,
  FUTEX_CLOCK_REALTIME,
  FUTEX_CMP_REQUEUE,
  FUTEX_CMP_REQUEUE_PI,
  FUTEX_LOCK_PI,
  FUTEX_LOCK_PI2,
  FUTEX_PRIVATE_FLAG,
  FUTEX_REQUEUE,
  FUTEX_TRYLOCK_PI,
  FUTEX_UNLOCK_PI,
  FUTEX_WAIT,
  FUTEX_WAIT_BITSET,
  FUTEX_WAIT_REQUEUE_PI,
  FUTEX_WAITV_MAX,
  FUTEX_WAKE,
  FUTEX_WAKE_BITSET,
  FUTEX_WAKE_OP,
  ROBUST_LIST_HEAD_SIZE,
} from "../abi/futex.ts";
import {
  EAGAIN,
  EFAULT,
  EINVAL,
  ENOSYS,
  EPERM,
  ERESTART_RESTARTBLOCK,
  ERESTARTSYS,
  ESRCH,
  ETIMEDOUT,
} from "../abi/errno.ts";
import { CLOCK_MONOTONIC, CLOCK_REALTIME, NSEC_PER_SEC } from "../abi/time.ts";
import { UserFault } from "../mm/user_fault.ts";
import { lockPi, requeuePi, tryLockPi, unlockPi, waitRequeuePi } from "../task/futex_pi.ts";
import { FutexWaiter } from "../task/futex_table.ts";
import { mayAttach } from "../task/ptrace_access.ts";
import type { Task } from "../task/task.ts";
import type { Blocking } from "../wait.ts";
import { row, type SyscallRow } from "./row.ts";

/** Waits while the word at `address` is `value`. @param restartable a relative timeout: restart_syscall goes on to the same deadline */
function wait(
  task: Task,
  address: number,
  shared: boolean,
  value: number,
  deadline: number,
  bitset: number,
): number | Blocking {
  if (bitset === 0) return -EINVAL;
  const bucket = task.kernel.futexes.bucket(task.mm, address, shared);
  if (task.mm.readI32(address) !== value) return -EAGAIN;
  const waiter = new FutexWaiter(task, bitset);
  bucket.add(waiter);
  return waitWoken(task, waiter, deadline, () => wait(task, address, shared, value, deadline, bitset));
}

function* waitWoken(
  task: Task,
  waiter: FutexWaiter,
  deadline: number,
  again: () => number | Blocking,
): Blocking {
  try {
    for (;;) {
      const reason = yield { queues: waiter.queues, deadline };
      if (waiter.woken) return 0;
      if (reason === "timeout") return -ETIMEDOUT;
      if (reason === "signal") {
        if (deadline === Infinity) return -ERESTARTSYS;
        task.restartBlock = again;
        return -ERESTART_RESTARTBLOCK;
      }
    }
  } finally {
    waiter.leave();
  }
}

const OP_SET = 0, OP_ADD = 1, OP_OR = 2, OP_ANDN = 3, OP_XOR = 4, OP_OPARG_SHIFT = 8;

/** FUTEX_WAKE_OP: changes a second word, and wakes its waiters too if its old value compares so. */
function wakeOp(
  task: Task,
  address: number,
  address2: number,
  shared: boolean,
  count: number,
  count2: number,
  op: number,
): number {
  const { mm, kernel } = task;
  const bucket = kernel.futexes.find(mm, address, shared);
  const operation = op >>> 28 & 7, compare = op >>> 24 & 15;
  let argument = op << 8 >> 20;
  const compareArgument = op << 20 >> 20;
  if ((op >>> 28 & OP_OPARG_SHIFT) !== 0) argument = 1 << (argument & 31);
  const bucket2 = kernel.futexes.find(mm, address2, shared);
  const old = mm.readI32(address2);
  let changed;
  switch (operation) {
    case OP_SET:
      changed = argument;
      break;
    case OP_ADD:
      changed = old + argument | 0;
      break;
    case OP_OR:
      changed = old | argument;
      break;
    case OP_ANDN:
      changed = old & ~argument;
      break;
    case OP_XOR:
      changed = old ^ argument;
      break;
    default:
      return -ENOSYS;
  }
  mm.writeI32(address2, changed);
  let met;
  switch (compare) {
    case 0:
      met = old === compareArgument;
      break;
    case 1:
      met = old !== compareArgument;
      break;
    case 2:
      met = old < compareArgument;
      break;
    case 3:
      met = old <= compareArgument;
      break;
    case 4:
      met = old > compareArgument;
      break;
    case 5:
      met = old >= compareArgument;
      break;
    default:
      return -ENOSYS;
  }
  let woken = bucket?.wake(Math.max(1, count), FUTEX_BITSET_MATCH_ANY) ?? 0;
  if (met) woken += bucket2?.wake(Math.max(1, count2), FUTEX_BITSET_MATCH_ANY) ?? 0;
  return woken;
}

function requeue(
  task: Task,
  from: number,
  to: number,
  shared: boolean,
  wakes: number,
  moves: number,
  expected: number | undefined,
): number {
  const { mm, kernel } = task;
  if (wakes < 0 || moves < 0) return -EINVAL;
  const source = kernel.futexes.find(mm, from, shared);
  const target = kernel.futexes.bucket(mm, to, shared);
  if (expected !== undefined && mm.readI32(from) !== expected) return -EAGAIN;
  if (!source) return 0;
  const woken = source.wake(wakes, FUTEX_BITSET_MATCH_ANY);
  let moved = 0;
  if (source === target) return woken + Math.min(moves, source.waiters.size);
  for (const waiter of source.waiters) {
    if (moved >= moves) break;
    source.remove(waiter);
    target.add(waiter);
    moved++;
  }
  return woken + moved;
}

/** The CLOCK_MONOTONIC deadline of a futex timeout; Infinity without one. */
function readDeadline(task: Task, va: number, absolute: boolean, onRealtime: boolean): number {
  if (va === 0) return Infinity;
  const { clock } = task.kernel;
  const seconds = task.mm.readLong(va), nanoseconds = task.mm.readLong(va + 8);
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= NSEC_PER_SEC) return -EINVAL;
  if (!absolute) {
    return seconds > 4_000_000 ? Infinity : clock.monotonic() + seconds * NSEC_PER_SEC + nanoseconds;
  }
  const time = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
  const deadline = Number(onRealtime ? time - clock.realtimeOffset : time);
  return deadline > 2 ** 52 ? Infinity : Math.max(0, deadline);
}

function futex(
  task: Task,
  address: number,
  op: number,
  value: number,
  timeout: number,
  address2: number,
  value3: number,
): number | Blocking {
  const { kernel, mm } = task;
  const command = op & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
  const shared = (op & FUTEX_PRIVATE_FLAG) === 0, onRealtime = (op & FUTEX_CLOCK_REALTIME) !== 0;
  if (onRealtime) {
    const allowed = command === FUTEX_WAIT_BITSET || command === FUTEX_WAIT_REQUEUE_PI || command === FUTEX_LOCK_PI2;
    if (!allowed) return -ENOSYS;
  }
  let deadline = Infinity;
  const waits = command === FUTEX_WAIT || command === FUTEX_WAIT_BITSET || command === FUTEX_LOCK_PI ||
    command === FUTEX_LOCK_PI2 || command === FUTEX_WAIT_REQUEUE_PI;
  if (waits) {
    deadline = readDeadline(task, timeout, command !== FUTEX_WAIT, onRealtime || command === FUTEX_LOCK_PI);
    if (deadline < 0) return deadline;
  }
  if (address % 4 !== 0) return -EINVAL;
  if (address >= mm.addressLimit) return -EFAULT;
  // The count that travels in the timeout argument.
  const count2 = timeout % 2 ** 32 | 0;
  switch (command) {
    case FUTEX_WAIT:
      return wait(task, address, shared, value, deadline, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAIT_BITSET:
      return wait(task, address, shared, value, deadline, value3);
    case FUTEX_WAKE:
      return kernel.futexes.find(mm, address, shared)?.wake(Math.max(1, value), FUTEX_BITSET_MATCH_ANY) ?? 0;
    case FUTEX_WAKE_BITSET:
      if (value3 === 0) return -EINVAL;
      return kernel.futexes.find(mm, address, shared)?.wake(Math.max(1, value), value3) ?? 0;
    case FUTEX_WAKE_OP:
      if (address2 % 4 !== 0) return -EINVAL;
      return wakeOp(task, address, address2, shared, value, count2, value3);
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
      if (address2 % 4 !== 0) return -EINVAL;
      return requeue(task, address, address2, shared, value, count2, command === FUTEX_REQUEUE ? undefined : value3);
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
      return lockPi(task, address, shared, deadline);
    case FUTEX_TRYLOCK_PI:
      return tryLockPi(task, address, shared);
    case FUTEX_UNLOCK_PI:
      return unlockPi(task, address, shared);
    case FUTEX_WAIT_REQUEUE_PI:
      if (address2 % 4 !== 0) return -EINVAL;
      // Whatever val3 is (kernel/futex/syscalls.c: do_futex).
      return waitRequeuePi(task, address, address2, shared, value, deadline);
    case FUTEX_CMP_REQUEUE_PI:
      if (address2 % 4 !== 0 || value !== 1) return -EINVAL;
      return requeuePi(task, address, address2, shared, count2, value3);
    default:
      return -ENOSYS;
  }
}

function getRobustList(task: Task, pid: number, head: number, length: number): number {
  const target = pid === 0 ? task : task.kernel.tasks.get(pid);
  if (!target) return -ESRCH;
  if (!mayAttach(task, target)) return -EPERM;
  task.mm.writeLong(length, ROBUST_LIST_HEAD_SIZE);
  task.mm.writeLong(head, target.robustList);
  return 0;
}

const WAITV_SIZE = 24;

function futexWaitv(
  task: Task,
  waiters: number,
  count: number,
  flags: number,
  timeout: number,
  clockId: number,
): number | Blocking {
  const { mm, kernel } = task;
  if (flags !== 0 || count < 1 || count > FUTEX_WAITV_MAX || waiters === 0) return -EINVAL;
  if (timeout !== 0 && clockId !== CLOCK_MONOTONIC && clockId !== CLOCK_REALTIME) return -EINVAL;
  const deadline = readDeadline(task, timeout, true, clockId === CLOCK_REALTIME);
  if (deadline < 0) return deadline;
  const list: FutexWaiter[] = [];
  const leaveAll = () => list.forEach((waiter) => waiter.leave());
  try {
    for (let i = 0; i < count; i++) {
      const entry = waiters + i * WAITV_SIZE;
      const value = mm.readI32(entry), address = mm.readNumber(entry + 8), kind = mm.readU32(entry + 16);
      const bad = (kind & ~(FUTEX_PRIVATE_FLAG | 3)) !== 0 || (kind & 3) !== FUTEX_32 || mm.readU32(entry + 20) !== 0 ||
        address % 4 !== 0;
      if (bad) {
        leaveAll();
        return -EINVAL;
      }
      const bucket = kernel.futexes.bucket(mm, address, (kind & FUTEX_PRIVATE_FLAG) === 0);
      if (mm.readI32(address) !== value) {
        leaveAll();
        return -EAGAIN;
      }
      const waiter = new FutexWaiter(task, FUTEX_BITSET_MATCH_ANY);
      bucket.add(waiter);
      list.push(waiter);
    }
  } catch (error) {
    leaveAll();
    if (error instanceof UserFault) return -EFAULT;
    throw error;
  }
  return waitForOneOf(list, deadline);
}

/** Waits until one of them is woken, and tells which; then they leave. */
function* waitForOneOf(list: readonly FutexWaiter[], deadline: number): Blocking {
  const queues = list.map((waiter) => waiter.queue);
  try {
    for (;;) {
      const reason = yield { queues, deadline };
      const woken = list.findIndex((waiter) => waiter.woken);
      if (woken >= 0) return woken;
      if (reason === "timeout") return -ETIMEDOUT;
      if (reason === "signal") return -ERESTARTSYS;
    }
  } finally {
    for (const waiter of list) waiter.leave();
  }
}

export const rows: SyscallRow[] = [
  row(
    98,
    "futex",
    "uaddr:ptr op:flags:futex val:int:futex_val utime:arg:futex_time uaddr2:arg:futex_address val3:int:futex_val3",
    futex,
  ),
  row(99, "set_robust_list", "head:ptr len:size", (task, head, length) => {
    if (length !== ROBUST_LIST_HEAD_SIZE) return -EINVAL;
    task.robustList = head;
    return 0;
  }),
  row(100, "get_robust_list", "pid:pid head_ptr:out:pointer len_ptr:out:i64", getRobustList),
  row(
    449,
    "futex_waitv",
    "waiters:array:futex_waitv:nr_futexes nr_futexes:uint flags:xint timeout:struct:timespec clockid:flags:clockid",
    futexWaitv,
  ),
];
