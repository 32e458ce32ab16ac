/**
 * A suite of short test programs: tests per second through `elftap test` and through qemu-user started by xargs, both
 * with the same number of jobs.
 *
 * The programs are `suite/*.c` and hello, each linked statically and dynamically; each of them stands under many names
 * (hard links), as every start of a program is a test of its own for both.
 */
import { basename, join } from "node:path";

const PROGRAMS = ["arguments", "points", "sorting"];
export const JOBS = 4;

/** Where the cross compiler keeps the libraries. */
const SYSROOT = "/usr/aarch64-linux-gnu";

/** A folder with that many test programs in it. */
export async function buildSuite(here: string, folder: string, hello: string, count: number): Promise<string> {
  const suite = join(folder, `suite-${count}`);
  Deno.mkdirSync(suite, { recursive: true });
  const sources = [hello, ...PROGRAMS.map((name) => join(here, "suite", `${name}.c`))];
  const programs: string[] = [];
  for (const source of sources) {
    for (const linking of ["static", "dynamic"]) {
      const program = join(folder, `${basename(source, ".c")}-${linking}`);
      const args = ["-O2", ...(linking === "static" ? ["-static"] : []), "-o", program, source];
      const { success, stderr } = await new Deno.Command("aarch64-linux-gnu-gcc", { args }).output();
      if (!success) throw new Error(new TextDecoder().decode(stderr));
      programs.push(program);
    }
  }
  for (const entry of [...Deno.readDirSync(suite)]) Deno.removeSync(join(suite, entry.name));
  for (let i = 0; i < count; i++) {
    const program = programs[i % programs.length]!;
    Deno.linkSync(program, join(suite, `${String(i).padStart(4, "0")}-${basename(program)}`));
  }
  return suite;
}

/** Starts qemu-user for every path that xargs reads; they end in NUL. */
export const xargs = (input: string, libraries: string): string =>
  `xargs -0 ${input} -P${JOBS} -n1 qemu-aarch64 -L "${libraries}"`;

/** The commands that run a suite. */
export function suiteCommands(suite: string, elftap: readonly string[]): readonly (readonly string[])[] {
  const each = `find "${suite}" -type f -print0 | ${xargs("", SYSROOT)}`;
  return [
    [...elftap, "test", "--jobs", String(JOBS), "--sysroot", SYSROOT, suite],
    ["sh", "-c", each],
  ];
}

/** Runs a suite; tests per second, everything from the start of the command to its end included. */
export async function testsPerSecond(command: readonly string[], count: number): Promise<number> {
  const started = performance.now();
  const [program, ...args] = command;
  const { code, stdout } = await new Deno.Command(program!, { args, stdin: "null", stderr: "null" }).output();
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${new TextDecoder().decode(stdout).slice(-200)}`);
  return count / ((performance.now() - started) / 1000);
}
