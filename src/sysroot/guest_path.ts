/** Paths inside a sysroot, as archives and profiles spell them: checked, so that joining one to a host folder is safe. */
import { SysrootError } from "./sysroot_error.ts";

/** Linux's PATH_MAX: no longer name can be opened. */
const PATH_MAX = 4096;

/**
 * The components of a path relative to the sysroot; empty for the sysroot itself.
 *
 * `.` and doubled slashes mean nothing and go; `..`, an absolute path, NUL and what the host would read as a separator
 * are refused: an archive has no honest use for them.
 *
 * @param where whose path it is, for the message.
 */
export function relativeComponents(path: string, where: string): string[] {
  if (path.startsWith("/")) throw new SysrootError(`${where}: absolute path ${show(path)}`);
  if (path.length > PATH_MAX) throw new SysrootError(`${where}: path of ${path.length} characters`);
  if (path.includes("\0")) throw new SysrootError(`${where}: NUL in path ${show(path)}`);
  if (Deno.build.os === "windows" && /[\\:]/.test(path)) {
    throw new SysrootError(`${where}: ${show(path)} cannot be a file on Windows`);
  }
  const components = path.split("/").filter((component) => component !== "" && component !== ".");
  if (components.includes("..")) throw new SysrootError(`${where}: path ${show(path)} leaves the sysroot`);
  return components;
}

/** A path for a message: short, quoted, control characters gone. */
export function show(path: string): string {
  return JSON.stringify(path.length > 120 ? `${path.slice(0, 120)}…` : path);
}
