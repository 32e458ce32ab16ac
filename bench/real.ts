/**
 * Real programs of Debian: the workloads of the shared corpus (`perf.sh` in its folder `perf`), each timed from the
 * start of the command to its end, elftap and its peer in turns, on the same processors. Both must print the same; of
 * one that does not print what a real arm64 kernel has it print, there is no figure.
 */
import { join } from "node:path";

/** Where the corpus, its root, and a folder for inputs and results are. */
export interface RealPlaces {
  readonly corpus: string;
  readonly root: string;
  readonly build: string;
  /** Processors that a workload may use. */
  readonly cpus: number;
}

/** What came of a workload. */
export interface RealResult {
  /** Seconds wall. */
  readonly seconds: number;
  readonly exitCode: number;
  /** Of what it printed. */
  readonly digest: string;
}

const script = (corpus: string): string => join(corpus, "perf", "perf.sh");

/** Names of the workloads in their order; those of single mechanisms begin with "m_". */
export function realWorkloads(corpus: string): string[] {
  const list = /^L=\$\{LIST:-([^}]+)\}/m.exec(Deno.readTextFileSync(script(corpus)))?.[1];
  if (list === undefined) throw new Error(`${script(corpus)} has no list of workloads`);
  return list.trim().split(/\s+/);
}

/** What came of each workload on a real arm64 kernel, by its name. */
export function realTruth(corpus: string): ReadonlyMap<string, string> {
  const lines = Deno.readTextFileSync(join(corpus, "perf", "native.tsv")).trim().split("\n");
  return new Map(lines.map((line) => {
    const [name, _wall, _cpu, exitCode, digest] = line.split("\t");
    return [name!, `exit code ${exitCode}, output ${digest}`];
  }));
}

async function succeed(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const output = await new Deno.Command(command, { args: [...args], env, stdin: "null", stdout: "null" }).output();
  if (output.success) return;
  throw new Error(`${command} ended with ${output.code}: ${new TextDecoder().decode(output.stderr).split("\n")[0]}`);
}

/** The last so many processors, as taskset has it: interrupts usually go to the first. */
export function lastProcessors(count: number): string {
  const all = navigator.hardwareConcurrency;
  return `${Math.max(all - count, 0)}-${all - 1}`;
}

/** Makes the inputs, once. Returns their folder. */
async function inputs({ corpus, build }: RealPlaces): Promise<string> {
  const folder = join(build, "real");
  try {
    Deno.statSync(join(folder, "gen.c")); // the last of them
  } catch {
    await succeed("python3", [join(corpus, "perf", "mkdata.py"), folder]);
  }
  return folder;
}

/**
 * Runs a workload once.
 *
 * @param prefix the command before the guest's program; `{folder}` in it stands for the folder of the inputs
 * @param seesRoot whether it takes paths below the root as the guest's
 */
export async function runReal(
  places: RealPlaces,
  workload: string,
  prefix: readonly string[],
  seesRoot: boolean,
): Promise<RealResult> {
  const folder = await inputs(places), table = join(places.build, "real.tsv");
  await succeed("bash", [script(places.corpus), table, ...prefix.map((word) => word.replaceAll("{folder}", folder))], {
    ROOT: places.root,
    B: seesRoot ? "" : places.root,
    RWPERF: folder,
    ONLY: `^${workload}$`,
    REPS: "1",
    CPU: lastProcessors(places.cpus),
  });
  const [, seconds, , exitCode, digest] = Deno.readTextFileSync(table).trim().split("\t");
  return { seconds: Number(seconds), exitCode: Number(exitCode), digest: digest! };
}
