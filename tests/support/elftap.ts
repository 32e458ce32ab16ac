/**
 * Runs the command line as a user does: a process of its own, with the least permissions.
 */
import { fileURLToPath } from "node:url";

/** The permissions of the `elftap` task in deno.json, and no more. */
export const FLAGS = ["--no-prompt", "--allow-read", "--allow-env", "--allow-sys=uid,gid"];

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** What came of a process. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run it. */
export interface ElftapOptions {
  /** Working directory. */
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly clearEnv?: boolean;
  readonly stdin?: Uint8Array | string;
  /** Instead of {@link FLAGS}. */
  readonly flags?: readonly string[];
}

/** The command, to be spawned by tests that talk to it. */
export function elftapCommand(args: readonly string[], options: ElftapOptions = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...options.flags ?? FLAGS, CLI, ...args],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { NO_COLOR: "1", ...options.env },
    ...(options.clearEnv === undefined ? {} : { clearEnv: options.clearEnv }),
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs it to its end. */
export async function elftap(args: readonly string[], options: ElftapOptions = {}): Promise<Finished> {
  const child = elftapCommand(args, options).spawn();
  if (options.stdin !== undefined) {
    const bytes = typeof options.stdin === "string" ? new TextEncoder().encode(options.stdin) : options.stdin;
    const writer = child.stdin.getWriter();
    // A guest that does not read is no error of this test.
    void writer.write(bytes).then(() => writer.close()).catch(() => {});
  }
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** A folder that is removed at the end of the block. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "elftap-test-" }));
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** Writes an executable file. */
export function install(path: string, bytes: Uint8Array): string {
  Deno.writeFileSync(path, bytes, { mode: 0o755 });
  return path;
}
