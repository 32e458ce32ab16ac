/**
 * Runs the corpus: real programs of Debian, compared with what they did on a real arm64 kernel.
 *
 *     deno task corpus [--group G]… [--filter RE] [--every N [--from K]] [--engine NAME] [--tier TIER] [--corpus DIR]
 *                      [--root DIR] [--jobs N] [--time-limit SECONDS] [-v]
 *
 * The corpus folder (default ../shared/corpus) holds the table of rows and the script that makes their root; without
 * it nothing is run, and that is said. The default root also gets the packages of packages.ts; a row that starts a
 * program which its root does not have is skipped. --every runs each N-th of the rows that the others leave, from row K on
 * (0: the first). Output of failing rows and all results as JSON go to tests/corpus/build/. Exit status: 0 all passed or
 * skipped, 100 some failed, 2 no row to run.
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runGuest } from "../../src/runner/guest.ts";
import { GuestPool } from "../../src/runner/guest_pool.ts";
import { type GuestOutcome, type GuestSpec, type Tier, TIERS } from "../../src/runner/guest_spec.ts";
import { missingPrograms, prepareRoot } from "./root.ts";
import { compare, parseRows, type Row } from "./rows.ts";
import { readOptions } from "../support/options.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const BUILD = join(HERE, "build");
const TABLE = "truth-visible.tsv";

const ENGINES: readonly GuestSpec["engine"][] = ["auto", "wasm", "kvm", "hvf"];

/** The environment in which the rows were recorded. */
const ENV: Readonly<Record<string, string>> = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/tmp/home",
  USER: "user",
  LOGNAME: "user",
  TERM: "dumb",
  LC_ALL: "C.UTF-8",
  LANG: "C.UTF-8",
  TMPDIR: "/tmp",
  TZ: "UTC",
  PWD: "/tmp/w",
  SHELL: "/bin/sh",
};

/** What came of one row. */
interface Result {
  readonly id: string;
  readonly group: string;
  readonly verdict: "passed" | "failed" | "skipped";
  readonly seconds: number;
  readonly instructions: number;
  readonly differences: readonly string[];
  readonly unimplemented: Readonly<Record<string, number>>;
  /** Fatal signals of any process of the row. */
  readonly crashes: readonly string[];
}

/** What all rows of a run share. */
interface Settings {
  readonly root: string;
  readonly engine: GuestSpec["engine"];
  readonly tier: Tier;
  /** Seconds. */
  readonly timeLimit: number;
  readonly verbose: 0 | 1;
}

function spec(row: Row, { root, engine, tier, timeLimit, verbose }: Settings): GuestSpec {
  // The working directory and home are made in the fresh /tmp; bash exports OLDPWD after a cd, the record had none.
  const script = `mkdir /tmp/w /tmp/home; cd /tmp/w; unset OLDPWD; exec ${row.command}`;
  return {
    path: "/bin/bash",
    argv: ["bash", "-c", script],
    env: ENV,
    cwd: "/tmp",
    sysroot: root,
    hostFallback: false,
    binds: [],
    // The recording machine had a /tmp before the row got its own: /proc/self/mounts shows both.
    tmpfs: ["/tmp"],
    uid: 1000,
    gid: 1000,
    hostname: "rwhost",
    engine,
    tier,
    watchdog: 0,
    timeout: timeLimit * 1000,
    verbose,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  };
}

function statusOf({ ending }: GuestOutcome): number {
  if (ending.kind === "exit") return ending.code;
  if (ending.kind === "signal") return 128 + ending.signal;
  return ending.kind === "timeout" ? 124 : ending.exitCode;
}

async function runRow(row: Row, guestSpec: GuestSpec, pool: GuestPool): Promise<Result> {
  const start = performance.now();
  const { outcome, stdout, stderr, trace } = await runGuest(guestSpec, { pool });
  const { ending } = outcome;
  const differences = await compare(row, statusOf(outcome), stdout);
  if (ending.kind === "timeout") differences.unshift(`out of time (${ending.which})`);
  if (ending.kind === "error") differences.unshift(ending.message);
  const words = new TextDecoder().decode(stderr);
  const missing = differences.length > 0 ? missingPrograms(words, guestSpec.sysroot!) : [];
  if (missing.length > 0) differences.splice(0, Infinity, `program not in the root: ${missing.join(" ")}`);
  const lastWords = words.trimEnd().split("\n").at(-1);
  if (differences.length > 0 && missing.length === 0 && lastWords) {
    differences.push(`stderr: ${lastWords.slice(0, 200)}`);
  }
  const base = join(BUILD, "failed", row.id);
  for (const extension of ["stdout", "stderr", "trace"]) {
    try {
      Deno.removeSync(`${base}.${extension}`);
    } catch {
      // it did not fail the last time
    }
  }
  if (differences.length > 0) {
    Deno.writeFileSync(`${base}.stdout`, stdout);
    Deno.writeFileSync(`${base}.stderr`, stderr);
    if (trace.length > 0) Deno.writeFileSync(`${base}.trace`, trace);
  }
  return {
    id: row.id,
    group: row.group,
    verdict: differences.length === 0 ? "passed" : missing.length > 0 ? "skipped" : "failed",
    seconds: (performance.now() - start) / 1000,
    instructions: outcome.instructions,
    differences,
    unimplemented: outcome.unimplemented,
    crashes: outcome.crashes.map((crash) =>
      `${crash.program}: ${crash.signalName} ${crash.code} ${crash.symbol ?? ""}`
    ),
  };
}

