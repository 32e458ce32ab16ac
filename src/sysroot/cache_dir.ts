/** Where the store lies: the user's cache folder, by the rules of the host. */
import { isAbsolute, join, resolve } from "node:path";
import { explainHostError, SysrootError } from "./sysroot_error.ts";

/** Reads an environment variable; tests give their own. */
export type ReadEnv = (name: string) => string | undefined;

/**
 * `$ELFTAP_CACHE`, else `$XDG_CACHE_HOME/elftap`, else the host's custom: `~/Library/Caches/elftap` on macOS,
 * `%LOCALAPPDATA%\elftap\cache` on Windows, `~/.cache/elftap` elsewhere (XDG Base Directory Specification).
 *
 * Needs `--allow-env=ELFTAP_CACHE,XDG_CACHE_HOME,HOME` (`LOCALAPPDATA` on Windows); asks for no more than it needs.
 */
export function cacheDirectory(env: ReadEnv = readEnv, os: typeof Deno.build.os = Deno.build.os): string {
  const own = env("ELFTAP_CACHE");
  if (own !== undefined && own !== "") return resolve(own);
  const xdg = env("XDG_CACHE_HOME");
  // The specification: a relative path in it is to be ignored.
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, "elftap");
  if (os === "windows") {
    const local = env("LOCALAPPDATA");
    if (local !== undefined && local !== "") return join(local, "elftap", "cache");
  } else {
    const home = env("HOME");
    if (home !== undefined && isAbsolute(home)) {
      return os === "darwin" ? join(home, "Library", "Caches", "elftap") : join(home, ".cache", "elftap");
    }
  }
  throw new SysrootError("no folder to keep sysroots in: the home directory is not known", {
    hint: "set ELFTAP_CACHE to a folder",
  });
}

/** An environment variable, with a denied permission as one line. */
export function readEnv(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    throw explainHostError(error, `read the environment variable ${name}`);
  }
}
