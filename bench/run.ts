/**
 * Start-up and speed of elftap beside qemu-user, in the same run and on the same machine.
 *
 *     deno task bench [--rounds N] [--milliseconds N] [--only NAME,…] [--root DIR] [--corpus DIR] [--cpus N] [--served] [--json]
 *
 * --root is a root of aarch64 Linux with Python and GLib's tests in it (python3, libglib2.0-tests); the default is the
 * one that `deno task corpus` makes. --corpus is the shared corpus, which has the workloads of real programs (`--only
 * real`, or one: `--only "real xz"`). They run on one processor, which the guest shares with V8's compilers, or on --cpus.
 *
 * --served: start-up, python and real on an `elftap serve`, where each has run several times before; for real
 * programs it is on the same processors.
 *
 * Every figure is the median of the rounds; the two runners take turns, so that a busy machine is busy for both.
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildInterpreter } from "../src/engine/wasm/build_image.ts";
import { Machine } from "../src/engine/wasm/testing.ts";
import { runDebugged } from "./debugger.ts";
import { peakMemory } from "./memory.ts";
import { installedCommands, installedTests } from "./installed.ts";
import { buildSuite, suiteCommands, testsPerSecond } from "./suite.ts";
import { lastProcessors, type RealPlaces, realTruth, realWorkloads, runReal } from "./real.ts";
import { SERVER_VARIABLE } from "../src/server/address.ts";
import { startServer } from "./served.ts";
import { type TraceCost, traceCost } from "./trace.ts";
import { readOptions } from "../tests/support/options.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const BUILD = join(HERE, "build");
const CLI = join(HERE, "..", "cli.ts");
const ROOT = join(HERE, "..", "tests", "corpus", "build", "root");
const HELLO = join(HERE, "..", "tests", "guests", "elf", "hello.c");

/** A workload of `kernels.c` and how its figure reads. */
interface Kernel {
  readonly name: string;
  readonly unit: string;
  /** Units of work in one of those. */
  readonly scale: number;
}

const KERNELS: readonly Kernel[] = [
  { name: "loop", unit: "million instructions/s", scale: 1e6 },
  { name: "sieve", unit: "million numbers/s", scale: 1e6 },
  { name: "calls", unit: "million calls/s", scale: 1e6 },
  { name: "hash", unit: "MB/s", scale: 1e6 },
  { name: "sort", unit: "thousand elements/s", scale: 1e3 },
  { name: "floating", unit: "million steps/s", scale: 1e6 },
  { name: "strings", unit: "MB/s", scale: 1e6 },
  { name: "syscalls", unit: "thousand calls/s", scale: 1e3 },
  { name: "forks", unit: "forks/s", scale: 1 },
  { name: "pipes", unit: "MB/s", scale: 1e6 },
  { name: "faults", unit: "thousand pages/s", scale: 1e3 },
];

/** Whole programs of `programs/`, timed from start to end; each takes about two seconds under qemu-user. */
const INTEGER = [
  "sieve.c",
  "sha256.c",
  "quicksort.c",
  "fib.c",
  "bytecode.c",
  "chase.c",
  "core.c",
  "records.c",
  "virtual.cc",
];
const FLOATING = ["nbody.c", "matmul.c"];
/** Not in the means. */
const BESIDE = ["escape.c"];

/** Programs of the suite. */
const SUITE = 1000;

