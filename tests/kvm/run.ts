/**
 * `deno task test-kvm-arm64`: the hypervisor engines in an emulated arm64 machine (machine.ts). The kvm engine, and
 * hvf.c over a test double of Hypervisor.framework, execute a few instructions each (inside_engine.ts) and the guest
 * programs of tests/guests (inside_guests.ts), on a CPU with all features and on one without LSE and PAuth.
 *
 *     deno task test-kvm-arm64 [--cpu NAME] [--engine kvm|hvf] [filter…]
 *
 * Skipped, loudly, where QEMU or the machine's parts cannot be had. Minutes, not seconds.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { linuxCommand } from "../../ffi/build.ts";
import { sh } from "../../ffi/sh.ts";
import { buildGuests, type Guest } from "../guests/build.ts";
import { HERE, MachineUnavailable, runMachine } from "./machine.ts";
import { guestThere, stage } from "./stage.ts";

/** Sources of the double and the header it implements. */
const ROOT = join(HERE, "../..");

/** What runs on a CPU: every n-th guest program by engine; 0: none. */
interface Plan {
  readonly cpu: string;
  readonly every: { readonly kvm: number; readonly hvf: number };
}

const PLANS: readonly Plan[] = [
  { cpu: "max", every: { kvm: 1, hvf: 3 } },
  { cpu: "cortex-a72", every: { kvm: 6, hvf: 6 } },
];

/** Programs that are compiled for features which Arm's oldest CPUs lack. */
const NEEDS_FEATURES = /^(isa|atomic)\//;

/** A row of an inside script. */
interface Row {
  readonly title: string;
  readonly lines: readonly string[];
}

/**
 * The shim of an engine as it is tested: for arm64 Linux, hvf.c over the double, and with undefined behaviour trapped
 * (a trap ends the machine's Deno, and with it the rows).
 */
async function buildForTest(name: "kvm" | "hvf"): Promise<string> {
  const path = join(HERE, `build/libelftap-${name}.so`);
  Deno.mkdirSync(join(HERE, "build"), { recursive: true });
  const [cc, ...args] = linuxCommand("aarch64-linux-gnu-gcc", path);
  const sources = args.map((word) => name === "hvf" && word.endsWith("/kvm.c") ? join(ROOT, "ffi/hvf.c") : word);
  const double = name === "hvf" ? ["-I", join(ROOT, "ffi/cross/include"), join(HERE, "hypervisor_double.c")] : [];
  await sh([cc!, ...sources, "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error", ...double]);
  return path;
}

/** The program of the debugger's session. */
const DEBUGGED = "debug/basic";

/** Addresses of the symbols that the session uses. */
async function symbolsOf(path: string): Promise<Record<string, string>> {
  const { stdout } = await new Deno.Command("aarch64-linux-gnu-nm", { args: [path], stdin: "null" }).output();
  const rows = new TextDecoder().decode(stdout).matchAll(/^([0-9a-f]+) \w (main|global)$/gm);
  return Object.fromEntries([...rows].map(([, value, name]) => [name!, value!]));
}

function script(engines: readonly string[], debugged: Guest | undefined): string {
  const lines = ["export DENO_DIR=/tmp/deno NO_COLOR=1", "cd /payload"];
  for (const name of engines) {
    const shim = `/payload/libelftap-${name}.so`;
    const least = `--allow-read --allow-write=/results --allow-ffi=${shim}`;
    lines.push(
      `deno run --no-prompt --no-check ${least} tests/kvm/inside_engine.ts ${name} ${shim} /results/rows.jsonl`,
      `deno run -A --no-prompt --no-check tests/kvm/inside_guests.ts ${name} ${shim} /results/rows.jsonl /payload/${name}.json`,
    );
  }
  if (debugged && engines.includes("kvm")) {
    const { path } = guestThere(debugged);
    lines.push(
      `deno run -A --no-prompt --no-check tests/kvm/inside_gdb.ts ${path} /results/rows.jsonl /payload/symbols.json`,
    );
  }
  return lines.join("\n") + "\n";
}

function readRows(folder: string): Row[] {
  try {
    return Deno.readTextFileSync(join(folder, "rows.jsonl")).trim().split("\n").map((line) => JSON.parse(line) as Row);
  } catch {
    return [];
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    options: { cpu: { type: "string" }, engine: { type: "string" } },
    allowPositionals: true,
  });
  const engines = (["kvm", "hvf"] as const).filter((name) => !values.engine || values.engine === name);
  const { guests, skipped, failed } = await buildGuests(positionals);
  for (const { title, why } of skipped) console.log(`SKIPPED ${title}: ${why}`);
  const wrong = failed.map(({ title }) => `${title} does not build`);
  let right = 0;
  try {
    const shims = { "libelftap-kvm.so": await buildForTest("kvm"), "libelftap-hvf.so": await buildForTest("hvf") };
    for (const plan of PLANS) {
      if (values.cpu && values.cpu !== plan.cpu) continue;
      const chosen = (name: "kvm" | "hvf"): Guest[] =>
        guests.filter((guest) => plan.cpu === "max" || !NEEDS_FEATURES.test(guest.source.name))
          .filter((_, i) => positionals.length > 0 || i % plan.every[name] === 0);
      const lists = Object.fromEntries(engines.map((name) => [name, chosen(name)]));
      console.log(`${plan.cpu}: ${engines.map((name) => `${lists[name]!.length} programs on ${name}`).join(", ")}`);
      const debugged = guests.find(({ title }) => title === DEBUGGED);
      if (debugged && !lists["kvm"]?.includes(debugged)) lists["kvm"]?.push(debugged);
      const payload = stage(lists, shims, script(engines, debugged));
      if (debugged) {
        Deno.writeTextFileSync(join(payload, "symbols.json"), JSON.stringify(await symbolsOf(debugged.path)));
      }
      const started = performance.now();
      const folder = await runMachine({
        payload,
        cpu: plan.cpu,
        timeLimit: 900,
        line: (text) => console.log(`  ${plan.cpu} | ${text}`),
      });
      const rows = readRows(folder);
      const expected = engines.reduce((sum, name) => sum + lists[name]!.length, 0);
      const programs = rows.filter(({ title }) => title.includes(" program: ")).length;
      if (programs < expected || rows.length === programs) {
        wrong.push(`${plan.cpu}: ${expected - programs} rows missing`);
      }
      for (const { title, lines } of rows) {
        if (lines.length === 0) right++;
        else wrong.push(`${plan.cpu}: ${title}\n    ${lines.join("\n    ")}`);
      }
      console.log(`${plan.cpu}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
    }
  } catch (error) {
    if (!(error instanceof MachineUnavailable)) throw error;
    console.log(`SKIPPED the emulated arm64 machine: ${error.message}`);
    console.log(`\n${right} passed, ${wrong.length} failed, 1 skipped`);
    Deno.exit(wrong.length > 0 ? 1 : 0);
  }
  if (wrong.length > 0) console.log(`\nFAILED:\n  ${wrong.join("\n  ")}`);
  console.log(`\n${right} passed, ${wrong.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`);
  Deno.exit(wrong.length > 0 ? 1 : 0);
}
