/**
 * Threads that a program has stopped to look at them: what ptrace(2) is to the leak sanitizer, to pstack and gcore. Such
 * a thread is held from PTRACE_ATTACH to PTRACE_DETACH.
 *
 * That is all of ptrace there is for guests: a tracee does not run and stop again, so that debuggers get no further than
 * their first request to continue. elftap's own ({@link ../ptracer.ts}) does without.
 */
import { CLD_TRAPPED, SA_NOCLDSTOP, SIG_IGN, SIGCHLD, SIGSTOP } from "../abi/signal.ts";
import type { Process } from "./process.ts";
import { sendToProcess } from "./send_signal.ts";
import type { Task } from "./task.ts";

/** Stops a thread for a process, which hears of it by SIGCHLD and by wait. A call that the thread waits in goes on. */
export function attachTracee(tracer: Process, task: Task): void {
  task.tracer = tracer;
  task.traceStopUnseen = true;
  tracer.tracees.add(task);
  task.kernel.scheduler.hold(task);
  const { handler, flags } = tracer.actions.get(SIGCHLD);
  if (handler !== SIG_IGN && !(flags & SA_NOCLDSTOP)) {
    const { uid } = task.credentials;
    sendToProcess(tracer, { signo: SIGCHLD, code: CLD_TRAPPED, pid: task.tid, uid, status: SIGSTOP });
  }
  tracer.childWait.wake();
}

/** Lets a tracee go on, if it is one: PTRACE_DETACH, the end of either side. */
export function detachTracee(task: Task): void {
  const { tracer } = task;
  if (tracer === undefined) return;
  tracer.tracees.delete(task);
  task.tracer = undefined;
  task.traceStopUnseen = false;
  task.kernel.scheduler.release(task);
  // Whoever waits for it alone has no child any more.
  tracer.childWait.wake();
}
