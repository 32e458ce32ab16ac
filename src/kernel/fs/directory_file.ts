/**
 * An open directory: getdents64(2), lseek for seekdir and rewinddir.
 *
 * The entries are a snapshot taken at the first read after open or rewind, so offsets stay valid while others add
 * and remove names. An offset is the index of the next entry; "." and ".." come first.
 */
import { direntSize, DT_DIR, putDirent } from "../abi/dirent.ts";
import { EINVAL, EISDIR, ENODEV, ENOENT } from "../abi/errno.ts";
import { SEEK_CUR, SEEK_END, SEEK_SET } from "../abi/fcntl.ts";
import { type FileContext, type Mappable, OpenFile } from "./file.ts";
import type { DirectoryEntry } from "./inode.ts";
import { fileTime } from "./file_time.ts";

export class DirectoryFile extends OpenFile {
  #snapshot: DirectoryEntry[] | undefined;

  override read(): number {
    return -EISDIR;
  }
  override pread(): number {
    return -EISDIR;
  }

  override seek(offset: number, whence: number): number {
    let target: number;
    if (whence === SEEK_SET) target = offset;
    else if (whence === SEEK_CUR) target = this.position + offset;
    else if (whence === SEEK_END) target = this.#entries() + offset;
    else return -EINVAL;
    if (target < 0) return -EINVAL;
    if (target === 0) this.#snapshot = undefined;
    return this.position = target;
  }

  #entries(): number {
    const entries = this.inode.entries();
    return typeof entries === "number" ? 0 : entries.length + 2;
  }

  override sync(): number {
    return this.inode.sync();
  }
  override mappable(): Mappable | number {
    return -ENODEV;
  }

  /** Fills records of struct linux_dirent64; returns the bytes used, 0 at the end, `-EINVAL` if not even one fits. */
  readEntries(into: Uint8Array, _context: FileContext): number {
    // A directory that was removed has not even "." any more.
    if (this.path?.dentry.deleted) return -ENOENT;
    if (!this.#snapshot) {
      const entries = this.inode.entries();
      if (typeof entries === "number") return entries;
      const parent = this.path?.dentry.parent.inode.ino ?? this.inode.ino;
      this.#snapshot = [{ name: ".", ino: this.inode.ino, type: DT_DIR }, { name: "..", ino: parent, type: DT_DIR }];
      for (const entry of entries) this.#snapshot.push(entry);
      if (this.path && !this.path.mount.readOnly) this.inode.atime = fileTime();
    }
    let used = 0;
    for (; this.position < this.#snapshot.length; this.position++) {
      const entry = this.#snapshot[this.position]!;
      const size = direntSize(entry.name.length);
      if (used + size > into.length) {
        if (used === 0) return -EINVAL;
        break;
      }
      putDirent(into, used, entry.ino, this.position + 1, entry.type, entry.name);
      used += size;
    }
    return used;
  }
}
