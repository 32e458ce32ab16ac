/**
 * Unpacks arm64 Debian packages into a folder, with the host's own apt sources but a private apt state, so that the
 * host's packages and lists are untouched. For tests only (programs get their roots from `src/sysroot/`).
 */
import { join } from "node:path";

/** Why a root cannot be had; tests that need it are skipped with this. */
export class RootUnavailable extends Error {}

async function run(command: string, args: string[], env: Record<string, string>): Promise<string> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(command, { args, env, stdin: "null" }).output();
  } catch (error) {
    throw new RootUnavailable(`${command} cannot be run: ${(error as Error).message}`);
  }
  if (!output.success) {
    const lines = new TextDecoder().decode(output.stderr).trim().split("\n");
    throw new RootUnavailable(`${command} ${args[0] ?? ""} failed: ${lines.at(-1) ?? ""}`);
  }
  return new TextDecoder().decode(output.stdout);
}

/** True if apt's lists for arm64 are there and not older than a day. */
function listsAreFresh(lists: string): boolean {
  try {
    for (const entry of Deno.readDirSync(lists)) {
      if (!/arm64.*Packages/.test(entry.name)) continue;
      const { mtime } = Deno.statSync(join(lists, entry.name));
      if (mtime && Date.now() - mtime.getTime() < 86_400_000) return true;
    }
  } catch {
    // no lists yet
  }
  return false;
}

/** Options of {@link unpackArm64}. */
export interface UnpackOptions {
  /** Folder for apt's lists and downloaded packages; kept for the next time. */
  readonly state: string;
  /** Take dependencies along; default true. */
  readonly dependencies?: boolean;
}

/**
 * Unpacks packages into `destination`. No package script is run.
 *
 * @throws RootUnavailable if this host has no apt, or apt cannot reach its sources
 */
export async function unpackArm64(destination: string, packages: string[], options: UnpackOptions): Promise<void> {
  const { state, dependencies = true } = options;
  for (const folder of ["state", "lists/partial", "cache/archives/partial"]) {
    Deno.mkdirSync(join(state, folder), { recursive: true });
  }
  Deno.writeTextFileSync(join(state, "state/status"), "");
  const configuration = join(state, "apt.conf");
  Deno.writeTextFileSync(
    configuration,
    [
      'APT::Architecture "arm64";',
      'APT::Architectures { "arm64"; };',
      'APT::Install-Recommends "false";',
      'APT::Sandbox::User "root";',
      `Dir::State "${state}/state";`,
      `Dir::State::Lists "${state}/lists";`,
      `Dir::State::status "${state}/state/status";`,
      `Dir::Cache "${state}/cache";`,
      "",
    ].join("\n"),
  );
  const env = { APT_CONFIG: configuration, LC_ALL: "C" };
  if (!listsAreFresh(join(state, "lists"))) await run("apt-get", ["update", "-qq"], env);
  const debs: string[] = [];
  if (dependencies) {
    await run("apt-get", ["install", "-y", "-qq", "--download-only", "--reinstall", ...packages], env);
    const plan = await run("apt-get", ["install", "-y", "-qq", "-s", "--reinstall", ...packages], env);
    const archives = join(state, "cache/archives");
    const files = Array.from(Deno.readDirSync(archives), (entry) => entry.name).sort();
    for (const [, name] of new Set(plan.matchAll(/^Inst (\S+)/gm))) {
      const file = files.findLast((each) => each.startsWith(`${name}_`) && each.endsWith(".deb"));
      if (file) debs.push(join(archives, file));
    }
  } else {
    const folder = join(state, "single");
    Deno.mkdirSync(folder, { recursive: true });
    const output = await new Deno.Command("apt-get", { args: ["download", "-qq", ...packages], env, cwd: folder })
      .output();
    if (!output.success) throw new RootUnavailable("apt-get download failed");
    const files = Array.from(Deno.readDirSync(folder), (entry) => entry.name).sort();
    for (const name of packages) {
      const file = files.findLast((each) => each.startsWith(`${name}_`) && each.endsWith(".deb"));
      if (file) debs.push(join(folder, file));
    }
  }
  // Debian's roots are usr-merged: what packages still put into /lib must land in /usr/lib.
  for (const name of ["bin", "sbin", "lib"]) {
    Deno.mkdirSync(join(destination, "usr", name), { recursive: true });
    try {
      Deno.symlinkSync(`usr/${name}`, join(destination, name));
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
  for (const deb of debs) {
    const tar = join(state, "package.tar");
    const unpacked = await new Deno.Command("dpkg-deb", { args: ["--fsys-tarfile", deb], stdout: "piped" }).output();
    if (!unpacked.success) throw new RootUnavailable(`dpkg-deb cannot read ${deb}`);
    Deno.writeFileSync(tar, unpacked.stdout);
    await run("tar", ["-x", "-f", tar, "-C", destination, "--keep-directory-symlink"], env);
    Deno.removeSync(tar);
  }
}
