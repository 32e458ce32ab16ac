/** Which calls are interfered with: strace's `-e inject=` and its `when=`, counted by each thread of its own. */
import type { Tampering } from "../../kernel/tamper.ts";
import type { Task } from "../../kernel/task/task.ts";
import type { Injection } from "./spec.ts";

export class Injector {
  /** Injections by number of the call. */
  readonly #byCall = new Map<number, number[]>();
  /** How often each injection's calls were made: by thread, then injection and call. */
  readonly #counts = new Map<Task, Map<number, number>>();

  constructor(readonly injections: readonly Injection[]) {
    injections.forEach(({ calls }, index) => {
      for (const nr of calls) {
        const list = this.#byCall.get(nr);
        if (list) list.push(index);
        else this.#byCall.set(nr, [index]);
      }
    });
  }

  /** What is to be done to the call that a thread begins now. Of several injections that hit it, all are done. */
  next(task: Task, nr: number): Tampering | undefined {
    const list = this.#byCall.get(nr);
    if (list === undefined) return undefined;
    let counts = this.#counts.get(task);
    if (!counts) this.#counts.set(task, counts = new Map());
    let found: Tampering | undefined;
    for (const index of list) {
      const { first, last, step, calls: _, ...tampering } = this.injections[index]!;
      const key = index * 1024 + nr, count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count >= first && count <= last && (count - first) % step === 0) found = { ...found, ...tampering };
    }
    return found;
  }

  /** The thread is gone. */
  forget(task: Task): void {
    this.#counts.delete(task);
  }
}
