/** Breakpoints and watchpoints of one address space: the debugger's wishes, and what the engine is told of them. */
import type { AddressSpace, WatchKind } from "../../engine/engine.ts";
import type { Task } from "../../kernel/task/task.ts";
import { type AgentContext, AgentError, evaluate } from "./agent_expression.ts";
import { readForced } from "../../kernel/mm/forced_access.ts";
import { readScalar } from "./registers.ts";

/** Any one of the conditions is enough; none: always. */
export type Conditions = readonly Uint8Array[];

interface Breakpoint {
  /** Inserted by Z0 and Z1: both may be there. */
  software: boolean;
  hardware: boolean;
  conditions: Conditions;
}

interface Watchpoint {
  readonly va: number;
  readonly length: number;
  readonly kind: WatchKind;
}

export class Points {
  readonly #breakpoints = new Map<number, Breakpoint>();
  readonly #watchpoints: Watchpoint[] = [];

  constructor(readonly space: AddressSpace) {}

  /** @throws RangeError where the CPU has no debug register left */
  setBreakpoint(va: number, kind: "software" | "hardware", on: boolean, conditions: Conditions = []): void {
    let point = this.#breakpoints.get(va);
    if (on) {
      if (!point) {
        // First: an engine on a CPU's own debug registers may have none left.
        this.space.setBreakpoint(va, true);
        this.#breakpoints.set(va, point = { software: false, hardware: false, conditions });
      }
      point[kind] = true;
      point.conditions = conditions;
    } else if (point) {
      point[kind] = false;
      if (point.software || point.hardware) return;
      this.#breakpoints.delete(va);
      this.space.setBreakpoint(va, false);
    }
  }

  /** @throws RangeError where no guest address can be, or the CPU has no debug register left */
  setWatchpoint(va: number, length: number, kind: WatchKind, on: boolean): void {
    this.space.setWatchpoint(va, length, kind, on);
    const at = this.#watchpoints.findIndex((each) => each.va === va && each.length === length && each.kind === kind);
    if (on && at < 0) this.#watchpoints.push({ va, length, kind });
    if (!on && at >= 0) this.#watchpoints.splice(at, 1);
  }

  /** The breakpoint at which a thread is, if one of its conditions holds there. */
  breakpointOf(task: Task): { readonly hardware: boolean } | undefined {
    const point = this.#breakpoints.get(Number(task.cpu.regs.pc));
    if (!point || !holds(point.conditions, contextOf(task))) return undefined;
    return { hardware: !point.software };
  }

  /** The watchpoint that an access at this address met. */
  watchpointAt(address: number, access: "read" | "write"): Watchpoint | undefined {
    return this.#watchpoints.find(({ va, length, kind }) =>
      address >= va && address < va + length && (kind === "access" || kind === access)
    );
  }

  /** Does something while nothing is watched. */
  unwatched<T>(action: () => T): T {
    for (const { va, length, kind } of this.#watchpoints) this.space.setWatchpoint(va, length, kind, false);
    try {
      return action();
    } finally {
      for (const { va, length, kind } of this.#watchpoints) this.space.setWatchpoint(va, length, kind, true);
    }
  }

  /**
   * Sets the software breakpoints of another space here too. They are code in memory to debuggers, which fork(2)
   * copies: lldb relies on it, and gdb removes them again.
   */
  inherit(parent: Points): void {
    for (const [va, { software, conditions }] of parent.#breakpoints) {
      if (software) this.setBreakpoint(va, "software", true, conditions);
    }
  }

  /** Takes everything out of the engine. */
  clear(): void {
    for (const va of this.#breakpoints.keys()) this.space.setBreakpoint(va, false);
    for (const { va, length, kind } of this.#watchpoints) this.space.setWatchpoint(va, length, kind, false);
    this.#breakpoints.clear();
    this.#watchpoints.length = 0;
  }
}

/** A condition that cannot be evaluated holds: the debugger is to look itself. */
function holds(conditions: Conditions, context: AgentContext): boolean {
  if (conditions.length === 0) return true;
  return conditions.some((code) => {
    try {
      return evaluate(code, context) !== 0n;
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      return true;
    }
  });
}

function contextOf(task: Task): AgentContext {
  return {
    register: (number) => readScalar(task, number),
    memory: (address, length) => readForced(task.mm, Number(address), length),
  };
}
