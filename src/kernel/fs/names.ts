/**
 * Making, removing and moving names: mkdir(2), mknod(2), symlink(2), link(2), unlink(2), rmdir(2), rename(2).
 */
import {
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  EMLINK,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EROFS,
  EXDEV,
} from "../abi/errno.ts";
import { CAP_DAC_READ_SEARCH, CAP_FSETID, CAP_MKNOD } from "../abi/capability.ts";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "../abi/fcntl.ts";
import {
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
} from "../abi/inotify.ts";
import {
  S_IALLUGO,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  S_ISGID,
  S_ISUID,
  S_IXGRP,
} from "../abi/stat.ts";
import { type Actor, inGroup, isOwner, MAY_EXEC, MAY_READ, MAY_WRITE, permission, stickyForbids } from "./access.ts";
import type { Dentry } from "./dentry.ts";
import type { Inode } from "./inode.ts";
import { notifyEntry } from "./notify.ts";
import { isWithin, type Path } from "./path.ts";
import { PathWalk } from "./path_walk.ts";

/** Most hard links of one file, as ext4 has it. */
const LINK_MAX = 65000;

/** Owner and final mode of a new file: the set-group-id bit of a directory hands its group down (inode(7)). */
export function newFileOwner(actor: Actor, dir: Inode, mode: number): { mode: number; uid: number; gid: number } {
  const uid = actor.credentials.fsuid;
  if ((dir.mode & S_ISGID) === 0) return { mode, uid, gid: actor.credentials.fsgid };
  const gid = dir.gid;
  if ((mode & S_IFMT) === S_IFDIR) mode |= S_ISGID;
  else if ((mode & (S_ISGID | S_IXGRP)) === (S_ISGID | S_IXGRP) && !inGroup(actor, gid) && !actor.capable(CAP_FSETID)) {
    mode &= ~S_ISGID;
  }
  return { mode, uid, gid };
}

/** Walks to the parent of a name that must not exist; leaves the walk there. */
function toFreeName(actor: Actor, walk: PathWalk, path: string, forDirectory: boolean): number {
  const error = walk.toParent(path);
  if (error) return error;
  if (walk.kind !== "name") return -EEXIST;
  const known = walk.child(walk.name);
  if (typeof known !== "number") return -EEXIST;
  if (known !== -ENOENT) return known;
  if (walk.trailingSlash && !forDirectory) return -ENOENT;
  if (walk.dentry.deleted) return -ENOENT;
  if (walk.mount.readOnly) return -EROFS;
  return permission(actor, walk.dentry.inode, MAY_WRITE | MAY_EXEC);
}

/** Tells the tree and the watchers of a new name. */
function appeared(walk: PathWalk, inode: Inode | number): number {
  if (typeof inode === "number") return inode;
  walk.dentry.remember(walk.name, inode);
  notifyEntry(walk.dentry, IN_CREATE, walk.name, inode.isDirectory);
  return 0;
}

export function makeDirectory(actor: Actor, base: Path, path: string, mode: number): number {
  const walk = new PathWalk(actor, base);
  const error = toFreeName(actor, walk, path, true);
  if (error) return error;
  const dir = walk.dentry.inode;
  const owner = newFileOwner(actor, dir, S_IFDIR | (mode & 0o1777 & ~actor.fs.umask));
  return appeared(walk, dir.mkdir(walk.name, owner.mode, owner.uid, owner.gid));
}

/**
 * mknod(2).
 *
 * @param mode type and permission bits; no type is a regular file
 */
export function makeNode(actor: Actor, base: Path, path: string, mode: number, rdev: number): number {
  const type = mode & S_IFMT || S_IFREG;
  if (type === S_IFDIR) return -EPERM;
  if (![S_IFREG, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK].includes(type)) return -EINVAL;
  const walk = new PathWalk(actor, base);
  const error = toFreeName(actor, walk, path, false);
  if (error) return error;
  if ((type === S_IFCHR || type === S_IFBLK) && !actor.capable(CAP_MKNOD)) return -EPERM;
  const made = makeNodeIn(actor, walk.path, walk.name, type | (mode & S_IALLUGO), rdev);
  return typeof made === "number" ? made : 0;
}

/** Makes a node in a directory where the name is free: what bind(2) of a socket does too. */
function makeNodeIn(actor: Actor, dir: Path, name: string, mode: number, rdev: number): Dentry | number {
  const owner = newFileOwner(actor, dir.dentry.inode, mode & ~(actor.fs.umask & 0o777));
  const inode = dir.dentry.inode.create(name, owner.mode, owner.uid, owner.gid, rdev);
  if (typeof inode === "number") return inode;
  const dentry = dir.dentry.remember(name, inode);
  notifyEntry(dir.dentry, IN_CREATE, name, false);
  return dentry;
}

/**
 * Makes the name of a socket (unix(7), bind): the inode, or a negative errno, `-EEXIST` where the name is taken.
 */
