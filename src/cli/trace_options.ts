/** The options about traces, the same for `elftap run` and `elftap test`: strace's, by the names strace gave them. */
import { fromHost } from "../kernel/fs/byte_string.ts";
import { PLAIN_TRACE, type SortColumn, type TraceSpec } from "../debug/trace/spec.ts";
import { Failure } from "../failure.ts";
import type { CommandLine, Option } from "./command_line.ts";

const COLUMNS: readonly SortColumn[] = ["time", "calls", "errors", "name", "min", "max", "avg", "nothing"];

/** Rows for the command's table. */
export const traceOptions: readonly Option[] = [
  { name: "trace", help: "The same as -v." },
  {
    name: "expression",
    short: "e",
    value: "EXPR",
    repeatable: true,
    help:
      "What to trace: trace=%file,%process,!futex, signal=SET, status=failed; abbrev=none for whole structures. What " +
      "to inject, traced or not: inject=CALL:error=ENOSPC:when=3+, also :retval=N :signal=SIG :delay_enter=TIME " +
      ":delay_exit=TIME; fault=CALL. A set is CALL, %CLASS or /REGEX, with commas between.",
  },
  { name: "trace-output", short: "o", value: "FILE", help: "Where the trace goes instead of stderr." },
  {
    name: "trace-format",
    value: "FORMAT",
    choices: ["text", "json", "perfetto"],
    help: "text as strace writes it, json (an object a line), or perfetto: a timeline for https://ui.perfetto.dev.",
  },
  { name: "summary-only", short: "c", help: "Count calls, errors and time, and show a table at the end." },
  { name: "summary", short: "C", help: "The trace, and that table after it." },
  { name: "summary-wall-clock", short: "w", help: "Time between begin and end in the table, not time spent." },
  {
    name: "summary-sort-by",
    short: "S",
    value: "COLUMN",
    choices: COLUMNS,
    help: "Order of the table. Default: time.",
  },
  { name: "relative-timestamps", short: "r", help: "Begin lines with the time since the line before." },
  { name: "syscall-times", short: "T", help: "How long each call took." },
  {
    name: "decode-fds",
    short: "y",
    repeatable: true,
    help: "Descriptors with their paths; twice: sockets with their addresses, devices with their numbers.",
  },
  {
    name: "trace-path",
    short: "P",
    value: "PATH",
    repeatable: true,
    help: "Only calls about this file: by its path, or by a descriptor of it.",
  },
  {
    name: "strings-in-hex",
    short: "x",
    repeatable: true,
    help: "Strings that are not ASCII as hexadecimal bytes; twice: all strings.",
  },
  { name: "stack-trace", short: "k", help: "The guest's stack under every call." },
  { name: "string-limit", short: "s", value: "N", help: "Bytes of strings that are shown. Default: 32." },
  { name: "columns", short: "a", value: "N", help: "Column in which results are lined up. Default: 40." },
  {
    name: "timestamps",
    value: "KIND",
    choices: ["s", "us", "epoch"],
    help:
      "Begin lines with the time of day in seconds or microseconds, or seconds since 1970. In run also -t, -tt, -ttt.",
  },
];

const TIMESTAMPS = { s: "seconds", us: "microseconds", epoch: "epoch" } as const;

/**
 * What the options ask for; undefined for nothing.
 *
 * @param timestamps strace's -t, -tt, -ttt where the command has them
 * @throws {Failure} when an expression is not understood
 */
export async function traceOf(line: CommandLine, timestamps = 0): Promise<TraceSpec | undefined> {
  const expressions = line.values("expression");
  const { parseExpressions } = expressions.length > 0
    ? await import("../debug/trace/expression.ts")
    : { parseExpressions: () => ({}) };
  const expressed: Partial<TraceSpec> = parseExpressions(expressions);
  const verbose = line.values("verbose").length,
    summary = line.has("summary-only") ? "only" as const : line.has("summary") ? "also" as const : "none" as const;
  const asked = expressed.calls !== undefined || expressed.signals !== undefined || expressed.statuses !== undefined;
  const shown = verbose > 0 || line.has("trace") || asked || line.has("trace-output") || line.has("trace-format") ||
    summary === "also" || line.has("trace-path");
  const { injections = [] } = expressed;
  if (!shown && summary === "none" && injections.length === 0) {
    refuseDetails(line, timestamps);
    return undefined;
  }
  const kind = line.value("timestamps") as keyof typeof TIMESTAMPS | undefined;
  const limit = line.number("string-limit", { min: 0, max: 1 << 20, integer: true });
  const column = line.number("columns", { min: 0, max: 256, integer: true });
  const format = line.value("trace-format") as TraceSpec["format"] | undefined;
  if (format !== undefined && format !== "text" && summary !== "none") {
    throw new Failure(`-${summary === "only" ? "c" : "C"} does not go with --trace-format ${format}`);
  }
  return {
    ...PLAIN_TRACE,
    ...expressed,
    injections,
    shown: shown || summary === "only",
    summary,
    toFile: line.has("trace-output"),
    wallTime: line.has("summary-wall-clock"),
    relative: line.has("relative-timestamps"),
    durations: line.has("syscall-times"),
    stack: line.has("stack-trace"),
    hexStrings: Math.min(2, line.values("strings-in-hex").length) as 0 | 1 | 2,
    ...(line.has("trace-path") ? { paths: line.values("trace-path").map(fromHost) } : {}),
    descriptors: Math.min(2, line.values("decode-fds").length) as 0 | 1 | 2,
    loader: verbose > 1,
    timestamps: kind
      ? TIMESTAMPS[kind]
      : (["none", "seconds", "microseconds", "epoch"] as const)[Math.min(3, timestamps)]!,
    ...(limit === undefined ? {} : { limit }),
    ...(column === undefined ? {} : { column }),
    ...(format === undefined ? {} : { format }),
    sort: (line.value("summary-sort-by") ?? "time") as SortColumn,
  };
}

/** Details of a trace that nobody asked for are a mistake. */
function refuseDetails(line: CommandLine, timestamps: number): void {
  const details = [
    "relative-timestamps",
    "syscall-times",
    "decode-fds",
    "stack-trace",
    "string-limit",
    "strings-in-hex",
    "columns",
    "timestamps",
  ];
  const found = details.find((name) => line.has(name));
  if (found === undefined && timestamps === 0) return;
  const shown = found === undefined ? "-t" : `--${found}`;
  throw new Failure(`${shown} says how to trace, but there is no trace`, { hint: "-v makes one" });
}
