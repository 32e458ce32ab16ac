/** Timeouts of poll, select, epoll and their like: how they are read, and how what is left is written back. */
import { EINVAL } from "../abi/errno.ts";
import { NSEC_PER_SEC } from "../abi/time.ts";
import { UserFault } from "../mm/user_fault.ts";
import type { Task } from "../task/task.ts";

/** Beyond this many seconds a timeout is for ever: deadlines stay exact numbers of ns. */
const FOREVER_SECONDS = 4_000_000;

const scratch = new Uint8Array(16);
const words = new Int32Array(scratch.buffer);

/**
 * A struct timespec as nanoseconds; Infinity for one too far away to come.
 *
 * @returns `-EINVAL` for a timespec that is none
 */
export function readTimespec(task: Task, va: number): number {
  const view = task.mm.view(va, 16, "read");
  if (view.length === 16) scratch.set(view);
  else task.mm.readInto(va, scratch);
  const seconds = words[1]! * 2 ** 32 + (words[0]! >>> 0), nanoseconds = words[3]! * 2 ** 32 + (words[2]! >>> 0);
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= NSEC_PER_SEC) return -EINVAL;
  return seconds > FOREVER_SECONDS ? Infinity : seconds * NSEC_PER_SEC + nanoseconds;
}

/**
 * The deadline on CLOCK_MONOTONIC (ns) that a struct timespec gives, Infinity for one too far away to come, 0 for no
 * wait at all.
 *
 * @returns `-EINVAL` for a timespec that is none
 */
export function deadlineFromTimespec(task: Task, va: number): number {
  const ns = readTimespec(task, va);
  return ns > 0 && ns !== Infinity ? task.kernel.clock.monotonic() + ns : ns;
}

/** The deadline that a number of milliseconds gives; negative is for ever, 0 no wait at all. */
export function deadlineFromMilliseconds(task: Task, milliseconds: number): number {
  if (milliseconds === 0) return 0;
  return milliseconds < 0 ? Infinity : task.kernel.clock.monotonic() + milliseconds * 1e6;
}

/**
 * Writes back what is left of a timeout, as ppoll and pselect6 do in the kernel; a program that keeps its timeout in
 * read-only memory still gets its result (select(2)).
 */
export function writeRemaining(task: Task, va: number, deadline: number): void {
  // A timeout of zero stays as it is (fs/select.c: poll_select_finish).
  if (va === 0 || deadline === Infinity || deadline === 0) return;
  const left = Math.max(0, deadline - task.kernel.clock.monotonic());
  try {
    task.mm.writeLong(va, Math.floor(left / NSEC_PER_SEC));
    task.mm.writeLong(va + 8, left % NSEC_PER_SEC);
  } catch (error) {
    if (!(error instanceof UserFault)) throw error;
  }
}
