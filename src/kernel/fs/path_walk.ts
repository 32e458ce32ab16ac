/**
 * From a path name to a place in the tree (path_resolution(7), openat2(2); Linux: fs/namei.c).
 *
 * Names are byte strings: one character per byte. A walk goes component by component; a symbolic link's text is put
 * in front of what is left of the path.
 */
import { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EXDEV } from "../abi/errno.ts";
import {
  MAXSYMLINKS,
  NAME_MAX,
  PATH_MAX,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from "../abi/fcntl.ts";
import { S_ISVTX } from "../abi/stat.ts";
import { type Actor, MAY_EXEC, permission } from "./access.ts";
import type { Dentry } from "./dentry.ts";
import { type Mount, mountPlace, type Path } from "./path.ts";

const SLASH = 0x2f;

/** How a walk that stops before the last component ended. */
export type LastKind = "name" | "dot" | "dotdot" | "root";

/** One walk. After {@link to} or {@link toParent} the fields tell where it got. */
export class PathWalk {
  mount: Mount;
  dentry: Dentry;
  /** After {@link toParent}: the last component, and whether slashes follow it. */
  name = "";
  kind: LastKind = "root";
  trailingSlash = false;
  readonly #actor: Actor;
  readonly #resolve: number;
  #root: Path;
  #links = 0;

  /**
   * @param base where relative paths start
   * @param resolve RESOLVE_* of openat2
   */
  constructor(actor: Actor, base: Path, resolve = 0) {
    this.#actor = actor;
    this.#resolve = resolve;
    this.#root = (resolve & (RESOLVE_IN_ROOT | RESOLVE_BENEATH)) !== 0 ? base : actor.fs.root;
    this.mount = base.mount;
    this.dentry = base.dentry;
  }

  get path(): Path {
    return { mount: this.mount, dentry: this.dentry };
  }

  /** Walks the whole path. @param follow whether a link in the last component is followed. */
  to(path: string, follow: boolean): number {
    return this.#walk(path, follow, false);
  }

  /** Walks to the directory that holds the last component, which need not exist. */
  toParent(path: string): number {
    return this.#walk(path, false, true);
  }

  /** Stands in the parent of a link that was the last component: goes where its text leads, up to the last component. */
  throughLink(link: Dentry): number {
    const text = this.#linkText(link, true);
    if (typeof text === "number") return text;
    // A magic link leads to a place without a last component.
    if (text === undefined) {
      this.kind = "root";
      return 0;
    }
    return this.#walk(this.trailingSlash ? text + "/" : text, false, true);
  }

  /** The entry of this name in the directory reached, across mounts: sets nothing. */
  child(name: string): Path | number {
    const dentry = this.dentry.child(name);
    if (typeof dentry === "number") return dentry;
    return topOf({ mount: this.mount, dentry });
  }

  #walk(path: string, follow: boolean, parentOnly: boolean): number {
    if (path.length >= PATH_MAX) return -ENAMETOOLONG;
    if (path === "") return -ENOENT;
    let rest = path, at = 0;
    if (rest.charCodeAt(0) === SLASH) {
      const error = this.#toRoot();
      if (error) return error;
    }
    this.kind = "root";
    this.trailingSlash = false;
    for (;;) {
      const start = at;
      while (rest.charCodeAt(at) === SLASH) at++;
      if (at >= rest.length) {
        return at > start && start > 0 && !parentOnly && !this.dentry.inode.isDirectory ? -ENOTDIR : 0;
      }
      let end = rest.indexOf("/", at);
      if (end < 0) end = rest.length;
      const name = rest.slice(at, end);
      if (name.length > NAME_MAX) return -ENAMETOOLONG;
      const dir = this.dentry.inode;
      if (!dir.isDirectory) return -ENOTDIR;
      const denied = permission(this.#actor, dir, MAY_EXEC);
      if (denied) return denied;
      let next = end;
      while (rest.charCodeAt(next) === SLASH) next++;
      const last = next >= rest.length;
      if (last && parentOnly) {
        this.name = name;
        this.kind = name === "." ? "dot" : name === ".." ? "dotdot" : "name";
        this.trailingSlash = next > end;
        return 0;
      }
      at = end;
      if (name === ".") continue;
      if (name === "..") {
        const error = this.#up();
        if (error) return error;
        continue;
      }
      const child = this.dentry.child(name);
      if (typeof child === "number") return child;
      if (
        child.inode.isSymlink && (child.mounts === undefined || !mountedOn(this.mount, child)) &&
        (!last || follow || next > end)
      ) {
        const text = this.#linkText(child, last);
        if (typeof text === "number") return text;
        if (text === undefined) continue;
        rest = text + rest.slice(end);
        at = 0;
        if (rest.charCodeAt(0) === SLASH) {
          const error = this.#toRoot();
          if (error) return error;
        }
        continue;
      }
      this.dentry = child;
      if (child.mounts !== undefined) {
        const error = this.#down();
        if (error) return error;
      }
    }
  }

  #toRoot(): number {
    if ((this.#resolve & RESOLVE_BENEATH) !== 0) return -EXDEV;
    if ((this.#resolve & RESOLVE_NO_XDEV) !== 0 && this.mount !== this.#root.mount) return -EXDEV;
    this.mount = this.#root.mount;
    this.dentry = this.#root.dentry;
    return 0;
  }

  /** `..`: not above the root, and out of mounts. */
  #up(): number {
    for (;;) {
      if (this.dentry === this.#root.dentry && this.mount === this.#root.mount) {
        return (this.#resolve & RESOLVE_BENEATH) !== 0 ? -EXDEV : 0;
      }
      if (this.dentry !== this.mount.root) break;
      const place = mountPlace(this.mount);
      if (!place) return 0;
      if ((this.#resolve & RESOLVE_NO_XDEV) !== 0) return -EXDEV;
      this.mount = place.mount;
      this.dentry = place.dentry;
    }
    const { parent } = this.dentry, { root } = this.mount;
    // A directory that was moved out of what is mounted leads nowhere (fs/namei.c: path_connected).
    if (root.parent !== root && !isBelow(parent, root)) return -ENOENT;
    this.dentry = parent;
    return parent.mounts === undefined ? 0 : this.#down();
  }

  /** Onto what is mounted here. */
  #down(): number {
    const { mount, dentry } = topOf(this);
    if (mount !== this.mount && (this.#resolve & RESOLVE_NO_XDEV) !== 0) return -EXDEV;
    this.mount = mount;
    this.dentry = dentry;
    return 0;
  }

  /** The text of a link to go on with; undefined when a magic link has moved the walk. */
  #linkText(link: Dentry, last: boolean): string | number | undefined {
    if ((this.#resolve & RESOLVE_NO_SYMLINKS) !== 0) return -ELOOP;
    if (++this.#links > MAXSYMLINKS) return -ELOOP;
    const { inode } = link, dir = this.dentry.inode, { fsuid } = this.#actor.credentials;
    // fs.protected_symlinks=1 (proc_sys_fs(5)): others' links in /tmp are not followed.
    if (
      last && (dir.mode & (S_ISVTX | 0o002)) === (S_ISVTX | 0o002) && inode.uid !== fsuid && inode.uid !== dir.uid
    ) return -EACCES;
    const place = inode.follow(this.#actor);
    if (place !== undefined) {
      if (typeof place === "number") return place;
      if ((this.#resolve & RESOLVE_NO_MAGICLINKS) !== 0) return -ELOOP;
      if ((this.#resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) !== 0) return -EXDEV;
      if ((this.#resolve & RESOLVE_NO_XDEV) !== 0 && place.mount !== this.mount) return -EXDEV;
      this.mount = place.mount;
      this.dentry = place.dentry;
      return undefined;
    }
    const text = inode.readlink(this.#actor);
    return text === "" ? -ENOENT : text;
  }
}

/** Whether a dentry is another one, or below it. */
function isBelow(dentry: Dentry, ancestor: Dentry): boolean {
  while (dentry !== ancestor && dentry.parent !== dentry) dentry = dentry.parent;
  return dentry === ancestor;
}

/** A place, or what is mounted on it. */
export function topOf({ mount, dentry }: Path): Path {
  for (let over = mountedOn(mount, dentry); over; over = mountedOn(mount, dentry)) {
    mount = over;
    dentry = over.root;
  }
  return { mount, dentry };
}

/** What is mounted on this dentry as seen in this mount. */
function mountedOn(mount: Mount, dentry: Dentry): Mount | undefined {
  const { mounts } = dentry;
  if (mounts === undefined) return undefined;
  for (let i = mounts.length - 1; i >= 0; i--) if (mounts[i]!.parent === mount) return mounts[i];
  return undefined;
}

/**
 * The place a path leads to, or a negative errno.
 *
 * @param base where relative paths start
 * @param follow whether a symbolic link in the last component is followed
 */
export function walkTo(actor: Actor, base: Path, path: string, follow: boolean): Path | number {
  const walk = new PathWalk(actor, base);
  const error = walk.to(path, follow);
  return error ? error : walk.path;
}
