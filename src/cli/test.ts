/**
 * `elftap test`: runs test programs, each in a guest of its own, and reports them.
 */
import { ExitCode, Failure } from "../failure.ts";
import { discoverTests } from "../runner/discover.ts";
import type { FirstWorker } from "../runner/first_worker.ts";
import { GuestPool } from "../runner/guest_pool.ts";
import { runTestCases } from "../runner/run_tests.ts";
import { selectTests } from "../runner/select.ts";
import type { Protocol } from "../runner/verdict.ts";
import { type CommandSyntax, helpText, parseCommandLine } from "./command_line.ts";
import { type Destination, destinations, Outputs, REPORTERS } from "./outputs.ts";
import { openDebugPort } from "./debugging.ts";
import { settleEngine } from "./engine_option.ts";
import { print } from "./talk.ts";
import { coreFolder, crashOptions, crashReportFolder } from "./crash_options.ts";
import { traceOf, traceOptions } from "./trace_options.ts";
import { worldOf, worldOptions } from "./world_options.ts";

/** Options and help. */
export const testSyntax: CommandSyntax = {
  name: "elftap test",
  operands: "FILE|FOLDER|GLOB...",
  summary: "Runs each test program in a guest of its own and reports them. Folders are searched for aarch64 programs " +
    "and scripts. A test passes when it exits with 0 and, where its stdout is TAP, no test point fails; exit status " +
    "77 means skipped.",
  groups: [
    {
      title: "Options",
      options: [
        { name: "help", short: "h", help: "Show this text." },
        {
          name: "jobs",
          short: "j",
          value: "N",
          help:
            "Tests at a time, at most. Default: all cores. More than cores are begun only while those that run leave cores idle, or take longer than ten seconds.",
        },
        {
          name: "timeout",
          short: "t",
          value: "N",
          help: "Seconds that one test may take, 0 for no limit. Default: 60.",
        },
        {
          name: "filter",
          short: "f",
          value: "TEXT|/RE/",
          repeatable: true,
          help: "Only tests whose name contains the text, or matches the regular expression. Repeated: any of them.",
        },
        { name: "retries", value: "N", help: "Try a failing test again, up to N times. Passing then is called flaky." },
        { name: "fail-fast", help: "Start no further test after a failure." },
        { name: "shard", value: "I/N", help: "Run the I-th of N parts of the tests, for several machines." },
        {
          name: "arg",
          value: "ARG",
          repeatable: true,
          help: "Pass an argument to every test program. May be repeated.",
        },
        {
          name: "protocol",
          value: "NAME",
          choices: ["auto", "tap", "exit"],
          help: "What decides beside the exit status: TAP where there is some (auto), TAP that must be there (tap), " +
            "nothing (exit). Default: auto.",
        },
        {
          name: "gdb-on-failure",
          help:
            "A test that crashes, aborts or takes too long waits for gdb or lldb, and goes on when it has detached.",
        },
        {
          name: "gdb",
          value: "[ADDR:]PORT",
          help: "Where the debugger comes: a port of the loopback interface, of another one, or unix:PATH. " +
            "Default: a free port.",
        },
        { name: "list", help: "Show the tests that would run, one a line, and stop." },
        {
          name: "verbose",
          short: "v",
          repeatable: true,
          help: "Trace system calls; a failing test's report shows them. Twice: the steps of the loader too.",
        },
      ],
    },
    {
      title: "Reports",
      options: [
        {
          name: "reporter",
          value: "NAME[:FILE]",
          repeatable: true,
          help: `One of ${REPORTERS.join(", ")}. May be repeated, all but one with a file. Default: pretty.`,
        },
        { name: "output", value: "FILE", repeatable: true, help: "Where the reporter named before it writes." },
        { name: "color", value: "WHEN", choices: ["auto", "always", "never"], help: "Default: auto." },
        { name: "no-progress", help: "No live lines on a terminal." },
      ],
    },
    {
      title: "Trace",
      options: traceOptions.map((option) =>
        option.name === "trace-output"
          ? { ...option, value: "FOLDER", help: "A folder for a file per test and attempt, instead of the report." }
          : option
      ),
    },
    {
      title: "Crashes",
      options: crashOptions.map((option) =>
        option.name === "crash-reports"
          ? { ...option, help: `${option.help} Default: REPORT.crashes beside the first report that goes to a file.` }
          : option
      ),
    },
    { title: "The guests' world", options: worldOptions },
  ],
  epilogue:
    "Exit status: 0 when all tests passed or were skipped, 100 when some failed, 125 when elftap itself failed.",
};

