/**
 * Who runs next and who waits. Round robin over runnable threads; a waiting thread hangs on its wait queues and,
 * with a deadline, in the timer heap, until the first of event, timeout and signal.
 */
import type { TimerHeap } from "../time/timer_heap.ts";
import type { Wait, Wake } from "../wait.ts";
import type { Task } from "./task.ts";

export class Scheduler {
  /** Between head and tail. It is not emptied when they meet: it would have to grow again with every switch. */
  #queue: (Task | undefined)[] = [];
  #head = 0;
  #tail = 0;

  /**
   * @param timers where deadlines hang
   * @param woken called when a thread becomes runnable
   */
  constructor(private readonly timers: TimerHeap, private readonly woken: () => void) {}

  /** Threads waiting for their turn. */
  get runnable(): number {
    return this.#tail - this.#head;
  }

  /** Puts a thread at the end of the run queue, unless it is held. */
  enqueue(task: Task): void {
    task.state = "runnable";
    if (task.heldBy !== 0) return;
    this.#queue[this.#tail++] = task;
    this.woken();
  }

  /** Takes the next thread off the run queue. */
  next(): Task | undefined {
    for (;;) {
      if (this.#head === this.#tail) return undefined;
      const task = this.#queue[this.#head]!;
      this.#queue[this.#head++] = undefined;
      if (this.#head === this.#tail) this.#head = this.#tail = 0;
      else if (this.#head >= 256) this.#requeue(this.#waiting());
      if (task.state === "runnable") return task;
    }
  }

  #waiting(): Task[] {
    return this.#queue.slice(this.#head, this.#tail) as Task[];
  }
  #requeue(tasks: Task[]): void {
    this.#queue = tasks;
    this.#head = 0;
    this.#tail = tasks.length;
  }

  /** The first threads of the run queue, at most `limit`, of which `accepts` says true. They stay in it. */
  waiting(limit: number, accepts: (task: Task) => boolean): Task[] {
    const found: Task[] = [];
    for (let i = this.#head; i < this.#tail && found.length < limit; i++) {
      const task = this.#queue[i]!;
      if (task.state === "runnable" && accepts(task)) found.push(task);
    }
    return found;
  }

  /** Someone ({@link Task.heldBy}) holds a thread: whatever happens to it, it does not run until all {@link release} it. */
  hold(task: Task, by: number): void {
    task.heldBy |= by;
    this.#requeue(this.#waiting().filter((each) => each !== task));
  }

  /** Lets a held thread run again, if it can. Not for the thread whose slice it is. */
  release(task: Task, by: number): void {
    if ((task.heldBy & by) === 0) return;
    task.heldBy &= ~by;
    if (task.state === "runnable") this.enqueue(task);
  }

  /** Makes a thread wait. The caller has checked that no signal ends the wait at once. */
  block(task: Task, wait: Wait): void {
    task.state = "blocked";
    task.wait = wait;
    task.usage.voluntarySwitches++;
    for (const queue of wait.queues) queue.add(task);
    if (wait.deadline !== undefined && wait.deadline !== Infinity) {
      task.waitTimer = this.timers.add(wait.deadline, () => this.wake(task, "timeout"));
    }
  }

  /** Ends a wait; without one nothing happens. */
  wake(task: Task, reason: Wake): void {
    if (task.state !== "blocked" || task.wait === undefined) return;
    this.unhook(task);
    task.wakeReason = reason;
    this.enqueue(task);
  }

  /** A signal ends an interruptible wait. */
  interrupt(task: Task): void {
    if (task.wait?.interruptible !== false) this.wake(task, "signal");
  }

  /** Takes a thread off everything it waits on. */
  unhook(task: Task): void {
    const { wait } = task;
    if (wait) { for (const queue of wait.queues) queue.delete(task); }
    this.timers.cancel(task.waitTimer);
    task.wait = undefined;
    task.waitTimer = undefined;
  }
}
