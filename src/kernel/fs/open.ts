/**
 * open(2), openat2(2): from a path and flags to an open file description.
 */
import { EACCES, EEXIST, EINVAL, EISDIR, ELOOP, ENOENT, ENOTDIR, EPERM, EROFS, ETXTBSY } from "../abi/errno.ts";
import {
  FMODE_EXEC,
  O_ACCMODE,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOATIME,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TMPFILE_BIT,
  O_TRUNC,
  O_WRONLY,
} from "../abi/fcntl.ts";
import { IN_MODIFY, IN_OPEN } from "../abi/inotify.ts";
import { S_IALLUGO, S_IFBLK, S_IFCHR, S_IFREG, S_ISVTX } from "../abi/stat.ts";
import { type Actor, isOwner, MAY_EXEC, MAY_READ, MAY_WRITE, permission } from "./access.ts";
import { dropPrivilegeBits } from "./attributes.ts";
import type { Dentry } from "./dentry.ts";
import { OpenFile } from "./file.ts";
import { byPath } from "./host_changes.ts";
import type { Inode, Opener } from "./inode.ts";
import { newFileOwner } from "./names.ts";
import { notifyEntry, notifyPath } from "./notify.ts";
import type { Path } from "./path.ts";
import { PathWalk } from "./path_walk.ts";
import { IN_CREATE } from "../abi/inotify.ts";
import type { Wait, Wake } from "../wait.ts";

/** Who opens files: a thread. */
export type FileOpener = Actor & Opener;

/** A description that only names a place (open(2), O_PATH). */
class PathFile extends OpenFile {
  override poll(): number {
    return 0;
  }
}

/**
 * Opens a path.
 *
 * @param base where relative paths start
 * @param flags O_*
 * @param mode permission bits of a file that is made, before the umask
 * @param resolve RESOLVE_* of openat2
 * @returns the description, a negative errno, or a wait (FIFOs)
 */
export function open(
  opener: FileOpener,
  base: Path,
  path: string,
  flags: number,
  mode: number,
  resolve = 0,
): OpenFile | number | Generator<Wait, OpenFile | number, Wake> {
  return byPath(() => openOnce(opener, base, path, flags, mode, resolve));
}

function openOnce(
  opener: FileOpener,
  base: Path,
  path: string,
  flags: number,
  mode: number,
  resolve: number,
): OpenFile | number | Generator<Wait, OpenFile | number, Wake> {
  if ((flags & O_TMPFILE_BIT) !== 0) return openTemporary(opener, base, path, flags, mode, resolve);
  const walk = new PathWalk(opener, base, resolve);
  if ((flags & O_CREAT) === 0 || (flags & O_PATH) !== 0) {
    const error = walk.to(path, (flags & O_NOFOLLOW) === 0);
    return error ? error : openPlace(opener, walk.path, flags);
  }
  if ((flags & O_DIRECTORY) !== 0) return -EINVAL;
  let error = walk.toParent(path);
  for (;;) {
    if (error) return error;
    // "/", ".", "..", magic links: something that is there.
    if (walk.kind !== "name") {
      if (flags & O_EXCL) return -EEXIST;
      const up = walk.kind === "dotdot" ? walk.to("..", true) : 0;
      return up ? up : openPlace(opener, walk.path, flags, walk.dentry.inode);
    }
    // Whatever is there (fs/namei.c: lookup_fast_for_open).
    if (walk.trailingSlash) return -EISDIR;
    const child = walk.child(walk.name);
    if (typeof child === "number") {
      return child === -ENOENT ? createAndOpen(opener, walk.path, walk.name, flags, mode) : child;
    }
    if (flags & O_EXCL) return -EEXIST;
    if (!child.dentry.inode.isSymlink) return openPlace(opener, child, flags, walk.dentry.inode);
    if ((flags & O_NOFOLLOW) !== 0) return -ELOOP;
    error = walk.throughLink(child.dentry);
  }
}

function createAndOpen(opener: FileOpener, dir: Path, name: string, flags: number, mode: number): OpenFile | number {
  const denied = mayCreate(opener, dir);
  if (denied) return denied;
  const owner = newFileOwner(opener, dir.dentry.inode, S_IFREG | (mode & S_IALLUGO & ~opener.fs.umask));
  const inode = dir.dentry.inode.create(name, owner.mode, owner.uid, owner.gid, 0);
  if (typeof inode === "number") return inode;
  const dentry: Dentry = dir.dentry.remember(name, inode);
  notifyEntry(dir.dentry, IN_CREATE, name, false);
  // A new file opens whatever its mode says (open(2): "the mode applies only to future accesses").
  const file = inode.open(flags & ~O_TRUNC, opener);
  return file instanceof OpenFile ? attachPlace(file, { mount: dir.mount, dentry }) : -EINVAL;
}

/** Whether the actor may add a name to this directory. */
export function mayCreate(actor: Actor, dir: Path): number {
  if (dir.dentry.deleted) return -ENOENT;
  if (dir.mount.readOnly) return -EROFS;
  return permission(actor, dir.dentry.inode, MAY_WRITE | MAY_EXEC);
}

