/**
 * What `run` and `test` do about `--engine` before anything runs: choose, say so at -v, and on a Mac go through the
 * copy of deno that may use the hypervisor, if `elftap doctor --sign` has made one.
 */
import { projectPath } from "../project.ts";
import { engineFor, hypervisorOf, thisHost } from "../runner/engine_choice.ts";
import type { GuestSpec } from "../runner/guest_spec.ts";
import { talk } from "./talk.ts";

/**
 * Chooses the engine.
 *
 * @param command the command and its arguments, as elftap was called with them
 * @returns the exit status of the copy, when that has done everything
 * @throws {Failure} when the engine that was asked for cannot be had
 */
export async function settleEngine(
  wanted: GuestSpec["engine"],
  verbose: boolean,
  command: readonly string[],
): Promise<number | undefined> {
  if (wanted !== "wasm" && hypervisorOf(thisHost) === "hvf") {
    const status = await throughSignedDeno(command);
    if (status !== undefined) return status;
  }
  const { name, why } = engineFor(wanted);
  if (verbose) talk(`engine ${name}: ${why}`);
  return undefined;
}

async function throughSignedDeno(command: readonly string[]): Promise<number | undefined> {
  const { copyArguments, hasSignedDeno, signedDenoPath } = await import("./signed_deno.ts");
  let path;
  try {
    path = signedDenoPath();
    if (Deno.execPath() === path || !hasSignedDeno()) return undefined;
  } catch {
    // Not ours to know: without the permission there is no copy to run either.
    return undefined;
  }
  if (Deno.permissions.querySync({ name: "run", command: path }).state !== "granted") return undefined;
  const args = copyArguments(projectPath("cli.ts"), command, thisHost.findShim("hvf")?.path);
  const { code } = await new Deno.Command(path, { args, stdin: "inherit" }).spawn().status;
  return code;
}