/** Something that runs guest programs: the words before the program. */
interface Runner {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const ELFTAP: Runner = {
  name: "elftap",
  command: Deno.execPath(),
  args: [
    ..."run --no-prompt --allow-read --allow-write --allow-env --allow-net --allow-sys=uid,gid".split(" "),
    CLI,
    "run",
  ],
};
/** The words before a command of its own. */
const ELFTAP_COMMAND = [ELFTAP.command, ...ELFTAP.args.slice(0, -1)];
const QEMU: Runner = { name: "qemu-user", command: "qemu-aarch64", args: [] };

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Compiles a program once, unless the source is newer. */
async function build(source: string, name: string, compiler = "aarch64-linux-gnu-gcc"): Promise<string> {
  const path = join(BUILD, name);
  try {
    if (Deno.statSync(path).mtime! > Deno.statSync(source).mtime!) return path;
  } catch {
    // not built yet
  }
  Deno.mkdirSync(BUILD, { recursive: true });
  const args = ["-O2", "-w", "-static", "-o", path, source, "-lm"];
  const output = await new Deno.Command(compiler, { args }).output();
  if (!output.success) throw new Error(new TextDecoder().decode(output.stderr));
  return path;
}

/** Runs a program; wall milliseconds and what it printed. */
async function run(
  runner: Runner,
  program: string,
  args: readonly string[],
): Promise<{ wall: number; stdout: string }> {
  const start = performance.now();
  const command = new Deno.Command(runner.command, {
    args: [...runner.args, program, ...args],
    stdin: "null",
    cwd: "/",
    stderr: "piped",
  });
  const output = await command.output();
  const wall = performance.now() - start;
  if (!output.success) {
    throw new Error(`${runner.name} ${args.join(" ")}: ${new TextDecoder().decode(output.stderr).split("\n")[0]}`);
  }
  return { wall, stdout: new TextDecoder().decode(output.stdout) };
}

function available(runner: Runner): boolean {
  try {
    return new Deno.Command(runner.command, { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** One line of the table. */
interface Line {
  readonly name: string;
  readonly unit: string;
  /** By runner, in the order of the runners; undefined where it failed. */
  readonly figures: readonly (number | undefined)[];
  /** For a time less is better. */
  readonly lessIsBetter: boolean;
}

/** Measures in turns: every runner once per round. */
async function measure(
  runners: readonly Runner[],
  rounds: number,
  once: (runner: Runner) => Promise<number>,
): Promise<(number | undefined)[]> {
  const samples = runners.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, runner] of runners.entries()) {
      try {
        samples[i]!.push(await once(runner));
      } catch (error) {
        if (round === 0) console.error((error as Error).message);
      }
    }
  }
  return samples.map((each) => each.length > 0 ? median(each) : undefined);
}

/** Runs a suite once, tests per second. @param commands of elftap, and of qemu-user */
const suiteOf = (commands: readonly (readonly string[])[], count: number) => (runner: Runner): Promise<number> =>
  testsPerSecond(commands[[ELFTAP, QEMU].indexOf(runner)]!, count);

function show({ name, unit, figures, lessIsBetter }: Line): void {
  const cells = figures.map((figure) =>
    (figure === undefined ? "failed" : figure >= 100 ? figure.toFixed(0) : figure.toPrecision(3)).padStart(11)
  );
  const [own, peer] = figures;
  const ratio = own === undefined || peer === undefined
    ? ""
    : `${(lessIsBetter ? peer / own : own / peer).toFixed(2)}x`.padStart(8);
  console.log(`${name.padEnd(18)}${cells.join("")}${ratio}  ${unit}`);
}

/** Million instructions a second of the interpreter alone, on the loop of `kernels.c`. */
function interpreted(milliseconds: number): number {
  const machine = new Machine(buildInterpreter(), "interpreter");
  const loop = [0x8b09014a, 0xca0a016b, 0xd343fd6c, 0x8b0c016b, 0x92401d6c, 0xaa0c014a, 0xf1000529, 0x54ffff21];
  machine.regs.setX(9, 2n ** 62n);
  machine.run(loop, 10_000_000); // V8 optimises the handlers
  let count = 0;
  const start = performance.now();
  while (performance.now() - start < milliseconds) count += machine.resume(5_000_000).retired;
  return count / (performance.now() - start) / 1000;
}

/** The lines of the whole programs, and the geometric means of their ratios. Both runners must print the same. */
async function* programLines(
  runners: readonly Runner[],
  rounds: number,
  only?: readonly string[],
): AsyncGenerator<Line> {
  const ratios: { name: string; ratio: number }[] = [];
  for (const source of [...INTEGER, ...FLOATING, ...BESIDE]) {
    const name = source.replace(/\..*/, "");
    if (only && !only.includes("programs") && !only.includes(`program ${name}`)) continue;
    const compiler = source.endsWith(".cc") ? "aarch64-linux-gnu-g++" : "aarch64-linux-gnu-gcc";
    const program = await build(join(HERE, "programs", source), `program-${name}`, compiler);
    let expected: string | undefined;
    const figures = await measure(runners, rounds, async (runner) => {
      const { wall, stdout } = await run(runner, program, []);
      expected ??= stdout;
      if (stdout !== expected) throw new Error(`${runner.name} ${name}: the output differs`);
      return wall;
    });
    const [own, peer] = figures;
    if (own !== undefined && peer !== undefined) ratios.push({ name: source, ratio: peer / own });
    yield { name: `program ${name}`, unit: "ms wall (less is better)", figures, lessIsBetter: true };
  }
  for (const [name, sources] of [["integer", INTEGER], ["all", [...INTEGER, ...FLOATING]]] as const) {
    const some = ratios.filter((each) => sources.includes(each.name)).map(({ ratio }) => ratio);
    if (some.length >= 2) yield meanLine(`programs ${name}`, some);
  }
}

function meanLine(name: string, ratios: readonly number[]): Line {
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  return { name, unit: "geometric mean of the ratios", figures: [mean, 1], lessIsBetter: false };
}

/** The line of what a trace costs; its peer is strace on this machine. */
async function traceLine(rounds: number): Promise<Line> {
  const source = join(HERE, "calls.c"), guest = await build(source, "calls");
  const host = Deno.build.os === "linux" ? await build(source, "calls-host", "gcc").catch(() => undefined) : undefined;
  const samples: TraceCost[] = [];
  for (let round = 0; round < rounds; round++) {
    samples.push(await traceCost([ELFTAP.command, ...ELFTAP.args], guest, host, BUILD));
  }
  const own = median(samples.map((each) => each.own));
  const strace = samples.map((each) => each.strace).filter((each) => each !== undefined);
  return {
    name: "trace",
    unit: "ns a call with -v to a file, beside strace on this machine (less is better)",
    figures: [own, strace.length > 0 ? median(strace) : undefined],
    lessIsBetter: true,
  };
}

/** The lines about Python's start, with a warm cache: time, and memory. */
async function* pythonLines(runners: readonly Runner[], root: string, rounds: number): AsyncGenerator<Line> {
  const python = "/usr/bin/python3";
  const commands = new Map([
    [ELFTAP, [ELFTAP.command, ...ELFTAP.args, "--sysroot", root, python, "-c", "pass"]],
    [QEMU, [QEMU.command, "-L", root, root + python, "-c", "pass"]],
  ]);
  const memory = (runner: Runner) => peakMemory(commands.get(runner)!);
  await measure(runners, WARM_RUNS, memory);
  const wall = async (runner: Runner) => {
    const [program, ...args] = commands.get(runner)!, started = performance.now();
    const { success } = await new Deno.Command(program!, { args, stdin: "null", stdout: "null" }).output();
    if (!success) throw new Error(`${runner.name}: ${python} failed`);
    return performance.now() - started;
  };
  const times = await measure(runners, rounds, wall);
  yield { name: "python", unit: "ms wall, -c pass (less is better)", figures: times, lessIsBetter: true };
  if (Deno.env.has(SERVER_VARIABLE)) return; // the client's says nothing
  const figures = await measure(runners, rounds, memory);
  yield { name: "memory", unit: "MiB resident at most, python3 -c pass (less is better)", figures, lessIsBetter: true };
}

/** Runs on a server before one counts: V8 compiles what is hot while others run, of large programs for several runs. */
const WARM_RUNS = 5;

/** The lines of real programs, and the geometric means: of whole programs, and of single mechanisms. */
async function* realLines(
  runners: readonly Runner[],
  places: RealPlaces,
  served: boolean,
  only?: readonly string[],
): AsyncGenerator<Line> {
  const prefixes = new Map([
    [ELFTAP, [ELFTAP.command, ...ELFTAP.args, "--sysroot", places.root, "--bind", "{folder}:{folder}"]],
    [QEMU, [QEMU.command, "-L", places.root]],
  ]);
  const ratios = new Map<string, number[]>([["real programs", []], ["real micro", []]]);
  const truth = realTruth(places.corpus);
  for (const workload of realWorkloads(places.corpus)) {
    if (only && !only.includes("real") && !only.includes(`real ${workload}`)) continue;
    const results = new Map<Runner, string>();
    const once = (runner: Runner) => runReal(places, workload, prefixes.get(runner)!, runner === ELFTAP);
    await using _server = served ? await startServer(ELFTAP_COMMAND, lastProcessors(places.cpus)) : undefined;
    if (served) { for (let run = 0; run < WARM_RUNS; run++) await once(ELFTAP); }
    const measured = await measure([...runners].reverse(), served ? 3 : 1, async (runner) => {
      const { seconds, exitCode, digest } = await once(runner);
      results.set(runner, `exit code ${exitCode}, output ${digest}`);
      return 1000 * seconds;
    });
    // Where they disagree, the real kernel decides; not always, as some print the names of folders.
    const agree = new Set(results.values()).size === 1, expected = truth.get(workload);
    const figures = measured.reverse().map((figure, index) => {
      const runner = runners[index]!, result = results.get(runner);
      if (agree || result === expected) return figure;
      console.error(`${runner.name} ${workload}: ${result}; expected: ${expected}`);
      return undefined;
    });
    const [own, peer] = figures;
    if (own !== undefined && peer !== undefined) {
      ratios.get(workload.startsWith("m_") ? "real micro" : "real programs")!.push(peer / own);
    }
    yield { name: `real ${workload}`, unit: "ms wall (less is better)", figures, lessIsBetter: true };
  }
  for (const [name, some] of ratios) if (some.length >= 2) yield meanLine(name, some);
}

/** Workloads for the cost of a debugger: translated code, memory, calls into the kernel. */
const DEBUGGED = ["loop", "sieve", "hash", "sort", "strings", "syscalls"];

/** The lines of what an attached debugger costs; the peer is elftap without one. */
async function* debuggerLines(kernels: string, milliseconds: string, rounds: number): AsyncGenerator<Line> {
  const command = [ELFTAP.command, ...ELFTAP.args], ratios: number[] = [];
  for (const { name, unit, scale } of KERNELS.filter((each) => DEBUGGED.includes(each.name))) {
    const rate = (stdout: string) => {
      const [units, nanoseconds] = stdout.trim().split(" ").map(Number);
      return units! / nanoseconds! * 1e9 / scale;
    };
    const own: number[] = [], peer: number[] = [];
    for (let round = 0; round < rounds; round++) {
      own.push(rate(await runDebugged(command, kernels, [name, milliseconds])));
      peer.push(rate((await run(ELFTAP, kernels, [name, milliseconds])).stdout));
    }
    ratios.push(median(own) / median(peer));
    yield {
      name: `gdb ${name}`,
      unit: `${unit} with a debugger attached, beside elftap without`,
      figures: [median(own), median(peer)],
      lessIsBetter: false,
    };
  }
  yield meanLine("gdb all", ratios);
}

if (import.meta.main) {
  const { values } = readOptions("deno task bench [options]", {
    args: Deno.args,
    options: {
      rounds: { type: "string", default: "5" },
      milliseconds: { type: "string", default: "300" },
      only: { type: "string" },
      root: { type: "string", default: ROOT },
      corpus: { type: "string", default: "../shared/corpus" },
      cpus: { type: "string", default: "1" },
      served: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds), only = values.only?.split(","), root = resolve(values.root);
  let hello: string, kernels: string;
  try {
    hello = await build(HELLO, "hello");
    kernels = await build(join(HERE, "kernels.c"), "kernels");
  } catch (error) {
    console.error(`skipped: the workloads cannot be built: ${(error as Error).message.split("\n")[0]}`);
    Deno.exit(1);
  }
  const runners = [ELFTAP, QEMU].filter((runner) => {
    const there = available(runner);
    if (!there) console.error(`without ${runner.name}: ${runner.command} is not installed`);
    return there;
  });
  const lines: Line[] = [];
  const add = (line: Line): void => {
    lines.push(line);
    if (!values.json) show(line);
  };
  const heading = (names: readonly string[]): void => {
    if (!values.json) console.log(`${"".padEnd(18)}${names.map((name) => name.padStart(11)).join("")}   ratio`);
  };
  heading(runners.map(({ name }) => name));
  if (!only || only.includes("start-up")) {
    await using _server = values.served ? await startServer(ELFTAP_COMMAND) : undefined;
    await measure(runners, 2, async (runner) => (await run(runner, hello, [])).wall); // caches are warm from here on
    const figures = await measure(runners, 3 * rounds, async (runner) => (await run(runner, hello, [])).wall);
    add({ name: "start-up", unit: "ms wall, static hello (less is better)", figures, lessIsBetter: true });
  }
  if (!only || only.includes("suite")) {
    const suite = await buildSuite(HERE, BUILD, HELLO, SUITE);
    const commands = suiteCommands(suite, ELFTAP_COMMAND);
    const figures = await measure(runners, 3, suiteOf(commands, SUITE));
    add({ name: "suite", unit: `tests/s, ${SUITE} short programs, 4 jobs`, figures, lessIsBetter: false });
  }
  if (!only || only.includes("installed")) {
    const tests = installedTests(root);
    if (tests.length > 0) {
      const commands = installedCommands(root, tests, ELFTAP_COMMAND, join(BUILD, "installed.txt"));
      const once = suiteOf(commands, tests.length);
      await measure(runners.slice(0, 1), 1, once); // caches are warm from here on
      const figures = await measure(runners, 3, once);
      add({ name: "installed", unit: `tests/s, ${tests.length} of GLib's own, 4 jobs`, figures, lessIsBetter: false });
    } else console.error(`without installed tests: ${root} has none of GLib's`);
  }
  if (!only || only.includes("python") || only.includes("memory")) {
    if (existsSync(join(root, "usr/bin/python3"))) {
      await using _server = values.served ? await startServer(ELFTAP_COMMAND) : undefined;
      for await (const line of pythonLines(runners, root, rounds)) add(line);
    } else console.error(`without python and memory: no Python in ${root}`);
  }
  if (!only || only.includes("interpreter")) {
    const figures = await measure(runners, rounds, async (runner) => {
      if (runner === ELFTAP) return interpreted(Number(values.milliseconds));
      const [count, nanoseconds] = (await run(runner, kernels, ["loop", values.milliseconds])).stdout.split(" ").map(
        Number,
      );
      return count! / nanoseconds! * 1000;
    });
    add({ name: "interpreter", unit: "million instructions/s without the translator", figures, lessIsBetter: false });
  }
  for (const { name, unit, scale } of KERNELS) {
    if (only && !only.includes(name)) continue;
    const figures = await measure(runners, rounds, async (runner) => {
      const { stdout } = await run(runner, kernels, [name, values.milliseconds]);
      const [units, nanoseconds] = stdout.trim().split(" ").map(Number);
      return units! / nanoseconds! * 1e9 / scale;
    });
    add({ name, unit, figures, lessIsBetter: false });
  }
  for await (const line of programLines(runners, Math.min(rounds, 3), only)) add(line);
  const places = { corpus: resolve(values.corpus), root, build: BUILD, cpus: Math.max(Number(values.cpus) || 1, 1) };
  if (existsSync(join(places.corpus, "perf")) && existsSync(join(root, "opt/rw"))) {
    for await (const line of realLines(runners, places, values.served, only)) add(line);
  } else console.error(`without real programs: they are in ${places.corpus} and ${root}`);
  if (!only || only.includes("trace")) {
    heading(["elftap -v", "strace"]);
    add(await traceLine(rounds));
  }
  if (!only || only.includes("debugger")) {
    heading(["debugged", "not"]);
    for await (const line of debuggerLines(kernels, values.milliseconds, rounds)) add(line);
  }
  if (values.json) {
    console.log(JSON.stringify({ version: 1, runners: runners.map((each) => each.name), lines }, null, 1));
  }
}
