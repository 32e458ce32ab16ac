/** Timeouts of poll, select, epoll and their like: how they are read, and how what is left is written back. */
import { EINVAL } from "../abi/errno.ts";
import { NSEC_PER_SEC } from "../abi/time.ts";
import { UserFault } from "../mm/user_fault.ts";
import type { Task } from "../task/task.ts";

/** Beyond this many seconds a timeout is for ever: deadlines stay exact numbers of ns. */
const FOREVER_SECONDS = 4_000_000;

/**
 * The deadline on CLOCK_MONOTONIC (ns) that a struct timespec gives, Infinity for one too far away to come.
 *
 * @returns `-EINVAL` for a timespec that is none
 */
export function deadlineFromTimespec(task: Task, va: number): number {
  const seconds = task.mm.readLong(va), nanoseconds = task.mm.readLong(va + 8);
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= NSEC_PER_SEC) return -EINVAL;
  if (seconds > FOREVER_SECONDS) return Infinity;
  return task.kernel.clock.monotonic() + seconds * NSEC_PER_SEC + nanoseconds;
}

/** The deadline that a number of milliseconds gives; negative is for ever. */
export function deadlineFromMilliseconds(task: Task, milliseconds: number): number {
  return milliseconds < 0 ? Infinity : task.kernel.clock.monotonic() + milliseconds * 1e6;
}

/**
 * Writes back what is left of a timeout, as ppoll and pselect6 do in the kernel; a program that keeps its timeout in
 * read-only memory still gets its result (select(2)).
 */
export function writeRemaining(task: Task, va: number, deadline: number): void {
  if (va === 0 || deadline === Infinity) return;
  const left = Math.max(0, deadline - task.kernel.clock.monotonic());
  try {
    task.mm.writeLong(va, Math.floor(left / NSEC_PER_SEC));
    task.mm.writeLong(va + 8, left % NSEC_PER_SEC);
  } catch (error) {
    if (!(error instanceof UserFault)) throw error;
  }
}
