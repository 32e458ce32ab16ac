/** Changing attributes: chmod(2), chown(2), utimensat(2), and who may. */
import { CAP_CHOWN, CAP_FSETID } from "../abi/capability.ts";
import { EACCES, EOPNOTSUPP, EPERM, EROFS } from "../abi/errno.ts";
import { IN_ATTRIB } from "../abi/inotify.ts";
import { S_IALLUGO, S_ISGID, S_ISUID, S_IXGRP } from "../abi/stat.ts";
import { type Actor, capableOver, inGroup, isOwner, MAY_WRITE, permission } from "./access.ts";
import type { AttributeChange, Inode } from "./inode.ts";
import { notifyPath } from "./notify.ts";
import type { Path } from "./path.ts";

function apply(place: Path, change: AttributeChange): number {
  const error = place.dentry.inode.setAttributes(change);
  if (!error) notifyPath(place, IN_ATTRIB);
  return error;
}

export function changeMode(actor: Actor, place: Path, mode: number): number {
  const { inode } = place.dentry;
  if (inode.isSymlink) return -EOPNOTSUPP;
  if (place.mount.readOnly) return -EROFS;
  if (!isOwner(actor, inode)) return -EPERM;
  mode &= S_IALLUGO;
  // Who is not in the file's group cannot make it set-group-ID (chmod(2)).
  if ((mode & S_ISGID) !== 0 && !inGroup(actor, inode.gid) && !capableOver(actor, inode, CAP_FSETID)) mode &= ~S_ISGID;
  return apply(place, { mode });
}

/**
 * The set-user-ID and set-group-ID bits go when somebody changes the content who may not set them (write(2); Linux:
 * file_remove_privs). Not when nothing is changed.
 */
export function dropPrivilegeBits(actor: Pick<Actor, "capable">, inode: Inode): void {
  const { mode } = inode;
  if (!inode.isRegular || (mode & (S_ISUID | S_ISGID)) === 0 || actor.capable(CAP_FSETID)) return;
  const setgid = (mode & (S_ISGID | S_IXGRP)) === (S_ISGID | S_IXGRP);
  inode.setAttributes({ mode: mode & S_IALLUGO & ~S_ISUID & ~(setgid ? S_ISGID : 0) });
}

/** @param uid new owner, -1 to keep. @param gid new group, -1 to keep. */
export function changeOwner(actor: Actor, place: Path, uid: number, gid: number): number {
  const { inode } = place.dentry, { fsuid } = actor.credentials;
  if (place.mount.readOnly) return -EROFS;
  const change: AttributeChange = {};
  const privileged = capableOver(actor, inode, CAP_CHOWN);
  if (uid !== -1) {
    if (!privileged && (fsuid !== inode.uid || uid >>> 0 !== inode.uid)) return -EPERM;
    change.uid = uid >>> 0;
  }
  if (gid !== -1) {
    if (!privileged && (fsuid !== inode.uid || (gid >>> 0 !== inode.gid && !inGroup(actor, gid >>> 0)))) return -EPERM;
    change.gid = gid >>> 0;
  }
  // Both bits lose their meaning with a new owner (chown(2)).
  if (!inode.isDirectory && (uid !== -1 || gid !== -1)) {
    let mode = inode.mode & S_IALLUGO & ~S_ISUID;
    if ((mode & S_IXGRP) !== 0) mode &= ~S_ISGID;
    if (mode !== (inode.mode & S_IALLUGO)) change.mode = mode;
  }
  return apply(place, change);
}

/**
 * utimensat(2).
 *
 * @param atime nanoseconds; undefined keeps it
 * @param touchNow both are the current time: write permission is enough for that
 */
export function changeTimes(
  actor: Actor,
  place: Path,
  atime: bigint | undefined,
  mtime: bigint | undefined,
  touchNow: boolean,
): number {
  const { inode } = place.dentry;
  if (place.mount.readOnly) return -EROFS;
  if (!isOwner(actor, inode)) {
    if (!touchNow) return -EPERM;
    if (permission(actor, inode, MAY_WRITE)) return -EACCES;
  }
  const change: AttributeChange = {};
  if (atime !== undefined) change.atime = atime;
  if (mtime !== undefined) change.mtime = mtime;
  return apply(place, change);
}
