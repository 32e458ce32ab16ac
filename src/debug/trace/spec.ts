/**
 * What a trace is to show: the options of `elftap run` and `elftap test` as plain data, which crosses to the Worker
 * that holds the kernel.
 */
import type { HexStrings } from "./decode/text.ts";
import type { Tampering } from "../../kernel/tamper.ts";

/** How a call ended, as strace's `-e status=` tells them apart. */
export type Status = "successful" | "failed" | "unfinished" | "unavailable" | "detached";

/** One `-e inject=` or `-e fault=`. */
export interface Injection extends Tampering {
  /** Numbers of the calls. */
  readonly calls: readonly number[];
  /** Which invocations by each thread: from `first` to `last`, every `step`-th; 1 is the first. */
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** Columns of the summary that lines may be sorted by. */
export type SortColumn = "time" | "calls" | "errors" | "name" | "min" | "max" | "avg" | "nothing";

/** Everything about a trace. */
export interface TraceSpec {
  readonly format: "text" | "json" | "perfetto";
  /** Calls and signals are shown; otherwise there are only injections and the summary. */
  readonly shown: boolean;
  /** Numbers of the calls to trace; undefined: all. */
  readonly calls?: readonly number[];
  /** -P: calls that name one of these paths, or a descriptor of one, and no others; undefined: all. */
  readonly paths?: readonly string[];
  /** Signals to show; undefined: all. */
  readonly signals?: readonly number[];
  /** Ends to show; undefined: all. */
  readonly statuses?: readonly Status[];
  readonly injections: readonly Injection[];
  /** -t, -tt, -ttt */
  readonly timestamps: "none" | "seconds" | "microseconds" | "epoch";
  /** -r: since the line before. */
  readonly relative: boolean;
  /** -T: how long each call took. */
  readonly durations: boolean;
  /** -y, -yy */
  readonly descriptors: 0 | 1 | 2;
  /** -k */
  readonly stack: boolean;
  /** -c: instead of lines; -C: after them. */
  readonly summary: "none" | "only" | "also";
  /** -w: wall time in the summary instead of time spent in calls. */
  readonly wallTime: boolean;
  /** -S */
  readonly sort: SortColumn;
  /** -s: bytes of strings. */
  readonly limit: number;
  /** -a: column of results. */
  readonly column: number;
  /** Large structures in their short form. */
  readonly abbreviate: boolean;
  /** -x, -xx: strings as hexadecimal bytes, 1 where they are binary, 2 all. */
  readonly hexStrings: HexStrings;
  /** -vv: what the loader mapped and found. */
  readonly loader: boolean;
  /** The trace goes to a file of its own, not to stderr. */
  readonly toFile: boolean;
}

/** What `-v` alone shows. */
export const PLAIN_TRACE: TraceSpec = {
  format: "text",
  shown: true,
  injections: [],
  timestamps: "none",
  relative: false,
  durations: false,
  descriptors: 0,
  stack: false,
  summary: "none",
  wallTime: false,
  sort: "time",
  limit: 32,
  column: 40,
  abbreviate: true,
  hexStrings: 0,
  loader: false,
  toFile: false,
};
