/**
 * The options that describe a guest's world, the same for `elftap run` and `elftap test`.
 */
import { Failure } from "../failure.ts";
import { type GuestSpec, type Tier, TIERS } from "../runner/guest_spec.ts";
import { SERVER_VARIABLE } from "../server/address.ts";
import { isHiddenByFresh, parseBind, type World } from "../runner/world.ts";
import type { CommandLine, Option } from "./command_line.ts";

/** Rows for the command's table. */
export const worldOptions: readonly Option[] = [
  {
    name: "sysroot",
    value: "PATH|PROFILE",
    help: "Root of the guest: a folder, or the name of a profile (see elftap sysroot ls). The guest's absolute paths " +
      "are looked up there first, then on the host. It is never written: changes go to a layer that is thrown away.",
  },
  { name: "no-host", help: "Nothing of the host is visible but the sysroot, the binds and the program." },
  {
    name: "bind",
    value: "HOST:GUEST[:ro]",
    repeatable: true,
    help: "Show a host folder or file at a guest path, writable unless :ro. May be repeated.",
  },
  {
    name: "env",
    value: "K[=V]",
    repeatable: true,
    help: "Set a variable of the guest, or pass the host's. May be repeated.",
  },
  { name: "clear-env", help: "Start with an empty environment instead of elftap's own." },
  { name: "workdir", value: "DIR", help: "Working directory, a guest path. Default: the current one." },
  {
    name: "user",
    value: "UID[:GID]",
    help: "Who the guest is. Default: the host user (--allow-sys), else the working directory's owner.",
  },
  { name: "hostname", value: "NAME", help: "Default: elftap." },
  {
    name: "engine",
    value: "NAME",
    choices: ["auto", "wasm", "hvf", "kvm"],
    help: "What executes instructions: hvf (Apple Silicon), kvm (arm64 Linux), wasm (anywhere), or auto: the first " +
      "of them that works here. -v says which and why.",
  },
  {
    name: "tier",
    value: "TIER",
    choices: TIERS,
    help: "How the wasm engine executes: auto interprets and translates what is hot, translator translates all.",
  },
  { name: "no-cache", help: "Neither use nor keep code that was translated in earlier runs." },
];

/** Reads the options into a world. */
export async function worldOf(line: CommandLine): Promise<World> {
  const sysroot = line.value("sysroot");
  const engine = line.value("engine") as GuestSpec["engine"] | undefined;
  const tier = line.value("tier") as Tier | undefined;
  const workdir = line.value("workdir"), hostname = line.value("hostname");
  return {
    ...(sysroot === undefined ? {} : { sysroot: await sysrootFolder(sysroot) }),
    hostFallback: !line.has("no-host"),
    env: environment(line),
    binds: line.values("bind").map(parseBind),
    ...(workdir === undefined ? {} : { workdir }),
    ...(hostname === undefined ? {} : { hostname: checkHostname(hostname) }),
    ...userOf(line.value("user")),
    ...(engine === undefined ? {} : { engine }),
    ...(tier === undefined ? {} : { tier }),
    ...(line.has("no-cache") ? { cache: false } : {}),
    ...(wantsStats() ? { stats: true } : {}),
  };
}

/** `ELFTAP_STATS=1`: figures of the engine when a guest has ended. */
function wantsStats(): boolean {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "ELFTAP_STATS" });
  return state === "granted" && (Deno.env.get("ELFTAP_STATS") ?? "0") !== "0";
}

/** A path is used without loading the store; a bare name is asked of it. */
async function sysrootFolder(named: string): Promise<string> {
  if (named === "") throw new Failure("--sysroot is empty");
  if (!named.includes("/") && named !== "." && named !== "..") {
    const { resolveSysroot } = await import("../sysroot/resolve.ts");
    return Deno.realPathSync((await resolveSysroot(named)).path);
  }
  try {
    const folder = Deno.realPathSync(named);
    if (Deno.statSync(folder).isDirectory) return folder;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Failure(`--sysroot ${named}: no such folder`);
  }
  throw new Failure(`--sysroot ${named}: not a folder`);
}

function environment(line: CommandLine): Record<string, string> {
  const env: Record<string, string> = line.has("clear-env") ? {} : hostEnvironment();
  for (const setting of line.values("env")) {
    const equals = setting.indexOf("=");
    const name = equals < 0 ? setting : setting.slice(0, equals);
    if (name === "" || setting.includes("\0")) throw new Failure(`--env ${setting}: must be NAME=VALUE or NAME`);
    if (equals >= 0) env[name] = setting.slice(equals + 1);
    else {
      const value = Deno.env.get(name);
      if (value !== undefined) env[name] = value;
    }
  }
  return env;
}

function hostEnvironment(): Record<string, string> {
  if (Deno.permissions.querySync({ name: "env" }).state !== "granted") {
    throw new Failure("no permission to read the environment", {
      hint: "run elftap with --allow-env, or give --clear-env",
    });
  }
  const env = Deno.env.toObject();
  // Where elftap's guests run is not for them to know.
  delete env[SERVER_VARIABLE];
  // A folder below /tmp or /run is not there in the guest.
  for (const name of ["TMPDIR", "XDG_RUNTIME_DIR"]) if (isHiddenByFresh(env[name] ?? "")) delete env[name];
  return env;
}

function userOf(text: string | undefined): { uid?: number; gid?: number } {
  if (text === undefined) return {};
  const match = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text);
  const uid = Number(match?.[1]), gid = Number(match?.[2] ?? match?.[1]);
  // 2^32-1 means "no change" to setuid(2) and is nobody's.
  if (!match || uid > 0xffff_fffe || gid > 0xffff_fffe) throw new Failure(`--user ${text}: must be UID or UID:GID`);
  return { uid, gid };
}

function checkHostname(name: string): string {
  // HOST_NAME_MAX, man 2 sethostname.
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(name)) {
    throw new Failure(`--hostname ${name}: must be 1 to 64 letters, digits, dots, dashes`);
  }
  return name;
}
