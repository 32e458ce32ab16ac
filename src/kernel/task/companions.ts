/**
 * Threads that run at the same time, on an engine with processors to spare. Only those that compute do: ending the runs
 * of the others costs more than a system call, so a thread that makes calls has its turns alone. The kernel waits while
 * they run, and serves them one after the other.
 */
import type { Exit } from "../../engine/engine.ts";
import type { Task } from "./task.ts";

const NOBODY: readonly Task[] = [];

/** Whether nothing is to be done for a thread before it goes on, and nothing forbids that it runs beside others. */
function canAccompany(task: Task): boolean {
  return task.computing && !task.cpu.hasExit && !task.signalPending && task.call === undefined &&
    task.restartCode === 0 && task.savedMask === undefined && isUnbound(task);
}

/** A thread that is bound to certain CPUs may count on having them for itself. */
const isUnbound = ({ sched, kernel }: Task): boolean => (sched.affinity & kernel.cpuMask) === kernel.cpuMask;

/** Who runs beside a thread in its turn. */
export function companionsOf(task: Task): readonly Task[] {
  if (!task.computing) return NOBODY;
  const { kernel } = task, processors = Math.min(kernel.engine.processors ?? 1, kernel.cpuCount);
  // A debugger has its own idea of who runs.
  if (processors === 1 || kernel.ptracer !== undefined || !isUnbound(task)) return NOBODY;
  return kernel.scheduler.waiting(processors - 1, canAccompany);
}

/**
 * Runs a thread and its companions, and gives them their CPU time.
 *
 * @param companions at least one
 * @returns the thread's exit; those of its companions are kept for their turns
 */
export function runTogether(task: Task, companions: readonly Task[], fuel: number): Exit {
  const { kernel } = task, start = kernel.clock.monotonic();
  const exit = task.cpu.run(task.mm.space, fuel, companions.map(({ cpu, mm }) => ({ cpu, space: mm.space })));
  // It has found that it has fewer processors, and left them alone.
  if (companions.length >= (kernel.engine.processors ?? 1)) return exit;
  const spent = kernel.clock.monotonic() - start;
  for (const { usage, process } of companions) {
    usage.utime += spent;
    process.cpuTime += spent;
    process.userTime += spent;
  }
  for (const each of companions) if (each.uninterrupted >= 0) each.uninterrupted += spent;
  return exit;
}
