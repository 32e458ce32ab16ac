/**
 * The trace of `structures.c` against its golden file, and against what strace says of the same program on this
 * machine. `UPDATE_GOLDEN=1` writes the golden file anew; the difference is reviewed by eye.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GuestSpec } from "../../src/runner/guest_spec.ts";
import { runTraced } from "./trace_run.ts";
import { parseStraceLine } from "./strace_line.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(HERE, "structures.c"), GOLDEN = join(HERE, "structures.strace");
const BUILD = Deno.makeTempDirSync();
addEventListener("unload", () => Deno.removeSync(BUILD, { recursive: true }));

function run(command: string, args: string[]): { success: boolean; stderr: string } {
  try {
    const { success, stderr } = new Deno.Command(command, { args, cwd: BUILD, stdout: "null" }).outputSync();
    return { success, stderr: new TextDecoder().decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { success: false, stderr: `${command} is not installed` };
    throw error;
  }
}

function build(compiler: string, ...options: string[]): { path: string; why: string | undefined } {
  const path = join(BUILD, compiler);
  const { success, stderr } = run(compiler, ["-w", ...options, "-o", path, SOURCE]);
  return { path, why: success ? undefined : stderr.split("\n")[0] };
}

/** The part between the closes of -1, without what differs from run to run: addresses, pids, names of machines. */
function comparable(lines: readonly string[]): string[] {
  const bodies = lines.map((line) => line.replace(/^\d+ +/, ""));
  const first = bodies.findIndex((line) => line.startsWith("close(-1)"));
  const last = bodies.findLastIndex((line) => line.startsWith("close(-1)"));
  const pid = /^getpid\(\) += (\d+)/m.exec(bodies.join("\n"))?.[1] ?? "none";
  return bodies.slice(first + 1, last).map((line) =>
    line.replace(/ += /, " = ")
      .replaceAll(/0x[0-9a-f]{6,}/g, "ADDRESS")
      .replaceAll(new RegExp(`\\b${pid}\\b`, "g"), "PID")
      .replace(/nodename="[^"]*"/, 'nodename="NAME"')
  );
}

const guest = build("aarch64-linux-gnu-gcc", "-static");
if (guest.why !== undefined) console.error(`skipped: golden trace of structures: ${guest.why}`);

async function ownTrace(): Promise<string[]> {
  const spec: GuestSpec = {
    path: guest.path,
    argv: ["structures"],
    env: {},
    cwd: "/tmp",
    hostFallback: false,
    binds: [{ host: guest.path, guest: guest.path, readOnly: true }],
    uid: 0,
    gid: 0,
    hostname: "elftap",
    engine: "auto",
    watchdog: 60,
    verbose: 0,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  };
  const { lines } = await runTraced(spec, {});
  for (const line of lines) parseStraceLine(line);
  return comparable(lines);
}

Deno.test({
  name: "the trace of structures is that of its golden file",
  ignore: guest.why !== undefined,
  async fn() {
    const text = (await ownTrace()).join("\n") + "\n";
    if (Deno.env.get("UPDATE_GOLDEN")) Deno.writeTextFileSync(GOLDEN, text);
    assert.equal(text, Deno.readTextFileSync(GOLDEN));
  },
});

/** Why strace cannot be asked here. */
function noOracle(): string | undefined {
  if (guest.why !== undefined) return guest.why;
  if (Deno.build.os !== "linux") return "the host has no strace";
  if (Deno.uid() !== 0) return "calls fail with other errors for an ordinary user than for root";
  const { success, stderr } = run("strace", ["-o", "probe", "true"]);
  return success ? undefined : `strace does not work: ${stderr.split("\n")[0]}`;
}
const why = noOracle();
if (why !== undefined) console.error(`skipped: structures beside strace: ${why}`);

Deno.test({
  name: "the trace of structures is what strace says of the same program on the host",
  ignore: why !== undefined,
  async fn() {
    const { path, why } = build("gcc");
    assert.equal(why, undefined);
    run("strace", ["-o", "trace", path]);
    const lines = Deno.readTextFileSync(join(BUILD, "trace")).split("\n");
    assert.deepEqual(await ownTrace(), comparable(lines));
  },
});
