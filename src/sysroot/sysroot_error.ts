/**
 * What went wrong with a sysroot, in one line for the user.
 *
 * This room keeps managed sysroots: folders of Debian packages, pinned by hash, that stand in for a Linux machine's
 * files. Profiles name the packages (`profile.ts`, `/sysroots/*.json`), the store holds what was downloaded and
 * unpacked (`store.ts`), `pull.ts` fills it. Archives, mirrors and profile files may all be hostile.
 */

import { Failure } from "../failure.ts";

/** How {@link SysrootError} differs from a bare message. */
export interface SysrootErrorOptions extends ErrorOptions {
  /** One line that says what would help. */
  readonly hint?: string;
}

/**
 * A sysroot that cannot be found, downloaded, unpacked or trusted. Its message is one line without a final full stop.
 *
 * @example
 * ```ts ignore
 * try {
 *   await resolveSysroot("debian-12-musl-aarch64");
 * } catch (error) {
 *   if (error instanceof SysrootError) console.error(`elftap: ${error.message}`, error.hint ?? "");
 * }
 * ```
 */
export class SysrootError extends Failure {
  override readonly name = "SysrootError";

  constructor(message: string, options: SysrootErrorOptions = {}) {
    super(oneLine(message), { hint: options.hint });
    if (options.cause !== undefined) this.cause = options.cause;
  }
}

/**
 * Turns what the host throws (a full disk, a denied permission, a missing file) into a {@link SysrootError}; anything
 * else, a bug, comes back as it is.
 *
 * @param doing what was being done, as "cannot …" goes on: "write /path".
 */
export function explainHostError(error: unknown, doing: string): unknown {
  if (error instanceof SysrootError || !(error instanceof Error)) return error;
  if (error instanceof Deno.errors.NotCapable) {
    // Deno's own words name the resource and the flag.
    const words = /^Requires (.*?), run again with the (--allow-[a-z]+) flag$/.exec(error.message);
    const [, what, flag] = words ?? [];
    if (what === undefined || flag === undefined) {
      return new SysrootError(`cannot ${doing}: ${error.message}`, { cause: error });
    }
    return new SysrootError(`cannot ${doing}: Deno refused ${what}`, { cause: error, hint: `run elftap with ${flag}` });
  }
  const code = (error as { code?: unknown }).code;
  const words = typeof code === "string" ? HOST_ERRORS[code] : undefined;
  if (words !== undefined) {
    const hint = code === "ENOSPC" || code === "EDQUOT"
      ? "free some space, or let ELFTAP_CACHE name a folder on another disk; what was downloaded is kept and resumed"
      : undefined;
    return new SysrootError(
      `cannot ${doing}: ${words}`,
      hint === undefined ? { cause: error } : { cause: error, hint },
    );
  }
  return error;
}

const HOST_ERRORS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "disk quota exceeded",
  EEXIST: "file exists",
  EFBIG: "file too large for this file system",
  EIO: "input/output error",
  EISDIR: "is a directory",
  EMFILE: "too many open files",
  ENAMETOOLONG: "file name too long",
  ENFILE: "too many open files on this machine",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "not a directory",
  EPERM: "operation not permitted",
  EROFS: "read-only file system",
};

/** A text that came from outside, fit for a line on a terminal: no control characters, not endless. */
export function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- removing them is the point
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  return clean.length > 600 ? `${clean.slice(0, 600)}…` : clean;
}
