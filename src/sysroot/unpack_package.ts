/** Unpacks one package from its blob, once its hash is right. */
import { createHash } from "node:crypto";
import { readDeb } from "./deb.ts";
import {
  DEFAULT_LIMITS,
  type PackageEntry,
  type PackageLimits,
  PackageWriter,
  type RootLayout,
} from "./package_writer.ts";
import type { PinnedPackage } from "./profile.ts";
import { explainHostError } from "./sysroot_error.ts";

/**
 * Writes the files of a package into a sysroot's folder.
 *
 * @returns what it has, or undefined when the blob is not what is pinned; then nothing was written.
 * @throws SysrootError when the package is damaged, hostile, or cannot be written.
 */
export async function unpackPackage(
  pinned: PinnedPackage,
  blobPath: string,
  layout: RootLayout,
  limits: PackageLimits = DEFAULT_LIMITS,
): Promise<PackageEntry[] | undefined> {
  const deb = readBlob(blobPath, pinned.size);
  if (deb === undefined || createHash("sha256").update(deb).digest("hex") !== pinned.sha256) return undefined;
  const where = packageTitle(pinned);
  using writer = new PackageWriter(layout, where, limits);
  await readDeb(deb, writer.sink(), where);
  return writer.entries;
}

/** A package for messages. */
export function packageTitle({ name, version }: PinnedPackage): string {
  return `${name} ${version}`;
}

function readBlob(path: string, size: number): Uint8Array | undefined {
  try {
    // A file that grew is not read as a whole.
    return Deno.statSync(path).size === size ? Deno.readFileSync(path) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw explainHostError(error, `read ${path}`);
  }
}
