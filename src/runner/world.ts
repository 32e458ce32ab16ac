/**
 * The world of a guest as a user describes it (options of `run`, `test` and the library), and how it becomes the
 * {@link GuestSpec} of one program.
 */
import { ExitCode, Failure } from "../failure.ts";
import { lookAt } from "../host_look.ts";
import type { Bind, GuestSpec, Tier } from "./guest_spec.ts";
import { absolutePath, isWithin, parentPath } from "./host_path.ts";

/** Describes a guest's world; every field has a default. */
export interface World {
  /** Host folder that is the guest's root, absolute. */
  readonly sysroot?: string;
  /** Paths missing in the sysroot are looked up on the host. Default true. */
  readonly hostFallback?: boolean;
  /** The whole environment. Default: empty. */
  readonly env?: Readonly<Record<string, string>>;
  /** Guest working directory. Default: elftap's own, or `/` where the guest cannot see that one. */
  readonly workdir?: string;
  /** Default: the host user's, where elftap may ask, else that of the working directory's owner. */
  readonly uid?: number;
  /** Default: as for {@link uid}. */
  readonly gid?: number;
  readonly binds?: readonly Bind[];
  /** Default `elftap`. */
  readonly hostname?: string;
  readonly engine?: GuestSpec["engine"];
  readonly tier?: Tier;
  readonly cache?: boolean;
  readonly stats?: boolean;
  /** Seconds for one engine iteration; 0: no limit. Default 10. */
  readonly watchdog?: number;
  /** Wall time of the whole run in milliseconds. */
  readonly timeout?: number;
  readonly verbose?: GuestSpec["verbose"];
  /** Default: no debugger may come. */
  readonly debug?: NonNullable<GuestSpec["debug"]>;
  /** What to trace and how. */
  readonly trace?: GuestSpec["trace"];
  /** Host folder for core files, its real path. Default: none are written. */
  readonly core?: string;
}

/** The program and its streams. */
export interface Program {
  /** As the user named it: absolute paths are the guest's, relative ones start at elftap's working directory. */
  readonly path: string;
  /** Without argv[0]. */
  readonly args: readonly string[];
  /** Default: {@link path}, word for word. */
  readonly argv0?: string;
  readonly stdin: GuestSpec["stdin"];
  readonly stdout: GuestSpec["stdout"];
  readonly stderr: GuestSpec["stderr"];
}

/** Places where the guest always finds something fresh instead of the host's: what lies there has to be bound. */
const FRESH = ["/tmp", "/run", "/var/tmp", "/dev/shm"];

/** Whether the guest would not see a host path of this name although it falls back to the host. */
export function isHiddenByFresh(path: string): boolean {
  return FRESH.some((place) => isWithin(path, place));
}

/** What Linux allows for one string of argv or the environment (MAX_ARG_STRLEN, man 2 execve). */
const MAX_STRING = 131072;

/**
 * Makes the spec of one run.
 *
 * @throws {Failure} when the program does not exist
 */
export function guestSpec(program: Program, world: World): GuestSpec {
  const here = Deno.cwd();
  const hostFallback = world.hostFallback ?? true;
  const binds = [...world.binds ?? []];
  const path = placeProgram(program.path, { ...world, hostFallback }, here, binds);
  if (hostFallback && world.workdir === undefined) showFolder(here, binds);
  const argv = [program.argv0 ?? program.path, ...program.args];
  for (const text of argv) {
    if (text.includes("\0")) throw new Failure("an argument contains a NUL byte");
    if (text.length > MAX_STRING) {
      throw new Failure("an argument is longer than 128 KiB", { exitCode: ExitCode.cannotRun });
    }
  }
  const seesCwd = hostFallback || binds.some((bind) => isWithin(here, bind.guest)) ||
    (world.sysroot !== undefined && exists(world.sysroot + here));
  const cwd = world.workdir === undefined ? (seesCwd ? here : "/") : absolutePath(world.workdir, here);
  const user = world.uid === undefined || world.gid === undefined ? hostUser() : undefined;
  return {
    path,
    argv,
    env: world.env ?? {},
    cwd,
    ...(world.sysroot === undefined ? {} : { sysroot: world.sysroot }),
    hostFallback,
    binds,
    uid: world.uid ?? user?.uid ?? 1000,
    gid: world.gid ?? user?.gid ?? 1000,
    hostname: world.hostname ?? "elftap",
    engine: world.engine ?? "auto",
    ...(world.tier === undefined ? {} : { tier: world.tier }),
    ...(world.cache === undefined ? {} : { cache: world.cache }),
    ...(world.stats === undefined ? {} : { stats: world.stats }),
    watchdog: world.watchdog ?? 10,
    ...(world.timeout === undefined ? {} : { timeout: world.timeout }),
    verbose: world.verbose ?? 0,
    ...(world.debug === undefined ? {} : { debug: world.debug }),
    ...(world.trace === undefined ? {} : { trace: world.trace }),
    ...(world.core === undefined ? {} : { core: { folder: world.core, name: "core" } }),
    stdin: program.stdin,
    stdout: program.stdout,
    stderr: program.stderr,
  };
}

/**
 * The guest path of the program. A host file that the guest would not see at its own path, because a sysroot hides it
 * or the host is not visible at all, is bound there.
 */
