/** The options about crashes, the same for `elftap run` and `elftap test`. */
import { Failure } from "../failure.ts";
import { absolutePath } from "../runner/host_path.ts";
import type { CommandLine, Option } from "./command_line.ts";

/** Rows for the command's table. */
export const crashOptions: readonly Option[] = [
  {
    name: "core",
    value: "FOLDER",
    help: "Write a core file there for every process that a signal like SIGSEGV or SIGABRT kills: gdb PROGRAM CORE.",
  },
  {
    name: "crash-reports",
    value: "FOLDER",
    help: "Write the long form of crash reports there, as text and as JSON.",
  },
];

/**
 * The folder of core files, made if it is not there: the guest's Worker gets the right to write in it, so its path
 * must be real.
 *
 * @throws {Failure} when it cannot be made
 */
export function coreFolder(line: CommandLine): string | undefined {
  const named = line.value("core");
  if (named === undefined) return undefined;
  if (named === "") throw new Failure("--core is empty");
  const path = absolutePath(named, Deno.cwd());
  try {
    Deno.mkdirSync(path, { recursive: true });
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new Failure(`no write permission for core files: ${named}`, {
        hint: `run elftap with --allow-write=${named}`,
      });
    }
    throw new Failure(`--core ${named}: ${(error as Error).message.split("\n")[0]}`);
  }
}

/** The folder of crash reports. @throws {Failure} when its name is empty */
export function crashReportFolder(line: CommandLine): string | undefined {
  const named = line.value("crash-reports");
  if (named === "") throw new Failure("--crash-reports is empty");
  return named;
}