function openTemporary(
  opener: FileOpener,
  base: Path,
  path: string,
  flags: number,
  mode: number,
  resolve: number,
): OpenFile | number {
  if ((flags & O_DIRECTORY) === 0 || (flags & O_CREAT) !== 0 || (flags & O_ACCMODE) === O_RDONLY) return -EINVAL;
  const walk = new PathWalk(opener, base, resolve);
  const error = walk.to(path, (flags & O_NOFOLLOW) === 0);
  if (error) return error;
  const dir = walk.path;
  if (!dir.dentry.inode.isDirectory) return -ENOTDIR;
  const denied = mayCreate(opener, dir);
  if (denied) return denied;
  const owner = newFileOwner(opener, dir.dentry.inode, S_IFREG | (mode & S_IALLUGO & ~opener.fs.umask));
  const inode = dir.dentry.inode.tmpfile(owner.mode, owner.uid, owner.gid);
  if (typeof inode === "number") return inode;
  const file = inode.open(flags & ~O_TRUNC, opener);
  if (!(file instanceof OpenFile)) return -EINVAL;
  const dentry = dir.dentry.nameless(inode, "#" + inode.ino);
  // linkat(2) may give it a name, unless O_EXCL forbids.
  inode.linkable = (flags & O_EXCL) === 0;
  return attachPlace(file, { mount: dir.mount, dentry });
}

/** Whether `flags` may be used on an existing file (fs/namei.c: may_open and its callers). */
function mayOpen(opener: FileOpener, place: Path, flags: number, createdIn: Inode | undefined): number {
  const { mount, dentry: { inode } } = place;
  const access = flags & O_ACCMODE;
  const writes = access === O_WRONLY || access === O_RDWR || (flags & O_TRUNC) !== 0;
  if (inode.isSymlink) return -ELOOP;
  if (inode.isDirectory) {
    if (writes || createdIn) return -EISDIR;
    if ((flags & FMODE_EXEC) !== 0) return -EACCES;
  } else if ((flags & O_DIRECTORY) !== 0) return -ENOTDIR;
  else if (inode.type === S_IFCHR || inode.type === S_IFBLK) {
    if (mount.noDev) return -EACCES;
  }
  if ((flags & FMODE_EXEC) !== 0 && (mount.noExec || !inode.isRegular)) return -EACCES;
  // fs.protected_regular, fs.protected_fifos (proc_sys_fs(5)).
  if (createdIn && (createdIn.mode & S_ISVTX) !== 0 && (createdIn.mode & 0o022) !== 0) {
    const foreign = inode.uid !== createdIn.uid && inode.uid !== opener.credentials.fsuid;
    if (foreign && (inode.isRegular || inode.isFifo)) return -EACCES;
  }
  // Only files and directories belong to the mount; devices and pipes can be written on a read-only one.
  if (writes && inode.isRegular && mount.readOnly) return -EROFS;
  let want = (flags & FMODE_EXEC) !== 0 ? MAY_EXEC : access === O_WRONLY ? 0 : MAY_READ;
  if (writes) want |= MAY_WRITE;
  const denied = permission(opener, inode, want);
  if (denied) return denied;
  if (writes && inode.isRegular && inode.deniers > 0) return -ETXTBSY;
  if ((flags & O_NOATIME) !== 0 && !isOwner(opener, inode)) return -EPERM;
  return 0;
}

/**
 * Opens what is at a place.
 *
 * @param createdIn with O_CREAT: the directory that holds the name
 */
export function openPlace(
  opener: FileOpener,
  place: Path,
  flags: number,
  createdIn?: Inode,
): OpenFile | number | Generator<Wait, OpenFile | number, Wake> {
  const { inode } = place.dentry;
  if ((flags & O_PATH) !== 0) {
    if ((flags & O_DIRECTORY) !== 0 && !inode.isDirectory) return -ENOTDIR;
    return attachPlace(new PathFile(O_PATH | (flags & (O_DIRECTORY | O_NOFOLLOW)), inode), place);
  }
  const denied = mayOpen(opener, place, flags, createdIn);
  if (denied) return denied;
  if ((flags & O_TRUNC) !== 0 && inode.isRegular) {
    dropPrivilegeBits(opener, inode);
    const error = inode.truncate(0);
    if (error) return error;
    notifyPath(place, IN_MODIFY);
  }
  const file = inode.open(flags, opener);
  if (file instanceof OpenFile) return attachPlace(file, place);
  return typeof file === "number" ? file : finishLater(file, place);
}

function* finishLater(
  opening: Generator<Wait, OpenFile | number, Wake>,
  place: Path,
): Generator<Wait, OpenFile | number, Wake> {
  const file = yield* opening;
  return typeof file === "number" ? file : attachPlace(file, place);
}

/** Ties a new description to its place; files that are made without a path (memfd_create) come here too. */
export function attachPlace(file: OpenFile, place: Path): OpenFile {
  // A device may answer with a description that has a place already (/dev/tty gives the terminal's).
  if (file.path !== undefined || place.dentry.inode.sb.nameless) return file;
  const { inode } = file;
  file.path = place;
  inode.opens++;
  if (file.writable) inode.writers++;
  if ((file.flags & O_PATH) === 0) notifyPath(place, IN_OPEN);
  return file;
}
