/**
 * Robust futexes of a dying thread: the locks it holds are marked FUTEX_OWNER_DIED and a waiter is woken
 * (kernel/futex/core.c: exit_robust_list; get_robust_list(2)).
 */
import { FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS, ROBUST_LIST_LIMIT } from "../abi/futex.ts";
import { UserFault } from "../mm/user_fault.ts";
import { ownerDiedPi } from "./futex_pi.ts";
import type { Task } from "./task.ts";

/** Walks the thread's list. A list that points nowhere ends the walk, as on Linux. */
export function exitRobustList(task: Task): void {
  const { mm, robustList: head } = task;
  try {
    let entry = mm.readNumber(head);
    const offset = mm.readLong(head + 8);
    const pending = mm.readNumber(head + 16);
    for (let count = 0; count < ROBUST_LIST_LIMIT; count++) {
      // Bit 0 of a link says that the lock it leads to is a PI one. Addresses are below 2^53 but above 2^31.
      const isPi = entry % 2 === 1, at = entry - (isPi ? 1 : 0);
      if (at === head) break;
      const next = mm.readNumber(at);
      if (at !== pending - pending % 2) ownerDied(task, at + offset, isPi, false);
      entry = next;
    }
    if (pending !== 0) {
      const isPi = pending % 2 === 1;
      ownerDied(task, pending - (isPi ? 1 : 0) + offset, isPi, true);
    }
  } catch (error) {
    if (!(error instanceof UserFault)) throw error;
  }
}

function ownerDied(task: Task, word: number, isPi: boolean, pending: boolean): void {
  if (word % 4 !== 0) return;
  const { mm, kernel } = task, value = mm.readU32(word);
  // The thread may have unlocked but not yet woken the next one.
  if (pending && !isPi && value === 0) {
    kernel.futexes.wakeAnywhere(task, word, 1);
    return;
  }
  if ((value & FUTEX_TID_MASK) !== task.tid) return;
  if (isPi) {
    ownerDiedPi(task, word);
    return;
  }
  mm.writeU32(word, (value & FUTEX_WAITERS | FUTEX_OWNER_DIED) >>> 0);
  if (value & FUTEX_WAITERS) kernel.futexes.wakeAnywhere(task, word, 1);
}