export function makeSocketNode(actor: Actor, base: Path, path: string, mode: number): Path | number {
  const walk = new PathWalk(actor, base);
  const error = toFreeName(actor, walk, path, false);
  if (error) return error;
  const dentry = makeNodeIn(actor, walk.path, walk.name, S_IFSOCK | (mode & S_IALLUGO), 0);
  return typeof dentry === "number" ? dentry : { mount: walk.mount, dentry };
}

export function makeSymlink(actor: Actor, target: string, base: Path, path: string): number {
  if (target === "") return -ENOENT;
  const walk = new PathWalk(actor, base);
  const error = toFreeName(actor, walk, path, false);
  if (error) return error;
  const dir = walk.dentry.inode;
  const gid = (dir.mode & S_ISGID) !== 0 ? dir.gid : actor.credentials.fsgid;
  return appeared(walk, dir.symlink(walk.name, target, actor.credentials.fsuid, gid));
}

/** fs.protected_hardlinks=1 (proc_sys_fs(5)): no links to others' files that could be misused. */
function mayLink(actor: Actor, inode: Inode): boolean {
  if (isOwner(actor, inode)) return true;
  if (!inode.isRegular || (inode.mode & S_ISUID) !== 0) return false;
  if ((inode.mode & (S_ISGID | S_IXGRP)) === (S_ISGID | S_IXGRP)) return false;
  return permission(actor, inode, MAY_READ | MAY_WRITE) === 0;
}

/** link(2): gives what is at `from` another name. */
export function makeLink(actor: Actor, from: Path, base: Path, path: string): number {
  const walk = new PathWalk(actor, base);
  const error = toFreeName(actor, walk, path, false);
  const { inode } = from.dentry;
  if (error === -EEXIST || error === -ENOENT) return error;
  if (from.mount !== walk.mount || inode.sb !== walk.dentry.inode.sb) return error && error !== -EROFS ? error : -EXDEV;
  if (error) return error;
  if (inode.isDirectory) return -EPERM;
  if (!mayLink(actor, inode)) return -EPERM;
  if (inode.nlink === 0 && !inode.linkable) return -ENOENT;
  if (inode.nlink >= LINK_MAX) return -EMLINK;
  const result = walk.dentry.inode.link(walk.name, inode);
  if (result) return result;
  inode.linkable = false;
  inode.watches?.notify(IN_ATTRIB, 0, "");
  return appeared(walk, inode);
}

/** Whether the actor may take this name away. */
function mayRemove(actor: Actor, dir: Path, victim: Inode): number {
  const denied = permission(actor, dir.dentry.inode, MAY_WRITE | MAY_EXEC);
  if (denied) return denied;
  return stickyForbids(actor, dir.dentry.inode, victim) ? -EPERM : 0;
}

/** A name is gone: the tree, the watchers and the storage learn of it. */
function vanished(dir: Dentry, dentry: Dentry, notify = true): void {
  const { inode, mounts } = dentry;
  // What is mounted there in other namespaces (fs/namespace.c: detach_mounts).
  if (mounts !== undefined) { for (const mount of [...mounts]) mount.namespace?.detach(mount, true); }
  dir.remove(dentry);
  if (notify) notifyEntry(dir, IN_DELETE, dentry.name, inode.isDirectory);
  if (inode.nlink > 0 && !inode.isDirectory) {
    inode.watches?.notify(IN_ATTRIB, 0, "");
    return;
  }
  // What is open goes with its last description (OpenFile.unref).
  if (inode.opens === 0) {
    inode.watches?.notify(IN_DELETE_SELF, 0, "");
    if (inode.nlink === 0) inode.evict();
  } else if (!inode.isDirectory) inode.watches?.notify(IN_ATTRIB, 0, "");
}

/** Whether something is mounted on a dentry in the actor's namespace: then its name stays (is_local_mountpoint). */
function isMountPoint(actor: Actor, { mounts }: Dentry): boolean {
  return mounts?.some(({ namespace }) => namespace === actor.fs.namespace) === true;
}

export function unlink(actor: Actor, base: Path, path: string): number {
  const walk = new PathWalk(actor, base);
  const error = walk.toParent(path);
  if (error) return error;
  if (walk.kind !== "name") return -EISDIR;
  const dentry = walk.dentry.child(walk.name);
  if (typeof dentry === "number") return dentry;
  const { inode } = dentry;
  if (walk.trailingSlash) return inode.isDirectory ? -EISDIR : -ENOTDIR;
  if (walk.mount.readOnly) return -EROFS;
  const denied = mayRemove(actor, walk.path, inode);
  if (denied) return denied;
  if (inode.isDirectory) return -EISDIR;
  if (isMountPoint(actor, dentry)) return -EBUSY;
  const result = walk.dentry.inode.unlink(walk.name, inode);
  if (result) return result;
  vanished(walk.dentry, dentry);
  return 0;
}

