/**
 * Calls that a tracer interferes with, as strace's `-e inject` does: a result without the call, a signal, a delay
 * before or after.
 */
import { kernelSiginfo } from "./abi/siginfo.ts";
import { sendToTask } from "./task/send_signal.ts";
import type { Task } from "./task/task.ts";
import type { Blocking } from "./wait.ts";

/** What is to be done to one call. */
export interface Tampering {
  /** Returned without making the call: a value or a negative errno. */
  readonly result?: number;
  /** Sent to the thread as the call begins. */
  readonly signal?: number;
  /** ns */
  readonly delayEnter?: number;
  /** ns */
  readonly delayExit?: number;
}

function* delay(task: Task, nanoseconds: number): Blocking {
  const deadline = task.kernel.clock.monotonic() + nanoseconds;
  yield { queues: [], deadline, interruptible: false };
  return 0;
}

/** The call with what is done to it. @param serve makes the call */
export function* tampered(
  task: Task,
  tampering: Tampering,
  serve: () => number | bigint | Blocking,
): Blocking {
  const { result, signal, delayEnter, delayExit } = tampering;
  if (signal !== undefined) sendToTask(task, kernelSiginfo(signal));
  if (delayEnter !== undefined) yield* delay(task, delayEnter);
  let value: number | bigint | Blocking;
  if (result !== undefined) value = result;
  else {
    // A call that ends the thread must not try to end this generator, which is running.
    const { call } = task;
    task.call = undefined;
    value = serve();
    if (task.state === "dead") return 0;
    task.call = call;
  }
  if (typeof value === "object") value = yield* value;
  if (delayExit !== undefined) yield* delay(task, delayExit);
  return value;
}
