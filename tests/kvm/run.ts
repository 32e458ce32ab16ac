/**
 * `deno task test-kvm-arm64`: the hypervisor engines in an emulated arm64 machine (machine.ts). The kvm engine, and
 * hvf.c over a test double of Hypervisor.framework, execute a few instructions each (inside_engine.ts; once more with
 * a shim under the address sanitizer), have their exits and TLB invalidations counted (inside_counts.ts), and run the
 * guest programs of tests/guests (inside_guests.ts) and a debugger's session (inside_gdb.ts), on a CPU with all
 * features and on one without LSE and PAuth.
 *
 *     deno task test-kvm-arm64 [--all] [--compare] [--cpu NAME] [--engine kvm|hvf] [filter…]
 *
 *     --all       every program on each engine and CPU; otherwise a selection that takes less than ten minutes
 *     --compare   the same programs on the wasm engine on this host too: a table with a row per program
 *
 * Skipped, loudly, where QEMU or the machine's parts cannot be had. Minutes, not seconds.
 */
import { join } from "node:path";
import { buildGuests, type Guest } from "../guests/build.ts";
import { ElftapRunner } from "../guests/elftap.ts";
import { type ProgramResult, table } from "./compare.ts";
import { coverage } from "./coverage.ts";
import { HERE, MachineUnavailable, runMachine } from "./machine.ts";
import { ALL, partsOf, type Plan, programsOf, script, SHORT } from "./plan.ts";
import { readRows, type Row } from "./rows.ts";
import { buildForTest, buildProgram, buildSanitized, type EngineName, sanitizerLibraries, shimName } from "./shims.ts";
import { stage } from "./stage.ts";
import { readOptions } from "../support/options.ts";

/** The program of the debugger's session. */
const DEBUGGED = "debug/basic";

/** Seconds: the longest plan, on a host that has other things to do. */
const TIME_LIMIT = 1800;

/** Addresses of the symbols that the session uses. */
async function symbolsOf(path: string): Promise<Record<string, string>> {
  const { stdout } = await new Deno.Command("aarch64-linux-gnu-nm", { args: [path], stdin: "null" }).output();
  const rows = new TextDecoder().decode(stdout).matchAll(/^([0-9a-f]+) \w (main|global)$/gm);
  return Object.fromEntries([...rows].map(([, value, name]) => [name!, value!]));
}

/** What the rows of one boot come to. */
interface Boot {
  readonly cpu: string;
  readonly rows: readonly Row[];
  /** Rows that should be there and are not. */
  readonly missing: readonly string[];
  readonly seconds: number;
  /** Lines about the shim's source files. */
  readonly coverage: readonly string[];
}

async function boot(plan: Plan, engines: readonly EngineName[], guests: readonly Guest[], all: boolean): Promise<Boot> {
  const { cpu } = plan;
  const lists: Record<string, Guest[]> = {};
  for (const name of engines) lists[name] = programsOf(plan, name, guests, all);
  console.log(`${cpu}: ${engines.map((name) => `${lists[name]!.length} programs on ${name}`).join(", ")}`);
  const debugged = guests.find(({ title }) => title === DEBUGGED);
  const shims: Record<string, string> = {};
  for (const name of engines) {
    for (const sanitizer of ["trap", "address"] as const) {
      shims[shimName(name, sanitizer)] = await buildForTest(name, sanitizer);
    }
  }
  const parts = partsOf(plan, engines, debugged);
  const payload = stage({
    lists,
    more: debugged ? [debugged] : [],
    shims,
    files: {
      counted: await buildProgram("counted"),
      "libfaulty.so": await buildSanitized("faulty"),
      sanitizers: await sanitizerLibraries(),
    },
    script: script(parts),
  });
  if (debugged) {
    Deno.writeTextFileSync(join(payload, "symbols.json"), JSON.stringify(await symbolsOf(debugged.path)));
  }
  const started = performance.now();
  const line = (text: string) => console.log(`  ${cpu} | ${text}`);
  const results = await runMachine({ payload, cpu, timeLimit: TIME_LIMIT, line });
  const rows = readRows(join(results, "rows.jsonl"));
  const titles = new Set(rows.map(({ title }) => title));
  const wanted = [
    ...parts.map(({ title }) => `${title}: to its end`),
    ...engines.flatMap((name) => lists[name]!.map(({ title }) => `${name} program: ${title}`)),
  ];
  return {
    cpu,
    rows,
    missing: wanted.filter((title) => !titles.has(title)),
    seconds: (performance.now() - started) / 1000,
    coverage: plan.shim ? await coverage(join(HERE, "build"), results) : [],
  };
}

/** Results of programs on an engine, by title. */
function resultsOf(rows: readonly Row[], engine: string): ProgramResult[] {
  const head = `${engine} program: `;
  return rows.filter(({ title, exit }) => title.startsWith(head) && exit !== undefined)
    .map(({ title, exit, stdout }) => ({ title: title.slice(head.length), exit: exit!, stdout: stdout! }));
}

