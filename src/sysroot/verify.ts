/** Compares a pulled sysroot with what was unpacked: nothing missing, changed or added, and the packages intact. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { type ManifestEntry, parseManifest } from "./manifest.ts";
import { storedProfile } from "./sysroots.ts";
import type { Store } from "./store.ts";
import { explainHostError } from "./sysroot_error.ts";

/** One thing that is not as it was unpacked. */
export interface Damage {
  /** Path below the root, or of a package's blob. */
  readonly path: string;
  /** A few words: "is missing", "has other content", … */
  readonly what: string;
}

/** What a verification found. */
export interface Verification {
  /** Entries that were compared. */
  readonly entries: number;
  readonly damages: readonly Damage[];
}

/**
 * Compares every entry of a pulled sysroot with its manifest, contents by SHA-256.
 *
 * @param name its folder name in the store.
 * @throws SysrootError when it is not there, or its manifest cannot be read.
 */
export async function verify(name: string, store: Store): Promise<Verification> {
  const root = join(store.sysrootFolder(name), "root");
  const manifestPath = join(store.sysrootFolder(name), "manifest.json");
  let text: string;
  try {
    text = await Deno.readTextFile(manifestPath);
  } catch (error) {
    throw explainHostError(error, `read ${manifestPath}`);
  }
  const { entries } = parseManifest(text, manifestPath);
  const damages: Damage[] = [];
  const expected = new Set<string>();
  for (const entry of entries) {
    expected.add(entry.path);
    const what = await compare(join(root, entry.path), entry);
    if (what !== undefined) damages.push({ path: entry.path, what });
  }
  for await (const path of walk(root, "")) {
    if (!expected.has(path)) damages.push({ path, what: "does not belong there" });
  }
  const profile = await storedProfile(store, name);
  if (profile === undefined) damages.push({ path: "profile.json", what: "cannot be read" });
  for (const pinned of profile?.packages ?? []) {
    const blob = store.blobPath(pinned.sha256);
    const sha256 = await sha256Of(blob);
    // A blob that is gone can be had again; one that is wrong is worth knowing of.
    if (sha256 !== undefined && sha256 !== pinned.sha256) damages.push({ path: blob, what: "has other content" });
  }
  return { entries: entries.length, damages };
}

async function compare(hostPath: string, entry: ManifestEntry): Promise<string | undefined> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.lstat(hostPath);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return "is missing";
    throw explainHostError(error, `look at ${hostPath}`);
  }
  const kind = info.isSymlink ? "link" : info.isDirectory ? "folder" : info.isFile ? "file" : "special file";
  if (kind !== entry.kind) return `is a ${kind}, not a ${entry.kind}`;
  if (entry.kind === "link") {
    return await Deno.readLink(hostPath) === entry.target ? undefined : "points elsewhere";
  }
  // The bits that the owner needs were added when it was unpacked; set-id bits are not kept on the host.
  const mode = entry.kind === "folder" ? (entry.mode & 0o1777) | 0o700 : (entry.mode & 0o777) | 0o400;
  if (Deno.build.os !== "windows" && info.mode !== null && (info.mode & 0o1777) !== mode) {
    return `has mode ${(info.mode & 0o1777).toString(8)}, not ${mode.toString(8)}`;
  }
  if (entry.kind === "folder") return undefined;
  if (info.size !== entry.size) return `has ${info.size} bytes, not ${entry.size}`;
  return await sha256Of(hostPath) === entry.sha256 ? undefined : "has other content";
}

/** Hash of a file, read piece by piece; undefined when it is not there. */
async function sha256Of(path: string): Promise<string | undefined> {
  try {
    using file = await Deno.open(path);
    const hash = createHash("sha256");
    const buffer = new Uint8Array(256 * 1024);
    // Synchronous reads: for thousands of small files the promises would cost more than the hashing.
    for (let count = file.readSync(buffer); count !== null; count = file.readSync(buffer)) {
      hash.update(buffer.subarray(0, count));
    }
    return hash.digest("hex");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw explainHostError(error, `read ${path}`);
  }
}

async function* walk(root: string, below: string): AsyncGenerator<string> {
  try {
    for await (const entry of Deno.readDir(join(root, below))) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      yield path;
      if (entry.isDirectory) yield* walk(root, path);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return; // reported as missing already
    throw explainHostError(error, `read the folder ${join(root, below)}`);
  }
}
