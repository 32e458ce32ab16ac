/**
 * How much memory the guests of one engine have taken, and how much they may: a program that takes more is killed,
 * as by Linux's OOM killer, instead of the host running out.
 *
 * A page that a fork shares counts for both processes until one of them lets go: cheap to keep, and never too little.
 */
import { PAGE_SIZE } from "../../engine/engine.ts";

/** Bytes of memory the guest machine has: what `/proc/meminfo` says as well. */
export const MACHINE_MEMORY = 8 * 2 ** 30;

/** Pages in use. */
export class MemoryGauge {
  pages = 0;

  /** @param limit pages. */
  constructor(readonly limit = MACHINE_MEMORY / PAGE_SIZE) {}

  get exhausted(): boolean {
    return this.pages >= this.limit;
  }
}

const gauges = new WeakMap<object, MemoryGauge>();

/** The gauge of an engine: of all processes and shared memory whose pages it holds. */
export function gaugeOf(engine: { readonly memory?: number }): MemoryGauge {
  let gauge = gauges.get(engine);
  if (gauge === undefined) {
    gauge = new MemoryGauge(Math.min(MACHINE_MEMORY, engine.memory ?? Infinity) / PAGE_SIZE);
    gauges.set(engine, gauge);
  }
  return gauge;
}
