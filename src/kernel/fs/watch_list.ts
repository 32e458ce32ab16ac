/** Who watches an inode: inotify instances and dnotify registrations. */
import type { Inode, InodeWatches } from "./inode.ts";

class WatchList implements InodeWatches {
  readonly watchers = new Set<InodeWatches>();

  notify(mask: number, cookie: number, name: string): void {
    for (const watcher of this.watchers) watcher.notify(mask, cookie, name);
  }
}

/** Adds a watcher. */
export function watchInode(inode: Inode, watcher: InodeWatches): void {
  const list = inode.watches ??= new WatchList();
  if (list instanceof WatchList) list.watchers.add(watcher);
}

/** Takes a watcher away. */
export function unwatchInode(inode: Inode, watcher: InodeWatches): void {
  const list = inode.watches;
  if (!(list instanceof WatchList)) return;
  list.watchers.delete(watcher);
  if (list.watchers.size === 0) inode.watches = undefined;
}
