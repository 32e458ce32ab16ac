/**
 * Who may do what to an inode (path_resolution(7), credentials(7), capabilities(7)).
 */
import { CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER } from "../abi/capability.ts";
import { EACCES } from "../abi/errno.ts";
import { S_ISVTX } from "../abi/stat.ts";
import type { Credentials } from "../task/task.ts";
import type { FsContext } from "./fs_context.ts";
import type { UserNamespace } from "../task/user_namespace.ts";
import type { Inode } from "./inode.ts";

/** Bits of what is wanted, as in a mode's lowest three. */
export const MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4;

/** On whose behalf the tree is walked and changed: a thread. */
export interface Actor {
  readonly credentials: Credentials;
  readonly fs: FsContext;
  /** Process and thread id, where it is a thread of the guest. */
  readonly pid?: number;
  readonly tid?: number;
  /** Whether it has a capability over what a user namespace owns. Default: the initial one. */
  capable(capability: number, over?: UserNamespace): boolean;
}

/** Whether a capability of the actor counts for an inode: its owners have names where it has it. */
export function capableOver(actor: Actor, inode: Inode, capability: number): boolean {
  const { userNamespace } = actor.credentials;
  if (!actor.capable(capability, userNamespace)) return false;
  return userNamespace.uids.fromKernel(inode.uid) !== undefined &&
    userNamespace.gids.fromKernel(inode.gid) !== undefined;
}

/** Whether the actor's file-system group or a supplementary group is this one. */
export function inGroup(actor: Actor, gid: number): boolean {
  return actor.credentials.fsgid === gid || actor.credentials.groups.includes(gid);
}

/** 0, or -EACCES where the mode does not allow all of `want` (MAY_*). Read-only mounts are checked elsewhere. */
export function permission(actor: Actor, inode: Inode, want: number): number {
  const { mode } = inode;
  const granted = actor.credentials.fsuid === inode.uid ? mode >> 6 : inGroup(actor, inode.gid) ? mode >> 3 : mode;
  if ((want & ~granted & 7) === 0 || inode.admits(actor.pid)) return 0;
  if (inode.isDirectory) {
    if ((want & MAY_WRITE) === 0 && capableOver(actor, inode, CAP_DAC_READ_SEARCH)) return 0;
    return capableOver(actor, inode, CAP_DAC_OVERRIDE) ? 0 : -EACCES;
  }
  if (want === MAY_READ && capableOver(actor, inode, CAP_DAC_READ_SEARCH)) return 0;
  // Even root executes only what somebody may execute.
  if (((want & MAY_EXEC) === 0 || (mode & 0o111) !== 0) && capableOver(actor, inode, CAP_DAC_OVERRIDE)) return 0;
  return -EACCES;
}

/** Whether the actor counts as the owner: chmod, utimes, O_NOATIME. */
export function isOwner(actor: Actor, inode: Inode): boolean {
  return actor.credentials.fsuid === inode.uid || capableOver(actor, inode, CAP_FOWNER);
}

/** Whether the sticky bit of a directory keeps the actor from removing this entry. */
export function stickyForbids(actor: Actor, dir: Inode, victim: Inode): boolean {
  if ((dir.mode & S_ISVTX) === 0) return false;
  const { fsuid } = actor.credentials;
  return fsuid !== victim.uid && fsuid !== dir.uid && !capableOver(actor, victim, CAP_FOWNER);
}
