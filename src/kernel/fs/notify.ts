/**
 * Where file system events start: tells the watches of an inode, and those of the directory that holds its name
 * (Linux: fsnotify). Costs two loads when nobody watches.
 */
import { IN_ISDIR } from "../abi/inotify.ts";
import type { Dentry } from "./dentry.ts";
import type { Path } from "./path.ts";

/** An event on the file at this dentry. */
export function notifyDentry(dentry: Dentry, mask: number): void {
  const parent = dentry.parent;
  const watched = dentry.inode.watches;
  if (watched === undefined && parent.inode.watches === undefined) return;
  const bits = dentry.inode.isDirectory ? mask | IN_ISDIR : mask;
  if (parent !== dentry && !dentry.deleted) parent.inode.watches?.notify(bits, 0, dentry.name);
  watched?.notify(bits, 0, "");
}

/** An event on the file at this place. */
export function notifyPath(path: Path, mask: number): void {
  notifyDentry(path.dentry, mask);
}

/** An event on an entry of a directory: created, deleted, moved. */
export function notifyEntry(dir: Dentry, mask: number, name: string, isDirectory: boolean, cookie = 0): void {
  dir.inode.watches?.notify(isDirectory ? mask | IN_ISDIR : mask, cookie, name);
}
