/** The table of `-c` and `-C`: how often each call was made, how long it took, how often it failed. */
import type { SortColumn, TraceSpec } from "./spec.ts";

interface Row {
  readonly name: string;
  calls: number;
  errors: number;
  /** ns */
  time: number;
  min: number;
  max: number;
}

/** How rows are ordered; ties by name, so that two runs compare. */
const ORDERS: Readonly<Record<SortColumn, (a: Row, b: Row) => number>> = {
  time: (a, b) => b.time - a.time,
  calls: (a, b) => b.calls - a.calls,
  errors: (a, b) => b.errors - a.errors,
  min: (a, b) => b.min - a.min,
  max: (a, b) => b.max - a.max,
  avg: (a, b) => b.time / b.calls - a.time / a.calls,
  name: () => 0,
  nothing: () => 0,
};

const LINE = "------ ----------- ----------- --------- --------- ----------------";
const HEAD = "% time     seconds  usecs/call     calls    errors syscall";

export class Summary {
  readonly #rows = new Map<number, Row>();

  constructor(readonly spec: Pick<TraceSpec, "sort">) {}

  /** A call has ended. @param time ns */
  add(nr: number, name: string, time: number, failed: boolean): void {
    let row = this.#rows.get(nr);
    if (row === undefined) {
      // A guest may make up any number.
      if (this.#rows.size >= 2000) return;
      this.#rows.set(nr, row = { name, calls: 0, errors: 0, time: 0, min: Infinity, max: 0 });
    }
    row.calls++;
    if (failed) row.errors++;
    row.time += time;
    row.min = Math.min(row.min, time);
    row.max = Math.max(row.max, time);
  }

  /** The table as strace prints it. */
  text(): string {
    const { sort } = this.spec;
    const rows = [...this.#rows.values()];
    if (sort !== "nothing") rows.sort((a, b) => ORDERS[sort](a, b) || (a.name < b.name ? -1 : 1));
    const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
    const time = sum((row) => row.time), calls = sum((row) => row.calls), errors = sum((row) => row.errors);
    const line = (name: string, part: number, time: number, calls: number, errors: number) =>
      [
        part.toFixed(2).padStart(6),
        (time / 1e9).toFixed(6).padStart(11),
        String(calls === 0 ? 0 : Math.trunc(time / 1e3 / calls)).padStart(11),
        String(calls).padStart(9),
        (errors === 0 ? "" : String(errors)).padStart(9),
        name,
      ].join(" ");
    return [
      HEAD,
      LINE,
      ...rows.map((row) => line(row.name, time === 0 ? 0 : row.time / time * 100, row.time, row.calls, row.errors)),
      LINE,
      line("total", 100, time, calls, errors),
      "",
    ].join("\n");
  }
}