export function removeDirectory(actor: Actor, base: Path, path: string): number {
  const walk = new PathWalk(actor, base);
  const error = walk.toParent(path);
  if (error) return error;
  if (walk.kind !== "name") return walk.kind === "dot" ? -EINVAL : walk.kind === "dotdot" ? -ENOTEMPTY : -EBUSY;
  const dentry = walk.dentry.child(walk.name);
  if (typeof dentry === "number") return dentry;
  const { inode } = dentry;
  if (walk.mount.readOnly) return -EROFS;
  const denied = mayRemove(actor, walk.path, inode);
  if (denied) return denied;
  if (!inode.isDirectory) return -ENOTDIR;
  if (isMountPoint(actor, dentry)) return -EBUSY;
  const result = walk.dentry.inode.rmdir(walk.name, inode);
  if (result) return result;
  vanished(walk.dentry, dentry);
  return 0;
}

/** Ties the two halves of a move together for inotify readers. */
let lastCookie = 0;

/** renameat2(2); `flags` is RENAME_*. */
export function rename(
  actor: Actor,
  fromBase: Path,
  fromPath: string,
  toBase: Path,
  toPath: string,
  flags: number,
): number {
  const from = new PathWalk(actor, fromBase), to = new PathWalk(actor, toBase);
  const error = from.toParent(fromPath) || to.toParent(toPath);
  if (error) return error;
  if (from.mount !== to.mount) return -EXDEV;
  if (from.kind !== "name") return -EBUSY;
  if (to.kind !== "name") return (flags & RENAME_NOREPLACE) !== 0 ? -EEXIST : -EBUSY;
  if (from.mount.readOnly) return -EROFS;
  const source = from.dentry.child(from.name);
  if (typeof source === "number") return source;
  const found = to.dentry.child(to.name);
  if (typeof found === "number" && found !== -ENOENT) return found;
  const target = typeof found === "number" ? undefined : found;
  const exchange = (flags & RENAME_EXCHANGE) !== 0;
  if (target && (flags & RENAME_NOREPLACE) !== 0) return -EEXIST;
  if (!target && exchange) return -ENOENT;
  if (!source.inode.isDirectory && from.trailingSlash) return -ENOTDIR;
  const targetIsDirectory = exchange ? target!.inode.isDirectory : source.inode.isDirectory;
  if (!targetIsDirectory && to.trailingSlash) return -ENOTDIR;
  // Neither end may be inside the other.
  if (isWithin(to.path, { mount: from.mount, dentry: source })) return -EINVAL;
  if (target && isWithin(from.path, { mount: to.mount, dentry: target })) return exchange ? -EINVAL : -ENOTEMPTY;
  if (to.dentry.deleted) return -ENOENT;
  const denied = mayRename(actor, from, source.inode, to, target?.inode, exchange);
  if (denied) return denied;
  if (target?.inode === source.inode) return 0;
  if (isMountPoint(actor, source) || (target && isMountPoint(actor, target))) return -EBUSY;
  const result = from.dentry.inode.rename(
    from.name,
    source.inode,
    to.dentry.inode,
    to.name,
    target?.inode,
    exchange,
  );
  if (result) return result;
  moved(from, source, to, target, exchange);
  return 0;
}

function mayRename(
  actor: Actor,
  from: PathWalk,
  source: Inode,
  to: PathWalk,
  target: Inode | undefined,
  exchange: boolean,
): number {
  let denied = mayRemove(actor, from.path, source);
  if (denied) return denied;
  denied = target ? mayRemove(actor, to.path, target) : permission(actor, to.dentry.inode, MAY_WRITE | MAY_EXEC);
  if (denied) return denied;
  if (target && !exchange) {
    if (source.isDirectory && !target.isDirectory) return -ENOTDIR;
    if (!source.isDirectory && target.isDirectory) return -EISDIR;
  }
  // A directory that changes its parent gets another "..": it has to be writable.
  if (from.dentry !== to.dentry) {
    if (source.isDirectory) denied = permission(actor, source, MAY_WRITE);
    if (!denied && exchange && target?.isDirectory) denied = permission(actor, target, MAY_WRITE);
  }
  return denied;
}

function moved(from: PathWalk, source: Dentry, to: PathWalk, target: Dentry | undefined, exchange: boolean): void {
  const fromDir = from.dentry, toDir = to.dentry;
  if (exchange && target) {
    fromDir.forget(source);
    toDir.forget(target);
    toDir.adopt(source, to.name);
    fromDir.adopt(target, from.name);
  } else {
    if (target) vanished(toDir, target, false);
    toDir.adopt(source, to.name);
  }
  const tell = (a: Dentry, b: Dentry, aName: string, bName: string, inode: Inode) => {
    const cookie = ++lastCookie;
    notifyEntry(a, IN_MOVED_FROM, aName, inode.isDirectory, cookie);
    notifyEntry(b, IN_MOVED_TO, bName, inode.isDirectory, cookie);
    inode.watches?.notify(IN_MOVE_SELF, 0, "");
  };
  tell(fromDir, toDir, from.name, to.name, source.inode);
  if (exchange && target) tell(toDir, fromDir, to.name, from.name, target.inode);
}

/** Whether linkat(2) with AT_EMPTY_PATH is allowed to this actor. */
export function mayLinkByDescriptor(actor: Actor): boolean {
  return actor.capable(CAP_DAC_READ_SEARCH);
}
