/**
 * The kernel as one file: `deno task build` bundles the Worker's 300 modules into `dist/`, which halves the start-up of
 * a guest. It is used only as long as it is exactly what the sources say; without it the sources run as they are.
 */

/** What the build was made from: path below the project, size, time of change. */
export interface BuildStamp {
  readonly deno: string;
  readonly files: readonly (readonly [path: string, size: number, mtime: number])[];
}

/** The project's folder. */
const ROOT = new URL("../../", import.meta.url);

/** The folder of the build. */
export const DIST: URL = new URL("dist/", ROOT);

/** The bundled Worker inside of it. */
export const WORKER_FILE = "guest_worker.js";

/** The interpreter inside of it. */
export const INTERPRETER_FILE = "interpreter";

/** The stamp inside of it. */
export const STAMP_FILE = "stamp.json";

/** What the build says of itself; undefined if there is none for this Deno. */
export function readStamp(): BuildStamp | undefined {
  if (DIST.protocol !== "file:") return undefined;
  try {
    const stamp = JSON.parse(Deno.readTextFileSync(new URL(STAMP_FILE, DIST))) as BuildStamp;
    return stamp.deno === Deno.version.deno && stamp.files.length > 0 ? stamp : undefined;
  } catch {
    // Never built, or not ours to read.
    return undefined;
  }
}

/** Whether nothing that the build was made from has changed. Some 300 lstat calls: 2 ms. */
export function isFresh(stamp: BuildStamp, root: URL = ROOT): boolean {
  const folder = decodeURIComponent(root.pathname);
  try {
    return stamp.files.every(([path, size, mtime]) => {
      const info = Deno.lstatSync(folder + path);
      return info.size === size && info.mtime?.getTime() === mtime;
    });
  } catch {
    return false; // a source is gone
  }
}
