/**
 * The options of the library that describe a guest's world, and their translation for the runner.
 */
import { Failure } from "../failure.ts";
import { absolutePath } from "../runner/host_path.ts";
import type { World } from "../runner/world.ts";

/** A host folder or file shown to the guest. */
export interface BindOptions {
  /** Host path. */
  readonly host: string | URL;
  /** Absolute guest path. */
  readonly guest: string;
  /** Default false: what the guest writes is written on the host. */
  readonly readOnly?: boolean;
}

/** Describes the world that a guest program sees. Every option has a default. */
export interface WorldOptions {
  /** The guest's root: a host folder, or the name of a pulled profile. It is never written. Default: none. */
  readonly sysroot?: string | URL;
  /** Whether paths missing in the sysroot are looked up on the host, read-only. Default true. */
  readonly hostFallback?: boolean;
  /** Host folders and files at guest paths. */
  readonly binds?: readonly BindOptions[];
  /** Environment variables, added to the host's where elftap may read those, else the only ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** Do not pass the host's environment. Default false. */
  readonly clearEnv?: boolean;
  /** Working directory, a guest path. Default: the current one. */
  readonly cwd?: string;
  /** User id. Default: the host user's (`--allow-sys=uid,gid`), else that of the working directory's owner. */
  readonly uid?: number;
  /** Group id, as for {@link uid}. */
  readonly gid?: number;
  /** What uname(2) says. Default `elftap`. */
  readonly hostname?: string;
  /** Milliseconds of wall time after which a program is stopped. Default: no limit, 60,000 for tests. */
  readonly timeout?: number;
}

/**
 * Translates the options.
 *
 * @throws {Failure} for paths that do not exist
 */
export async function worldFrom(options: WorldOptions): Promise<World> {
  const { sysroot, cwd, uid, gid, hostname, timeout } = options;
  return {
    ...(sysroot === undefined ? {} : { sysroot: await sysrootPath(sysroot) }),
    hostFallback: options.hostFallback ?? true,
    env: { ...(options.clearEnv ? {} : hostEnvironment()), ...options.env },
    binds: (options.binds ?? []).map(({ host, guest, readOnly }) => {
      if (!guest.startsWith("/")) throw new Failure(`bind of ${guest}: the guest path must be absolute`);
      return { host: realPath(pathOf(host)), guest: absolutePath(guest, "/"), readOnly: readOnly ?? false };
    }),
    ...(cwd === undefined ? {} : { workdir: cwd }),
    ...(uid === undefined ? {} : { uid, gid: gid ?? uid }),
    ...(uid === undefined && gid !== undefined ? { gid } : {}),
    ...(hostname === undefined ? {} : { hostname }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

/** A path as text; `file:` URLs become paths. */
export function pathOf(path: string | URL): string {
  if (typeof path === "string") return path;
  if (path.protocol !== "file:") throw new TypeError(`not a file URL: ${path.href}`);
  return decodeURIComponent(path.pathname);
}

async function sysrootPath(sysroot: string | URL): Promise<string> {
  const path = pathOf(sysroot);
  if (path.includes("/")) return realPath(path);
  const { resolveSysroot } = await import("../sysroot/resolve.ts");
  return Deno.realPathSync((await resolveSysroot(path)).path);
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Failure(`${path} does not exist`);
    throw error;
  }
}

function hostEnvironment(): Record<string, string> {
  return Deno.permissions.querySync({ name: "env" }).state === "granted" ? Deno.env.toObject() : {};
}
