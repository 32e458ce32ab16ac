/** Makes the symbolic links of an unpacked tree, the last step: Deno allows it only to a thread that may do more. */
import { join } from "node:path";
import { relativeComponents, show } from "./guest_path.ts";
import type { ManifestEntry } from "./manifest.ts";
import { explainHostError, SysrootError } from "./sysroot_error.ts";

/** Fails now rather than after the download when links could not be made. */
export function requireLinkPermission(): void {
  for (const name of ["read", "write"] as const) {
    if (Deno.permissions.querySync({ name }).state === "granted") continue;
    throw new SysrootError("cannot unpack a sysroot: Deno makes symbolic links only with full read and write access", {
      hint: "run elftap with --allow-read and --allow-write, without paths",
    });
  }
}

/**
 * Makes the links among the entries of a tree whose files and folders stand already. Folders keep their times.
 *
 * @param entries what the unpacking thread reports; checked again, since that thread has read hostile data.
 */
export function makeLinks(root: string, entries: readonly ManifestEntry[]): void {
  const kinds = new Map(entries.map((entry) => [entry.path, entry.kind]));
  const byFolder = new Map<string, ManifestEntry[]>();
  for (const entry of entries) {
    if (entry.kind !== "link") continue;
    const components = relativeComponents(entry.path, "unpacked tree");
    // Every parent a true folder: no link is made through another link.
    for (let depth = 1; depth < components.length; depth++) {
      if (kinds.get(components.slice(0, depth).join("/")) !== "folder") {
        throw new SysrootError(`the link ${show(entry.path)} is not in a folder of the sysroot`);
      }
    }
    const folder = components.slice(0, -1).join("/");
    const links = byFolder.get(folder);
    if (links === undefined) byFolder.set(folder, [entry]);
    else links.push(entry);
  }
  for (const [folder, links] of byFolder) {
    const hostFolder = join(root, folder);
    try {
      const { mtime } = Deno.lstatSync(hostFolder);
      for (const { path, target } of links) Deno.symlinkSync(target ?? "", join(root, path));
      if (mtime !== null) Deno.utimeSync(hostFolder, mtime, mtime);
    } catch (error) {
      throw explainHostError(error, `make links in ${hostFolder}`);
    }
  }
}
