/**
 * `elftap run`: one program, with the terminal's or the pipe's streams, and its status as elftap's own.
 */
import { ExitCode, Failure } from "../failure.ts";
import { SIGHUP, SIGINT, SIGTERM, SIGWINCH } from "../kernel/abi/signal.ts";
import type { FirstWorker } from "../runner/first_worker.ts";
import { Guest, type RunningGuest } from "../runner/guest.ts";
import { GuestPool } from "../runner/guest_pool.ts";
import type { GuestOutcome } from "../runner/guest_spec.ts";
import { seesNullInput } from "../runner/null_input.ts";
import { guestSpec } from "../runner/world.ts";
import { serverAddress } from "../server/address.ts";
import { VERSION } from "../version.ts";
import { TraceFile } from "../runner/trace_file.ts";
import { type CommandSyntax, helpText, parseCommandLine } from "./command_line.ts";
import { openDebugPort } from "./debugging.ts";
import { settleEngine } from "./engine_option.ts";
import { print, reportFailure, talk } from "./talk.ts";
import { coreFolder, crashOptions, crashReportFolder } from "./crash_options.ts";
import { traceOf, traceOptions } from "./trace_options.ts";
import { worldOf, worldOptions } from "./world_options.ts";

/** Options and help. */
export const runSyntax: CommandSyntax = {
  name: "elftap run",
  operands: "ELF [args...]",
  summary: "Runs an aarch64 Linux program. What follows the program's path is passed to it word for word.",
  stopAtOperand: true,
  groups: [
    {
      title: "Options",
      options: [
        { name: "help", short: "h", help: "Show this text." },
        { name: "version", short: "V", help: "Show the version." },
        {
          name: "verbose",
          short: "v",
          repeatable: true,
          help: "Show system calls and signals on stderr; twice: the steps of the loader too.",
        },
        {
          name: "timeout",
          short: "t",
          value: "N",
          help:
            "Seconds that the guest may run without a system call, a fault or code that is new, before the run is " +
            "given up; 0: no limit. A watchdog, not a limit of the whole run. Default: 10. Without a number -t is " +
            "strace's: timestamps.",
        },
        {
          name: "gdb",
          value: "[ADDR:]PORT",
          help: "Let gdb or lldb connect: to a port of the loopback interface, of another one, or to unix:PATH.",
        },
        { name: "gdb-stop-on-entry", help: "Wait for the debugger before the program's first instruction." },
      ],
    },
    {
      title: "Trace",
      options: [
        ...traceOptions,
        { name: "follow-forks", short: "f", help: "As strace has it; children are always followed." },
      ],
    },
    { title: "Crashes", options: crashOptions },
    { title: "The guest's world", options: worldOptions },
  ],
  epilogue: "Exit status: the program's; 128+N when signal N ended it; 125 when elftap itself failed; 126 when the\n" +
    "program cannot be run; 127 when it, its interpreter or a library is missing.",
};

/** Signals that the host passes on. */
const FORWARDED = { SIGINT, SIGTERM, SIGHUP } as const;

/** Runs the command; resolves with the exit status. @param first the Worker for the guest, if there is one already */
export async function run(args: readonly string[], first?: FirstWorker): Promise<number> {
  // Its Worker is left as it is when the guest has ended: elftap ends too, and ending a Worker before takes 5 ms.
  const pool = new GuestPool({ keep: 1, first });
  const { rest: own, timestamps } = straceTimestamps(args);
  const line = parseCommandLine(runSyntax, own);
  if (line.has("help")) return print(helpText(runSyntax));
  if (line.has("version")) return print(`elftap ${VERSION}\n`);
  const [path, ...rest] = line.operands;
  if (path === undefined) throw new Failure("no program given", { hint: "see elftap run --help" });
  const watchdog = line.number("timeout", { min: 0, max: 86400 });
  const verbose = Math.min(2, line.values("verbose").length) as 0 | 1 | 2;
  const stopOnEntry = line.has("gdb-stop-on-entry"), gdb = line.value("gdb");
  if (stopOnEntry && gdb === undefined) throw new Failure("--gdb-stop-on-entry needs --gdb PORT");
  const trace = await traceOf(line, timestamps), output = line.value("trace-output");
  const core = coreFolder(line), crashReports = crashReportFolder(line);
  const world = {
    ...await worldOf(line),
    ...(core === undefined ? {} : { core }),
    verbose,
    ...(trace === undefined ? {} : { trace }),
    ...(watchdog === undefined ? {} : { watchdog }),
    ...(gdb === undefined ? {} : { debug: { stopOnEntry, holdOnFailure: false } }),
  };
  // Debuggers come to this process, and so does their guest.
  const server = gdb === undefined ? serverAddress()?.path : undefined;
  const done = server === undefined
    ? await settleEngine(world.engine ?? "auto", verbose > 0, ["run", ...args])
    : undefined;
  if (done !== undefined) return done;
  if (server !== undefined && verbose > 0) talk(`engine: that of the server at ${server}`);
  using debugPort = gdb === undefined ? undefined : await openDebugPort(gdb, stopOnEntry);
  const spec = guestSpec({ path, args: rest, stdin: "inherit", stdout: "inherit", stderr: "inherit" }, world);
  const file = output === undefined ? undefined : new TraceFile(output);
  const takeTrace = (bytes: Uint8Array) => file?.write(bytes);
  const guest = server === undefined
    ? new Guest({ ...spec, nullInput: seesNullInput() }, { pool, debugPort, output: (_, bytes) => takeTrace(bytes) })
    : await (await import("../server/remote_guest.ts")).RemoteGuest.start(server, spec, takeTrace);
  const release = forwardSignals(guest);
  let outcome = await guest.outcome;
  await debugPort?.flush();
  release();
  if (file?.close() === false) talk(`not all of the trace could be written to ${output}`);
  if (outcome.ending.kind === "error") {
    outcome = await (await import("../runner/missing_parts.ts")).withProfileHint(outcome, spec);
  }
  if (outcome.crashes.length > 0) await reportCrashes(outcome, crashReports);
  return exitStatus(outcome, watchdog ?? 10);
}