/** Where crash reports go when nobody says: beside a report that is a file, if elftap may write there. */
function besideReport(list: readonly Destination[]): string | undefined {
  const file = list.find((each) => each.file !== undefined)?.file;
  if (file === undefined) return undefined;
  const path = `${file}.crashes`;
  return Deno.permissions.querySync({ name: "write", path }).state === "granted" ? path : undefined;
}

/** Default limit of one test in seconds. */
const DEFAULT_TIMEOUT = 60;

/** Runs the command; resolves with the exit status. @param first the Worker for a guest, if there is one already */
export async function test(args: readonly string[], first?: FirstWorker): Promise<number> {
  const line = parseCommandLine(testSyntax, args);
  if (line.has("help")) return print(helpText(testSyntax));
  if (line.operands.length === 0) throw new Failure("no tests given", { hint: "see elftap test --help" });
  const seconds = line.number("timeout", { min: 0, max: 86400 }) ?? DEFAULT_TIMEOUT;
  const jobs = line.number("jobs", { min: 1, max: 1024, integer: true }) ?? navigator.hardwareConcurrency ?? 1;
  const retries = line.number("retries", { min: 0, max: 100, integer: true }) ?? 0;
  const color = line.value("color") ?? "auto";
  const list = destinations(line);
  const trace = await traceOf(line), traceFolder = line.value("trace-output");
  const holdOnFailure = line.has("gdb-on-failure"), gdb = line.value("gdb");
  if (gdb !== undefined && !holdOnFailure) throw new Failure("--gdb needs --gdb-on-failure");
  const core = coreFolder(line), crashFolder = crashReportFolder(line) ?? besideReport(list);
  const world = {
    ...await worldOf(line),
    ...(core === undefined ? {} : { core }),
    ...(holdOnFailure ? { debug: { stopOnEntry: false, holdOnFailure } } : {}),
    ...(trace === undefined ? {} : { trace }),
    ...(seconds > 0 ? { timeout: seconds * 1000 } : {}),
    verbose: Math.min(2, line.values("verbose").length) as 0 | 1 | 2,
  };
  const done = await settleEngine(world.engine ?? "auto", world.verbose > 0, ["test", ...args]);
  if (done !== undefined) return done;
  const all = discoverTests(line.operands, world);
  const shard = line.value("shard");
  const tests = selectTests(all, { filters: line.values("filter"), ...(shard === undefined ? {} : { shard }) });
  if (line.has("list")) return print(tests.map((each) => each.name + "\n").join(""));
  if (tests.length === 0 && shard === undefined) {
    throw new Failure(
      `none of ${all.length} tests fits ${line.values("filter").map((each) => `--filter ${each}`).join(" ")}`,
    );
  }
  using debugPort = holdOnFailure ? await openDebugPort(gdb ?? "0") : undefined;
  using outputs = new Outputs(list, {
    color: color === "auto" ? undefined : color === "always",
    live: !line.has("no-progress"),
  });
  const interruption = new AbortController();
  const interrupt = () => {
    // A second Ctrl-C does not wait.
    if (interruption.signal.aborted) {
      outputs.flush();
      Deno.exit(130);
    }
    interruption.abort();
  };
  Deno.addSignalListener("SIGINT", interrupt);
  Deno.addSignalListener("SIGTERM", interrupt);
  using pool = new GuestPool({ keep: jobs, first });
  try {
    const { summary } = await runTestCases({
      tests,
      pool,
      debugPort,
      world,
      jobs,
      args: line.values("arg"),
      retries,
      failFast: line.has("fail-fast"),
      ...(traceFolder === undefined ? {} : { traceFolder }),
      ...(crashFolder === undefined ? {} : { crashFolder }),
      protocol: (line.value("protocol") ?? "auto") as Protocol,
      deselected: all.length - tests.length,
      signal: interruption.signal,
      onEvent: (event) => outputs.event(event),
    });
    if (interruption.signal.aborted) return 130;
    return summary.failed > 0 ? ExitCode.testsFailed : 0;
  } finally {
    Deno.removeSignalListener("SIGINT", interrupt);
    Deno.removeSignalListener("SIGTERM", interrupt);
  }
}