function placeProgram(
  named: string,
  world: World & { readonly hostFallback: boolean },
  here: string,
  binds: Bind[],
): string {
  if (named === "") throw new Failure("the program's path is empty", { exitCode: ExitCode.notFound });
  const path = absolutePath(named, here);
  if (binds.some((bind) => isWithin(path, bind.guest))) return path;
  const inSysroot = world.sysroot !== undefined && existsIn(world.sysroot, path);
  const hidden = !world.hostFallback || inSysroot || isHiddenByFresh(path);
  if (named.startsWith("/")) {
    // The sysroot comes first. A link there may lead anywhere in the guest's tree: the kernel will see.
    if (inSysroot) return path;
    if (hidden && exists(path)) bindProgram(path, world.hostFallback, binds);
    return path;
  }
  if (!exists(path)) {
    if (!named.includes("/")) {
      const found = searchPath(named, world);
      if (found) return found;
    }
    throw new Failure(`${named}: no such file`, {
      exitCode: ExitCode.notFound,
      hint: named.includes("/") || world.sysroot === undefined
        ? undefined
        : "it is neither in the working directory nor in the PATH of the sysroot",
    });
  }
  if (hidden) bindProgram(path, world.hostFallback && !inSysroot, binds);
  return path;
}

/** Shows the program at its own path; with its folder, where the libraries beside it are not secret. */
function bindProgram(path: string, withFolder: boolean, binds: Bind[]): void {
  if (withFolder) showFolder(parentPath(path), binds);
  if (!binds.some((bind) => isWithin(path, bind.guest))) binds.push({ host: path, guest: path, readOnly: true });
}

/** Shows a folder of the host that lies where the guest has something fresh; what the guest writes there is thrown away. */
function showFolder(folder: string, binds: Bind[]): void {
  if (!isHiddenByFresh(folder) || FRESH.includes(folder) || binds.some((bind) => isWithin(folder, bind.guest))) return;
  binds.push({ host: folder, guest: folder, readOnly: true, copyOnWrite: true });
}

/** Looks for a bare name in the folders of the guest's PATH inside the sysroot. */
function searchPath(name: string, world: World): string | undefined {
  if (world.sysroot === undefined) return undefined;
  const folders = (world.env?.["PATH"] ?? "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin").split(":");
  return folders.filter((folder) => folder.startsWith("/"))
    .map((folder) => absolutePath(name, folder))
    .find((path) => exists(world.sysroot + path));
}

/** Folders that were not in a sysroot, by when that was: a thousand tests may be looked for in one. */
const missing = new Map<string, number>();
const MAX_MISSING = 100;
/** How long that is good for, in ms: as long as the kernel trusts what it saw of the host. */
const TRUST_MS = 500;

function existsIn(sysroot: string, path: string): boolean {
  const folder = sysroot + parentPath(path), now = performance.now();
  if (now - (missing.get(folder) ?? -Infinity) < TRUST_MS) return false;
  if (exists(sysroot + path)) return true;
  if (!exists(folder)) {
    if (missing.size >= MAX_MISSING) missing.clear();
    missing.set(folder, now);
  }
  return false;
}

/** Something is at the path; links are not followed, they may be the guest's. */
function exists(path: string): boolean {
  try {
    lookAt(path);
    return true;
  } catch (error) {
    // ENOTDIR, EACCES and the like: not there for us. A denied permission is the user's to know.
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}

/** Who runs elftap; the owner of the working directory where elftap may not ask, which mostly is the same. */
function hostUser(): { uid: number; gid: number } | undefined {
  if (askedUser !== undefined) return askedUser;
  const mayAsk = (kind: "uid" | "gid") => Deno.permissions.querySync({ name: "sys", kind }).state === "granted";
  const mayKnow = mayAsk("uid") && mayAsk("gid");
  const { uid, gid } = mayKnow ? { uid: Deno.uid(), gid: Deno.gid() } : Deno.statSync(Deno.cwd());
  if (uid === null || gid === null) return undefined;
  if (mayKnow) askedUser = { uid, gid };
  return { uid, gid };
}

/** What the host has said; Deno cannot change it. */
let askedUser: { uid: number; gid: number } | undefined;

/**
 * Reads `HOST:GUEST[:ro|:rw]`.
 *
 * @throws {Failure} when it is not of that form, or the host path does not exist
 */
export function parseBind(text: string): Bind {
  const parts = text.split(":");
  const mode = parts.length > 2 && (parts.at(-1) === "ro" || parts.at(-1) === "rw") ? parts.pop() : "rw";
  const [host, guest] = parts;
  if (parts.length !== 2 || !host || !guest) throw new Failure(`--bind ${text}: must be HOST:GUEST or HOST:GUEST:ro`);
  if (!guest.startsWith("/")) throw new Failure(`--bind ${text}: the guest path must be absolute`);
  const hostPath = absolutePath(host, Deno.cwd());
  let real: string;
  try {
    // The real path: Deno's permissions do not look behind links.
    real = Deno.realPathSync(hostPath);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Failure(`--bind ${text}: ${hostPath} does not exist`);
  }
  return { host: real, guest: absolutePath(guest, "/"), readOnly: mode === "ro" };
}