/** Runs programs on this host's wasm engine, as the machine ran them. */
async function onWasm(guests: readonly Guest[]): Promise<Map<string, ProgramResult>> {
  const runner = new ElftapRunner({ name: "wasm", why: "the comparison's" });
  const queue = [...guests], results = new Map<string, ProgramResult>();
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, async () => {
    for (let guest = queue.shift(); guest; guest = queue.shift()) {
      const { exit, stdout } = await runner.run(guest);
      results.set(guest.title, { title: guest.title, exit, stdout });
    }
  }));
  runner.close();
  return results;
}

/** Prints the comparison of each boot. @returns how many programs differ */
async function compare(boots: readonly Boot[], engines: readonly EngineName[], guests: readonly Guest[]) {
  const ran = new Set(
    boots.flatMap(({ rows }) => engines.flatMap((name) => resultsOf(rows, name))).map((r) => r.title),
  );
  console.log(`\n${ran.size} programs on wasm on this host`);
  const wasm = await onWasm(guests.filter(({ title }) => ran.has(title)));
  let differing = 0;
  for (const { cpu, rows } of boots) {
    for (const name of engines) {
      const pairs = resultsOf(rows, name).sort((a, b) => a.title < b.title ? -1 : 1)
        .map((result) => [result, wasm.get(result.title)!] as const);
      const shown = table([`${name}, ${cpu}`, `wasm, ${Deno.build.arch}`], pairs);
      differing += shown.differing;
      console.log(`\n${shown.text}`);
    }
  }
  return differing;
}

/** A line per CPU and kind of row. */
function summarise(boots: readonly Boot[]): void {
  console.log("");
  for (const { cpu, rows, seconds, coverage } of boots) {
    const kinds = new Map<string, { passed: number; failed: number }>();
    for (const { title, lines } of rows) {
      const kind = title.slice(0, title.indexOf(": "));
      const counts = kinds.get(kind) ?? { passed: 0, failed: 0 };
      counts[lines.length === 0 ? "passed" : "failed"]++;
      kinds.set(kind, counts);
    }
    console.log(`${cpu}, ${seconds.toFixed(0)} s`);
    for (const [kind, { passed, failed }] of kinds) {
      if (passed + failed === 1 && /programs$/.test(kind)) continue;
      console.log(`  ${kind.padEnd(24)} ${String(passed).padStart(4)} passed${failed > 0 ? `, ${failed} failed` : ""}`);
    }
    for (const text of coverage) console.log(`  ${text}`);
  }
}

if (import.meta.main) {
  const { values, positionals } = readOptions("deno task test-kvm-arm64 [options] [GUEST…]", {
    args: Deno.args,
    options: {
      all: { type: "boolean", default: false },
      compare: { type: "boolean", default: false },
      cpu: { type: "string" },
      engine: { type: "string" },
    },
    allowPositionals: true,
  });
  const plans = (values.all ? ALL : SHORT).filter(({ cpu }) => !values.cpu || values.cpu === cpu);
  const engines = (["kvm", "hvf"] as const).filter((name) => !values.engine || values.engine === name);
  if (plans.length === 0 || engines.length === 0) {
    console.error(`CPUs: ${SHORT.map(({ cpu }) => cpu).join(", ")}; engines: kvm, hvf`);
    Deno.exit(2);
  }
  const { guests, skipped, failed } = await buildGuests(positionals);
  for (const { title, why } of skipped) console.log(`SKIPPED ${title}: ${why}`);
  const wrong = failed.map(({ title }) => `${title} does not build`);
  const boots: Boot[] = [];
  let unavailable = 0;
  try {
    for (const plan of plans) boots.push(await boot(plan, engines, guests, positionals.length > 0));
  } catch (error) {
    if (!(error instanceof MachineUnavailable)) throw error;
    console.log(`SKIPPED the emulated arm64 machine: ${error.message}`);
    unavailable = 1;
  }
  if (values.compare && boots.length > 0) {
    const differing = await compare(boots, engines, guests);
    if (differing > 0) wrong.push(`${differing} programs whose results differ from wasm's`);
  }
  summarise(boots);
  let right = 0;
  for (const { cpu, rows, missing } of boots) {
    for (const title of missing) wrong.push(`${cpu}: no row "${title}"`);
    for (const { title, lines } of rows) {
      if (lines.length === 0) right++;
      else wrong.push(`${cpu}: ${title}\n    ${lines.join("\n    ")}`);
    }
  }
  if (wrong.length > 0) console.log(`\nFAILED:\n  ${wrong.join("\n  ")}`);
  const left = skipped.length + unavailable;
  console.log(`\n${right} passed, ${wrong.length} failed${left > 0 ? `, ${left} skipped` : ""}`);
  Deno.exit(wrong.length > 0 ? 1 : 0);
}