function report(results: readonly Result[]): void {
  const failed = results.filter(({ verdict }) => verdict === "failed");
  const skipped = results.filter(({ verdict }) => verdict === "skipped");
  if (skipped.length > 0) console.log("\nskipped:");
  for (const { id, differences } of skipped) console.log(`  ${id}: ${differences.join("; ")}`);
  if (failed.length > 0) console.log("\nfailed:");
  for (const { id, differences, unimplemented, crashes } of failed) {
    const missing = Object.keys(unimplemented);
    const more = [...(missing.length > 0 ? [`unimplemented: ${missing.join(" ")}`] : []), ...crashes.slice(0, 2)];
    console.log(`  ${id}: ${[...differences, ...more].join("; ")}`);
  }
  console.log("\ngroup        passed  failed  skipped  total  seconds  million instructions/s");
  const groups = [...new Set(results.map((result) => result.group))].sort();
  for (const group of [...groups, "all"]) {
    const rows = results.filter((result) => group === "all" || result.group === group);
    const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
    const speed = rows.reduce((sum, row) => sum + row.instructions, 0) / 1e6 / Math.max(seconds, 0.001);
    const count = (verdict: Result["verdict"]) => rows.filter((row) => row.verdict === verdict).length;
    const cells = [
      count("passed"),
      count("failed"),
      count("skipped"),
      rows.length,
      seconds.toFixed(1),
      speed.toFixed(0),
    ];
    const widths = [6, 7, 8, 6, 8, 22];
    console.log(group.padEnd(12), cells.map((cell, n) => String(cell).padStart(widths[n]!)).join(" "));
  }
}

if (import.meta.main) {
  const { values } = readOptions("deno task corpus [options]", {
    args: Deno.args,
    options: {
      group: { type: "string", multiple: true },
      filter: { type: "string" },
      corpus: { type: "string", default: "../shared/corpus" },
      every: { type: "string", default: "1" },
      from: { type: "string", default: "0" },
      engine: { type: "string", default: "auto" },
      tier: { type: "string", default: "auto" },
      root: { type: "string", default: join(BUILD, "root") },
      jobs: { type: "string", default: String(navigator.hardwareConcurrency) },
      "time-limit": { type: "string", default: "300" },
      verbose: { type: "boolean", short: "v", default: false },
    },
  });
  const corpus = resolve(values.corpus), root = resolve(values.root);
  let table: string;
  try {
    table = Deno.readTextFileSync(join(corpus, TABLE));
  } catch {
    console.log(`skipped: no ${TABLE} in ${corpus} (--corpus DIR names another folder)`);
    Deno.exit(0);
  }
  const filter = values.filter === undefined ? undefined : new RegExp(values.filter);
  const rows = parseRows(table).filter((row) =>
    (!values.group || values.group.includes(row.group)) && (!filter || filter.test(row.id) || filter.test(row.command))
  ).filter((_, n) => n % Number(values.every) === Number(values.from));
  if (rows.length === 0) {
    console.error(
      "no row is left: --group and --filter choose rows, --every N and --from K each N-th of those from K < N on",
    );
    Deno.exit(2);
  }
  await prepareRoot(corpus, root, root === join(BUILD, "root"));
  Deno.mkdirSync(join(BUILD, "failed"), { recursive: true });
  const engine = ENGINES.find((name) => name === values.engine);
  if (engine === undefined) {
    console.error(`--engine ${values.engine}: engines are ${ENGINES.join(", ")}`);
    Deno.exit(2);
  }
  const tier = TIERS.find((name) => name === values.tier);
  if (tier === undefined) {
    console.error(`--tier ${values.tier}: tiers are ${TIERS.join(", ")}`);
    Deno.exit(2);
  }
  const settings: Settings = {
    root,
    engine,
    tier,
    timeLimit: Number(values["time-limit"]),
    verbose: values.verbose ? 1 : 0,
  };
  const jobs = Math.max(1, Number(values.jobs));
  const queue = [...rows], results: Result[] = [];
  using pool = new GuestPool({ keep: jobs });
  const work = async (): Promise<void> => {
    for (let row = queue.shift(); row; row = queue.shift()) {
      const result = await runRow(row, spec(row, settings), pool);
      results.push(result);
      const word = { passed: "ok     ", failed: "FAILED ", skipped: "skipped" }[result.verdict];
      const at = `[${String(results.length).padStart(String(rows.length).length)}/${rows.length}]`;
      console.log(
        `${at} ${word} ${result.id} ${result.seconds.toFixed(1)} s  ${result.differences.join("; ")}`.trimEnd(),
      );
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  results.sort((a, b) => a.id < b.id ? -1 : 1);
  Deno.writeTextFileSync(join(BUILD, "results.json"), JSON.stringify({ version: 1, results }, null, 1) + "\n");
  report(results);
  Deno.exit(results.some(({ verdict }) => verdict === "failed") ? 100 : 0);
}
