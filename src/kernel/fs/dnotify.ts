/** Directory notification by signal (fcntl(2), F_NOTIFY): what there was before inotify(7). */
import { DN_ACCESS, DN_ATTRIB, DN_CREATE, DN_DELETE, DN_MODIFY, DN_MULTISHOT, DN_RENAME } from "../abi/fcntl.ts";
import { IN_ACCESS, IN_ATTRIB, IN_CREATE, IN_DELETE, IN_MODIFY, IN_MOVED_FROM, IN_MOVED_TO } from "../abi/inotify.ts";
import type { OpenFile } from "./file.ts";
import type { InodeWatches } from "./inode.ts";
import { unwatchInode, watchInode } from "./watch_list.ts";

/** The DN_* events that an inotify mask stands for. */
function dnotifyEvents(mask: number): number {
  let events = 0;
  if ((mask & IN_ACCESS) !== 0) events |= DN_ACCESS;
  if ((mask & IN_MODIFY) !== 0) events |= DN_MODIFY;
  if ((mask & (IN_CREATE | IN_MOVED_TO)) !== 0) events |= DN_CREATE;
  if ((mask & (IN_DELETE | IN_MOVED_FROM)) !== 0) events |= DN_DELETE;
  if ((mask & (IN_MOVED_FROM | IN_MOVED_TO)) !== 0) events |= DN_RENAME;
  if ((mask & IN_ATTRIB) !== 0) events |= DN_ATTRIB;
  return events;
}

class DirectoryNotice implements InodeWatches {
  constructor(readonly file: OpenFile, public events: number, public send: () => void) {}

  notify(mask: number, _cookie: number, name: string): void {
    // What happens to the directory itself has no name.
    if (name === "" || (dnotifyEvents(mask) & this.events) === 0) return;
    if (this.file.references === 0) return this.stop();
    if ((this.events & DN_MULTISHOT) === 0) this.stop();
    this.send();
  }

  stop(): void {
    unwatchInode(this.file.inode, this);
    notices.delete(this.file);
  }
}

const notices = new WeakMap<OpenFile, DirectoryNotice>();

/**
 * Asks for a signal at events in a directory; none ends it.
 *
 * @param events DN_*
 * @param send sends the signal
 */
export function notifyDirectory(file: OpenFile, events: number, send: () => void): void {
  const known = notices.get(file);
  if ((events & ~DN_MULTISHOT) === 0) {
    known?.stop();
    return;
  }
  if (known) {
    known.events |= events;
    known.send = send;
    return;
  }
  const notice = new DirectoryNotice(file, events, send);
  notices.set(file, notice);
  watchInode(file.inode, notice);
}