/** Says what is known about crashes, unless the program took them in its stride, and writes their long form. */
async function reportCrashes(outcome: GuestOutcome, folder: string | undefined): Promise<void> {
  let { crashes } = outcome;
  if (folder !== undefined) {
    const { saveCrashReports } = await import("../runner/crash_files.ts");
    crashes = await saveCrashReports(crashes, folder, "crash");
  }
  if (outcome.ending.kind === "exit" && outcome.ending.code === 0) return;
  const { crashLines } = await import("../report/diagnosis.ts");
  for (const crash of crashes) for (const line of crashLines(crash)) talk(line);
}

/**
 * strace's -t, -tt and -ttt. `-t` is the watchdog's as well and has a number then: `-t 5`, `-t5`. Without one it is a
 * timestamp. Only options are looked at: what follows the program's path is its own.
 */
function straceTimestamps(args: readonly string[]): { rest: string[]; timestamps: number } {
  const valued = new Set(
    runSyntax.groups.flatMap((group) => group.options).filter((each) => each.value !== undefined)
      .flatMap((each) => [`--${each.name}`, ...(each.short ? [`-${each.short}`] : [])]),
  );
  const rest: string[] = [];
  let timestamps = 0, at = 0;
  for (; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--" || arg === "-" || !arg.startsWith("-")) break;
    const isNumber = /^\d+(\.\d+)?$/.test(args[at + 1] ?? "");
    if (/^-t{1,3}$/.test(arg) && !(arg === "-t" && isNumber)) timestamps = Math.max(timestamps, arg.length - 1);
    else {
      rest.push(arg);
      if (valued.has(arg) && at + 1 < args.length) rest.push(args[++at]!);
    }
  }
  return { rest: [...rest, ...args.slice(at)], timestamps };
}

/** Passes the host's signals on. A second Ctrl-C that finds the Worker deaf to the first ends it. */
function forwardSignals(guest: RunningGuest): () => void {
  const listeners: [Deno.Signal, () => void][] = [["SIGWINCH", () => guest.interrupt(SIGWINCH)]];
  let interrupts = 0;
  for (const [name, number] of Object.entries(FORWARDED) as ["SIGINT" | "SIGTERM" | "SIGHUP", number][]) {
    listeners.push([name, () => {
      guest.interrupt(number);
      if (name === "SIGINT" && ++interrupts === 3) guest.stop();
    }]);
  }
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  return () => {
    for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
  };
}

/** The exit status that says how the guest ended; says the rest on stderr. */
function exitStatus(outcome: GuestOutcome, watchdog: number): number {
  const { ending } = outcome;
  for (const name of Object.keys(outcome.unimplemented)) talk(`system call ${name} is not implemented (ENOSYS)`);
  switch (ending.kind) {
    case "exit":
      return ending.code;
    case "signal":
      return 128 + ending.signal;
    case "timeout":
      if (ending.which === "watchdog") {
        talk(`given up: the guest ran ${watchdog} seconds without a stop`, "-t N allows more, -t 0 any time");
      } else talk("given up: interrupted three times");
      return ExitCode.failure;
    case "error":
      return reportFailure({ message: ending.message, hint: ending.hint, exitCode: ending.exitCode });
  }
}
