/**
 * The tree that all packages of a sysroot make together: put together in profile order, checked as a whole, and
 * completed on the host with folder modes, times and, last of all, the symbolic links.
 */
import { join } from "node:path";
import { relativeComponents, show } from "./guest_path.ts";
import { linkTrouble, type TreeView } from "./link_check.ts";
import type { ManifestEntry } from "./manifest.ts";
import { isExcluded, type PackageEntry } from "./package_writer.ts";
import { explainHostError, SysrootError } from "./sysroot_error.ts";

/** An entry and the package that it is from. */
interface Owned {
  entry: PackageEntry;
  from: string;
}

/** Bytes and entries of a whole sysroot; more is an attack or a mistake. */
const MAX_TOTAL_BYTES = 64 * 1024 ** 3;
const MAX_ENTRIES = 2_000_000;

/** All packages' entries by path. Add them in profile order, then {@link SysrootTree.complete}. */
export class SysrootTree {
  readonly #owned = new Map<string, Owned>();
  readonly #exclude: readonly string[];
  #bytes = 0;

  /** @param exclude what was left out on purpose: links to it may dangle. */
  constructor(exclude: readonly string[]) {
    this.#exclude = exclude;
  }

  /** Bytes of all files. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds what one package has.
   *
   * The entries come from a thread that has read hostile data, so their paths are checked once more.
   *
   * @throws SysrootError when another package has something else there already.
   */
  add(entries: readonly PackageEntry[], from: string): void {
    for (const entry of entries) {
      if (relativeComponents(entry.path, from).join("/") !== entry.path || entry.path === "") {
        throw new SysrootError(`${from}: odd path ${show(entry.path)}`);
      }
      const other = this.#owned.get(entry.path);
      if (other === undefined) {
        this.#owned.set(entry.path, { entry, from });
      } else if (other.entry.kind === "folder" && entry.kind === "folder") {
        // The last package that lists the folder decides, as with dpkg.
        if (!entry.implied) this.#owned.set(entry.path, { entry, from });
      } else {
        const what = `a ${entry.kind} here and a ${other.entry.kind} in ${other.from}`;
        throw new SysrootError(`${from}: ${show(entry.path)} is ${what}`);
      }
      if (entry.kind === "file") this.#bytes += entry.size;
    }
    if (this.#bytes > MAX_TOTAL_BYTES || this.#owned.size > MAX_ENTRIES) {
      throw new SysrootError(`${from}: the sysroot grows beyond all bounds`);
    }
  }

  /**
   * Checks the tree and completes it in the folder that the packages were written to.
   *
   * @returns its entries, sorted by path.
   * @throws SysrootError when something lies below what is no folder, or a link leads out.
   */
  complete(root: string): ManifestEntry[] {
    this.#checkParents();
    this.#checkLinks();
    const paths = [...this.#owned.keys()].sort();
    const entries = paths.map((path) => (this.#owned.get(path) as Owned).entry);
    for (const entry of entries) {
      if (entry.kind === "link") hostAction(join(root, entry.path), (path) => Deno.symlinkSync(entry.target, path));
    }
    // Deepest first: making something in a folder changes the folder's time, and needs its owner's rights.
    for (const entry of entries.toReversed()) {
      if (entry.kind !== "folder") continue;
      hostAction(join(root, entry.path), (path) => {
        // The owner must be able to look in, and to remove it again.
        Deno.chmodSync(path, (entry.mode & 0o1777) | 0o700);
        if (entry.mtime !== undefined) Deno.utimeSync(path, entry.mtime, entry.mtime);
      });
    }
    return entries.map(manifestEntry);
  }

  #checkParents(): void {
    for (const [path, { from }] of this.#owned) {
      const slash = path.lastIndexOf("/");
      if (slash < 0) continue;
      const parent = this.#owned.get(path.slice(0, slash));
      if (parent?.entry.kind === "folder") continue;
      const what = parent === undefined ? "no folder" : `a ${parent.entry.kind} of ${parent.from}`;
      throw new SysrootError(`${from}: ${show(path)} lies below ${what}`);
    }
  }

  #checkLinks(): void {
    const tree: TreeView = (path) => {
      const entry = this.#owned.get(path)?.entry;
      if (entry === undefined) return isExcluded(path, this.#exclude) ? "absent" : undefined;
      return entry.kind === "link" ? entry : entry.kind;
    };
    for (const { entry, from } of this.#owned.values()) {
      if (entry.kind !== "link") continue;
      const trouble = linkTrouble(entry.path, entry.packaged.startsWith("/"), tree);
      if (trouble !== undefined) {
        throw new SysrootError(`${from}: link ${show(entry.path)} to ${show(entry.packaged)} ${trouble}`);
      }
    }
  }
}

function manifestEntry(entry: PackageEntry): ManifestEntry {
  if (entry.kind === "link") return { path: entry.path, kind: "link", mode: 0o777, target: entry.target };
  const { path, mode, uid, gid } = entry;
  const owner = { ...(uid === 0 ? {} : { uid }), ...(gid === 0 ? {} : { gid }) };
  if (entry.kind === "folder") return { path, kind: "folder", mode, ...owner };
  return { path, kind: "file", mode, ...owner, size: entry.size, sha256: entry.sha256 };
}

function hostAction(path: string, action: (path: string) => void): void {
  try {
    action(path);
  } catch (error) {
    throw explainHostError(error, `write ${path}`);
  }
}
