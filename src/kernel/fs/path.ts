/**
 * Places in the mount tree: a mount and a dentry in it (Linux: `struct path`), and their absolute names.
 */
import type { Dentry } from "./dentry.ts";
import type { MountNamespace } from "./namespace.ts";
import type { SuperBlock } from "./superblock.ts";
import { MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY } from "../abi/mount.ts";

/** A file system, or a part of one, attached to the tree. */
export class Mount {
  /** Whose tree it is in; undefined while it is in none. */
  namespace: MountNamespace | undefined;
  /** Where it is attached; undefined for the root of the tree. */
  parent: Mount | undefined;
  mountpoint: Dentry | undefined;
  /** Came from a namespace with more rights: it stays where it is (mount_namespaces(7)). */
  locked = false;
  /** Restrictions that it had there: they stay. */
  lockedFlags = 0;
  readonly #source: string | undefined;

  /** @param flags MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC */
  constructor(
    readonly id: number,
    readonly sb: SuperBlock,
    readonly root: Dentry,
    public flags: number,
    source?: string,
  ) {
    this.#source = source;
  }

  /** What is mounted: the first column of /proc/mounts. */
  get source(): string {
    return this.#source ?? this.sb.source;
  }

  get readOnly(): boolean {
    return (this.flags & MS_RDONLY) !== 0 || this.sb.readOnly;
  }
  get noExec(): boolean {
    return (this.flags & MS_NOEXEC) !== 0;
  }
  get noSuid(): boolean {
    return (this.flags & MS_NOSUID) !== 0;
  }
  get noDev(): boolean {
    return (this.flags & MS_NODEV) !== 0;
  }
}

/** A place in the tree. */
export interface Path {
  readonly mount: Mount;
  readonly dentry: Dentry;
}

export function samePath(a: Path, b: Path): boolean {
  return a.mount === b.mount && a.dentry === b.dentry;
}

/** The place a mount is attached to, as seen in its parent; undefined at the root of the tree. */
export function mountPlace(mount: Mount): Path | undefined {
  return mount.parent && mount.mountpoint ? { mount: mount.parent, dentry: mount.mountpoint } : undefined;
}

/** Whether `path` is `ancestor` or lies below it. */
export function isWithin(path: Path, ancestor: Path): boolean {
  let { mount, dentry } = path;
  for (;;) {
    if (mount === ancestor.mount && dentry === ancestor.dentry) return true;
    if (dentry === mount.root) {
      const place = mountPlace(mount);
      if (!place) return false;
      mount = place.mount;
      dentry = place.dentry;
    } else {
      // Moved out of what is mounted: it is nowhere.
      if (dentry.parent === dentry) return false;
      dentry = dentry.parent;
    }
  }
}

/**
 * The absolute name of a place below `root`, as getcwd and /proc show it.
 *
 * A name that was taken away gets " (deleted)"; `undefined` means that the place is not below `root`.
 */
export function pathName(path: Path, root: Path | undefined): string | undefined {
  let { mount, dentry } = path;
  if (dentry.inode.sb.nameless) return dentry.name;
  if (dentry.inode.sb.unmounted) return `/${dentry.name} (deleted)`;
  const names: string[] = [];
  const deleted = dentry.deleted;
  for (;;) {
    if (root && mount === root.mount && dentry === root.dentry) break;
    if (dentry === mount.root) {
      const place = mountPlace(mount);
      if (!place) {
        if (root) return undefined;
        break;
      }
      mount = place.mount;
      dentry = place.dentry;
    } else {
      if (dentry.parent === dentry) {
        if (root) return undefined;
        break;
      }
      names.push(dentry.name);
      dentry = dentry.parent;
    }
  }
  const name = "/" + names.reverse().join("/");
  return deleted ? name + " (deleted)" : name;
}

/** As {@link pathName}, with the kernel's prefix for places that the root does not reach. */
export function describePath(path: Path, root: Path | undefined): string {
  return pathName(path, root) ?? "(unreachable)" + (pathName(path, undefined) ?? "/");
}
