/**
 * Threads that a program has stopped to look at them: what ptrace(2) is to the leak sanitizer, to pstack and gcore. Such
 * a thread has no turn from PTRACE_ATTACH to PTRACE_DETACH.
 *
 * That is all of ptrace there is for guests: a tracee does not run and stop again, so that debuggers get no further than
 * their first request to continue, and of its end its parent alone hears. elftap's own debugger ({@link ../ptracer.ts})
 * does without.
 */
import type { Process } from "./process.ts";
import type { Task } from "./task.ts";

/** Stops a thread for a process, which is still to be told. A call that the thread waits in goes on. */
export function attachTracee(tracer: Process, task: Task): void {
  task.ptracedBy = tracer;
  task.ptraceStopUnseen = true;
  tracer.tracees.add(task);
  task.kernel.scheduler.suspend(task);
}

/** Lets a tracee go on, if it is one: PTRACE_DETACH, the end of either side, SIGKILL. */
export function detachTracee(task: Task): void {
  const tracer = task.ptracedBy;
  if (tracer === undefined) return;
  tracer.tracees.delete(task);
  task.ptracedBy = undefined;
  task.ptraceStopUnseen = false;
  task.kernel.scheduler.resume(task);
  // Whoever waits for it alone has no child any more.
  tracer.childWait.wake();
}
